package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func (s *suite) unserved(t *testing.T) {
	t.Helper()
	c := s.things(t)
	add(t, c, thing("1"))
	all := as(t.Context(), "all")
	for says, q := range map[string]store.Query{
		"a field without an index":           {Where: byNote.Is("x")},
		"one hidden in an or":                {Where: store.Or(byKind.Is("a"), store.Not(byNote.Is("x")))},
		"an order without an index":          {Sort: []store.Order{byCode.Asc()}},
		"an order behind an unfixed field":   {Sort: []store.Order{byRank.Asc()}},
		"an order of fields that no one has": {Where: byKind.Is("a"), Sort: []store.Order{byRank.Asc(), byAt.Desc()}},
		"an order of which the end turns":    {Where: byKind.Is("a"), Sort: []store.Order{byRank.Asc(), byID.Desc()}},
		"an order by an array":               {Where: byKind.Is("a"), Sort: []store.Order{byTag.Asc()}},
		"an index that leaves some out":      {Sort: []store.Order{byUntil.Asc()}},
	} {
		_, err := c.List(all, q)
		wantCode(t, err, fault.CodeUnserved)
		if !errors.Is(err, store.ErrUnserved) {
			t.Errorf("%s: %v", says, err)
		}
	}
	_, _, err := c.Count(all, byNote.Is("x"), 10)
	wantCode(t, err, fault.CodeUnserved)
	_, err = c.List(all, store.Query{Where: byKind.In(make([]string, store.MaxFilter)...)})
	wantCode(t, err, fault.CodeTooMany)
	_, err = c.List(all, store.Query{Where: byKind.Is("a"), Sort: []store.Order{byRank.Asc()}, After: &store.Position{ID: "1"}})
	wantCode(t, err, fault.CodeBadCursor)
}

// shortPages has more documents than a page may look at, of which one late one matches.
func (s *suite) shortPages(t *testing.T) {
	t.Helper()
	const n = 2500
	c := s.things(t)
	fresh := make([]*Thing, n)
	for i := range fresh {
		fresh[i] = thing(fmt.Sprintf("%04d", i), func(x *Thing) { x.Rank, x.Done = new(int64(i)), i == n-100 })
	}
	for part := range slices.Chunk(fresh, 250) {
		add(t, c, part...)
	}
	q := store.Query{Where: store.And(byDone.Is(true), byKind.In("a")), Sort: []store.Order{byAt.Desc()}, Limit: 5}
	ctx, found, pages := as(t.Context(), "ann"), []string{}, 0
	for {
		l, err := c.List(ctx, q)
		must(t, err)
		pages++
		found = append(found, keys(l.Items)...)
		if !l.HasMore {
			break
		}
		q.After = l.Reached
	}
	same(t, "found", found, []string{fmt.Sprintf("%04d", n-100)})
	if pages != 2 {
		t.Fatalf("%d pages", pages)
	}
	count, exact, err := c.Count(ctx, byKind.Is("a"), 1000)
	must(t, err)
	if count != 1000 || exact {
		t.Fatalf("count %d, exact %v", count, exact)
	}
	walked := 0
	for _, err := range c.Walk(ctx, store.Filter{}, byRank.Desc()) {
		must(t, err)
		walked++
	}
	if walked != n {
		t.Fatalf("walked %d", walked)
	}
}

func (s *suite) stableCursor(t *testing.T) {
	t.Helper()
	c := s.things(t)
	var still []*Thing
	for i := range 120 {
		still = append(still, thing(fmt.Sprintf("still%03d", i), func(x *Thing) { x.Rank = new(int64(i / 3)) }))
	}
	add(t, c, still...)
	ctx, stop := context.WithCancel(as(t.Context(), "all"))
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("moving%d-%d", w, i)
				x := thing(id, func(x *Thing) { x.Rank = new(int64(i % 40)) })
				_, err := c.Add(ctx, "add", x)
				if err == nil && i%2 == 0 {
					_, err = c.Change(ctx, "change", id, func(x *Thing) error { x.Rank = new(int64(39 - i%40)); return nil })
				}
				if err == nil && i%3 == 0 {
					err = c.Remove(ctx, "remove", id)
				}
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	defer wg.Wait()
	defer stop()
	for round := range 6 {
		sort := byRank.Asc()
		sort.Desc = round%2 == 1
		seen := map[string]int{}
		for x, err := range c.Walk(as(t.Context(), "ann"), store.Filter{}, sort) {
			must(t, err)
			seen[x.Key()]++
		}
		for _, x := range still {
			if seen[x.Key()] != 1 {
				t.Fatalf("%s seen %d times", x.Key(), seen[x.Key()])
			}
		}
	}
}

func (s *suite) hidden(t *testing.T) {
	t.Helper()
	c := s.things(t)
	mine := thing("mine", func(x *Thing) { x.Secret, x.Tags = "s", []string{"x"} })
	theirs := thing("theirs", func(x *Thing) { x.Owner, x.Tags = "bob", []string{"x"} })
	add(t, c, mine, theirs)
	ann, all := as(t.Context(), "ann"), as(t.Context(), "all")

	got, err := c.Get(ann, "mine")
	must(t, err)
	same(t, "the secret", []string{got.Secret}, []string{""})
	got, err = c.Get(all, "mine")
	must(t, err)
	same(t, "the secret for all", []string{got.Secret}, []string{"s"})
	_, hiddenErr := c.Get(ann, "theirs")
	wantCode(t, hiddenErr, fault.CodeNotFound)
	_, absentErr := c.Get(ann, "none")
	wantCode(t, absentErr, fault.CodeNotFound)

	many, err := c.GetMany(ann, []string{"theirs", "mine", "none"})
	must(t, err)
	if many[0] != nil || many[1] == nil || many[1].Secret != "" || many[2] != nil {
		t.Fatalf("got %v", many)
	}
	for _, where := range []store.Filter{{}, byTag.Is("x"), byOwner.Is("bob"), byID.In("mine", "theirs"), store.Not(byOwner.Is("ann")), store.Or(byOwner.Is("bob"), byTag.Is("x"))} {
		l, err := c.List(ann, store.Query{Where: where})
		must(t, err)
		n, _, err := c.Count(ann, where, 10)
		must(t, err)
		for _, x := range l.Items {
			if x.Key() != "mine" || x.Secret != "" {
				t.Fatalf("%v shows %v", where, x)
			}
		}
		if n != len(l.Items) {
			t.Fatalf("%v counts %d, lists %d", where, n, len(l.Items))
		}
	}
	_, err = c.Change(ann, "change", "theirs", func(*Thing) error { t.Error("changed"); return nil })
	wantCode(t, err, fault.CodeNotFound)
	_, err = c.Change(ann, "no", "mine", func(*Thing) error { t.Error("changed"); return nil })
	wantCode(t, err, fault.CodeForbidden)
	wantCode(t, c.Remove(ann, "remove", "theirs"), fault.CodeNotFound)
	wantCode(t, c.Remove(ann, "no", "mine"), fault.CodeForbidden)
	_, err = c.Add(ann, "add", thing("new", func(x *Thing) { x.Owner = "bob" }))
	wantCode(t, err, fault.CodeForbidden)

	o := options(c.Name())
	o.Policy = store.Policy[*Thing]{}
	blind, err := store.Open(t.Context(), s.db, o)
	must(t, err)
	_, err = blind.Get(all, "mine")
	wantCode(t, err, fault.CodeNotFound)
	l, err := blind.List(all, store.Query{})
	must(t, err)
	if len(l.Items) > 0 {
		t.Fatal("no policy, yet a list")
	}
}

func (s *suite) shapes(t *testing.T) {
	t.Helper()
	name := s.name()
	old := thingsOn(t, s.db, name)
	add(t, old, thing("1", func(x *Thing) { x.Kind = "before" }))
	o := options(name)
	o.Schema.Shape = 3
	o.Schema.Upcast = map[int]func(bson.D) (bson.D, error){
		1: func(d bson.D) (bson.D, error) { return append(d, bson.E{Key: "code", Value: "lifted"}), nil },
		2: func(d bson.D) (bson.D, error) {
			for i := range d {
				if d[i].Key == "kind" {
					d[i].Value = "after"
				}
			}
			return d, nil
		},
	}
	fresh, err := store.Open(t.Context(), s.db, o)
	must(t, err)
	ctx := as(t.Context(), "ann")
	x, err := fresh.Get(ctx, "1")
	must(t, err)
	same(t, "lifted", []string{x.Kind, x.Code}, []string{"after", "lifted"})
	_, err = old.Get(ctx, "1")
	must(t, err)
	_, err = fresh.Change(ctx, "change", "1", func(*Thing) error { return nil })
	must(t, err)
	_, err = old.Get(ctx, "1")
	wantCode(t, err, fault.CodeTooNew)
	_, err = old.Change(ctx, "change", "1", func(*Thing) error { t.Error("changed"); return nil })
	wantCode(t, err, fault.CodeTooNew)
	_, err = old.List(ctx, store.Query{})
	wantCode(t, err, fault.CodeTooNew)
	x, err = fresh.Get(ctx, "1")
	must(t, err)
	same(t, "lifted and kept", []string{x.Kind, x.Code}, []string{"after", "lifted"})
}
