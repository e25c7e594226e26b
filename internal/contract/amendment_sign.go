package contract

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// OpenAmendmentForSigning freezes the text that every host and partner has agreed to. One amendment of a contract is
// open for signing at a time, so that none of the signed is outdated by another.
func (s *Service) OpenAmendmentForSigning(ctx context.Context, in OpenAmendmentInput) (*Amendment, error) {
	return s.amends(ctx, AmendOpen, in.AmendStepInput, func(a *Amendment, c *Contract, by By) error {
		if err := a.ready(AmendOpen, by.Party, c, c.today(by.At)); err != nil {
			return err
		}
		if err := s.hold(ctx, a); err != nil {
			return err
		}
		return a.open(by, c)
	})
}

// SignAmendment puts a party's signature under the frozen text, which the caller names by its hash. Many may sign at
// once: each signature lands, and the last one required makes the amendment SIGNED.
func (s *Service) SignAmendment(ctx context.Context, in SignAmendmentInput) (*Amendment, error) {
	if err := wantAmendment(in.ID); err != nil {
		return nil, err
	}
	pen := &pen{s: s, in: SignInput{Signature: in.Signature}}
	a, err := s.amendments.Change(ctx, access.AmendmentSign, string(in.ID), func(a *Amendment) error {
		c, by, err := s.actsOn(ctx, AmendSign, a, in.Party)
		if err != nil {
			return err
		}
		if err := a.ready(AmendSign, by.Party, c, c.today(by.At)); err != nil {
			return err
		}
		if in.TextHash != a.Frozen.Hash {
			return fault.New(fault.Refused, CodeWrongTextHash, "current", a.Frozen.Hash).At("textHash")
		}
		if err := s.hold(ctx, a); err != nil {
			return err
		}
		if err := pen.write(ctx, a.statement(by.Party)); err != nil {
			return err
		}
		by.At = s.now() // after the key was there to sign with
		return a.sign(by, c, pen.kid, pen.jws)
	})
	if fault.Is(err, fault.CodeForbidden) {
		return nil, s.whyNotAmend(ctx, in, err)
	}
	return a, err
}

// whyNotAmend says more of a refusal to who may read the amendment.
func (s *Service) whyNotAmend(ctx context.Context, in SignAmendmentInput, refusal error) error {
	a, err := s.Amendment(ctx, in.ID)
	if err != nil {
		return refusal
	}
	return s.whyNotSignIn(ctx, in.Party, a.Parties, refusal)
}
