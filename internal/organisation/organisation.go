// Package organisation says what districts, sub-districts, communities and resident units have in common, so that
// the other rooms can speak of any of them without knowing which.
//
// What is told here is public: facts about bodies, never about persons.
package organisation

import (
	"github.com/cobuild/cobuild/internal/id"
)

// Kind is what an organisation is.
type Kind string

// The kinds.
const (
	KindDistrict     Kind = "DISTRICT"      // supervises sub-districts
	KindSubDistrict  Kind = "SUB_DISTRICT"  // supervises communities
	KindCommunity    Kind = "COMMUNITY"     // hosts co-building
	KindResidentUnit Kind = "RESIDENT_UNIT" // is stationed in a community's area
)

// Organisation is any body that can hold roles: a pointer to a district, a sub-district, one of the four communities
// or a resident unit.
type Organisation interface {
	// IsNode marks what can be found by its identifier alone.
	IsNode()
	// IsOrganisation marks the kinds of organisation among other types.
	IsOrganisation()
	// OrganisationKind is what it is.
	OrganisationKind() Kind
	// Facts are what other rooms may need to know of it.
	Facts() Facts
}

// Facts are what other rooms may need to know of an organisation. The zero Facts stand for one that does not exist.
type Facts struct {
	ID            id.Organisation
	Kind          Kind
	Name          string // in Chinese, as registered
	NameEn        string // in English; may be empty
	CreditCode    string // unified social credit code of a unit; may be empty
	SubDistrict   id.Organisation
	District      id.Organisation   // both are the body above it: empty for a district, of a unit's first community
	Above         []id.Organisation // every body that supervises it, never itself; a unit may have several
	Communities   []id.Organisation // those a unit reports to
	CommunityType string            // of a community: RURAL, OLD_ESTATE, COMMERCIAL or RESETTLEMENT
	UnitKind      string            // of a unit, as SCHOOL
}

// Exists says whether there is such an organisation.
func (f Facts) Exists() bool { return f.ID != "" }

// CanHost says whether it can host a contract: communities can.
func (f Facts) CanHost() bool { return f.Kind == KindCommunity }

// CanPartner says whether it can be a contract's partner: resident units can.
func (f Facts) CanPartner() bool { return f.Kind == KindResidentUnit }

// Told is an optional text, empty where it was not told.
func Told(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
