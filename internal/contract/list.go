package contract

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The names under which the API binds pages and filters of contracts.
type (
	// Connection is a page of contracts.
	Connection = page.Connection[*Contract]
	// Edge is a contract of a page.
	Edge = page.Edge[*Contract]
	// StatusChoice chooses by state.
	StatusChoice = page.Choice[Status]
	// DateRange chooses by a day.
	DateRange = page.Range[scalar.Date]
	// TimeRange chooses by a moment.
	TimeRange = page.Range[time.Time]
)

// Filter chooses among the contracts that the caller may read. What it names must all hold.
type Filter struct {
	Status      *StatusChoice
	Party       *organisation.Choice // a party that has not left
	Host        *organisation.Choice
	SubDistrict *organisation.Choice // the host's
	District    *organisation.Choice // the host's
	EffectiveOn *DateRange
	EndsOn      *DateRange
	CreatedAt   *TimeRange
	UpdatedAt   *TimeRange
	And         []*Filter
	Or          []*Filter
	Not         *Filter
}

// where is the filter as the store asks it; nil asks for nothing.
func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Status.Filter(byStatus), f.Party.Filter(byParty), f.Host.Filter(byHost), f.SubDistrict.Filter(bySubDistrict),
		f.District.Filter(byDistrict), f.EffectiveOn.Filter(byEffectiveOn), f.EndsOn.Filter(byEndsOn),
		f.CreatedAt.Filter(byCreated), f.UpdatedAt.Filter(byUpdated),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// OrderField is what lists of contracts are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByUpdated     OrderField = "UPDATED_AT"
	OrderByCreated     OrderField = "CREATED_AT"
	OrderByEndsOn      OrderField = "ENDS_ON"
	OrderByEffectiveOn OrderField = "EFFECTIVE_ON"
)

// Order sorts contracts; those that are alike in the field come in the order of their identifiers.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by the last change, the latest first, where nothing is asked for.
func (o *Order) sort() []store.Order {
	if o == nil {
		return page.Descending.Sort(byUpdated.Asc())
	}
	switch o.Field {
	case OrderByCreated:
		return o.Direction.Sort(byCreated.Asc())
	case OrderByEndsOn:
		return o.Direction.Sort(byEndsOn.Asc())
	case OrderByEffectiveOn:
		return o.Direction.Sort(byEffectiveOn.Asc())
	case OrderByUpdated:
	}
	return o.Direction.Sort(byUpdated.Asc())
}

// Contracts lists the contracts that the caller may read.
func (s *Service) Contracts(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.contracts, s.Cursors, where, o.sort(), a)
}
