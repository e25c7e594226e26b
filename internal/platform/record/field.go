package record

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Type is what a declared field holds.
type Type string

// The types.
const (
	String   Type = "STRING"
	Number   Type = "NUMBER"
	Integer  Type = "INTEGER"
	Boolean  Type = "BOOLEAN"
	Date     Type = "DATE"
	DateTime Type = "DATE_TIME"
)

// Types are all of them.
func Types() []Type { return []Type{String, Number, Integer, Boolean, Date, DateTime} }

// Field is a place in records by which they are found and sorted.
type Field struct {
	Path Pointer `bson:"path"`
	Type Type    `bson:"type"`
}

// Key is what a record has at a declared field, as a text that sorts as the values do; ok is false where it has nothing
// there, or null. What has another type than was declared has nothing there: the schema says what it may be.
func (r *Record) Key(f Field) (key string, ok bool, err error) {
	steps := f.Path.Steps()
	n := r.root.at(steps)
	if n == nil || n.kind == kindNull {
		return "", false, nil
	}
	key, ok = f.Type.key(n)
	if ok && f.Type == String && utf8.RuneCountInString(n.raw) > MaxIndexed {
		return "", false, fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxIndexed).At(steps...)
	}
	return key, ok, nil
}

// KeyOf is a value that is asked for, in the same form.
func (f Field) KeyOf(v Value) (string, error) {
	n := &node{kind: kindNull}
	switch {
	case v.Text != nil:
		n = &node{kind: kindText, raw: *v.Text}
	case v.Number != nil:
		if err := exact(*v.Number); err != nil {
			return "", err
		}
		n = &node{kind: kindNumber, raw: *v.Number}
	case v.Bool != nil:
		n = &node{kind: kindBool, raw: strconv.FormatBool(*v.Bool)}
	}
	key, ok := f.Type.key(n)
	if !ok {
		return "", fault.New(fault.Invalid, CodeValue, "want", f.Type)
	}
	return key, nil
}

// key is a value of the type as a text that sorts as such values do.
func (t Type) key(n *node) (string, bool) {
	switch {
	case t == String && n.kind == kindText:
		return n.raw, true
	case t == Boolean && n.kind == kindBool:
		return n.raw, true // false comes before true
	case (t == Number || t == Integer) && n.kind == kindNumber:
		return numberKey(n.raw)
	case t == Date && n.kind == kindText:
		d, err := scalar.ParseDate(n.raw)
		return string(d), err == nil
	case t == DateTime && n.kind == kindText:
		at, err := time.Parse(time.RFC3339Nano, n.raw)
		return at.UTC().Format("2006-01-02T15:04:05.000000000"), err == nil
	}
	return "", false
}

// numberKey turns a number's bits so that they sort as bytes do.
func numberKey(raw string) (string, bool) {
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return "", false
	}
	bits := math.Float64bits(f + 0) // one zero
	if f < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, bits)), true
}
