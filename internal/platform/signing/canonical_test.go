package signing_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

func TestCanonicalTextHasOneForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":[true,null,"x"]}`:    `{"a":[true,null,"x"],"b":1}`,
		` { "a" : "<&>" } `:              `{"a":"<&>"}`,
		`{"a":"\u5171\u5efa\n"}`:         `{"a":"共建\n"}`,
		`{"€":1,"\r":2,"1":3,"é":4}`:     `{"\r":2,"1":3,"é":4,"€":1}`,
		`{"a":9007199254740991}`:         `{"a":9007199254740991}`,
		`{"a":-9007199254740991}`:        `{"a":-9007199254740991}`,
		`{"a":"\\ufffd and \ufffd"}`:     ``, // an escaped U+FFFD may stand for bytes that were no text
		`{"a":"\\\\ufffd is only said"}`: `{"a":"\\\\ufffd is only said"}`,
	} {
		got, err := signing.Canonical(json.RawMessage(in))
		if want == "" {
			if !fault.Is(err, fault.CodeNotUTF8) {
				t.Errorf("%s: got %s, %v", in, got, err)
			}
			continue
		}
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestWhatTwoReadersCouldTakeDifferentlyIsNotSigned(t *testing.T) {
	type text struct {
		Title string `json:"title"`
		Parts []any  `json:"parts"`
	}
	for _, tt := range []struct {
		name string
		in   any
		code fault.Code
		path string
	}{
		{"a fraction", text{Parts: []any{1, 1.5}}, fault.CodeNumber, "parts.1"},
		{"an exponent", json.RawMessage(`{"a":1e3}`), fault.CodeNumber, "a"},
		{"a point without need", json.RawMessage(`{"a":1.0}`), fault.CodeNumber, "a"},
		{"minus zero", json.RawMessage(`{"a":-0}`), fault.CodeNumber, "a"},
		{"an integer too large", map[string]any{"n": map[string]int64{"x": 1 << 53}}, fault.CodeNumber, "n.x"},
		{"an integer too small", map[string]any{"n": int64(-1 << 53)}, fault.CodeNumber, "n"},
		{"an integer far too large", map[string]any{"n": uint64(math.MaxUint64)}, fault.CodeNumber, "n"},
		{"a large float", map[string]any{"n": 1e20}, fault.CodeNumber, "n"},
		{"not a number", map[string]any{"n": math.NaN()}, fault.CodeMalformed, ""},
		{"bytes that are no text", text{Title: "a\xff"}, fault.CodeNotUTF8, "title"},
		{"bytes that are no text, in JSON", json.RawMessage("{\"a\":\"\xff\"}"), fault.CodeNotUTF8, "a"},
		{"a name that is no text", map[string]int{"\xff": 1}, fault.CodeNotUTF8, "\ufffd"},
		{"half a character", json.RawMessage(`{"a":"\ud800"}`), fault.CodeMalformed, ""},
		{"a member twice", json.RawMessage(`{"a":1,"a":1}`), fault.CodeMalformed, ""},
		{"a channel", make(chan int), fault.CodeMalformed, ""},
		{"no JSON", json.RawMessage(`{`), fault.CodeMalformed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := signing.Canonical(tt.in)
			f := fault.Of(err)
			if err == nil || f.Code != tt.code || strings.Join(f.Path, ".") != tt.path {
				t.Fatalf("got %s, %v, want %s at %q", got, err, tt.code, tt.path)
			}
		})
	}
}

func TestCanonicalisingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Int64Range(-signing.MaxInteger, signing.MaxInteger))).Draw(t, "m")
		once, err := signing.Canonical(m)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := signing.Canonical(json.RawMessage(once))
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s became %s, %v", once, twice, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{}`, `[1,"a",{"b":null}]`, `1.5`, `"\ufffd"`, "\"\xff\"", `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, err := signing.Canonical(json.RawMessage(doc))
		if err != nil {
			return
		}
		var a, b any
		if json.Unmarshal(doc, &a) != nil || json.Unmarshal(out, &b) != nil {
			t.Fatalf("%q became %q", doc, out)
		}
		again, err := signing.Canonical(b)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%q became %q, %v", out, again, err)
		}
	})
}
