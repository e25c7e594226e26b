package store

import "slices"

// maxTerms bounds the alternatives a filter is taken apart into. What would go beyond stays whole and is looked at
// while scanning.
const maxTerms = 64

// term is conditions that all must hold: comparisons, negated comparisons, and whole filters that were not taken apart.
type term []Filter

// terms takes a filter apart into alternatives of which any must hold. None at all means that nothing can.
func terms(f Filter) []term { return apart(push(f, false)) }

// push moves negations down to the comparisons.
func push(f Filter, not bool) Filter {
	switch f.Op {
	case OpNot:
		if len(f.Of) != 1 {
			return Nothing()
		}
		return push(f.Of[0], !not)
	case OpAnd, OpOr:
		g := Filter{Op: f.Op}
		if not {
			g.Op = OpAnd + OpOr - f.Op
		}
		for _, h := range f.Of {
			g.Of = append(g.Of, push(h, not))
		}
		return g
	case OpAll, OpNone:
		if not {
			return Filter{Op: OpAll + OpNone - f.Op}
		}
		return Filter{Op: f.Op}
	}
	if not {
		return Not(f)
	}
	return f
}

func apart(f Filter) []term {
	switch f.Op {
	case OpAll:
		return []term{{}}
	case OpNone:
		return nil
	case OpOr:
		var all []term
		for _, g := range f.Of {
			all = append(all, apart(g)...)
		}
		if len(all) > maxTerms {
			return []term{{f}}
		}
		return all
	case OpAnd:
		return product(f.Of)
	}
	return []term{{f}}
}

// product combines the alternatives of conditions that must all hold, the simplest first.
func product(fs []Filter) []term {
	type part struct {
		whole Filter
		terms []term
	}
	parts := make([]part, len(fs))
	for i, f := range fs {
		parts[i] = part{f, apart(f)}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return len(a.terms) - len(b.terms) })
	all := []term{{}}
	for _, p := range parts {
		if len(p.terms)*len(all) > maxTerms {
			p.terms = []term{{p.whole}}
		}
		var next []term
		for _, t := range all {
			for _, u := range p.terms {
				next = append(next, slices.Concat(t, u))
			}
		}
		all = next
	}
	return all
}
