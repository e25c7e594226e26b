package report

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// Contracts lists the contracts of a report, each with its figures and those of its parties; the oldest first.
func (s *Service) Contracts(ctx context.Context, r *Report, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	list, err := page.List(ctx, s.folios, s.Cursors, r.where(), page.Ascending.Sort(bySince.Asc()), a)
	if err != nil {
		return nil, err
	}
	return page.Map(list, func(fs []*folio) ([]*Contract, error) {
		ts, err := s.told(ctx, fs, r.Year)
		if err != nil {
			return nil, err
		}
		out := make([]*Contract, len(fs))
		for i, f := range fs {
			out[i] = r.contract(f, ts[i])
		}
		return out, nil
	})
}

// contract is a contract's part of the report.
func (r *Report) contract(f *folio, ts []total) *Contract {
	choice := r.choice()
	choice.Contract, choice.Party, choice.Above = f.ID, "", ""
	c := &Contract{
		ID: f.ID, Title: f.Title, Status: f.Status, StartedOn: f.From, EndedOn: f.Until, Sections: r.own(ts).sections(choice),
	}
	for _, o := range r.parties(f, ts) {
		var own []total
		for _, t := range ts {
			if t.Provider == o {
				own = append(own, t)
			}
		}
		theirs := choice
		theirs.Provider = o
		c.Parties = append(c.Parties, &Party{Organisation: o, Sections: r.own(own).sections(theirs)})
	}
	return c
}

// parties are those of a contract on which the report speaks: of a unit's, the unit alone.
func (r *Report) parties(f *folio, ts []total) []id.Organisation {
	if only := r.choice().Provider; only != "" {
		return []id.Organisation{only}
	}
	out := slices.Clone(f.Parties)
	for _, t := range ts {
		if !slices.Contains(out, t.Provider) {
			out = append(out, t.Provider)
		}
	}
	return out
}
