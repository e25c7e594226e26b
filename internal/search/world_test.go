package search_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/search"
)

// table is who may read what in the tests' world: communities everybody, contracts their parties and the bodies above.
func table() authz.Table {
	return authz.Table{
		{Action: "community.read", Who: authz.To(authz.Anywhere, authz.Anyone)},
		{Action: "contract.read", Scope: authz.ScopeContractsRead, Who: slices.Concat(
			authz.To(authz.Partying, authz.Secretary, authz.Liaison), authz.To(authz.Above, authz.Supervisor))},
	}
}

// thing is what can be found in the tests' world.
type thing struct {
	id      string
	rev     int64
	name    string
	text    string
	also    string // another name
	key     string // of the example
	parties []id.Organisation
	above   []id.Organisation
}

func (t *thing) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Partying:
		return t.parties
	case authz.Above:
		return t.above
	}
	return nil
}

// world is the room beside rooms that are changed by hand.
type world struct {
	*search.Service
	t    testing.TB
	db   store.Backend
	all  map[string]*thing
	form int
	seq  int64
	// order are the identifiers in their order, where they stay as they are.
	order []string
	// read is called before things are read.
	read func()
}

// open begins a world on a back end.
func open(t testing.TB, db store.Backend) *world {
	t.Helper()
	w := &world{t: t, db: db, all: map[string]*thing{}, form: 1, read: func() {}}
	w.again()
	return w
}

// sorted says that nothing comes in any more.
func (w *world) sorted() { w.order = slices.Sorted(maps.Keys(w.all)) }

// again opens the room anew, as after a restart.
func (w *world) again() {
	w.t.Helper()
	var err error
	w.Service, err = search.Open(w.t.Context(), w.db, search.Config{
		Now:     func() time.Time { return time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC) },
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Sources: []search.Source{
			w.source(search.Community, id.KindCommunity, "community.read"), w.source(search.Contract, id.KindContract, "contract.read"),
		},
	})
	must(w.t, err)
}

func (w *world) source(k search.Kind, of id.Kind, action string) search.Source {
	show := func(t *thing) *search.Thing {
		return &search.Thing{
			ID: t.id, Rev: t.rev, Object: t, Readers: search.ReadersOf(table(), action, t),
			Texts: []search.Text{{Of: "name", Text: t.name, Name: true}, {Of: "nameEn", Text: t.also, Name: true}, {Of: "text", Text: t.text}},
		}
	}
	return search.Source{
		Kind: k, Of: of, Form: w.form,
		Load: func(ctx context.Context, ids []string) ([]*search.Thing, error) {
			w.read()
			out := make([]*search.Thing, len(ids))
			for i, s := range ids {
				if t := w.all[s]; t != nil && table().Allows(authz.From(ctx), action, t) {
					out[i] = show(t)
				}
			}
			return out, nil
		},
		Behind: func(_ context.Context, after string, most int) ([]*search.Thing, error) {
			w.read()
			order := w.order
			if order == nil {
				order = slices.Sorted(maps.Keys(w.all))
			}
			at, _ := slices.BinarySearch(order, max(after, string(of))+"\x00")
			var out []*search.Thing
			for _, s := range order[at:] {
				if len(out) == most || !strings.HasPrefix(s, string(of)) {
					break
				}
				out = append(out, show(w.all[s]))
			}
			return out, nil
		},
		Count:    func(context.Context) (int, error) { return len(w.all) / 2, nil },
		Readable: func(ctx context.Context) search.Readers { return search.ReadableBy(ctx, table(), action) },
	}
}

// The organisations of the world.
var (
	street  = id.Derived[id.Organisation](id.KindSubDistrict, "street")
	quarter = id.Derived[id.Organisation](id.KindSubDistrict, "quarter")
	school  = id.Derived[id.Organisation](id.KindUnit, "school")
	bank    = id.Derived[id.Organisation](id.KindUnit, "bank")
)

// community keeps a community of a name.
func (w *world) community(name, text string) string {
	w.t.Helper()
	t := &thing{id: id.Derived[string](id.KindCommunity, name), name: name, text: text}
	w.put(t)
	return t.id
}

// contract keeps a contract below a sub-district.
func (w *world) contract(title, text string, above id.Organisation, parties ...id.Organisation) string {
	w.t.Helper()
	t := &thing{id: id.Derived[string](id.KindContract, title), name: title, text: text, above: []id.Organisation{above}, parties: parties}
	w.put(t)
	return t.id
}

// put keeps a thing as it is now, and tells of it.
func (w *world) put(t *thing) {
	w.t.Helper()
	t.rev++
	w.all[t.id] = t
	w.tell(t.id)
}

func (w *world) tell(of string) {
	w.t.Helper()
	w.seq++
	must(w.t, w.Follow(w.t.Context(), journal.Entry{Seq: w.seq, Event: store.Event{Subject: of, Type: "x.changed"}}))
}

// build takes everything up until nothing is left.
func (w *world) build() {
	w.t.Helper()
	for {
		n, err := w.Tick(w.t.Context(), time.Time{})
		must(w.t, err)
		if n == 0 {
			return
		}
	}
}

// The people of the world.
func nobody() authz.Actor { return authz.Actor{} }

func actor(r authz.Role, in ...id.Organisation) authz.Actor {
	a := authz.Actor{Person: "per1_a"}
	for _, o := range in {
		a.Holdings = append(a.Holdings, authz.Holding{Role: r, Organisation: o})
	}
	return a
}

// find is what somebody is shown first, by name.
func (w *world) find(who authz.Actor, text string) []string {
	w.t.Helper()
	c := w.ask(who, text, nil, page.Args{First: new(100)})
	out := []string{}
	for _, h := range c.Nodes() {
		out = append(out, h.Object.(*thing).name)
	}
	return out
}

func (w *world) ask(who authz.Actor, text string, kinds []search.Kind, a page.Args) *search.Connection {
	w.t.Helper()
	c, err := w.Search(authz.With(w.t.Context(), who), text, kinds, a)
	if err != nil {
		w.t.Fatalf("%q: %v", text, err)
	}
	return c
}

// finds fails the test where somebody is shown something else.
func (w *world) finds(who authz.Actor, text string, want ...string) {
	w.t.Helper()
	if got := w.find(who, text); !slices.Equal(got, want) {
		w.t.Errorf("%q finds %q, not %q", text, got, want)
	}
}

func first(n int) page.Args { return page.Args{First: &n} }

// marked is a snippet with its hits in brackets.
func marked(s *search.Snippet) string {
	var b strings.Builder
	for _, p := range s.Pieces {
		if p.Hit {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// onBoth runs a test on a file, and on MongoDB where there is one.
func onBoth(t *testing.T, test func(*testing.T, store.Backend)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) {
		test(t, onFile(t))
	})
	t.Run("mongodb", func(t *testing.T) { test(t, mongotest.Open(t)) })
}

func onFile(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "world.bolt"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
