// Package unit keeps the resident units (驻社区单位): schools, hospitals, banks, enterprises and other bodies stationed
// in the area of one or several communities.
//
// What is kept here is public, and about the unit as a body: nothing about a person.
package unit

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Kind is what a resident unit is.
type Kind string

// The kinds.
const (
	School             Kind = "SCHOOL"
	Hospital           Kind = "HOSPITAL"
	Enterprise         Kind = "ENTERPRISE"
	GovernmentAgency   Kind = "GOVERNMENT_AGENCY"
	Bank               Kind = "BANK"
	PropertyManager    Kind = "PROPERTY_MANAGER"    // 物业
	SocialOrganisation Kind = "SOCIAL_ORGANISATION" // 社会组织
	Military           Kind = "MILITARY"
	ResearchInstitute  Kind = "RESEARCH_INSTITUTE"
	Other              Kind = "OTHER"
)

// Kinds are all of them, in the order in which people list them.
func Kinds() []Kind {
	return []Kind{
		School, Hospital, Enterprise, GovernmentAgency, Bank, PropertyManager, SocialOrganisation, Military,
		ResearchInstitute, Other,
	}
}

// Valid says whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// NeedsCreditCode says whether a unit of the kind must tell its unified social credit code: all but the armed forces.
func (k Kind) NeedsCreditCode() bool { return k != Military }

// DualRegistration (双报到) is a unit's reporting to one of the communities in whose area it is stationed.
type DualRegistration struct {
	Community id.Organisation `bson:"community"`
	Since     scalar.Date     `bson:"since"`
}

// ResidentUnit is a body stationed in a community's area. Numbers that nobody has told are nil.
type ResidentUnit struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Kind                        Kind               `bson:"kind"`
	Name                        string             `bson:"name"`
	NameEn                      *string            `bson:"nameEn,omitempty"`
	CreditCode                  *string            `bson:"creditCode,omitempty"` // GB 32100-2015; unique
	Registrations               []DualRegistration `bson:"registrations"`        // 1 to 20, one for each community
	Communities                 []id.Organisation  `bson:"communities"`          // theirs, in the same order
	SubDistricts                []id.Organisation  `bson:"subDistricts"`         // the communities', copied
	Districts                   []id.Organisation  `bson:"districts"`            // the communities', copied
	Profile                     *string            `bson:"profile,omitempty"`
	Address                     *string            `bson:"address,omitempty"`
	OfficePhone                 *string            `bson:"officePhone,omitempty"` // of the office, not of a person
	Staff                       *int               `bson:"staff,omitempty"`
	Services                    []string           `bson:"services,omitempty"` // what it can do for a community
}

// IsOrganisation marks a kind of organisation.
func (*ResidentUnit) IsOrganisation() {}

// IsNode marks what can be found by its identifier alone.
func (*ResidentUnit) IsNode() {}

// OrganisationKind says that it is a resident unit.
func (*ResidentUnit) OrganisationKind() organisation.Kind { return organisation.KindResidentUnit }

// Facts are what other rooms may need to know of it.
func (u *ResidentUnit) Facts() organisation.Facts {
	f := organisation.Facts{
		ID: u.ID, Kind: u.OrganisationKind(), Name: u.Name, NameEn: organisation.Told(u.NameEn),
		CreditCode: organisation.Told(u.CreditCode), Communities: slices.Clone(u.Communities), UnitKind: string(u.Kind),
		Above: slices.Concat(u.SubDistricts, u.Districts),
	}
	if len(u.SubDistricts) > 0 && len(u.Districts) > 0 {
		f.SubDistrict, f.District = u.SubDistricts[0], u.Districts[0]
	}
	return f
}

// Stand says which organisations stand to it in a relation: it is its own, the communities it reports to host it,
// their sub-districts and districts are above.
func (u *ResidentUnit) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{u.ID}
	case authz.Hosting:
		return u.Communities
	case authz.Above:
		return slices.Concat(u.SubDistricts, u.Districts)
	}
	return nil
}

// Audience is recorded on its events.
func (u *ResidentUnit) Audience() []string {
	return organisation.Keys(slices.Concat([]id.Organisation{authz.Everybody, u.ID}, u.Communities, u.SubDistricts, u.Districts))
}

// settle takes its registrations' communities and copies where they lie. places are the communities' facts, in the
// registrations' order. It says whether anything is another than before.
func (u *ResidentUnit) settle(places []organisation.Facts) bool {
	var communities, subs, districts []id.Organisation
	for i, r := range u.Registrations {
		communities = append(communities, r.Community)
		if !places[i].Exists() {
			continue
		}
		subs = withOne(subs, places[i].SubDistrict)
		districts = withOne(districts, places[i].District)
	}
	same := slices.Equal(communities, u.Communities) && slices.Equal(subs, u.SubDistricts) && slices.Equal(districts, u.Districts)
	u.Communities, u.SubDistricts, u.Districts = communities, subs, districts
	return !same
}

func withOne(all []id.Organisation, o id.Organisation) []id.Organisation {
	if slices.Contains(all, o) {
		return all
	}
	return append(all, o)
}
