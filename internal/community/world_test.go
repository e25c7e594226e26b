package community_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room on a store of its own, beside two districts with three sub-districts and two units.
type world struct {
	*community.Service
	facts                     map[id.Organisation]organisation.Facts
	north, south              id.Organisation // districts
	street, town, far         id.Organisation // sub-districts: two in the north, one in the south
	propertyManager, hospital id.Organisation
	ctx                       context.Context
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
		propertyManager: fresh(id.KindUnit), hospital: fresh(id.KindUnit),
	}
	for sub, in := range map[id.Organisation]id.Organisation{w.street: w.north, w.town: w.north, w.far: w.south} {
		w.facts[sub] = organisation.Facts{ID: sub, Kind: organisation.KindSubDistrict, District: in}
	}
	w.facts[w.propertyManager] = organisation.Facts{ID: w.propertyManager, Kind: organisation.KindResidentUnit, UnitKind: "PROPERTY_MANAGER"}
	w.facts[w.hospital] = organisation.Facts{ID: w.hospital, Kind: organisation.KindResidentUnit, UnitKind: "HOSPITAL"}
	clock := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	w.Service, err = community.Open(t.Context(), db, community.Service{
		Now: func() time.Time { clock = clock.Add(time.Second); return clock }, Random: rand.Reader,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
		Facts: func(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
			out := make([]organisation.Facts, len(ids))
			for i, o := range ids {
				out[i] = w.facts[o]
			}
			return out, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// as is a context in which somebody holds a role in an organisation.
func (w *world) as(role authz.Role, in id.Organisation) context.Context {
	return authz.With(w.ctx, authz.Actor{Person: "per1_x", Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func (w *world) administrator() context.Context { return w.as(authz.Administrator, "") }

// made registers a community in the street.
func (w *world) made(t *testing.T, k community.Kind, name string) community.Community {
	t.Helper()
	c, err := w.Register(w.administrator(), community.RegisterCommunityInput{Type: k, Name: name, SubDistrict: w.street})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// update is an input for the community as it is.
func update(c community.Community) community.UpdateCommunityInput {
	return community.UpdateCommunityInput{Change: command.Change{ExpectedVersion: c.Common().Version}, ID: c.Common().ID}
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
