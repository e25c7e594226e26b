package store

import (
	"fmt"
	"slices"
	"strings"
)

// condition is one alternative of a filter, sorted by what an index can do with it.
type condition struct {
	equal   map[string][]any // what a path must be one of
	ranges  map[string]Range // what a path is bounded by
	bounded []string         // the bounded paths, in the filter's order
	leaves  []Filter         // the comparisons that say so
	extra   []Filter         // what no index can help with
}

// condition sorts an alternative; nil where its parts contradict each other.
func (p *planner) condition(t term) *condition {
	c := &condition{equal: map[string][]any{}, ranges: map[string]Range{}}
	for _, f := range t {
		ok := true
		switch f.Op {
		case OpEq, OpIn:
			ok = c.equals(f, p.many[f.Path])
		case OpGt, OpGte, OpLt, OpLte:
			ok = c.bounds(f, p.many[f.Path])
		default:
			c.extra = append(c.extra, f)
		}
		if !ok {
			return nil
		}
	}
	return c
}

// equals takes up an equality. Two of them on an array do not narrow each other: another element may meet the other.
func (c *condition) equals(f Filter, many bool) bool {
	vs := distinct(f.Values)
	had, again := c.equal[f.Path]
	if again && many {
		c.extra = append(c.extra, f)
		return true
	}
	if again {
		vs = common(had, vs)
	}
	c.equal[f.Path] = vs
	c.leaves = append(c.leaves, f)
	return len(vs) > 0
}

// bounds takes up a comparison.
func (c *condition) bounds(f Filter, many bool) bool {
	if many {
		c.extra = append(c.extra, f)
		return true
	}
	had, again := c.ranges[f.Path]
	r, ok := had.narrow(f)
	if !again {
		c.bounded = append(c.bounded, f.Path)
	}
	c.ranges[f.Path] = r
	c.leaves = append(c.leaves, f)
	return ok
}

// narrow adds a comparison to a range; false where nothing can meet both.
func (r Range) narrow(f Filter) (Range, bool) {
	if len(f.Values) != 1 || f.Values[0] == nil {
		return r, false
	}
	v := f.Values[0]
	if r.Low != nil && rank(r.Low) != rank(v) || r.High != nil && rank(r.High) != rank(v) {
		return r, false
	}
	open := f.Op == OpGt || f.Op == OpLt
	if f.Op == OpGt || f.Op == OpGte {
		if d := Compare(v, r.Low); r.Low == nil || d > 0 || d == 0 && open {
			r.Low, r.LowOpen = v, open
		}
	} else if d := Compare(v, r.High); r.High == nil || d < 0 || d == 0 && open {
		r.High, r.HighOpen = v, open
	}
	if r.Low == nil || r.High == nil {
		return r, true
	}
	d := Compare(r.Low, r.High)
	return r, d < 0 || d == 0 && !r.LowOpen && !r.HighOpen
}

// by tries one index. In an order, the fields after the fixed ones must be just the order's, all as it asks or all
// the other way round.
func (c *condition) by(ix Index, o order, anyOrder bool) (source, bool) {
	if s, ok := c.unique(ix); ok {
		return s, true
	}
	n := len(ix.On)
	fixed := n - len(o.by)
	if anyOrder {
		fixed = c.leading(ix)
	}
	if fixed < 0 || slices.ContainsFunc(ix.On[fixed:], func(f Order) bool { return f.Each }) {
		return source{}, false
	}
	s := Scan{Index: ix, Prefix: fixed}
	s.Reverse = !anyOrder && s.Down() != o.down
	for i, f := range s.Tail() {
		if !anyOrder && (f.Path != o.by[i].Path || (f.Desc != o.by[i].Desc) != s.Reverse) {
			return source{}, false
		}
	}
	var ok bool
	if s.Branches, ok = c.branches(ix.On[:fixed]); !ok {
		return source{}, false
	}
	next := "_id"
	if fixed < n {
		next = ix.On[fixed].Path
	}
	var bounded bool
	if s.Range, bounded = c.rangeOf(next); !bounded {
		next = ""
	}
	if (ix.Sparse || ix.Unique) && !c.present(ix.On, fixed, next) {
		return source{}, false
	}
	score := 2 * fixed
	if bounded {
		score++
	}
	return source{scan: s, rest: c.rest(ix.On[:fixed], next), score: score}, true
}

// unique uses an index of which each branch holds at most one document, whatever order is asked for.
func (c *condition) unique(ix Index) (source, bool) {
	if !ix.Unique || !c.present(ix.On, len(ix.On), "") || slices.ContainsFunc(ix.On, func(o Order) bool { return o.Each }) {
		return source{}, false
	}
	branches, ok := c.branches(ix.On)
	if !ok {
		return source{}, false
	}
	s := Scan{Index: ix, Prefix: len(ix.On), Branches: branches}
	return source{scan: s, few: true, rest: c.rest(ix.On, ""), score: 1 << 18}, true
}

// leading counts the fields at an index's beginning that can be fixed.
func (c *condition) leading(ix Index) int {
	branches := 1
	for i, f := range ix.On {
		vs, ok := c.equal[f.Path]
		if branches *= len(vs); !ok || branches > MaxBranches {
			return i
		}
	}
	return len(ix.On)
}

// branches combines the values of fixed fields; false where one is not fixed or there are too many.
func (c *condition) branches(on []Order) ([][]any, bool) {
	all := [][]any{{}}
	for _, f := range on {
		vs := c.equal[f.Path]
		if len(vs) == 0 || len(vs)*len(all) > MaxBranches {
			return nil, false
		}
		var next [][]any
		for _, b := range all {
			for _, v := range vs {
				next = append(next, slices.Concat(b, []any{v}))
			}
		}
		all = next
	}
	return all, true
}

// rangeOf bounds a path; equality with one value bounds it too.
func (c *condition) rangeOf(path string) (Range, bool) {
	if c.point(path) {
		v := c.equal[path][0]
		return Range{Low: v, High: v}, true
	}
	r, ok := c.ranges[path]
	return r, ok
}

// point says whether a path must be one value that is there.
func (c *condition) point(path string) bool {
	vs := c.equal[path]
	return len(vs) == 1 && vs[0] != nil
}

// present says whether every field of an index is asked to be there: the fixed ones by their values, one by its range.
func (c *condition) present(on []Order, fixed int, ranged string) bool {
	for i, f := range on {
		vs := c.equal[f.Path]
		held := i < fixed && len(vs) > 0 && !holds(vs, nil)
		if !held && (i < fixed || f.Path != ranged) {
			return false
		}
	}
	return true
}

// rest is what a scan that fixes some fields and bounds one leaves to be looked at.
func (c *condition) rest(fixed []Order, ranged string) []Filter {
	out := slices.Clone(c.extra)
	for _, f := range c.leaves {
		eq := f.Op == OpEq || f.Op == OpIn
		done := f.Path == ranged && eq == c.point(ranged)
		if eq && slices.ContainsFunc(fixed, func(o Order) bool { return o.Path == f.Path }) {
			done = true
		}
		if !done {
			out = append(out, f)
		}
	}
	return out
}

// String is the condition for a log.
func (c *condition) String() string {
	words := make([]string, 0, len(c.leaves)+len(c.extra))
	for _, f := range slices.Concat(c.leaves, c.extra) {
		f.visit(func(g Filter) {
			if g.Path != "" {
				words = append(words, g.Path)
			}
		})
	}
	return fmt.Sprintf("(%s)", strings.Join(words, ", "))
}

func distinct(vs []any) []any {
	var out []any
	for _, v := range vs {
		if !holds(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func common(a, b []any) []any {
	return slices.DeleteFunc(slices.Clone(a), func(v any) bool { return !holds(b, v) })
}

func holds(vs []any, v any) bool {
	return slices.ContainsFunc(vs, func(w any) bool { return Compare(v, w) == 0 })
}
