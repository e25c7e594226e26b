package delegation_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room on the embedded store, among a street, a community and three units.
type world struct {
	*delegation.Service
	t   *testing.T
	now time.Time

	district, street, other, community, head, branch, third id.Organisation
	above                                                   map[id.Organisation][]id.Organisation
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), above: map[id.Organisation][]id.Organisation{}}
	named := func(k id.Kind, name string) id.Organisation { return id.Derived[id.Organisation](k, name) }
	w.district, w.street, w.other = named(id.KindDistrict, "d"), named(id.KindSubDistrict, "s"), named(id.KindSubDistrict, "o")
	w.community, w.head, w.branch, w.third = named(id.KindCommunity, "c"), named(id.KindUnit, "h"), named(id.KindUnit, "b"), named(id.KindUnit, "t")
	for _, o := range []id.Organisation{w.community, w.head, w.branch, w.third} {
		w.above[o] = []id.Organisation{w.street, w.district}
	}
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "delegation.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	w.Service, err = delegation.Open(t.Context(), db, delegation.Config{
		Now: func() time.Time { return w.now }, Random: rand.Reader, Told: func() {}, Organisations: w.facts,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("0123456789abcdef0123456789abcdef")} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	kinds := map[id.Kind]organisation.Kind{
		id.KindDistrict: organisation.KindDistrict, id.KindSubDistrict: organisation.KindSubDistrict,
		id.KindCommunity: organisation.KindCommunity, id.KindUnit: organisation.KindResidentUnit,
	}
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		if slices.Contains([]id.Organisation{w.district, w.street, w.other, w.community, w.head, w.branch, w.third}, o) {
			kind, _ := id.KindOf(string(o))
			out[i] = organisation.Facts{ID: o, Kind: kinds[kind], Above: w.above[o]}
		}
	}
	return out, nil
}

// as is somebody with one role.
func (w *world) as(name string, r authz.Role, in id.Organisation) context.Context {
	return authz.With(w.t.Context(), w.actor(name, r, in))
}

func (w *world) actor(name string, r authz.Role, in id.Organisation) authz.Actor {
	return authz.Actor{Person: id.Derived[id.Person](id.KindPerson, name), Name: name, Holdings: []authz.Holding{{Role: r, Organisation: in, Signing: true}}}
}

func (w *world) branchHead() context.Context { return w.as("branch", authz.Liaison, w.branch) }
func (w *world) headHead() context.Context   { return w.as("head", authz.Liaison, w.head) }

// offer is of the branch's liaison to headquarters, for thirty days.
func (w *world) offer() delegation.OfferInput {
	return delegation.OfferInput{From: w.branch, To: w.head, Role: authz.Liaison, EndsAt: w.now.AddDate(0, 0, 30), Reason: "分行没有专人"}
}

func (w *world) offered() *delegation.Delegation {
	w.t.Helper()
	d, err := w.Offer(w.branchHead(), w.offer())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) accepted() *delegation.Delegation {
	w.t.Helper()
	d := w.offered()
	d, err := w.Accept(w.headHead(), delegation.AcceptInput{Change: at(d), ID: d.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func at(d *delegation.Delegation) command.Change { return command.Change{ExpectedVersion: d.Version} }

// lent says what somebody of headquarters holds of the branch.
func (w *world) lent() []authz.Holding {
	w.t.Helper()
	a, err := w.Lend(w.t.Context(), w.actor("anybody", authz.Liaison, w.head))
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Holdings[1:]
}

func code(t *testing.T, err error, want fault.Code, path string) {
	t.Helper()
	f := fault.Of(err)
	if err == nil || f.Code != want {
		t.Errorf("got %v, want %s", err, want)
		return
	}
	if path != "" && !slices.Equal(f.Path, []string{path}) {
		t.Errorf("%s is at %v, want %s", want, f.Path, path)
	}
}
