package community

import (
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The faults of this room.
const (
	CodeOtherType          fault.Code = "COMMUNITY_TYPE_MISMATCH"  // type, given
	CodeNotPropertyManager fault.Code = "NOT_A_PROPERTY_MANAGER"   // kind
	CodeYearsReversed      fault.Code = "RENOVATED_BEFORE_BUILT"   // built
	CodeMoreThanAll        fault.Code = "MORE_THAN_ALL_HOUSEHOLDS" // households
)

// The bounds of numbers.
const (
	maxHouseholds = 1_000_000
	maxResidents  = 5_000_000
	maxGrids      = 10_000
	maxBuildings  = 100_000
	maxVillages   = 200
	maxMu         = 100_000_000
	maxYuan       = 1_000_000_000_000
)

// Details are what communities of every type may tell. Absent keeps what is there, null removes it.
type Details struct {
	NameEn          graphql.Omittable[*string]
	Address         graphql.Omittable[*string]
	OfficePhone     graphql.Omittable[*string]
	EstablishedYear graphql.Omittable[*int]
	Households      graphql.Omittable[*int]
	Residents       graphql.Omittable[*int]
	Grids           graphql.Omittable[*int]
}

// Own are the facts of one type; at most the one of the community's own type may be given.
type Own struct {
	Rural        *RuralCommunityInput
	OldEstate    *OldEstateCommunityInput
	Commercial   *CommercialCommunityInput
	Resettlement *ResettlementCommunityInput
}

// RegisterCommunityInput is the input of registerCommunity.
type RegisterCommunityInput struct {
	command.Once
	Type        Kind
	Name        string
	SubDistrict id.Organisation
	Details
	Own
}

// UpdateCommunityInput is the input of updateCommunity. Another sub-district moves the community there.
type UpdateCommunityInput struct {
	command.Change
	ID          id.Organisation
	Name        *string
	SubDistrict *id.Organisation
	Details
	Own
}

// RuralCommunityInput are the facts of a rural community.
type RuralCommunityInput struct {
	VillageGroups       graphql.Omittable[*int]
	FarmlandMu          graphql.Omittable[*scalar.Decimal]
	LandTitlesConfirmed graphql.Omittable[*bool]
	RenovatedVillages   graphql.Omittable[*int]
	OversightCommittee  graphql.Omittable[*bool]
	CollectiveIncome    graphql.Omittable[*scalar.Decimal]
	MainIndustry        graphql.Omittable[*string]
}

// OldEstateCommunityInput are the facts of an old estate.
type OldEstateCommunityInput struct {
	Buildings      graphql.Omittable[*int]
	BuiltYear      graphql.Omittable[*int]
	RenovatedYear  graphql.Omittable[*int]
	Volunteers     graphql.Omittable[*int]
	VolunteerRoles graphql.Omittable[[]VolunteerRole]
}

// CommercialCommunityInput are the facts of commodity-housing estates.
type CommercialCommunityInput struct {
	Estates         graphql.Omittable[*int]
	Buildings       graphql.Omittable[*int]
	BuiltYear       graphql.Omittable[*int]
	Developer       graphql.Omittable[*string]
	PropertyManager graphql.Omittable[*id.Organisation]
	OwnersCommittee graphql.Omittable[*bool]
	ParkingPlaces   graphql.Omittable[*int]
	ActivityRooms   graphql.Omittable[*int]
}

// ResettlementCommunityInput are the facts of resettlement housing.
type ResettlementCommunityInput struct {
	Buildings           graphql.Omittable[*int]
	ResettledHouseholds graphql.Omittable[*int]
	AwaitingHouseholds  graphql.Omittable[*int]
	OriginVillages      graphql.Omittable[[]string]
	ResettledSince      graphql.Omittable[*int]
}

// fits refuses facts of another type than the community's.
func (o Own) fits(k Kind) error {
	var f fault.List
	for other, given := range map[Kind]bool{
		Rural: o.Rural != nil, OldEstate: o.OldEstate != nil, Commercial: o.Commercial != nil, Resettlement: o.Resettlement != nil,
	} {
		if given && other != k {
			f.Add(fault.New(fault.Invalid, CodeOtherType, "type", k, "given", other), other.field())
		}
	}
	slices.SortFunc(f, func(a, b *fault.Fault) int { return slices.Compare(a.Path, b.Path) })
	return f.Err()
}

// apply takes up what every type may tell. year is the latest that may be named.
func (d Details) apply(f *fault.List, b *Base, year int) {
	organisation.SetLine(f, "nameEn", d.NameEn, organisation.MaxName, &b.NameEn)
	organisation.SetLine(f, "address", d.Address, organisation.MaxPlace, &b.Address)
	organisation.SetPhone(f, "officePhone", d.OfficePhone, &b.OfficePhone)
	organisation.SetNumber(f, "establishedYear", d.EstablishedYear, organisation.MinYear, year, &b.EstablishedYear)
	organisation.SetNumber(f, "households", d.Households, 0, maxHouseholds, &b.Households)
	organisation.SetNumber(f, "residents", d.Residents, 0, maxResidents, &b.Residents)
	organisation.SetNumber(f, "grids", d.Grids, 0, maxGrids, &b.Grids)
}

// apply takes up the facts of the community's own type.
func (o Own) apply(f *fault.List, c Community, year int) {
	k := c.Common().Type
	if err := o.fits(k); err != nil {
		f.Add(err)
		return
	}
	var own fault.List
	switch c := c.(type) {
	case *RuralCommunity:
		o.Rural.apply(&own, c)
	case *OldEstateCommunity:
		o.OldEstate.apply(&own, c, year)
	case *CommercialCommunity:
		o.Commercial.apply(&own, c, year)
	case *ResettlementCommunity:
		o.Resettlement.apply(&own, c, year)
	}
	f.Add(own.Err(), k.field())
	if c, ok := c.(*ResettlementCommunity); ok {
		o.Resettlement.consistent(f, c)
	}
}

func (in *RuralCommunityInput) apply(f *fault.List, c *RuralCommunity) {
	if in == nil {
		return
	}
	organisation.SetNumber(f, "villageGroups", in.VillageGroups, 0, maxGrids, &c.VillageGroups)
	organisation.SetAmount(f, "farmlandMu", in.FarmlandMu, maxMu, &c.FarmlandMu)
	organisation.SetFlag(in.LandTitlesConfirmed, &c.LandTitlesConfirmed)
	organisation.SetNumber(f, "renovatedVillages", in.RenovatedVillages, 0, maxGrids, &c.RenovatedVillages)
	organisation.SetFlag(in.OversightCommittee, &c.OversightCommittee)
	organisation.SetAmount(f, "collectiveIncome", in.CollectiveIncome, maxYuan, &c.CollectiveIncome)
	organisation.SetLine(f, "mainIndustry", in.MainIndustry, organisation.MaxName, &c.MainIndustry)
}

func (in *OldEstateCommunityInput) apply(f *fault.List, c *OldEstateCommunity, year int) {
	if in == nil {
		return
	}
	organisation.SetNumber(f, "buildings", in.Buildings, 0, maxBuildings, &c.Buildings)
	organisation.SetNumber(f, "builtYear", in.BuiltYear, organisation.MinYear, year, &c.BuiltYear)
	organisation.SetNumber(f, "renovatedYear", in.RenovatedYear, organisation.MinYear, year, &c.RenovatedYear)
	organisation.SetNumber(f, "volunteers", in.Volunteers, 0, maxResidents, &c.Volunteers)
	if roles, given := in.VolunteerRoles.ValueOK(); given {
		c.VolunteerRoles = volunteerRoles(f, roles)
	}
	if c.BuiltYear != nil && c.RenovatedYear != nil && *c.RenovatedYear < *c.BuiltYear {
		f.Add(fault.New(fault.Invalid, CodeYearsReversed, "built", *c.BuiltYear), "renovatedYear")
	}
}

// volunteerRoles puts roles into their usual order and refuses one that is none or is named twice.
func volunteerRoles(f *fault.List, in []VolunteerRole) []VolunteerRole {
	for i, r := range in {
		switch {
		case !slices.Contains(VolunteerRoles(), r):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "VolunteerRole"), "volunteerRoles", strconv.Itoa(i))
		case slices.Contains(in[:i], r):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", r), "volunteerRoles", strconv.Itoa(i))
		}
	}
	return without(VolunteerRoles(), without(VolunteerRoles(), in))
}

// without is all but some, in all's order.
func without(all, some []VolunteerRole) []VolunteerRole {
	return slices.DeleteFunc(slices.Clone(all), func(r VolunteerRole) bool { return slices.Contains(some, r) })
}

func (in *CommercialCommunityInput) apply(f *fault.List, c *CommercialCommunity, year int) {
	if in == nil {
		return
	}
	organisation.SetNumber(f, "estates", in.Estates, 0, maxGrids, &c.Estates)
	organisation.SetNumber(f, "buildings", in.Buildings, 0, maxBuildings, &c.Buildings)
	organisation.SetNumber(f, "builtYear", in.BuiltYear, organisation.MinYear, year, &c.BuiltYear)
	organisation.SetLine(f, "developer", in.Developer, organisation.MaxName, &c.Developer)
	if unit, given := in.PropertyManager.ValueOK(); given {
		c.PropertyManager = unit
	}
	organisation.SetFlag(in.OwnersCommittee, &c.OwnersCommittee)
	organisation.SetNumber(f, "parkingPlaces", in.ParkingPlaces, 0, maxResidents, &c.ParkingPlaces)
	organisation.SetNumber(f, "activityRooms", in.ActivityRooms, 0, maxGrids, &c.ActivityRooms)
}

func (in *ResettlementCommunityInput) apply(f *fault.List, c *ResettlementCommunity, year int) {
	if in == nil {
		return
	}
	organisation.SetNumber(f, "buildings", in.Buildings, 0, maxBuildings, &c.Buildings)
	organisation.SetNumber(f, "resettledHouseholds", in.ResettledHouseholds, 0, maxHouseholds, &c.ResettledHouseholds)
	organisation.SetNumber(f, "awaitingHouseholds", in.AwaitingHouseholds, 0, maxHouseholds, &c.AwaitingHouseholds)
	if villages, given := in.OriginVillages.ValueOK(); given {
		c.OriginVillages = organisation.Lines(f, "originVillages", villages, maxVillages, organisation.MaxName)
	}
	organisation.SetNumber(f, "resettledSince", in.ResettledSince, organisation.MinYear, year, &c.ResettledSince)
}

// consistent refuses more resettled households than there are, whichever of the two numbers was just told.
func (in *ResettlementCommunityInput) consistent(f *fault.List, c *ResettlementCommunity) {
	if c.ResettledHouseholds == nil || c.Households == nil || *c.ResettledHouseholds <= *c.Households {
		return
	}
	wrong := fault.New(fault.Invalid, CodeMoreThanAll, "households", *c.Households)
	if in != nil && in.ResettledHouseholds.IsSet() {
		f.Add(wrong, Resettlement.field(), "resettledHouseholds")
		return
	}
	f.Add(wrong, "households")
}
