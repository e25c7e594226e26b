package need

import (
	"slices"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Status is how far a need has come.
type Status string

// The states.
const (
	Collected Status = "COLLECTED" // written down; its own people see it
	Verified  Status = "VERIFIED"  // its secretary or liaison has looked into it
	Published Status = "PUBLISHED" // open to claims
	Claimed   Status = "CLAIMED"   // all of it is taken on, or no more claims are taken
	Fulfilled Status = "FULFILLED" // by the claimants' word
	Confirmed Status = "CONFIRMED" // by the publisher's word too
	Withdrawn Status = "WITHDRAWN"
	Expired   Status = "EXPIRED"

	unborn Status = "" // before it was written down
)

// Statuses are all of them.
func Statuses() []Status {
	return []Status{Collected, Verified, Published, Claimed, Fulfilled, Confirmed, Withdrawn, Expired}
}

// Shown says whether those to whom a need is addressed see it in the state.
func (s Status) Shown() bool {
	return s == Published || s == Claimed || s == Fulfilled || s == Confirmed
}

// Over says whether nothing more happens in the state.
func (s Status) Over() bool { return s == Confirmed || s == Withdrawn || s == Expired }

// Verb is what can be done with a need.
type Verb string

// The verbs.
const (
	VerbCollect  Verb = "COLLECT"
	VerbChange   Verb = "CHANGE"
	VerbVerify   Verb = "VERIFY"
	VerbPublish  Verb = "PUBLISH"
	VerbClaim    Verb = "CLAIM"
	VerbAccept   Verb = "ACCEPT_CLAIM"
	VerbDecline  Verb = "DECLINE_CLAIM"
	VerbLeave    Verb = "WITHDRAW_CLAIM"
	VerbClose    Verb = "CLOSE"
	VerbReport   Verb = "REPORT_FULFILLED"
	VerbReturn   Verb = "RETURN"
	VerbConfirm  Verb = "CONFIRM"
	VerbConsent  Verb = "CONSENT_TO_CONTACT"
	VerbWithdraw Verb = "WITHDRAW"
	VerbExpire   Verb = "EXPIRE" // time
)

// Verbs are all of them, in the order of a need's life.
func Verbs() []Verb {
	return []Verb{
		VerbCollect, VerbChange, VerbVerify, VerbPublish, VerbClaim, VerbAccept, VerbDecline, VerbLeave, VerbClose, VerbReport,
		VerbReturn, VerbConfirm, VerbConsent, VerbWithdraw, VerbExpire,
	}
}

// next is the whole of a need's life: from a state, by a verb, to the states that the verb may lead to. A verb that is
// missing in a state is refused there.
func next() map[Status]map[Verb][]Status {
	return map[Status]map[Verb][]Status{
		unborn: {VerbCollect: {Collected}, VerbPublish: {Published}},
		Collected: {
			VerbChange: {Collected}, VerbVerify: {Verified}, VerbConsent: {Collected}, VerbWithdraw: {Withdrawn}, VerbExpire: {Expired},
		},
		Verified: {
			VerbChange:  {Collected}, // and it is looked into again
			VerbPublish: {Published}, VerbConsent: {Verified}, VerbWithdraw: {Withdrawn}, VerbExpire: {Expired},
		},
		Published: {
			VerbClaim:    {Published, Claimed},
			VerbAccept:   {Published},
			VerbDecline:  {Published},
			VerbLeave:    {Published},
			VerbClose:    {Claimed, Fulfilled}, // done already
			VerbReport:   {Published},
			VerbReturn:   {Published},
			VerbConsent:  {Published},
			VerbWithdraw: {Withdrawn},
			VerbExpire:   {Expired, Claimed, Fulfilled}, // who has taken it on goes on
		},
		Claimed: {
			VerbAccept:   {Claimed},
			VerbDecline:  {Claimed, Published, Fulfilled},
			VerbLeave:    {Claimed, Published, Fulfilled},
			VerbReport:   {Claimed, Fulfilled},
			VerbReturn:   {Claimed},
			VerbConsent:  {Claimed},
			VerbWithdraw: {Withdrawn},
			VerbExpire:   {Claimed, Fulfilled, Expired}, // what waits for the publisher's word lapses
		},
		Fulfilled: {
			VerbReturn: {Claimed}, VerbConfirm: {Confirmed}, VerbConsent: {Fulfilled},
		},
	}
}

// Targets are the states that a verb may lead to from a state; none where the state does not have the verb.
func Targets(from Status, by Verb) []Status { return slices.Clone(next()[from][by]) }

// can refuses a verb that the state does not have.
func (n *Need) can(v Verb) error {
	if _, ok := next()[n.Status][v]; ok {
		return nil
	}
	return fault.New(fault.Refused, CodeWrongState, "status", "NEED_"+n.Status, "verb", v)
}

// move is the one place where a need's state changes.
func (n *Need) move(v Verb, to Status) error {
	if !slices.Contains(next()[n.Status][v], to) {
		return fault.New(fault.Refused, CodeWrongState, "status", "NEED_"+n.Status, "verb", v)
	}
	n.Status = to
	return nil
}
