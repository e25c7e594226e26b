package organisation_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/unit"
)

// rooms are the three rooms on one store, joined by the directory as the program joins them.
type rooms struct {
	organisation.Directory
	districts   *district.Service
	communities *community.Service
	units       *unit.Service
}

func open(t *testing.T) *rooms {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return openOn(t, db)
}

func openOn(t *testing.T, db store.Backend) *rooms {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }
	cursors := &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }}
	r := &rooms{}
	facts := func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
		return r.Facts(ctx, ids)
	}
	var err error
	if r.districts, err = district.Open(t.Context(), db, district.Service{Now: now, Random: rand.Reader, Cursors: cursors}); err != nil {
		t.Fatal(err)
	}
	if r.communities, err = community.Open(t.Context(), db, community.Service{Now: now, Random: rand.Reader, Cursors: cursors, Facts: facts}); err != nil {
		t.Fatal(err)
	}
	if r.units, err = unit.Open(t.Context(), db, unit.Service{Now: now, Random: rand.Reader, Cursors: cursors, Facts: facts}); err != nil {
		t.Fatal(err)
	}
	r.Directory = organisation.Directory{
		Districts: r.districts.Organisations, Communities: r.communities.Organisations, Units: r.units.Organisations,
	}
	return r
}

// town is a district with two sub-districts, a commercial community in the first one and its property manager.
type town struct {
	district, first, second, community, manager id.Organisation
}

func (r *rooms) town(t *testing.T) town {
	t.Helper()
	ctx := authz.AsSystem(t.Context())
	d, err := r.districts.RegisterDistrict(ctx, district.RegisterDistrictInput{Name: "惠山区"})
	if err != nil {
		t.Fatal(err)
	}
	var subs []id.Organisation
	for _, name := range []string{"堰桥街道", "长安街道"} {
		s, err := r.districts.RegisterSubDistrict(ctx, district.RegisterSubDistrictInput{District: d.ID, Kind: district.Street, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, s.ID)
	}
	c, err := r.communities.Register(ctx, community.RegisterCommunityInput{Type: community.Commercial, Name: "花园社区", SubDistrict: subs[0]})
	if err != nil {
		t.Fatal(err)
	}
	u, err := r.units.Register(ctx, unit.RegisterResidentUnitInput{
		Kind: unit.PropertyManager, Name: "示范物业", Details: unit.Details{CreditCode: graphql.OmittableOf(new(unit.ExampleCode(1)))},
		Registrations: []unit.DualRegistrationInput{{Community: c.Common().ID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.communities.Update(ctx, community.UpdateCommunityInput{
		ID: c.Common().ID, Change: command.Change{ExpectedVersion: 1},
		Own: community.Own{Commercial: &community.CommercialCommunityInput{PropertyManager: graphql.OmittableOf(&u.ID)}},
	}); err != nil {
		t.Fatal(err)
	}
	return town{d.ID, subs[0], subs[1], c.Common().ID, u.ID}
}

func TestTheDirectoryTellsOfEveryKindInTheOrderAskedFor(t *testing.T) {
	r := open(t)
	w := r.town(t)
	absent := id.New[id.Organisation](id.KindCommunity, time.Unix(0, 0), rand.Reader)
	got, err := r.Facts(t.Context(), []id.Organisation{w.manager, "nonsense", w.district, absent, w.community, w.first, w.manager})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []organisation.Kind
	for _, f := range got {
		kinds = append(kinds, f.Kind)
	}
	want := []organisation.Kind{organisation.KindResidentUnit, "", organisation.KindDistrict, "", organisation.KindCommunity, organisation.KindSubDistrict, organisation.KindResidentUnit}
	if !slices.Equal(kinds, want) || got[0].ID != w.manager || got[3].Exists() {
		t.Errorf("got %v, want %v", kinds, want)
	}
	if f := got[4]; f.Name != "花园社区" || f.SubDistrict != w.first || f.District != w.district || f.CommunityType != "COMMERCIAL" {
		t.Errorf("the community: %+v", f)
	}
	if _, err := r.One(t.Context(), absent); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if f, err := r.FactsOf(t.Context(), w.first); err != nil || f.Name != "堰桥街道" || f.District != w.district {
		t.Errorf("one: %+v, %v", f, err)
	}
}

func TestAMovedCommunityTakesItsUnitsWithIt(t *testing.T) {
	r := open(t)
	w := r.town(t)
	moved, err := r.communities.Update(authz.AsSystem(t.Context()), community.UpdateCommunityInput{
		ID: w.community, Change: command.Change{ExpectedVersion: 2}, SubDistrict: &w.second,
	})
	if err != nil || moved.Facts().SubDistrict != w.second {
		t.Fatalf("moved: %+v, %v", moved, err)
	}
	if err := r.units.CommunityMoved(t.Context(), w.community); err != nil {
		t.Fatal(err)
	}
	f, err := r.FactsOf(t.Context(), w.manager)
	if err != nil || f.SubDistrict != w.second || !slices.Equal(f.Above, []id.Organisation{w.second, w.district}) {
		t.Errorf("the unit: %+v, %v", f, err)
	}
}

func TestAFailingRoomFailsTheDirectory(t *testing.T) {
	down := errors.New("down")
	d := organisation.Directory{Units: func(context.Context, []id.Organisation) ([]organisation.Organisation, error) { return nil, down }}
	ids := []id.Organisation{id.New[id.Organisation](id.KindUnit, time.Unix(0, 0), rand.Reader)}
	if _, err := d.Facts(t.Context(), ids); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}

func TestTheRelayFindsTheEventsOfEveryRoom(t *testing.T) {
	r := open(t)
	r.town(t)
	var told []string
	for _, o := range slices.Concat(r.districts.Outboxes(), r.communities.Outboxes(), r.units.Outboxes()) {
		parked, err := o.Pending(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parked {
			for _, e := range p.Events {
				told = append(told, e.Type)
				if e.Subject != p.ID || e.Actor != "system" || !slices.Contains(e.Audience, p.ID) {
					t.Errorf("event %+v", e)
				}
			}
		}
	}
	want := []string{
		district.DistrictRegistered, district.SubDistrictRegistered, district.SubDistrictRegistered,
		community.EventRegistered, community.EventUpdated, unit.EventRegistered,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
