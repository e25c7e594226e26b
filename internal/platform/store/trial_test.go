package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// badge has a number that no two share.
type badge struct {
	store.Meta[string] `bson:",inline"`

	Number *int `bson:"number,omitempty"`
}

const (
	byNumber store.Field[int]       = "number"
	byMade   store.Field[time.Time] = "createdAt"
)

// onBoth runs a test on every store there is.
func onBoth(t *testing.T, test func(t *testing.T, badges *store.Collection[*badge])) {
	t.Helper()
	open := func(t *testing.T, db store.Backend) *store.Collection[*badge] {
		t.Helper()
		badges, err := store.Open(t.Context(), db, store.Options[*badge]{
			Schema: store.Schema{Name: "badges", Indexes: []store.Index{store.Unique(byNumber.Asc()), store.Lookup(byMade.Asc())}}, Read: "read", Now: time.Now,
			Policy: store.Policy[*badge]{
				May: func(_ context.Context, action string, _ *badge) error {
					if action == "no" {
						return fault.New(fault.Forbidden, fault.CodeForbidden)
					}
					return nil
				},
				Filter: func(context.Context) store.Filter { return store.Filter{} },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return badges
	}
	t.Run("bolt", func(t *testing.T) {
		db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.Background()) })
		test(t, open(t, db))
	})
	t.Run("mongo", func(t *testing.T) { test(t, open(t, mongotest.Open(t))) })
}

func numbered(key string, n int) *badge {
	return &badge{Meta: store.Meta[string]{ID: key}, Number: &n}
}

func TestATrialFindsWhatWouldBeRefusedAndWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, badges *store.Collection[*badge]) {
		t.Helper()
		ctx := t.Context()
		if _, err := badges.Add(ctx, "add", numbered("a", 1)); err != nil {
			t.Fatal(err)
		}
		tried := store.WithTrial(ctx, store.NewTrial())
		for name, c := range map[string]struct {
			b    *badge
			code fault.Code
		}{
			"the same identifier": {numbered("a", 9), fault.CodeTaken}, "a number that is taken": {numbered("b", 1), fault.CodeTaken},
		} {
			if _, err := badges.Add(tried, "add", c.b); !fault.Is(err, c.code) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := badges.Add(tried, "no", numbered("c", 3)); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("without the right: %v", err)
		}
		if _, err := badges.Add(tried, "add", numbered("d", 4)); err != nil {
			t.Error(err)
		}
		if _, err := badges.Add(tried, "add", numbered("e", 4)); !fault.Is(err, fault.CodeTaken) {
			t.Errorf("twice in one trial: %v", err)
		}
		if _, err := badges.Add(store.WithTrial(ctx, store.NewTrial()), "add", numbered("e", 4)); err != nil {
			t.Errorf("in another trial: %v", err)
		}
		two := 2
		if b, err := badges.Change(tried, "change", "a", func(b *badge) error { b.Number = &two; return nil }); err != nil || *b.Number != 2 {
			t.Errorf("a change: %v", err)
		}
		if err := badges.Remove(tried, "remove", "a"); err != nil {
			t.Error(err)
		}
		if n, err := badges.Purge(tried, byNumber.Is(1), 10); n != 0 || err != nil {
			t.Errorf("%d were purged, %v", n, err)
		}
		n := 0
		for b, err := range badges.Walk(ctx, store.Filter{}, byMade.Asc()) {
			if err != nil || b.ID != "a" || *b.Number != 1 {
				t.Errorf("there is %+v, %v", b, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("there are %d", n)
		}
	})
}

func TestManyAreKeptOneBehindTheOtherUpToTheFirstThatCannotBe(t *testing.T) {
	onBoth(t, func(t *testing.T, badges *store.Collection[*badge]) {
		t.Helper()
		if err := badges.AddMany(t.Context(), "add", []*badge{numbered("a", 1), numbered("b", 2)}); err != nil {
			t.Fatal(err)
		}
		err := badges.AddMany(t.Context(), "add", []*badge{numbered("c", 3), numbered("d", 1), numbered("e", 5)})
		if _, taken := errors.AsType[*store.ExistsError](err); !taken && err == nil {
			t.Errorf("%v", err)
		}
		got, err := badges.GetMany(t.Context(), []string{"a", "b", "c", "d", "e"})
		if err != nil || got[0] == nil || got[1] == nil || got[2] == nil || got[3] != nil || got[4] != nil {
			t.Errorf("%v, %v", got, err)
		}
		if err := badges.AddMany(t.Context(), "no", []*badge{numbered("f", 6)}); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("without the right: %v", err)
		}
	})
}
