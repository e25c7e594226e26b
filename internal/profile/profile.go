// Package profile is the room of cooperation profiles (共建资料): facts that a community or a resident unit keeps to itself
// and that those with whom it builds need, as the telephone of its duty room, its halls and their hours, its volunteers.
//
// Nothing of a profile is public. The organisation's own people and the bodies above read all of it. Anybody else reads
// what a contract in force shares with their organisation, field by field, and only as long as it does: that is asked of
// the contracts with every reading, so that a right that ends, ends at once.
package profile

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of what a profile tells.
const (
	MaxHours      = 500 // characters of the opening hours
	MaxFacilities = 30
	MaxName       = 60  // characters of a facility's name
	MaxNote       = 300 // characters of what is said of a facility
	MaxCount      = 1_000_000
	MaxBudget     = 1_000_000_000
)

// Fact is a part of a profile that a contract can share, field by field.
type Fact string

// The fields, under the names that contracts have for them. None of them is about a person.
const (
	DutyPhone     Fact = "DUTY_PHONE"
	OfficeEmail   Fact = "OFFICE_EMAIL"
	OpeningHours  Fact = "OPENING_HOURS"
	Facilities    Fact = "FACILITIES"
	SharedParking Fact = "SHARED_PARKING"
	Volunteers    Fact = "VOLUNTEERS"
	YearlyBudget  Fact = "YEARLY_BUDGET"
)

// Facts are all of them, in the order in which they are told.
func Facts() []Fact {
	return []Fact{DutyPhone, OfficeEmail, OpeningHours, Facilities, SharedParking, Volunteers, YearlyBudget}
}

// Profile is what one organisation tells those with whom it builds. Each organisation has one, once it has told anything.
type Profile struct {
	store.Meta[id.Profile] `bson:",inline"`

	Organisation  id.Organisation   `bson:"organisation"`
	Above         []id.Organisation `bson:"above,omitempty"`     // the bodies that supervise it
	DutyPhone     *string           `bson:"dutyPhone,omitempty"` // of a room that is manned, never of a person
	OfficeEmail   *string           `bson:"officeEmail,omitempty"`
	OpeningHours  *string           `bson:"openingHours,omitempty"`
	Facilities    []*Facility       `bson:"facilities,omitempty"`
	SharedParking *int              `bson:"sharedParking,omitempty"`
	Volunteers    *int              `bson:"volunteers,omitempty"`
	YearlyBudget  *Budget           `bson:"yearlyBudget,omitempty"`

	// Hidden are the fields that the caller is not shown, whether anything stands in them or not.
	Hidden []Fact  `bson:"-"`
	shared []Share // what contracts share of it with the caller's organisations at this moment
}

// Facility is a hall, a room or a yard that partners may use.
type Facility struct {
	Name     string  `bson:"name"`
	Capacity *int    `bson:"capacity,omitempty"` // people
	Note     *string `bson:"note,omitempty"`
}

// Budget is what is set aside for co-building in a year.
type Budget struct {
	Amount   scalar.Decimal `bson:"amount"`
	Currency string         `bson:"currency"` // ISO 4217, as CNY
}

// Share is what one contract lets an organisation read of another at this moment.
type Share struct {
	Contract id.Contract
	Subject  id.Organisation
	Reader   id.Organisation
	Fields   []Fact
	Purpose  string
	Until    scalar.Date // the last day
}

// IDOf is the identifier of an organisation's profile.
func IDOf(o id.Organisation) id.Profile { return id.Derived[id.Profile](id.KindProfile, string(o)) }

// IsNode marks a profile as an object that the API finds by its identifier alone.
func (*Profile) IsNode() {}

// Stand tells how organisations stand to the profile: whose it is, who is above, and with whom a contract shares something
// of it at this moment, as far as that was asked for.
func (p *Profile) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{p.Organisation}
	case authz.Above:
		return p.Above
	case authz.Reading:
		var out []id.Organisation
		for _, s := range p.shared {
			if !slices.Contains(out, s.Reader) {
				out = append(out, s.Reader)
			}
		}
		return out
	}
	return nil
}

// Audience lists the organisations that read all of it, for its events.
func (p *Profile) Audience() []string {
	out := []string{string(p.Organisation)}
	for _, o := range p.Above {
		out = append(out, string(o))
	}
	return out
}

// Whole says whether the caller reads all of it.
func (p *Profile) Whole() bool { return len(p.Hidden) == 0 }

// show leaves of the profile what the fields name, and takes everything else out. How often and when it was changed is
// taken out too: that would tell of fields that are not shared.
func (p *Profile) show(only []Fact) {
	p.Hidden = []Fact{}
	for _, f := range Facts() {
		if !slices.Contains(only, f) {
			p.Hidden = append(p.Hidden, f)
			p.clear(f)
		}
	}
	if !p.Whole() {
		p.Above, p.Version = nil, 0
	}
}

func (p *Profile) clear(f Fact) {
	switch f {
	case DutyPhone:
		p.DutyPhone = nil
	case OfficeEmail:
		p.OfficeEmail = nil
	case OpeningHours:
		p.OpeningHours = nil
	case Facilities:
		p.Facilities = nil
	case SharedParking:
		p.SharedParking = nil
	case Volunteers:
		p.Volunteers = nil
	case YearlyBudget:
		p.YearlyBudget = nil
	}
}

// EventUpdated is told of every change, with a Happened.
const EventUpdated = "profile.updated"

// Happened is what an event says of a profile: which fields were changed, and never what stands in them.
type Happened struct {
	Organisation id.Organisation `bson:"organisation"`
	Changed      []Fact          `bson:"changed"`
}

// SharedBy is what contracts share of it with the caller's organisations at this moment.
func (p *Profile) SharedBy() []*Share {
	out := make([]*Share, len(p.shared))
	for i := range p.shared {
		out[i] = &p.shared[i]
	}
	return out
}
