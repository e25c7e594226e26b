package unit

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byName        store.Field[string]         = "name"
	byKind        store.Field[Kind]           = "kind"
	byCreditCode  store.Field[string]         = "creditCode"
	byCommunity   store.Each[id.Organisation] = "communities"
	bySubDistrict store.Each[id.Organisation] = "subDistricts"
	byDistrict    store.Each[id.Organisation] = "districts"
	byCreated     store.Field[time.Time]      = "createdAt"
	byUpdated     store.Field[time.Time]      = "updatedAt"
)

// schema serves units by name, time of registering or time of last change: all of them, those of one kind, of a
// community, of a sub-district or of a district; and the one with a credit code. Other filters are looked at within
// the best of these.
func schema() store.Schema {
	s := store.Schema{Name: "units", Indexes: []store.Index{store.Unique(byCreditCode.Asc())}}
	for _, sorted := range []store.Order{byName.Asc(), byCreated.Asc(), byUpdated.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(sorted), store.Lookup(byKind.Asc(), sorted),
			store.Lookup(byCommunity.Asc(), sorted), store.Lookup(bySubDistrict.Asc(), sorted),
			store.Lookup(byDistrict.Asc(), sorted))
	}
	return s
}

// Choice filters by kind.
type Choice = page.Choice[Kind]

// CreditCodeChoice filters by credit code: the one that is it, or one of several. Small letters count as large ones.
type CreditCodeChoice struct {
	Eq *string
	In []string
}

func (c *CreditCodeChoice) filter() store.Filter {
	if c == nil {
		return store.Filter{}
	}
	var choice page.Choice[string]
	if c.Eq != nil {
		choice.Eq = new(capitals(*c.Eq))
	}
	if c.In != nil {
		choice.In = []string{}
	}
	for _, s := range c.In {
		choice.In = append(choice.In, capitals(s))
	}
	return choice.Filter(byCreditCode)
}

// ResidentUnitFilter says which units a list shows.
type ResidentUnitFilter struct {
	Kind        *Choice
	Community   *organisation.Choice
	SubDistrict *organisation.Choice
	District    *organisation.Choice
	CreditCode  *CreditCodeChoice
	Name        *organisation.NameChoice
	And         []*ResidentUnitFilter
	Or          []*ResidentUnitFilter
	Not         *ResidentUnitFilter
}

func (f *ResidentUnitFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Kind.Filter(byKind), f.Community.Filter(byCommunity), f.SubDistrict.Filter(bySubDistrict),
		f.District.Filter(byDistrict), f.CreditCode.filter(), f.Name.Filter(byName),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*ResidentUnitFilter).where)
}

// OrderField is what lists of units are sorted by.
type OrderField string

// The fields.
const (
	OrderByName    OrderField = "NAME"       // by the bytes of the Chinese name
	OrderByCreated OrderField = "CREATED_AT" // when it was registered
	OrderByUpdated OrderField = "UPDATED_AT" // when it was last changed
)

// ResidentUnitOrder sorts a list.
type ResidentUnitOrder struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by name where nothing is asked for.
func (o *ResidentUnitOrder) sort() []store.Order {
	if o == nil {
		return page.Ascending.Sort(byName.Asc())
	}
	switch o.Field {
	case OrderByCreated:
		return o.Direction.Sort(byCreated.Asc())
	case OrderByUpdated:
		return o.Direction.Sort(byUpdated.Asc())
	case OrderByName:
	}
	return o.Direction.Sort(byName.Asc())
}

// ResidentUnitConnection is a page of a list of units.
type ResidentUnitConnection = page.Connection[*ResidentUnit]

// ResidentUnitEdge is a unit in a list.
type ResidentUnitEdge = page.Edge[*ResidentUnit]

// List finds a page of units.
func (s *Service) List(ctx context.Context, f *ResidentUnitFilter, o *ResidentUnitOrder, a page.Args) (*ResidentUnitConnection, error) {
	return s.list(ctx, store.Filter{}, f, o, a)
}

// ListOf finds a page of the units that report to a community. It is a list within lists: a needs first or last.
func (s *Service) ListOf(ctx context.Context, community id.Organisation, f *ResidentUnitFilter, o *ResidentUnitOrder, a page.Args) (*ResidentUnitConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return s.list(ctx, byCommunity.Is(community), f, o, a)
}

func (s *Service) list(ctx context.Context, among store.Filter, f *ResidentUnitFilter, o *ResidentUnitOrder, a page.Args) (*ResidentUnitConnection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.units, s.Cursors, store.And(among, where), o.sort(), a)
}
