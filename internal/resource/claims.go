package resource

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Claim asks for a share of a resource for an organisation.
func (s *Service) Claim(ctx context.Context, in ClaimInput) (*Share, error) {
	claiming, err := exchange.Claiming{Claimant: in.Claimant, Quantity: in.Quantity, Remark: in.Remark}.Check()
	if err != nil {
		return nil, err
	}
	var made *exchange.Claim
	r, err := s.resources.Change(ctx, access.ResourceClaim, string(in.Resource), func(r *Resource) error {
		made = nil
		if err := r.can(VerbClaim); err != nil {
			return err
		}
		c, err := s.Desk.Claim(ctx, &r.Listing, id.KindResourceClaim, string(r.ID), s.acting(ctx, access.ResourceClaim, r), claiming)
		if err != nil {
			return err
		}
		made = c
		return r.turn(VerbClaim, ToldClaimed, c)
	})
	if err != nil {
		return nil, exchange.Barred(err, "resource")
	}
	return &Share{r, r.Made(ctx, made)}, nil
}

// acting are the organisations for which the caller may do an action on a resource.
func (s *Service) acting(ctx context.Context, action string, r *Resource) []id.Organisation {
	return s.table.For(authz.From(ctx), action, r)
}

// on is a step of one claim.
func (s *Service) on(ctx context.Context, action string, which id.Claim, v Verb, what string, do func(*Resource) (*exchange.Claim, error)) (*Share, error) {
	whole, _, ok := id.Whole[id.Resource](string(which), id.KindResource)
	if !ok || !id.Is(string(which), id.KindResourceClaim) {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", which)
	}
	r, err := s.resources.Change(ctx, action, string(whole), func(r *Resource) error {
		if err := r.can(v); err != nil {
			return err
		}
		c, err := do(r)
		if err != nil {
			return err
		}
		return r.turn(v, what, c)
	})
	if err != nil {
		return nil, err
	}
	return &Share{r, r.Find(which)}, nil
}

// AcceptClaim takes up a claim that waits for the publisher's word.
func (s *Service) AcceptClaim(ctx context.Context, in exchange.AcceptInput) (*exchange.Claim, error) {
	return claimOf(s.on(ctx, access.ResourceDecide, in.ID, VerbAccept, ToldClaimAccepted, func(r *Resource) (*exchange.Claim, error) {
		return s.Decide(&r.Listing, in.ID, exchange.ClaimAccept, nil)
	}))
}

// DeclineClaim refuses a claim that waits for the publisher's word.
func (s *Service) DeclineClaim(ctx context.Context, in exchange.DeclineInput) (*exchange.Claim, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return claimOf(s.on(ctx, access.ResourceDecide, in.ID, VerbDecline, ToldClaimDeclined, func(r *Resource) (*exchange.Claim, error) {
		return s.Decide(&r.Listing, in.ID, exchange.ClaimDecline, reason)
	}))
}

// WithdrawClaim takes a claim back.
func (s *Service) WithdrawClaim(ctx context.Context, in exchange.WithdrawInput) (*exchange.Claim, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return claimOf(s.on(ctx, access.ResourceLeave, in.ID, VerbLeave, ToldClaimWithdrawn, func(r *Resource) (*exchange.Claim, error) {
		return s.Leave(ctx, &r.Listing, in.ID, s.acting(ctx, access.ResourceLeave, r), access.ResourceLeave, reason)
	}))
}

func claimOf(c *Share, err error) (*exchange.Claim, error) {
	if err != nil {
		return nil, err
	}
	return c.Claim, nil
}

// ManyClaims finds claims in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) ManyClaims(ctx context.Context, ids []id.Claim) ([]*exchange.Claim, error) {
	return s.shelf().ManyClaims(ctx, id.KindResource, ids)
}

// ClaimActions are what the caller may do with claims now, in their order.
func (s *Service) ClaimActions(ctx context.Context, claims []*exchange.Claim) ([][]exchange.ClaimVerb, error) {
	return s.shelf().ClaimActions(ctx, id.KindResource, claims, func(r *Resource, c *exchange.Claim) []exchange.ClaimVerb { return s.claimVerbs(ctx, r, c) })
}

func (s *Service) claimVerbs(ctx context.Context, r *Resource, c *exchange.Claim) []exchange.ClaimVerb {
	decides := len(s.acting(ctx, access.ResourceDecide, r)) > 0 && r.can(VerbAccept) == nil
	var leaves []id.Organisation
	if r.can(VerbLeave) == nil {
		leaves = s.acting(ctx, access.ResourceLeave, r)
	}
	return exchange.Allowed(c, decides, leaves)
}

// AllowedActions are what the caller may do with a resource now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, r *Resource) []Verb {
	out := []Verb{}
	for _, v := range Verbs() {
		if r.can(v) == nil && s.may(ctx, v, r) {
			out = append(out, v)
		}
	}
	return out
}

// may says whether the caller may do a verb on a resource in a state that has it.
func (s *Service) may(ctx context.Context, v Verb, r *Resource) bool {
	action, any := action(v), func(of []id.Organisation, states ...exchange.ClaimStatus) bool {
		return slices.ContainsFunc(r.Claims, func(c *exchange.Claim) bool {
			return slices.Contains(states, c.Status) && (of == nil || slices.Contains(of, c.Claimant))
		})
	}
	mine := s.acting(ctx, action, r)
	if len(mine) == 0 {
		return false
	}
	switch v {
	case VerbClaim:
		return !r.Expired(s.At()) && slices.ContainsFunc(mine, func(o id.Organisation) bool {
			return o != r.Publisher && !any([]id.Organisation{o}, exchange.ClaimPending, exchange.ClaimAccepted)
		})
	case VerbAccept, VerbDecline:
		return any(nil, exchange.ClaimPending)
	case VerbLeave:
		return any(mine, exchange.ClaimPending, exchange.ClaimAccepted)
	case VerbOffer:
		return !r.Expired(s.At())
	}
	return true
}

// action is a verb's name in the table of who may do what.
func action(v Verb) string {
	return map[Verb]string{
		VerbDraft: access.ResourceDraft, VerbChange: access.ResourceChange, VerbOffer: access.ResourceOffer, VerbClaim: access.ResourceClaim,
		VerbAccept: access.ResourceDecide, VerbDecline: access.ResourceDecide, VerbLeave: access.ResourceLeave,
		VerbWithdraw: access.ResourceWithdraw, VerbExpire: access.ResourceTime,
	}[v]
}
