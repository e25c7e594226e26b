package project

import (
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is where a project stands in its life.
type Status string

// The states. Both lives pass through RUNNING.
const (
	Planned   Status = "PLANNED"   // being prepared
	Running   Status = "RUNNING"   // under way
	Paused    Status = "PAUSED"    // resting
	Done      Status = "DONE"      // at its end as planned
	Cancelled Status = "CANCELLED" // given up

	Applied    Status = "APPLIED"    // before the sub-district
	Returned   Status = "RETURNED"   // back with the community, with a reason
	Approved   Status = "APPROVED"   // may begin
	Midterm    Status = "MIDTERM"    // looked at half-way
	Accepted   Status = "ACCEPTED"   // accepted as done
	Commended  Status = "COMMENDED"  // named by the district as an example
	Terminated Status = "TERMINATED" // ended before its end
)

// Statuses are all of them, in the order of the two lives.
func Statuses() []Status {
	return []Status{Planned, Running, Paused, Done, Cancelled, Applied, Returned, Approved, Midterm, Accepted, Commended, Terminated}
}

// Verb is what can be done to a project.
type Verb string

// The verbs.
const (
	VerbRevise         Verb = "REVISE" // title, plan, partners and budget
	VerbKeepMilestones Verb = "KEEP_MILESTONES"
	VerbRecordSpending Verb = "RECORD_SPENDING"
	VerbLogActivity    Verb = "LOG_ACTIVITY"
	VerbSetRecord      Verb = "SET_RECORD"
	VerbLeave          Verb = "LEAVE"
	VerbStart          Verb = "START"
	VerbPause          Verb = "PAUSE"
	VerbResume         Verb = "RESUME"
	VerbFinish         Verb = "FINISH"
	VerbCancel         Verb = "CANCEL"
	VerbResubmit       Verb = "RESUBMIT"
	VerbApprove        Verb = "APPROVE"
	VerbReturn         Verb = "RETURN"
	VerbCheckMidterm   Verb = "CHECK_MIDTERM"
	VerbAccept         Verb = "ACCEPT"
	VerbCommend        Verb = "COMMEND"
	VerbTerminate      Verb = "TERMINATE"
)

// Verbs are all of them.
func Verbs() []Verb {
	return []Verb{
		VerbRevise, VerbKeepMilestones, VerbRecordSpending, VerbLogActivity, VerbSetRecord, VerbLeave, VerbStart, VerbPause, VerbResume,
		VerbFinish, VerbCancel, VerbResubmit, VerbApprove, VerbReturn, VerbCheckMidterm, VerbAccept, VerbCommend, VerbTerminate,
	}
}

// Action is the verb's action in the table of who may do what.
func (v Verb) Action() string {
	switch v {
	case VerbRevise:
		return access.ProjectRevise
	case VerbKeepMilestones, VerbRecordSpending:
		return access.ProjectKeep
	case VerbLogActivity, VerbSetRecord:
		return access.ProjectRecord
	case VerbLeave:
		return access.ProjectLeave
	case VerbStart, VerbPause, VerbResume, VerbFinish, VerbCancel:
		return access.ProjectSteer
	case VerbResubmit:
		return access.ProjectApply
	case VerbApprove:
		return access.ProjectApprove
	case VerbReturn:
		return access.ProjectReturn
	case VerbCheckMidterm:
		return access.ProjectCheck
	case VerbAccept:
		return access.ProjectAccept
	case VerbCommend:
		return access.ProjectCommend
	}
	return access.ProjectTerminate
}

// next is the whole of both lives: from a state, by a verb, to the state that the verb leads to. A verb that is missing in
// a state is refused there.
func next(k Kind) map[Status]map[Verb]Status {
	if k == SecretaryLed {
		return map[Status]map[Verb]Status{
			Applied:  with(Applied, map[Verb]Status{VerbApprove: Approved, VerbReturn: Returned, VerbTerminate: Terminated}, VerbLeave),
			Returned: with(Returned, map[Verb]Status{VerbResubmit: Applied, VerbTerminate: Terminated}, planning()...),
			Approved: with(Approved, map[Verb]Status{VerbStart: Running, VerbTerminate: Terminated}, planning()...),
			Running:  with(Running, map[Verb]Status{VerbCheckMidterm: Midterm, VerbTerminate: Terminated}, working()...),
			Midterm:  with(Midterm, map[Verb]Status{VerbAccept: Accepted, VerbTerminate: Terminated}, working()...),
			Accepted: with(Accepted, map[Verb]Status{VerbCommend: Commended}),
		}
	}
	return map[Status]map[Verb]Status{
		Planned: with(Planned, map[Verb]Status{VerbStart: Running, VerbCancel: Cancelled}, planning()...),
		Running: with(Running, map[Verb]Status{VerbPause: Paused, VerbFinish: Done, VerbCancel: Cancelled}, working()...),
		Paused:  with(Paused, map[Verb]Status{VerbResume: Running, VerbCancel: Cancelled}, working()...),
	}
}

// planning is what is done to a project before it begins, working what is done while it is under way.
func planning() []Verb {
	return []Verb{VerbRevise, VerbKeepMilestones, VerbSetRecord, VerbLeave}
}
func working() []Verb { return append(planning(), VerbRecordSpending, VerbLogActivity) }

// with adds verbs that leave the state as it is.
func with(at Status, moves map[Verb]Status, staying ...Verb) map[Verb]Status {
	for _, v := range staying {
		moves[v] = at
	}
	return moves
}

// Target is the state that a verb leads to from a state; ok is false where the state does not have the verb.
func Target(k Kind, from Status, v Verb) (to Status, ok bool) {
	to, ok = next(k)[from][v]
	return to, ok
}

// StatusesOf are those of one life.
func StatusesOf(k Kind) []Status {
	if k == SecretaryLed {
		return []Status{Applied, Returned, Approved, Running, Midterm, Accepted, Commended, Terminated}
	}
	return []Status{Planned, Running, Paused, Done, Cancelled}
}

// can refuses a verb that the project's state does not have.
func (p *Project) can(v Verb) error {
	if _, ok := Target(p.Kind, p.Status, v); ok {
		return nil
	}
	return p.wrong(v)
}

// wrong refuses a verb in the words that people have for it: those of other objects' states differ.
func (p *Project) wrong(v Verb) error {
	return fault.New(fault.Refused, CodeWrongState, "status", "PROJECT_"+p.Status, "verb", "PROJECT_"+v)
}

// patient refuses one more way round where there were very many: a project that has been paused or sent back so often goes
// on to an end. Every other verb stays open, so that none is ever stuck.
func (p *Project) patient(v Verb) error {
	if len(p.Turns) >= MaxTurns && (v == VerbPause || v == VerbReturn) {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxTurns)
	}
	return nil
}

// move is the one place where a project's state changes. It notes who moved it, and why.
func (p *Project) move(v Verb, t Turn) error {
	to, ok := Target(p.Kind, p.Status, v)
	if !ok {
		return p.wrong(v)
	}
	if err := p.patient(v); err != nil {
		return err
	}
	t.Verb, t.From, t.To = v, p.Status, to
	p.Status = to
	p.Turns = append(slices.Clone(p.Turns), &t)
	return nil
}
