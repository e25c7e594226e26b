package appraisal

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name. None of them lies under the seal.
const (
	byContract  = store.Field[id.Contract]("contract")
	byAppraiser = store.Field[id.Organisation]("appraiser")
	byAppraised = store.Field[id.Organisation]("appraised")
	byOccasion  = store.Field[Occasion]("occasion")
	byStatus    = store.Field[Status]("status")
	byClosesAt  = store.Field[time.Time]("closesAt")
	byUpdated   = store.Field[time.Time]("updatedAt")
	byOpenedOn  = store.Field[scalar.Date]("openedOn")
	byParty     = store.Each[id.Organisation]("parties")
	byAbove     = store.Each[id.Organisation]("above")
	byWake      = store.Field[time.Time]("wakeAt")

	courseWake = store.Field[time.Time]("wakeAt")

	setType   = store.Field[CommunityType]("communityType")
	setNumber = store.Field[int]("number")
)

// schema serves a party's people and the bodies above, by the end of the time or the last change: everything that they
// may read, and what is in a state; and besides what belongs to a contract, what an organisation writes and receives.
// Any other filter is looked for among the best of these.
func schema() store.Schema {
	s := store.Schema{Name: "appraisals", Indexes: []store.Index{
		store.Sparse(byWake.Asc()),
		store.Lookup(byAppraised.Asc(), byStatus.Asc()),
		store.Sparse(byContract.Asc(), byOpenedOn.Asc()),
		store.Sparse(byAppraised.Asc(), byOpenedOn.Asc()),
		store.Sparse(byAbove.Asc(), byOpenedOn.Asc()),
		store.Lookup(byContract.Asc(), byOccasion.Asc(), byClosesAt.Asc()),
	}}
	for _, by := range []store.Order{byClosesAt.Asc(), byUpdated.Asc()} {
		for _, who := range []store.Order{byParty.Asc(), byAbove.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(who, by), store.Lookup(who, byStatus.Asc(), by))
		}
		for _, of := range []store.Order{byContract.Asc(), byAppraiser.Asc(), byAppraised.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(of, by))
		}
	}
	return s
}

func criteriaSchema() store.Schema {
	return store.Schema{Name: "appraisal_criteria", Indexes: []store.Index{store.Lookup(setType.Asc(), setNumber.Asc())}}
}

func courseSchema() store.Schema {
	return store.Schema{Name: "appraisal_courses", Indexes: []store.Index{store.Sparse(courseWake.Asc())}}
}

// columns say where an appraisal keeps the organisations that the rule of reading speaks of.
func columns() authz.Columns {
	return authz.Columns{
		authz.Partying: byParty.In,
		authz.Above:    byAbove.In,
	}
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of appraisals.
	Connection = page.Connection[*Appraisal]
	// Edge is an appraisal of a page, with its cursor.
	Edge = page.Edge[*Appraisal]
	// CriteriaConnection is a page of sets of criteria.
	CriteriaConnection = page.Connection[*Criteria]
	// CriteriaEdge is a set of a page, with its cursor.
	CriteriaEdge = page.Edge[*Criteria]
	// StatusChoice chooses by an appraisal's state.
	StatusChoice = page.Choice[Status]
	// OccasionChoice chooses by the occasion.
	OccasionChoice = page.Choice[Occasion]
	// ContractChoice chooses by a contract.
	ContractChoice = page.Choice[id.Contract]
	// TimeRange chooses by a moment.
	TimeRange = page.Range[time.Time]
)

// Filter chooses among the appraisals that the caller may read. What it names must all hold.
type Filter struct {
	Contract  *ContractChoice
	Status    *StatusChoice
	Occasion  *OccasionChoice
	Appraiser *organisation.Choice
	Appraised *organisation.Choice
	ClosesAt  *TimeRange
	And       []*Filter
	Or        []*Filter
	Not       *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Contract.Filter(byContract), f.Status.Filter(byStatus), f.Occasion.Filter(byOccasion),
		f.Appraiser.Filter(byAppraiser), f.Appraised.Filter(byAppraised), f.ClosesAt.Filter(byClosesAt),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// OrderField is what lists of appraisals are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByClosesAt OrderField = "CLOSES_AT"
	OrderByUpdated  OrderField = "UPDATED_AT"
)

// Order sorts appraisals; those that are alike in the field come in the order of their identifiers.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by the end of the time, the latest first, where nothing is asked for.
func (o *Order) sort() []store.Order {
	switch {
	case o == nil:
		return page.Descending.Sort(byClosesAt.Asc())
	case o.Field == OrderByUpdated:
		return o.Direction.Sort(byUpdated.Asc())
	}
	return o.Direction.Sort(byClosesAt.Asc())
}

// Appraisals lists appraisals among what the caller may read.
func (s *Service) Appraisals(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.appraisals, s.Cursors, where, o.sort(), a)
}

// OfContracts lists the appraisals of each contract, the latest round first, with the same arguments for all.
func (s *Service) OfContracts(ctx context.Context, of []id.Contract, a page.Args) ([]*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	out := make([]*Connection, len(of))
	for i, c := range of {
		var err error
		if out[i], err = page.List(ctx, s.appraisals, s.Cursors, byContract.Is(c), page.Descending.Sort(byClosesAt.Asc()), a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mostContracts bounds the contracts of one scan of OpenedOf.
const mostContracts = 100

// OpenedOf gathers the appraisals of contracts that were opened from a day to a day, by day. It is for rooms that
// compile reports for callers who may read those contracts: it asks no more who they are.
func (s *Service) OpenedOf(ctx context.Context, contracts []id.Contract, from, to scalar.Date) ([]*Appraisal, error) {
	ctx = authz.AsSystem(ctx)
	var out []*Appraisal
	for len(contracts) > 0 {
		n := min(len(contracts), mostContracts)
		where := store.And(byContract.In(contracts[:n]...), byOpenedOn.Gte(from), byOpenedOn.Lte(to))
		for a, err := range s.appraisals.Walk(ctx, where, byOpenedOn.Asc()) {
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
		contracts = contracts[n:]
	}
	return out, nil
}
