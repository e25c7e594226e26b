package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// site is where a house keeps its data.
type site struct {
	node    func() store.Backend // a back end on the data, as one more node has it
	restart func() store.Backend // a back end on the data after all others have gone
	cost    int                  // how much dearer a call is than one to the embedded store
}

// both are the kinds of store: each test is run on either.
func both() iter.Seq2[string, func(*testing.T) site] {
	return func(yield func(string, func(*testing.T) site) bool) {
		_ = yield("embedded", embedded) && yield("MongoDB", mongodb)
	}
}

// embedded is one file; all nodes of a test share the one process that has it.
func embedded(t *testing.T) site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cobuild.db")
	var db *boltstore.Store
	open := func() store.Backend {
		var err error
		db, err = boltstore.Open(path, boltstore.Options{})
		must(t, err)
		return db
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return site{
		cost: 1,
		node: func() store.Backend {
			if db != nil {
				return db
			}
			return open()
		},
		restart: func() store.Backend {
			must(t, db.Close(t.Context()))
			return open()
		},
	}
}

// mongodb is a database of its own; every node has its own connections.
func mongodb(t *testing.T) site {
	t.Helper()
	uri, name := mongotest.Database(t)
	connect := func() store.Backend { return mongotest.Connect(t, uri, name) }
	return site{node: connect, restart: connect, cost: 5}
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is a whole application, on any store.
type house struct {
	*app.App
	t     *testing.T
	clock *clock
	heard []journal.Entry // read of the journal so far
	known map[string]bool // their identifiers
}

const (
	password = "a good long password"
	dawn     = "2026-03-02T10:00:00+08:00" // when every house is opened
)

// open opens a house on a back end.
func open(t *testing.T, db store.Backend) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{at: instant(t, dawn)}, known: map[string]bool{}}
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "keyring"), h.clock.now(), rand.Reader)
	must(t, err)
	h.App, err = app.Open(t.Context(), app.Config{
		Backend: db, Keyring: ring, Issuer: "https://cobuild.test", Now: h.clock.now, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Version: "test",
		Passwords: person.WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}),
	})
	must(t, err)
	return h
}

// another is one more node of the house: with the same keyring and clock, on a back end of its own.
func (h *house) another(db store.Backend) *house {
	h.t.Helper()
	c := h.Config
	c.Backend = db
	a, err := app.Open(h.t.Context(), c)
	must(h.t, err)
	return &house{App: a, t: h.t, clock: h.clock, known: map[string]bool{}}
}

// at moves the clock, and lets everything happen that it brings.
func (h *house) at(when string) {
	h.t.Helper()
	h.clock.set(instant(h.t, when))
	h.settle()
}

// next lets a moment pass, and everything happen that it brings.
func (h *house) next() {
	h.t.Helper()
	h.clock.add(moment)
	h.settle()
}

// settle does all background work that is due. Where another node has a job, it waits for that node, but not for ever.
func (h *house) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Minute)
	defer cancel()
	must(h.t, h.Settle(ctx))
}

// as is a context in which a person acts, with the roles that the house has of them at this moment.
func (h *house) as(who id.Person) context.Context {
	h.t.Helper()
	p, err := h.People.Person(h.system(), who)
	must(h.t, err)
	return authz.With(h.t.Context(), authz.Actor{Person: who, Name: p.Name.Clear(), Holdings: p.Holdings(h.clock.now())})
}

func (h *house) system() context.Context { return authz.AsSystem(h.t.Context()) }

// contract, fulfilment and fulfilments are read as the program itself.
func (h *house) contract(c id.Contract) *contract.Contract {
	h.t.Helper()
	got, err := h.Contracts.Contract(h.system(), c)
	must(h.t, err)
	return got
}

func (h *house) fulfilment(f id.Fulfilment) *fulfilment.Fulfilment {
	h.t.Helper()
	got, err := h.Fulfilments.Fulfilment(h.system(), f)
	must(h.t, err)
	return got
}

func (h *house) fulfilments(c id.Contract) []*fulfilment.Fulfilment {
	h.t.Helper()
	f := &fulfilment.Filter{Contract: &fulfilment.ContractChoice{Eq: &c}}
	return all(h.t, func(a page.Args) (*fulfilment.Connection, error) {
		return h.Fulfilments.Fulfilments(h.system(), f, nil, a)
	})
}

// story is every event of a subject. It checks the journal's promises on the way: places without gaps, and no event
// twice.
func (h *house) story(subject string) []journal.Entry {
	h.t.Helper()
	for {
		entries, err := h.Journal.Read(h.t.Context(), int64(len(h.heard)), 1000)
		must(h.t, err)
		for _, e := range entries {
			if e.Seq != int64(len(h.heard))+1 || h.known[e.ID] {
				h.t.Fatalf("event %s has place %d behind %d; heard before: %v", e.ID, e.Seq, len(h.heard), h.known[e.ID])
			}
			h.heard, h.known[e.ID] = append(h.heard, e), true
		}
		if len(entries) == 0 {
			break
		}
	}
	return slices.DeleteFunc(slices.Clone(h.heard), func(e journal.Entry) bool { return e.Subject != subject })
}

// told counts events by their type.
func told(entries []journal.Entry) map[string]int {
	out := map[string]int{}
	for _, e := range entries {
		out[e.Type]++
	}
	return out
}

// said is what an event carries.
func said[T any](t *testing.T, e journal.Entry) T {
	t.Helper()
	var out T
	must(t, bson.Unmarshal(e.Data, &out))
	return out
}

// failer is a test, be it Go's or rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// all gathers every page of a list.
func all[T any](t failer, list func(page.Args) (*page.Connection[T], error)) []T {
	t.Helper()
	var out []T
	for args := (page.Args{First: new(100)}); ; {
		got, err := list(args)
		must(t, err)
		out = append(out, got.Nodes()...)
		if !got.PageInfo.HasNextPage {
			return out
		}
		args.After = got.PageInfo.EndCursor
	}
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	must(t, err)
	return at
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// refused checks that an error is a fault of a code.
func refused(t failer, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("want %s, got %v", code, err)
	}
}

// equal checks that two things are the same.
func equal[T comparable](t failer, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// together does things at the same moment and gives their errors.
func together(n int, do func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if err := do(i); err != nil {
				errs[i] = fmt.Errorf("%d: %w", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}
