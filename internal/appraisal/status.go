package appraisal

import (
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far an appraisal has come.
type Status string

// The states.
const (
	Invited   Status = "INVITED"   // the organisation is asked for it
	Submitted Status = "SUBMITTED" // it is in and sealed; its author may still write it anew
	Final     Status = "FINAL"     // it is sealed for good, and opened as soon as the other one is too
	Opened    Status = "OPENED"    // whoever may read it reads it
	Missed    Status = "MISSED"    // nothing came in time
)

// Statuses are all of them, in the order of an appraisal's life.
func Statuses() []Status { return []Status{Invited, Submitted, Final, Opened, Missed} }

// Verb is what can be done to an appraisal, by people or by time.
type Verb string

// The verbs.
const (
	VerbSubmit   Verb = "SUBMIT"
	VerbAnswer   Verb = "ANSWER"
	VerbFinalise Verb = "FINALISE" // when both are in, or at the end of the time
	VerbMiss     Verb = "MISS"     // at the end of the time
	VerbOpen     Verb = "OPEN"     // when neither can change any more
)

// Verbs are those of people.
func Verbs() []Verb { return []Verb{VerbSubmit, VerbAnswer} }

// Action is the verb's name in the table of who may do what.
func (v Verb) Action() string {
	switch v {
	case VerbSubmit:
		return access.AppraisalSubmit
	case VerbAnswer:
		return access.AppraisalAnswer
	}
	return access.AppraisalTime
}

// next is the whole of an appraisal's life: from a state, by a verb, to a state. A verb that is missing in a state is
// refused there.
//
// Final is what makes the seal hold on both sides. The two are documents of their own and cannot be opened in one
// write, so neither is opened before both have stopped taking anything in: else who reads the first could write the
// second anew.
func next() map[Status]map[Verb]Status {
	return map[Status]map[Verb]Status{
		Invited:   {VerbSubmit: Submitted, VerbMiss: Missed},
		Submitted: {VerbSubmit: Submitted, VerbFinalise: Final},
		Final:     {VerbOpen: Opened},
		Opened:    {VerbAnswer: Opened},
	}
}

// ready says whether people can do a verb now, beyond what roles allow.
func (a *Appraisal) ready(v Verb, now time.Time) error {
	if v == VerbSubmit && a.closed(now) {
		return fault.New(fault.Refused, CodeClosed, "closedAt", a.ClosesAt.Format(time.RFC3339))
	}
	if _, ok := Target(a.Status, v); !ok {
		return fault.New(fault.Refused, CodeWrongState, "status", a.Status, "verb", v)
	}
	if v == VerbAnswer && a.Answer != nil {
		return fault.New(fault.Refused, CodeAnswered)
	}
	return nil
}

// closed says whether its time is over.
func (a *Appraisal) closed(now time.Time) bool { return !now.Before(a.ClosesAt) }

// settled says that nothing more can come in.
func (a *Appraisal) settled() bool { return a.Status != Invited && a.Status != Submitted }

// move is the one place where an appraisal's state changes, and with it when time will look at it next.
func (a *Appraisal) move(v Verb, now time.Time) error {
	to, ok := Target(a.Status, v)
	if !ok {
		return fault.New(fault.Refused, CodeWrongState, "status", a.Status, "verb", v)
	}
	a.Status, a.WakeAt = to, nil
	switch {
	case !a.settled():
		a.WakeAt = &a.ClosesAt
	case to == Final:
		a.WakeAt = &now
	}
	return nil
}

// Target is the state to which a verb leads from a state; ok is false where the state does not have the verb.
func Target(s Status, v Verb) (to Status, ok bool) {
	to, ok = next()[s][v]
	return to, ok
}
