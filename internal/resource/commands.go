package resource

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Input is what is said of a resource.
type Input struct{ exchange.Input }

// DraftInput is the input of draftResource.
type DraftInput struct {
	command.Once
	Resource Input
}

// ChangeInput is the input of changeResource.
type ChangeInput struct {
	command.Change
	ID       id.Resource
	Resource Input
}

// OfferInput is the input of offerResource: a resource that there is, or a new one.
type OfferInput struct {
	command.Once
	ID              *id.Resource
	ExpectedVersion *int
	Resource        *Input
}

// ClaimInput is the input of claimResource.
type ClaimInput struct {
	command.Once
	Resource id.Resource
	Claimant *id.Organisation
	Quantity int64
	Remark   *string
}

// WithdrawInput is the input of withdrawResource.
type WithdrawInput struct {
	command.Change
	ID     id.Resource
	Reason *string
}

// Share is a resource with the claim that a step was about.
type Share struct {
	Resource *Resource
	Claim    *exchange.Claim
}

// Draft writes a resource down without offering it yet.
func (s *Service) Draft(ctx context.Context, in DraftInput) (*Resource, error) {
	r, err := s.written(ctx, access.ResourceDraft, &in.Resource)
	if err != nil {
		return nil, err
	}
	if err := r.become(VerbDraft, Draft, ToldDrafted, nil); err != nil {
		return nil, err
	}
	return s.resources.Add(ctx, access.ResourceDraft, r)
}

// Offer opens a resource to claims: one that is drafted, or a new one in a single step.
func (s *Service) Offer(ctx context.Context, in OfferInput) (*Resource, error) {
	switch {
	case (in.ID == nil) == (in.Resource == nil):
		return nil, fault.New(fault.Invalid, exchange.CodeTwoThings, "fields", []string{"id", "resource"}).At("id")
	case in.Resource != nil:
		r, err := s.written(ctx, access.ResourceOffer, in.Resource)
		if err != nil {
			return nil, err
		}
		if err := r.offer(s.At()); err != nil {
			return nil, err
		}
		return s.resources.Add(ctx, access.ResourceOffer, r)
	case in.ExpectedVersion == nil:
		return nil, fault.New(fault.Invalid, fault.CodeRequired).At("expectedVersion")
	}
	r, err := s.resources.Change(ctx, access.ResourceOffer, string(*in.ID), func(r *Resource) error {
		if err := command.Expect(r.Version, *in.ExpectedVersion); err != nil {
			return err
		}
		return r.offer(s.At())
	})
	return r, exchange.Absent(err, "id")
}

// written is a new resource as an input says it.
func (s *Service) written(ctx context.Context, action string, in *Input) (*Resource, error) {
	r := &Resource{DraftedBy: authz.From(ctx).Author()}
	r.ID = store.NewID[id.Resource](ctx, id.KindResource, s.Now(), s.Random)
	if err := s.Publish(ctx, s.table, action, in.Publisher, &r.Listing); err != nil {
		return nil, exchange.Below(err, "resource")
	}
	var f fault.List
	if err := s.Fill(ctx, &f, &in.Input, &r.Listing, true); err != nil {
		return nil, err
	}
	return r, exchange.Below(f.Err(), "resource")
}

// Change rewrites a resource that is not offered yet.
func (s *Service) Change(ctx context.Context, in ChangeInput) (*Resource, error) {
	return s.resources.Change(ctx, access.ResourceChange, string(in.ID), func(r *Resource) error {
		if err := in.Expect(r.Version); err != nil {
			return err
		}
		if err := r.can(VerbChange); err != nil {
			return err
		}
		var f fault.List
		if in.Resource.Publisher != nil && *in.Resource.Publisher != r.Publisher {
			f.Add(fault.New(fault.Refused, exchange.CodeFixed), "publisher")
		}
		if err := s.Fill(ctx, &f, &in.Resource.Input, &r.Listing, true); err != nil {
			return err
		}
		if err := f.Err(); err != nil {
			return exchange.Below(err, "resource")
		}
		return r.become(VerbChange, Draft, ToldChanged, nil)
	})
}

// Withdraw ends a resource.
func (s *Service) Withdraw(ctx context.Context, in WithdrawInput) (*Resource, error) {
	reason, err := exchange.Reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return s.resources.Change(ctx, access.ResourceWithdraw, string(in.ID), func(r *Resource) error {
		if err := in.Expect(r.Version); err != nil {
			return err
		}
		return r.withdraw(reason, s.At())
	})
}
