package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Cursors seals positions so that clients can hand them back but neither forge them nor use them on another list. It
// does not hide the sort key: whoever holds a cursor has seen the object.
type Cursors struct {
	// Keys are the secrets, each of at least 16 bytes. The first one seals, every one opens, so that a new first one
	// leaves the cursors under way good.
	Keys func() [][]byte
}

const (
	form      = 1        // of the cursor
	macSize   = 16       // bytes kept of the HMAC-SHA-256
	cursorMax = 64 << 10 // characters
)

// list is the digest of what a cursor belongs to.
type list [sha256.Size]byte

// listOf is the digest of a collection, a filter and an order.
func listOf(name string, where store.Filter, by []store.Order) list {
	b := appendText(nil, name)
	b = appendFilter(b, where)
	for _, o := range by {
		b = appendText(b, o.Path)
		b = append(b, bit(o.Desc))
	}
	return sha256.Sum256(b)
}

// seal makes the cursor of a position in a list.
func (c *Cursors) seal(l list, p store.Position) string {
	body := appendPosition(nil, p)
	keys := c.Keys()
	if len(keys) == 0 {
		return ""
	}
	b := append([]byte{form}, mac(keys[0], l, body)...)
	return base64.RawURLEncoding.EncodeToString(append(b, body...))
}

// open reads a cursor that seal made for the same list; nil for none.
func (c *Cursors) open(l list, arg string, cursor *string) (*store.Position, error) {
	var none *store.Position
	if cursor == nil {
		return none, nil
	}
	bad := fault.New(fault.Invalid, fault.CodeBadCursor).At(arg)
	if len(*cursor) > cursorMax {
		return nil, bad
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(*cursor)
	if err != nil || len(b) <= 1+macSize || b[0] != form {
		return nil, bad
	}
	sum, body := b[1:1+macSize], b[1+macSize:]
	if !slices.ContainsFunc(c.Keys(), func(key []byte) bool { return hmac.Equal(sum, mac(key, l, body)) }) {
		return nil, bad
	}
	p, ok := readPosition(body)
	if !ok {
		return nil, bad
	}
	return &p, nil
}

func mac(key []byte, l list, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("cobuild cursor\x00"))
	h.Write(l[:])
	h.Write(body)
	return h.Sum(nil)[:macSize]
}

// The kinds of values in a cursor.
const (
	kindNil = iota
	kindFalse
	kindTrue
	kindInt
	kindText
	kindTime
)

func appendFilter(b []byte, f store.Filter) []byte {
	b = append(b, byte(f.Op))
	b = appendText(b, f.Path)
	b = binary.AppendUvarint(b, uint64(len(f.Values)))
	for _, v := range f.Values {
		b = appendValue(b, v)
	}
	b = binary.AppendUvarint(b, uint64(len(f.Of)))
	for _, g := range f.Of {
		b = appendFilter(b, g)
	}
	return b
}

func appendPosition(b []byte, p store.Position) []byte {
	for _, v := range p.Values {
		b = appendValue(b, v)
	}
	return appendValue(b, p.ID)
}

func appendValue(b []byte, v any) []byte {
	switch x := v.(type) {
	case bool:
		return append(b, kindFalse+bit(x))
	case int64:
		return binary.AppendVarint(append(b, kindInt), x)
	case string:
		return appendText(append(b, kindText), x)
	case time.Time:
		return binary.AppendVarint(append(b, kindTime), x.UnixMilli())
	}
	return append(b, kindNil)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// readPosition reads values to the end; the last is the identifier.
func readPosition(b []byte) (store.Position, bool) {
	var p store.Position
	for len(b) > 0 {
		v, rest, ok := readValue(b)
		if !ok {
			return p, false
		}
		p.Values, b = append(p.Values, v), rest
	}
	if len(p.Values) == 0 {
		return p, false
	}
	end := len(p.Values) - 1
	id, ok := p.Values[end].(string)
	p.ID, p.Values = id, p.Values[:end]
	return p, ok
}

func readValue(b []byte) (v any, rest []byte, ok bool) {
	kind, b := b[0], b[1:]
	switch kind {
	case kindNil:
		return nil, b, true
	case kindFalse, kindTrue:
		return kind == kindTrue, b, true
	case kindInt, kindTime:
		n, size := binary.Varint(b)
		if size <= 0 {
			return nil, nil, false
		}
		if kind == kindTime {
			return time.UnixMilli(n).UTC(), b[size:], true
		}
		return n, b[size:], true
	case kindText:
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, nil, false
		}
		end := size + int(n)
		return string(b[size:end]), b[end:], true
	}
	return nil, nil, false
}
