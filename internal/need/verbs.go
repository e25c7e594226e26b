package need

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// KeepContact is how long it is still kept how to reach the resident of a micro-wish after its end; and after its last day,
// where it has not come to an end.
const KeepContact = 30 * 24 * time.Hour

// settle brings up to date what follows from a need's state and claims.
func (n *Need) settle() {
	n.Settle(n.Status.Shown())
	n.DueAt = nil
	waits := n.Status == Collected || n.Status == Verified || n.Status == Published
	if waits || n.Status == Claimed && n.Has(exchange.ClaimPending) {
		end := n.ValidUntil.End(exchange.Zone()).UTC()
		n.DueAt = &end
	}
	if !n.Status.Over() {
		n.keepReach(n.ValidUntil.End(exchange.Zone()).UTC())
	}
}

// keepReach keeps how to reach the resident for a time from a moment on.
func (n *Need) keepReach(from time.Time) {
	n.ReachUntil = nil
	if n.Reach != "" || n.Resident != "" {
		until := from.Add(KeepContact)
		n.ReachUntil = &until
	}
}

// become moves a need and tells what happened.
func (n *Need) become(v Verb, to Status, what string, c *exchange.Claim) error {
	if err := n.move(v, to); err != nil {
		return err
	}
	n.settle()
	return n.told(what, c)
}

// verify says that the need was looked into.
func (n *Need) verify(at time.Time) error {
	n.VerifiedAt = &at
	return n.become(VerbVerify, Verified, ToldVerified, nil)
}

// publish opens the need to claims.
func (n *Need) publish(at time.Time) error {
	if err := n.can(VerbPublish); err != nil {
		return err
	}
	if n.Expired(at) {
		return fault.New(fault.Refused, exchange.CodeExpired, "validUntil", n.ValidUntil)
	}
	n.PublishedAt = &at
	return n.become(VerbPublish, Published, ToldPublished, nil)
}

// weigh is where a need stands by its claims: open while something is left and more is taken, claimed when not, fulfilled
// when all that is claimed is done. With nobody left it is open again.
func (n *Need) weigh() Status {
	live := slices.ContainsFunc(n.Claims, func(c *exchange.Claim) bool { return c.Status.Live() })
	if !live {
		n.Closed = false
		return Published
	}
	n.Settle(true)
	switch {
	case n.Left() > 0 && !n.Closed:
		return Published
	case n.Has(exchange.ClaimPending, exchange.ClaimAccepted):
		return Claimed
	}
	return Fulfilled
}

// turn moves a need after something happened to a claim, to where it stands by its claims.
func (n *Need) turn(v Verb, at time.Time, what string, c *exchange.Claim) error {
	was := n.Status
	if err := n.become(v, n.weigh(), what, c); err != nil {
		return err
	}
	n.FulfilledAt = nil
	if n.Status != Fulfilled {
		return nil
	}
	n.FulfilledAt = &at
	if was == Fulfilled {
		return nil
	}
	return n.told(ToldFulfilled, nil)
}

// close takes no more claims.
func (n *Need) close(at time.Time) error {
	if err := n.can(VerbClose); err != nil {
		return err
	}
	if n.Left() == n.Quantity {
		return fault.New(fault.Refused, CodeNoClaims)
	}
	n.Closed = true
	return n.turn(VerbClose, at, ToldClosed, nil)
}

// returned says of claims that were reported as done that they are not.
func (n *Need) returned(claims []*exchange.Claim, reason *string, at time.Time) error {
	if err := n.can(VerbReturn); err != nil {
		return err
	}
	for _, c := range claims {
		if err := c.Move(exchange.ClaimReturn, exchange.ClaimAccepted, at); err != nil {
			return err
		}
		c.Reason = reason
	}
	if err := n.turn(VerbReturn, at, ToldReturned, claims[0]); err != nil {
		return err
	}
	for _, c := range claims[1:] {
		if err := n.told(ToldReturned, c); err != nil {
			return err
		}
	}
	return nil
}

// confirm says that the need is met.
func (n *Need) confirm(at time.Time) error {
	n.ConfirmedAt = &at
	return n.end(VerbConfirm, Confirmed, at, ToldConfirmed)
}

// withdraw ends a need that is not met; what was claimed of it lapses.
func (n *Need) withdraw(reason *string, at time.Time) error {
	if err := n.can(VerbWithdraw); err != nil {
		return err
	}
	n.Reason = reason
	if err := n.lapse(at, exchange.ClaimPending, exchange.ClaimAccepted); err != nil {
		return err
	}
	return n.end(VerbWithdraw, Withdrawn, at, ToldWithdrawn)
}

// lapse ends claims with what they were about, and tells of each.
func (n *Need) lapse(at time.Time, which ...exchange.ClaimStatus) error {
	lapsed := n.Lapse(at, which...)
	n.settle()
	for _, c := range lapsed {
		if err := n.told(ToldClaimLapsed, c); err != nil {
			return err
		}
	}
	return nil
}

// end is a state in which nothing more happens: what was kept of the resident goes after a time.
func (n *Need) end(v Verb, to Status, at time.Time, what string) error {
	if err := n.become(v, to, what, nil); err != nil {
		return err
	}
	n.EndedAt = &at
	n.keepReach(at)
	return nil
}

// expire is what the end of the last day does: what waits for the publisher's word lapses, who has taken something on
// goes on, and with nobody there the need is over. false where there is nothing to do.
func (n *Need) expire(at time.Time) (bool, error) {
	if n.DueAt == nil || !n.Expired(at) {
		return false, nil
	}
	if err := n.lapse(at, exchange.ClaimPending); err != nil {
		return false, err
	}
	if !n.Has(exchange.ClaimAccepted, exchange.ClaimFulfilled) {
		n.Closed = false
		return true, n.end(VerbExpire, Expired, at, ToldExpired)
	}
	n.Closed = true
	return true, n.turn(VerbExpire, at, ToldClosed, nil)
}

// consent notes whether the resident agrees to be reached.
func (n *Need) consent(agrees bool, at time.Time) error {
	if err := n.can(VerbConsent); err != nil {
		return err
	}
	if n.Kind != MicroWish {
		return fault.New(fault.Refused, CodeReach)
	}
	if !agrees {
		n.ConsentAt, n.ConsentBy = nil, ""
		return n.told(ToldConsentWithdrawn, nil)
	}
	if n.Reach == "" {
		return fault.New(fault.Refused, CodeNoReach)
	}
	if n.ConsentAt == nil {
		n.ConsentAt = &at
	}
	return n.told(ToldConsented, nil)
}

// forget deletes how to reach the resident. false where nothing is kept.
func (n *Need) forget() (bool, error) {
	if n.Reach == "" && n.Resident == "" && n.ConsentAt == nil && n.ReachUntil == nil {
		return false, nil
	}
	n.Reach, n.Resident, n.ConsentAt, n.ConsentBy, n.ReachUntil = "", "", nil, "", nil
	return true, n.told(ToldContactDeleted, nil)
}
