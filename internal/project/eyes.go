package project

import (
	"cmp"
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// A secretary's project has four eyes: what a community plans is approved, checked and accepted by somebody else. A person
// with an office on both sides stands on the side of who takes part.

// judges says whether a body judges by the verb what those who take part have done.
func (v Verb) judges() bool {
	return v == VerbApprove || v == VerbReturn || v == VerbCheckMidterm || v == VerbAccept || v == VerbCommend
}

// ready refuses a verb that the project does not have now, or not for somebody, beyond what roles allow.
func (s *Service) ready(v Verb, p *Project, a authz.Actor) error {
	if err := p.can(v); err != nil {
		return err
	}
	switch {
	case v.judges():
		return cmp.Or(p.apart(a), p.patient(v))
	case v == VerbRevise && !s.leads(v, p, a):
		if !p.approved() {
			return s.table.Refusal(a, v.Action())
		}
		return p.apart(a)
	}
	return p.patient(v)
}

// leads says whether somebody may do a verb for the organisation that leads.
func (s *Service) leads(v Verb, p *Project, a authz.Actor) bool {
	return slices.Contains(s.table.For(a, v.Action(), p), p.Lead)
}

// apart refuses somebody with an office in an organisation that takes part. A body that takes part itself is no other side
// of its own.
func (p *Project) apart(a authz.Actor) error {
	for _, o := range p.Parties {
		if o != p.SubDistrict && o != p.District && slices.ContainsFunc(a.Holdings, func(h authz.Holding) bool { return h.Organisation == o && h.Role != authz.Member }) {
			return fault.New(fault.Refused, CodeOwnProject, "organisation", o)
		}
	}
	return nil
}

// approved says whether the sub-district has approved what is planned, and the project goes on.
func (p *Project) approved() bool {
	return p.Kind == SecretaryLed && (p.Status == Approved || p.Status == Running || p.Status == Midterm)
}

// kept refuses that who leads changes what was approved for its sake: what it may cost, and who takes part.
func (p *Project) kept(was *Project) error {
	if !was.approved() {
		return nil
	}
	var f fault.List
	for _, c := range []struct {
		field string
		same  bool
	}{
		{"budget", equal(p.BudgetUnits, was.BudgetUnits)},
		{"currency", p.BudgetUnits == nil || was.BudgetUnits == nil || p.Currency == was.Currency},
		{"partners", slices.Equal(slices.Sorted(slices.Values(p.Partners)), slices.Sorted(slices.Values(was.Partners)))},
	} {
		if !c.same {
			f.Add(fault.New(fault.Refused, CodeAgreed, "subDistrict", p.SubDistrict), c.field)
		}
	}
	return f.Err()
}

func equal(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// amend changes what the sub-district has approved, on its word. The rest of the plan is for who leads.
func (s *Service) amend(ctx context.Context, p *Project, in ReviseInput) error {
	var f fault.List
	for _, c := range []struct {
		field string
		given bool
	}{
		{"title", in.Title != nil},
		{"summary", in.Summary != nil},
		{"startsOn", in.StartsOn != nil},
		{"endsOn", in.EndsOn != nil},
		{"beneficiaries", in.Beneficiaries != nil},
	} {
		if c.given {
			f.Add(fault.New(fault.Forbidden, fault.CodeForbidden, "action", access.ProjectRevise), c.field)
		}
	}
	f.Add(p.fund(in.Budget, in.Currency))
	if in.Partners != nil {
		f.Add(s.join(ctx, p, in.Partners))
	}
	return f.Err()
}
