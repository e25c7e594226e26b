// Package district keeps the supervising bodies: districts (区) and their sub-districts, towns and zones (街道, 镇).
//
// A sub-district belongs to one district for good. What is kept here is public.
package district

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// District supervises sub-districts: a district or county of a city, or a city without districts.
type District struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Name                        string  `bson:"name"`             // unique
	NameEn                      *string `bson:"nameEn,omitempty"` // in English
	Code                        *string `bson:"code,omitempty"`   // GB/T 2260, six digits; unique
}

// IsOrganisation marks a kind of organisation.
func (*District) IsOrganisation() {}

// IsNode marks what can be found by its identifier alone.
func (*District) IsNode() {}

// OrganisationKind says that it is a district.
func (*District) OrganisationKind() organisation.Kind { return organisation.KindDistrict }

// Facts are what other rooms may need to know of it.
func (d *District) Facts() organisation.Facts {
	return organisation.Facts{ID: d.ID, Kind: d.OrganisationKind(), Name: d.Name, NameEn: organisation.Told(d.NameEn)}
}

// Stand says which organisations stand to it in a relation: it is its own.
func (d *District) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own {
		return []id.Organisation{d.ID}
	}
	return nil
}

// Audience is recorded on its events.
func (d *District) Audience() []string { return []string{authz.Everybody, string(d.ID)} }

// SubDistrictKind is what a sub-district is.
type SubDistrictKind string

// The kinds of sub-districts.
const (
	Street SubDistrictKind = "STREET" // 街道, sub-district of a city
	Town   SubDistrictKind = "TOWN"   // 镇 or 乡
	Zone   SubDistrictKind = "ZONE"   // 开发区, a development zone that supervises communities itself
)

// Valid says whether k is one of the kinds.
func (k SubDistrictKind) Valid() bool { return k == Street || k == Town || k == Zone }

// SubDistrict supervises communities.
type SubDistrict struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Kind                        SubDistrictKind `bson:"kind"`
	Name                        string          `bson:"name"`             // unique within the district
	NameEn                      *string         `bson:"nameEn,omitempty"` // in English
	Code                        *string         `bson:"code,omitempty"`   // GB/T 10114, nine digits; unique
	District                    id.Organisation `bson:"district"`
}

// IsOrganisation marks a kind of organisation.
func (*SubDistrict) IsOrganisation() {}

// IsNode marks what can be found by its identifier alone.
func (*SubDistrict) IsNode() {}

// OrganisationKind says that it is a sub-district.
func (*SubDistrict) OrganisationKind() organisation.Kind { return organisation.KindSubDistrict }

// Facts are what other rooms may need to know of it.
func (s *SubDistrict) Facts() organisation.Facts {
	return organisation.Facts{
		ID: s.ID, Kind: s.OrganisationKind(), Name: s.Name, NameEn: organisation.Told(s.NameEn),
		District: s.District, Above: []id.Organisation{s.District},
	}
}

// Stand says which organisations stand to it in a relation: it is its own, its district is above.
func (s *SubDistrict) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{s.ID}
	case authz.Above:
		return []id.Organisation{s.District}
	}
	return nil
}

// Audience is recorded on its events.
func (s *SubDistrict) Audience() []string {
	return []string{authz.Everybody, string(s.ID), string(s.District)}
}
