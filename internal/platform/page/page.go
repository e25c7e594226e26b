// Package page gives lists to clients in pages: Relay connections with opaque cursors that cannot be forged or used on
// another list.
package page

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of pages.
const (
	Most      = 100    // of first and last
	Default   = 20     // where a list needs neither
	CountMost = 10_000 // above it a total count is not told
)

// Args are a connection's arguments as a client gives them: the first so many after a cursor, or the last so many
// before one.
type Args struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// Bounded refuses arguments without first or last: for lists inside lists, which must say how much they want.
func (a Args) Bounded() error {
	if a.First == nil && a.Last == nil {
		return fault.New(fault.Invalid, fault.CodeBadPage, "max", Most).At("first")
	}
	return nil
}

// Limit is how many objects are asked for, and whether from the end.
func (a Args) Limit() (n int, last bool, err error) {
	n, at := Default, "first"
	switch {
	case a.First != nil && a.Last != nil:
		return 0, false, fault.New(fault.Invalid, fault.CodeBadPage, "max", Most).At("last")
	case a.First != nil:
		n = *a.First
	case a.Last != nil:
		n, at, last = *a.Last, "last", true
	}
	if n < 0 || n > Most {
		return 0, false, fault.New(fault.Invalid, fault.CodeBadPage, "max", Most).At(at)
	}
	return n, last, nil
}

// Info says where a page lies in its list.
type Info struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string // to go on from; with few matches among many objects it may lie behind the last edge
}

// Edge is an object of a page with its cursor.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Connection is a page of a list.
type Connection[T any] struct {
	Edges    []*Edge[T]
	PageInfo *Info
	count    func(context.Context) (n int, exact bool, err error)
}

// Nodes are the page's objects without their cursors.
func (c *Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// TotalCount counts the whole list, only when asked. Nil above CountMost, and where counting would look at too much.
func (c *Connection[T]) TotalCount(ctx context.Context) (*int, error) {
	var total *int
	if c.count == nil {
		return total, nil
	}
	n, exact, err := c.count(ctx)
	if err == nil && exact {
		total = &n
	}
	return total, err
}

// List finds a page of a collection, as the caller may see it. The cursors hold for this collection, filter and order.
func List[T store.Object](
	ctx context.Context, from *store.Collection[T], cursors *Cursors, where store.Filter, by []store.Order, a Args,
) (*Connection[T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list := listOf(from.Name(), where, by)
	q := store.Query{Where: where, Sort: by, Limit: max(n, 1), Last: last}
	if q.After, err = cursors.open(list, "after", a.After); err != nil {
		return nil, err
	}
	if q.Before, err = cursors.open(list, "before", a.Before); err != nil {
		return nil, err
	}
	got, err := from.List(ctx, q)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		got = store.List[T]{HasMore: got.HasMore || len(got.Items) > 0}
	}
	c := assemble(got, q, func(p store.Position) string { return cursors.seal(list, p) })
	// Counted as whoever it was listed as, which may be the program itself.
	c.count = func(context.Context) (int, bool, error) { return from.Count(ctx, where, CountMost) }
	return c, nil
}

// assemble makes the connection of a page that was read.
func assemble[T any](got store.List[T], q store.Query, seal func(store.Position) string) *Connection[T] {
	c := &Connection[T]{Edges: make([]*Edge[T], len(got.Items)), PageInfo: &Info{}}
	for i, item := range got.Items {
		c.Edges[i] = &Edge[T]{Cursor: seal(got.Positions[i]), Node: item}
	}
	i := c.PageInfo
	if len(c.Edges) > 0 {
		i.StartCursor, i.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(c.Edges)-1].Cursor
	}
	i.HasNextPage, i.HasPreviousPage = got.HasMore, q.After != nil
	if q.Last {
		i.HasNextPage, i.HasPreviousPage = q.Before != nil, got.HasMore
	}
	if !got.HasMore || got.Reached == nil {
		return c
	}
	reached := seal(*got.Reached)
	if q.Last {
		i.StartCursor = &reached
	} else {
		i.EndCursor = &reached
	}
	return c
}

// Map turns a page of one thing into a page of another, all objects at once. into gives one for each, in order.
func Map[A, B any](c *Connection[A], into func([]A) ([]B, error)) (*Connection[B], error) {
	nodes, err := into(c.Nodes())
	if err != nil {
		return nil, err
	}
	if len(nodes) != len(c.Edges) {
		return nil, fault.New(fault.Internal, fault.CodeInternal)
	}
	out := &Connection[B]{Edges: make([]*Edge[B], len(nodes)), PageInfo: c.PageInfo, count: c.count}
	for i, e := range c.Edges {
		out.Edges[i] = &Edge[B]{Cursor: e.Cursor, Node: nodes[i]}
	}
	return out, nil
}
