package need

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Claim takes a share of a need on for an organisation.
func (s *Service) Claim(ctx context.Context, in ClaimInput) (*Share, error) {
	claiming, err := exchange.Claiming{Claimant: in.Claimant, Quantity: in.Quantity, Remark: in.Remark}.Check()
	if err != nil {
		return nil, err
	}
	var made *exchange.Claim
	n, err := s.needs.Change(ctx, access.NeedClaim, string(in.Need), func(n *Need) error {
		made = nil
		if err := n.can(VerbClaim); err != nil {
			return err
		}
		c, err := s.Desk.Claim(ctx, &n.Listing, id.KindNeedClaim, string(n.ID), s.acting(ctx, access.NeedClaim, n), claiming)
		if err != nil {
			return err
		}
		made = c
		return n.turn(VerbClaim, s.At(), ToldClaimed, c)
	})
	if err != nil {
		return nil, exchange.Barred(err, "need")
	}
	return &Share{n, n.Made(ctx, made)}, nil
}

// acting are the organisations for which the caller may do an action on a need.
func (s *Service) acting(ctx context.Context, action string, n *Need) []id.Organisation {
	return s.table.For(authz.From(ctx), action, n)
}

// on is a step of one claim.
func (s *Service) on(ctx context.Context, action string, which id.Claim, v Verb, what string, do func(*Need) (*exchange.Claim, error)) (*Share, error) {
	whole, _, ok := id.Whole[id.Need](string(which), id.KindNeed)
	if !ok || !id.Is(string(which), id.KindNeedClaim) {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", which)
	}
	n, err := s.needs.Change(ctx, action, string(whole), func(n *Need) error {
		if err := n.can(v); err != nil {
			return err
		}
		c, err := do(n)
		if err != nil {
			return err
		}
		return n.turn(v, s.At(), what, c)
	})
	if err != nil {
		return nil, err
	}
	return &Share{n, n.Find(which)}, nil
}

// AcceptClaim takes up a claim that waits for the publisher's word.
func (s *Service) AcceptClaim(ctx context.Context, in exchange.AcceptInput) (*exchange.Claim, error) {
	return claimOf(s.on(ctx, access.NeedDecide, in.ID, VerbAccept, ToldClaimAccepted, func(n *Need) (*exchange.Claim, error) {
		return s.Decide(&n.Listing, in.ID, exchange.ClaimAccept, nil)
	}))
}

// DeclineClaim refuses a claim that waits for the publisher's word.
func (s *Service) DeclineClaim(ctx context.Context, in exchange.DeclineInput) (*exchange.Claim, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return claimOf(s.on(ctx, access.NeedDecide, in.ID, VerbDecline, ToldClaimDeclined, func(n *Need) (*exchange.Claim, error) {
		return s.Decide(&n.Listing, in.ID, exchange.ClaimDecline, reason)
	}))
}

// WithdrawClaim takes a claim back.
func (s *Service) WithdrawClaim(ctx context.Context, in exchange.WithdrawInput) (*exchange.Claim, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return claimOf(s.on(ctx, access.NeedLeave, in.ID, VerbLeave, ToldClaimWithdrawn, func(n *Need) (*exchange.Claim, error) {
		return s.Leave(ctx, &n.Listing, in.ID, s.acting(ctx, access.NeedLeave, n), access.NeedLeave, reason)
	}))
}

func claimOf(c *Share, err error) (*exchange.Claim, error) {
	if err != nil {
		return nil, err
	}
	return c.Claim, nil
}

// Report says that what an organisation has taken on is done. When the last one does, the need is fulfilled.
func (s *Service) Report(ctx context.Context, in ReportInput) (*Share, error) {
	c, err := s.on(ctx, access.NeedReport, in.Claim, VerbReport, ToldReported, func(n *Need) (*exchange.Claim, error) {
		c, err := exchange.Mine(ctx, &n.Listing, in.Claim, s.acting(ctx, access.NeedReport, n), access.NeedReport)
		if err != nil {
			return nil, err
		}
		return c, c.Move(exchange.ClaimReport, exchange.ClaimFulfilled, s.At())
	})
	return c, exchange.Absent(err, "claim")
}

// ManyClaims finds claims in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) ManyClaims(ctx context.Context, ids []id.Claim) ([]*exchange.Claim, error) {
	return s.shelf().ManyClaims(ctx, id.KindNeed, ids)
}

// ClaimActions are what the caller may do with claims now, in their order.
func (s *Service) ClaimActions(ctx context.Context, claims []*exchange.Claim) ([][]exchange.ClaimVerb, error) {
	return s.shelf().ClaimActions(ctx, id.KindNeed, claims, func(n *Need, c *exchange.Claim) []exchange.ClaimVerb { return s.claimVerbs(ctx, n, c) })
}

func (s *Service) claimVerbs(ctx context.Context, n *Need, c *exchange.Claim) []exchange.ClaimVerb {
	decides := len(s.acting(ctx, access.NeedDecide, n)) > 0 && n.can(VerbAccept) == nil
	var leaves []id.Organisation
	if n.can(VerbLeave) == nil {
		leaves = s.acting(ctx, access.NeedLeave, n)
	}
	var also []exchange.ClaimVerb
	if n.can(VerbReport) == nil && slices.Contains(s.acting(ctx, access.NeedReport, n), c.Claimant) {
		also = append(also, exchange.ClaimReport)
	}
	if n.can(VerbReturn) == nil && len(s.acting(ctx, access.NeedReturn, n)) > 0 {
		also = append(also, exchange.ClaimReturn)
	}
	return exchange.Allowed(c, decides, leaves, also...)
}

// AllowedActions are what the caller may do with a need now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, n *Need) []Verb {
	out := []Verb{}
	for _, v := range Verbs() {
		if n.can(v) == nil && s.may(ctx, v, n) {
			out = append(out, v)
		}
	}
	return out
}

// may says whether the caller may do a verb on a need in a state that has it.
func (s *Service) may(ctx context.Context, v Verb, n *Need) bool {
	action, any := action(v), func(of []id.Organisation, states ...exchange.ClaimStatus) bool {
		return slices.ContainsFunc(n.Claims, func(c *exchange.Claim) bool {
			return slices.Contains(states, c.Status) && (of == nil || slices.Contains(of, c.Claimant))
		})
	}
	mine := s.acting(ctx, action, n)
	if len(mine) == 0 {
		return false
	}
	switch v {
	case VerbClaim:
		return !n.Expired(s.At()) && slices.ContainsFunc(mine, func(o id.Organisation) bool {
			return o != n.Publisher && !any([]id.Organisation{o}, exchange.ClaimPending, exchange.ClaimAccepted, exchange.ClaimFulfilled)
		})
	case VerbAccept, VerbDecline:
		return any(nil, exchange.ClaimPending)
	case VerbLeave:
		return any(mine, exchange.ClaimPending, exchange.ClaimAccepted)
	case VerbReport:
		return any(mine, exchange.ClaimAccepted)
	case VerbReturn:
		return any(nil, exchange.ClaimFulfilled)
	case VerbClose:
		return n.Left() < n.Quantity
	case VerbPublish:
		return !n.Expired(s.At())
	case VerbConsent:
		return n.Kind == MicroWish
	}
	return true
}

// action is a verb's name in the table of who may do what.
func action(v Verb) string {
	return map[Verb]string{
		VerbCollect: access.NeedCollect, VerbChange: access.NeedChange, VerbVerify: access.NeedVerify, VerbPublish: access.NeedPublish,
		VerbClaim: access.NeedClaim, VerbAccept: access.NeedDecide, VerbDecline: access.NeedDecide, VerbLeave: access.NeedLeave,
		VerbClose: access.NeedClose, VerbReport: access.NeedReport, VerbReturn: access.NeedReturn, VerbConfirm: access.NeedConfirm,
		VerbConsent: access.NeedConsent, VerbWithdraw: access.NeedWithdraw, VerbExpire: access.NeedTime,
	}[v]
}
