package personalaccess_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/personalaccess"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

var (
	li        = id.Derived[id.Person](id.KindPerson, "li")
	wang      = id.Derived[id.Person](id.KindPerson, "wang")
	community = id.Derived[id.Organisation](id.KindCommunity, "c")
	unit      = id.Derived[id.Organisation](id.KindUnit, "u")
)

type house struct {
	*personalaccess.Service
	db *faulty

	mu sync.Mutex
	at time.Time
}

// faulty is a store that can be away.
type faulty struct {
	store.Backend
	mu   sync.Mutex
	away bool
}

func (f *faulty) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return store.ErrUnavailable
	}
	return f.Backend.Insert(ctx, coll, doc)
}

func open(t *testing.T) *house {
	t.Helper()
	back, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = back.Close(context.Background()) })
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	h := &house{db: &faulty{Backend: back}, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)}
	h.Service, err = personalaccess.Open(t.Context(), h.db, &personalaccess.Service{
		Now: h.now, Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{secret} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func as(ctx context.Context, who id.Person, in ...authz.Holding) context.Context {
	return authz.With(ctx, authz.Actor{Person: who, Holdings: in})
}

func holding(r authz.Role, o id.Organisation) authz.Holding {
	return authz.Holding{Role: r, Organisation: o}
}

func (h *house) list(t *testing.T, who id.Person) []*personalaccess.Entry {
	t.Helper()
	if _, err := h.Tick(t.Context(), h.now()); err != nil {
		t.Fatal(err)
	}
	c, err := h.List(as(t.Context(), who), page.Args{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	return c.Nodes()
}

func name(of id.Person, near ...id.Organisation) personalaccess.Reading {
	return personalaccess.Reading{Person: of, Field: "Person.name", Near: near}
}

func TestReadingsOfOneOfficeAndDayAreOneEntry(t *testing.T) {
	h := open(t)
	secretary := as(t.Context(), wang, holding(authz.Member, unit), holding(authz.Secretary, community))
	for range 3 {
		h.Note(secretary, name(li, community))
		h.pass(time.Minute)
	}
	if _, err := h.Tick(t.Context(), h.now()); err != nil { // what is written is counted on
		t.Fatal(err)
	}
	h.Note(as(t.Context(), "another", holding(authz.Secretary, community)), name(li, community), name(li, community))
	got := h.list(t, li)
	if len(got) != 1 || got[0].Count != 5 || got[0].Organisation != community || got[0].Role != authz.Secretary || got[0].Day != "2026-03-02" ||
		!got[0].FirstAt.Before(got[0].LastAt) {
		t.Fatalf("got %+v", got)
	}
	h.pass(24 * time.Hour)
	h.Note(secretary, name(li, community))
	h.Note(as(t.Context(), wang, holding(authz.Liaison, unit)), name(li, community)) // not near: the first office
	h.Note(as(t.Context(), wang), name(li))
	h.Note(authz.With(t.Context(), authz.Actor{Service: "sva1_x", Holdings: []authz.Holding{holding(authz.Secretary, community)}}), name(li))
	if got := h.list(t, li); len(got) != 5 || got[4].Count != 5 {
		t.Errorf("got %+v", got)
	}
}

func TestOnesOwnReadingAndTheProgramsAreNotCounted(t *testing.T) {
	h := open(t)
	h.Note(as(t.Context(), li, holding(authz.Secretary, community)), name(li, community))
	h.Note(authz.AsSystem(t.Context()), name(li, community))
	h.Note(as(t.Context(), wang), name(""))
	if got := h.list(t, li); len(got) != 0 {
		t.Errorf("counted %+v", got)
	}
}

func TestNobodySeesWhoReadsAnother(t *testing.T) {
	h := open(t)
	h.Note(as(t.Context(), wang), name(li))
	e := h.list(t, li)[0]
	for what, ctx := range map[string]context.Context{
		"another": as(t.Context(), wang), "nobody": t.Context(),
		"an administrator": as(t.Context(), wang, authz.Holding{Role: authz.Administrator}),
	} {
		if got, err := h.Many(ctx, []id.PersonalAccess{e.ID}); err != nil || got[0] != nil {
			t.Errorf("%s: got %v, %v", what, got[0], err)
		}
	}
	if got, err := h.Many(as(t.Context(), li), []id.PersonalAccess{e.ID}); err != nil || got[0] == nil {
		t.Errorf("their own: %v", err)
	}
	if _, err := h.List(t.Context(), page.Args{}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := h.List(authz.With(t.Context(), authz.Actor{Service: "sva1_x"}), page.Args{}); !fault.Is(err, authz.CodePersonNeeded) {
		t.Errorf("a program: %v", err)
	}
}

func TestWhatCannotBeWrittenWaits(t *testing.T) {
	h := open(t)
	h.db.mu.Lock()
	h.db.away = true
	h.db.mu.Unlock()
	h.Note(as(t.Context(), wang), name(li))
	if _, err := h.Tick(t.Context(), h.now()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	h.Note(as(t.Context(), wang), name(li))
	h.db.mu.Lock()
	h.db.away = false
	h.db.mu.Unlock()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.list(t, li); len(got) != 1 || got[0].Count != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestTheListForgetsByTimeAndWhenItsPersonIsErased(t *testing.T) {
	h := open(t)
	h.Note(as(t.Context(), wang), name(li))
	h.Note(as(t.Context(), li), name(wang))
	h.list(t, li)
	h.Note(as(t.Context(), wang, holding(authz.Secretary, community)), name(li)) // waits still
	if err := h.Forget(t.Context(), li); err != nil {
		t.Fatal(err)
	}
	if got := h.list(t, li); len(got) != 0 {
		t.Errorf("of the erased there is %+v", got)
	}
	if got := h.list(t, wang); len(got) != 1 {
		t.Errorf("of the other there is %+v", got)
	}
	h.pass(personalaccess.KeptFor)
	if got := h.list(t, wang); len(got) != 0 {
		t.Errorf("after half a year there is %+v", got)
	}
}
