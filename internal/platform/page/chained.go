package page

import (
	"cmp"
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Link is a part of a list that lies in several places, one behind the other.
type Link[T any] struct {
	// Key is the link's place in the chain: keys ascend.
	Key string
	// List finds a page of the link. Its positions hold for the link alone.
	List func(ctx context.Context, q store.Query) (store.List[T], error)
}

// Chained finds a page of a chain of lists. It reads only those of them that the page lies in. of names what was asked:
// cursors hold for it alone.
func Chained[T any](ctx context.Context, cursors *Cursors, of string, links []Link[T], a Args) (*Connection[T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list := listOf(of, store.Filter{}, nil)
	q := store.Query{Last: last, Limit: n + 1}
	if q.After, err = place(cursors, list, "after", a.After); err != nil {
		return nil, err
	}
	if q.Before, err = place(cursors, list, "before", a.Before); err != nil {
		return nil, err
	}
	got, err := chain[T](links).window(ctx, q)
	if err != nil {
		return nil, err
	}
	if over := len(got.Items) - n; over > 0 {
		got.HasMore = true
		from := 0
		if last {
			from = over
		}
		got.Items, got.Positions = got.Items[from:from+n], got.Positions[from:from+n]
	}
	return assemble(got, q, func(p store.Position) string { return cursors.seal(list, p) }), nil
}

// place opens a cursor, which begins with the key of a link.
func place(cursors *Cursors, l list, arg string, cursor *string) (*store.Position, error) {
	p, err := cursors.open(l, arg, cursor)
	if err != nil || p == nil || len(p.Values) > 0 {
		return p, err
	}
	return nil, fault.New(fault.Invalid, fault.CodeBadCursor).At(arg)
}

type chain[T any] []Link[T]

// window reads the links from one end of what is asked for until the page is full.
func (c chain[T]) window(ctx context.Context, q store.Query) (store.List[T], error) {
	var got store.List[T]
	links := slices.Clone(c)
	if q.Last {
		slices.Reverse(links)
	}
	for _, l := range links {
		part, within := l.part(q)
		if !within {
			continue
		}
		for len(got.Items) < q.Limit {
			part.Limit = q.Limit - len(got.Items)
			some, err := l.List(ctx, part)
			if err != nil {
				return got, err
			}
			l.join(&got, some, q.Last)
			if !some.HasMore || some.Reached == nil {
				break
			}
			if part.After = some.Reached; q.Last {
				part.After, part.Before = nil, some.Reached
			}
		}
		if len(got.Items) >= q.Limit {
			break
		}
	}
	return got, nil
}

// part is what a query asks of one link; within is false where it asks for nothing of it.
func (l Link[T]) part(q store.Query) (part store.Query, within bool) {
	part = store.Query{Last: q.Last}
	for _, bound := range []struct {
		at     *store.Position
		inside **store.Position
		beyond int
	}{{q.After, &part.After, -1}, {q.Before, &part.Before, 1}} {
		if bound.at == nil {
			continue
		}
		key, _ := bound.at.Values[0].(string)
		switch d := cmp.Compare(l.Key, key); d {
		case 0:
			*bound.inside = &store.Position{Values: bound.at.Values[1:], ID: bound.at.ID}
		case bound.beyond:
			return part, false
		}
	}
	return part, true
}

// join adds what was found in the link, each with its place in the chain.
func (l Link[T]) join(got *store.List[T], some store.List[T], front bool) {
	places := make([]store.Position, len(some.Positions))
	for i, p := range some.Positions {
		places[i] = store.Position{Values: append([]any{l.Key}, p.Values...), ID: p.ID}
	}
	if front {
		got.Items, got.Positions = slices.Concat(some.Items, got.Items), slices.Concat(places, got.Positions)
		return
	}
	got.Items, got.Positions = append(got.Items, some.Items...), append(got.Positions, places...)
}

// LinkOf makes a link of a few things that are at hand, in the order of their identifiers.
func LinkOf[T any](key string, all []T, id func(T) string) Link[T] {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return Link[T]{Key: key, List: func(_ context.Context, q store.Query) (store.List[T], error) {
		var got store.List[T]
		for _, t := range all {
			if q.After != nil && id(t) <= q.After.ID || q.Before != nil && id(t) >= q.Before.ID {
				continue
			}
			got.Items, got.Positions = append(got.Items, t), append(got.Positions, store.Position{ID: id(t)})
		}
		if over := len(got.Items) - q.Limit; over > 0 {
			from := 0
			if q.Last {
				from = over
			}
			got.Items, got.Positions = got.Items[from:from+q.Limit], got.Positions[from:from+q.Limit]
		}
		return got, nil
	}}
}
