package graphtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Answer is a response as a client reads it.
type Answer struct {
	Status int         `json:"-"`
	Header http.Header `json:"-"`
	Text   string      `json:"-"` // without what it cost

	Data   map[string]any
	Errors []Error

	t testing.TB
}

// Error is one error at the top level.
type Error struct {
	Message    string
	Path       []any
	Extensions struct {
		Code      string
		RequestID string
		Retryable bool
		InputPath []string
		Errors    []struct{ Code, Message string }
	}
}

// Get is the value at a dotted path; nil where there is none.
func (a *Answer) Get(path string) any {
	var v any = a.Data
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// Str is the text at a path; without one the test ends.
func (a *Answer) Str(path string) string {
	a.t.Helper()
	s, ok := a.Get(path).(string)
	if !ok {
		a.t.Fatalf("no text at %s: %s", path, a.Text)
	}
	return s
}

// Int is the number at a path; without one the test ends.
func (a *Answer) Int(path string) int {
	a.t.Helper()
	n, ok := a.Get(path).(float64)
	if !ok {
		a.t.Fatalf("no number at %s: %s", path, a.Text)
	}
	return int(n)
}

// Len is how long the list at a path is; without one the test ends.
func (a *Answer) Len(path string) int {
	a.t.Helper()
	list, ok := a.Get(path).([]any)
	if !ok {
		a.t.Fatalf("no list at %s: %s", path, a.Text)
	}
	return len(list)
}

// Code is the first code, at the top level or in the payload of the one mutation; "" where nothing is wrong.
func (a *Answer) Code() string {
	if len(a.Errors) > 0 {
		return a.Errors[0].Extensions.Code
	}
	if code, ok := a.Get("it.errors.0.code").(string); ok {
		return code
	}
	return ""
}

// At is the path of the payload's first error, dotted.
func (a *Answer) At() string {
	var steps []string
	list, _ := a.Get("it.errors.0.path").([]any)
	for _, s := range list {
		steps = append(steps, fmt.Sprint(s))
	}
	return strings.Join(steps, ".")
}

// Fine ends the test where anything is wrong.
func (a *Answer) Fine() *Answer {
	a.t.Helper()
	if code := a.Code(); code != "" || a.Status != http.StatusOK {
		a.t.Fatalf("got %d %s", a.Status, a.Text)
	}
	return a
}

// Is fails the test where the first code is another one.
func (a *Answer) Is(code string) *Answer {
	a.t.Helper()
	if a.Code() != code {
		a.t.Errorf("got %q, want %q: %s", a.Code(), code, a.Text)
	}
	return a
}
