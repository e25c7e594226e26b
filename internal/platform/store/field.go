package store

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Field is the path of a value that queries may name.
type Field[V any] string

// Each is the path of an array, of which any element may match.
type Each[V any] string

// Is holds where the value is v.
func (f Field[V]) Is(v V) Filter { return cond(string(f), OpEq, v) }

// In holds where the value is one of vs.
func (f Field[V]) In(vs ...V) Filter { return condIn(string(f), vs) }

// Gt holds where the value is there and above v.
func (f Field[V]) Gt(v V) Filter { return cond(string(f), OpGt, v) }

// Gte holds where the value is there and not below v.
func (f Field[V]) Gte(v V) Filter { return cond(string(f), OpGte, v) }

// Lt holds where the value is there and below v.
func (f Field[V]) Lt(v V) Filter { return cond(string(f), OpLt, v) }

// Lte holds where the value is there and not above v.
func (f Field[V]) Lte(v V) Filter { return cond(string(f), OpLte, v) }

// Missing holds where there is no value.
func (f Field[V]) Missing() Filter { return Filter{Op: OpEq, Path: string(f), Values: []any{nil}} }

// Asc sorts upwards; what is missing comes first.
func (f Field[V]) Asc() Order { return Order{Path: string(f)} }

// Desc sorts downwards; what is missing comes last.
func (f Field[V]) Desc() Order { return Order{Path: string(f), Desc: true} }

// Is holds where an element is v.
func (f Each[V]) Is(v V) Filter { return cond(string(f), OpEq, v) }

// In holds where an element is one of vs.
func (f Each[V]) In(vs ...V) Filter { return condIn(string(f), vs) }

// Asc is the array as a field of an index.
func (f Each[V]) Asc() Order { return Order{Path: string(f), Each: true} }

// Order is one step of a sort, or one field of an index.
type Order struct {
	Path string
	Desc bool
	Each bool // the path is an array: allowed in an index's fixed part, never in a sort
}

// Op is what a filter node does.
type Op int

// The operations. All (the zero value) holds for every document, None for no one.
const (
	OpAll Op = iota
	OpNone
	OpEq
	OpIn
	OpGt
	OpGte
	OpLt
	OpLte
	OpAnd
	OpOr
	OpNot
)

// Filter is a condition on documents. The zero Filter holds for all of them.
type Filter struct {
	Op     Op
	Path   string
	Values []any // as Value makes them
	Of     []Filter
}

// Nothing holds for no document.
func Nothing() Filter { return Filter{Op: OpNone} }

// And holds where all do.
func And(fs ...Filter) Filter { return Filter{Op: OpAnd, Of: fs} }

// Or holds where any does.
func Or(fs ...Filter) Filter { return Filter{Op: OpOr, Of: fs} }

// Not holds where f does not.
func Not(f Filter) Filter { return Filter{Op: OpNot, Of: []Filter{f}} }

// Index is an ordered list of fields, ended by the identifier in the direction of its last field.
type Index struct {
	On     []Order
	Unique bool // no two documents share the values; documents that lack one of them are not in it
	Sparse bool // documents that lack one of the values are not in it
}

// Unique forbids two documents with the same values.
func Unique(on ...Order) Index { return Index{On: on, Unique: true, Sparse: true} }

// Lookup serves queries; a missing value counts as null and comes first.
func Lookup(on ...Order) Index { return Index{On: on} }

// Sparse serves queries on values that few documents have.
func Sparse(on ...Order) Index { return Index{On: on, Sparse: true} }

// Name is the index's name in both back ends.
func (ix Index) Name() string {
	if len(ix.On) == 0 {
		return "_id"
	}
	var b strings.Builder
	for i, o := range ix.On {
		if i > 0 {
			b.WriteByte('_')
		}
		b.WriteString(strings.ReplaceAll(o.Path, ".", "-"))
		if o.Desc {
			b.WriteString("_desc")
		}
	}
	switch {
	case ix.Unique:
		b.WriteString("_unique")
	case ix.Sparse:
		b.WriteString("_sparse")
	}
	return b.String()
}

// Value brings a Go value into the few kinds that queries compare: nil, bool, int64, string and time.Time in UTC to
// the millisecond. Named strings and integers become plain ones. Another kind is a mistake of the program.
func Value(v any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case time.Time:
		return x.UTC().Truncate(time.Millisecond)
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return Value(r.Elem().Interface())
	case reflect.String:
		return r.String()
	case reflect.Bool:
		return r.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	}
	panic(fmt.Sprintf("store: a %T cannot be compared", v))
}

func cond[V any](path string, op Op, v V) Filter {
	return Filter{Op: op, Path: path, Values: []any{Value(v)}}
}

func condIn[V any](path string, vs []V) Filter {
	f := Filter{Op: OpIn, Path: path}
	for _, v := range vs {
		f.Values = append(f.Values, Value(v))
	}
	return f
}
