package delegation

import (
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far a delegation has come.
type Status string

// The states.
const (
	Offered  Status = "OFFERED"  // the other organisation has not accepted it
	Accepted Status = "ACCEPTED" // in force between its two moments
	Ended    Status = "ENDED"

	unborn Status = ""
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Offered, Accepted, Ended} }

// Verb is what can be done to a delegation.
type Verb string

// The verbs.
const (
	VerbOffer  Verb = "OFFER"
	VerbAccept Verb = "ACCEPT"
	VerbEnd    Verb = "END"
	VerbLapse  Verb = "LAPSE" // its time is over
)

// Verbs are those of people to one that is there.
func Verbs() []Verb { return []Verb{VerbAccept, VerbEnd} }

// Action is the verb's name in the table of who may do what.
func (v Verb) Action() string {
	switch v {
	case VerbOffer:
		return access.DelegationOffer
	case VerbAccept:
		return access.DelegationAccept
	case VerbEnd:
		return access.DelegationEnd
	}
	return access.DelegationTime
}

// next is the whole of a delegation's life.
func next() map[Status]map[Verb]Status {
	return map[Status]map[Verb]Status{
		unborn:   {VerbOffer: Offered},
		Offered:  {VerbAccept: Accepted, VerbEnd: Ended, VerbLapse: Ended},
		Accepted: {VerbEnd: Ended, VerbLapse: Ended},
	}
}

// can refuses a verb that the state does not have.
func (d *Delegation) can(v Verb) error {
	if _, ok := next()[d.Status][v]; ok {
		return nil
	}
	return fault.New(fault.Refused, CodeWrongState, "status", d.Status, "verb", v)
}

// move is the one place where a delegation's state changes.
func (d *Delegation) move(v Verb, to Status) error {
	if err := d.can(v); err != nil {
		return err
	}
	if next()[d.Status][v] != to {
		return fault.New(fault.Refused, CodeWrongState, "status", d.Status, "verb", v)
	}
	d.Status = to
	return nil
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status {
	to, ok := next()[from][by]
	if !ok {
		return nil
	}
	return slices.Clone([]Status{to})
}
