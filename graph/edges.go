package graph

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// finder finds things in the order of their identifiers; the zero thing where there is none or it is hidden.
type finder[I ~string, T any] func(context.Context, []I) ([]T, error)

// edge follows one identifier of each parent, all parents at once.
func edge[P any, I ~string, T any](ctx context.Context, parents []P, of func(P) I, find finder[I, T]) ([]T, error) {
	return lookup(ctx, idsOf(parents, of), find)
}

// idsOf are the identifiers of parents.
func idsOf[P any, I ~string](parents []P, of func(P) I) []I {
	ids := make([]I, len(parents))
	for i, p := range parents {
		ids[i] = of(p)
	}
	return ids
}

// edges follows several identifiers of each parent, all parents at once. What cannot be found is left out.
func edges[P any, I ~string, T comparable](ctx context.Context, parents []P, of func(P) []I, find finder[I, T]) ([][]T, error) {
	var ids []I
	for _, p := range parents {
		ids = append(ids, of(p)...)
	}
	found, err := lookup(ctx, ids, find)
	if err != nil {
		return nil, err
	}
	var none T
	out := make([][]T, len(parents))
	for i, p := range parents {
		n := len(of(p))
		out[i] = slices.DeleteFunc(slices.Clone(found[:n]), func(t T) bool { return t == none })
		found = found[n:]
	}
	return out, nil
}

// lookup finds each identifier once, however often it is asked for; empty ones find nothing.
func lookup[I ~string, T any](ctx context.Context, ids []I, find finder[I, T]) ([]T, error) {
	at := map[I]int{}
	var ask []I
	for _, i := range ids {
		if _, known := at[i]; !known && i != "" {
			at[i] = len(ask)
			ask = append(ask, i)
		}
	}
	out := make([]T, len(ids))
	if len(ask) == 0 {
		return out, nil
	}
	found, err := find(ctx, ask)
	if err != nil {
		return nil, err
	}
	for n, i := range ids {
		if i != "" {
			out[n] = found[at[i]]
		}
	}
	return out, nil
}

// each asks the room for one thing of each parent, parent after parent: for lists within lists.
func each[P, T any](parents []P, of func(P) (T, error)) ([]T, error) {
	out := make([]T, len(parents))
	for i, p := range parents {
		var err error
		if out[i], err = of(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// one finds the thing that an argument names: null where there is none or it is hidden, refused where the identifier is
// of another kind than those named.
func one[I ~string, T any](ctx context.Context, arg string, k wire.Kind, get func(context.Context, I) (T, error)) (T, error) {
	return named(ctx, "id", arg, k, get)
}

// named is one for an argument of another name.
func named[I ~string, T any](ctx context.Context, name, arg string, k wire.Kind, get func(context.Context, I) (T, error)) (T, error) {
	var none T
	i, err := wire.Named[I](name, arg, k)
	if err != nil {
		return none, err
	}
	t, err := get(ctx, i)
	if fault.Is(err, fault.CodeNotFound) {
		return none, nil
	}
	return t, err
}

// paged gathers a connection's arguments.
func paged(first *int, after *string, last *int, before *string) page.Args {
	return page.Args{First: first, After: after, Last: last, Before: before}
}

// maybe is what a pointer points to; empty for nil.
func maybe[I ~string](p *I) I {
	if p == nil {
		return ""
	}
	return *p
}
