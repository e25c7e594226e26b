package district

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byName     store.Field[string]          = "name"
	byCode     store.Field[string]          = "code"
	byDistrict store.Field[id.Organisation] = "district"
	byKind     store.Field[SubDistrictKind] = "kind"
	byCreated  store.Field[time.Time]       = "createdAt"
)

func uniqueCode() store.Index { return store.Unique(byCode.Asc()) }

// The unique indexes on names run downwards because those that lists are read by run upwards: no back end is asked to
// keep two indexes on the same fields the same way.

// districtSchema serves districts by name or time of registering, and by code.
func districtSchema() store.Schema {
	return store.Schema{Name: "districts", Indexes: []store.Index{
		store.Unique(byName.Desc()), uniqueCode(),
		store.Lookup(byName.Asc()), store.Lookup(byCreated.Asc()),
	}}
}

// subDistrictSchema serves the same of one district or of all, and a kind among them.
func subDistrictSchema() store.Schema {
	return store.Schema{Name: "subDistricts", Indexes: []store.Index{
		store.Unique(byDistrict.Asc(), byName.Desc()), uniqueCode(),
		store.Lookup(byName.Asc()), store.Lookup(byCreated.Asc()),
		store.Lookup(byDistrict.Asc(), byName.Asc()), store.Lookup(byDistrict.Asc(), byCreated.Asc()),
		store.Lookup(byKind.Asc(), byName.Asc()),
	}}
}

// Filter says which districts a list shows.
type Filter struct {
	Name *organisation.NameChoice
	Code *organisation.NameChoice
	And  []*Filter
	Or   []*Filter
	Not  *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.Name.Filter(byName), f.Code.Filter(byCode)}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// SubDistrictKindChoice filters by what a sub-district is.
type SubDistrictKindChoice = page.Choice[SubDistrictKind]

// SubDistrictFilter says which sub-districts a list shows.
type SubDistrictFilter struct {
	Name *organisation.NameChoice
	Code *organisation.NameChoice
	Kind *page.Choice[SubDistrictKind]
	And  []*SubDistrictFilter
	Or   []*SubDistrictFilter
	Not  *SubDistrictFilter
}

func (f *SubDistrictFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.Name.Filter(byName), f.Code.Filter(byCode), f.Kind.Filter(byKind)}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*SubDistrictFilter).where)
}

// OrderField is what lists of districts and sub-districts are sorted by.
type OrderField string

// The fields.
const (
	OrderByName    OrderField = "NAME"       // by the bytes of the Chinese name
	OrderByCreated OrderField = "CREATED_AT" // when it was registered
)

// Order sorts a list.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by name where nothing is asked for.
func (o *Order) sort() []store.Order {
	switch {
	case o == nil:
		return page.Ascending.Sort(byName.Asc())
	case o.Field == OrderByCreated:
		return o.Direction.Sort(byCreated.Asc())
	}
	return o.Direction.Sort(byName.Asc())
}

// Connection is a page of a list of districts.
type Connection = page.Connection[*District]

// Edge is a district in a list.
type Edge = page.Edge[*District]

// SubDistrictConnection is a page of a list of sub-districts.
type SubDistrictConnection = page.Connection[*SubDistrict]

// SubDistrictEdge is a sub-district in a list.
type SubDistrictEdge = page.Edge[*SubDistrict]

// ListDistricts finds a page of districts.
func (s *Service) ListDistricts(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.districts, s.Cursors, where, o.sort(), a)
}

// ListSubDistricts finds a page of the sub-districts of a district. It is a list within lists: a needs first or last.
func (s *Service) ListSubDistricts(ctx context.Context, of id.Organisation, f *SubDistrictFilter, o *Order, a page.Args) (*SubDistrictConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.subDistricts, s.Cursors, store.And(byDistrict.Is(of), where), o.sort(), a)
}
