package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestAFollowerWhomNothingConcernsIsNotWrittenHoweverLongItTakes(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		now := time.Now()
		j := open(t, db, "a", func(o *journal.Options) { o.Now = func() time.Time { return now } })
		house := lamps(t, db, nil)
		j.Collect(house)
		var book, stoves notebook
		j.Follow("book", []string{"lamp.lit"}, book.handle)
		j.Follow("stoves", []string{"stove.*"}, stoves.handle)
		rev := func(name string) int64 {
			doc, err := db.Get(t.Context(), "followers", name)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := doc.Lookup("rev").AsInt64OK()
			return n
		}
		light(t, house, "first")
		drain(t, j)
		book1, stoves1 := rev("book"), rev("stoves")
		for day := range 5 {
			now = now.AddDate(0, 0, 1)
			for i := range 150 {
				light(t, house, fmt.Sprint("lamp ", day, " ", i))
			}
			drain(t, j)
		}
		if n := len(book.list()); n != 751 || rev("book") <= book1 {
			t.Errorf("whom they concern was given %d, and its place went from %d to %d", n, book1, rev("book"))
		}
		if len(stoves.list()) != 0 || rev("stoves") != stoves1 || stoves1 == 0 {
			t.Errorf("whom nothing concerns was given %v, and written %d times", stoves.list(), rev("stoves")-stoves1)
		}
	})
}

func TestWhatWasErasedIsNotReadFromMemory(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		now := time.Now()
		j := open(t, db, "a", func(o *journal.Options) { o.Now = func() time.Time { return now } })
		house := lamps(t, db, nil)
		j.Collect(house)
		light(t, house, "lamp")
		_, err := house.Change(store.WithActor(t.Context(), "per1_a"), "turn", "lamp", func(l *lamp) error {
			return l.Tell("lamp.turned", bson.D{{Key: "person", Value: "per1_a"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		actors := map[string][]string{}
		follow := func(name string) {
			j.Follow(name, []string{"lamp.turned"}, func(_ context.Context, e journal.Entry) error {
				actors[name] = append(actors[name], e.Actor)
				return nil
			})
			drain(t, j)
		}
		follow("before")
		if page, err := j.Behind(t.Context(), 0, 1); err != nil || page[len(page)-1].Actor != "per1_a" {
			t.Fatal(page, err)
		}
		if n, err := j.Erase(t.Context(), "per1_a"); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		follow("after")
		if page, err := j.Behind(t.Context(), 0, 1); err != nil || page[len(page)-1].Actor == "per1_a" {
			t.Errorf("who catches up is told of %v, %v", page, err)
		}
		if len(actors["before"]) != 1 || actors["before"][0] != "per1_a" || len(actors["after"]) != 1 || actors["after"][0] == "per1_a" {
			t.Errorf("followers were told of %v", actors)
		}
	})
}

// BenchmarkDrain is what one change costs where thirty followers look at it, of whom one is concerned.
func BenchmarkDrain(b *testing.B) {
	db := bolt(b)
	j, err := journal.New(b.Context(), journal.Options{Backend: db, Now: time.Now, Node: "a"})
	if err != nil {
		b.Fatal(err)
	}
	house, err := store.Open(b.Context(), db, store.Options[*lamp]{
		Schema: store.Schema{Name: "lamps"}, Now: time.Now,
		Policy: store.Policy[*lamp]{May: func(context.Context, string, *lamp) error { return nil }},
	})
	if err != nil {
		b.Fatal(err)
	}
	j.Collect(house)
	for n := range 30 {
		kind := "stove.lit"
		if n == 0 {
			kind = "lamp.lit"
		}
		j.Follow(fmt.Sprint("follower ", n), []string{kind}, func(context.Context, journal.Entry) error { return nil })
	}
	for n := 0; b.Loop(); n++ {
		l := &lamp{}
		l.SetKey(fmt.Sprint("lamp ", n))
		if err := l.Tell("lamp.lit", said{}); err != nil {
			b.Fatal(err)
		}
		if _, err := house.Add(b.Context(), "light", l); err != nil {
			b.Fatal(err)
		}
		if err := j.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
