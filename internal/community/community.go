// Package community keeps the communities (社区), the hubs of co-building. There are four types, each with a strategy
// and facts of its own.
//
// What is kept here is public, and about the community as a body: nothing about a person or a household.
package community

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Community is a community of any of the four types, a pointer to one of the structs below.
type Community interface {
	store.Object
	organisation.Organisation
	authz.Related
	// IsCommunity marks the four types among other types.
	IsCommunity()
	// Common is what communities of every type have.
	Common() *Base
}

// Base is what communities of every type have. Numbers that nobody has told are nil.
type Base struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Type                        Kind            `bson:"type"`
	Name                        string          `bson:"name"` // unique within the sub-district
	NameEn                      *string         `bson:"nameEn,omitempty"`
	SubDistrict                 id.Organisation `bson:"subDistrict"`
	District                    id.Organisation `bson:"district"` // the sub-district's, copied
	Address                     *string         `bson:"address,omitempty"`
	OfficePhone                 *string         `bson:"officePhone,omitempty"` // of the office, not of a person
	EstablishedYear             *int            `bson:"establishedYear,omitempty"`
	Households                  *int            `bson:"households,omitempty"`
	Residents                   *int            `bson:"residents,omitempty"`
	Grids                       *int            `bson:"grids,omitempty"` // areas that one grid steward looks after
}

// Common gives the base itself.
func (b *Base) Common() *Base { return b }

// IsCommunity marks the four types.
func (*Base) IsCommunity() {}

// IsOrganisation marks a kind of organisation.
func (*Base) IsOrganisation() {}

// IsNode marks what can be found by its identifier alone.
func (*Base) IsNode() {}

// OrganisationKind says that it is a community.
func (*Base) OrganisationKind() organisation.Kind { return organisation.KindCommunity }

// Strategy is what co-building aims at here.
func (b *Base) Strategy() Strategy { return b.Type.Strategy() }

// Facts are what other rooms may need to know of it.
func (b *Base) Facts() organisation.Facts {
	return organisation.Facts{
		ID: b.ID, Kind: b.OrganisationKind(), Name: b.Name, NameEn: organisation.Told(b.NameEn),
		SubDistrict: b.SubDistrict, District: b.District, Above: []id.Organisation{b.SubDistrict, b.District},
		CommunityType: string(b.Type),
	}
}

// Stand says which organisations stand to it in a relation: it is its own, its sub-district and district are above.
func (b *Base) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{b.ID}
	case authz.Above:
		return []id.Organisation{b.SubDistrict, b.District}
	}
	return nil
}

// Audience is recorded on its events.
func (b *Base) Audience() []string {
	return []string{authz.Everybody, string(b.ID), string(b.SubDistrict), string(b.District)}
}

// RuralCommunity is a rural area (农村片区), where co-building means development.
type RuralCommunity struct {
	Base                `bson:",inline"`
	VillageGroups       *int            `bson:"villageGroups,omitempty"`
	FarmlandMu          *scalar.Decimal `bson:"farmlandMu,omitempty"` // in mu, 1/15 hectare
	LandTitlesConfirmed *bool           `bson:"landTitlesConfirmed,omitempty"`
	RenovatedVillages   *int            `bson:"renovatedVillages,omitempty"`
	OversightCommittee  *bool           `bson:"oversightCommittee,omitempty"` // of collective funds, assets and resources
	CollectiveIncome    *scalar.Decimal `bson:"collectiveIncome,omitempty"`   // yuan in the last full year
	MainIndustry        *string         `bson:"mainIndustry,omitempty"`
}

// OldEstateCommunity is an old residents' committee (老居委), where co-building means governance.
type OldEstateCommunity struct {
	Base           `bson:",inline"`
	Buildings      *int            `bson:"buildings,omitempty"`
	BuiltYear      *int            `bson:"builtYear,omitempty"` // of the oldest building
	RenovatedYear  *int            `bson:"renovatedYear,omitempty"`
	Volunteers     *int            `bson:"volunteers,omitempty"`
	VolunteerRoles []VolunteerRole `bson:"volunteerRoles,omitempty"` // those that somebody fills
}

// OpenVolunteerRoles are the roles that nobody fills yet.
func (c *OldEstateCommunity) OpenVolunteerRoles() []VolunteerRole {
	return without(VolunteerRoles(), c.VolunteerRoles)
}

// CommercialCommunity is one of commodity-housing estates (商品房小区), where co-building means integration.
type CommercialCommunity struct {
	Base            `bson:",inline"`
	Estates         *int             `bson:"estates,omitempty"`
	Buildings       *int             `bson:"buildings,omitempty"`
	BuiltYear       *int             `bson:"builtYear,omitempty"`
	Developer       *string          `bson:"developer,omitempty"`
	PropertyManager *id.Organisation `bson:"propertyManager,omitempty"` // a unit of that kind
	OwnersCommittee *bool            `bson:"ownersCommittee,omitempty"`
	ParkingPlaces   *int             `bson:"parkingPlaces,omitempty"`
	ActivityRooms   *int             `bson:"activityRooms,omitempty"`
}

// ResettlementCommunity is one of resettlement housing (安置小区), where co-building means advancement.
type ResettlementCommunity struct {
	Base                `bson:",inline"`
	Buildings           *int     `bson:"buildings,omitempty"`
	ResettledHouseholds *int     `bson:"resettledHouseholds,omitempty"`
	AwaitingHouseholds  *int     `bson:"awaitingHouseholds,omitempty"` // still without their flat
	OriginVillages      []string `bson:"originVillages,omitempty"`
	ResettledSince      *int     `bson:"resettledSince,omitempty"` // year in which the first moved in
}

// blank is an empty community of a type; nil for no type.
func blank(k Kind) Community {
	switch k {
	case Rural:
		return &RuralCommunity{}
	case OldEstate:
		return &OldEstateCommunity{}
	case Commercial:
		return &CommercialCommunity{}
	case Resettlement:
		return &ResettlementCommunity{}
	}
	return nil
}

var errType = errors.New("community of an unknown type")

// decodable is an empty community of a document's type.
func decodable(doc bson.Raw) (Community, error) {
	k, _ := doc.Lookup("type").StringValueOK()
	if c := blank(Kind(k)); c != nil {
		return c, nil
	}
	return nil, errType
}
