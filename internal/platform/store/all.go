package store

import "context"

// All is a collection as the program goes through all of it, in the order of identifiers. It gives nobody more than a list
// does: the policy is asked as there.
type All[T Object] struct{ of *Collection[T] }

// All is the whole collection.
func (c *Collection[T]) All() All[T] { return All[T]{c} }

// Behind gives what comes after an identifier, at most so many.
func (a All[T]) Behind(ctx context.Context, after string, most int) ([]T, error) {
	l, err := a.of.List(ctx, Query{Limit: most, After: &Position{ID: after}})
	return l.Items, err
}

// Count counts it.
func (a All[T]) Count(ctx context.Context) (int, error) {
	n, _, err := a.of.Count(ctx, Filter{}, 1<<30)
	return n, err
}
