package contract

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The inputs of the verbs of a contract in force.
type (
	// TogetherInput proposes a step or consents to it, or orders it as a supervising body. The first gives the reason.
	TogetherInput struct {
		StepInput
		Reason *string
	}
	// SuspendInput lets a contract rest.
	SuspendInput struct{ TogetherInput }
	// ResumeInput ends its rest.
	ResumeInput struct{ TogetherInput }
	// TerminateInput ends it before its last day.
	TerminateInput struct{ TogetherInput }
	// WithdrawStepInput takes a consent back.
	WithdrawStepInput struct{ StepInput }
	// NoticeInput gives a party's notice.
	NoticeInput struct {
		StepInput
		EffectiveOn *scalar.Date
		Reason      string
	}
	// CompleteInput announces that everything is done.
	CompleteInput struct{ StepInput }
	// ObjectInput objects to that.
	ObjectInput struct {
		StepInput
		Reason string
	}
)

// Suspend lets a contract rest, when every host and partner consents or a body above it orders it.
func (s *Service) Suspend(ctx context.Context, in SuspendInput) (*Contract, error) {
	return s.together(ctx, VerbSuspend, in.TogetherInput)
}

// Resume ends a contract's rest, in the same way.
func (s *Service) Resume(ctx context.Context, in ResumeInput) (*Contract, error) {
	return s.together(ctx, VerbResume, in.TogetherInput)
}

// Terminate ends a contract before its last day, in the same way.
func (s *Service) Terminate(ctx context.Context, in TerminateInput) (*Contract, error) {
	return s.together(ctx, VerbTerminate, in.TogetherInput)
}

// together is a step of all, or of a body above: which of the two, the caller says by naming the party or the body
// where it could be either.
func (s *Service) together(ctx context.Context, v Verb, in TogetherInput) (*Contract, error) {
	var f fault.List
	why := text.Block(&f, "reason", or(in.Reason, ""), 0, maxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := wantContract(in.ID); err != nil {
		return nil, err
	}
	return s.contracts.Change(ctx, v.Action(), string(in.ID), func(c *Contract) error {
		if err := in.Expect(c.Version); err != nil {
			return err
		}
		a := authz.From(ctx)
		mine, bodies := s.actingFor(a, v.Action(), c), s.overseeing(a, v.Action(), c)
		by, err := s.choose(ctx, v.Action(), either(mine, bodies), c.Current, in.Party)
		if err != nil {
			return err
		}
		if slices.Contains(bodies, by.Party) {
			return c.Order(v, by, why)
		}
		return c.Together(v, by, why)
	})
}

// either are the organisations for which somebody can take a step. A body that is a witness as well acts as the body: a
// witness has no say.
func either(mine, bodies []id.Organisation) []id.Organisation {
	out := slices.Clone(mine)
	for _, o := range bodies {
		if !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// overseeing lists the bodies above the host for which somebody may do an action.
func (s *Service) overseeing(a authz.Actor, action string, c *Contract) []id.Organisation {
	rule, _ := s.table.Rule(action)
	return slices.DeleteFunc(slices.Clone(c.Above), func(o id.Organisation) bool {
		return a.IsSystem() || !slices.ContainsFunc(rule.Who, func(g authz.Grant) bool {
			return g.As == authz.Above && a.Holds(g.Role, o)
		})
	})
}

// WithdrawStep takes back the consent to a step that waits for others.
func (s *Service) WithdrawStep(ctx context.Context, in WithdrawStepInput) (*Contract, error) {
	return s.step(ctx, VerbWithdraw, in.StepInput, func(c *Contract, by By) error { return c.WithdrawStep(by) })
}

// GiveNotice gives a party's notice to leave.
func (s *Service) GiveNotice(ctx context.Context, in NoticeInput) (*Contract, error) {
	if d := in.EffectiveOn; d != nil {
		if _, err := scalar.ParseDate(string(*d)); err != nil {
			return nil, fault.Of(err).At("effectiveOn")
		}
	}
	return s.explained(ctx, VerbNotice, in.StepInput, in.Reason, func(c *Contract, by By, why string) error {
		return c.GiveNotice(by, in.EffectiveOn, why)
	})
}

// Complete announces, for the host, that everything in the contract is done. Without an objection it is completed seven
// days later.
func (s *Service) Complete(ctx context.Context, in CompleteInput) (*Contract, error) {
	return s.step(ctx, VerbComplete, in.StepInput, func(c *Contract, by By) error {
		if err := c.ready(VerbComplete, by.Party); err != nil {
			return err
		}
		open, err := s.Undone(authz.AsSystem(ctx), c)
		if err != nil {
			return err
		}
		return c.Complete(by, open)
	})
}

// Object ends such an announcement: something is not done.
func (s *Service) Object(ctx context.Context, in ObjectInput) (*Contract, error) {
	return s.explained(ctx, VerbObject, in.StepInput, in.Reason, (*Contract).Object)
}

// explained is a step for which people have to give a reason.
func (s *Service) explained(ctx context.Context, v Verb, in StepInput, reason string, do func(*Contract, By, string) error) (*Contract, error) {
	var f fault.List
	why := text.Block(&f, "reason", reason, 1, maxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.step(ctx, v, in, func(c *Contract, by By) error { return do(c, by, why) })
}

// deeds give time what it needs of the house for one contract.
func (s *Service) deeds(ctx context.Context, c *Contract, now time.Time) Deeds {
	return Deeds{
		Undone: func() (Undone, error) { return s.Undone(ctx, c) },
		Renew:  func() error { return s.renewItself(ctx, c, now) },
	}
}

// orders says whether a body above may take a step at once now.
func (s *Service) orders(a authz.Actor, v Verb, c *Contract) bool {
	return slices.Contains([]Verb{VerbSuspend, VerbResume, VerbTerminate}, v) && c.can(v) == nil &&
		len(s.overseeing(a, v.Action(), c)) > 0
}
