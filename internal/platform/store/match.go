package store

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Match says whether a document meets a filter: what both back ends' answers are measured by, and what is left of a
// query once an index has done its part. Under an array any element may match. A comparison holds among values of one
// kind; a missing value is nil and equals nothing but nil.
func (f Filter) Match(doc bson.Raw) bool {
	switch f.Op {
	case OpAll:
		return true
	case OpNone:
		return false
	case OpAnd:
		return !slices.ContainsFunc(f.Of, func(g Filter) bool { return !g.Match(doc) })
	case OpOr:
		return slices.ContainsFunc(f.Of, func(g Filter) bool { return g.Match(doc) })
	case OpNot:
		return len(f.Of) == 1 && !f.Of[0].Match(doc)
	}
	values, _, _ := At(doc, f.Path)
	return slices.ContainsFunc(values, f.holds)
}

// holds says whether one value meets a comparison.
func (f Filter) holds(v any) bool {
	if f.Op == OpEq || f.Op == OpIn {
		return holds(f.Values, v)
	}
	if len(f.Values) != 1 || v == nil || rank(v) != rank(f.Values[0]) {
		return false
	}
	d := Compare(v, f.Values[0])
	switch f.Op {
	case OpGt:
		return d > 0
	case OpGte:
		return d >= 0
	case OpLt:
		return d < 0
	case OpLte:
		return d <= 0
	}
	return false
}

// visit calls fn for a filter and everything in it.
func (f Filter) visit(fn func(Filter)) {
	fn(f)
	for _, g := range f.Of {
		g.visit(fn)
	}
}
