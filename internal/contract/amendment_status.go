package contract

import (
	"maps"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// AmendmentStatus is how far an amendment has come.
type AmendmentStatus string

// The states of an amendment.
const (
	AmendmentDraft       AmendmentStatus = "DRAFT"       // being written
	AmendmentNegotiating AmendmentStatus = "NEGOTIATING" // before the parties
	AmendmentSigning     AmendmentStatus = "SIGNING"     // its text is frozen; the parties sign
	AmendmentSigned      AmendmentStatus = "SIGNED"      // all required signatures are there; its first day is to come
	AmendmentApplied     AmendmentStatus = "APPLIED"     // its text has taken the old one's place
	AmendmentDeclined    AmendmentStatus = "DECLINED"    // a party did not want it
	AmendmentCancelled   AmendmentStatus = "CANCELLED"   // withdrawn by who drafted it
	AmendmentLapsed      AmendmentStatus = "LAPSED"      // the contract ended first
)

// AmendmentStatuses are all of them, in the order of an amendment's life.
func AmendmentStatuses() []AmendmentStatus {
	return []AmendmentStatus{
		AmendmentDraft, AmendmentNegotiating, AmendmentSigning, AmendmentSigned, AmendmentApplied, AmendmentDeclined,
		AmendmentCancelled, AmendmentLapsed,
	}
}

// AmendmentVerb is what can be done to an amendment, by people, by time or by what becomes of the contract.
type AmendmentVerb string

// The verbs of an amendment.
const (
	AmendRevise         AmendmentVerb = "REVISE"
	AmendPropose        AmendmentVerb = "PROPOSE"
	AmendRequestChanges AmendmentVerb = "REQUEST_CHANGES"
	AmendAgree          AmendmentVerb = "AGREE"
	AmendDecline        AmendmentVerb = "DECLINE"
	AmendCancel         AmendmentVerb = "CANCEL"
	AmendOpen           AmendmentVerb = "OPEN_FOR_SIGNING"
	AmendReopen         AmendmentVerb = "REOPEN"
	AmendSign           AmendmentVerb = "SIGN"
	AmendSeal           AmendmentVerb = "SEAL"  // the exit of the last party that had not signed does
	AmendApply          AmendmentVerb = "APPLY" // time does, on its first day
	AmendLapse          AmendmentVerb = "LAPSE" // the contract's end does
)

// AmendmentVerbs are those that people have, in the order of an amendment's life.
func AmendmentVerbs() []AmendmentVerb {
	return []AmendmentVerb{
		AmendRevise, AmendPropose, AmendRequestChanges, AmendAgree, AmendDecline, AmendCancel, AmendOpen, AmendReopen, AmendSign,
	}
}

// AmendmentTimeVerbs are those that nobody has.
func AmendmentTimeVerbs() []AmendmentVerb { return []AmendmentVerb{AmendSeal, AmendApply, AmendLapse} }

// Action is the verb's action in the table of who may do what.
func (v AmendmentVerb) Action() string {
	return map[AmendmentVerb]string{
		AmendRevise: access.AmendmentRevise, AmendPropose: access.AmendmentPropose,
		AmendRequestChanges: access.AmendmentRequestChanges, AmendAgree: access.AmendmentAgree,
		AmendDecline: access.AmendmentDecline, AmendCancel: access.AmendmentCancel, AmendOpen: access.AmendmentOpen,
		AmendReopen: access.AmendmentReopen, AmendSign: access.AmendmentSign,
		AmendSeal: access.AmendmentTime, AmendApply: access.AmendmentTime, AmendLapse: access.AmendmentTime,
	}[v]
}

// amendmentNext is the whole of an amendment's life, as next is of a contract's.
func amendmentNext() map[AmendmentStatus]map[AmendmentVerb][]AmendmentStatus {
	return map[AmendmentStatus]map[AmendmentVerb][]AmendmentStatus{
		AmendmentDraft: {
			AmendRevise:  {AmendmentDraft},
			AmendPropose: {AmendmentNegotiating},
			AmendCancel:  {AmendmentCancelled},
			AmendLapse:   {AmendmentLapsed},
		},
		AmendmentNegotiating: {
			AmendRevise:         {AmendmentNegotiating},
			AmendRequestChanges: {AmendmentNegotiating},
			AmendAgree:          {AmendmentNegotiating},
			AmendDecline:        {AmendmentDeclined},
			AmendCancel:         {AmendmentCancelled},
			AmendOpen:           {AmendmentSigning},
			AmendLapse:          {AmendmentLapsed},
		},
		AmendmentSigning: {
			AmendSign:   {AmendmentSigning, AmendmentSigned}, // by the last one required
			AmendReopen: {AmendmentNegotiating},
			AmendCancel: {AmendmentCancelled},
			AmendSeal:   {AmendmentSigned},
			AmendLapse:  {AmendmentLapsed},
		},
		AmendmentSigned: {
			AmendApply: {AmendmentApplied},
			AmendLapse: {AmendmentLapsed},
		},
	}
}

// can refuses a verb that the amendment's state does not have.
func (a *Amendment) can(v AmendmentVerb) error {
	if _, ok := amendmentNext()[a.Status][v]; ok {
		return nil
	}
	return fault.New(fault.Refused, CodeAmendState, "status", a.Status, "verb", v)
}

// move is the one place where an amendment's state changes.
func (a *Amendment) move(v AmendmentVerb, to AmendmentStatus) error {
	if !slices.Contains(amendmentNext()[a.Status][v], to) {
		return fault.New(fault.Refused, CodeAmendState, "status", a.Status, "verb", v)
	}
	a.Status = to
	return nil
}

// pending says whether the amendment is still on its way.
func (s AmendmentStatus) pending() bool { return len(amendmentNext()[s]) > 0 }

// AmendmentTargets are the states that a verb may lead to from a state; none where the state does not have the verb.
func AmendmentTargets(from AmendmentStatus, by AmendmentVerb) []AmendmentStatus {
	return slices.Clone(amendmentNext()[from][by])
}

// AmendmentVerbsOf are the verbs that a state has, sorted, with those of time.
func AmendmentVerbsOf(s AmendmentStatus) []AmendmentVerb {
	return slices.Sorted(maps.Keys(amendmentNext()[s]))
}
