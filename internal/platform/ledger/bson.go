package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// The kinds of values that an event's own members have, as BSON numbers them.
const (
	kindString   = 0x02
	kindDocument = 0x03
	kindArray    = 0x04
	kindBinary   = 0x05
	kindMoment   = 0x09
	kindInt32    = 0x10
	kindInt64    = 0x12
)

// element is a member of a document. It is read here by hand: a verifier must not pass over any byte, and has a million
// documents to read in seconds.
type element struct {
	kind  byte
	name  []byte
	value []byte
}

// inside is the members of a document, which must be the whole of doc.
func inside(doc []byte) ([]byte, error) {
	if len(doc) < 5 || int64(binary.LittleEndian.Uint32(doc)) != int64(len(doc)) || doc[len(doc)-1] != 0 {
		return nil, fmt.Errorf("%w: a document of another length", ErrMalformed)
	}
	return doc[4 : len(doc)-1], nil
}

// next takes the first member off.
func next(b []byte) (el element, rest []byte, err error) {
	end := bytes.IndexByte(b[1:], 0)
	if end < 0 {
		return el, nil, fmt.Errorf("%w: a name without end", ErrMalformed)
	}
	el.kind, el.name, rest = b[0], b[1:1+end], b[2+end:]
	n := length(el.kind, rest)
	if n < 0 || n > len(rest) {
		return el, nil, fmt.Errorf("%w: the value of %q is cut short", ErrMalformed, el.name)
	}
	el.value = rest[:n:n]
	return el, rest[n:], nil
}

// length is how long a value of a kind is; negative where that cannot be.
func length(kind byte, b []byte) int {
	sized := func(more int) int {
		if len(b) < 4 {
			return -1
		}
		n := int64(int32(binary.LittleEndian.Uint32(b)))
		if n < 0 || n > int64(len(b)) {
			return -1
		}
		return int(n) + more
	}
	switch kind {
	case 0x06, 0x0a, 0x7f, 0xff: // undefined, null, the bounds of keys
		return 0
	case 0x08: // yes or no
		return 1
	case kindInt32:
		return 4
	case 0x01, kindMoment, 0x11, kindInt64: // double, moment, timestamp
		return 8
	case 0x07: // object identifier
		return 12
	case 0x13: // decimal
		return 16
	case kindString, 0x0d, 0x0e: // also code and symbols
		return sized(4)
	case kindDocument, kindArray:
		return sized(0)
	case kindBinary:
		return sized(5)
	}
	return -1
}

func (el element) wrong() error {
	return fmt.Errorf("%w: %s has a value of another kind", ErrMalformed, el.name)
}

func (el element) text() ([]byte, error) {
	n := len(el.value)
	if el.kind != kindString || n < 5 || int(binary.LittleEndian.Uint32(el.value)) != n-4 || el.value[n-1] != 0 {
		return nil, el.wrong()
	}
	return el.value[4 : n-1], nil
}

func (el element) number() (int64, error) {
	switch el.kind {
	case kindInt32:
		return int64(int32(binary.LittleEndian.Uint32(el.value))), nil
	case kindInt64:
		return int64(binary.LittleEndian.Uint64(el.value)), nil
	}
	return 0, el.wrong()
}

func (el element) moment() (int64, error) {
	if el.kind != kindMoment {
		return 0, el.wrong()
	}
	return int64(binary.LittleEndian.Uint64(el.value)), nil
}

// binary is bytes of just this many.
func (el element) binary(size int) ([]byte, error) {
	if el.kind != kindBinary || len(el.value) != 5+size || el.value[4] != 0 {
		return nil, el.wrong()
	}
	return el.value[5:], nil
}

// parts reads a list of names, each with bytes of just this many.
func (el element) parts(out []part, size int) ([]part, error) {
	if el.kind != kindArray {
		return nil, el.wrong()
	}
	rest, err := inside(el.value)
	for i := 0; err == nil && len(rest) > 0; i++ {
		var one element
		if one, rest, err = next(rest); err != nil {
			break
		}
		if one.kind != kindDocument || string(one.name) != strconv.Itoa(i) {
			return nil, one.wrong()
		}
		var p part
		if p, err = one.part(size); err == nil {
			out = append(out, p)
		}
	}
	return out, err
}

func (el element) part(size int) (p part, err error) {
	rest, err := inside(el.value)
	if err != nil || len(rest) == 0 {
		return p, el.wrong()
	}
	name, rest, err := next(rest)
	if err != nil || string(name.name) != "name" || len(rest) == 0 {
		return p, el.wrong()
	}
	if p.name, err = name.text(); err != nil {
		return p, err
	}
	what, rest, err := next(rest)
	if err != nil || string(what.name) != "bytes" || len(rest) > 0 {
		return p, el.wrong()
	}
	p.bytes, err = what.binary(size)
	return p, err
}

// Writing.

func appendBinary(doc []byte, name string, b []byte) []byte {
	doc = append(append(append(doc, kindBinary), name...), 0)
	doc = binary.LittleEndian.AppendUint32(doc, uint32(len(b)))
	return append(append(doc, 0), b...)
}

// begin and end frame a document in a buffer; between them its members are appended.
func begin(buf []byte) (out []byte, at int) { return append(buf, 0, 0, 0, 0), len(buf) }

func end(buf []byte, at int) []byte {
	buf = append(buf, 0)
	binary.LittleEndian.PutUint32(buf[at:], uint32(len(buf)-at))
	return buf
}
