package resource

import (
	"context"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const byStatus = store.Field[Status]("status")

func schema() store.Schema {
	indexes, narrow := exchange.Indexes(byStatus.Asc())
	return store.Schema{Name: "resources", Indexes: indexes, Narrow: narrow}
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of resources.
	Connection = page.Connection[*Resource]
	// Edge is a resource of a page, with its cursor.
	Edge = page.Edge[*Resource]
	// StatusChoice chooses by state.
	StatusChoice = page.Choice[Status]
)

// Filter chooses among resources. What it names must all hold.
type Filter struct {
	exchange.FilterFields
	Status *StatusChoice
	And    []*Filter
	Or     []*Filter
	Not    *Filter
}

// where is the filter as a condition.
func (s *Service) where(ctx context.Context) func(*Filter, int) (store.Filter, error) {
	var where func(*Filter, int) (store.Filter, error)
	where = func(f *Filter, depth int) (store.Filter, error) {
		if f == nil {
			return store.Filter{}, nil
		}
		own, err := s.Where(ctx, f.FilterFields)
		if err != nil {
			return store.Filter{}, err
		}
		own = append(own, f.Status.Filter(byStatus))
		return page.Combine(own, f.And, f.Or, f.Not, depth, where)
	}
	return where
}

// Resources finds a page of the resources that the caller may read.
func (s *Service) Resources(ctx context.Context, f *Filter, o *exchange.Order, a page.Args) (*Connection, error) {
	return s.list(ctx, store.Filter{}, f, o, a)
}

// ResourcesOf finds a page of what an organisation offers. It is a list within lists: a needs first or last.
func (s *Service) ResourcesOf(ctx context.Context, of id.Organisation, f *Filter, o *exchange.Order, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return s.list(ctx, exchange.ByPublisher.Is(of), f, o, a)
}

func (s *Service) list(ctx context.Context, among store.Filter, f *Filter, o *exchange.Order, a page.Args) (*Connection, error) {
	where, err := s.where(ctx)(f, 0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.resources, s.Cursors, store.And(among, where), o.Sort(), a)
}
