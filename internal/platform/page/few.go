package page

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Few gives a list that is held in memory in pages, with cursors as List has them. all stands in the order of rank, which
// is another one for each; name and where say which list it is.
func Few[T any](cursors *Cursors, name string, where store.Filter, all []T, rank func(T) string, a Args) (*Connection[T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list := listOf(name, where, nil)
	q := store.Query{Last: last}
	if q.After, err = cursors.open(list, "after", a.After); err != nil {
		return nil, err
	}
	if q.Before, err = cursors.open(list, "before", a.Before); err != nil {
		return nil, err
	}
	between := slices.DeleteFunc(slices.Clone(all), func(t T) bool {
		at := rank(t)
		return q.After != nil && at <= q.After.ID || q.Before != nil && at >= q.Before.ID
	})
	got := store.List[T]{HasMore: len(between) > n}
	switch {
	case !got.HasMore:
		got.Items = between
	case last:
		got.Items = between[len(between)-n:]
	default:
		got.Items = between[:n]
	}
	for _, t := range got.Items {
		got.Positions = append(got.Positions, store.Position{ID: rank(t)})
	}
	c := assemble(got, q, func(p store.Position) string { return cursors.seal(list, p) })
	c.count = func(context.Context) (int, bool, error) { return len(all), true, nil }
	return c, nil
}
