package feed_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// board is a thing that tells of what happens to it, to those who may read it.
type board struct {
	store.Meta[string] `bson:",inline"`

	Readers []string `bson:"readers"`
}

func (b *board) Audience() []string { return b.Readers }

// house is a journal, a feed that follows it and somebody whose rights a test alters.
type house struct {
	t       *testing.T
	journal *journal.Journal
	feed    *feed.Feed
	boards  *store.Collection[*board]

	mu     sync.Mutex
	orgs   map[id.Person][]id.Organisation
	signed map[id.Person]bool // out
}

func newHouse(t *testing.T, db store.Backend, buffer int) *house {
	t.Helper()
	h := &house{t: t, orgs: map[id.Person][]id.Organisation{}, signed: map[id.Person]bool{}}
	var err error
	h.journal, err = journal.New(t.Context(), journal.Options{Backend: db, Now: time.Now, Node: "test"})
	must(t, err)
	h.boards, err = store.Open(t.Context(), db, store.Options[*board]{
		Schema: store.Schema{Name: "boards"}, Read: "read", Now: time.Now, Told: func() { h.journal.Wake() },
		Policy: store.Policy[*board]{May: func(context.Context, string, *board) error { return nil }},
	})
	must(t, err)
	h.journal.Collect(h.boards)
	h.feed = feed.New(feed.Options{Journal: h.journal, Again: h.again, Buffer: buffer, Rights: func(e *journal.Entry) (string, bool) {
		return "", strings.HasPrefix(e.Type, "role.")
	}})
	return h
}

func bolt(t *testing.T) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func (h *house) again(ctx context.Context) (authz.Actor, error) {
	a := authz.From(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.signed[a.Person] {
		return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	a.Holdings = nil
	for _, o := range h.orgs[a.Person] {
		a.Holdings = append(a.Holdings, authz.Holding{Role: authz.Member, Organisation: o})
	}
	return a, nil
}

func (h *house) hold(who id.Person, orgs ...id.Organisation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.orgs[who] = orgs
}

// as is a context in which somebody acts, by the rights they have now.
func (h *house) as(who id.Person) context.Context {
	a, _ := h.again(authz.With(h.t.Context(), authz.Actor{Person: who}))
	return authz.With(h.t.Context(), a)
}

func (h *house) listen(who id.Person, w feed.Want) *feed.Listener {
	h.t.Helper()
	l, err := h.feed.Listen(h.as(who), w)
	must(h.t, err)
	h.t.Cleanup(l.Close)
	return l
}

// pin makes something happen to a board that these may read.
func (h *house) pin(name, kind string, readers ...string) {
	h.t.Helper()
	_, err := h.boards.Change(h.t.Context(), "write", name, func(b *board) error {
		b.Readers = readers
		return b.Tell(kind, nil)
	})
	if fault.Is(err, fault.CodeNotFound) {
		b := &board{Meta: store.Meta[string]{ID: name}, Readers: readers}
		must(h.t, b.Tell(kind, nil))
		_, err = h.boards.Add(h.t.Context(), "write", b)
	}
	must(h.t, err)
}

func (h *house) settle() {
	h.t.Helper()
	must(h.t, h.journal.Drain(h.t.Context()))
	must(h.t, h.feed.Step(h.t.Context()))
}

// next waits for an entry; notes of rights are passed over.
func next(ctx context.Context, l *feed.Listener) (*journal.Entry, error) {
	for {
		n, err := l.Next(ctx)
		if err != nil || n.Entry != nil {
			return n.Entry, err
		}
	}
}

func hears(t *testing.T, ctx context.Context, l *feed.Listener, want ...string) {
	t.Helper()
	for _, w := range want {
		e, err := next(ctx, l)
		if err != nil || e.Subject+" "+e.Type != w {
			t.Fatalf("heard %+v (%v), want %s", e, err, w)
		}
	}
}

// joins lets a listener that has missed nothing join the others.
func joins(t *testing.T, ctx context.Context, l *feed.Listener) {
	t.Helper()
	for !l.Joined() {
		brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, err := l.Next(brief)
		cancel()
		if err != nil && brief.Err() == nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEachHearsTheirOwnPart(t *testing.T) {
	h := newHouse(t, bolt(t), 0)
	h.hold("anna", "o1")
	h.hold("berta", "o2", "o3")
	anna, berta, one := h.listen("anna", feed.Want{Types: []string{"board.*"}}), h.listen("berta", feed.Want{}), h.listen("anna", feed.Want{Subject: "b2"})
	h.pin("b1", "board.pinned", "o1")
	h.pin("b2", "board.pinned", "o2", "o3") // both of them berta's: told once
	h.pin("b1", "lamp.lit", "o1")
	h.pin("b2", "board.torn", "o1", "o2")
	h.settle()
	hears(t, h.as("anna"), anna, "b1 board.pinned", "b2 board.torn")
	hears(t, h.as("berta"), berta, "b2 board.pinned", "b2 board.torn")
	hears(t, h.as("anna"), one, "b2 board.pinned", "b2 board.torn")
}

func TestWhatWasMissedIsReadFromTheJournalFirst(t *testing.T) {
	h := newHouse(t, bolt(t), 0)
	h.hold("anna", "o1")
	for i := range 7 {
		h.pin(fmt.Sprint("b", i), "board.pinned", "o1")
	}
	h.settle()
	third := int64(3)
	l := h.listen("anna", feed.Want{After: &third})
	h.pin("b7", "board.pinned", "o1")
	h.settle()
	hears(t, h.as("anna"), l, "b3 board.pinned", "b4 board.pinned", "b5 board.pinned", "b6 board.pinned", "b7 board.pinned")
}

func TestAPlaceThatIsNotReachedIsRefused(t *testing.T) {
	h := newHouse(t, bolt(t), 0)
	h.pin("b1", "board.pinned")
	h.settle()
	for _, after := range []int64{-1, 2, 1 << 60} {
		if _, err := h.feed.Listen(h.as("anna"), feed.Want{After: &after}); !fault.Is(err, feed.CodeFuture) {
			t.Errorf("%d: %v", after, err)
		}
	}
	last := int64(1)
	if _, err := h.feed.Listen(h.as("anna"), feed.Want{After: &last}); err != nil {
		t.Error(err)
	}
}

func TestASlowListenerIsToldFromWhereToResume(t *testing.T) {
	h := newHouse(t, bolt(t), 3)
	h.hold("anna", "o1")
	l := h.listen("anna", feed.Want{})
	h.pin("b0", "board.pinned", "o1")
	h.settle()
	hears(t, h.as("anna"), l, "b0 board.pinned")
	joins(t, h.as("anna"), l)
	for i := range 4 {
		h.pin(fmt.Sprint("b", i), "board.torn", "o1")
	}
	h.settle()
	_, err := l.Next(h.as("anna"))
	if !fault.Is(err, feed.CodeSlow) {
		t.Fatalf("got %v", err)
	}
	seq := fault.Of(err).Params["seq"].(int64)
	again := h.listen("anna", feed.Want{After: &seq})
	hears(t, h.as("anna"), again, "b0 board.torn", "b1 board.torn", "b2 board.torn", "b3 board.torn")
}

func TestARightThatBeginsIsHeardFromItsPlaceOn(t *testing.T) {
	for _, behind := range []bool{false, true} {
		h := newHouse(t, bolt(t), 0)
		var start int64
		l := h.listen("anna", feed.Want{Types: []string{"board.*"}, After: &start})
		if !behind {
			joins(t, h.as("anna"), l)
		}
		h.pin("b1", "board.pinned", "o1")
		if !behind {
			h.settle()
		}
		h.hold("anna", "o1")
		h.pin("anna", "role.granted")
		h.pin("b2", "board.pinned", "o1")
		h.settle()
		if e, err := next(h.as("anna"), l); err != nil || e.Type != "board.pinned" || e.Subject == "b1" && !behind {
			t.Errorf("behind %v: heard %+v %v", behind, e, err)
		}
	}
}

func TestAListenerEndsWithTheSessionAndWithTheServer(t *testing.T) {
	h := newHouse(t, bolt(t), 0)
	h.hold("anna", "o1")
	h.hold("berta", "o1")
	anna, berta := h.listen("anna", feed.Want{}), h.listen("berta", feed.Want{})
	h.mu.Lock()
	h.signed["anna"] = true
	h.mu.Unlock()
	h.feed.Recheck("anna")
	if _, err := next(authz.With(t.Context(), authz.Actor{Person: "anna"}), anna); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("anna: %v", err)
	}
	h.pin("b1", "board.pinned", "o1")
	h.settle()
	hears(t, h.as("berta"), berta, "b1 board.pinned")
	h.feed.Stop()
	if _, err := next(h.as("berta"), berta); !fault.Is(err, feed.CodeStopping) {
		t.Errorf("berta: %v", err)
	}
	if _, err := h.feed.Listen(h.as("berta"), feed.Want{}); !fault.Is(err, feed.CodeStopping) {
		t.Errorf("later: %v", err)
	}
}

func TestNothingIsLostAndNothingComesTwiceHoweverOftenListenersGoAndComeAgain(t *testing.T) {
	t.Run("bolt", func(t *testing.T) { goAndCome(t, bolt(t)) })
	t.Run("mongodb", func(t *testing.T) { goAndCome(t, mongotest.Open(t)) })
}

// goAndCome has listeners go and come again at random moments while others write, and compares what they have heard
// with the journal.
func goAndCome(t *testing.T, db store.Backend) {
	t.Helper()
	const writers, each, listeners = 3, 40, 4
	h := newHouse(t, db, 8)
	h.hold("anna", "o1")
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var behind, hearing sync.WaitGroup
	running, halt := context.WithCancel(ctx)
	behind.Go(func() { _ = h.journal.Run(running) })
	behind.Go(func() { _ = h.feed.Run(running) })
	heard := make([][]int64, listeners)
	for n := range listeners {
		hearing.Go(func() { heard[n] = restless(t, ctx, h, writers*each/2, rand.New(rand.NewPCG(uint64(n), 7))) })
	}
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				h.pin(fmt.Sprint("b", w), "board.pinned", "o"+strconv.Itoa(i%2+1))
			}
		})
	}
	writing.Wait()
	hearing.Wait()
	halt()
	behind.Wait()
	all, err := h.journal.Read(t.Context(), 0, 1000)
	must(t, err)
	var want []int64
	for _, e := range all {
		if slices.Contains(e.Audience, "o1") {
			want = append(want, e.Seq)
		}
	}
	for n, got := range heard {
		if !slices.Equal(got, want) {
			t.Errorf("listener %d heard %v, want %v", n, got, want)
		}
	}
}

// restless hears so many entries, leaving and resuming all the while.
func restless(t *testing.T, ctx context.Context, h *house, many int, dice *rand.Rand) []int64 {
	t.Helper()
	var heard []int64
	var after int64
	for len(heard) < many {
		l, err := h.feed.Listen(authz.With(ctx, authz.From(h.as("anna"))), feed.Want{After: &after})
		if err != nil {
			t.Error(err)
			return heard
		}
		for range dice.IntN(20) + 1 {
			e, err := next(h.as("anna"), l)
			if fault.Is(err, feed.CodeSlow) {
				if after != fault.Of(err).Params["seq"].(int64) {
					t.Errorf("told to resume after %v, not %d", fault.Of(err).Params["seq"], after)
				}
				break
			}
			if err != nil {
				t.Error(err)
				return heard
			}
			if heard, after = append(heard, e.Seq), e.Seq; len(heard) == many {
				break
			}
		}
		l.Close()
	}
	return heard
}

func TestWhoIsAskedSaysUpToWhereEverythingWasTold(t *testing.T) {
	h := newHouse(t, bolt(t), 0)
	h.hold("anna", "o1")
	h.pin("b1", "board.pinned", "o1")
	h.pin("b2", "board.pinned", "o2")
	h.settle()
	ctx, none := h.as("anna"), int64(0)
	caught := func(l *feed.Listener, at int64, idle bool) {
		t.Helper()
		if got, is, err := l.Caught(ctx); err != nil || is != idle || idle && got != at {
			t.Errorf("it has told everything up to %d: %v, %v; want %d, %v", got, is, err, at, idle)
		}
	}
	caught(h.listen("anna", feed.Want{}), 2, true) // from now on

	l := h.listen("anna", feed.Want{After: &none})
	caught(l, 0, false) // b1 waits
	hears(t, ctx, l, "b1 board.pinned")
	caught(l, 2, true)
	h.pin("b3", "board.pinned", "o1")
	must(t, h.journal.Drain(ctx))
	ahead := h.listen("anna", feed.Want{After: &none})
	hears(t, ctx, ahead, "b1 board.pinned", "b3 board.pinned")
	caught(ahead, 3, true) // the others have not come so far
	caught(l, 2, true)
	h.settle()
	caught(l, 0, false)
	hears(t, ctx, l, "b3 board.pinned")
	caught(l, 3, true)
}
