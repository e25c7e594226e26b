package report

import (
	"context"
	"iter"
	"path/filepath"
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

// world is the room alone, told of contracts and fulfilments by hand.
type world struct {
	*Service
	mu  sync.Mutex
	at  time.Time
	seq int64
}

func street() id.Organisation { return id.Derived[id.Organisation](id.KindSubDistrict, "street") }

func community() id.Organisation { return id.Derived[id.Organisation](id.KindCommunity, "community") }
func school() id.Organisation    { return id.Derived[id.Organisation](id.KindUnit, "school") }

func facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	known := map[id.Organisation]organisation.Facts{
		street():    {ID: street(), Kind: organisation.KindSubDistrict, Name: "堰桥街道", NameEn: "Yanqiao"},
		community(): {ID: community(), Kind: organisation.KindCommunity, Name: "长安社区", SubDistrict: street(), Above: []id.Organisation{street()}, CommunityType: "COMMERCIAL"},
		school():    {ID: school(), Kind: organisation.KindResidentUnit, Name: "明德小学", Above: []id.Organisation{street()}},
	}
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		out[i] = known[o]
	}
	return out, nil
}

func open(t testing.TB, alter ...func(*Service)) *world {
	t.Helper()
	w := &world{at: time.Date(2026, 12, 31, 1, 0, 0, 0, time.UTC)}
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "world.bolt"), boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	s := Service{
		Now: w.now, Organisations: facts,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Secrets: func() [][]byte { return [][]byte{make([]byte, 32)} },
		Occurrences: func(context.Context, id.Contract) iter.Seq2[Occurrence, error] {
			return func(func(Occurrence, error) bool) {}
		},
	}
	for _, a := range alter {
		a(&s)
	}
	w.Service, err = Open(t.Context(), db, s)
	must(t, err)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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

func contractOf(name string) id.Contract { return id.Derived[id.Contract](id.KindContract, name) }

// contractEvent is an event of a contract at ten in the morning of a day.
func (w *world) contractEvent(t testing.TB, name, status string, on scalar.Date) journal.Entry {
	t.Helper()
	return w.event(t, string(contractOf(name)), on, snapshot{
		Status: status, Title: "契约" + name, TimeZone: defaultZone, EndsOn: "2026-10-31", Host: community(),
		Parties: []id.Organisation{community(), school()}, Above: []id.Organisation{street()},
	})
}

// dueEvent is an event of what the school promised for a day.
func (w *world) dueEvent(t testing.TB, name, key string, f Fact) journal.Entry {
	t.Helper()
	c := contractOf(name)
	m := id.Within[id.Commitment](id.KindCommitment, string(c), key)
	return w.event(t, "ful", f.DueOn, Occurrence{Contract: c, Commitment: m, Fact: f})
}

func (w *world) event(t testing.TB, subject string, on scalar.Date, data any) journal.Entry {
	t.Helper()
	raw, err := bson.Marshal(data)
	must(t, err)
	w.seq++
	at := on.In(zone(defaultZone)).Add(10 * time.Hour)
	return journal.Entry{Seq: w.seq, Event: store.Event{ID: "e", Type: "told", Subject: subject, At: at, Data: raw}}
}

func officer(r authz.Role, in id.Organisation) context.Context {
	return authz.With(context.Background(), authz.Actor{
		Person: "p", Session: "s", Holdings: []authz.Holding{{Role: r, Organisation: in}},
	})
}

// supervised is the report of the sub-district, as its supervisor reads it.
func (w *world) supervised(t testing.TB, p Period) map[Key]*Figure {
	t.Helper()
	ctx, of := officer(authz.Supervisor, street()), street()
	r, err := w.Report(ctx, Scope{Organisation: &of}, p)
	must(t, err)
	sections, err := w.Sections(ctx, r)
	must(t, err)
	return flat(sections)
}
