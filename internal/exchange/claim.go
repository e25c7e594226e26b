package exchange

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// MaxClaims bounds the claims on one need or resource, ended ones included. Of those the oldest give way to new ones.
const MaxClaims = 200

// ClaimStatus is how far a claim has come.
type ClaimStatus string

// The states of a claim. The first three are live: they hold what they claim.
const (
	ClaimPending   ClaimStatus = "PENDING"  // waits for the publisher's word
	ClaimAccepted  ClaimStatus = "ACCEPTED" // by the publisher, or at once where it asks for none
	ClaimFulfilled ClaimStatus = "FULFILLED"
	ClaimDeclined  ClaimStatus = "DECLINED"  // by the publisher
	ClaimWithdrawn ClaimStatus = "WITHDRAWN" // by the claimant
	ClaimLapsed    ClaimStatus = "LAPSED"    // with what it was about

	unmade ClaimStatus = ""
)

// ClaimStatuses are all of them.
func ClaimStatuses() []ClaimStatus {
	return []ClaimStatus{ClaimPending, ClaimAccepted, ClaimFulfilled, ClaimDeclined, ClaimWithdrawn, ClaimLapsed}
}

// Live says whether a claim in the state holds what it claims.
func (s ClaimStatus) Live() bool {
	return s == ClaimPending || s == ClaimAccepted || s == ClaimFulfilled
}

// ClaimVerb is what can be done with a claim.
type ClaimVerb string

// The verbs of claims.
const (
	ClaimMake     ClaimVerb = "CLAIM"
	ClaimAccept   ClaimVerb = "ACCEPT"
	ClaimDecline  ClaimVerb = "DECLINE"
	ClaimWithdraw ClaimVerb = "WITHDRAW"
	ClaimReport   ClaimVerb = "REPORT" // that it is done
	ClaimReturn   ClaimVerb = "RETURN" // it is not done, says the publisher
	ClaimLapse    ClaimVerb = "LAPSE"  // what it was about has ended
)

// ClaimVerbs are all of them.
func ClaimVerbs() []ClaimVerb {
	return []ClaimVerb{ClaimMake, ClaimAccept, ClaimDecline, ClaimWithdraw, ClaimReport, ClaimReturn, ClaimLapse}
}

// Claim is an organisation's taking of a share of a need, or asking for one of a resource (认领).
type Claim struct {
	ID         id.Claim        `bson:"id"`
	Claimant   id.Organisation `bson:"claimant"`
	Quantity   int64           `bson:"quantity"`
	Status     ClaimStatus     `bson:"status"`
	Remark     *string         `bson:"remark,omitempty"` // of the claimant; for both sides and the bodies above
	Reason     *string         `bson:"reason,omitempty"` // of who ended or returned it, as the remark
	By         id.Person       `bson:"by,omitempty"`     // who claimed for the claimant
	At         time.Time       `bson:"at"`
	DecidedAt  *time.Time      `bson:"decidedAt,omitempty"`  // when it was accepted
	ReportedAt *time.Time      `bson:"reportedAt,omitempty"` // when the claimant reported it as done
	EndedAt    *time.Time      `bson:"endedAt,omitempty"`    // when it ceased to hold anything
	Once       string          `bson:"once,omitempty"`       // the client's own name of the mutation that made it, hashed
}

// IsNode marks what can be found by its identifier alone.
func (*Claim) IsNode() {}

// Need is the need that the claim is on; empty for one on a resource.
func (c *Claim) Need() id.Need {
	if !id.Is(string(c.ID), id.KindNeedClaim) {
		return ""
	}
	n, _, _ := id.Whole[id.Need](string(c.ID), id.KindNeed)
	return n
}

// Resource is the resource that the claim is on; empty for one on a need.
func (c *Claim) Resource() id.Resource {
	if !id.Is(string(c.ID), id.KindResourceClaim) {
		return ""
	}
	r, _, _ := id.Whole[id.Resource](string(c.ID), id.KindResource)
	return r
}

// nextClaim is the whole of a claim's life: from a state, by a verb, to the states that the verb may lead to.
func nextClaim() map[ClaimStatus]map[ClaimVerb][]ClaimStatus {
	return map[ClaimStatus]map[ClaimVerb][]ClaimStatus{
		unmade: {ClaimMake: {ClaimPending, ClaimAccepted}},
		ClaimPending: {
			ClaimAccept: {ClaimAccepted}, ClaimDecline: {ClaimDeclined}, ClaimWithdraw: {ClaimWithdrawn}, ClaimLapse: {ClaimLapsed},
		},
		ClaimAccepted: {
			ClaimWithdraw: {ClaimWithdrawn}, ClaimReport: {ClaimFulfilled}, ClaimLapse: {ClaimLapsed},
		},
		ClaimFulfilled: {ClaimReturn: {ClaimAccepted}},
	}
}

// ClaimTargets are the states that a verb may lead to from a state; none where the state does not have the verb.
func ClaimTargets(from ClaimStatus, by ClaimVerb) []ClaimStatus {
	return slices.Clone(nextClaim()[from][by])
}

// Move is the one place where a claim's state changes.
func (c *Claim) Move(v ClaimVerb, to ClaimStatus, at time.Time) error {
	if !slices.Contains(nextClaim()[c.Status][v], to) {
		return fault.New(fault.Refused, CodeClaimState, "status", "CLAIM_"+c.Status, "verb", "CLAIM_"+v)
	}
	c.Status = to
	switch {
	case !to.Live():
		c.EndedAt = &at
	case v == ClaimAccept:
		c.DecidedAt = &at
	case v == ClaimReport:
		c.ReportedAt = &at
	case v == ClaimReturn:
		c.ReportedAt = nil
	}
	return nil
}
