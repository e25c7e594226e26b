package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is what a command prints, readable while it prints.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// english is an environment without any setting.
func english(string) string { return "" }

// cobuild runs a command to its end.
func cobuild(t *testing.T, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e screen
	code = run(t.Context(), append([]string{"cobuild"}, args...), english, strings.NewReader(stdin), &o, &e)
	return o.String(), e.String(), code
}

// server is a running `cobuild serve`.
type server struct {
	url  string
	out  *screen
	stop func() int
}

// serving starts `cobuild serve` with the arguments and waits until it is ready. It is stopped at the test's end, if
// not before.
func serving(t *testing.T, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &server{out: &screen{}}
	var errs screen
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"cobuild", "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--log-level", "warn"}, args...), english, strings.NewReader(""), s.out, &errs)
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case code := <-ended:
			return code
		case <-time.After(5 * time.Minute):
			t.Error("the server does not stop")
			return -1
		}
	})
	t.Cleanup(func() { s.stop() })
	ready := regexp.MustCompile(`Open +(https?://\S+)`)
	for began := time.Now(); time.Since(began) < 15*time.Minute; time.Sleep(20 * time.Millisecond) {
		if m := ready.FindStringSubmatch(s.out.String()); m != nil && strings.Contains(s.out.String(), "Try") {
			s.url = m[1]
			return s
		}
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("the server ended with %d: %s%s", code, s.out, &errs)
		default:
		}
	}
	t.Fatalf("the server is not ready: %s%s", s.out, &errs)
	return nil
}

// ask sends an operation and gives back the answer's data and errors as they are.
func (s *server) ask(t *testing.T, token, query string, variables map[string]any) (data map[string]any, errs []any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %s", resp.Status, raw)
	}
	return answer.Data, answer.Errors
}

// get reads one of the other addresses.
func (s *server) get(t *testing.T, path string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// at walks into decoded JSON by keys.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// tokensIn reads the demo's tokens.
func tokensIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	path := filepath.Join(dir, "demo-tokens.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the tokens are readable by others: %v", info.Mode())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tokens map[string]string
	if err := json.Unmarshal(raw, &tokens); err != nil {
		t.Fatal(err)
	}
	return tokens
}

// filled is a directory with the demonstration in it, filled once for all tests that only need one.
var filled struct {
	sync.Once
	dir       string
	tokens    map[string]string // that the server gave which filled it
	contracts float64           // that there were
	err       error
}

// demonstration is a directory of the test's own with the demonstration in it: a copy of one that a server filled.
func demonstration(t *testing.T) string {
	t.Helper()
	filled.Do(func() {
		filled.err = errors.New("the server that was to fill it did not")
		dir, err := os.MkdirTemp("", "demonstration") //nolint:usetesting // it outlives the test that needs it first
		if err != nil {
			t.Fatal(err)
		}
		filled.dir = dir
		s := serving(t, "--data", dir, "--demo")
		theCurlAnswers(t, s)
		filled.tokens = tokensIn(t, dir)
		filled.contracts = allContracts(t, s, filled.tokens["supervisor"])
		if s.stop() == 0 {
			filled.err = nil
		}
	})
	if filled.err != nil {
		t.Fatal(filled.err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "cp", "-Rp", filled.dir+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// forgetDemonstration removes it after the last test.
func forgetDemonstration() {
	if filled.dir != "" {
		_ = os.RemoveAll(filled.dir)
	}
}
