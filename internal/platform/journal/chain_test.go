package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// chained checks that every entry is what its hash says and follows its subject's entry before.
func chained(t *testing.T, j *journal.Journal) (n int) {
	t.Helper()
	last := map[string][]byte{}
	for {
		docs, err := j.Documents(t.Context(), int64(n), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range docs {
			h, err := ledger.Check(doc)
			if err != nil {
				t.Fatalf("entry %d: %v", n+1, err)
			}
			e, err := journal.EntryOf(doc)
			if err != nil || e.Seq != int64(n+1) || !bytes.Equal(e.Previous, last[e.Subject]) {
				t.Fatalf("entry %d does not follow its subject's last: %+v %v", n+1, e, err)
			}
			last[e.Subject], n = h[:], n+1
		}
		if len(docs) == 0 {
			return n
		}
	}
}

func TestEachSubjectsEventsAreAChain(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		first := open(t, db, "a", short)
		c := lamps(t, db, nil)
		first.Collect(c)
		for i := range 40 {
			light(t, c, fmt.Sprint("lamp", i%4, "-", i))
			turn(t, c, fmt.Sprint("lamp", i%4, "-", i))
		}
		drain(t, first)
		next := open(t, db, "b", short) // which has to look the hashes up
		next.Collect(c)
		for i := range 40 {
			turn(t, c, fmt.Sprint("lamp", i%4, "-", i))
		}
		drain(t, next)
		if n := chained(t, next); n != 200 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestAPersonIsTakenOutOfTheJournalAndEveryHashHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		j := open(t, db, "a")
		c := lamps(t, db, nil)
		j.Collect(c)
		light(t, c, "lamp")
		for i, who := range []string{"per1_a", "per1_b", "per1_a", "system"} {
			_, err := c.Change(store.WithActor(t.Context(), who), "turn", "lamp", func(l *lamp) error {
				l.Changes = i
				return l.Tell("lamp.turned", bson.D{{Key: "person", Value: "per1_a"}, {Key: "n", Value: i}})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		drain(t, j)
		before := whole(t, j)
		for round, want := range []int{4, 0} {
			if n, err := j.Erase(t.Context(), "per1_a"); err != nil || n < want || want == 0 && n != 0 {
				t.Fatalf("round %d: %d erased, %v", round, n, err)
			}
		}
		if n, err := j.Erase(t.Context(), "system"); err != nil || n != 0 {
			t.Errorf("the program is taken out of %d entries, %v", n, err)
		}
		for i, e := range whole(t, j) {
			if bytes.Contains(e.Data, []byte("per1_a")) || e.Actor == "per1_a" {
				t.Errorf("entry %d still names them: %+v", i+1, e)
			}
			if !bytes.Equal(e.Hash, before[i].Hash) {
				t.Errorf("entry %d has another hash", i+1)
			}
		}
		if got := whole(t, j)[2].Actor; got != "per1_b" {
			t.Errorf("somebody else was taken out too: %q", got)
		}
		turn(t, c, "lamp")
		drain(t, j)
		chained(t, j)
	})
}

func TestAJournalOfBeforeHashesGetsThem(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		old := open(t, db, "old")
		for i := range 250 {
			doc, err := bson.Marshal(journal.Entry{
				Event: store.Event{ID: fmt.Sprint("lamp", i%3, ":", i, ":0"), Type: "lamp.lit", Subject: fmt.Sprint("lamp", i%3), At: time.Now().UTC(), Actor: "system"},
				Seq:   int64(i + 1), Rev: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Insert(t.Context(), "events", doc); err != nil {
				t.Fatal(err)
			}
		}
		c := lamps(t, db, nil)
		old.Collect(c)
		light(t, c, "another")
		drain(t, old)
		if n := chained(t, old); n != 251 {
			t.Errorf("%d entries", n)
		}
	})
}

// sleepy is a real store whose inserts into the journal fall asleep now and then, until they are woken much later: so
// does a node that stands still with a write under way.
type sleepy struct {
	store.Backend

	mu    sync.Mutex
	dice  *rand.Rand
	wake  chan struct{} // closed to wake all
	slept int
}

func (s *sleepy) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	s.mu.Lock()
	sleep, wake := s.slept == 0 || s.dice.IntN(3) == 0, s.wake
	if sleep {
		s.slept++
	}
	s.mu.Unlock()
	if sleep {
		<-wake
	}
	return s.Backend.InsertMany(ctx, coll, docs)
}

func (s *sleepy) alarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.wake)
	s.wake = make(chan struct{})
}

// Two nodes take the relay's work from each other; either falls asleep with an insert under way, is overtaken, and wakes
// up late. Lines break at random. Whoever reads along never sees an event below one that was read.
func TestWhereALeaderWakesUpLateNoEventAppearsBelowOneThatWasRead(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		const writers, changes = 3, 15
		c := lamps(t, db, nil)
		var nodes []*sleepy
		var stops []func()
		for n := range 2 {
			s := &sleepy{Backend: db, dice: rand.New(rand.NewPCG(11, uint64(n))), wake: make(chan struct{})}
			bad := &flaky{Backend: s, dice: rand.New(rand.NewPCG(12, uint64(n))), odds: 0.03}
			j := open(t, bad, fmt.Sprint("node", n), short)
			j.Collect(lamps(t, db, j.Wake))
			nodes, stops = append(nodes, s), append(stops, run(t, j))
		}
		calm := open(t, db, "calm")
		reading, waking, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(reading)
			watch(t, calm, done)
		}()
		go func() {
			defer close(waking)
			for i := 0; ; i++ {
				select {
				case <-done:
					for _, s := range nodes {
						s.alarm()
					}
					return
				case <-time.After(400 * time.Millisecond): // longer than a lease
					nodes[i%2].alarm()
				}
			}
		}()
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				id := fmt.Sprint("lamp", w)
				light(t, c, id)
				for range changes {
					turn(t, c, id)
				}
			})
		}
		wg.Wait()
		total := writers * (1 + 2*changes)
		until(t, "all events are moved", func() bool { return len(whole(t, calm)) >= total })
		close(done)
		<-reading
		<-waking
		awake := make(chan struct{})
		go func() {
			for {
				select {
				case <-awake:
					return
				case <-time.After(10 * time.Millisecond):
					for _, s := range nodes {
						s.alarm()
					}
				}
			}
		}()
		for _, stop := range stops {
			stop()
		}
		close(awake)
		check(t, whole(t, calm), writers, changes)
		if n := chained(t, calm); n != total {
			t.Errorf("%d entries, %d events", n, total)
		}
		if nodes[0].slept+nodes[1].slept == 0 {
			t.Error("nobody fell asleep")
		}
	})
}

func TestOneEventThatCannotBeEnteredDoesNotHoldUpTheOthers(t *testing.T) {
	db := bolt(t)
	j := open(t, &picky{db}, "a")
	c := lamps(t, db, nil)
	j.Collect(c)
	for i := range 5 {
		light(t, c, fmt.Sprint("lamp", i))
	}
	if err := j.Drain(t.Context()); !errors.Is(err, store.ErrTooLarge) {
		t.Fatalf("drained with %v", err)
	}
	if all := whole(t, j); len(all) != 4 {
		t.Errorf("%d of 4 were entered", len(all))
	}
	chained(t, j)
}

// picky is a real store that never takes the event of one lamp.
type picky struct{ store.Backend }

func (p *picky) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	for _, doc := range docs {
		if s, _ := doc.Lookup("subject").StringValueOK(); s == "lamp2" {
			return 0, store.ErrTooLarge
		}
	}
	return p.Backend.InsertMany(ctx, coll, docs)
}
