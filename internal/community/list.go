package community

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byName        store.Field[string]          = "name"
	byType        store.Field[Kind]            = "type"
	bySubDistrict store.Field[id.Organisation] = "subDistrict"
	byDistrict    store.Field[id.Organisation] = "district"
	byCreated     store.Field[time.Time]       = "createdAt"
	byUpdated     store.Field[time.Time]       = "updatedAt"
)

// schema serves communities by name, time of registering or time of last change: all of them, those of one type, of a
// sub-district or of a district. Other filters are looked at within the best of these. The unique index runs downwards
// so that no back end is asked to keep two on the same fields the same way.
func schema() store.Schema {
	s := store.Schema{Name: "communities", Indexes: []store.Index{store.Unique(bySubDistrict.Asc(), byName.Desc())}}
	for _, sorted := range []store.Order{byName.Asc(), byCreated.Asc(), byUpdated.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(sorted), store.Lookup(byType.Asc(), sorted),
			store.Lookup(bySubDistrict.Asc(), sorted), store.Lookup(byDistrict.Asc(), sorted))
	}
	return s
}

// StrategyChoice filters by strategy.
type StrategyChoice = page.Choice[Strategy]

// Choice filters by type.
type Choice = page.Choice[Kind]

// Filter says which communities a list shows.
type Filter struct {
	Type        *Choice
	Strategy    *StrategyChoice
	SubDistrict *organisation.Choice
	District    *organisation.Choice
	Name        *organisation.NameChoice
	And         []*Filter
	Or          []*Filter
	Not         *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Type.Filter(byType), strategic(f.Strategy), f.SubDistrict.Filter(bySubDistrict),
		f.District.Filter(byDistrict), f.Name.Filter(byName),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// strategic is a choice of strategies as one of types: each type has its own strategy.
func strategic(c *StrategyChoice) store.Filter {
	if c == nil {
		return store.Filter{}
	}
	byStrategy := map[Strategy]Kind{}
	for _, k := range Kinds() {
		byStrategy[k.Strategy()] = k
	}
	var types Choice
	if c.Eq != nil {
		types.Eq = new(byStrategy[*c.Eq])
	}
	if c.In != nil {
		types.In = []Kind{}
	}
	for _, s := range c.In {
		types.In = append(types.In, byStrategy[s])
	}
	return types.Filter(byType)
}

// OrderField is what lists of communities are sorted by.
type OrderField string

// The fields.
const (
	OrderByName    OrderField = "NAME"       // by the bytes of the Chinese name
	OrderByCreated OrderField = "CREATED_AT" // when it was registered
	OrderByUpdated OrderField = "UPDATED_AT" // when it was last changed
)

// Order sorts a list.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by name where nothing is asked for.
func (o *Order) sort() []store.Order {
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

// Connection is a page of a list of communities.
type Connection = page.Connection[Community]

// Edge is a community in a list.
type Edge = page.Edge[Community]

// List finds a page of communities.
func (s *Service) List(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	return s.list(ctx, store.Filter{}, f, o, a)
}

// ListIn finds a page of the communities of a sub-district. It is a list within lists: a needs first or last.
func (s *Service) ListIn(ctx context.Context, subDistrict id.Organisation, f *Filter, o *Order, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return s.list(ctx, bySubDistrict.Is(subDistrict), f, o, a)
}

func (s *Service) list(ctx context.Context, among store.Filter, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.communities, s.Cursors, store.And(among, where), o.sort(), a)
}
