package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// The first byte of an encoded value: its kind, in the order of store.Compare.
const (
	kindNil byte = iota + 1
	kindBool
	kindInt
	kindText
	kindTime
)

// appendValue adds a value so that bytes sort as values do, the other way round where down. No encoded value is the
// beginning of another. Text ends with 00 01, and a 00 in it becomes 00 ff.
func appendValue(b []byte, v any, down bool) []byte {
	from := len(b)
	switch x := v.(type) {
	case bool:
		b = append(b, kindBool, 0)
		if x {
			b[len(b)-1] = 1
		}
	case int64:
		b = appendInt(append(b, kindInt), x)
	case string:
		b = append(b, kindText)
		for i := range len(x) {
			b = append(b, x[i])
			if x[i] == 0 {
				b = append(b, 0xff)
			}
		}
		b = append(b, 0, 1)
	case time.Time:
		b = appendInt(append(b, kindTime), x.UnixMilli())
	default:
		b = append(b, kindNil)
	}
	if down {
		invert(b[from:])
	}
	return b
}

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)^1<<63) }

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// kindOf is the first byte of a value's encoding.
func kindOf(v any, down bool) []byte { return appendValue(nil, v, down)[:1] }

// idOf reads the identifier, which is the last value of an entry, behind n others.
func idOf(tail []byte, on []store.Order, down bool) (string, error) {
	for _, f := range on {
		n := valueLen(tail, f.Desc)
		if n == 0 || n > len(tail) {
			return "", fmt.Errorf("store: broken index entry %x", tail)
		}
		tail = tail[n:]
	}
	if valueLen(tail, down) != len(tail) || len(tail) < 3 {
		return "", fmt.Errorf("store: broken index entry %x", tail)
	}
	id := slices.Clone(tail[1 : len(tail)-2])
	if down {
		invert(id)
	}
	return string(bytes.ReplaceAll(id, []byte{0, 0xff}, []byte{0})), nil
}

// valueLen is how many bytes the first encoded value takes; 0 where there is none.
func valueLen(b []byte, down bool) int {
	if len(b) == 0 {
		return 0
	}
	var mask byte
	if down {
		mask = 0xff
	}
	switch b[0] ^ mask {
	case kindNil:
		return 1
	case kindBool:
		return 2
	case kindInt, kindTime:
		return 9
	case kindText:
		for i := 1; i+1 < len(b); i++ {
			if b[i]^mask != 0 {
				continue
			}
			if b[i+1]^mask == 1 {
				return i + 2
			}
			i++
		}
	}
	return 0
}

// entry is what an index holds of a document: the encoded values, then the encoded identifier.
type entry struct {
	key    []byte
	values int // how many bytes of the key are the values
}

// entries are what an index holds of a document, in order and each once: one for each element of an array.
func (x *index) entries(doc bson.Raw) ([]entry, error) {
	keys := [][]byte{nil}
	for _, f := range x.On {
		values, many, plain := store.At(doc, f.Path)
		if !plain || many && !f.Each {
			return nil, fmt.Errorf("store: %s cannot be kept in index %s", f.Path, x.name)
		}
		var next [][]byte
		for _, key := range keys {
			for _, v := range values {
				if v == nil && (x.Sparse || x.Unique) {
					continue
				}
				next = append(next, appendValue(slices.Clone(key), v, f.Desc))
			}
		}
		keys = next
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	id, _ := doc.Lookup("_id").StringValueOK()
	out := make([]entry, len(keys))
	for i, key := range keys {
		out[i] = entry{appendValue(key, id, x.down), len(key)}
		if len(out[i].key) > maxKey {
			return nil, fmt.Errorf("%w: a value in index %s", store.ErrTooLarge, x.name)
		}
	}
	return out, nil
}

// maxKey is the longest entry in bytes.
const maxKey = 32 << 10

// successor is the first key behind all that begin with b; nil where there is none.
func successor(b []byte) []byte {
	for i, last := range slices.Backward(b) {
		if last != 0xff {
			return append(slices.Clone(b[:i]), last+1)
		}
	}
	return nil
}
