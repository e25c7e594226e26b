package page_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

type book struct {
	store.Meta[string] `bson:",inline"`

	Shelf string   `bson:"shelf"`
	Year  int64    `bson:"year"`
	Tags  []string `bson:"tags"`
}

const (
	byShelf store.Field[string] = "shelf"
	byYear  store.Field[int64]  = "year"
	byTag   store.Each[string]  = "tags"
)

// library is a collection of n books on two shelves, by year.
func library(t *testing.T, n int) *store.Collection[*book] {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "books.db"), boltstore.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close(context.WithoutCancel(t.Context()))) })
	c, err := store.Open(t.Context(), db, store.Options[*book]{
		Schema: store.Schema{Name: "books", Indexes: []store.Index{
			store.Lookup(byShelf.Asc(), byYear.Asc()), store.Lookup(byYear.Asc()), store.Lookup(byTag.Asc()),
		}},
		Policy: store.Policy[*book]{
			May:    func(context.Context, string, *book) error { return nil },
			Filter: func(context.Context) store.Filter { return store.Filter{} },
		},
		Now: func() time.Time { return time.UnixMilli(0) },
	})
	check(t, err)
	for i := range n {
		b := &book{Shelf: []string{"a", "b"}[i%2], Year: int64(i), Tags: []string{"t", strconv.Itoa(i % 3)}}
		b.SetKey(fmt.Sprintf("%03d", i))
		_, err := c.Add(t.Context(), "add", b)
		check(t, err)
	}
	return c
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func cursors(keys ...string) *page.Cursors {
	return &page.Cursors{Keys: func() [][]byte {
		var all [][]byte
		for _, k := range keys {
			all = append(all, []byte(strings.Repeat(k, 32)))
		}
		return all
	}}
}

func years(c *page.Connection[*book]) []int64 {
	out := []int64{}
	for _, b := range c.Nodes() {
		out = append(out, b.Year)
	}
	return out
}

var upwards = []store.Order{byYear.Asc()}

func TestAListIsReadFromBothEnds(t *testing.T) {
	c := library(t, 10)
	read := func(a page.Args) *page.Connection[*book] {
		got, err := page.List(t.Context(), c, cursors("k"), byShelf.Is("a"), upwards, a)
		check(t, err)
		return got
	}
	whole := read(page.Args{})
	after2, before6 := &whole.Edges[1].Cursor, &whole.Edges[3].Cursor
	for _, tc := range []struct {
		says       string
		args       page.Args
		want       []int64
		next, prev bool
	}{
		{"all", page.Args{}, []int64{0, 2, 4, 6, 8}, false, false},
		{"the first", page.Args{First: new(2)}, []int64{0, 2}, true, false},
		{"just as many as there are", page.Args{First: new(5)}, []int64{0, 2, 4, 6, 8}, false, false},
		{"none", page.Args{First: new(0)}, []int64{}, true, false},
		{"from a place", page.Args{First: new(2), After: after2}, []int64{4, 6}, true, true},
		{"to the end", page.Args{First: new(9), After: after2}, []int64{4, 6, 8}, false, true},
		{"the last", page.Args{Last: new(2)}, []int64{6, 8}, false, true},
		{"before a place", page.Args{Last: new(2), Before: before6}, []int64{2, 4}, true, true},
		{"to the beginning", page.Args{Last: new(9), Before: before6}, []int64{0, 2, 4}, true, false},
		{"between two places", page.Args{First: new(9), After: after2, Before: before6}, []int64{4}, false, true},
		{"between two places from the end", page.Args{Last: new(9), After: after2, Before: before6}, []int64{4}, true, false},
	} {
		got := read(tc.args)
		if !slices.Equal(years(got), tc.want) || got.PageInfo.HasNextPage != tc.next || got.PageInfo.HasPreviousPage != tc.prev {
			t.Errorf("%s: got %v %+v, want %v %v %v", tc.says, years(got), *got.PageInfo, tc.want, tc.next, tc.prev)
		}
	}
	n, err := whole.TotalCount(t.Context())
	check(t, err)
	if n == nil || *n != 5 {
		t.Fatalf("total %v", n)
	}
}

func TestArgumentsOutOfBoundsAreRefused(t *testing.T) {
	c := library(t, 1)
	for _, tc := range []struct {
		args page.Args
		code fault.Code
		path string
	}{
		{page.Args{First: new(101)}, fault.CodeBadPage, "first"},
		{page.Args{First: new(-1)}, fault.CodeBadPage, "first"},
		{page.Args{Last: new(101)}, fault.CodeBadPage, "last"},
		{page.Args{First: new(1), Last: new(1)}, fault.CodeBadPage, "last"},
		{page.Args{After: new("")}, fault.CodeBadCursor, "after"},
		{page.Args{Last: new(1), Before: new("rubbish")}, fault.CodeBadCursor, "before"},
	} {
		_, err := page.List(t.Context(), c, cursors("k"), store.Filter{}, upwards, tc.args)
		if f := fault.Of(err); f.Code != tc.code || !slices.Equal(f.Path, []string{tc.path}) {
			t.Errorf("%+v: %v", tc.args, err)
		}
	}
	check(t, page.Args{Last: new(1)}.Bounded())
	if err := (page.Args{}).Bounded(); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("got %v", err)
	}
}

func TestACursorIsGoodForItsOwnListAlone(t *testing.T) {
	c := library(t, 6)
	first, err := page.List(t.Context(), c, cursors("k"), byShelf.Is("a"), upwards, page.Args{First: new(1)})
	check(t, err)
	cursor := *first.PageInfo.EndCursor
	list := func(keys *page.Cursors, where store.Filter, by []store.Order, cursor string) error {
		_, err := page.List(t.Context(), c, keys, where, by, page.Args{First: new(1), After: &cursor})
		return err
	}
	check(t, list(cursors("k"), byShelf.Is("a"), upwards, cursor))
	check(t, list(cursors("n", "k"), byShelf.Is("a"), upwards, cursor)) // a new key, the old one still known
	for says, err := range map[string]error{
		"another filter":  list(cursors("k"), byShelf.Is("b"), upwards, cursor),
		"another order":   list(cursors("k"), byShelf.Is("a"), []store.Order{byYear.Desc()}, cursor),
		"a forgotten key": list(cursors("n"), byShelf.Is("a"), upwards, cursor),
		"no key at all":   list(cursors(), byShelf.Is("a"), upwards, cursor),
		"cut short":       list(cursors("k"), byShelf.Is("a"), upwards, cursor[:len(cursor)-1]),
	} {
		if !fault.Is(err, fault.CodeBadCursor) {
			t.Errorf("%s: %v", says, err)
		}
	}
	for i := range cursor {
		other := []byte(cursor)
		other[i] ^= 1
		if err := list(cursors("k"), byShelf.Is("a"), upwards, string(other)); !fault.Is(err, fault.CodeBadCursor) {
			t.Fatalf("changed at %d: %v", i, err)
		}
	}
}

func TestAPageOfOneThingBecomesAPageOfAnother(t *testing.T) {
	c := library(t, 4)
	from, err := page.List(t.Context(), c, cursors("k"), store.Filter{}, upwards, page.Args{First: new(3)})
	check(t, err)
	to, err := page.Map(from, func(bs []*book) ([]string, error) {
		var out []string
		for _, b := range bs {
			out = append(out, "book "+b.Key())
		}
		return out, nil
	})
	check(t, err)
	n, err := to.TotalCount(t.Context())
	check(t, err)
	if !slices.Equal(to.Nodes(), []string{"book 000", "book 001", "book 002"}) || to.Edges[2].Cursor != from.Edges[2].Cursor || *n != 4 {
		t.Fatalf("got %v, total %d", to.Nodes(), *n)
	}
	sorry := errors.New("sorry")
	if _, err := page.Map(from, func([]*book) ([]string, error) { return nil, sorry }); !errors.Is(err, sorry) {
		t.Fatalf("got %v", err)
	}
	if _, err := page.Map(from, func([]*book) ([]string, error) { return []string{"one"}, nil }); err == nil {
		t.Fatal("one for three was accepted")
	}
}

func TestFiltersSayWhatTheirInputsSay(t *testing.T) {
	c := library(t, 6)
	for says, tc := range map[string]struct {
		where store.Filter
		want  []int64
	}{
		"nothing given":         {(*page.Choice[string])(nil).Filter(byShelf), []int64{0, 1, 2, 3, 4, 5}},
		"empty":                 {(&page.Range[int64]{}).Filter(byYear), []int64{0, 1, 2, 3, 4, 5}},
		"equal":                 {(&page.Choice[string]{Eq: new("a")}).Filter(byShelf), []int64{0, 2, 4}},
		"one of none":           {(&page.Choice[string]{In: []string{}}).Filter(byShelf), []int64{}},
		"an element":            {(&page.Choice[string]{In: []string{"1", "2"}}).Filter(byTag), []int64{1, 2, 4, 5}},
		"between":               {(&page.Range[int64]{Gt: new(int64(1)), Lte: new(int64(4))}).Filter(byYear), []int64{2, 3, 4}},
		"from, below, among":    {(&page.Range[int64]{Gte: new(int64(1)), Lt: new(int64(5)), In: []int64{0, 1, 4, 5}}).Filter(byYear), []int64{1, 4}},
		"equal and no such one": {(&page.Range[int64]{Eq: new(int64(1)), Gt: new(int64(1))}).Filter(byYear), []int64{}},
	} {
		got, err := page.List(t.Context(), c, cursors("k"), tc.where, upwards, page.Args{})
		check(t, err)
		if !slices.Equal(years(got), tc.want) {
			t.Errorf("%s: got %v, want %v", says, years(got), tc.want)
		}
	}
}
