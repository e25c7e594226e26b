// Package exchange says what needs and resources have in common: what they are about, when, where, until when, whom they
// are shown to, and the claims on them. The rooms of needs and of resources stand on it and never on each other.
//
// What is claimed is counted in the document of the need or the resource itself, so that one write decides and nothing
// is ever given away twice.
package exchange

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Audience is for whom something is lacking or offered.
type Audience string

// The audiences.
const (
	Residents   Audience = "RESIDENTS"
	Elders      Audience = "ELDERS"
	Children    Audience = "CHILDREN" // and youths
	Families    Audience = "FAMILIES"
	Women       Audience = "WOMEN"
	Disabled    Audience = "PEOPLE_WITH_DISABILITIES"
	Hardship    Audience = "PEOPLE_IN_HARDSHIP"
	JobSeekers  Audience = "JOB_SEEKERS"
	Workers     Audience = "WORKERS" // on the move: couriers, riders, drivers
	Newcomers   Audience = "NEWCOMERS"
	Villagers   Audience = "VILLAGERS"
	Businesses  Audience = "BUSINESSES" // shops and small firms
	Volunteers  Audience = "VOLUNTEERS"
	Units       Audience = "UNITS"
	Communities Audience = "COMMUNITIES"
)

// Audiences are all of them, in the order in which people list them.
func Audiences() []Audience {
	return []Audience{
		Residents, Elders, Children, Families, Women, Disabled, Hardship, JobSeekers, Workers, Newcomers, Villagers, Businesses,
		Volunteers, Units, Communities,
	}
}

// Visibility is whom something is shown to once it is published, besides its own people and the bodies above.
type Visibility string

// The visibilities, the narrowest first.
const (
	ToOrganisations Visibility = "ORGANISATIONS"    // that are named
	ToSubDistrict   Visibility = "OWN_SUB_DISTRICT" // the publisher's: every organisation there
	ToDistrict      Visibility = "DISTRICT"         // the publisher's: every organisation there
	ToAll           Visibility = "PUBLIC"
)

// Visibilities are all of them.
func Visibilities() []Visibility {
	return []Visibility{ToOrganisations, ToSubDistrict, ToDistrict, ToAll}
}

// Listing is what a need and a resource have in common. The lists' own fields below are made by Settle.
type Listing struct {
	Publisher     id.Organisation   `bson:"publisher"`               // a community or a resident unit
	CommunityType *CommunityType    `bson:"communityType,omitempty"` // of a community
	UnitKind      *UnitKind         `bson:"unitKind,omitempty"`      // of a unit
	SubDistricts  []id.Organisation `bson:"subDistricts"`            // of the publisher; a unit may have several
	Districts     []id.Organisation `bson:"districts"`

	Category       string            `bson:"category"` // the code
	Title          string            `bson:"title"`
	Text           string            `bson:"text,omitempty"`
	Audiences      []Audience        `bson:"audiences"`
	Quantity       int64             `bson:"quantity"` // 1 to MaxQuantity
	Unit           string            `bson:"unit"`     // of what the quantity counts
	Windows        []*Window         `bson:"windows,omitempty"`
	Place          *Place            `bson:"place,omitempty"`
	ValidUntil     scalar.Date       `bson:"validUntil"` // the last day, in Zone
	Visibility     Visibility        `bson:"visibility"`
	Named          []id.Organisation `bson:"named,omitempty"` // to whom it is shown, with ToOrganisations
	AsksAcceptance bool              `bson:"asksAcceptance"`  // whether a claim waits for the publisher's word

	Claims []*Claim `bson:"claims,omitempty"` // at most MaxClaims, the oldest first

	Taken     int64             `bson:"taken"`               // what live claims hold, never above Quantity
	Claimants []id.Organisation `bson:"claimants,omitempty"` // who has a claim, an ended one too
	Seers     []string          `bson:"seers"`               // who may read it, as the lists' index knows them
	DueAt     *time.Time        `bson:"dueAt,omitempty"`     // when time has something to do here
}

// CommunityType is the type of the community that publishes, in its own room's words.
type CommunityType string

// UnitKind is what the unit that publishes is, in its own room's words.
type UnitKind string

// Window is a time in which something is wanted or can be had: days from one to another, all of them or those of a rule,
// and hours of the day.
type Window struct {
	StartsOn   scalar.Date `bson:"startsOn"`
	EndsOn     scalar.Date `bson:"endsOn"`               // the last day
	Recurrence *string     `bson:"recurrence,omitempty"` // RFC 5545; every day where absent
	From       *string     `bson:"from,omitempty"`       // the hour, as 09:00; the whole day where absent
	To         *string     `bson:"to,omitempty"`         // as 17:30, behind From
}

// Place is where something is wanted or can be had.
type Place struct {
	Address *string `bson:"address,omitempty"`
	Point   *Point  `bson:"point,omitempty"`
}

// Point is a place on the map, as GeoJSON (RFC 7946) writes it: longitude before latitude, in degrees of WGS 84.
type Point struct {
	Type        string    `bson:"type"` // always Point
	Coordinates []float64 `bson:"coordinates"`
}

// Longitude is the first coordinate.
func (p *Point) Longitude() float64 { return p.Coordinates[0] }

// Latitude is the second coordinate.
func (p *Point) Latitude() float64 { return p.Coordinates[1] }

// Zone is where days begin and end: the whole country keeps one time, the year round.
func Zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// Expired says whether the last day is over.
func (l *Listing) Expired(at time.Time) bool { return !at.Before(l.ValidUntil.End(Zone())) }

// Left is what nobody holds.
func (l *Listing) Left() int64 { return l.Quantity - l.Taken }

// Community is the publisher, where it is a community; empty else.
func (l *Listing) Community() id.Organisation {
	if id.Is(string(l.Publisher), id.KindCommunity) {
		return l.Publisher
	}
	return ""
}

// ResidentUnit is the publisher, where it is a unit; empty else.
func (l *Listing) ResidentUnit() id.Organisation {
	if id.Is(string(l.Publisher), id.KindUnit) {
		return l.Publisher
	}
	return ""
}

// House notes what is known of the publisher, and where it lies. It says whether anything is another than before.
func (l *Listing) House(f organisation.Facts) bool {
	subs, districts := []id.Organisation{}, []id.Organisation{}
	for _, o := range f.Above {
		if id.Is(string(o), id.KindSubDistrict) {
			subs = append(subs, o)
		} else {
			districts = append(districts, o)
		}
	}
	kind, sort := (*CommunityType)(said(f.CommunityType)), (*UnitKind)(said(f.UnitKind))
	same := l.Publisher == f.ID && slices.Equal(subs, l.SubDistricts) && slices.Equal(districts, l.Districts) &&
		equal(kind, l.CommunityType) && equal(sort, l.UnitKind)
	l.Publisher, l.CommunityType, l.UnitKind, l.SubDistricts, l.Districts = f.ID, kind, sort, subs, districts
	return !same
}

func said(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Above are the bodies above the publisher.
func (l *Listing) Above() []id.Organisation { return slices.Concat(l.SubDistricts, l.Districts) }

// Addressed are the organisations, and the bodies with all organisations below them, to which it is shown once it is
// published; Everybody stands for all.
func (l *Listing) Addressed() []id.Organisation {
	switch l.Visibility {
	case ToAll:
		return []id.Organisation{authz.Everybody}
	case ToDistrict:
		return append([]id.Organisation{l.Publisher}, l.Districts...)
	case ToSubDistrict:
		return append([]id.Organisation{l.Publisher}, l.SubDistricts...)
	case ToOrganisations:
	}
	return append([]id.Organisation{l.Publisher}, l.Named...)
}

// Stands tells how organisations stand to it. To whom it is addressed counts only while it is shown.
func (l *Listing) Stands(r authz.Relation, shown bool) []id.Organisation {
	switch {
	case r == authz.Own:
		return []id.Organisation{l.Publisher}
	case r == authz.Above:
		return l.Above()
	case r == authz.Claiming:
		return l.Claimants
	case r == authz.Addressed && shown:
		return l.Addressed()
	}
	return nil
}

// Hearers is recorded on its events: who may read it.
func (l *Listing) Hearers(shown bool) []string {
	out := organisation.Keys(slices.Concat([]id.Organisation{l.Publisher}, l.Above(), l.Claimants))
	if shown {
		for _, o := range l.Addressed() {
			out = append(out, authz.ShownTo(o))
		}
	}
	return out
}

// The beginnings of what Seers holds, one for each relation.
const (
	seesAsOwn       = "o:"
	seesAsAbove     = "a:"
	seesAsClaimant  = "c:"
	seesAsAddressed = "r:"
)

// Settle brings up to date what follows from the rest: what is taken, and who may read it.
func (l *Listing) Settle(shown bool) {
	l.Taken, l.Claimants = 0, nil
	for _, c := range l.Claims {
		if c.Status.Live() {
			l.Taken += c.Quantity
		}
		if !slices.Contains(l.Claimants, c.Claimant) {
			l.Claimants = append(l.Claimants, c.Claimant)
		}
	}
	l.Seers = nil
	for _, as := range []struct {
		word string
		by   authz.Relation
	}{{seesAsOwn, authz.Own}, {seesAsAbove, authz.Above}, {seesAsClaimant, authz.Claiming}, {seesAsAddressed, authz.Addressed}} {
		for _, o := range l.Stands(as.by, shown) {
			l.Seers = append(l.Seers, as.word+string(o))
		}
	}
}

// Veil takes from what a caller is shown that which is only for the sides: what was said with a claim and who made it,
// and to which organisations it is shown. It says whether the caller is on neither the publisher's side nor above.
func (l *Listing) Veil(a authz.Actor) bool {
	acts := func(o id.Organisation) bool {
		return slices.ContainsFunc(a.Holdings, func(h authz.Holding) bool { return h.Organisation == o && h.Role != authz.Member })
	}
	if acts(l.Publisher) || slices.ContainsFunc(l.Above(), acts) {
		return false
	}
	l.Named = nil
	for _, c := range l.Claims {
		if !acts(c.Claimant) {
			c.Remark, c.Reason, c.By = nil, nil, ""
		}
	}
	return true
}
