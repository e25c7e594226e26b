package resource

import (
	"slices"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far a resource has come.
type Status string

// The states.
const (
	Draft     Status = "DRAFT"     // its own people see it
	Offered   Status = "OFFERED"   // open to claims
	Exhausted Status = "EXHAUSTED" // all of it is claimed
	Withdrawn Status = "WITHDRAWN"
	Expired   Status = "EXPIRED"

	unborn Status = "" // before it was written down
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Draft, Offered, Exhausted, Withdrawn, Expired} }

// Shown says whether those to whom a resource is addressed see it in the state.
func (s Status) Shown() bool { return s == Offered || s == Exhausted }

// Over says whether nothing more happens in the state.
func (s Status) Over() bool { return s == Withdrawn || s == Expired }

// Verb is what can be done with a resource.
type Verb string

// The verbs.
const (
	VerbDraft    Verb = "DRAFT"
	VerbChange   Verb = "CHANGE"
	VerbOffer    Verb = "OFFER"
	VerbClaim    Verb = "CLAIM"
	VerbAccept   Verb = "ACCEPT_CLAIM"
	VerbDecline  Verb = "DECLINE_CLAIM"
	VerbLeave    Verb = "WITHDRAW_CLAIM"
	VerbWithdraw Verb = "WITHDRAW"
	VerbExpire   Verb = "EXPIRE" // time
)

// Verbs are all of them, in the order of a resource's life.
func Verbs() []Verb {
	return []Verb{VerbDraft, VerbChange, VerbOffer, VerbClaim, VerbAccept, VerbDecline, VerbLeave, VerbWithdraw, VerbExpire}
}

// next is the whole of a resource's life: from a state, by a verb, to the states that the verb may lead to. A verb that
// is missing in a state is refused there.
func next() map[Status]map[Verb][]Status {
	return map[Status]map[Verb][]Status{
		unborn: {VerbDraft: {Draft}, VerbOffer: {Offered}},
		Draft:  {VerbChange: {Draft}, VerbOffer: {Offered}, VerbWithdraw: {Withdrawn}, VerbExpire: {Expired}},
		Offered: {
			VerbClaim: {Offered, Exhausted}, VerbAccept: {Offered}, VerbDecline: {Offered}, VerbLeave: {Offered},
			VerbWithdraw: {Withdrawn}, VerbExpire: {Expired},
		},
		Exhausted: {
			VerbAccept: {Exhausted}, VerbDecline: {Offered}, VerbLeave: {Offered},
			VerbWithdraw: {Withdrawn}, VerbExpire: {Expired},
		},
	}
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status { return slices.Clone(next()[from][by]) }

// can refuses a verb that the state does not have.
func (r *Resource) can(v Verb) error {
	if _, ok := next()[r.Status][v]; ok {
		return nil
	}
	return fault.New(fault.Refused, CodeWrongState, "status", "RESOURCE_"+r.Status, "verb", v)
}

// move is the one place where a resource's state changes.
func (r *Resource) move(v Verb, to Status) error {
	if !slices.Contains(next()[r.Status][v], to) {
		return fault.New(fault.Refused, CodeWrongState, "status", "RESOURCE_"+r.Status, "verb", v)
	}
	r.Status = to
	return nil
}
