package store

import (
	"cmp"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Compare orders two values as Value makes them: nil, then bool, int64, string (by bytes) and time.Time.
func Compare(a, b any) int {
	if d := cmp.Compare(rank(a), rank(b)); d != 0 {
		return d
	}
	switch x := a.(type) {
	case bool:
		return cmp.Compare(truth(x), truth(b.(bool)))
	case int64:
		return cmp.Compare(x, b.(int64))
	case string:
		return strings.Compare(x, b.(string))
	case time.Time:
		return cmp.Compare(x.UnixMilli(), b.(time.Time).UnixMilli())
	}
	return 0
}

// rank is the place of a value's kind among the kinds.
func rank(v any) int {
	switch v.(type) {
	case bool:
		return 1
	case int64:
		return 2
	case string:
		return 3
	case time.Time:
		return 4
	}
	return 0
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Stored is a stored value as Value makes them; ok is false for one that queries cannot compare (a fraction, a
// document, bytes).
func Stored(v bson.RawValue) (value any, ok bool) {
	switch v.Type {
	case 0, bson.TypeNull, bson.TypeUndefined:
		return nil, true
	case bson.TypeBoolean:
		return v.BooleanOK()
	case bson.TypeInt32, bson.TypeInt64:
		return v.AsInt64OK()
	case bson.TypeString:
		return v.StringValueOK()
	case bson.TypeDateTime:
		ms, ok := v.DateTimeOK()
		return time.UnixMilli(ms).UTC(), ok
	}
	return nil, false
}

// At finds what a document holds under a dotted path, going into every element of the arrays on its way: the elements
// where the path is or crosses an array, else one value, nil for a missing one. many says that there was an array. What
// queries cannot compare is left out, and plain is then false.
func At(doc bson.Raw, path string) (values []any, many, plain bool) {
	w := walk{plain: true}
	w.in(doc, path)
	if !w.many && len(w.values) == 0 && w.plain {
		return []any{nil}, false, true
	}
	return w.values, w.many, w.plain
}

// walk gathers the values under a path.
type walk struct {
	values      []any
	many, plain bool
}

func (w *walk) in(doc bson.Raw, path string) {
	key, rest, deeper := strings.Cut(path, ".")
	v := doc.Lookup(key)
	switch {
	case v.Type == bson.TypeArray:
		w.elements(v, rest, deeper)
	case !deeper:
		w.take(v)
	case v.Type == bson.TypeEmbeddedDocument:
		w.in(v.Document(), rest)
	}
}

func (w *walk) elements(array bson.RawValue, rest string, deeper bool) {
	w.many = true
	all, err := array.Array().Values()
	if err != nil {
		w.plain = false
		return
	}
	for _, v := range all {
		switch {
		case !deeper:
			w.take(v)
		case v.Type == bson.TypeEmbeddedDocument:
			w.in(v.Document(), rest)
		}
	}
}

func (w *walk) take(v bson.RawValue) {
	value, ok := Stored(v)
	if !ok {
		w.plain = false
		return
	}
	w.values = append(w.values, value)
}
