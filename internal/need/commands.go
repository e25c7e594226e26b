package need

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Collect writes a need down.
func (s *Service) Collect(ctx context.Context, in CollectInput) (*Need, error) {
	n, err := s.written(ctx, access.NeedCollect, &in.Need)
	if err != nil {
		return nil, err
	}
	if err := n.become(VerbCollect, Collected, ToldCollected, nil); err != nil {
		return nil, err
	}
	return s.needs.Add(ctx, access.NeedCollect, n)
}

// Publish opens a need to claims: one that is verified, or a new one in a single step.
func (s *Service) Publish(ctx context.Context, in PublishInput) (*Need, error) {
	switch {
	case (in.ID == nil) == (in.Need == nil):
		return nil, fault.New(fault.Invalid, exchange.CodeTwoThings, "fields", []string{"id", "need"}).At("id")
	case in.Need != nil:
		return s.publishNew(ctx, in.Need)
	case in.ExpectedVersion == nil:
		return nil, fault.New(fault.Invalid, fault.CodeRequired).At("expectedVersion")
	}
	n, err := s.needs.Change(ctx, access.NeedPublish, string(*in.ID), func(n *Need) error {
		if err := command.Expect(n.Version, *in.ExpectedVersion); err != nil {
			return err
		}
		return n.publish(s.At())
	})
	return n, exchange.Absent(err, "id")
}

func (s *Service) publishNew(ctx context.Context, in *Input) (*Need, error) {
	n, err := s.written(ctx, access.NeedPublish, in)
	if err != nil {
		return nil, err
	}
	now := s.At()
	n.VerifiedAt, n.VerifiedBy = &now, authz.From(ctx).Author()
	if err := n.publish(now); err != nil {
		return nil, err
	}
	return s.needs.Add(ctx, access.NeedPublish, n)
}

// written is a new need as an input says it.
func (s *Service) written(ctx context.Context, action string, in *Input) (*Need, error) {
	n := &Need{CollectedBy: authz.From(ctx).Author()}
	n.ID = store.NewID[id.Need](ctx, id.KindNeed, s.Now(), s.Random)
	if err := s.Desk.Publish(ctx, s.table, action, in.Publisher, &n.Listing); err != nil {
		return nil, exchange.Below(err, "need")
	}
	var f fault.List
	in.kind(&f, n)
	f.Add(s.fill(ctx, in, n))
	return n, exchange.Below(f.Err(), "need")
}

// Change rewrites a need that is not published.
func (s *Service) Change(ctx context.Context, in ChangeInput) (*Need, error) {
	return s.needs.Change(ctx, access.NeedChange, string(in.ID), func(n *Need) error {
		if err := in.Expect(n.Version); err != nil {
			return err
		}
		if err := n.can(VerbChange); err != nil {
			return err
		}
		agreed := n.ConsentAt != nil
		var f fault.List
		in.Need.kind(&f, n)
		f.Add(s.fill(ctx, &in.Need, n))
		if err := f.Err(); err != nil {
			return exchange.Below(err, "need")
		}
		n.VerifiedAt, n.VerifiedBy = nil, ""
		if err := n.become(VerbChange, Collected, ToldChanged, nil); err != nil || !agreed || n.ConsentAt != nil {
			return err
		}
		return n.told(ToldConsentWithdrawn, nil)
	})
}

// Verify says that a need was looked into.
func (s *Service) Verify(ctx context.Context, in VerifyInput) (*Need, error) {
	return s.step(ctx, access.NeedVerify, in.Change, in.ID, func(n *Need) error {
		n.VerifiedBy = authz.From(ctx).Author()
		return n.verify(s.At())
	})
}

// Close takes no more claims.
func (s *Service) Close(ctx context.Context, in CloseInput) (*Need, error) {
	return s.step(ctx, access.NeedClose, in.Change, in.ID, func(n *Need) error { return n.close(s.At()) })
}

// Confirm says that a need is met.
func (s *Service) Confirm(ctx context.Context, in ConfirmInput) (*Need, error) {
	return s.step(ctx, access.NeedConfirm, in.Change, in.ID, func(n *Need) error { return n.confirm(s.At()) })
}

// Withdraw ends a need that is not met.
func (s *Service) Withdraw(ctx context.Context, in WithdrawInput) (*Need, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return s.step(ctx, access.NeedWithdraw, in.Change, in.ID, func(n *Need) error { return n.withdraw(reason, s.At()) })
}

// Return says that what was reported as done is not.
func (s *Service) Return(ctx context.Context, in ReturnInput) (*Need, error) {
	reason, err := exchange.MustReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if len(in.Claims) > exchange.MaxClaims {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", exchange.MaxClaims).At("claims")
	}
	return s.step(ctx, access.NeedReturn, in.Change, in.ID, func(n *Need) error {
		if err := n.can(VerbReturn); err != nil {
			return err
		}
		claims, err := n.reported(in.Claims)
		if err != nil {
			return err
		}
		return n.returned(claims, reason, s.At())
	})
}

// reported are the claims that were reported as done: those that are named, or all.
func (n *Need) reported(named []id.Claim) ([]*exchange.Claim, error) {
	var out []*exchange.Claim
	for i, which := range named {
		c, err := n.Claimed(which)
		if err != nil {
			return nil, exchange.Below(err, "claims", strconv.Itoa(i))
		}
		if slices.Contains(out, c) {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", which).At("claims", strconv.Itoa(i))
		}
		out = append(out, c)
	}
	for _, c := range n.Claims {
		if named == nil && c.Status == exchange.ClaimFulfilled {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Refused, CodeNoReport)
	}
	return out, nil
}

// Consent records whether the resident of a micro-wish agrees to be reached.
func (s *Service) Consent(ctx context.Context, in ConsentInput) (*Need, error) {
	return s.needs.Change(ctx, access.NeedConsent, string(in.ID), func(n *Need) error {
		n.ConsentBy = authz.From(ctx).Author()
		return n.consent(in.Consent, s.At())
	})
}

// step is a verb on the version that the caller has read.
func (s *Service) step(ctx context.Context, action string, c command.Change, which id.Need, do func(*Need) error) (*Need, error) {
	return s.needs.Change(ctx, action, string(which), func(n *Need) error {
		if err := c.Expect(n.Version); err != nil {
			return err
		}
		return do(n)
	})
}
