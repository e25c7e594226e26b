// Package delegation is the room of what organisations lend each other: one lets another act for it in one of its
// offices, for a time (委托): headquarters for a branch, a property manager for the community it looks after.
//
// While a delegation is in force, those who lead the organisation that took it hold the office besides their own. It is
// read with every request, so that it begins and ends at its moment, and ends at once when one of the two, or a body
// above, ends it. What such an office may do, and never may, says the table of rights.
package delegation

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The longest a delegation lasts, and how many an organisation has open at once on either side.
const (
	MaxYears = 1
	MaxOpen  = 20
)

// MaxReason bounds the reasons, in characters.
const MaxReason = 1000

// Delegation is the word of one organisation that another may act for it in an office, from a moment to a moment.
type Delegation struct {
	store.Meta[id.Delegation] `bson:",inline"`

	From       id.Organisation `bson:"from"` // who lends the office
	To         id.Organisation `bson:"to"`   // whose leading people hold it
	Role       authz.Role      `bson:"role"`
	StartsAt   time.Time       `bson:"startsAt"` // UTC; in force from here on, once it is accepted
	EndsAt     time.Time       `bson:"endsAt"`   // UTC; in force up to, not including
	Reason     string          `bson:"reason"`
	Status     Status          `bson:"status"`
	AcceptedAt *time.Time      `bson:"acceptedAt,omitempty"`
	EndedAt    *time.Time      `bson:"endedAt,omitempty"`
	EndedBy    id.Organisation `bson:"endedBy,omitempty"` // which side, or which body above; empty for time
	EndReason  string          `bson:"endReason,omitempty"`

	OfferedBy id.Person `bson:"offeredBy,omitempty"` // who cannot accept it as well

	Sides  []id.Organisation `bson:"sides"`           // both, for lists
	Above  []id.Organisation `bson:"above,omitempty"` // the bodies above the one that lends
	Open   string            `bson:"open,omitempty"`  // from, to and role until it has ended: of each there is one at a time
	WakeAt *time.Time        `bson:"wakeAt,omitempty"`
}

// IsNode marks a delegation as an object that the API finds by its identifier alone.
func (*Delegation) IsNode() {}

// Stand tells how organisations stand to the delegation.
func (d *Delegation) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return d.Sides
	case authz.Lending:
		return []id.Organisation{d.From}
	case authz.Borrowing:
		return []id.Organisation{d.To}
	case authz.Above:
		return d.Above
	}
	return nil
}

// Audience lists the organisations that may read it, for its events.
func (d *Delegation) Audience() []string {
	var out []string
	for _, o := range slices.Concat(d.Sides, d.Above) {
		out = append(out, string(o))
	}
	return out
}

// InForce says whether the office is lent at a moment.
func (d *Delegation) InForce(at time.Time) bool {
	return d.Status == Accepted && !at.Before(d.StartsAt) && at.Before(d.EndsAt)
}

// offer begins a delegation; it is for the other organisation to accept.
func (d *Delegation) offer() error {
	d.Sides, d.Open = []id.Organisation{d.From, d.To}, string(d.From)+" "+string(d.To)+" "+string(d.Role)
	d.WakeAt = &d.EndsAt
	if err := d.move(VerbOffer, Offered); err != nil {
		return err
	}
	return d.tell(ToldOffered)
}

// accept takes the office over.
func (d *Delegation) accept(by id.Person, at time.Time) error {
	if err := d.can(VerbAccept); err != nil {
		return err
	}
	if !at.Before(d.EndsAt) {
		return fault.New(fault.Refused, CodeOver, "endsAt", d.EndsAt)
	}
	if by != "" && by == d.OfferedBy {
		return fault.New(fault.Refused, CodeOwnOffer)
	}
	if err := d.move(VerbAccept, Accepted); err != nil {
		return err
	}
	d.AcceptedAt = &at
	return d.tell(ToldAccepted)
}

// end takes the office back, or lays it down, at once; by time where nobody does.
func (d *Delegation) end(by id.Organisation, reason string, at time.Time) error {
	v := VerbEnd
	if by == "" {
		v = VerbLapse
	}
	if err := d.move(v, Ended); err != nil {
		return err
	}
	d.EndedAt, d.EndedBy, d.EndReason, d.Open, d.WakeAt = &at, by, reason, "", nil
	return d.tell(ToldEnded)
}

func (d *Delegation) tell(what string) error {
	return d.Tell(what, Happened{From: d.From, To: d.To, Role: d.Role, StartsAt: d.StartsAt, EndsAt: d.EndsAt, Status: d.Status, EndedBy: d.EndedBy})
}
