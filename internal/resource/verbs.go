package resource

import (
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// settle brings up to date what follows from a resource's state and claims.
func (r *Resource) settle() {
	r.Settle(r.Status.Shown())
	r.DueAt = nil
	if !r.Status.Over() {
		end := r.ValidUntil.End(exchange.Zone()).UTC()
		r.DueAt = &end
	}
}

// become moves a resource and tells what happened.
func (r *Resource) become(v Verb, to Status, what string, c *exchange.Claim) error {
	if err := r.move(v, to); err != nil {
		return err
	}
	r.settle()
	return r.told(what, c)
}

// offer opens the resource to claims.
func (r *Resource) offer(at time.Time) error {
	if err := r.can(VerbOffer); err != nil {
		return err
	}
	if r.Expired(at) {
		return fault.New(fault.Refused, exchange.CodeExpired, "validUntil", r.ValidUntil)
	}
	r.OfferedAt = &at
	return r.become(VerbOffer, Offered, ToldOffered, nil)
}

// turn moves a resource after something happened to a claim: it is exhausted while nothing is left.
func (r *Resource) turn(v Verb, what string, c *exchange.Claim) error {
	r.Settle(true)
	to := Offered
	if r.Left() == 0 {
		to = Exhausted
	}
	return r.become(v, to, what, c)
}

// withdraw ends a resource; claims on it lapse.
func (r *Resource) withdraw(reason *string, at time.Time) error {
	if err := r.can(VerbWithdraw); err != nil {
		return err
	}
	r.Reason, r.EndedAt = reason, &at
	if err := r.lapse(at, exchange.ClaimPending, exchange.ClaimAccepted); err != nil {
		return err
	}
	return r.become(VerbWithdraw, Withdrawn, ToldWithdrawn, nil)
}

// lapse ends claims with what they were about, and tells of each.
func (r *Resource) lapse(at time.Time, which ...exchange.ClaimStatus) error {
	lapsed := r.Lapse(at, which...)
	r.settle()
	for _, c := range lapsed {
		if err := r.told(ToldClaimLapsed, c); err != nil {
			return err
		}
	}
	return nil
}

// expire is what the end of the last day does: what waits for the publisher's word lapses, what was accepted stands. false
// where there is nothing to do.
func (r *Resource) expire(at time.Time) (bool, error) {
	if r.DueAt == nil || !r.Expired(at) {
		return false, nil
	}
	if err := r.lapse(at, exchange.ClaimPending); err != nil {
		return false, err
	}
	r.EndedAt = &at
	return true, r.become(VerbExpire, Expired, ToldExpired, nil)
}
