package need

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

// world is a district with two sub-districts: in the first a community and units, in the second another community.
type world struct {
	*Service
	t  testing.TB
	db store.Backend

	mu    sync.Mutex
	at    time.Time
	facts map[id.Organisation]organisation.Facts

	district, street, town id.Organisation
	home, away             id.Organisation // communities
	units                  []id.Organisation
}

func embedded(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "needs.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func open(t testing.TB) *world {
	t.Helper()
	return openOn(t, embedded(t))
}

func openOn(t testing.TB, db store.Backend) *world {
	t.Helper()
	w := &world{t: t, db: db, at: time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC), facts: map[id.Organisation]organisation.Facts{}}
	named := func(k id.Kind, name string) id.Organisation { return id.Derived[id.Organisation](k, name) }
	w.district, w.street, w.town = named(id.KindDistrict, "d"), named(id.KindSubDistrict, "s"), named(id.KindSubDistrict, "t")
	w.home, w.away = named(id.KindCommunity, "home"), named(id.KindCommunity, "away")
	add := func(o id.Organisation, k organisation.Kind, above ...id.Organisation) {
		w.facts[o] = organisation.Facts{ID: o, Kind: k, Above: above}
	}
	add(w.district, organisation.KindDistrict)
	add(w.street, organisation.KindSubDistrict, w.district)
	add(w.town, organisation.KindSubDistrict, w.district)
	add(w.home, organisation.KindCommunity, w.street, w.district)
	add(w.away, organisation.KindCommunity, w.town, w.district)
	for i := range 70 {
		u := named(id.KindUnit, string(rune('a'+i)))
		add(u, organisation.KindResidentUnit, w.street, w.district)
		w.units = append(w.units, u)
	}
	folder := t.TempDir()
	ring, err := keyring.Create(filepath.Join(folder, "keyring"), w.at, rand.Reader)
	w.fine(err)
	v, err := vault.Open(t.Context(), db, vault.Config{Ring: ring, Now: w.now, Random: rand.Reader})
	w.fine(err)
	w.Service, err = Open(t.Context(), db, Service{
		Vault: v,
		Desk: exchange.Desk{
			Now: w.now, Random: rand.Reader,
			Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
			Organisations: func(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				out := make([]organisation.Facts, len(ids))
				for i, o := range ids {
					out[i] = w.facts[o]
				}
				return out, nil
			},
			Category: func(_ context.Context, code string) error {
				if code == "RETIRED" {
					return fault.New(fault.Refused, exchange.CodeCategoryRetired, "category", code)
				}
				return nil
			},
			Below: func(_ context.Context, codes []string) ([]string, error) {
				var out []string
				for _, c := range codes {
					if c == "NONE" {
						return nil, fault.New(fault.Invalid, exchange.CodeCategoryUnknown, "category", c)
					}
					out = append(out, c, c+"_BELOW")
				}
				return out, nil
			},
		},
	})
	w.fine(err)
	return w
}

func (w *world) fine(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
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

// as is a person with one role in an organisation.
func (w *world) as(r authz.Role, in id.Organisation) context.Context {
	h := authz.Holding{Role: r, Organisation: in, Within: w.facts[in].Above}
	return authz.With(w.t.Context(), authz.Actor{Person: id.Derived[id.Person](id.KindPerson, string(r)+string(in)), Holdings: []authz.Holding{h}})
}

func (w *world) secretary() context.Context    { return w.as(authz.Secretary, w.home) }
func (w *world) steward() context.Context      { return w.as(authz.GridSteward, w.home) }
func (w *world) unit(i int) context.Context    { return w.as(authz.Liaison, w.units[i]) }
func (w *world) stranger() context.Context     { return w.as(authz.Secretary, w.away) }
func (w *world) supervisor() context.Context   { return w.as(authz.Supervisor, w.street) }
func (w *world) nobody() context.Context       { return authz.With(w.t.Context(), authz.Actor{}) }
func (w *world) system() context.Context       { return authz.AsSystem(w.t.Context()) }
func change(n *Need) command.Change            { return command.Change{ExpectedVersion: n.Version} }
func (w *world) reread(n *Need) *Need          { return w.seen(w.system(), n) }
func (w *world) tick() int                     { n, err := w.Tick(w.t.Context(), w.now()); w.fine(err); return n }
func (w *world) tells(n *Need, want ...string) { w.t.Helper(); w.told(n.ID, want...) }

func (w *world) seen(ctx context.Context, n *Need) *Need {
	w.t.Helper()
	got, err := w.Need(ctx, n.ID)
	w.fine(err)
	return got
}

// told fails unless just these events of a need wait for the relay, in this order.
func (w *world) told(n id.Need, want ...string) {
	w.t.Helper()
	parked, err := w.needs.Pending(w.t.Context(), 1000)
	w.fine(err)
	var got []string
	for _, p := range parked {
		for _, e := range p.Events {
			if p.ID == string(n) {
				got = append(got, e.Type)
			}
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		w.t.Errorf("told %v, want %v", got, want)
	}
}

// input is a need for ten meals, shown in the sub-district until the end of the year.
func input(change ...func(*Input)) Input {
	in := Input{Input: exchange.Input{
		Category: "ELDERS_MEALS", Title: "困难老人送餐", Quantity: 10, Unit: "份", ValidUntil: "2026-12-31",
	}}
	for _, c := range change {
		c(&in)
	}
	return in
}

func asksAcceptance(in *Input) { in.AsksAcceptance = new(true) }

func (w *world) published(change ...func(*Input)) *Need {
	w.t.Helper()
	in := input(change...)
	n, err := w.Publish(w.secretary(), PublishInput{Need: &in})
	w.fine(err)
	return n
}

func (w *world) claim(who context.Context, n *Need, quantity int64) (*Share, error) {
	return w.Claim(who, ClaimInput{Need: n.ID, Quantity: quantity})
}

func (w *world) claimed(i int, n *Need, quantity int64) *exchange.Claim {
	w.t.Helper()
	got, err := w.claim(w.unit(i), n, quantity)
	w.fine(err)
	return got.Claim
}

func (w *world) reported(i int, c *exchange.Claim) *Need {
	w.t.Helper()
	got, err := w.Report(w.unit(i), ReportInput{Claim: c.ID})
	w.fine(err)
	return got.Need
}

func refused(t testing.TB, err error, code fault.Code, at string) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Code != code || strings.Join(f.Path, ".") != at {
		t.Errorf("got %v, want %s at %q", err, code, at)
	}
}
