// Package personal is the kind of text that tells something about a person: a name, a login name, an address.
//
// Such a text is kept encrypted and shown only where somebody asks for it who may. So its type hides itself: printed,
// logged or made into JSON it says "(personal)", and written as BSON it bears a mark with which only a collection that
// encrypts lets it through. Where it is wanted in clear the code says so, by Clear.
package personal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Text tells something about a person.
type Text string

// The subtypes of binary values, both free for a program's own use, that a text has on its way into the store: clear
// and not to be written so, and encrypted.
const (
	Bare   byte = 0x80
	Sealed byte = 0x81
)

// ErrBare is the refusal of a text that is still encrypted, or to be encrypted, where it may not be.
var ErrBare = errors.New("personal: a personal text was met outside a collection that encrypts")

const hidden = "(personal)"

// Clear is the text itself.
func (t Text) Clear() string { return string(t) }

// Opened is what a pointer points to, in clear; nil stays nil.
func Opened(t *Text) *string { return (*string)(t) }

// Of makes what a pointer points to personal; nil stays nil.
func Of(s *string) *Text { return (*Text)(s) }

// String hides the text.
func (Text) String() string { return hidden }

// Format hides the text whatever the verb.
func (Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue hides the text.
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text, in JSON too.
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// IsZero lets omitempty leave out a text that is not there.
func (t Text) IsZero() bool { return t == "" }

// MarshalBSONValue writes the text under the mark that it must not be kept like this.
func (t Text) MarshalBSONValue() (byte, []byte, error) {
	return byte(bson.TypeBinary), bsoncore.AppendBinary(nil, Bare, []byte(t)), nil
}

// UnmarshalBSONValue reads a text that was decrypted. A plain string is from before texts were encrypted.
func (t *Text) UnmarshalBSONValue(kind byte, raw []byte) error {
	v := bson.RawValue{Type: bson.Type(kind), Value: raw}
	if s, ok := v.StringValueOK(); ok {
		*t = Text(s)
		return nil
	}
	if sub, data, ok := v.BinaryOK(); ok && sub == Bare {
		*t = Text(data)
		return nil
	}
	if v.Type == bson.TypeNull {
		*t = ""
		return nil
	}
	return ErrBare
}
