package profile_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/profile"
)

var (
	district  = id.Derived[id.Organisation](id.KindDistrict, "district")
	street    = id.Derived[id.Organisation](id.KindSubDistrict, "street")
	community = id.Derived[id.Organisation](id.KindCommunity, "community")
	school    = id.Derived[id.Organisation](id.KindUnit, "school")
	bank      = id.Derived[id.Organisation](id.KindUnit, "bank")
)

// world is the room on a store of its own, and contracts that share what the test says.
type world struct {
	*profile.Service
	t      *testing.T
	shares []profile.Share
	asked  int // how often contracts were asked
	above  []id.Organisation
}

func open(t *testing.T) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	w := &world{t: t, above: []id.Organisation{street, district}}
	w.Service, err = profile.Open(t.Context(), db, profile.Config{
		Now: func() time.Time { return time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC) },
		Organisations: func(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
			kinds := map[id.Organisation]organisation.Kind{
				street: organisation.KindSubDistrict, community: organisation.KindCommunity, school: organisation.KindResidentUnit, bank: organisation.KindResidentUnit,
			}
			out := make([]organisation.Facts, len(ids))
			for i, o := range ids {
				if k, ok := kinds[o]; ok {
					out[i] = organisation.Facts{ID: o, Kind: k, Above: w.above}
				}
			}
			return out, nil
		},
		Shared: func(_ context.Context, subjects, readers []id.Organisation) ([]profile.Share, error) {
			w.asked++
			return slices.DeleteFunc(slices.Clone(w.shares), func(s profile.Share) bool {
				return !slices.Contains(subjects, s.Subject) || !slices.Contains(readers, s.Reader)
			}), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func in(r authz.Role, o id.Organisation) authz.Actor {
	return authz.Actor{Person: id.Derived[id.Person](id.KindPerson, string(r), string(o)), Holdings: []authz.Holding{{Role: r, Organisation: o}}}
}

func as(t *testing.T, a authz.Actor) context.Context {
	t.Helper()
	return authz.With(t.Context(), a)
}

func given[V any](v V) graphql.Omittable[*V] { return graphql.OmittableOf(&v) }

// full is all that can be told.
func full(o id.Organisation) profile.UpdateInput {
	return profile.UpdateInput{
		Organisation: o, DutyPhone: given("0510-83590000"), OfficeEmail: given("office@example.org"), OpeningHours: given("周一至周五\n9:00–17:00"),
		Facilities:    graphql.OmittableOf([]profile.FacilityInput{{Name: "礼堂", Capacity: new(200), Note: new("须预约")}}),
		SharedParking: given(12), Volunteers: given(40), YearlyBudget: given(profile.BudgetInput{Amount: "50000.00"}),
	}
}

func (w *world) told(o id.Organisation) *profile.Profile {
	w.t.Helper()
	p, err := w.Update(as(w.t, in(authz.Liaison, o)), full(o))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// set are the fields in which something stands.
func set(p *profile.Profile) []profile.Fact {
	out := []profile.Fact{}
	for _, x := range []struct {
		f  profile.Fact
		is bool
	}{
		{profile.DutyPhone, p.DutyPhone != nil},
		{profile.OfficeEmail, p.OfficeEmail != nil},
		{profile.OpeningHours, p.OpeningHours != nil},
		{profile.Facilities, p.Facilities != nil},
		{profile.SharedParking, p.SharedParking != nil},
		{profile.Volunteers, p.Volunteers != nil},
		{profile.YearlyBudget, p.YearlyBudget != nil},
	} {
		if x.is {
			out = append(out, x.f)
		}
	}
	return out
}

func TestItsPeopleAndTheBodiesAboveReadAllOfAProfileAndNobodyElseAnything(t *testing.T) {
	w := open(t)
	made := w.told(school)
	for _, a := range []authz.Actor{
		in(authz.Secretary, school), in(authz.Liaison, school), in(authz.GridSteward, school), in(authz.Auditor, school),
		in(authz.Supervisor, street), in(authz.Auditor, district),
	} {
		p, err := w.Of(as(t, a), school)
		if err != nil || len(set(p)) != len(profile.Facts()) || !p.Whole() || p.Version != 1 || p.YearlyBudget.Amount != "50000" || p.YearlyBudget.Currency != "CNY" {
			t.Errorf("%v: %+v, %v", a.Holdings, p, err)
		}
	}
	for _, a := range []authz.Actor{
		{},
		in(authz.Member, school), in(authz.Liaison, bank), in(authz.Secretary, community), in(authz.Administrator, ""), in(authz.Secretary, street),
		{Person: "p", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school, By: "d"}}}, // lent: facts of organisations are not
		{Service: "s", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school}}},         // a program without the scope
	} {
		if _, err := w.Of(as(t, a), school); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%+v reads it: %v", a, err)
		}
		if found, err := w.Many(as(t, a), []id.Profile{made.ID}); err != nil || found[0] != nil {
			t.Errorf("%+v finds it: %v, %v", a, found, err)
		}
	}
}

func TestAContractOpensJustTheFieldsThatItShares(t *testing.T) {
	w := open(t)
	made := w.told(school)
	w.shares = []profile.Share{
		{Contract: "c1", Subject: school, Reader: bank, Fields: []profile.Fact{profile.DutyPhone}, Purpose: "a"},
		{Contract: "c2", Subject: school, Reader: bank, Fields: []profile.Fact{profile.Volunteers, profile.DutyPhone}, Purpose: "b"},
		{Contract: "c3", Subject: school, Reader: community, Fields: []profile.Fact{profile.YearlyBudget}, Purpose: "c"},
	}
	for _, a := range []authz.Actor{
		in(authz.Liaison, bank), in(authz.GridSteward, bank),
		{Person: "p", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: bank, By: "d"}}}, // what hangs on a contract is lent
		{Service: "s", Scopes: []string{"CONTRACTS_READ"}, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: bank}}},
	} {
		p, err := w.Of(as(t, a), school)
		if err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		if !slices.Equal(set(p), []profile.Fact{profile.DutyPhone, profile.Volunteers}) || len(p.Hidden) != 5 || p.Version != 0 || p.Above != nil || len(p.SharedBy()) != 2 {
			t.Errorf("%+v is shown %+v", a, p)
		}
		found, err := w.Many(as(t, a), []id.Profile{"cpf1_x", made.ID})
		if err != nil || found[0] != nil || !slices.Equal(set(found[1]), set(p)) {
			t.Errorf("by its identifier: %v, %v", found, err)
		}
	}
	for _, a := range []authz.Actor{
		in(authz.Member, bank), {Service: "s", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: bank}}}, in(authz.Liaison, street),
	} {
		if _, err := w.Of(as(t, a), school); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%+v reads it: %v", a, err)
		}
	}
	w.shares = nil
	if _, err := w.Of(as(t, in(authz.Liaison, bank)), school); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("what is shared no longer is read still: %v", err)
	}
}

func TestContractsAreAskedOnceForAllProfilesOfARequest(t *testing.T) {
	w := open(t)
	w.told(school)
	w.told(bank)
	w.asked = 0
	if _, err := w.OfOrganisations(as(t, in(authz.Secretary, community)), []id.Organisation{school, bank, school}); err != nil || w.asked != 1 {
		t.Errorf("asked %d times, %v", w.asked, err)
	}
	w.asked = 0
	if _, err := w.OfOrganisations(t.Context(), []id.Organisation{school, bank}); err != nil || w.asked != 0 {
		t.Errorf("for nobody asked %d times, %v", w.asked, err)
	}
}

func TestWhoIsShownOfAProfileIsJustWhatTheTableAndTheContractsSay(t *testing.T) {
	w := open(t)
	w.told(school)
	organisations := rapid.SampledFrom([]id.Organisation{district, street, community, school, bank})
	roles := rapid.SampledFrom([]authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor})
	rapid.Check(t, func(t *rapid.T) {
		a := authz.Actor{Person: "p"}
		for range rapid.IntRange(0, 3).Draw(t, "holdings") {
			a.Holdings = append(a.Holdings, authz.Holding{
				Role: roles.Draw(t, "role"), Organisation: organisations.Draw(t, "in"), By: rapid.SampledFrom([]id.Delegation{"", "d"}).Draw(t, "by"),
			})
		}
		w.shares = nil
		for range rapid.IntRange(0, 3).Draw(t, "shares") {
			w.shares = append(w.shares, profile.Share{
				Subject: rapid.SampledFrom([]id.Organisation{school, bank}).Draw(t, "subject"), Reader: organisations.Draw(t, "reader"),
				Fields: rapid.SliceOfDistinct(rapid.SampledFrom(profile.Facts()), rapid.ID).Draw(t, "fields"),
			})
		}
		want := map[profile.Fact]bool{}
		for _, h := range a.Holdings {
			office := h.Role != authz.Member
			whole := h.By == "" && office && (h.Organisation == school || (h.Organisation == street || h.Organisation == district) && (h.Role == authz.Supervisor || h.Role == authz.Auditor))
			for _, f := range profile.Facts() {
				want[f] = want[f] || whole
			}
			for _, s := range w.shares {
				for _, f := range s.Fields {
					want[f] = want[f] || office && s.Subject == school && s.Reader == h.Organisation
				}
			}
		}
		found, err := w.OfOrganisations(authz.With(context.Background(), a), []id.Organisation{school})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range profile.Facts() {
			if got := found[0] != nil && slices.Contains(set(found[0]), f); got != want[f] {
				t.Fatalf("%s is shown: %v, should be %v", f, got, want[f])
			}
		}
	})
}

func TestOnlyWhoLeadsAnOrganisationTellsOfIt(t *testing.T) {
	w := open(t)
	for _, a := range []authz.Actor{
		{}, in(authz.GridSteward, school), in(authz.Member, school), in(authz.Liaison, bank), in(authz.Supervisor, street), in(authz.Administrator, ""),
	} {
		if _, err := w.Update(as(t, a), full(school)); err == nil {
			t.Errorf("%v tells of it", a.Holdings)
		}
	}
	_, err := w.Update(as(t, in(authz.Secretary, street)), full(street))
	if f := fault.Of(err); f.Code != profile.CodeUnfit || strings.Join(f.Path, ".") != "organisation" {
		t.Errorf("a street: %v", err)
	}
}

func TestAProfileIsChangedFieldByFieldAndTellsWhichWithoutWhat(t *testing.T) {
	w := open(t)
	w.told(school)
	ctx := as(t, in(authz.Liaison, school))
	next := profile.UpdateInput{Change: command.Change{ExpectedVersion: 1}, Organisation: school, DutyPhone: given("0510-83590001"), Volunteers: graphql.OmittableOf[*int](nil)}
	p, err := w.Update(ctx, next)
	if err != nil || *p.DutyPhone != "0510-83590001" || p.Volunteers != nil || p.OfficeEmail == nil || p.Version != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	if e := p.Outbox[len(p.Outbox)-1]; e.Type != profile.EventUpdated || strings.Contains(string(e.Data), "8359") || !strings.Contains(string(e.Data), "DUTY_PHONE") || !slices.Contains(e.Audience, string(street)) {
		t.Errorf("told %+v", e)
	}
	if _, err := w.Update(ctx, next); fault.Of(err).Kind != fault.Conflict {
		t.Errorf("an old version: %v", err)
	}
	if _, err := w.Update(as(t, in(authz.Liaison, bank)), profile.UpdateInput{Change: command.Change{ExpectedVersion: 1}, Organisation: bank}); fault.Of(err).Kind != fault.Conflict {
		t.Errorf("a version where there is none: %v", err)
	}
}

func TestWhatIsToldIsCheckedFieldByField(t *testing.T) {
	w := open(t)
	budget := func(amount, of string) profile.UpdateInput {
		return profile.UpdateInput{YearlyBudget: given(profile.BudgetInput{Amount: scalar.Decimal(amount), Currency: &of})}
	}
	rooms := func(all ...profile.FacilityInput) profile.UpdateInput {
		return profile.UpdateInput{Facilities: graphql.OmittableOf(all)}
	}
	for path, c := range map[string]struct {
		in   profile.UpdateInput
		code fault.Code
	}{
		"dutyPhone":             {profile.UpdateInput{DutyPhone: given("call me")}, fault.CodeMalformed},
		"officeEmail":           {profile.UpdateInput{OfficeEmail: given("Li <li@example.org>")}, fault.CodeMalformed},
		"openingHours":          {profile.UpdateInput{OpeningHours: given(strings.Repeat("长", profile.MaxHours+1))}, fault.CodeTooLong},
		"sharedParking":         {profile.UpdateInput{SharedParking: given(-1)}, fault.CodeOutOfRange},
		"volunteers":            {profile.UpdateInput{Volunteers: given(profile.MaxCount + 1)}, fault.CodeOutOfRange},
		"yearlyBudget.currency": {budget("1", "yuan"), fault.CodeMalformed},
		"yearlyBudget.amount":   {budget("-1", "CNY"), fault.CodeOutOfRange},
		"facilities":            {rooms(make([]profile.FacilityInput, profile.MaxFacilities+1)...), fault.CodeTooMany},
		"facilities.0.name":     {rooms(profile.FacilityInput{}), fault.CodeRequired},
		"facilities.1.name":     {rooms(profile.FacilityInput{Name: "a"}, profile.FacilityInput{Name: "a"}), fault.CodeDuplicate},
		"facilities.0.capacity": {rooms(profile.FacilityInput{Name: "a", Capacity: new(0)}), fault.CodeOutOfRange},
		"facilities.0.note":     {rooms(profile.FacilityInput{Name: "a", Note: new("\x07")}), fault.CodeControl},
	} {
		c.in.Organisation = school
		_, err := w.Update(as(t, in(authz.Liaison, school)), c.in)
		if f := fault.Of(err); f.Code != c.code || strings.Join(f.Path, ".") != path || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := w.Of(as(t, in(authz.Liaison, school)), school); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("something was kept: %v", err)
	}
}

func TestAnOrganisationThatMovesTakesItsProfileWithIt(t *testing.T) {
	w := open(t)
	w.told(school)
	other := id.Derived[id.Organisation](id.KindSubDistrict, "other")
	w.above = []id.Organisation{other, district}
	for range 2 {
		if err := w.Moved(t.Context(), school); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Of(as(t, in(authz.Supervisor, street)), school); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("the body that was above reads on: %v", err)
	}
	if _, err := w.Of(as(t, in(authz.Supervisor, other)), school); err != nil {
		t.Errorf("the body above: %v", err)
	}
	if err := w.Moved(t.Context(), bank); err != nil {
		t.Errorf("without a profile: %v", err)
	}
}
