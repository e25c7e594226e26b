package report

import (
	"context"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// compiled is the costly part of a report.
type compiled struct {
	sections []*Section
	groups   []*Group
}

// atOnce is how many contracts are in memory while a report is compiled.
const atOnce = 100

// Sections are the report's figures.
func (s *Service) Sections(ctx context.Context, r *Report) ([]*Section, error) {
	c, err := s.compiled(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.sections, nil
}

// Groups are the figures by type of community, of a report on a supervising body; nil of any other.
func (s *Service) Groups(ctx context.Context, r *Report) ([]*Group, error) {
	if r.body == nil || !subject(*r.body).supervises() {
		return nil, nil
	}
	c, err := s.compiled(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.groups, nil
}

// compiled compiles the report once.
func (s *Service) compiled(ctx context.Context, r *Report) (*compiled, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made != nil {
		return r.made, nil
	}
	c, err := s.compile(ctx, r, s.told)
	if err == nil {
		r.made = c
	}
	return c, err
}

// source finds the totals of contracts for a report's year, in their order.
type source func(ctx context.Context, of []*folio, year int) ([][]total, error)

// told are totals as the events have added them up.
func (s *Service) told(ctx context.Context, of []*folio, year int) ([][]total, error) {
	keys := make([]string, len(of))
	for i, f := range of {
		keys[i] = string(sheetOf(f.ID, year))
	}
	found, err := s.sheets.GetMany(authz.AsSystem(ctx), keys) // whoever reads the folio reads the sheet
	if err != nil {
		return nil, err
	}
	out := make([][]total, len(of))
	for i, x := range found {
		if x != nil {
			out[i] = x.Totals
		}
	}
	return out, nil
}

// anew are totals as counted from the fulfilments themselves.
func (s *Service) anew(ctx context.Context, of []*folio, year int) ([][]total, error) {
	out := make([][]total, len(of))
	for i, f := range of {
		var all []entry
		for o, err := range s.Occurrences(authz.AsSystem(ctx), f.ID) {
			if err != nil {
				return nil, err
			}
			if o.DueOn.UTC().Year() == year {
				all = append(all, entry{Fact: o.Fact})
			}
		}
		out[i] = totals(all)
	}
	return out, nil
}

// Recompile compiles a report from the fulfilments themselves: what Sections tells when all events have been heard.
func (s *Service) Recompile(ctx context.Context, r *Report) ([]*Section, error) {
	c, err := s.compile(ctx, r, s.anew)
	if err != nil {
		return nil, err
	}
	return c.sections, nil
}

// compile adds up the contracts of a report, as the caller may read them.
func (s *Service) compile(ctx context.Context, r *Report, from source) (*compiled, error) {
	var whole account
	byHost := map[id.Organisation]*account{}
	take := func(f *folio, ts []total) {
		own := r.own(ts)
		whole.take(f, r.Span, own)
		if r.body != nil && subject(*r.body).supervises() {
			if byHost[f.Host] == nil {
				byHost[f.Host] = &account{}
			}
			byHost[f.Host].take(f, r.Span, own)
		}
	}
	if err := s.each(ctx, r, from, take); err != nil {
		return nil, err
	}
	c := &compiled{sections: whole.sections(r.choice())}
	if err := s.appraised(ctx, r, c); err != nil {
		return nil, err
	}
	var err error
	c.groups, err = s.grouped(ctx, r, byHost)
	return c, err
}

// each gives every contract of a report with its totals, a hundred of them in memory at a time.
func (s *Service) each(ctx context.Context, r *Report, from source, take func(*folio, []total)) error {
	var some []*folio
	flush := func() error {
		ts, err := from(ctx, some, r.Year)
		if err != nil {
			return err
		}
		for i, f := range some {
			take(f, ts[i])
		}
		some = some[:0]
		return nil
	}
	for f, err := range s.folios.Walk(ctx, r.where(), bySince.Asc()) {
		if err != nil {
			return err
		}
		if some = append(some, f); len(some) == atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// where chooses the contracts of a report: those with something to report in its days.
func (r *Report) where() store.Filter {
	days := store.And(bySince.Lte(r.To), byReach.Gte(r.From))
	switch {
	case r.body == nil:
		return byID.Is(*r.Contract)
	case subject(*r.body).supervises():
		return store.And(byAbove.Is(r.body.ID), days)
	case r.body.Kind == organisation.KindCommunity:
		return store.And(byParty.Is(r.body.ID), days)
	}
	return store.And(byConcerned.Is(r.body.ID), days)
}

// choice chooses the fulfilments of a report: of a contract all, for a party that has left it those that it had promised, of a supervising body all that it supervises, of a
// community all in the contracts to which it is a party, of a unit those that it has promised itself.
func (r *Report) choice() Choice {
	c := Choice{From: r.From, To: r.To}
	switch {
	case r.body == nil:
		c.Contract, c.Provider = *r.Contract, r.only
	case subject(*r.body).supervises():
		c.Above = r.body.ID
	case r.body.Kind == organisation.KindCommunity:
		c.Party = r.body.ID
	default:
		c.Provider = r.body.ID
	}
	return c
}

// own adds up what of a contract's totals belongs into a report.
func (r *Report) own(ts []total) *sum {
	var out sum
	only := r.choice().Provider
	for i := range ts {
		if r.covers(ts[i].Quarter) && (only == "" || ts[i].Provider == only) {
			out.add(&ts[i].Sum)
		}
	}
	return &out
}

// appraised adds the section of appraisals, where something is known of them.
func (s *Service) appraised(ctx context.Context, r *Report, c *compiled) error {
	if s.Appraisals == nil {
		return nil
	}
	t, err := s.Appraisals(ctx, r.Scope, r.From, r.To)
	if err != nil {
		return err
	}
	c.sections = append(c.sections, &Section{Key: Appraisal, Figures: []*Figure{
		{Key: Appraised, Value: number(int64(t.Opened)), Count: t.Opened},
		{Key: AppraisalMean, Value: t.Mean, Count: t.Opened},
	}})
	return nil
}

// grouped gathers accounts by the type of the host.
func (s *Service) grouped(ctx context.Context, r *Report, byHost map[id.Organisation]*account) ([]*Group, error) {
	hosts := make([]id.Organisation, 0, len(byHost))
	for h := range byHost {
		hosts = append(hosts, h)
	}
	facts, err := s.Organisations(ctx, hosts)
	if err != nil {
		return nil, err
	}
	kinds, of := map[string]*account{}, map[string][]id.Organisation{}
	for i, h := range hosts {
		k := facts[i].CommunityType
		if kinds[k] == nil {
			kinds[k] = &account{}
		}
		kinds[k].merge(byHost[h])
		of[k] = append(of[k], h)
	}
	out := []*Group{}
	for k, a := range kinds {
		choice := r.choice()
		if choice.Hosts = of[k]; k != "" {
			out = append(out, &Group{CommunityType: k, Sections: a.sections(choice)})
		}
	}
	slices.SortFunc(out, func(a, b *Group) int { return strings.Compare(a.CommunityType, b.CommunityType) })
	return out, nil
}
