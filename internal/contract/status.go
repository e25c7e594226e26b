package contract

import (
	"maps"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is where a contract stands in its life.
type Status string

// The states.
const (
	Draft       Status = "DRAFT"       // being written
	Negotiating Status = "NEGOTIATING" // before the parties
	Signing     Status = "SIGNING"     // the text is frozen; the parties sign
	Signed      Status = "SIGNED"      // all required signatures are there; not yet in force
	Active      Status = "ACTIVE"      // in force
	Suspended   Status = "SUSPENDED"   // in force, but resting
	Expired     Status = "EXPIRED"     // its last day is over
	Terminated  Status = "TERMINATED"  // ended before its last day
	Completed   Status = "COMPLETED"   // everything in it is done
	Declined    Status = "DECLINED"    // no partner is left
	Cancelled   Status = "CANCELLED"   // withdrawn by those who drafted it
)

// Statuses are all of them, in the order of a contract's life.
func Statuses() []Status {
	return []Status{Draft, Negotiating, Signing, Signed, Active, Suspended, Expired, Terminated, Completed, Declined, Cancelled}
}

// Verb is what can be done to a contract, by people or by time.
type Verb string

// The verbs.
const (
	VerbRevise         Verb = "REVISE"
	VerbPropose        Verb = "PROPOSE"
	VerbRequestChanges Verb = "REQUEST_CHANGES"
	VerbAgree          Verb = "AGREE"
	VerbDecline        Verb = "DECLINE"
	VerbCancel         Verb = "CANCEL"
	VerbOpen           Verb = "OPEN_FOR_SIGNING"
	VerbReopen         Verb = "REOPEN"
	VerbSign           Verb = "SIGN"
	VerbActivate       Verb = "ACTIVATE" // time does, on the first day
	VerbExpire         Verb = "EXPIRE"   // time does, after the last day

	VerbSuspend   Verb = "SUSPEND"
	VerbResume    Verb = "RESUME"
	VerbTerminate Verb = "TERMINATE"
	VerbWithdraw  Verb = "WITHDRAW_STEP"
	VerbNotice    Verb = "GIVE_NOTICE"
	VerbComplete  Verb = "COMPLETE"
	VerbObject    Verb = "OBJECT"
	VerbRenew     Verb = "RENEW"
	VerbLapse     Verb = "LAPSE_STEP"      // time does, when not all have consented to a step in 30 days
	VerbExit      Verb = "EXIT"            // time does, on the day of a notice
	VerbFinish    Verb = "FINISH"          // time does, 7 days after a completion was announced
	VerbPrepare   Verb = "PREPARE_RENEWAL" // time does, 60 days before the end, where the text says so

	VerbAmend Verb = "AMEND" // a signed amendment does, on its first day
)

// Action is the verb's action in the table of who may do what.
func (v Verb) Action() string {
	return map[Verb]string{
		VerbRevise: access.ContractRevise, VerbPropose: access.ContractPropose,
		VerbRequestChanges: access.ContractRequestChanges, VerbAgree: access.ContractAgree,
		VerbDecline: access.ContractDecline, VerbCancel: access.ContractCancel, VerbOpen: access.ContractOpen,
		VerbReopen: access.ContractReopen, VerbSign: access.ContractSign,
		VerbActivate: access.ContractTime, VerbExpire: access.ContractTime,

		VerbSuspend: access.ContractSuspend, VerbResume: access.ContractResume, VerbTerminate: access.ContractTerminate,
		VerbWithdraw: access.ContractWithdrawStep, VerbNotice: access.ContractNotice, VerbComplete: access.ContractComplete,
		VerbObject: access.ContractObject, VerbRenew: access.ContractRenew,
		VerbLapse: access.ContractTime, VerbExit: access.ContractTime, VerbFinish: access.ContractTime, VerbPrepare: access.ContractTime,

		VerbAmend: access.ContractTime,
	}[v]
}

// Verbs are those that people have, in the order of a contract's life.
func Verbs() []Verb {
	return []Verb{
		VerbRevise, VerbPropose, VerbRequestChanges, VerbAgree, VerbDecline, VerbCancel, VerbOpen, VerbReopen, VerbSign,
		VerbSuspend, VerbResume, VerbTerminate, VerbWithdraw, VerbNotice, VerbComplete, VerbObject, VerbRenew,
	}
}

// TimeVerbs are those that time has.
func TimeVerbs() []Verb {
	return []Verb{VerbActivate, VerbExpire, VerbLapse, VerbExit, VerbFinish, VerbPrepare, VerbAmend}
}

// next is the whole of a contract's life: from a state, by a verb, to the states that the verb may lead to. A verb
// that is missing in a state is refused there.
func next() map[Status]map[Verb][]Status {
	return map[Status]map[Verb][]Status{
		Draft: {
			VerbRevise:  {Draft},
			VerbPropose: {Negotiating},
			VerbCancel:  {Cancelled},
		},
		Negotiating: {
			VerbRevise:         {Negotiating},
			VerbRequestChanges: {Negotiating},
			VerbAgree:          {Negotiating},
			VerbDecline:        {Negotiating, Declined}, // with no partner left
			VerbCancel:         {Cancelled},
			VerbOpen:           {Signing},
		},
		Signing: {
			VerbSign:   {Signing, Signed}, // by the last one required
			VerbReopen: {Negotiating},
			VerbCancel: {Cancelled},
		},
		Signed: {VerbActivate: {Active}},
		Active: {
			VerbSuspend:   {Active, Suspended}, // by the last consent, or at once from above
			VerbTerminate: {Active, Terminated},
			VerbWithdraw:  {Active},
			VerbNotice:    {Active},
			VerbComplete:  {Active},
			VerbObject:    {Active},
			VerbRenew:     {Active},
			VerbLapse:     {Active},
			VerbExit:      {Active, Terminated}, // without the host, or the last partner
			VerbFinish:    {Active, Completed},  // unless something is open again
			VerbPrepare:   {Active},
			VerbExpire:    {Expired},
			VerbAmend:     {Active},
		},
		Suspended: {
			VerbResume:    {Suspended, Active},
			VerbTerminate: {Suspended, Terminated},
			VerbWithdraw:  {Suspended},
			VerbNotice:    {Suspended},
			VerbLapse:     {Suspended},
			VerbExit:      {Suspended, Terminated},
			VerbExpire:    {Expired},
			VerbAmend:     {Suspended},
		},
		Expired: {VerbRenew: {Expired}},
	}
}

// can refuses a verb that the contract's state does not have.
func (c *Contract) can(v Verb) error {
	if _, ok := next()[c.Status][v]; ok {
		return nil
	}
	return wrongState(c.Status, v)
}

// move is the one place where a contract's state changes.
func (c *Contract) move(v Verb, to Status) error {
	if !slices.Contains(next()[c.Status][v], to) {
		return wrongState(c.Status, v)
	}
	c.Status = to
	return nil
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status { return slices.Clone(next()[from][by]) }

// VerbsOf are the verbs that a state has, sorted, with those of time.
func VerbsOf(s Status) []Verb { return slices.Sorted(maps.Keys(next()[s])) }

func wrongState(s Status, v Verb) error {
	return fault.New(fault.Refused, CodeWrongState, "status", s, "verb", v)
}
