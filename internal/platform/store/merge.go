package store

import (
	"context"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// row is a document with its place in the order.
type row struct {
	doc  bson.Raw
	at   Position
	kept bool // it meets what its source's scan leaves to be looked at
}

// keeps says whether a document meets what the scan leaves to be looked at.
func (s source) keeps(doc bson.Raw) bool {
	return !slices.ContainsFunc(s.rest, func(f Filter) bool { return !f.Match(doc) })
}

// place is where a document stands in an order.
func (o order) place(doc bson.Raw) Position {
	id, _ := doc.Lookup("_id").StringValueOK()
	at := Position{ID: id}
	if len(o.by) == 0 {
		return at
	}
	at.Values = make([]any, len(o.by))
	for i, f := range o.by {
		if vs, many, _ := At(doc, f.Path); !many && len(vs) == 1 {
			at.Values[i] = vs[0]
		}
	}
	return at
}

// merge yields the documents of a plan's sources in one order, each once. What no source keeps is yielded too, marked
// so, that the caller can tell how much is looked at.
func (c *Collection[T]) merge(ctx context.Context, p plan, back bool, after *Position, batch int) iter.Seq2[row, error] {
	all := make([]iter.Seq2[row, error], len(p.sources))
	for i, s := range p.sources {
		all[i] = c.ordered(ctx, s, p.order, back, after, batch)
	}
	if len(all) == 1 {
		return all[0]
	}
	return interleave(all, func(a, b Position) int { return flip(p.order.compare(a, b), back) })
}

// ordered yields one source's documents in the order, marked by whether they are kept.
func (c *Collection[T]) ordered(ctx context.Context, s source, o order, back bool, after *Position, batch int) iter.Seq2[row, error] {
	if s.keys != nil || s.few {
		return c.sorted(ctx, s, o, back, after)
	}
	s.scan.Reverse = s.scan.Reverse != back
	s.scan.After, s.scan.Batch = after, batch
	return func(yield func(row, error) bool) {
		for r, err := range c.read(ctx, s, o) {
			r.kept = err == nil && s.keeps(r.doc)
			if !yield(r, err) {
				return
			}
		}
	}
}

// sorted reads a small source wholly and puts it in order.
func (c *Collection[T]) sorted(ctx context.Context, s source, o order, back bool, after *Position) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		less := func(a, b row) int { return flip(o.compare(a.at, b.at), back) }
		var all []row
		for r, err := range c.read(ctx, s, o) {
			if err != nil {
				yield(row{}, err)
				return
			}
			r.kept = s.keeps(r.doc)
			if r.kept && (after == nil || less(r, row{at: *after}) > 0) {
				all = append(all, r)
			}
		}
		slices.SortFunc(all, less)
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// read yields a source's documents as the back end gives them.
func (c *Collection[T]) read(ctx context.Context, s source, o order) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		if s.keys == nil {
			for doc, err := range c.db.Find(ctx, s.scan) {
				if err != nil {
					yield(row{}, err)
					return
				}
				if !yield(row{doc: doc, at: o.place(doc)}, nil) {
					return
				}
			}
			return
		}
		docs, err := c.db.GetMany(ctx, c.o.Schema.Name, s.keys)
		if err != nil {
			yield(row{}, err)
			return
		}
		for _, doc := range docs {
			if doc != nil && !yield(row{doc: doc, at: o.place(doc)}, nil) {
				return
			}
		}
	}
}

// head is a source under way and the row it would give next.
type head struct {
	row  row
	err  error
	next func() (row, error, bool)
}

// interleave merges ordered sources. The same document from several of them comes at one place of the order, so that
// repeats are neighbours; it is kept where any source keeps it.
func interleave(all []iter.Seq2[row, error], compare func(a, b Position) int) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		var heads []head
		for _, s := range all {
			next, stop := iter.Pull2(s)
			defer stop()
			h := head{next: next}
			var ok bool
			if h.row, h.err, ok = next(); ok {
				heads = append(heads, h)
			}
		}
		for len(heads) > 0 {
			least := slices.MinFunc(heads, func(a, b head) int {
				if a.err != nil || b.err != nil {
					return truth(a.err == nil) - truth(b.err == nil)
				}
				return compare(a.row.at, b.row.at)
			})
			if least.err != nil {
				yield(row{}, least.err)
				return
			}
			out := least.row
			heads = advance(heads, &out, compare)
			if !yield(out, nil) {
				return
			}
		}
	}
}

// advance moves every source that stands at the row, and lets go of those at their end.
func advance(heads []head, at *row, compare func(a, b Position) int) []head {
	left := heads[:0]
	for _, h := range heads {
		ok := true
		for ok && h.err == nil && compare(h.row.at, at.at) <= 0 {
			at.kept = at.kept || h.row.kept && h.row.at.ID == at.at.ID
			h.row, h.err, ok = h.next()
		}
		if ok {
			left = append(left, h)
		}
	}
	return left
}
