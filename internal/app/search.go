package app

import (
	"context"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/schedule"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/search"
	"github.com/cobuild/cobuild/internal/unit"
)

// search opens the room in which things are found by their words.
func (a *App) search(ctx context.Context) error {
	var err error
	a.Search, err = search.Open(ctx, a.Backend, search.Config{Now: a.Now, Cursors: a.Cursors, Sources: a.searchable()})
	if err != nil {
		return err
	}
	a.Indexer = schedule.New(a.Now, a.Log, schedule.Job{Name: "search", Do: a.Search.Tick})
	a.Journal.Follow("search", []string{"district.*", "subDistrict.*", "community.*", "unit.*", "contract.*"}, a.Search.Follow)
	return nil
}

// searchable is what can be found. Whoever may read a thing may read all the texts that are told of it here, and none of
// them is about a person: not who answers for a party, nor who did anything.
func (a *App) searchable() []search.Source {
	return []search.Source{
		source(search.District, id.KindDistrict, access.DistrictRead, a.Districts.Districts, a.Districts.AllDistricts(),
			(*district.District).Revision, districtTexts),
		source(search.SubDistrict, id.KindSubDistrict, access.DistrictRead, a.Districts.SubDistricts, a.Districts.AllSubDistricts(),
			(*district.SubDistrict).Revision, subDistrictTexts),
		source(search.Community, id.KindCommunity, access.CommunityRead, a.Communities.Communities, a.Communities.All(),
			communityRevision, communityTexts),
		source(search.Unit, id.KindUnit, access.UnitRead, a.Units.Units, a.Units.All(),
			(*unit.ResidentUnit).Revision, unitTexts),
		source(search.Contract, id.KindContract, access.ContractRead, a.Contracts.Many, a.Contracts.All(),
			(*contract.Contract).Revision, contractTexts),
	}
}

// found is what can be found: kept in a collection, with its readers.
type found interface {
	comparable
	store.Object
	authz.Related
}

// source makes a source of a room's own ways of finding things.
func source[I ~string, T found](
	k search.Kind, of id.Kind, read string, many func(context.Context, []I) ([]T, error), all store.All[T],
	rev func(T) int64, texts func(T) []search.Text,
) search.Source {
	table := access.Table()
	thing := func(t T) *search.Thing {
		return &search.Thing{
			ID: t.Key(), Rev: rev(t), Object: t, Texts: texts(t), Readers: search.ReadersOf(table, read, t),
		}
	}
	return search.Source{
		Kind: k, Of: of, Form: 1, Count: all.Count,
		Load: func(ctx context.Context, ids []string) ([]*search.Thing, error) {
			own := make([]I, len(ids))
			for i, s := range ids {
				own[i] = I(s)
			}
			found, err := many(ctx, own)
			if err != nil {
				return nil, err
			}
			var none T
			out := make([]*search.Thing, len(ids))
			for i, t := range found {
				if t != none {
					out[i] = thing(t)
				}
			}
			return out, nil
		},
		Behind: func(ctx context.Context, after string, most int) ([]*search.Thing, error) {
			found, err := all.Behind(ctx, after, most)
			out := make([]*search.Thing, len(found))
			for i, t := range found {
				out[i] = thing(t)
			}
			return out, err
		},
		Readable: func(ctx context.Context) search.Readers { return search.ReadableBy(ctx, table, read) },
	}
}

func communityRevision(c community.Community) int64 { return c.Common().Revision() }

// named are the names of an organisation.
func named(name string, english *string) []search.Text {
	return append([]search.Text{{Of: "name", Text: name, Name: true}}, told("nameEn", english, true)...)
}

// told is a text that may be missing.
func told(of string, s *string, name bool) []search.Text {
	if s == nil {
		return nil
	}
	return []search.Text{{Of: of, Text: *s, Name: name}}
}

func districtTexts(d *district.District) []search.Text {
	return append(named(d.Name, d.NameEn), told("code", d.Code, false)...)
}

func subDistrictTexts(s *district.SubDistrict) []search.Text {
	return append(named(s.Name, s.NameEn), told("code", s.Code, false)...)
}

func communityTexts(c community.Community) []search.Text {
	b := c.Common()
	out := append(named(b.Name, b.NameEn), told("address", b.Address, false)...)
	switch own := c.(type) {
	case *community.RuralCommunity:
		out = append(out, told("mainIndustry", own.MainIndustry, false)...)
	case *community.CommercialCommunity:
		out = append(out, told("developer", own.Developer, false)...)
	case *community.ResettlementCommunity:
		out = append(out, search.Text{Of: "originVillages", Text: strings.Join(own.OriginVillages, "、")})
	}
	return out
}

func unitTexts(u *unit.ResidentUnit) []search.Text {
	out := append(named(u.Name, u.NameEn), told("creditCode", u.CreditCode, false)...)
	out = append(out, search.Text{Of: "services", Text: strings.Join(u.Services, "、")})
	return append(append(out, told("profile", u.Profile, false)...), told("address", u.Address, false)...)
}

func contractTexts(c *contract.Contract) []search.Text {
	out := []search.Text{{Of: "title", Text: c.Title, Name: true}, {Of: "purpose", Text: c.Purpose}}
	for _, p := range c.Named {
		out = append(out, search.Text{Of: "parties.name", Text: p.Name})
	}
	for _, m := range c.Commitments {
		out = append(out, search.Text{Of: "commitments.action", Text: m.Action})
	}
	for _, l := range c.Clauses {
		out = append(out, search.Text{Of: "clauses.heading", Text: l.Heading}, search.Text{Of: "clauses.body", Text: l.Body})
	}
	return out
}
