package page

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Sifting is a list that was put in order by whoever found it, and from which what the caller may not see is still to be
// left out.
type Sifting[T any] struct {
	// Of names what was asked: cursors hold for it alone.
	Of string
	// Places are where its members stand, in order, each with the same number of values.
	Places []store.Position
	// Compare says which of two places comes first.
	Compare func(a, b store.Position) int
	// See finds members in the order of their numbers; nil in the place of one that the caller may not see.
	See func(ctx context.Context, numbers []int) ([]*T, error)
	// Whole says that the places are all there are, so that they can be counted.
	Whole bool
}

// seenAtOnce is how many members are looked for at a time, at least.
const seenAtOnce = 20

// Sifted finds a page of such a list. Members that the caller may not see are passed over, and are not counted.
func Sifted[T any](ctx context.Context, cursors *Cursors, r Sifting[T], a Args) (*Connection[*T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list := listOf(r.Of, store.Filter{}, nil)
	q := store.Query{Last: last}
	if q.After, err = cursors.open(list, "after", a.After); err != nil {
		return nil, err
	}
	if q.Before, err = cursors.open(list, "before", a.Before); err != nil {
		return nil, err
	}
	got, err := r.window(ctx, r.numbers(q), n)
	if err != nil {
		return nil, err
	}
	c := assemble(got, q, func(p store.Position) string { return cursors.seal(list, p) })
	if r.Whole {
		c.count = r.count
	}
	return c, nil
}

// numbers are the members that a page may hold, in the direction of reading.
func (r Sifting[T]) numbers(q store.Query) []int {
	var out []int
	for i, p := range r.Places {
		behind := q.After == nil || r.Compare(p, *q.After) > 0
		if behind && (q.Before == nil || r.Compare(p, *q.Before) < 0) {
			out = append(out, i)
		}
	}
	if q.Last {
		slices.Reverse(out)
	}
	return out
}

// window takes the first n members that the caller may see, and notes whether there are more. They come in the list's
// order, whatever the direction of reading.
func (r Sifting[T]) window(ctx context.Context, numbers []int, n int) (store.List[*T], error) {
	var got store.List[*T]
	down := len(numbers) > 1 && numbers[0] > numbers[1]
	for some := range slices.Chunk(numbers, max(n+1, seenAtOnce)) {
		all, err := r.See(ctx, some)
		if err != nil {
			return got, err
		}
		for i, t := range all {
			switch {
			case t == nil:
			case len(got.Items) == n:
				got.HasMore = true
			default:
				got.Items, got.Positions = append(got.Items, t), append(got.Positions, r.Places[some[i]])
			}
		}
		if got.HasMore {
			break
		}
	}
	if down {
		slices.Reverse(got.Items)
		slices.Reverse(got.Positions)
	}
	return got, nil
}

// count counts the members that the caller may see.
func (r Sifting[T]) count(ctx context.Context) (n int, exact bool, err error) {
	numbers := r.numbers(store.Query{})
	for some := range slices.Chunk(numbers, Most) {
		all, err := r.See(ctx, some)
		if err != nil {
			return 0, false, err
		}
		for _, t := range all {
			if t != nil {
				n++
			}
		}
	}
	return n, true, nil
}
