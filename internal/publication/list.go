package publication

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name. What lies under "listed" is public wherever it is there.
const (
	byStatus    = store.Field[Status]("status")
	byPublished = store.Field[time.Time]("publishedAt")

	inParties       = store.Each[id.Organisation]("listed.parties")
	inCommunity     = store.Field[id.Organisation]("listed.community")
	inCommunityType = store.Field[CommunityType]("listed.communityType")
	inSubDistrict   = store.Field[id.Organisation]("listed.subDistrict")
	inDistrict      = store.Field[id.Organisation]("listed.district")
	inStatus        = store.Field[ContractStatus]("listed.status")
	inEffectiveOn   = store.Field[scalar.Date]("listed.effectiveOn")
	inEndsOn        = store.Field[scalar.Date]("listed.endsOn")
)

// schema serves everybody, by the day of publication or the last day of the contract: all that is public, and what is
// in a place, of a party, of a type of community or in a state. Any other filter is looked for among the best of these.
func schema() store.Schema {
	s := store.Schema{Name: "publications", Narrow: []store.Order{inEffectiveOn.Asc()}}
	for _, by := range []store.Order{byPublished.Asc(), inEndsOn.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(byStatus.Asc(), by))
		for _, of := range []store.Order{inSubDistrict.Asc(), inDistrict.Asc(), inCommunity.Asc(), inCommunityType.Asc(), inParties.Asc(), inStatus.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(byStatus.Asc(), of, by))
		}
	}
	return s
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of published contracts.
	Connection = page.Connection[*PublishedContract]
	// Edge is a published contract of a page, with its cursor.
	Edge = page.Edge[*PublishedContract]
	// CommunityTypeChoice chooses by the type of the host.
	CommunityTypeChoice = page.Choice[CommunityType]
	// ContractStatusChoice chooses by a contract's state.
	ContractStatusChoice = page.Choice[ContractStatus]
	// DateRange chooses by a day.
	DateRange = page.Range[scalar.Date]
	// TimeRange chooses by a moment.
	TimeRange = page.Range[time.Time]
)

// Filter chooses among published contracts by what is public of them. What it names must all hold.
type Filter struct {
	SubDistrict   *organisation.Choice // the host's, and so on: known only where the parties are public
	District      *organisation.Choice
	Community     *organisation.Choice
	CommunityType *CommunityTypeChoice
	Party         *organisation.Choice
	Status        *ContractStatusChoice
	EffectiveOn   *DateRange
	EndsOn        *DateRange
	PublishedAt   *TimeRange
	And           []*Filter
	Or            []*Filter
	Not           *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.SubDistrict.Filter(inSubDistrict), f.District.Filter(inDistrict), f.Community.Filter(inCommunity),
		f.CommunityType.Filter(inCommunityType), f.Party.Filter(inParties), f.Status.Filter(inStatus),
		f.EffectiveOn.Filter(inEffectiveOn), f.EndsOn.Filter(inEndsOn), f.PublishedAt.Filter(byPublished),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// OrderField is what lists of published contracts are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByPublishedAt OrderField = "PUBLISHED_AT"
	OrderByEndsOn      OrderField = "ENDS_ON" // those whose period is not public come as if they had none
)

// Order sorts published contracts; those that are alike in the field come in the order of their identifiers.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by the day of publication, the latest first, where nothing is asked for.
func (o *Order) sort() []store.Order {
	switch {
	case o == nil:
		return page.Descending.Sort(byPublished.Asc())
	case o.Field == OrderByEndsOn:
		return o.Direction.Sort(inEndsOn.Asc())
	}
	return o.Direction.Sort(byPublished.Asc())
}

// PublishedContracts lists what is public, for anybody.
func (s *Service) PublishedContracts(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	found, err := page.List(ctx, s.public, s.Cursors, where, o.sort(), a)
	if err != nil {
		return nil, err
	}
	shown, err := page.Map(found, func(ps []*Publication) ([]*PublishedContract, error) { return s.compose(ctx, ps) })
	if err != nil {
		return nil, err
	}
	shown.Edges = slices.DeleteFunc(shown.Edges, func(e *Edge) bool { return e.Node == nil })
	return shown, nil
}
