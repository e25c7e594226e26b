package delegation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// OfferInput is the input of delegate.
type OfferInput struct {
	command.Once
	From     id.Organisation
	To       id.Organisation
	Role     authz.Role
	StartsAt *time.Time // at once where absent
	EndsAt   time.Time
	Reason   string
}

// Offer lends an office of one organisation to another, which accepts it or not.
func (s *Service) Offer(ctx context.Context, in OfferInput) (*Delegation, error) {
	a, now := authz.From(ctx), s.now()
	var f fault.List
	d := &Delegation{
		From: in.From, To: in.To, Role: in.Role, OfferedBy: a.Author(), StartsAt: now, EndsAt: in.EndsAt.UTC().Truncate(time.Millisecond),
		Reason: text.Block(&f, "reason", in.Reason, 1, MaxReason),
	}
	if in.StartsAt != nil {
		d.StartsAt = in.StartsAt.UTC().Truncate(time.Millisecond)
	}
	if err := s.may(ctx, VerbOffer, d); err != nil {
		return nil, err
	}
	if latest := d.StartsAt.AddDate(MaxYears, 0, 0); !d.EndsAt.After(d.StartsAt) || !d.EndsAt.After(now) || d.EndsAt.After(latest) || d.StartsAt.After(now.AddDate(MaxYears, 0, 0)) {
		f.Add(fault.New(fault.Invalid, CodePeriod, "latest", latest), "endsAt")
	}
	if err := s.between(ctx, &f, d); err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := d.offer(); err != nil {
		return nil, err
	}
	d.ID = store.NewID[id.Delegation](ctx, id.KindDelegation, now, s.Random)
	kept, err := s.delegations.Add(ctx, VerbOffer.Action(), d)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok && exists.Index == openOnce().Name() {
		return nil, fault.New(fault.Refused, CodeOpen, "role", in.Role).At("to")
	}
	return kept, err
}

// may asks the table before anything is said about the input: nobody learns from a refusal of one field what they may not
// do at all.
func (s *Service) may(ctx context.Context, v Verb, d *Delegation) error {
	if a := authz.From(ctx); !s.table.Allows(a, v.Action(), d) {
		return s.table.Refusal(a, v.Action())
	}
	return nil
}

// between checks that the two organisations can lend and take the office.
func (s *Service) between(ctx context.Context, f *fault.List, d *Delegation) error {
	if d.From == d.To {
		f.Add(fault.New(fault.Refused, CodeOneself), "to")
		return nil
	}
	facts, err := s.Organisations(ctx, []id.Organisation{d.From, d.To})
	if err != nil {
		return err
	}
	for i, name := range []string{"from", "to"} {
		switch {
		case !facts[i].Exists():
			f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", []id.Organisation{d.From, d.To}[i]), name)
		case len(lends(facts[i].Kind)) == 0:
			f.Add(fault.New(fault.Refused, CodeUnfit, "kind", facts[i].Kind), name)
		}
	}
	if kind := facts[0].Kind; len(lends(kind)) > 0 && !slices.Contains(lends(kind), d.Role) {
		f.Add(fault.New(fault.Refused, CodeRole, "role", d.Role, "kind", kind), "role")
	}
	d.Above = facts[0].Above
	return nil
}

// lends are the offices that organisations of a kind lend. Bodies that supervise lend none, and take none: what they may
// do is given them by law.
func lends(k organisation.Kind) []authz.Role {
	switch k {
	case organisation.KindCommunity:
		return []authz.Role{authz.Secretary, authz.GridSteward}
	case organisation.KindResidentUnit:
		return []authz.Role{authz.Liaison}
	case organisation.KindDistrict, organisation.KindSubDistrict:
	}
	return nil
}

// AcceptInput is the input of acceptDelegation.
type AcceptInput struct {
	command.Change
	ID id.Delegation
}

// Accept takes over an office that is offered.
func (s *Service) Accept(ctx context.Context, in AcceptInput) (*Delegation, error) {
	return s.delegations.Change(ctx, VerbAccept.Action(), string(in.ID), func(d *Delegation) error {
		if err := in.Expect(d.Version); err != nil {
			return err
		}
		return d.accept(authz.From(ctx).Author(), s.now())
	})
}

// EndInput is the input of endDelegation.
type EndInput struct {
	command.Change
	ID     id.Delegation
	Reason *string
}

// End ends a delegation at once: the next request of those who held the office by it is answered without it.
func (s *Service) End(ctx context.Context, in EndInput) (*Delegation, error) {
	var f fault.List
	reason := ""
	if in.Reason != nil {
		reason = text.Block(&f, "reason", *in.Reason, 0, MaxReason)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.delegations.Change(ctx, VerbEnd.Action(), string(in.ID), func(d *Delegation) error {
		if err := in.Expect(d.Version); err != nil {
			return err
		}
		by := s.acting(authz.From(ctx), VerbEnd, d)
		if len(by) == 0 {
			return fault.New(fault.Forbidden, fault.CodeForbidden, "action", VerbEnd.Action())
		}
		if slices.Contains(d.Above, by[0]) && reason == "" {
			return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
		}
		return d.end(by[0], reason, s.now())
	})
}

// acting lists the organisations for which somebody may do a verb; the two sides come first.
func (s *Service) acting(a authz.Actor, v Verb, d *Delegation) []id.Organisation {
	rule, _ := s.table.Rule(v.Action())
	a = a.Under(rule, d)
	var out []id.Organisation
	for _, g := range rule.Who {
		for _, o := range d.Stand(g.As) {
			if a.Acts(g.Role, o) && !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	return out
}

// AllowedActions are what the caller may do to a delegation now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, d *Delegation) []Verb {
	a, out := authz.From(ctx), []Verb{}
	for _, v := range Verbs() {
		own := v == VerbAccept && (a.Author() == d.OfferedBy || !s.now().Before(d.EndsAt))
		if d.can(v) == nil && !own && s.table.Allows(a, v.Action(), d) {
			out = append(out, v)
		}
	}
	return out
}

// InForce says whether the office is lent at this moment.
func (s *Service) InForce(d *Delegation) bool { return d.InForce(s.now()) }
