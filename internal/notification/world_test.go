package notification

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room on a store of its own, with a clock that is moved by hand. In each organisation there is a secretary, a
// liaison who signs and a member, unless staff says otherwise.
type world struct {
	*Service
	mu      sync.Mutex
	at      time.Time
	seq     int64
	staff   map[id.Organisation][]post
	hidden  map[string]bool
	mailbox map[id.Person]Account
}

// post is one person in an organisation.
type post struct {
	id.Person
	role authz.Role
	sign bool
}

func open(t testing.TB) *world {
	t.Helper()
	w := &world{
		at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), staff: map[id.Organisation][]post{}, hidden: map[string]bool{},
		mailbox: map[id.Person]Account{},
	}
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "world.bolt"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	w.Service, err = Open(t.Context(), db, Service{
		Now: w.now, Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Holders: w.holders, Accounts: w.accounts, Readable: w.readable, Titles: w.titles, Organisations: facts,
	})
	must(t, err)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) holders(_ context.Context, of id.Organisation, roles []authz.Role, most int) ([]id.Person, error) {
	posts, ok := w.staff[of]
	if !ok {
		posts = []post{{person(of, "secretary"), authz.Secretary, false}, {person(of, "liaison"), authz.Liaison, true}, {person(of, "member"), authz.Member, false}}
	}
	var out []id.Person
	for _, p := range posts {
		if (slices.Contains(roles, p.role) || p.sign && slices.Contains(roles, authz.Signer)) && len(out) < most {
			out = append(out, p.Person)
		}
	}
	return out, nil
}

func (w *world) accounts(_ context.Context, ids []id.Person) ([]Account, error) {
	out := make([]Account, len(ids))
	for i, p := range ids {
		out[i] = w.mailbox[p]
	}
	return out, nil
}

func (w *world) readable(_ context.Context, ids []string) ([]bool, error) {
	out := make([]bool, len(ids))
	for i, s := range ids {
		out[i] = s != "" && !w.hidden[s]
	}
	return out, nil
}

func (w *world) titles(_ context.Context, ids []id.Contract) ([]string, error) {
	out := make([]string, len(ids))
	for i, c := range ids {
		if c != "" && !w.hidden[string(c)] {
			out[i] = "共建契约"
		}
	}
	return out, nil
}

func facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		if o != "" {
			out[i] = organisation.Facts{ID: o, Name: "长安社区", NameEn: "Chang'an"}
		}
	}
	return out, nil
}

func host() id.Organisation { return id.Derived[id.Organisation](id.KindCommunity, "host") }

func unit(n int) id.Organisation {
	return id.Derived[id.Organisation](id.KindUnit, fmt.Sprint("unit ", n))
}

func person(of id.Organisation, role string) id.Person {
	return id.Derived[id.Person](id.KindPerson, string(of), role)
}

func theContract() id.Contract { return id.Derived[id.Contract](id.KindContract, "the contract") }

func theFulfilment() id.Fulfilment { return id.Derived[id.Fulfilment](id.KindFulfilment, "one") }

// event makes an event of a contract between the host and two units.
func (w *world) event(t testing.TB, what string, subject string, by id.Person, data bson.M) journal.Entry {
	t.Helper()
	all := bson.M{
		"status": "ACTIVE", "contract": theContract(), "parties": []id.Organisation{host(), unit(1), unit(2)}, "host": host(),
		"provider": unit(1), "receivers": []id.Organisation{host()}, "endsOn": scalar.Date("2027-03-01"), "timeZone": "Asia/Shanghai",
	}
	maps.Copy(all, data)
	raw, err := bson.Marshal(all)
	must(t, err)
	w.seq++
	return journal.Entry{Seq: w.seq, Event: store.Event{
		ID: fmt.Sprintf("%s:%d:0", subject, w.seq), Type: what, Subject: subject, Actor: string(by), At: w.now(), Data: raw,
	}}
}

// happens lets an event be heard.
func (w *world) happens(t testing.TB, what, subject string, by id.Person, data bson.M) journal.Entry {
	t.Helper()
	e := w.event(t, what, subject, by, data)
	must(t, w.Follow(t.Context(), e))
	return e
}

// tick lets time do all that it has to.
func (w *world) tick(t testing.TB) {
	t.Helper()
	for {
		n, err := w.Tick(t.Context(), w.now())
		must(t, err)
		if n == 0 {
			return
		}
	}
}

func as(t testing.TB, p id.Person) context.Context {
	t.Helper()
	return authz.With(t.Context(), authz.Actor{Person: p})
}

// inbox is what a person is told, the newest first.
func (w *world) inbox(t testing.TB, p id.Person) []*Notification {
	t.Helper()
	found, err := w.Inbox(as(t, p), nil, page.Args{First: new(100)})
	must(t, err)
	return found.Nodes()
}

// kinds are those of a person's notifications, the newest first.
func (w *world) kinds(t testing.TB, p id.Person) []Kind {
	t.Helper()
	var out []Kind
	for _, n := range w.inbox(t, p) {
		out = append(out, n.Kind)
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
