package page

import (
	"cmp"
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Ranked finds a page of a list that was put in order elsewhere, as by a score that no document holds. at says where each
// stands; the list is in that order, upwards, and no two stand alike. name and where are what the cursors belong to.
func Ranked[T any](cursors *Cursors, name string, where store.Filter, all []T, at func(T) store.Position, a Args) (*Connection[T], error) {
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	list := listOf(name, where, nil)
	after, err := cursors.open(list, "after", a.After)
	if err != nil {
		return nil, err
	}
	before, err := cursors.open(list, "before", a.Before)
	if err != nil {
		return nil, err
	}
	from, to := 0, len(all)
	if after != nil {
		if from, err = upTo(all, at, *after, "after"); err != nil {
			return nil, err
		}
	}
	if before != nil {
		if to, err = upTo(all, at, *before, "before"); err != nil {
			return nil, err
		}
		if to > 0 && compare(at(all[to-1]), *before) == 0 {
			to--
		}
	}
	window := all[from:max(from, to)]
	more := len(window) > n
	part := window[:min(n, len(window))]
	if last {
		part = window[len(window)-min(n, len(window)):]
	}
	c := &Connection[T]{Edges: make([]*Edge[T], len(part)), PageInfo: &Info{HasNextPage: more, HasPreviousPage: after != nil}}
	for i, t := range part {
		c.Edges[i] = &Edge[T]{Cursor: cursors.seal(list, at(t)), Node: t}
	}
	if last {
		c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = before != nil, more
	}
	if len(part) > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(part)-1].Cursor
	}
	total := len(all)
	c.count = func(context.Context) (int, bool, error) { return min(total, CountMost), total <= CountMost, nil }
	return c, nil
}

// upTo counts those that stand at a place or before it. A place of another form was taken from another list.
func upTo[T any](all []T, at func(T) store.Position, p store.Position, arg string) (int, error) {
	if len(all) > 0 && len(at(all[0]).Values) != len(p.Values) {
		return 0, fault.New(fault.Invalid, fault.CodeBadCursor).At(arg)
	}
	i, _ := slices.BinarySearchFunc(all, p, func(t T, p store.Position) int {
		return cmp.Or(compare(at(t), p), -1)
	})
	return i, nil
}

func compare(a, b store.Position) int {
	for i := range a.Values {
		if d := store.Compare(a.Values[i], b.Values[i]); d != 0 {
			return d
		}
	}
	return cmp.Compare(a.ID, b.ID)
}
