package store

import (
	"errors"
	"fmt"
	"slices"
)

// maxKeys bounds the identifiers that a query may name to be answered by fetching them.
const maxKeys = 1000

// MaxFilter bounds a filter: its conditions and their values together.
const MaxFilter = 4000

// ErrFilterSize is a filter beyond MaxFilter.
var ErrFilterSize = errors.New("store: filter too large")

// order is what a list is sorted by: fields, then the identifier, upwards or down.
type order struct {
	by   []Order
	down bool
}

// orderOf takes a sort's explicit identifier off its end. Without one the identifier goes as the last field does.
func orderOf(sort []Order) order {
	n := len(sort)
	switch {
	case n == 0:
		return order{}
	case sort[n-1].Path == "_id":
		return order{by: sort[:n-1], down: sort[n-1].Desc}
	}
	return order{by: sort, down: sort[n-1].Desc}
}

// compare tells which of two positions comes first.
func (o order) compare(a, b Position) int {
	for i, f := range o.by {
		if d := Compare(a.Values[i], b.Values[i]); d != 0 {
			return flip(d, f.Desc)
		}
	}
	return flip(Compare(a.ID, b.ID), o.down)
}

func flip(d int, back bool) int {
	if back {
		return -d
	}
	return d
}

// source is one way to a part of a query's documents.
type source struct {
	keys  []string // the identifiers to fetch, where the query names them
	scan  Scan     // else the scan
	few   bool     // the scan yields so few that they can be sorted here: at most one for each branch
	rest  []Filter // what the scan leaves to be looked at
	score int
}

// plan is the sources of a query, in one order.
type plan struct {
	order   order
	sources []source
}

// score is that of the worst source: a query is as dear as its dearest part.
func (p plan) score() int {
	worst := 1 << 20
	for _, s := range p.sources {
		worst = min(worst, s.score)
	}
	return worst
}

// planner chooses indexes for one collection.
type planner struct {
	schema  Schema
	indexes []Index
	many    map[string]bool // every path that the schema declares, and whether it is an array
}

func newPlanner(s Schema) (*planner, error) {
	p := &planner{schema: s, indexes: append([]Index{{}}, s.Indexes...), many: map[string]bool{"_id": false}}
	for _, ix := range s.Indexes {
		arrays := 0
		for _, o := range ix.On {
			if each, known := p.many[o.Path]; known && each != o.Each {
				return nil, fmt.Errorf("store: %s: %s is declared as an array and as none", s.Name, o.Path)
			}
			p.many[o.Path] = o.Each
			if o.Each {
				arrays++
			}
		}
		if arrays > 1 || len(ix.On) == 0 {
			return nil, fmt.Errorf("store: %s: index %s: an index has fields, and at most one array", s.Name, ix.Name())
		}
	}
	for _, o := range s.Narrow {
		if each, known := p.many[o.Path]; known && each != o.Each {
			return nil, fmt.Errorf("store: %s: %s is declared as an array and as none", s.Name, o.Path)
		}
		p.many[o.Path] = o.Each
	}
	if s.Expire != "" && !slices.ContainsFunc(s.Indexes, func(ix Index) bool { return len(ix.On) == 1 && ix.On[0].Path == s.Expire }) {
		return nil, fmt.Errorf("store: %s: no index on %s, by which it expires", s.Name, s.Expire)
	}
	return p, nil
}

// list plans a query in the order of sort; without one in the identifier's, or in that of the field whose range the
// filter bounds where that is the better way.
func (p *planner) list(where Filter, sort []Order) (plan, error) {
	conds, err := p.conditions(where)
	if err != nil {
		return plan{}, err
	}
	best, err := p.ordered(conds, orderOf(sort))
	if len(sort) > 0 || len(conds) == 0 {
		return best, err
	}
	for _, path := range conds[0].bounded {
		other, oerr := p.ordered(conds, orderOf([]Order{{Path: path}}))
		if oerr == nil && (err != nil || other.score() > best.score()) {
			best, err = other, nil
		}
	}
	return best, err
}

func (p *planner) ordered(conds []*condition, o order) (plan, error) {
	out := plan{order: o}
	for _, c := range conds {
		s, ok := p.source(c, o, false)
		if !ok {
			return plan{}, fmt.Errorf("%w: %s, %s by %s", ErrUnserved, p.schema.Name, c, Lookup(o.by...).Name())
		}
		out.sources = append(out.sources, s)
	}
	return out, nil
}

// count plans a query whose order is of no interest.
func (p *planner) count(where Filter) (plan, error) {
	conds, err := p.conditions(where)
	if err != nil {
		return plan{}, err
	}
	out := plan{}
	for _, c := range conds {
		s, ok := p.source(c, order{}, true)
		if !ok {
			return plan{}, fmt.Errorf("%w: %s, %s", ErrUnserved, p.schema.Name, c)
		}
		out.sources = append(out.sources, s)
	}
	return out, nil
}

// conditions takes a filter apart and leaves out alternatives that contradict themselves.
func (p *planner) conditions(where Filter) ([]*condition, error) {
	var unknown string
	size := 0
	where.visit(func(f Filter) {
		size += 1 + len(f.Values)
		if _, ok := p.many[f.Path]; !ok && f.Path != "" {
			unknown = f.Path
		}
	})
	if size > MaxFilter {
		return nil, fmt.Errorf("%w: %d", ErrFilterSize, size)
	}
	if unknown != "" {
		return nil, fmt.Errorf("%w: %s has no index on %s", ErrUnserved, p.schema.Name, unknown)
	}
	var out []*condition
	for _, t := range terms(where) {
		if c := p.condition(t); c != nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// source finds the best way to one alternative's documents: the more fields are fixed the better, then a bounded one,
// then fewer branches.
func (p *planner) source(c *condition, o order, anyOrder bool) (source, bool) {
	if ids, ok := c.equal["_id"]; ok && len(ids) <= maxKeys {
		keys := make([]string, 0, len(ids))
		for _, v := range ids {
			if s, ok := v.(string); ok {
				keys = append(keys, s)
			}
		}
		return source{keys: keys, rest: c.rest([]Order{{Path: "_id"}}, ""), score: 1 << 19}, true
	}
	var best source
	found := false
	for _, ix := range p.indexes {
		s, ok := c.by(ix, o, anyOrder)
		if !ok {
			continue
		}
		if !found || s.score > best.score || s.score == best.score && len(s.scan.Branches) < len(best.scan.Branches) {
			best, found = s, true
		}
	}
	best.scan.Collection = p.schema.Name
	return best, found
}

// single is the index on one field alone.
func (p *planner) single(path string) Index {
	for _, ix := range p.indexes {
		if len(ix.On) == 1 && ix.On[0].Path == path {
			return ix
		}
	}
	return Index{}
}
