package journal_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// scanned counts how often events are read.
type scanned struct {
	store.Backend
	events atomic.Int64
	gate   atomic.Pointer[chan struct{}] // readings of events wait for it, where there is one
}

func (s *scanned) Find(ctx context.Context, scan store.Scan) iter.Seq2[bson.Raw, error] {
	if scan.Collection == "events" {
		s.events.Add(1)
		if gate := s.gate.Load(); gate != nil {
			<-*gate
		}
	}
	return s.Backend.Find(ctx, scan)
}

func TestAllWhoResumeReadTheJournalTogetherAndNobodyMissesAnything(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		s := &scanned{Backend: db}
		j := open(t, s, "a")
		house := lamps(t, db, nil)
		j.Collect(house)
		const all, readers = 1203, 300
		for n := range all {
			light(t, house, fmt.Sprint("lamp ", n))
		}
		drain(t, j)
		s.events.Store(0)
		var wg sync.WaitGroup
		for r := range readers {
			wg.Go(func() {
				at := int64(r * 4)
				for at < all {
					page, err := j.Behind(t.Context(), at, all)
					if err != nil || len(page) == 0 {
						t.Errorf("behind %d: %d entries, %v", at, len(page), err)
						return
					}
					for _, e := range page {
						if at++; e.Seq != at {
							t.Errorf("%d comes where %d should", e.Seq, at)
							return
						}
					}
				}
			})
		}
		wg.Wait()
		if n := s.events.Load(); n > 30 { // a second may have passed a few times
			t.Errorf("%d readers made %d readings of three blocks", readers, n)
		}
	})
}

func TestWhoCatchesUpIsGivenWhatTheOthersHaveHeardAlready(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		j, other := open(t, db, "a"), open(t, db, "b")
		house := lamps(t, db, nil)
		other.Collect(house)
		for n := range 20 {
			light(t, house, fmt.Sprint("lamp ", n))
			drain(t, other) // another node: this one is not told
			for after := range int64(n + 1) {
				page, err := j.Behind(t.Context(), after, int64(n+1))
				if err != nil || len(page) != n+1-int(after) {
					t.Fatalf("of %d there are %d behind %d: %v", n+1, len(page), after, err)
				}
			}
			if page, err := j.Behind(t.Context(), int64(n+1), int64(n+1)); err != nil || len(page) != 0 {
				t.Fatalf("behind the last: %v, %v", page, err)
			}
		}
	})
}

func TestWhoeverGivesUpReadingLeavesTheOthersToRead(t *testing.T) {
	db := bolt(t)
	j := open(t, db, "a")
	house := lamps(t, db, nil)
	j.Collect(house)
	light(t, house, "lamp")
	drain(t, j)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			if n%2 == 0 {
				_, _ = j.Behind(gone, 0, 1)
				return
			}
			if page, err := j.Behind(t.Context(), 0, 1); err != nil || len(page) != 1 {
				t.Errorf("%v, %v", page, err)
			}
		})
	}
	wg.Wait()
}

func TestBlocksThatWereGivenUpTakeNobodysPlace(t *testing.T) {
	s := &scanned{Backend: bolt(t)}
	j := open(t, s, "a")
	house := lamps(t, s.Backend, nil)
	j.Collect(house)
	light(t, house, "lamp")
	drain(t, j)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for round := range int64(2) {
		gate := make(chan struct{})
		s.gate.Store(&gate)
		s.events.Store(0)
		var busy sync.WaitGroup
		for n := range int64(4) { // as many as read at once: nobody else comes to read
			busy.Go(func() { _, _ = j.Behind(t.Context(), 500*(1000*(round+1)+n), 1) })
		}
		for s.events.Load() < 4 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(1100 * time.Millisecond) // what was read before is forgotten
		for n := range int64(20) {
			if _, err := j.Behind(gone, 500*(100*(round+1)+n), 1); err == nil {
				t.Fatal("it was read")
			}
		}
		s.gate.Store(nil)
		close(gate)
		busy.Wait()
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		s.events.Store(0)
		for range 50 {
			if page, err := j.Behind(t.Context(), 0, 1); err != nil || len(page) != 1 {
				t.Fatal(page, err)
			}
		}
		if n := s.events.Load(); n < 10 {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("50 made %d readings of one block", n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
