// Package wire is how values cross the wire: what a client may send for a text, an identifier or a moment, and how they
// are written in an answer.
package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// MarshalString writes a text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a text in NFC, line ends as line feeds. Control characters other than line feed and tab are
// refused, and so is what was damaged on its way: bytes that are no UTF-8, and the sign that stands in place of such.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", notA("a text", v)
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return "", fault.New(fault.Invalid, fault.CodeNotUTF8)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", fault.New(fault.Invalid, fault.CodeControl)
		}
	}
	return norm.NFC.String(s), nil
}

// MarshalID writes an identifier whose kind does not matter.
func MarshalID(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalID reads an identifier of any kind. The specification lets numbers stand for identifiers.
func UnmarshalID(v any) (string, error) {
	switch x := v.(type) {
	case json.Number:
		return x.String(), nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	}
	return UnmarshalString(v)
}

func notA(want string, v any) *fault.Fault {
	return fault.New(fault.Invalid, fault.CodeMalformed, "want", want).Because(fmt.Errorf("got a %T", v))
}
