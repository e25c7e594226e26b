package page

import (
	"context"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Slice makes a page of what is in memory already, in the order of keys that are unlike. name is the list, so that its
// cursors hold for no other.
func Slice[T any](all []T, key func(T) string, cursors *Cursors, name string, a Args) (*Connection[T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list, q := listOf(name, store.Filter{}, nil), store.Query{Last: last}
	if q.After, err = cursors.open(list, "after", a.After); err != nil {
		return nil, err
	}
	if q.Before, err = cursors.open(list, "before", a.Before); err != nil {
		return nil, err
	}
	within := slices.DeleteFunc(slices.Clone(all), func(t T) bool {
		return q.After != nil && key(t) <= q.After.ID || q.Before != nil && key(t) >= q.Before.ID
	})
	slices.SortFunc(within, func(x, y T) int { return strings.Compare(key(x), key(y)) })
	got := store.List[T]{Items: within, HasMore: len(within) > n}
	switch {
	case got.HasMore && last:
		got.Items = within[len(within)-n:]
	case got.HasMore:
		got.Items = within[:n]
	}
	for _, t := range got.Items {
		got.Positions = append(got.Positions, store.Position{ID: key(t)})
	}
	c := assemble(got, q, func(p store.Position) string { return cursors.seal(list, p) })
	c.count = func(context.Context) (int, bool, error) { return len(all), true, nil }
	return c, nil
}
