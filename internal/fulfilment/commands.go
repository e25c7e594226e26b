package fulfilment

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// ReportInput is the input of reportFulfilment.
type ReportInput struct {
	command.Change
	ID           id.Fulfilment
	Note         string
	QuantityDone *scalar.Decimal
	Evidence     []*EvidenceInput
}

// Report takes in what the provider says it has done, with the evidence that the commitment asks for.
func (s *Service) Report(ctx context.Context, in ReportInput) (*Fulfilment, error) {
	var faults fault.List
	r := Report{
		Note:         text.Block(&faults, "note", in.Note, 1, MaxNote),
		QuantityDone: in.QuantityDone,
		Evidence:     evidence(&faults, in.Evidence),
	}
	if in.QuantityDone != nil && in.QuantityDone.Sign() < 0 {
		faults.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", "999999999999999"), "quantityDone")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if err := s.claim(ctx, in.ID, r.Evidence); err != nil {
		return nil, err
	}
	f, err := s.fulfilments.Change(ctx, access.FulfilmentReport, string(in.ID), func(f *Fulfilment) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		a, said := authz.From(ctx), r
		said.Party, said.At, said.Person = f.Provider, s.now(), a.Author()
		return f.report(&said)
	})
	if err == nil {
		_ = s.settle(ctx, f) // else it is done when the event of the report is followed
	}
	return f, err
}

// AcceptInput is the input of acceptFulfilment.
type AcceptInput struct {
	command.Change
	ID    id.Fulfilment
	Party *id.Organisation
}

// Accept takes in that a receiver agrees to the report.
func (s *Service) Accept(ctx context.Context, in AcceptInput) (*Fulfilment, error) {
	return s.fulfilments.Change(ctx, access.FulfilmentAccept, string(in.ID), func(f *Fulfilment) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		a, err := s.answer(ctx, access.FulfilmentAccept, f, in.Party)
		if err != nil {
			return err
		}
		a.Accepted = true
		return f.accept(a)
	})
}

// DisputeInput is the input of disputeFulfilment.
type DisputeInput struct {
	command.Change
	ID     id.Fulfilment
	Party  *id.Organisation
	Reason string
}

// Dispute takes in that a receiver does not agree to the report, and why.
func (s *Service) Dispute(ctx context.Context, in DisputeInput) (*Fulfilment, error) {
	var faults fault.List
	reason := text.Block(&faults, "reason", in.Reason, 1, MaxReason)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.fulfilments.Change(ctx, access.FulfilmentDispute, string(in.ID), func(f *Fulfilment) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		a, err := s.answer(ctx, access.FulfilmentDispute, f, in.Party)
		if err != nil {
			return err
		}
		a.Reason = &reason
		return f.dispute(a)
	})
}

// ResolveInput is the input of resolveFulfilment.
type ResolveInput struct {
	command.Change
	ID      id.Fulfilment
	Party   *id.Organisation
	Outcome Outcome
	Reason  *string
}

// Resolve takes in the outcome of a dispute that a side holds right, or that a supervising body decides, with a reason.
func (s *Service) Resolve(ctx context.Context, in ResolveInput) (*Fulfilment, error) {
	var faults fault.List
	if !slices.Contains(Outcomes(), in.Outcome) {
		faults.Add(fault.New(fault.Invalid, CodeUnknownOutcome, "outcome", in.Outcome), "outcome")
	}
	var reason *string
	if in.Reason != nil {
		if said := text.Block(&faults, "reason", *in.Reason, 0, MaxReason); said != "" {
			reason = &said
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.fulfilments.Change(ctx, access.FulfilmentResolve, string(in.ID), func(f *Fulfilment) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		party, err := s.by(ctx, access.FulfilmentResolve, f, in.Party)
		if err != nil {
			return err
		}
		if party != f.Provider && !slices.Contains(f.Receivers, party) {
			return s.decide(ctx, f, &Resolution{Outcome: in.Outcome, Body: &party, Reason: reason, At: s.now()})
		}
		a := authz.From(ctx)
		return f.propose(&Proposal{
			Party: party, Outcome: in.Outcome, Reason: reason, At: s.now(), Person: a.Author(),
		})
	})
}

// decide ends a dispute in the name of a supervising body, which gives a reason. Who reported does not judge the report.
func (s *Service) decide(ctx context.Context, f *Fulfilment, r *Resolution) error {
	if err := f.can(VerbResolve); err != nil {
		return err
	}
	if r.Reason == nil {
		return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
	}
	if a := authz.From(ctx); a.Author() != "" && a.Author() == f.Report.Person {
		return fault.New(fault.Refused, CodeOwnReport)
	}
	return f.resolve(r, *r.Body)
}

// answer begins what a receiver says.
func (s *Service) answer(ctx context.Context, action string, f *Fulfilment, named *id.Organisation) (*Answer, error) {
	if err := f.can(map[string]Verb{access.FulfilmentAccept: VerbAccept, access.FulfilmentDispute: VerbDispute}[action]); err != nil {
		return nil, err
	}
	party, err := s.by(ctx, action, f, named)
	if err != nil {
		return nil, err
	}
	a := authz.From(ctx)
	return &Answer{Party: party, At: s.now(), Person: a.Author()}, nil
}

// by finds out for which organisation the caller acts: the one that is named, or the only one of the caller's own.
func (s *Service) by(ctx context.Context, action string, f *Fulfilment, named *id.Organisation) (id.Organisation, error) {
	mine := s.table.For(authz.From(ctx), action, f)
	switch {
	case named != nil && !slices.Contains(mine, *named):
		return "", fault.New(fault.Forbidden, CodeNotOfYours, "organisation", *named).At("party")
	case named != nil:
		return *named, nil
	case len(mine) > 1:
		return "", fault.New(fault.Invalid, CodeAmbiguousParty, "organisations", mine).At("party")
	case len(mine) == 0:
		return "", fault.New(fault.Forbidden, fault.CodeForbidden, "action", action)
	}
	return mine[0], nil
}
