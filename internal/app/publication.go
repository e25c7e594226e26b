package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/publication"
)

func (a *App) publications(ctx context.Context) error {
	var err error
	a.Publications, err = publication.Open(ctx, a.Backend, publication.Config{
		Now: a.Now, Cursors: a.Cursors, Told: a.told, Contract: a.publicationFacts, Contracts: a.publishedFacts, Rates: a.publishedRates,
	})
	return err
}

// publicationFacts are those of a contract that the caller may read, with the type of its host.
func (a *App) publicationFacts(ctx context.Context, c id.Contract) (*publication.Facts, error) {
	found, err := a.Contracts.Contract(ctx, c)
	if err != nil {
		return nil, err
	}
	host, err := a.Directory.Facts(ctx, []id.Organisation{found.Host})
	if err != nil {
		return nil, err
	}
	f := factsOf(found)
	f.CommunityType = publication.CommunityType(host[0].CommunityType)
	return f, nil
}

// publishedFacts are those of contracts, read by the program: what is shown of them is for the room to say.
func (a *App) publishedFacts(ctx context.Context, ids []id.Contract) ([]*publication.Facts, error) {
	found, err := a.Contracts.Many(authz.AsSystem(ctx), ids)
	if err != nil {
		return nil, err
	}
	out := make([]*publication.Facts, len(ids))
	for i, c := range found {
		if c != nil {
			out[i] = factsOf(c)
		}
	}
	return out, nil
}

func factsOf(c *contract.Contract) *publication.Facts {
	f := &publication.Facts{
		Contract: c.ID, Status: publication.ContractStatus(c.Status), Title: c.Title, Purpose: c.Purpose,
		EffectiveOn: c.EffectiveOn, EndsOn: c.EndsOn, TimeZone: c.TimeZone,
		Host: c.Host, SubDistrict: c.SubDistrict, District: c.District, Former: c.Former, Above: c.Above,
	}
	here := map[id.Organisation]bool{}
	for _, o := range c.Current {
		here[o] = true
	}
	for _, p := range c.Parties {
		own := publication.Party{Organisation: p.Organisation, Part: publication.ContractPart(p.Part), Name: p.Name, Left: !here[p.Organisation]}
		if s := p.Signature; s != nil {
			own.Signature = &publication.PublishedSignature{Organisation: s.Organisation, Key: s.Key, SignedAt: s.SignedAt}
		}
		f.Parties = append(f.Parties, own)
	}
	for _, l := range c.Clauses {
		f.Clauses = append(f.Clauses, &publication.PublishedClause{Key: l.Key, Heading: l.Heading, Body: l.Body})
	}
	for _, m := range c.Commitments {
		f.Commitments = append(f.Commitments, &publication.PublishedCommitment{
			Key: m.Key, Provider: m.Provider, Receivers: m.Receivers, Action: m.Action, Quantity: m.Quantity, Unit: m.Unit,
			Recurrence: m.Recurrence, StartsOn: m.StartsOn, DueOn: m.DueOn, Standing: m.Standing,
		})
	}
	return f
}

// publishedRates adds up what parties have earned of what was due.
func (a *App) publishedRates(ctx context.Context, of []publication.RateOf) ([]*float64, error) {
	var ask []fulfilment.RateOf
	for _, r := range of {
		for _, o := range r.Parties {
			ask = append(ask, fulfilment.RateOf{Contract: r.Contract, Party: o})
		}
	}
	shares, err := a.Fulfilments.Rates(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := make([]*float64, len(of))
	for i, r := range of {
		var sum fulfilment.Share
		for _, s := range shares[:len(r.Parties)] {
			sum.Due += s.Due
			sum.Earned += s.Earned
		}
		out[i], shares = sum.Rate(), shares[len(r.Parties):]
	}
	return out, nil
}
