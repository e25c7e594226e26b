package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// Seal completes the document of an event that has its place: with its salt, the hash of its subject's event before
// (nil for the first) and its own hash, which it returns too.
func Seal(doc, salt, previous []byte) (sealed []byte, hash Hash, err error) {
	rest, err := inside(doc)
	if err != nil {
		return nil, Hash{}, err
	}
	out, at := begin(make([]byte, 0, len(doc)+160))
	out = appendBinary(append(out, rest...), "salt", salt)
	if previous != nil {
		out = appendBinary(out, "previousHash", previous)
	}
	bare := end(out, at)
	var e Event
	if err := e.Read(bare); err != nil {
		return nil, Hash{}, err
	}
	if hash, _, err = e.Digest(); err != nil {
		return nil, Hash{}, err
	}
	return end(appendBinary(bare[:len(bare)-1], "hash", hash[:]), at), hash, nil
}

// Erase takes fields out of an event's document, with their salts, and leaves a commitment in the place of each: what the
// event proves stays proved, and the values can be found from nothing that is left. It gives the document back as it is
// where none of the fields is there.
func Erase(doc []byte, which func(f *Field) bool) (left []byte, changed bool, err error) {
	var e Event
	if err := e.Read(doc); err != nil {
		return nil, false, err
	}
	var kept, lost []part
	for i := range e.Fields {
		f := &e.Fields[i]
		switch {
		case f.Erased():
			lost = append(lost, part{f.Name, f.Gone})
		case which(f):
			c := e.commitment(f)
			lost, changed = append(lost, part{f.Name, c[:]}), true
		case f.Salt != nil:
			kept = append(kept, part{f.Name, f.Salt})
		default:
			kept = append(kept, part{f.Name, saltOf(e.Salt, f.Name)})
		}
	}
	if !changed {
		return doc, false, nil
	}
	left, err = rewrite(doc, kept, lost)
	return left, true, err
}

// rewrite is a document without what was lost.
func rewrite(doc []byte, kept, lost []part) ([]byte, error) {
	gone := func(prefix string, name []byte) bool {
		for _, p := range lost {
			if bytes.HasPrefix(p.name, []byte(prefix)) && bytes.Equal(p.name[len(prefix):], name) {
				return true
			}
		}
		return false
	}
	rest, err := inside(doc)
	out, at := begin(make([]byte, 0, len(doc)+512))
	for err == nil && len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err != nil {
			break
		}
		switch string(el.name) {
		case "salt", "kept", "erased":
		case "data":
			out, err = copied(out, el, func(name []byte) bool { return gone("data.", name) })
		default:
			if !gone("", el.name) {
				out = appendElement(out, el)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	out = appendParts(out, "kept", kept)
	return end(appendParts(out, "erased", lost), at), nil
}

// copied appends the event's data without what is gone of it.
func copied(out []byte, data element, gone func(name []byte) bool) ([]byte, error) {
	rest, err := inside(data.value)
	if err != nil {
		return nil, err
	}
	out = append(append(append(out, data.kind), data.name...), 0)
	out, at := begin(out)
	for len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err != nil {
			return nil, err
		}
		if !gone(el.name) {
			out = appendElement(out, el)
		}
	}
	return end(out, at), nil
}

func appendElement(out []byte, el element) []byte {
	return append(append(append(append(out, el.kind), el.name...), 0), el.value...)
}

func appendParts(out []byte, name string, parts []part) []byte {
	out = append(append(append(out, kindArray), name...), 0)
	out, list := begin(out)
	for i, p := range parts {
		out = append(append(append(out, kindDocument), strconv.Itoa(i)...), 0)
		var one int
		out, one = begin(out)
		out = append(append(append(out, kindString), "name"...), 0)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(p.name)+1))
		out = append(append(out, p.name...), 0)
		out = end(appendBinary(out, "bytes", p.bytes), one)
	}
	return end(out, list)
}

// Text is a field's value where that is a text.
func (f *Field) Text() (string, bool) {
	if f.Value == nil {
		return "", false
	}
	s, err := element{kind: f.Kind, name: f.Name, value: f.Value}.text()
	return string(s), err == nil
}

// Check says whether a document is the event that its hash proves.
func Check(doc []byte) (Hash, error) {
	var e Event
	if err := e.Read(doc); err != nil {
		return Hash{}, err
	}
	h, _, err := e.Digest()
	if err == nil && !bytes.Equal(h[:], e.Hash) {
		err = fmt.Errorf("%w: its hash is another", ErrMalformed)
	}
	return h, err
}

// Counted is an event's document with another count of its writes, which proves nothing.
func Counted(doc []byte, rev int64) ([]byte, error) {
	doc = bytes.Clone(doc)
	rest, err := inside(doc)
	for err == nil && len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err == nil && string(el.name) == "rev" && el.kind == kindInt64 {
			binary.LittleEndian.PutUint64(el.value, uint64(rev))
			return doc, nil
		}
	}
	return nil, fmt.Errorf("%w: it has no rev", ErrMalformed)
}
