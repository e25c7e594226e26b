package project

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// usualCurrency is that of amounts of which nobody says another one.
const usualCurrency = "CNY"

// Plan is what a project begins with.
type Plan struct {
	Title         string
	Summary       *string
	Contract      *id.Contract
	Partners      []id.Organisation
	StartsOn      *scalar.Date
	EndsOn        *scalar.Date
	Budget        *scalar.Decimal
	Currency      *string
	Beneficiaries *BeneficiariesInput
	Template      *id.ProjectTemplate
	Record        *record.JSON
}

// BeneficiariesInput says for whom it is.
type BeneficiariesInput struct {
	Count    *int
	Audience *string
}

// CreateInput is the input of createProject.
type CreateInput struct {
	command.Once
	Lead id.Organisation
	Plan
}

// ApplyInput is the input of applySecretaryProject.
type ApplyInput struct {
	command.Once
	Community id.Organisation
	Plan
}

// Create begins an ordinary project.
func (s *Service) Create(ctx context.Context, in CreateInput) (*Project, error) {
	p := &Project{Kind: Ordinary, Status: Planned, Lead: in.Lead}
	return s.begin(ctx, access.ProjectCreate, ToldCreated, "lead", p, in.Plan)
}

// Apply brings a secretary's project before the sub-district.
func (s *Service) Apply(ctx context.Context, in ApplyInput) (*Project, error) {
	p := &Project{Kind: SecretaryLed, Status: Applied, Lead: in.Community}
	return s.begin(ctx, access.ProjectApply, ToldApplied, "community", p, in.Plan)
}

// begin checks who leads, what is planned and what the record says, and keeps the project.
func (s *Service) begin(ctx context.Context, action, told, leads string, p *Project, in Plan) (*Project, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	if a := authz.From(ctx); !s.table.Allows(a, action, p) { // before anything is told of what was asked for
		return nil, s.table.Refusal(a, action)
	}
	var f fault.List
	lead, err := s.lead(ctx, p, leads)
	if err != nil {
		return nil, err
	}
	if in.Contract != nil {
		p.Contract = *in.Contract
	}
	f.Add(s.join(ctx, p, in.Partners))
	p.describe(&f, &in.Title, in.Summary, in.Beneficiaries)
	f.Add(p.plan(in.StartsOn, in.EndsOn))
	f.Add(p.fund(in.Budget, in.Currency))
	f.Add(s.fill(ctx, p, in, lead))
	if err := f.Err(); err != nil {
		return nil, err
	}
	p.settle()
	p.ID = store.NewID[id.Project](ctx, id.KindProject, s.now(), s.Random)
	if err := p.tell(told, p.Lead); err != nil {
		return nil, err
	}
	return s.projects.Add(ctx, action, p)
}

// lead finds out who leads, and under whom.
func (s *Service) lead(ctx context.Context, p *Project, field string) (organisation.Facts, error) {
	found, err := s.Organisations(ctx, []id.Organisation{p.Lead})
	if err != nil {
		return organisation.Facts{}, err
	}
	lead := found[0]
	switch {
	case !lead.Exists():
		return lead, fault.New(fault.NotFound, CodeUnknown, "organisation", p.Lead).At(field)
	case p.Kind == SecretaryLed && lead.Kind != organisation.KindCommunity:
		return lead, fault.New(fault.Invalid, CodeNotCommunity).At(field)
	}
	p.house(lead)
	return lead, nil
}

// house notes under which bodies the project lies: those above who leads it.
func (p *Project) house(lead organisation.Facts) {
	p.SubDistrict, p.District, p.Above = lead.SubDistrict, lead.District, lead.Above
}

// join checks who takes part. From a contract come its parties alone: all of them where nobody is named.
func (s *Service) join(ctx context.Context, p *Project, partners []id.Organisation) error {
	if p.Contract != "" {
		c, err := s.Contract(ctx, p.Contract)
		switch {
		case err != nil:
			return fault.Of(err).At("contract")
		case c.Over != "":
			return fault.New(fault.Refused, CodeContractOver, "status", c.Over).At("contract")
		case !slices.Contains(c.Parties, p.Lead):
			return fault.New(fault.Refused, CodeNotParty, "organisation", p.Lead).At("contract")
		case partners == nil:
			partners = slices.DeleteFunc(slices.Clone(c.Parties), func(o id.Organisation) bool { return o == p.Lead })
		}
		for i, o := range partners {
			if !slices.Contains(c.Parties, o) {
				return fault.New(fault.Refused, CodeNotParty, "organisation", o).At("partners", strconv.Itoa(i))
			}
		}
	}
	if len(partners) > MaxPartners {
		return fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxPartners).At("partners")
	}
	found, err := s.Organisations(ctx, partners)
	if err != nil {
		return err
	}
	var f fault.List
	for i, o := range partners {
		switch {
		case !found[i].Exists():
			f.Add(fault.New(fault.NotFound, CodeUnknown, "organisation", o), "partners", strconv.Itoa(i))
		case o == p.Lead:
			f.Add(fault.New(fault.Invalid, CodeLeadIsPartner), "partners", strconv.Itoa(i))
		case slices.Contains(partners[:i], o):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", o), "partners", strconv.Itoa(i))
		}
	}
	p.Partners = slices.Clone(partners)
	return f.Err()
}

func (p *Project) describe(f *fault.List, title, summary *string, b *BeneficiariesInput) {
	if title != nil {
		p.Title = text.Line(f, "title", *title, 2, MaxTitle)
	}
	if summary != nil {
		p.Summary = text.Block(f, "summary", *summary, 0, MaxSummary)
	}
	if b == nil {
		return
	}
	var own fault.List
	p.Beneficiaries = &Beneficiaries{Count: b.Count}
	if b.Audience != nil {
		p.Beneficiaries.Audience = text.Line(&own, "audience", *b.Audience, 0, MaxAudience)
	}
	if b.Count != nil && (*b.Count < 0 || *b.Count > MaxPeople) {
		own.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", MaxPeople), "count")
	}
	f.Add(own.Err(), "beneficiaries")
}

func (p *Project) plan(from, to *scalar.Date) error {
	if from != nil {
		p.StartsOn = from
	}
	if to != nil {
		p.EndsOn = to
	}
	if p.StartsOn != nil && p.EndsOn != nil && *p.EndsOn < *p.StartsOn {
		return fault.New(fault.Invalid, CodeEndsFirst, "from", *p.StartsOn, "to", *p.EndsOn).At("endsOn")
	}
	return nil
}

// fund sets the budget. Where payments are noted already, it is in their currency.
func (p *Project) fund(budget *scalar.Decimal, code *string) error {
	if budget == nil {
		if code != nil {
			return fault.New(fault.Invalid, fault.CodeRequired).At("budget")
		}
		return nil
	}
	in := usualCurrency
	if code != nil {
		in = *code
	} else if p.Currency != "" {
		in = p.Currency
	}
	units, err := unitsOf(*budget, in)
	if err != nil {
		return onBudget(err)
	}
	p.BudgetUnits = nil
	if err := p.speak(in); err != nil {
		return err
	}
	p.BudgetUnits = &units
	return nil
}

// onBudget leads what is wrong with an amount to the field that holds it.
func onBudget(err error) error {
	f := *fault.Of(err)
	if slices.Equal(f.Path, []string{"amount"}) {
		f.Path = []string{"budget"}
	}
	return &f
}

// fill takes up the template and the record, which must fit it.
func (s *Service) fill(ctx context.Context, p *Project, in Plan, lead organisation.Facts) error {
	if in.Template == nil {
		p.Record = "{}"
		if in.Record != nil {
			return fault.New(fault.Invalid, CodeNoTemplate).At("record")
		}
		return nil
	}
	t, err := s.Template(ctx, *in.Template)
	if err == nil {
		err = t.usable(lead.ID, lead.Above, lead.CommunityType)
	}
	if err != nil {
		return fault.Of(err).At("template")
	}
	p.Template, p.TemplateVersion = t.ID, t.Latest()
	raw := record.JSON("{}")
	if in.Record != nil {
		raw = *in.Record
	}
	var f fault.List
	r, err := record.Parse(raw)
	if err == nil {
		err = s.hold(ctx, p, t, r)
	}
	f.Add(err, "record")
	return f.Err()
}

// hold gives a project a record, if it fits the project's version of its template.
func (s *Service) hold(ctx context.Context, p *Project, t *Template, r *record.Record) error {
	v, err := s.version(ctx, t, p.TemplateVersion)
	if err != nil {
		return err
	}
	schema, err := s.compiled(v)
	if err != nil {
		return err
	}
	if err := schema.Validate(r); err != nil {
		return err
	}
	slots, err := t.slotsOf(&v.Body, r)
	if err != nil {
		return err
	}
	p.Record, p.Slots = r.JSON(), slots
	return nil
}
