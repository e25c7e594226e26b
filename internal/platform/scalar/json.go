package scalar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gowebpki/jcs"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of free JSON.
const (
	MaxJSON      = 64 << 10 // bytes in canonical form
	MaxJSONDepth = 8        // objects and arrays within each other
	maxInteger   = 1<<53 - 1
)

// JSON is a free object in canonical form (RFC 8785). It holds strings, booleans, nulls, and integers within
// ±(2⁵³−1); other numbers are written as strings, because signed text must mean the same to every reader. Keys neither
// begin with $ nor contain a dot.
type JSON string

// ParseJSON reads a free object from JSON text.
func ParseJSON(raw []byte) (JSON, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", "{}").Because(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", "{}")
	}
	return JSONOf(v)
}

// JSONOf makes a free object from a decoded value: maps, slices, strings, booleans, nils, json.Number and integers.
func JSONOf(v any) (JSON, error) {
	if _, ok := v.(map[string]any); !ok {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", "{}")
	}
	clean, err := fit(v, 1)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(clean)
	if err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	if len(out) > MaxJSON {
		return "", fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxJSON)
	}
	return JSON(out), nil
}

// fit checks one value and everything in it.
func fit(v any, depth int) (any, error) {
	if depth > MaxJSONDepth+1 {
		return nil, fault.New(fault.Invalid, fault.CodeTooDeep, "max", MaxJSONDepth)
	}
	switch x := v.(type) {
	case nil, bool:
		return x, nil
	case string:
		s, err := text.Clean(x)
		if err != nil {
			return nil, err
		}
		return s, nil
	case json.Number:
		return integer(x.String())
	case int64:
		return integer(strconv.FormatInt(x, 10))
	case int:
		return integer(strconv.Itoa(x))
	case float64:
		return nil, fault.New(fault.Invalid, fault.CodeNumber, "value", strconv.FormatFloat(x, 'g', -1, 64))
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			f, err := fit(e, depth+1)
			if err != nil {
				return nil, fault.Of(err).At(strconv.Itoa(i))
			}
			out[i] = f
		}
		return out, nil
	case map[string]any:
		return fitObject(x, depth)
	}
	return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "JSON").Because(fmt.Errorf("got a %T", v))
}

func fitObject(x map[string]any, depth int) (any, error) {
	out := make(map[string]any, len(x))
	for k, e := range x {
		key, err := text.Clean(k)
		if err != nil || key == "" || strings.HasPrefix(key, "$") || strings.ContainsRune(key, '.') {
			return nil, fault.New(fault.Invalid, fault.CodeBadKey, "key", strconv.Quote(k))
		}
		if _, twice := out[key]; twice {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", key).At(key)
		}
		f, err := fit(e, depth+1)
		if err != nil {
			return nil, fault.Of(err).At(key)
		}
		out[key] = f
	}
	return out, nil
}

func integer(s string) (any, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger {
		return nil, fault.New(fault.Invalid, fault.CodeNumber, "value", s)
	}
	return n, nil
}

// MarshalGQL writes the object itself.
func (j JSON) MarshalGQL(w io.Writer) {
	if j == "" {
		_, _ = io.WriteString(w, "{}")
		return
	}
	_, _ = io.WriteString(w, string(j))
}

// UnmarshalGQL reads a free object from a client's value.
func (j *JSON) UnmarshalGQL(v any) error {
	got, err := JSONOf(v)
	if err != nil {
		return err
	}
	*j = got
	return nil
}

// MarshalJSON embeds the object itself, so that signed text holds it as an object.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j == "" {
		return []byte("{}"), nil
	}
	return []byte(j), nil
}

// UnmarshalJSON reads it back.
func (j *JSON) UnmarshalJSON(raw []byte) error {
	got, err := ParseJSON(raw)
	if err != nil {
		return err
	}
	*j = got
	return nil
}
