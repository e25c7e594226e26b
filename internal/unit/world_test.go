package unit_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/unit"
)

// world is the room on a store of its own, beside three communities in two districts.
type world struct {
	*unit.Service
	mu                 sync.Mutex
	facts              map[id.Organisation]organisation.Facts
	asked              func() // called at each question about communities; may be nil
	north, south       id.Organisation
	street, town, far  id.Organisation // sub-districts: two in the north, one in the south
	garden, mill, pier id.Organisation // communities: one in each sub-district
	ctx                context.Context
}

func fresh(k id.Kind) id.Organisation {
	return id.New[id.Organisation](k, time.Unix(0, 0), rand.Reader)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	w := &world{
		facts: map[id.Organisation]organisation.Facts{}, ctx: t.Context(),
		north: fresh(id.KindDistrict), south: fresh(id.KindDistrict),
		street: fresh(id.KindSubDistrict), town: fresh(id.KindSubDistrict), far: fresh(id.KindSubDistrict),
		garden: fresh(id.KindCommunity), mill: fresh(id.KindCommunity), pier: fresh(id.KindCommunity),
	}
	w.lies(w.garden, w.street, w.north)
	w.lies(w.mill, w.town, w.north)
	w.lies(w.pier, w.far, w.south)
	clock := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC) // already the 23rd in China
	w.Service, err = unit.Open(t.Context(), db, unit.Service{
		Now: func() time.Time { clock = clock.Add(time.Second); return clock }, Random: rand.Reader,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
		Facts:   w.tell,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// lies puts a community into a sub-district.
func (w *world) lies(c, sub, district id.Organisation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts[c] = organisation.Facts{ID: c, Kind: organisation.KindCommunity, SubDistrict: sub, District: district}
}

func (w *world) tell(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	w.mu.Lock()
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		out[i] = w.facts[o]
	}
	asked := w.asked
	w.mu.Unlock()
	if asked != nil {
		asked()
	}
	return out, nil
}

// as is a context in which somebody holds a role in an organisation.
func (w *world) as(role authz.Role, in id.Organisation) context.Context {
	return authz.With(w.ctx, authz.Actor{Person: "per1_x", Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func (w *world) administrator() context.Context { return w.as(authz.Administrator, "") }

// school is a good input: a school that reports to communities.
func school(seq int, to ...id.Organisation) unit.RegisterResidentUnitInput {
	in := unit.RegisterResidentUnitInput{Kind: unit.School, Name: "实验小学", Details: unit.Details{CreditCode: set(unit.ExampleCode(seq))}}
	for _, c := range to {
		in.Registrations = append(in.Registrations, unit.DualRegistrationInput{Community: c})
	}
	return in
}

func (w *world) made(t *testing.T, in unit.RegisterResidentUnitInput) *unit.ResidentUnit {
	t.Helper()
	u, err := w.Register(w.administrator(), in)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// update is an input for the unit as it is.
func update(u *unit.ResidentUnit) unit.UpdateResidentUnitInput {
	return unit.UpdateResidentUnitInput{Change: command.Change{ExpectedVersion: u.Version}, ID: u.ID}
}

func set[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }

// wants checks that err is the fault, at the path.
func wants(t *testing.T, err error, code fault.Code, path string) {
	t.Helper()
	for _, f := range fault.All(err) {
		if f.Code == code && strings.Join(f.Path, ".") == path {
			return
		}
	}
	t.Fatalf("got %v, want %s at %q", err, code, path)
}
