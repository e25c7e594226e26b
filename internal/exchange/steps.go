package exchange

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// AcceptInput is the input of acceptClaim.
type AcceptInput struct {
	command.Once
	ID id.Claim
}

// DeclineInput is the input of declineClaim.
type DeclineInput struct {
	command.Once
	ID     id.Claim
	Reason *string
}

// WithdrawInput is the input of withdrawClaim.
type WithdrawInput struct {
	command.Once
	ID     id.Claim
	Reason *string
}

// Book is a room that keeps claims.
type Book interface {
	AcceptClaim(ctx context.Context, in AcceptInput) (*Claim, error)
	DeclineClaim(ctx context.Context, in DeclineInput) (*Claim, error)
	WithdrawClaim(ctx context.Context, in WithdrawInput) (*Claim, error)
	// ManyClaims finds claims in the order of ids; nil where there is none or the caller may not read it.
	ManyClaims(ctx context.Context, ids []id.Claim) ([]*Claim, error)
	// ClaimActions are what the caller may do with claims now, in their order.
	ClaimActions(ctx context.Context, claims []*Claim) ([][]ClaimVerb, error)
}

// Claims leads what is done with a claim to the room that keeps it.
type Claims struct {
	OnNeeds     Book
	OnResources Book
}

func (c Claims) of(i id.Claim) Book {
	if id.Is(string(i), id.KindNeedClaim) {
		return c.OnNeeds
	}
	return c.OnResources
}

// Accept takes up a claim that waits for the publisher's word.
func (c Claims) Accept(ctx context.Context, in AcceptInput) (*Claim, error) {
	return c.of(in.ID).AcceptClaim(ctx, in)
}

// Decline refuses a claim that waits for the publisher's word.
func (c Claims) Decline(ctx context.Context, in DeclineInput) (*Claim, error) {
	return c.of(in.ID).DeclineClaim(ctx, in)
}

// Withdraw takes a claim back.
func (c Claims) Withdraw(ctx context.Context, in WithdrawInput) (*Claim, error) {
	return c.of(in.ID).WithdrawClaim(ctx, in)
}

// Many finds claims in the order of ids; nil where there is none or the caller may not read it.
func (c Claims) Many(ctx context.Context, ids []id.Claim) ([]*Claim, error) {
	return split(ids, func(i id.Claim) bool { return id.Is(string(i), id.KindNeedClaim) },
		func(some []id.Claim) ([]*Claim, error) { return c.OnNeeds.ManyClaims(ctx, some) },
		func(some []id.Claim) ([]*Claim, error) { return c.OnResources.ManyClaims(ctx, some) })
}

// AllowedActions are what the caller may do with claims now, in their order.
func (c Claims) AllowedActions(ctx context.Context, claims []*Claim) ([][]ClaimVerb, error) {
	return split(claims, func(x *Claim) bool { return x.Need() != "" },
		func(some []*Claim) ([][]ClaimVerb, error) { return c.OnNeeds.ClaimActions(ctx, some) },
		func(some []*Claim) ([][]ClaimVerb, error) { return c.OnResources.ClaimActions(ctx, some) })
}

// split asks one of two rooms for each, each room once.
func split[A, B any](all []A, first func(A) bool, one, other func([]A) ([]B, error)) ([]B, error) {
	var here, there []A
	for _, a := range all {
		if first(a) {
			here = append(here, a)
		} else {
			there = append(there, a)
		}
	}
	ours, err := ask(here, one)
	if err != nil {
		return nil, err
	}
	theirs, err := ask(there, other)
	if err != nil {
		return nil, err
	}
	out := make([]B, len(all))
	for i, a := range all {
		from := &theirs
		if first(a) {
			from = &ours
		}
		out[i], *from = (*from)[0], (*from)[1:]
	}
	return out, nil
}

func ask[A, B any](some []A, room func([]A) ([]B, error)) ([]B, error) {
	if len(some) == 0 {
		return nil, nil
	}
	return room(some)
}

// Decide accepts or declines a claim.
func (d *Desk) Decide(l *Listing, which id.Claim, v ClaimVerb, reason *string) (*Claim, error) {
	at := d.At()
	c, err := l.Claimed(which)
	if err != nil {
		return nil, err
	}
	to := ClaimDeclined
	if v == ClaimAccept {
		if l.Expired(at) {
			return nil, fault.New(fault.Refused, CodeExpired, "validUntil", l.ValidUntil).At("id")
		}
		to = ClaimAccepted
	}
	if err := c.Move(v, to, at); err != nil {
		return nil, err
	}
	c.Reason = reason
	return c, nil
}

// Leave takes a claim back for its claimant. mine are the claimants that the caller acts for.
func (d *Desk) Leave(ctx context.Context, l *Listing, which id.Claim, mine []id.Organisation, action string, reason *string) (*Claim, error) {
	c, err := Mine(ctx, l, which, mine, action)
	if err != nil {
		return nil, err
	}
	if err := c.Move(ClaimWithdraw, ClaimWithdrawn, d.At()); err != nil {
		return nil, err
	}
	c.Reason = reason
	return c, nil
}

// Mine finds a claim for who acts for its claimant, and refuses it to anybody else.
func Mine(ctx context.Context, l *Listing, which id.Claim, mine []id.Organisation, action string) (*Claim, error) {
	c, err := l.Claimed(which)
	if err != nil {
		return nil, err
	}
	if !authz.From(ctx).IsSystem() && !slices.Contains(mine, c.Claimant) {
		return nil, fault.New(fault.Forbidden, fault.CodeForbidden, "action", action)
	}
	return c, nil
}

// Allowed are the verbs of a claim that its state has and the caller may do. decides and leaves say for which the caller
// acts: the publisher, and the claimants.
func Allowed(c *Claim, decides bool, claimants []id.Organisation, also ...ClaimVerb) []ClaimVerb {
	out := []ClaimVerb{}
	for _, v := range ClaimVerbs() {
		ours := slices.Contains(claimants, c.Claimant)
		may := decides && (v == ClaimAccept || v == ClaimDecline) || ours && v == ClaimWithdraw || slices.Contains(also, v)
		if may && len(ClaimTargets(c.Status, v)) > 0 {
			out = append(out, v)
		}
	}
	return out
}
