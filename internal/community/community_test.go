package community_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestEachTypeKeepsFactsOfItsOwnAndHasItsStrategy(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		kind     community.Kind
		own      community.Own
		strategy community.Strategy
		right    func(community.Community) bool
	}{
		{community.Rural, community.Own{Rural: &community.RuralCommunityInput{
			VillageGroups: set(12), FarmlandMu: set(scalar.Decimal("0850.50")), LandTitlesConfirmed: set(true),
			RenovatedVillages: set(3), OversightCommittee: set(false), CollectiveIncome: set(scalar.Decimal("2300000")),
			MainIndustry: set("水蜜桃"),
		}}, community.Development, func(c community.Community) bool {
			r, ok := c.(*community.RuralCommunity)
			return ok && *r.VillageGroups == 12 && *r.FarmlandMu == "850.5" && *r.LandTitlesConfirmed && !*r.OversightCommittee && *r.MainIndustry == "水蜜桃"
		}},
		{community.OldEstate, community.Own{OldEstate: &community.OldEstateCommunityInput{
			Buildings: set(40), BuiltYear: set(1986), RenovatedYear: set(2021), Volunteers: set(66),
			VolunteerRoles: graphql.OmittableOf([]community.VolunteerRole{community.Mediator, community.PolicyPublicist}),
		}}, community.Governance, func(c community.Community) bool {
			o, ok := c.(*community.OldEstateCommunity)
			return ok && *o.BuiltYear == 1986 && slices.Equal(o.VolunteerRoles, []community.VolunteerRole{community.PolicyPublicist, community.Mediator}) &&
				len(o.OpenVolunteerRoles()) == 4
		}},
		{community.Commercial, community.Own{Commercial: &community.CommercialCommunityInput{
			Estates: set(3), Buildings: set(58), BuiltYear: set(2012), Developer: set("示范置业"), PropertyManager: set(w.propertyManager),
			OwnersCommittee: set(true), ParkingPlaces: set(2100), ActivityRooms: set(4),
		}}, community.Integration, func(c community.Community) bool {
			o, ok := c.(*community.CommercialCommunity)
			return ok && *o.PropertyManager == w.propertyManager && *o.OwnersCommittee && *o.ParkingPlaces == 2100
		}},
		{community.Resettlement, community.Own{Resettlement: &community.ResettlementCommunityInput{
			Buildings: set(30), ResettledHouseholds: set(1800), AwaitingHouseholds: set(20), ResettledSince: set(2009),
			OriginVillages: graphql.OmittableOf([]string{"东村", "西村"}),
		}}, community.Advancement, func(c community.Community) bool {
			r, ok := c.(*community.ResettlementCommunity)
			return ok && *r.ResettledHouseholds == 1800 && slices.Equal(r.OriginVillages, []string{"东村", "西村"})
		}},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			made, err := w.Register(w.administrator(), community.RegisterCommunityInput{
				Type: tt.kind, Name: string(tt.kind) + "社区", SubDistrict: w.street, Own: tt.own,
				Details: community.Details{NameEn: set("A"), Households: set(2000), Residents: set(5600), Grids: set(7), EstablishedYear: set(2001), Address: set("示范路1号"), OfficePhone: set("0510-83590000")},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Community(t.Context(), made.Common().ID)
			if err != nil || !tt.right(got) || got.Common().Strategy() != tt.strategy {
				t.Fatalf("got %+v, %v", got, err)
			}
			b, f := got.Common(), got.Facts()
			if b.District != w.north || *b.Households != 2000 || *b.Grids != 7 || b.Outbox[0].Type != community.EventRegistered {
				t.Errorf("base: %+v", b)
			}
			if f.CommunityType != string(tt.kind) || !slices.Equal(f.Above, []id.Organisation{w.street, w.north}) || !f.CanHost() || f.CanPartner() {
				t.Errorf("facts: %+v", f)
			}
		})
	}
}

func TestWhoRegistersACommunity(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"the sub-district's supervisor":   {w.as(authz.Supervisor, w.street), ""},
		"the district's supervisor":       {w.as(authz.Supervisor, w.north), ""},
		"an administrator":                {w.administrator(), ""},
		"nobody":                          {t.Context(), fault.CodeUnauthenticated},
		"another sub-district supervisor": {w.as(authz.Supervisor, w.town), fault.CodeForbidden},
		"an auditor":                      {w.as(authz.Auditor, w.street), fault.CodeForbidden},
		"a secretary of elsewhere":        {w.as(authz.Secretary, w.street), fault.CodeForbidden},
	} {
		_, err := w.Register(tt.ctx, community.RegisterCommunityInput{Type: community.Rural, Name: name, SubDistrict: w.street})
		if got := fault.Of(err).Code; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoChangesACommunity(t *testing.T) {
	w := newWorld(t)
	c := w.made(t, community.OldEstate, "老街社区")
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"its secretary":                 {w.as(authz.Secretary, c.Common().ID), ""},
		"the sub-district's supervisor": {w.as(authz.Supervisor, w.street), ""},
		"an administrator":              {w.administrator(), ""},
		"nobody":                        {t.Context(), fault.CodeUnauthenticated},
		"its member":                    {w.as(authz.Member, c.Common().ID), fault.CodeForbidden},
		"its grid steward":              {w.as(authz.GridSteward, c.Common().ID), fault.CodeForbidden},
		"another's secretary":           {w.as(authz.Secretary, w.far), fault.CodeForbidden},
		"another's supervisor":          {w.as(authz.Supervisor, w.far), fault.CodeForbidden},
	} {
		now, err := w.Community(t.Context(), c.Common().ID)
		if err != nil {
			t.Fatal(err)
		}
		in := update(now)
		in.Grids = set(9)
		_, err = w.Update(tt.ctx, in)
		if got := fault.Of(err).Code; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABadCommunityIsRefusedAtTheField(t *testing.T) {
	w := newWorld(t)
	w.made(t, community.Rural, "已有社区")
	in := func(k community.Kind, d community.Details, o community.Own) community.RegisterCommunityInput {
		return community.RegisterCommunityInput{Type: k, Name: "新社区", SubDistrict: w.street, Details: d, Own: o}
	}
	with := func(mend func(*community.RegisterCommunityInput)) community.RegisterCommunityInput {
		i := in(community.Rural, community.Details{}, community.Own{})
		mend(&i)
		return i
	}
	rural := func(r community.RuralCommunityInput) community.Own { return community.Own{Rural: &r} }
	old := func(o community.OldEstateCommunityInput) community.Own { return community.Own{OldEstate: &o} }
	com := func(o community.CommercialCommunityInput) community.Own { return community.Own{Commercial: &o} }
	res := func(o community.ResettlementCommunityInput) community.Own { return community.Own{Resettlement: &o} }
	for _, tt := range []struct {
		name string
		in   community.RegisterCommunityInput
		code fault.Code
		path string
	}{
		{"no name", with(func(i *community.RegisterCommunityInput) { i.Name = "" }), fault.CodeRequired, "name"},
		{"a long name", with(func(i *community.RegisterCommunityInput) { i.Name = strings.Repeat("社", 101) }), fault.CodeTooLong, "name"},
		{"a name of two lines", with(func(i *community.RegisterCommunityInput) { i.Name = "社\n区" }), fault.CodeControl, "name"},
		{"a name that is no text", with(func(i *community.RegisterCommunityInput) { i.Name = "\xfe" }), fault.CodeNotUTF8, "name"},
		{"a name taken in the sub-district", with(func(i *community.RegisterCommunityInput) { i.Name = "已有社区" }), fault.CodeTaken, "name"},
		{"an unknown type", with(func(i *community.RegisterCommunityInput) { i.Type = "MALL" }), fault.CodeMalformed, "type"},
		{"a sub-district that is not there", with(func(i *community.RegisterCommunityInput) { i.SubDistrict = fresh(id.KindSubDistrict) }), fault.CodeNotFound, "subDistrict"},
		{"a district for a sub-district", with(func(i *community.RegisterCommunityInput) { i.SubDistrict = w.north }), fault.CodeWrongID, "subDistrict"},
		{"another type's facts", in(community.Rural, community.Details{}, com(community.CommercialCommunityInput{})), community.CodeOtherType, "commercial"},
		{"a year to come", in(community.Rural, community.Details{EstablishedYear: set(2027)}, community.Own{}), fault.CodeOutOfRange, "establishedYear"},
		{"a negative number", in(community.Rural, community.Details{Households: set(-1)}, community.Own{}), fault.CodeOutOfRange, "households"},
		{"no telephone number", in(community.Rural, community.Details{OfficePhone: set("call me")}, community.Own{}), fault.CodeMalformed, "officePhone"},
		{"farmland that is no number", in(community.Rural, community.Details{}, rural(community.RuralCommunityInput{FarmlandMu: set(scalar.Decimal("much"))})), fault.CodeMalformed, "rural.farmlandMu"},
		{"farmland below nought", in(community.Rural, community.Details{}, rural(community.RuralCommunityInput{FarmlandMu: set(scalar.Decimal("-1"))})), fault.CodeOutOfRange, "rural.farmlandMu"},
		{"farmland beyond the country's", in(community.Rural, community.Details{}, rural(community.RuralCommunityInput{FarmlandMu: set(scalar.Decimal("100000000.1"))})), fault.CodeOutOfRange, "rural.farmlandMu"},
		{"renovated before built", in(community.OldEstate, community.Details{}, old(community.OldEstateCommunityInput{BuiltYear: set(1990), RenovatedYear: set(1989)})), community.CodeYearsReversed, "oldEstate.renovatedYear"},
		{"a role twice", in(community.OldEstate, community.Details{}, old(community.OldEstateCommunityInput{VolunteerRoles: graphql.OmittableOf([]community.VolunteerRole{community.Mediator, community.Mediator})})), fault.CodeDuplicate, "oldEstate.volunteerRoles.1"},
		{"a role that is none", in(community.OldEstate, community.Details{}, old(community.OldEstateCommunityInput{VolunteerRoles: graphql.OmittableOf([]community.VolunteerRole{"SPY"})})), fault.CodeMalformed, "oldEstate.volunteerRoles.0"},
		{"a hospital for a property manager", in(community.Commercial, community.Details{}, com(community.CommercialCommunityInput{PropertyManager: set(w.hospital)})), community.CodeNotPropertyManager, "commercial.propertyManager"},
		{"a property manager that is not there", in(community.Commercial, community.Details{}, com(community.CommercialCommunityInput{PropertyManager: set(fresh(id.KindUnit))})), fault.CodeNotFound, "commercial.propertyManager"},
		{"a property manager of another type", in(community.Commercial, community.Details{}, com(community.CommercialCommunityInput{PropertyManager: set(w.street)})), fault.CodeWrongID, "commercial.propertyManager"},
		{"more resettled than there are", in(community.Resettlement, community.Details{Households: set(10)}, res(community.ResettlementCommunityInput{ResettledHouseholds: set(11)})), community.CodeMoreThanAll, "resettlement.resettledHouseholds"},
		{"a village twice", in(community.Resettlement, community.Details{}, res(community.ResettlementCommunityInput{OriginVillages: graphql.OmittableOf([]string{"东村", " 东村"})})), fault.CodeDuplicate, "resettlement.originVillages.1"},
		{"too many villages", in(community.Resettlement, community.Details{}, res(community.ResettlementCommunityInput{OriginVillages: graphql.OmittableOf(make([]string, 201))})), fault.CodeTooMany, "resettlement.originVillages"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.Register(w.administrator(), tt.in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.Register(w.administrator(), community.RegisterCommunityInput{
		Type: community.Rural, SubDistrict: "nowhere", Details: community.Details{Grids: set(-1)},
		Own: community.Own{Commercial: &community.CommercialCommunityInput{}, OldEstate: &community.OldEstateCommunityInput{}},
	})
	if got := fault.All(err); len(got) != 5 {
		t.Fatalf("got %v", err)
	}
}

func TestAChangeKeepsWhatItDoesNotName(t *testing.T) {
	w := newWorld(t)
	made, err := w.Register(w.administrator(), community.RegisterCommunityInput{
		Type: community.Resettlement, Name: "新村社区", SubDistrict: w.street,
		Details: community.Details{Households: set(100), Address: set("示范路1号")},
		Own:     community.Own{Resettlement: &community.ResettlementCommunityInput{ResettledHouseholds: set(90), Buildings: set(8)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := update(made)
	in.Name, in.Address = new("新新村社区"), graphql.OmittableOf[*string](nil)
	in.Resettlement = &community.ResettlementCommunityInput{Buildings: set(9)}
	got, err := w.Update(w.administrator(), in)
	if err != nil {
		t.Fatal(err)
	}
	r := got.(*community.ResettlementCommunity)
	if r.Name != "新新村社区" || r.Address != nil || *r.Buildings != 9 || *r.ResettledHouseholds != 90 || *r.Households != 100 || r.Version != 2 {
		t.Errorf("got %+v", r)
	}
	in = update(got)
	in.Households = set(89)
	_, err = w.Update(w.administrator(), in)
	wants(t, err, community.CodeMoreThanAll, "households")
}

func TestAChangeForAnotherVersionIsRefusedWithTodaysVersion(t *testing.T) {
	w := newWorld(t)
	c := w.made(t, community.Rural, "村社区")
	in := update(c)
	in.Grids = set(3)
	if _, err := w.Update(w.administrator(), in); err != nil {
		t.Fatal(err)
	}
	_, err := w.Update(w.administrator(), in)
	wants(t, err, fault.CodeConflict, "expectedVersion")
	if got := fault.Of(err).Params["current"]; got != 2 {
		t.Errorf("current is %v", got)
	}
}

func TestABadChangeIsRefusedAtTheField(t *testing.T) {
	w := newWorld(t)
	w.made(t, community.Rural, "甲社区")
	c := w.made(t, community.Rural, "乙社区")
	for _, tt := range []struct {
		name string
		mend func(*community.UpdateCommunityInput)
		code fault.Code
		path string
	}{
		{"an id of another type", func(in *community.UpdateCommunityInput) { in.ID = w.street }, fault.CodeWrongID, "id"},
		{"one that is not there", func(in *community.UpdateCommunityInput) { in.ID = fresh(id.KindCommunity) }, fault.CodeNotFound, ""},
		{"an empty name", func(in *community.UpdateCommunityInput) { in.Name = new(" ") }, fault.CodeRequired, "name"},
		{"a name taken", func(in *community.UpdateCommunityInput) { in.Name = new("甲社区") }, fault.CodeTaken, "name"},
		{"another type's facts", func(in *community.UpdateCommunityInput) { in.OldEstate = &community.OldEstateCommunityInput{} }, community.CodeOtherType, "oldEstate"},
		{"a sub-district that is not there", func(in *community.UpdateCommunityInput) { in.SubDistrict = new(fresh(id.KindSubDistrict)) }, fault.CodeNotFound, "subDistrict"},
		{"a unit for a sub-district", func(in *community.UpdateCommunityInput) { in.SubDistrict = new(w.hospital) }, fault.CodeWrongID, "subDistrict"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := update(c)
			tt.mend(&in)
			_, err := w.Update(w.administrator(), in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestAMoveCopiesTheDistrictAndIsTold(t *testing.T) {
	w := newWorld(t)
	c := w.made(t, community.Commercial, "花园社区")
	in := update(c)
	in.SubDistrict = &w.far
	got, err := w.Update(w.administrator(), in)
	if err != nil {
		t.Fatal(err)
	}
	b := got.Common()
	if b.SubDistrict != w.far || b.District != w.south {
		t.Errorf("now in %s of %s", b.SubDistrict, b.District)
	}
	var told []string
	for _, e := range b.Outbox {
		told = append(told, e.Type)
		if e.Type != community.EventMoved {
			continue
		}
		var m community.Moved
		if err := bson.Unmarshal(e.Data, &m); err != nil {
			t.Fatal(err)
		}
		if want := (community.Moved{From: w.street, To: w.far, District: w.south, FromDistrict: w.north}); m != want {
			t.Errorf("told %+v, want %+v", m, want)
		}
	}
	if !slices.Equal(told, []string{community.EventRegistered, community.EventMoved, community.EventUpdated}) {
		t.Errorf("told %v", told)
	}
}

func TestWhoMovesACommunity(t *testing.T) {
	w := newWorld(t)
	c := w.made(t, community.Rural, "村社区")
	for _, tt := range []struct {
		name string
		ctx  context.Context
		to   id.Organisation
		want fault.Code
	}{
		{"its secretary", w.as(authz.Secretary, c.Common().ID), w.town, fault.CodeForbidden},
		{"the supervisor of where it is alone", w.as(authz.Supervisor, w.street), w.town, fault.CodeForbidden},
		{"the supervisor of where it comes alone", w.as(authz.Supervisor, w.town), w.town, fault.CodeForbidden},
		{"the district's supervisor to another district", w.as(authz.Supervisor, w.north), w.far, fault.CodeForbidden},
		{"the district's supervisor within the district", w.as(authz.Supervisor, w.north), w.town, ""},
		{"its secretary to where it is", w.as(authz.Secretary, c.Common().ID), w.town, ""},
	} {
		now, err := w.Community(t.Context(), c.Common().ID)
		if err != nil {
			t.Fatal(err)
		}
		in := update(now)
		in.SubDistrict = &tt.to
		_, err = w.Update(tt.ctx, in)
		if got := fault.Of(err).Code; err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestARepeatedChangeIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	c := w.made(t, community.Rural, "村社区")
	in := update(c)
	in.Grids = set(5)
	send := func(input string) (community.Community, *store.Once, error) {
		o := store.NewOnce("per1_x", "mine", []byte(input))
		got, err := w.Update(store.WithOnce(w.administrator(), o), in)
		return got, o, err
	}
	if _, _, err := send("a"); err != nil {
		t.Fatal(err)
	}
	got, o, err := send("a")
	if err != nil || !o.Replayed || got.Common().Version != 2 {
		t.Errorf("again: %+v, %v", got, err)
	}
	_, _, err = send("b")
	wants(t, err, fault.CodeMismatch, "clientMutationId")
}
