// Package ledger is the mathematics by which anyone can prove that nothing of what happened was lost or changed: the
// hash of an event, the chain of a subject's events, the Merkle tree of all of them with its short proofs, and the signed
// checkpoints of that tree. It reads no store and knows no room.
//
// An event is a leaf of the tree by its canonical bytes. Those hold what tells the event from others, the hash of the
// subject's event before, and of everything else, who did it and what the event carries, a salted commitment for each
// field. So a field can be erased, with its salt, and every hash and proof stays as it is.
package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Sizes in bytes.
const (
	HashSize = tlog.HashSize
	SaltSize = 16
)

// Hash is a node of the tree; of an event, its leaf.
type Hash = tlog.Hash

// ErrMalformed is a document that is no event's.
var ErrMalformed = errors.New("ledger: not the document of an event")

// What hashes begin with, so that none of one kind can pass for another.
const (
	leafTag  = "cobuild.event.v1\x00"
	fieldTag = "cobuild.field.v1\x00"
	saltTag  = "cobuild.salt.v1\x00"
)

// Event is an event as the log proves it. Its slices lie in the document that it was read from; Read may be called
// again and again on the same Event.
type Event struct {
	Seq            int64
	ID             []byte
	Type           []byte
	Subject        []byte
	SubjectVersion int64
	At             int64  // milliseconds since 1970, UTC
	Previous       []byte // hash of the subject's event before; empty for its first
	Hash           []byte // as the document has it; empty before it was given one
	Salt           []byte // from which each field has its own; empty once something was erased
	Fields         []Field

	rev   bool // whether the document has the store's counter
	names []byte
	kept  []part
	lost  []part
}

// Field is what an event carries beside what tells it from others: its actor, its audience, each member of its data. It
// is proved by its commitment alone.
type Field struct {
	Name  []byte // as "actor" or "data.status"
	Kind  byte   // of its value, as BSON has it
	Value []byte // as BSON has it; nil where it was erased
	Salt  []byte // its own, once something of the event was erased
	Gone  []byte // the commitment to an erased one
}

// part is a salt that was kept or a commitment that was left when something was erased.
type part struct{ name, bytes []byte }

// Erased says whether the field's value is no longer there.
func (f *Field) Erased() bool { return f.Gone != nil }

// Digest gives the event's hash and the canonical bytes behind it.
func (e *Event) Digest() (Hash, []byte, error) {
	buf, err := e.encode(nil)
	if err != nil {
		return Hash{}, nil, err
	}
	return sha256.Sum256(buf), buf[1:], nil
}

// encode writes what is hashed into buf.
func (e *Event) encode(buf []byte) ([]byte, error) {
	buf = append(buf[:0], 0) // of RFC 6962: a leaf, not a node
	buf = append(buf, leafTag...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.At))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.SubjectVersion))
	for _, s := range [][]byte{e.ID, e.Type, e.Subject, e.Previous} {
		buf = sized(buf, s)
	}
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(e.Fields)))
	for i := range e.Fields {
		f := &e.Fields[i]
		buf = sized(buf, f.Name)
		if f.Gone != nil {
			buf = append(buf, f.Gone...)
			continue
		}
		c := e.commitment(f)
		buf = append(buf, c[:]...)
	}
	if len(buf) > 1<<16 {
		return buf, fmt.Errorf("%w: %d bytes", ErrMalformed, len(buf))
	}
	return buf, nil
}

// commitment binds a field's value without telling it: nobody finds the value from it who does not have the salt.
func (e *Event) commitment(f *Field) Hash {
	salt := f.Salt
	if salt == nil {
		salt = saltOf(e.Salt, f.Name)
	}
	var stack [512]byte
	b := append(stack[:0], fieldTag...)
	b = append(b, salt...)
	b = sized(b, f.Name)
	b = append(b, f.Kind)
	b = append(b, f.Value...)
	return sha256.Sum256(b)
}

// saltOf is a field's own salt.
func saltOf(salt, name []byte) []byte {
	var stack [128]byte
	b := append(stack[:0], saltTag...)
	b = append(b, salt...)
	b = append(b, name...)
	sum := sha256.Sum256(b)
	return sum[:SaltSize]
}

func sized(buf, s []byte) []byte {
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(s)))
	return append(buf, s...)
}

// Read takes the document of an event apart. Nothing in it is overlooked: what is not known by name is a field.
func (e *Event) Read(doc []byte) error {
	*e = Event{Fields: e.Fields[:0], names: e.names[:0], kept: e.kept[:0], lost: e.lost[:0]}
	rest, err := inside(doc)
	for err == nil && len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err == nil {
			err = e.take(el)
		}
	}
	if err != nil {
		return err
	}
	return e.complete()
}

// take puts an element where it belongs.
func (e *Event) take(el element) (err error) {
	switch string(el.name) {
	case "_id":
		e.ID, err = el.text()
	case "type":
		e.Type, err = el.text()
	case "subject":
		e.Subject, err = el.text()
	case "subjectVersion":
		e.SubjectVersion, err = el.number()
	case "at":
		e.At, err = el.moment()
	case "seq":
		e.Seq, err = el.number()
	case "rev":
		e.rev = true
	case "salt":
		e.Salt, err = el.binary(SaltSize)
	case "kept":
		e.kept, err = el.parts(e.kept, SaltSize)
	case "erased":
		e.lost, err = el.parts(e.lost, HashSize)
	case "previousHash":
		e.Previous, err = el.binary(HashSize)
	case "hash":
		e.Hash, err = el.binary(HashSize)
	case "data":
		err = e.data(el)
	default:
		e.Fields = append(e.Fields, Field{Name: el.name, Kind: el.kind, Value: el.value})
	}
	return err
}

// data makes each member of the event's data a field.
func (e *Event) data(el element) error {
	if el.kind != kindDocument {
		return fmt.Errorf("%w: data is no document", ErrMalformed)
	}
	rest, err := inside(el.value)
	for err == nil && len(rest) > 0 {
		if el, rest, err = next(rest); err == nil {
			at := len(e.names)
			e.names = append(append(e.names, "data."...), el.name...)
			e.Fields = append(e.Fields, Field{Name: e.names[at:len(e.names):len(e.names)], Kind: el.kind, Value: el.value})
		}
	}
	return err
}

// complete brings the fields into order and gives each what proves it.
func (e *Event) complete() error {
	if e.Seq <= 0 || len(e.ID) == 0 || len(e.Type) == 0 || len(e.Subject) == 0 {
		return fmt.Errorf("%w: it lacks what tells it from others", ErrMalformed)
	}
	for _, p := range e.lost {
		e.Fields = append(e.Fields, Field{Name: p.name, Gone: p.bytes})
	}
	slices.SortFunc(e.Fields, func(a, b Field) int { return bytes.Compare(a.Name, b.Name) })
	for i := range e.Fields {
		if i > 0 && bytes.Equal(e.Fields[i-1].Name, e.Fields[i].Name) {
			return fmt.Errorf("%w: %s is there twice", ErrMalformed, e.Fields[i].Name)
		}
	}
	if e.Salt != nil {
		if len(e.lost) > 0 || len(e.kept) > 0 {
			return fmt.Errorf("%w: the salt of what was erased is still there", ErrMalformed)
		}
		return nil
	}
	return e.salts()
}

// salts gives each field that is left the salt that was kept for it.
func (e *Event) salts() error {
	n := 0
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Gone != nil {
			continue
		}
		if n >= len(e.kept) || !bytes.Equal(e.kept[n].name, f.Name) {
			return fmt.Errorf("%w: no salt for %s", ErrMalformed, f.Name)
		}
		f.Salt = e.kept[n].bytes
		n++
	}
	if n != len(e.kept) {
		return fmt.Errorf("%w: a salt for nothing", ErrMalformed)
	}
	return nil
}
