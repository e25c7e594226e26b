// Package storetest is one suite for every back end of the store: what a room may rely on, whichever file or server
// lies below.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Open gives an empty store that closes itself when the test ends.
type Open func(t *testing.T) store.Backend

// Reopen closes a store and opens it again with what it held.
type Reopen func(t *testing.T, b store.Backend) store.Backend

// Run runs the whole suite.
func Run(t *testing.T, open Open, reopen ...Reopen) {
	t.Helper()
	s := &suite{db: open(t)}
	for _, part := range []struct {
		says string
		run  func(s *suite, t *testing.T)
	}{
		{"what goes in comes out", (*suite).comesOut},
		{"an identifier is taken once", (*suite).takenOnce},
		{"of many kept at once none is kept behind a refused one", (*suite).manyAtOnce},
		{"a write is only for who read the last one", (*suite).onlyAtRev},
		{"a unique value may be missing but not twice there", (*suite).unique},
		{"values are unique together", (*suite).uniqueTogether},
		{"every element of an array is found", (*suite).arrays},
		{"a scan keeps its order, bounds and place", (*suite).scans},
		{"an index that comes later holds what was there before", (*suite).laterIndex},
		{"times are milliseconds and strings are bytes", (*suite).kinds},
		{"every kind of filter finds what it says", (*suite).filters},
		{"random documents are found as in a plain map", (*suite).model},
		{"a query that no index serves is refused", (*suite).unserved},
		{"a page with few matches is short and goes on", (*suite).shortPages},
		{"a cursor keeps its place while others write", (*suite).stableCursor},
		{"what a policy hides is hidden everywhere", (*suite).hidden},
		{"of 32 writers each change counts and one wins each turn", (*suite).writers},
		{"a write that landed unnoticed is recognised", (*suite).landed},
		{"a repeated mutation is done once", (*suite).repeated},
		{"an older document is lifted and a newer one refused", (*suite).shapes},
		{"events wait in the document until they are taken", (*suite).outbox},
		{"what has expired is swept away", (*suite).sweep},
		{"a deadline reaches the caller and leaves nothing half done", (*suite).deadline},
	} {
		t.Run(part.says, func(t *testing.T) { part.run(s, t) })
	}
	for _, again := range reopen {
		t.Run("a store opened again holds what was acknowledged", func(t *testing.T) { reopened(t, open, again) })
	}
}

// suite is the store under test. Each part has a collection of its own in it.
type suite struct {
	db    store.Backend
	count atomic.Int64
}

func (s *suite) name() string { return fmt.Sprintf("things%d", s.count.Add(1)) }

// noon is when the tests' clock stands still.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Thing is what the suite keeps.
type Thing struct {
	store.Meta[string] `bson:",inline"`

	Owner  string     `bson:"owner"`
	Code   string     `bson:"code,omitempty"`
	Shop   string     `bson:"shop,omitempty"`
	Seat   int64      `bson:"seat,omitempty"`
	Kind   string     `bson:"kind"`
	Rank   *int64     `bson:"rank,omitempty"`
	Done   bool       `bson:"done"`
	At     *time.Time `bson:"at,omitempty"`
	Until  *time.Time `bson:"until,omitempty"`
	Tags   []string   `bson:"tags,omitempty"`
	Crew   []Mate     `bson:"crew,omitempty"`
	Secret string     `bson:"secret,omitempty"`
	Note   string     `bson:"note,omitempty"` // in no index
}

// Mate is a part of a thing.
type Mate struct {
	Who  string `bson:"who"`
	Part string `bson:"part,omitempty"`
}

// Audience makes things tell who could read them.
func (t *Thing) Audience() []string { return []string{t.Owner} }

const (
	byOwner store.Field[string]    = "owner"
	byCode  store.Field[string]    = "code"
	byShop  store.Field[string]    = "shop"
	bySeat  store.Field[int64]     = "seat"
	byKind  store.Field[string]    = "kind"
	byRank  store.Field[int64]     = "rank"
	byDone  store.Field[bool]      = "done"
	byAt    store.Field[time.Time] = "at"
	byUntil store.Field[time.Time] = "until"
	byTag   store.Each[string]     = "tags"
	byCrew  store.Each[string]     = "crew.who"
	byNote  store.Field[string]    = "note"
	byID    store.Field[string]    = "_id"
)

// schema is the suite's declaration of a collection.
func schema(name string) store.Schema {
	return store.Schema{
		Name: name, Expire: "until",
		Indexes: []store.Index{
			store.Unique(byCode.Asc()),
			store.Unique(byShop.Asc(), bySeat.Asc()),
			store.Lookup(byOwner.Asc(), byRank.Asc()),
			store.Lookup(byOwner.Asc(), byAt.Desc()),
			store.Lookup(byOwner.Asc(), byKind.Asc(), byDone.Asc(), byRank.Asc()),
			store.Lookup(byOwner.Asc(), byTag.Asc(), byAt.Desc()),
			store.Lookup(byCrew.Asc(), byRank.Asc()),
			store.Lookup(byTag.Asc(), byRank.Asc()),
			store.Lookup(byKind.Asc(), byRank.Asc()),
			store.Sparse(byUntil.Asc()),
		},
	}
}

type readerKey struct{}

// as is a context of a reader, who may do all with what belongs to them. The reader "all" may do everything.
func as(ctx context.Context, who string) context.Context {
	return store.WithActor(context.WithValue(ctx, readerKey{}, who), who)
}

func reader(ctx context.Context) string { who, _ := ctx.Value(readerKey{}).(string); return who }

// policy hides what belongs to others, forbids the action "no", and shows the secret to "all" alone.
func policy() store.Policy[*Thing] {
	return store.Policy[*Thing]{
		May: func(ctx context.Context, action string, t *Thing) error {
			if who := reader(ctx); action == "no" || who != "all" && who != t.Owner {
				return fault.New(fault.Forbidden, fault.CodeForbidden, "action", action)
			}
			return nil
		},
		Filter: func(ctx context.Context) store.Filter {
			if who := reader(ctx); who != "all" {
				return byOwner.Is(who)
			}
			return store.Filter{}
		},
		View: func(ctx context.Context, t *Thing) {
			if reader(ctx) != "all" {
				t.Secret = ""
			}
		},
	}
}

func options(name string) store.Options[*Thing] {
	return store.Options[*Thing]{
		Schema: schema(name), Policy: policy(), Read: "read",
		Now: func() time.Time { return noon },
	}
}

// things opens a fresh collection.
func (s *suite) things(t *testing.T) *store.Collection[*Thing] {
	t.Helper()
	return thingsOn(t, s.db, s.name())
}

func thingsOn(t *testing.T, db store.Backend, name string) *store.Collection[*Thing] {
	t.Helper()
	c, err := store.Open(t.Context(), db, options(name))
	must(t, err)
	return c
}

// add keeps things, each under its identifier.
func add(t *testing.T, c *store.Collection[*Thing], all ...*Thing) {
	t.Helper()
	errs := make(chan error, len(all))
	for _, x := range all {
		go func() { _, err := c.Add(as(t.Context(), "all"), "add", x); errs <- err }()
	}
	for range all {
		must(t, <-errs)
	}
}

// thing makes one with an identifier.
func thing(id string, with ...func(*Thing)) *Thing {
	x := &Thing{Owner: "ann", Kind: "a"}
	x.SetKey(id)
	for _, w := range with {
		w(x)
	}
	return x
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Fatalf("want %s, got %v", want, err)
	}
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func keys(all []*Thing) []string {
	out := []string{}
	for _, x := range all {
		out = append(out, x.Key())
	}
	return out
}
