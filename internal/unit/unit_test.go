package unit_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/unit"
)

func TestAUnitReportsToSeveralCommunitiesAndLiesWhereTheyLie(t *testing.T) {
	w := newWorld(t)
	in := school(1, w.garden, w.pier)
	in.Registrations[1].Since = new(scalar.Date("2019-09-01"))
	in.NameEn, in.Profile, in.Staff = set("Experimental Primary School"), set("两个校区\n六十个班"), set(210)
	in.Address, in.OfficePhone = set("示范路2号"), set("0510-83590001")
	in.Services = graphql.OmittableOf([]string{"操场开放", "四点半课堂"})
	u := w.made(t, in)

	got, err := w.Unit(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []unit.DualRegistration{{Community: w.garden, Since: "2026-11-23"}, {Community: w.pier, Since: "2019-09-01"}}
	if !slices.Equal(got.Registrations, want) || !slices.Equal(got.SubDistricts, []id.Organisation{w.street, w.far}) || !slices.Equal(got.Districts, []id.Organisation{w.north, w.south}) {
		t.Errorf("reports to %v, in %v of %v", got.Registrations, got.SubDistricts, got.Districts)
	}
	if *got.Profile != "两个校区\n六十个班" || *got.Staff != 210 || len(got.Services) != 2 || *got.CreditCode != unit.ExampleCode(1) {
		t.Errorf("tells %+v", got)
	}
	f := got.Facts()
	if f.Kind != organisation.KindResidentUnit || f.UnitKind != "SCHOOL" || !f.CanPartner() || f.CanHost() ||
		f.SubDistrict != w.street || f.District != w.north || len(f.Above) != 4 || f.CreditCode != unit.ExampleCode(1) {
		t.Errorf("facts: %+v", f)
	}
	if !slices.Equal(got.Stand(authz.Hosting), []id.Organisation{w.garden, w.pier}) || got.Outbox[0].Type != unit.EventRegistered {
		t.Errorf("hosted by %v, told %v", got.Stand(authz.Hosting), got.Outbox)
	}
}

func TestTheArmedForcesNeedNoCreditCode(t *testing.T) {
	w := newWorld(t)
	for _, k := range unit.Kinds() {
		in := school(0, w.garden)
		in.Kind, in.CreditCode = k, graphql.Omittable[*string]{}
		u, err := w.Register(w.administrator(), in)
		if k != unit.Military {
			wants(t, err, unit.CodeCreditRequired, "creditCode")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		change := update(u)
		change.Kind = new(unit.Enterprise)
		_, err = w.Update(w.administrator(), change)
		wants(t, err, unit.CodeCreditRequired, "creditCode")
		again := school(0, w.mill) // a second one without a code does not collide with the first
		again.Kind, again.CreditCode = unit.Military, graphql.Omittable[*string]{}
		w.made(t, again)
	}
}

func TestACreditCodeIsKeptInCapitalsAndByOneUnitAlone(t *testing.T) {
	w := newWorld(t)
	in := school(7, w.garden)
	in.CreditCode = set(" " + strings.ToLower("91350100M000100Y43") + " ")
	if u := w.made(t, in); *u.CreditCode != "91350100M000100Y43" {
		t.Errorf("kept as %s", *u.CreditCode)
	}
	in.Name = "另一所"
	_, err := w.Register(w.administrator(), in)
	wants(t, err, fault.CodeTaken, "creditCode")
	other := w.made(t, school(8, w.garden))
	change := update(other)
	change.CreditCode = set("91350100M000100Y43")
	_, err = w.Update(w.administrator(), change)
	wants(t, err, fault.CodeTaken, "creditCode")
}

func TestABadUnitIsRefusedAtTheField(t *testing.T) {
	w := newWorld(t)
	many := make([]id.Organisation, 21)
	for i := range many {
		many[i] = fresh(id.KindCommunity)
	}
	for _, tt := range []struct {
		name string
		mend func(*unit.RegisterResidentUnitInput)
		code fault.Code
		path string
	}{
		{"no name", func(in *unit.RegisterResidentUnitInput) { in.Name = "" }, fault.CodeRequired, "name"},
		{"a long name", func(in *unit.RegisterResidentUnitInput) { in.Name = strings.Repeat("校", 101) }, fault.CodeTooLong, "name"},
		{"a name with a control character", func(in *unit.RegisterResidentUnitInput) { in.Name = "校\x00" }, fault.CodeControl, "name"},
		{"a name that is no text", func(in *unit.RegisterResidentUnitInput) { in.Name = "\xc3\x28" }, fault.CodeNotUTF8, "name"},
		{"an unknown kind", func(in *unit.RegisterResidentUnitInput) { in.Kind = "CASINO" }, fault.CodeMalformed, "kind"},
		{"a credit code with a wrong check character", func(in *unit.RegisterResidentUnitInput) { in.CreditCode = set("91350100M000100Y44") }, unit.CodeCreditCheck, "creditCode"},
		{"a short credit code", func(in *unit.RegisterResidentUnitInput) { in.CreditCode = set("91350100M000100Y4") }, unit.CodeCreditLength, "creditCode"},
		{"an empty credit code", func(in *unit.RegisterResidentUnitInput) { in.CreditCode = set("") }, unit.CodeCreditLength, "creditCode"},
		{"a long profile", func(in *unit.RegisterResidentUnitInput) { in.Profile = set(strings.Repeat("校", 2001)) }, fault.CodeTooLong, "profile"},
		{"a negative staff", func(in *unit.RegisterResidentUnitInput) { in.Staff = set(-1) }, fault.CodeOutOfRange, "staff"},
		{"a service twice", func(in *unit.RegisterResidentUnitInput) { in.Services = graphql.OmittableOf([]string{"a", "a"}) }, fault.CodeDuplicate, "services.1"},
		{"an empty service", func(in *unit.RegisterResidentUnitInput) { in.Services = graphql.OmittableOf([]string{"a", " "}) }, fault.CodeRequired, "services.1"},
		{"too many services", func(in *unit.RegisterResidentUnitInput) { in.Services = graphql.OmittableOf(make([]string, 51)) }, fault.CodeTooMany, "services"},
		{"no community", func(in *unit.RegisterResidentUnitInput) { in.Registrations = nil }, fault.CodeTooFew, "registrations"},
		{"too many communities", func(in *unit.RegisterResidentUnitInput) { in.Registrations = school(0, many...).Registrations }, fault.CodeTooMany, "registrations"},
		{"a community twice", func(in *unit.RegisterResidentUnitInput) {
			in.Registrations = school(0, w.garden, w.garden).Registrations
		}, fault.CodeDuplicate, "registrations.1.community"},
		{"a community that is not there", func(in *unit.RegisterResidentUnitInput) {
			in.Registrations = school(0, w.garden, fresh(id.KindCommunity)).Registrations
		}, fault.CodeNotFound, "registrations.1.community"},
		{"a street for a community", func(in *unit.RegisterResidentUnitInput) { in.Registrations = school(0, w.street).Registrations }, fault.CodeWrongID, "registrations.0.community"},
		{"since tomorrow", func(in *unit.RegisterResidentUnitInput) { in.Registrations[0].Since = new(scalar.Date("2026-11-24")) }, fault.CodeOutOfRange, "registrations.0.since"},
		{"since before the republic", func(in *unit.RegisterResidentUnitInput) { in.Registrations[0].Since = new(scalar.Date("1949-09-30")) }, fault.CodeOutOfRange, "registrations.0.since"},
		{"since a day that is none", func(in *unit.RegisterResidentUnitInput) { in.Registrations[0].Since = new(scalar.Date("2026-02-30")) }, fault.CodeOutOfRange, "registrations.0.since"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := school(99, w.garden)
			tt.mend(&in)
			_, err := w.Register(w.administrator(), in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestWhoRegistersAUnit(t *testing.T) {
	w := newWorld(t)
	seq := 100
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"the secretary of only one of them":   {w.as(authz.Secretary, w.mill), fault.CodeForbidden},
		"a supervisor above only one of them": {w.as(authz.Supervisor, w.street), fault.CodeForbidden},
		"a district's supervisor":             {w.as(authz.Supervisor, w.north), ""},
		"an administrator":                    {w.administrator(), ""},
		"nobody":                              {t.Context(), fault.CodeUnauthenticated},
		"the secretary of another community":  {w.as(authz.Secretary, w.pier), fault.CodeForbidden},
		"another district's supervisor":       {w.as(authz.Supervisor, w.south), fault.CodeForbidden},
		"an auditor":                          {w.as(authz.Auditor, w.street), fault.CodeForbidden},
		"a liaison of elsewhere":              {w.as(authz.Liaison, w.mill), fault.CodeForbidden},
	} {
		seq++
		_, err := w.Register(tt.ctx, school(seq, w.garden, w.mill))
		if got := fault.Of(err).Code; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoCommunityBringsAUnitToAnotherOne(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Register(w.as(authz.Secretary, w.mill), school(1, w.mill)); err != nil {
		t.Errorf("to its own: %v", err)
	}
	_, err := w.Register(w.as(authz.Secretary, w.mill), school(2, w.mill, w.garden))
	wants(t, err, fault.CodeForbidden, "registrations.1.community")

	u := w.made(t, school(3, w.garden, w.pier))
	change := func(who context.Context, to ...id.Organisation) error {
		now, err := w.Unit(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		in := update(now)
		in.Registrations = school(0, to...).Registrations
		_, err = w.Update(who, in)
		return err
	}
	wants(t, change(w.as(authz.Secretary, w.garden), w.garden, w.pier, w.mill), fault.CodeForbidden, "registrations.2.community")
	wants(t, change(w.as(authz.Secretary, w.garden), w.garden), fault.CodeForbidden, "registrations")
	if err := change(w.as(authz.Secretary, w.pier), w.garden); err != nil {
		t.Errorf("a community that lets a unit go: %v", err)
	}
	if err := change(w.as(authz.Liaison, u.ID), w.garden, w.mill); err != nil {
		t.Errorf("the unit by itself: %v", err)
	}
}

func TestWhoChangesAUnit(t *testing.T) {
	w := newWorld(t)
	u := w.made(t, school(1, w.garden))
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"its liaison":                   {w.as(authz.Liaison, u.ID), ""},
		"its community's secretary":     {w.as(authz.Secretary, w.garden), ""},
		"the sub-district's supervisor": {w.as(authz.Supervisor, w.street), ""},
		"an administrator":              {w.administrator(), ""},
		"nobody":                        {t.Context(), fault.CodeUnauthenticated},
		"its member":                    {w.as(authz.Member, u.ID), fault.CodeForbidden},
		"another community's secretary": {w.as(authz.Secretary, w.mill), fault.CodeForbidden},
		"another unit's liaison":        {w.as(authz.Liaison, fresh(id.KindUnit)), fault.CodeForbidden},
	} {
		now, err := w.Unit(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		in := update(now)
		in.Staff = set(12)
		_, err = w.Update(tt.ctx, in)
		if got := fault.Of(err).Code; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAChangeKeepsWhatItDoesNotName(t *testing.T) {
	w := newWorld(t)
	in := school(1, w.garden)
	in.Registrations[0].Since = new(scalar.Date("2020-01-01"))
	in.Profile = set("老校")
	in.Services = graphql.OmittableOf([]string{"操场"})
	u := w.made(t, in)
	change := update(u)
	change.Name, change.Kind = new("科研附小"), new(unit.ResearchInstitute)
	change.Profile = graphql.OmittableOf[*string](nil)
	change.Registrations = school(0, w.pier, w.garden).Registrations
	got, err := w.Update(w.as(authz.Liaison, u.ID), change)
	if err != nil {
		t.Fatal(err)
	}
	want := []unit.DualRegistration{{Community: w.pier, Since: "2026-11-23"}, {Community: w.garden, Since: "2020-01-01"}}
	if got.Name != "科研附小" || got.Kind != unit.ResearchInstitute || got.Profile != nil || !slices.Equal(got.Services, []string{"操场"}) ||
		*got.CreditCode != unit.ExampleCode(1) || got.Version != 2 || !slices.Equal(got.Registrations, want) ||
		!slices.Equal(got.SubDistricts, []id.Organisation{w.far, w.street}) {
		t.Errorf("got %+v", got)
	}
}

func TestABadChangeIsRefusedAtTheField(t *testing.T) {
	w := newWorld(t)
	u := w.made(t, school(1, w.garden))
	for _, tt := range []struct {
		name string
		mend func(*unit.UpdateResidentUnitInput)
		code fault.Code
		path string
	}{
		{"an id of another type", func(in *unit.UpdateResidentUnitInput) { in.ID = w.garden }, fault.CodeWrongID, "id"},
		{"one that is not there", func(in *unit.UpdateResidentUnitInput) { in.ID = fresh(id.KindUnit) }, fault.CodeNotFound, ""},
		{"another version", func(in *unit.UpdateResidentUnitInput) { in.ExpectedVersion = 7 }, fault.CodeConflict, "expectedVersion"},
		{"an empty name", func(in *unit.UpdateResidentUnitInput) { in.Name = new("") }, fault.CodeRequired, "name"},
		{"an unknown kind", func(in *unit.UpdateResidentUnitInput) { in.Kind = new(unit.Kind("X")) }, fault.CodeMalformed, "kind"},
		{"no credit code any more", func(in *unit.UpdateResidentUnitInput) { in.CreditCode = graphql.OmittableOf[*string](nil) }, unit.CodeCreditRequired, "creditCode"},
		{"a wrong credit code", func(in *unit.UpdateResidentUnitInput) { in.CreditCode = set("00000000") }, unit.CodeCreditLength, "creditCode"},
		{"no community any more", func(in *unit.UpdateResidentUnitInput) { in.Registrations = []unit.DualRegistrationInput{} }, fault.CodeTooFew, "registrations"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := update(u)
			tt.mend(&in)
			_, err := w.Update(w.administrator(), in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestUnitsFollowACommunityThatMoves(t *testing.T) {
	w := newWorld(t)
	u := w.made(t, school(1, w.garden, w.mill))
	stays := w.made(t, school(2, w.mill))
	w.lies(w.garden, w.far, w.south)
	for range 2 { // following twice does no harm
		if err := w.CommunityMoved(t.Context(), w.garden); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.Units(t.Context(), []id.Organisation{u.ID, stays.ID})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0].SubDistricts, []id.Organisation{w.far, w.town}) || !slices.Equal(got[0].Districts, []id.Organisation{w.south, w.north}) || got[0].Version != 1 {
		t.Errorf("moved to %v of %v, version %d", got[0].SubDistricts, got[0].Districts, got[0].Version)
	}
	if told := got[0].Outbox; len(told) != 2 || told[1].Type != unit.EventMoved {
		t.Errorf("told %v", told)
	}
	if got[1].Rev != 1 {
		t.Errorf("the other one was written %d times", got[1].Rev)
	}
}

func TestAUnitRegisteredWhileItsCommunityMovesLiesWhereItCame(t *testing.T) {
	w := newWorld(t)
	w.asked = func() { w.lies(w.garden, w.far, w.south) } // right after the first look, before the unit is kept
	u := w.made(t, school(1, w.garden))
	if !slices.Equal(u.SubDistricts, []id.Organisation{w.far}) || !slices.Equal(u.Districts, []id.Organisation{w.south}) {
		t.Errorf("lies in %v of %v", u.SubDistricts, u.Districts)
	}
}

func TestARepeatedRegistrationFindsWhatTheFirstOneMade(t *testing.T) {
	w := newWorld(t)
	in := school(1, w.garden)
	send := func(input string) (*unit.ResidentUnit, *store.Once, error) {
		o := store.NewOnce("per1_x", "mine", []byte(input))
		u, err := w.Register(store.WithOnce(w.administrator(), o), in)
		return u, o, err
	}
	first, _, err := send("a")
	if err != nil {
		t.Fatal(err)
	}
	if again, o, err := send("a"); err != nil || again.ID != first.ID || !o.Replayed {
		t.Errorf("again: %v, %v", again, err)
	}
	_, _, err = send("b")
	wants(t, err, fault.CodeMismatch, "clientMutationId")
}
