package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestEveryEventGetsOnePlaceInOneOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		j := open(t, db, "a")
		c := lamps(t, db, j.Wake)
		j.Collect(c)
		for i := range 3 {
			light(t, c, fmt.Sprint("lamp", i))
			turn(t, c, fmt.Sprint("lamp", i))
		}
		drain(t, j)
		all := whole(t, j)
		if len(all) != 9 {
			t.Fatalf("9 events were told, %d are in the journal", len(all))
		}
		last, err := j.Last(t.Context())
		if err != nil || last != 9 {
			t.Errorf("the last place is %d, %v", last, err)
		}
		e := all[slices.IndexFunc(all, func(e journal.Entry) bool { return e.Type == "lamp.turned" })]
		var data said
		if err := bson.Unmarshal(e.Data, &data); err != nil || data.N != 1 || e.SubjectVersion != 2 || e.Actor != "system" {
			t.Errorf("the entry lost something: %+v, %v", e, err)
		}
		parked, err := c.Pending(t.Context(), 10)
		if err != nil || len(parked) > 0 {
			t.Errorf("moved events are left where they were: %v, %v", parked, err)
		}
		drain(t, j)
		if n := len(whole(t, j)); n != 9 {
			t.Errorf("draining again made them %d", n)
		}
	})
}

func TestARelayThatDiesBeforeItEmptiesTheOutboxMovesNothingTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		dying := open(t, db, "a", short)
		c := lamps(t, db, nil)
		dying.Collect(deaf{c})
		light(t, c, "lamp")
		turn(t, c, "lamp")
		for range 3 {
			if err := dying.Drain(t.Context()); !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("it did not die: %v", err)
			}
		}
		turn(t, c, "lamp")
		next := open(t, db, "b", short)
		next.Collect(c)
		drain(t, next)
		var kinds []string
		for _, e := range whole(t, next) {
			kinds = append(kinds, e.Type)
		}
		want := []string{"lamp.lit", "lamp.turned", "lamp.counted", "lamp.turned", "lamp.counted"}
		if !slices.Equal(kinds, want) {
			t.Errorf("got %v, want %v", kinds, want)
		}
	})
}

func TestALateRelayCannotTakeAPlaceThatIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		slow := &gate{Backend: db, coll: "events", waiting: make(chan struct{}, 1), opened: make(chan struct{})}
		late := open(t, slow, "late", short)
		c := lamps(t, db, nil)
		late.Collect(c)
		light(t, c, "first")
		light(t, c, "second")
		stop := run(t, late)
		<-slow.waiting // it has the lease and is about to insert the first event at the first place

		swift := open(t, db, "swift", short)
		swift.Collect(c)
		drain(t, swift) // takes over when the lease has run out
		turn(t, c, "first")
		drain(t, swift)
		close(slow.opened)
		turn(t, c, "second")
		until(t, "the late relay moves on", func() bool { return len(whole(t, swift)) == 6 })
		stop()
		drain(t, swift)
		if n := len(whole(t, swift)); n != 6 {
			t.Errorf("6 events were told, %d are in the journal", n)
		}
	})
}

func TestNoEventIsLostOrRepeatedUnderFaults(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		const writers, changes = 4, 12
		c := lamps(t, db, nil)
		books := [2]*notebook{{}, {}}
		var stops []func()
		var nodes []*journal.Journal
		for n := range 3 {
			bad := &flaky{Backend: db, dice: rand.New(rand.NewPCG(7, uint64(n))), odds: 0.04}
			j := open(t, bad, fmt.Sprint("node", n), short)
			j.Collect(lamps(t, &flaky{Backend: db, dice: rand.New(rand.NewPCG(8, uint64(n)))}, nil))
			for i, b := range books {
				j.Follow(fmt.Sprint("book", i), nil, b.handle)
			}
			nodes, stops = append(nodes, j), append(stops, run(t, j))
		}
		calm := open(t, db, "calm")
		reading, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(reading)
			watch(t, calm, done)
		}()
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				id := fmt.Sprint("lamp", w)
				light(t, c, id)
				for i := range changes {
					turn(t, c, id)
					nodes[i%3].Wake()
				}
			})
		}
		wg.Wait()
		total := writers * (1 + 2*changes)
		until(t, "all events are moved and handled", func() bool {
			return len(whole(t, calm)) >= total && len(books[0].first()) >= total && len(books[1].first()) >= total
		})
		for _, stop := range stops {
			stop()
		}
		close(done)
		<-reading
		check(t, whole(t, calm), writers, changes)
		for _, b := range books {
			if want := shorts(whole(t, calm)); !slices.Equal(b.first(), want) {
				t.Errorf("a follower was given\n%v\nand the journal is\n%v", b.first(), want)
			}
		}
	})
}

// check says whether a journal holds what the writers told, each once and each lamp's in order.
func check(t *testing.T, all []journal.Entry, writers, changes int) {
	t.Helper()
	if want := writers * (1 + 2*changes); len(all) != want {
		t.Errorf("%d events were told, %d are in the journal", want, len(all))
	}
	for w := range writers {
		var got []string
		for _, e := range all {
			if e.Subject == fmt.Sprint("lamp", w) {
				var data said
				if err := bson.Unmarshal(e.Data, &data); err != nil {
					t.Error(err)
				}
				got = append(got, fmt.Sprint(e.Type, data.N))
			}
		}
		want := []string{"lamp.lit0"}
		for i := range changes {
			want = append(want, fmt.Sprint("lamp.turned", i+1), fmt.Sprint("lamp.counted", i+1))
		}
		if !slices.Equal(got, want) {
			t.Errorf("lamp %d told %v, the journal has %v", w, want, got)
		}
	}
}

// watch reads along and sees no gap, ever: whoever has read a place has seen all before it.
func watch(t *testing.T, j *journal.Journal, done <-chan struct{}) {
	t.Helper()
	var at int64
	for {
		page, err := j.Read(t.Context(), at, 5)
		if err != nil {
			t.Errorf("read: %v", err)
			return
		}
		for _, e := range page {
			if e.Seq != at+1 {
				t.Errorf("behind %d comes %d", at, e.Seq)
				return
			}
			at = e.Seq
		}
		select {
		case <-done:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAnOutboxThatFailsDoesNotStopTheRelayForGood(t *testing.T) {
	db := bolt(t)
	j := open(t, db, "a")
	c := lamps(t, db, j.Wake)
	bad := &sulking{Outbox: c, times: 3}
	j.Collect(bad)
	stop := run(t, j)
	defer stop()
	light(t, c, "lamp")
	until(t, "the event is moved", func() bool { return len(whole(t, j)) == 1 })
}

// sulking is an outbox that fails some times before it answers.
type sulking struct {
	store.Outbox
	times int
}

func (s *sulking) Pending(ctx context.Context, limit int) ([]store.Parked, error) {
	if s.times--; s.times >= 0 {
		return nil, errFlaky
	}
	return s.Outbox.Pending(ctx, limit)
}
