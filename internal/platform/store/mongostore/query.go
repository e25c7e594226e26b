package mongostore

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// query is a scan in the server's words.
type query struct {
	scan  store.Scan
	steps []step
	after []any // the values of the place to begin behind, the identifier last; nil to begin at the beginning
	sort  bson.D
	hint  string
}

// queryOf puts a scan into one find: the branches as alternatives, the range, the place to begin behind, the order,
// and the index by name, so that the server takes the one that was declared for this and no other.
func queryOf(s store.Scan) query {
	q := query{scan: s, steps: tail(s), hint: "_id_"}
	q.sort = sortOf(s, q.steps)
	if len(s.Index.On) > 0 {
		q.hint = s.Index.Name()
	}
	if s.After != nil {
		q.after = append(slices.Clone(s.After.Values), s.After.ID)
	}
	return q
}

// from is the query begun behind a document.
func (q query) from(doc bson.Raw) query {
	q.after = make([]any, len(q.steps))
	for i, st := range q.steps {
		if v := doc.Lookup(strings.Split(st.path, ".")...); v.Type != 0 && v.Type != bson.TypeNull {
			q.after[i] = v
		}
	}
	return q
}

// filter is what the server is asked for.
func (q query) filter() bson.D {
	all := bson.A{}
	if ix := q.scan.Index; ix.Sparse || ix.Unique {
		all = append(all, present(ix)) // says to the server that the partial index holds whatever can match
	}
	all = append(all, within(q.scan)...)
	if q.after != nil {
		all = append(all, behind(q.steps, q.after)...)
	}
	return branches(q.scan, all)
}

// branches joins the alternatives with what all of them ask. Where they differ in one field only, one alternative
// with a list of values says it shortest; else each one stands for itself, whole, so that the server can merge one
// ordered index scan per alternative.
func branches(s store.Scan, all bson.A) bson.D {
	one, at := differ(s.Branches)
	if one {
		parts := bson.A{}
		for i, o := range s.Index.On[:s.Prefix] {
			if i != at {
				parts = append(parts, bson.D{{Key: o.Path, Value: s.Branches[0][i]}})
				continue
			}
			values := bson.A{}
			for _, b := range s.Branches {
				values = append(values, b[i])
			}
			parts = append(parts, bson.D{{Key: o.Path, Value: bson.D{{Key: "$in", Value: values}}}})
		}
		return and(append(parts, all...))
	}
	alternatives := bson.A{}
	for _, b := range s.Branches {
		parts := bson.A{}
		for i, o := range s.Index.On[:s.Prefix] {
			parts = append(parts, bson.D{{Key: o.Path, Value: b[i]}})
		}
		alternatives = append(alternatives, and(append(parts, all...)))
	}
	return bson.D{{Key: "$or", Value: alternatives}}
}

// differ says whether branches differ in at most one place, and which; -1 for a single branch.
func differ(branches [][]any) (one bool, at int) {
	at = -1
	for _, b := range branches[1:] {
		for i := range b {
			if b[i] == branches[0][i] || i == at {
				continue
			}
			if at >= 0 {
				return false, 0
			}
			at = i
		}
	}
	return true, at
}

// step is one field of the order that entries come in.
type step struct {
	path  string
	down  bool
	never bool // never missing
}

// tail is the order after the fixed fields, in the scan's direction, ended by the identifier.
func tail(s store.Scan) []step {
	whole := s.Index.Sparse || s.Index.Unique
	var out []step
	for _, o := range s.Tail() {
		out = append(out, step{path: o.Path, down: o.Desc != s.Reverse, never: whole})
	}
	if len(out) > 0 && !s.Range.Empty() {
		out[0].never = true
	}
	return append(out, step{path: "_id", down: s.Down() != s.Reverse, never: true})
}

// sortOf is the order as the server wants it. In a unique index the values themselves tell entries apart, and it does
// not hold the identifier, so asking for it would have the server sort by hand.
func sortOf(s store.Scan, steps []step) bson.D {
	if s.Index.Unique && len(s.Branches) == 1 && len(steps) > 1 {
		steps = steps[:len(steps)-1]
	}
	out := make(bson.D, len(steps))
	for i, st := range steps {
		out[i] = bson.E{Key: st.path, Value: direction(st.down)}
	}
	return out
}

// within is the scan's range.
func within(s store.Scan) bson.A {
	path := "_id"
	if on := s.Tail(); len(on) > 0 {
		path = on[0].Path
	}
	var bounds bson.D
	add := func(v any, open bool, closed, strict string) {
		switch {
		case v == nil:
		case open:
			bounds = append(bounds, bson.E{Key: strict, Value: v})
		default:
			bounds = append(bounds, bson.E{Key: closed, Value: v})
		}
	}
	add(s.Range.Low, s.Range.LowOpen, "$gte", "$gt")
	add(s.Range.High, s.Range.HighOpen, "$lte", "$lt")
	if len(bounds) == 0 {
		return nil
	}
	return bson.A{bson.D{{Key: path, Value: bounds}}}
}

// behind is the condition of coming strictly after a place: further in the first field, or level there and further in
// the next, and so on. A bound on the first field alone goes before it, which lets the server begin in the index at
// the right place.
func behind(steps []step, values []any) bson.A {
	alternatives := bson.A{}
	for i, st := range steps {
		beyond := further(st, values[i])
		if beyond == nil {
			continue
		}
		parts := bson.A{}
		for j := range i {
			parts = append(parts, bson.D{{Key: steps[j].path, Value: values[j]}})
		}
		alternatives = append(alternatives, and(append(parts, beyond)))
	}
	out := bson.A{}
	if len(steps) > 1 {
		if from := notBefore(steps[0], values[0]); from != nil {
			out = append(out, from)
		}
	}
	if len(alternatives) == 1 {
		return append(out, alternatives[0])
	}
	return append(out, bson.D{{Key: "$or", Value: alternatives}})
}

// further is the condition of a field's value coming after v; nil where nothing can. What is missing comes first on
// the way up and last on the way down, and no comparison of the server's finds it.
func further(st step, v any) bson.D {
	switch {
	case !st.down && v == nil:
		return compare(st.path, "$ne", nil)
	case !st.down:
		return compare(st.path, "$gt", v)
	case v == nil:
		return nil
	case st.never:
		return compare(st.path, "$lt", v)
	}
	return bson.D{{Key: "$or", Value: bson.A{compare(st.path, "$lt", v), bson.D{{Key: st.path, Value: nil}}}}}
}

// notBefore is the condition of a field's value not coming before v; nil where there is nothing to say.
func notBefore(st step, v any) bson.D {
	switch {
	case !st.down && v == nil:
		return nil
	case !st.down:
		return compare(st.path, "$gte", v)
	case v == nil:
		return bson.D{{Key: st.path, Value: nil}}
	case st.never:
		return compare(st.path, "$lte", v)
	}
	return bson.D{{Key: st.path, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: v}}}}}}
}

func compare(path, op string, v any) bson.D {
	return bson.D{{Key: path, Value: bson.D{{Key: op, Value: v}}}}
}

func and(parts bson.A) bson.D {
	switch len(parts) {
	case 0:
		return bson.D{}
	case 1:
		return parts[0].(bson.D)
	}
	return bson.D{{Key: "$and", Value: parts}}
}
