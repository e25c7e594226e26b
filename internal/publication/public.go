package publication

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// PublishedContract is what everybody may see of a contract: the fields that its parties agree to show, as the contract
// has them now, and nothing else. What is not agreed is nil.
type PublishedContract struct {
	ID           id.Published
	PublicFields []PublicField
	PublishedAt  time.Time
	Title        *string
	Purpose      *string
	Parties      []*PublishedParty
	Community    id.Organisation
	SubDistrict  id.Organisation
	District     id.Organisation
	EffectiveOn  *scalar.Date
	EndsOn       *scalar.Date
	TimeZone     *string
	Status       *ContractStatus
	Clauses      []*PublishedClause
	Commitments  []*PublishedCommitment
	Signatures   []*PublishedSignature

	rate *RateOf // whose rate is public; nil where it is not
}

// PublishedParty is an organisation that has agreed to be named.
type PublishedParty struct {
	Organisation id.Organisation
	Part         ContractPart
	Name         string
	rate         *RateOf
}

// PublishedClause is an article of a contract.
type PublishedClause struct{ Key, Heading, Body string }

// PublishedCommitment is what one party promises others. Who they are is told only where the parties are public too.
type PublishedCommitment struct {
	Key        string
	Provider   id.Organisation
	Receivers  []id.Organisation
	Action     string
	Quantity   *scalar.Decimal
	Unit       string
	Recurrence *string // RFC 5545 RRULE
	StartsOn   *scalar.Date
	DueOn      *scalar.Date
	Standing   bool
}

// PublishedSignature says that an organisation has signed, not who did for it.
type PublishedSignature struct {
	Organisation id.Organisation
	Key          string
	SignedAt     time.Time
}

// IsNode marks a published contract as an object that the API finds by its identifier alone.
func (*PublishedContract) IsNode() {}

// Published finds a contract that is public; NOT_FOUND for any other.
func (s *Service) Published(ctx context.Context, p id.Published) (*PublishedContract, error) {
	found, err := s.ManyPublished(ctx, []id.Published{p})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", p)
	}
	return found[0], nil
}

// ManyPublished finds published contracts in the order of ids; nil where there is none that is public.
func (s *Service) ManyPublished(ctx context.Context, ids []id.Published) ([]*PublishedContract, error) {
	keys := make([]string, len(ids))
	for i, p := range ids {
		keys[i] = id.Twin[string](id.KindPublication, string(p))
	}
	found, err := s.public.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	return s.compose(ctx, found)
}

// OfPublications finds what is public of each publication; nil where nothing is.
func (s *Service) OfPublications(ctx context.Context, of []*Publication) ([]*PublishedContract, error) {
	ids := make([]id.Published, len(of))
	for i, p := range of {
		ids[i] = p.twin()
	}
	return s.ManyPublished(ctx, ids)
}

// RatesOf tells the rates of fulfilment of published contracts; nil where a rate is not public or nothing was due.
func (s *Service) RatesOf(ctx context.Context, of []*PublishedContract) ([]*float64, error) {
	return s.rates(ctx, len(of), func(i int) *RateOf { return of[i].rate })
}

// PartyRates tells the rates of fulfilment of published parties; nil where a rate is not public or nothing was due.
func (s *Service) PartyRates(ctx context.Context, of []*PublishedParty) ([]*float64, error) {
	return s.rates(ctx, len(of), func(i int) *RateOf { return of[i].rate })
}

func (s *Service) rates(ctx context.Context, n int, of func(int) *RateOf) ([]*float64, error) {
	out := make([]*float64, n)
	var ask []RateOf
	var at []int
	for i := range n {
		if r := of(i); r != nil {
			ask, at = append(ask, *r), append(at, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	found, err := s.Rates(ctx, ask)
	if err != nil {
		return nil, err
	}
	for j, i := range at {
		out[i] = found[j]
	}
	return out, nil
}

func (p *Publication) twin() id.Published {
	return id.Twin[id.Published](id.KindPublished, string(p.ID))
}

// compose reads the contracts of publications and shows what is agreed; nil stays nil.
func (s *Service) compose(ctx context.Context, ps []*Publication) ([]*PublishedContract, error) {
	out := make([]*PublishedContract, len(ps))
	var ask []id.Contract
	var at []int
	for i, p := range ps {
		if p != nil {
			ask, at = append(ask, p.Contract), append(at, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	facts, err := s.Contracts(ctx, ask)
	if err != nil {
		return nil, err
	}
	for j, i := range at {
		if facts[j] != nil {
			out[i] = ps[i].show(facts[j])
		}
	}
	return out, nil
}

// show is what a publication lets everybody see; nil where nothing is left of it. What a party that has just come into
// the contract has not agreed to is left out, also before its coming was heard of.
func (p *Publication) show(f *Facts) *PublishedContract {
	p.hear(f)
	if p.PublicFields = p.allowed(); len(p.PublicFields) == 0 || p.PublishedAt == nil {
		return nil
	}
	out := &PublishedContract{ID: p.twin(), PublicFields: p.PublicFields, PublishedAt: *p.PublishedAt}
	if p.shows(FulfilmentRate) {
		out.rate = &RateOf{Contract: p.Contract, Parties: f.who(func(Party) bool { return true })}
	}
	for _, field := range p.PublicFields {
		switch field {
		case Title:
			out.Title = &f.Title
		case Purpose:
			out.Purpose = &f.Purpose
		case Parties:
			out.Parties = p.parties(f)
			out.Community, out.SubDistrict, out.District = f.Host, f.SubDistrict, f.District
		case Period:
			out.EffectiveOn, out.EndsOn, out.TimeZone = &f.EffectiveOn, &f.EndsOn, &f.TimeZone
		case ContractState:
			out.Status = &f.Status
		case Clauses:
			out.Clauses = slices.Concat([]*PublishedClause{}, f.Clauses)
		case Commitments:
			out.Commitments = p.commitments(f)
		case Signatures:
			out.Signatures = p.signatures(f)
		case FulfilmentRate:
		}
	}
	return out
}

func (p *Publication) parties(f *Facts) []*PublishedParty {
	out := []*PublishedParty{}
	for _, x := range f.Parties {
		if !p.names(x) {
			continue
		}
		shown := &PublishedParty{Organisation: x.Organisation, Part: x.Part, Name: x.Name}
		if p.consents(x, FulfilmentRate) && p.shows(FulfilmentRate) {
			shown.rate = &RateOf{Contract: p.Contract, Parties: []id.Organisation{x.Organisation}}
		}
		out = append(out, shown)
	}
	return out
}

// commitments are those of parties that have agreed to show them. They name parties where these are shown.
func (p *Publication) commitments(f *Facts) []*PublishedCommitment {
	named := func(o id.Organisation) bool {
		return p.shows(Parties) && slices.ContainsFunc(f.Parties, func(x Party) bool { return x.Organisation == o && p.names(x) })
	}
	out := []*PublishedCommitment{}
	for _, m := range f.Commitments {
		if !slices.ContainsFunc(f.Parties, func(x Party) bool { return x.Organisation == m.Provider && p.consents(x, Commitments) }) {
			continue
		}
		shown := *m
		if !named(m.Provider) {
			shown.Provider = ""
		}
		shown.Receivers = slices.DeleteFunc(slices.Clone(m.Receivers), func(o id.Organisation) bool { return !named(o) })
		out = append(out, &shown)
	}
	return out
}

func (p *Publication) signatures(f *Facts) []*PublishedSignature {
	out := []*PublishedSignature{}
	for _, x := range f.Parties {
		if x.Signature != nil && p.consents(x, Signatures) {
			out = append(out, x.Signature)
		}
	}
	return out
}
