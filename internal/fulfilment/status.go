package fulfilment

import (
	"slices"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far a fulfilment has come.
type Status string

// The states.
const (
	Due      Status = "DUE"      // its day has not passed, nothing is reported
	Overdue  Status = "OVERDUE"  // its day has passed unreported; it can still be reported, and is then late
	Reported Status = "REPORTED" // the provider says it is done
	Accepted Status = "ACCEPTED" // all receivers agree, or were silent for 14 days
	Disputed Status = "DISPUTED" // a receiver does not agree
	Resolved Status = "RESOLVED" // the dispute has ended, with an outcome
	Waived   Status = "WAIVED"   // the receivers do without; it counts for nothing
	Closed   Status = "CLOSED"   // it will not come to its day: the contract has ended or was amended, rested then, or a party has left; it counts for nothing

	Suspended Status = "SUSPENDED" // the contract rests; it is not due, and cannot be reported
)

// Statuses are all of them, in the order of a fulfilment's life.
func Statuses() []Status {
	return []Status{Due, Overdue, Reported, Accepted, Disputed, Resolved, Waived, Closed, Suspended}
}

// Verb is what can be done to a fulfilment, by people or by time.
type Verb string

// The verbs.
const (
	VerbReport  Verb = "REPORT"
	VerbAccept  Verb = "ACCEPT"
	VerbDispute Verb = "DISPUTE"
	VerbResolve Verb = "RESOLVE"
	VerbLapse   Verb = "LAPSE"   // time does, at the end of its day
	VerbSilence Verb = "SILENCE" // time does, after 14 days without an answer
	VerbClose   Verb = "CLOSE"   // the contract's end does, its rest, or a party's exit

	VerbWaive   Verb = "WAIVE"
	VerbSuspend Verb = "SUSPEND" // the contract's suspension does
	VerbResume  Verb = "RESUME"  // its resumption does

	VerbReplan Verb = "REPLAN" // an amendment does, to what an earlier one had closed
)

// Verbs are all of them.
func Verbs() []Verb {
	return append(PeoplesVerbs(), VerbLapse, VerbSilence, VerbClose, VerbSuspend, VerbResume, VerbReplan)
}

// PeoplesVerbs are those that people have.
func PeoplesVerbs() []Verb {
	return []Verb{VerbReport, VerbAccept, VerbDispute, VerbResolve, VerbWaive}
}

// next is the whole of a fulfilment's life: from a state, by a verb, to the states that the verb may lead to. A verb
// that is missing in a state is refused there.
func next() map[Status]map[Verb][]Status {
	return map[Status]map[Verb][]Status{
		Due: {
			VerbReport: {Reported}, VerbLapse: {Overdue}, VerbClose: {Closed}, VerbSuspend: {Suspended},
			VerbWaive: {Due, Waived}, // by the last receiver
		},
		Overdue: {
			VerbReport: {Reported}, VerbWaive: {Overdue, Waived},
			VerbClose: {Closed}, VerbSuspend: {Suspended}, // its day passed before the contract's news came
		},
		Suspended: {VerbResume: {Due}, VerbClose: {Closed}},
		Closed:    {VerbReplan: {Due}},
		Reported: {
			VerbAccept:  {Reported, Accepted}, // by the last receiver
			VerbDispute: {Disputed},
			VerbSilence: {Accepted},
		},
		Disputed: {VerbResolve: {Disputed, Resolved}}, // when all sides agree, or a body above decides
	}
}

// can refuses a verb that the fulfilment's state does not have.
func (f *Fulfilment) can(v Verb) error {
	if _, ok := next()[f.Status][v]; ok {
		return nil
	}
	return wrongState(f.Status, v)
}

// move is the one place where a fulfilment's state changes.
func (f *Fulfilment) move(v Verb, to Status) error {
	if !slices.Contains(next()[f.Status][v], to) {
		return wrongState(f.Status, v)
	}
	f.Status = to
	return nil
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status { return slices.Clone(next()[from][by]) }

func wrongState(s Status, v Verb) error {
	return fault.New(fault.Refused, CodeWrongState, "status", s, "verb", v)
}
