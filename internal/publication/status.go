package publication

import (
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far the parties have come with making a contract public.
type Status string

// The states.
const (
	Proposed  Status = "PROPOSED"  // nothing is public; not all have agreed
	Published Status = "PUBLISHED" // something is public; more may be proposed
	Withdrawn Status = "WITHDRAWN" // nothing is public; one party has taken its consent back

	unborn Status = "" // before the first proposal
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Proposed, Published, Withdrawn} }

// Verb is what can be done about a publication, by people or by the program.
type Verb string

// The verbs.
const (
	VerbPropose  Verb = "PROPOSE"
	VerbAgree    Verb = "AGREE"
	VerbWithdraw Verb = "WITHDRAW"
	VerbFollow   Verb = "FOLLOW" // the contract has a party that has not agreed
)

// Verbs are those of people.
func Verbs() []Verb { return []Verb{VerbPropose, VerbAgree, VerbWithdraw} }

// Action is the verb's name in the table of who may do what.
func (v Verb) Action() string {
	switch v {
	case VerbPropose:
		return access.PublicationPropose
	case VerbAgree:
		return access.PublicationAgree
	case VerbWithdraw:
		return access.PublicationWithdraw
	}
	return access.PublicationFollow
}

// next is the whole of a publication's life: from a state, by a verb, to the states that the verb may lead to. A verb
// that is missing in a state is refused there.
func next() map[Status]map[Verb][]Status {
	return map[Status]map[Verb][]Status{
		unborn: {VerbPropose: {Proposed, Published}}, // at once where a host has no partner left
		Proposed: {
			VerbPropose:  {Proposed, Published}, // less than what the others have agreed to
			VerbAgree:    {Proposed, Published}, // by the last one
			VerbWithdraw: {Withdrawn},
			VerbFollow:   {Proposed},
		},
		Published: {
			VerbPropose:  {Published, Proposed}, // nothing of what was public
			VerbAgree:    {Published},           // to more of it
			VerbWithdraw: {Withdrawn},
			VerbFollow:   {Published, Proposed},
		},
		Withdrawn: {VerbPropose: {Proposed, Published}},
	}
}

// can refuses a verb that the state does not have.
func (p *Publication) can(v Verb) error {
	if _, ok := next()[p.Status][v]; ok {
		return nil
	}
	return fault.New(fault.Refused, CodeWrongState, "status", p.Status, "verb", v)
}

// move is the one place where a publication's state changes.
func (p *Publication) move(v Verb, to Status) error {
	if !slices.Contains(next()[p.Status][v], to) {
		return fault.New(fault.Refused, CodeWrongState, "status", p.Status, "verb", v)
	}
	p.Status = to
	return nil
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status { return slices.Clone(next()[from][by]) }
