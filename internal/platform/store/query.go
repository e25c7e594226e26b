package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrPosition is a position that is of no use in the query's order: it was taken from another one.
var ErrPosition = errors.New("store: position of another order")

// Query asks a collection for a page.
type Query struct {
	Where Filter
	Sort  []Order // always ended by the identifier, in the last field's direction; none: see the planner
	Limit int     // at most so many objects; 0 counts as DefaultLimit
	// After and Before bound the page: only what lies strictly between them.
	After, Before *Position
	// Last takes the page from the end instead of the beginning. The objects still come in the sort's order.
	Last bool
}

// Bounds of lists.
const (
	DefaultLimit = 20
	scanBound    = 2000           // documents looked at for one page
	countBound   = 10 * scanBound // documents looked at for one count
)

// List is a page.
type List[T any] struct {
	Items     []T
	Positions []Position // of each item
	// HasMore says that there may be more in the direction of reading: behind Reached, or before it with Last. A page
	// may be short, even empty, and have more: so much was looked at in vain that the rest is for the next one.
	HasMore bool
	Reached *Position // how far the reading came; nil where nothing was read
}

// List finds the page of a query among what the caller may read, as the caller may see it. A query that no declared
// index serves is refused.
func (c *Collection[T]) List(ctx context.Context, q Query) (List[T], error) {
	var out List[T]
	p, err := c.planner.list(And(c.readFilter(ctx), q.Where), q.Sort)
	if err != nil {
		return out, c.fail(err, "")
	}
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	rows, err := c.page(ctx, p, q)
	if err != nil {
		return out, c.fail(err, "")
	}
	out.HasMore, out.Reached = rows.more, rows.reached
	docs := make([]bson.Raw, len(rows.found))
	for i, r := range rows.found {
		docs[i] = r.doc
	}
	if docs, err = c.opened(ctx, docs...); err != nil {
		return out, c.fail(err, "")
	}
	for i, r := range rows.found {
		t, err := c.decode(docs[i])
		if err != nil {
			return List[T]{}, err
		}
		c.view(ctx, t)
		out.Items, out.Positions = append(out.Items, t), append(out.Positions, r.at)
	}
	return out, nil
}

// Count counts what the caller may read, up to most. exact says that n is the whole number; otherwise there are more,
// or too many would have to be looked at.
func (c *Collection[T]) Count(ctx context.Context, where Filter, most int) (n int, exact bool, err error) {
	p, err := c.planner.count(And(c.readFilter(ctx), where))
	if err != nil {
		return 0, false, c.fail(err, "")
	}
	if len(p.sources) == 1 && p.sources[0].keys == nil && len(p.sources[0].rest) == 0 {
		n, err := c.db.Count(ctx, p.sources[0].scan, most+1)
		if err != nil {
			return 0, false, c.fail(err, "")
		}
		return min(n, most), n <= most, nil
	}
	n, exact, err = c.tally(ctx, p, most)
	if err != nil {
		return 0, false, c.fail(err, "")
	}
	return n, exact, nil
}

// tally counts the documents of several sources, each once.
func (c *Collection[T]) tally(ctx context.Context, p plan, most int) (n int, exact bool, err error) {
	seen := map[string]struct{}{}
	looked := 0
	for _, s := range p.sources {
		s.scan.Batch = 500
		for r, err := range c.read(ctx, s, order{}) {
			if err != nil {
				return 0, false, err
			}
			if looked++; looked > countBound {
				return len(seen), false, nil
			}
			if !s.keeps(r.doc) {
				continue
			}
			if seen[r.at.ID] = struct{}{}; len(seen) > most {
				return most, false, nil
			}
		}
	}
	return len(seen), true, nil
}

// walkPage is how many objects Walk takes at a time.
const walkPage = 100

// Walk yields everything that the caller may read, page by page: for the program's own work. What is changed meanwhile
// may be met at its new place again.
func (c *Collection[T]) Walk(ctx context.Context, where Filter, sort ...Order) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := Query{Where: where, Sort: sort, Limit: walkPage}
		for {
			l, err := c.List(ctx, q)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, t := range l.Items {
				if !yield(t, nil) {
					return
				}
			}
			if !l.HasMore || l.Reached == nil {
				return
			}
			q.After = l.Reached
		}
	}
}

// readFilter is the policy's restriction of lists.
func (c *Collection[T]) readFilter(ctx context.Context) Filter {
	if c.o.Policy.Filter == nil {
		return Nothing()
	}
	return c.o.Policy.Filter(ctx)
}

// rows is a page before its documents are objects.
type rows struct {
	found   []row
	more    bool
	reached *Position
}

// page reads the sources from one end of the window until the page is full, the window's other end is reached or too
// much was looked at.
func (c *Collection[T]) page(ctx context.Context, p plan, q Query) (rows, error) {
	from, to := q.After, q.Before
	if q.Last {
		from, to = to, from
	}
	for _, at := range []*Position{from, to} {
		if at != nil && len(at.Values) != len(p.order.by) {
			return rows{}, fmt.Errorf("%w: %d values for %d fields", ErrPosition, len(at.Values), len(p.order.by))
		}
	}
	var out rows
	looked := 0
	for r, err := range c.merge(ctx, p, q.Last, from, q.Limit+1) {
		if err != nil {
			return rows{}, err
		}
		if to != nil && flip(p.order.compare(r.at, *to), q.Last) >= 0 {
			break
		}
		full := len(out.found) == q.Limit
		if looked == scanBound || full && r.kept {
			out.more = true
			break
		}
		looked++
		if full {
			continue
		}
		out.reached = &r.at
		if r.kept {
			out.found = append(out.found, r)
		}
	}
	if q.Last {
		slices.Reverse(out.found)
	}
	return out, nil
}
