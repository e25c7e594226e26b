package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

type deed struct {
	store.Meta[string] `bson:",inline"`

	Title   string   `bson:"title"`
	Status  string   `bson:"status"`
	Readers []string `bson:"readers"`
	Rank    int64    `bson:"rank"`
	Text    string   `bson:"text"`
}

const (
	byReader store.Each[string]  = "readers"
	byStatus store.Field[string] = "status"
	byRank   store.Field[int64]  = "rank"
)

func deeds(b *testing.B, n int) *store.Collection[*deed] {
	b.Helper()
	db, err := boltstore.Open(filepath.Join(b.TempDir(), "deeds.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	c, err := store.Open(b.Context(), db, store.Options[*deed]{
		Schema: store.Schema{Name: "deeds", Indexes: []store.Index{
			store.Lookup(byReader.Asc(), byRank.Desc()), store.Lookup(byReader.Asc(), byStatus.Asc(), byRank.Desc()),
		}},
		Policy: store.Policy[*deed]{
			May:    func(context.Context, string, *deed) error { return nil },
			Filter: func(context.Context) store.Filter { return byReader.In("r1", "r2") },
		},
		Now: func() time.Time { return time.UnixMilli(0) },
	})
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		d := &deed{Title: "a deed", Status: []string{"DRAFT", "ACTIVE"}[i%2], Readers: []string{"r1", "r2", "r3"}, Rank: int64(i), Text: strconv.Itoa(i)}
		d.SetKey(fmt.Sprintf("%06d", i))
		if _, err := c.Add(b.Context(), "add", d); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func BenchmarkList(b *testing.B) {
	c := deeds(b, 1_000)
	for says, where := range map[string]store.Filter{"scan": byStatus.Is("ACTIVE"), "scan and look": store.Not(byStatus.Is("DRAFT"))} {
		b.Run(says, func(b *testing.B) {
			for b.Loop() {
				l, err := c.List(b.Context(), store.Query{Where: where, Sort: []store.Order{byRank.Desc()}, Limit: 50})
				if err != nil || len(l.Items) != 50 {
					b.Fatal(len(l.Items), err)
				}
			}
		})
	}
}

func BenchmarkCollection(b *testing.B) {
	c := deeds(b, 1_000)
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Get(b.Context(), "000500"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if n, _, err := c.Count(b.Context(), byStatus.Is("ACTIVE"), 10_000); err != nil || n != 500 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("change", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Change(b.Context(), "change", "000500", func(d *deed) error { d.Rank++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
