package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// onBoth runs a test on a fresh store of either kind.
func onBoth(t *testing.T, test func(t *testing.T, db store.Backend)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) { test(t, bolt(t)) })
	t.Run("mongodb", func(t *testing.T) { test(t, mongotest.Open(t)) })
}

func bolt(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return db
}

// lamp is a thing that tells of what happens to it.
type lamp struct {
	store.Meta[string] `bson:",inline"`

	Changes int `bson:"changes"`
}

type said struct {
	N int `bson:"n"`
}

// lamps is a collection whose writes are allowed to everybody.
func lamps(t *testing.T, db store.Backend, told func()) *store.Collection[*lamp] {
	t.Helper()
	c, err := store.Open(t.Context(), db, store.Options[*lamp]{
		Schema: store.Schema{Name: "lamps"},
		Policy: store.Policy[*lamp]{May: func(context.Context, string, *lamp) error { return nil }},
		Now:    time.Now,
		Told:   told,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// light adds a lamp that tells of it.
func light(t *testing.T, c *store.Collection[*lamp], id string) {
	t.Helper()
	l := &lamp{}
	l.SetKey(id)
	if err := l.Tell("lamp.lit", said{}); err != nil {
		t.Error(err)
	}
	if _, err := c.Add(t.Context(), "light", l); err != nil {
		t.Errorf("light %s: %v", id, err)
	}
}

// turn changes a lamp, which tells of it twice.
func turn(t *testing.T, c *store.Collection[*lamp], id string) {
	t.Helper()
	_, err := c.Change(t.Context(), "turn", id, func(l *lamp) error {
		l.Changes++
		return errors.Join(l.Tell("lamp.turned", said{l.Changes}), l.Tell("lamp.counted", said{l.Changes}))
	})
	if err != nil {
		t.Errorf("turn %s: %v", id, err)
	}
}

// open is a journal on a store that collects from it.
func open(t *testing.T, db store.Backend, node string, o ...func(*journal.Options)) *journal.Journal {
	t.Helper()
	opts := journal.Options{Backend: db, Now: time.Now, Node: node, Poll: 20 * time.Millisecond}
	for _, set := range o {
		set(&opts)
	}
	j, err := journal.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func short(o *journal.Options) { o.Lease = 300 * time.Millisecond }

// run runs a journal in the background. The returned function stops it and waits.
func run(t *testing.T, j *journal.Journal) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func drain(t *testing.T, j *journal.Journal) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := j.Drain(ctx); err != nil {
		t.Fatalf("drain: %v", err)
	}
}

// whole is every entry of the journal, which must have the places 1, 2, 3 and so on.
func whole(t *testing.T, j *journal.Journal) []journal.Entry {
	t.Helper()
	var all []journal.Entry
	for {
		page, err := j.Read(t.Context(), int64(len(all)), 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if e.Seq != int64(len(all)+1) {
				t.Fatalf("entry %s has the place %d, behind %d others", e.ID, e.Seq, len(all))
			}
			all = append(all, e)
		}
		if len(page) == 0 {
			return all
		}
	}
}

// notebook is a handler that writes down what it was given.
type notebook struct {
	mu   sync.Mutex
	seen []string
}

func (n *notebook) handle(_ context.Context, e journal.Entry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, brief(e))
	return nil
}

func (n *notebook) list() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.seen)
}

// first is what was seen, each for the first time.
func (n *notebook) first() []string {
	var out []string
	for _, s := range n.list() {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func brief(e journal.Entry) string { return fmt.Sprintf("%d %s %s", e.Seq, e.Type, e.Subject) }

func shorts(all []journal.Entry, kinds ...string) []string {
	var out []string
	for _, e := range all {
		if len(kinds) == 0 || slices.Contains(kinds, e.Type) {
			out = append(out, brief(e))
		}
	}
	return out
}

// until waits for something to become true.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

// flaky is a real store whose calls fail now and then, of the writes half before and half after they have landed.
type flaky struct {
	store.Backend

	mu   sync.Mutex
	dice *rand.Rand
	odds float64
}

var errFlaky = fmt.Errorf("%w: the line is bad", store.ErrUnavailable)

func (f *flaky) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dice.Float64() < f.odds
}

func (f *flaky) around(write func() error) error {
	if f.fails() {
		return errFlaky
	}
	if err := write(); err != nil {
		return err
	}
	if f.fails() {
		return errFlaky
	}
	return nil
}

func (f *flaky) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	return f.around(func() error { return f.Backend.Insert(ctx, coll, doc) })
}

func (f *flaky) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (n int, err error) {
	err = f.around(func() error {
		var err error
		n, err = f.Backend.InsertMany(ctx, coll, docs)
		return err
	})
	return n, err
}

func (f *flaky) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	return f.around(func() error { return f.Backend.Replace(ctx, coll, rev, doc) })
}

func (f *flaky) Get(ctx context.Context, coll, id string) (bson.Raw, error) {
	if f.fails() {
		return nil, errFlaky
	}
	return f.Backend.Get(ctx, coll, id)
}

func (f *flaky) GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error) {
	if f.fails() {
		return nil, errFlaky
	}
	return f.Backend.GetMany(ctx, coll, ids)
}

func (f *flaky) Find(ctx context.Context, s store.Scan) iter.Seq2[bson.Raw, error] {
	if f.fails() {
		return func(yield func(bson.Raw, error) bool) { yield(nil, errFlaky) }
	}
	return f.Backend.Find(ctx, s)
}

// gate is a real store that holds up the inserts into one collection until it is opened.
type gate struct {
	store.Backend

	coll    string
	waiting chan struct{} // told when an insert waits
	opened  chan struct{} // closed to let it through
}

func (g *gate) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	if coll == g.coll {
		select {
		case g.waiting <- struct{}{}:
		default:
		}
		<-g.opened
	}
	return g.Backend.InsertMany(ctx, coll, docs)
}

// unheard is a real store whose answers to replacements in one collection are lost, after they have landed.
type unheard struct {
	store.Backend
	coll string
}

func (u *unheard) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	err := u.Backend.Replace(ctx, coll, rev, doc)
	if err == nil && coll == u.coll {
		return errFlaky
	}
	return err
}

// deaf is an outbox that is never emptied, as if the relay died each time before it could.
type deaf struct{ store.Outbox }

func (d deaf) Clear(context.Context, string, int64, []string) error { return errFlaky }

func subject(s string) string { return s[strings.LastIndex(s, " ")+1:] }
