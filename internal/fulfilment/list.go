package fulfilment

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

// The fields that queries of fulfilments name.
const (
	byContract   = store.Field[id.Contract]("contract")
	byCommitment = store.Field[id.Commitment]("commitment")
	byProvider   = store.Field[id.Organisation]("provider")
	byReceiver   = store.Each[id.Organisation]("receivers")
	byParty      = store.Each[id.Organisation]("parties")
	byAbove      = store.Each[id.Organisation]("above")
	byStatus     = store.Field[Status]("status")
	byFormer     = store.Each[id.Organisation]("former")
	byDueOn      = store.Field[scalar.Date]("dueOn")
	byUpdated    = store.Field[time.Time]("updatedAt")
	byWake       = store.Field[time.Time]("wakeAt")
)

// The fields that queries of plans name.
const (
	planContract = store.Field[id.Contract]("contract")
	planStatus   = store.Field[ContractStatus]("contractStatus")
	planGone     = store.Field[bool]("gone")
	planProvider = store.Field[id.Organisation]("provider")
	planReceiver = store.Each[id.Organisation]("receivers")
	planParty    = store.Each[id.Organisation]("parties")
	planAbove    = store.Each[id.Organisation]("above")
	planFormer   = store.Each[id.Organisation]("former")
	planStanding = store.Field[bool]("standing")
	planEndsOn   = store.Field[scalar.Date]("endsOn")
	planUpdated  = store.Field[time.Time]("updatedAt")
	planWake     = store.Field[time.Time]("wakeAt")
)

// fulfilmentSchema serves a party's people and the bodies above, by day or by the last change: everything that they may
// read, and what is in a state; and besides what belongs to a contract or a commitment, what somebody owes and what is
// owed to somebody. Any other filter is looked for among the best of these.
func fulfilmentSchema() store.Schema {
	s := store.Schema{Name: "fulfilments", Indexes: []store.Index{store.Sparse(byWake.Asc())}, Narrow: counting()}
	for _, by := range []store.Order{byDueOn.Asc(), byUpdated.Asc()} {
		for _, who := range []store.Order{byParty.Asc(), byAbove.Asc(), byFormer.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(who, by), store.Lookup(who, byStatus.Asc(), by))
		}
		for _, of := range []store.Order{byContract.Asc(), byCommitment.Asc(), byProvider.Asc(), byReceiver.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(of, by))
		}
	}
	return s
}

// planSchema serves the same readers, by the contract's last day or the last change.
func planSchema() store.Schema {
	s := store.Schema{Name: "plans", Indexes: []store.Index{
		store.Sparse(planWake.Asc()), store.Lookup(planContract.Asc()),
		store.Lookup(planStatus.Asc(), planGone.Asc(), planStanding.Asc()),
	}}
	for _, by := range []store.Order{planEndsOn.Asc(), planUpdated.Asc()} {
		for _, who := range []store.Order{planParty.Asc(), planAbove.Asc(), planFormer.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(who, by))
		}
		for _, of := range []store.Order{planContract.Asc(), planProvider.Asc(), planReceiver.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(of, by))
		}
	}
	return s
}

// columns say where both keep the organisations that the rule of reading speaks of.
func columns() authz.Columns {
	return authz.Columns{
		authz.Partying: byParty.In,
		authz.Above:    byAbove.In,
		authz.Former:   byFormer.In,
	}
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of fulfilments.
	Connection = page.Connection[*Fulfilment]
	// Edge is a fulfilment of a page, with its cursor.
	Edge = page.Edge[*Fulfilment]
	// StatusChoice chooses by a fulfilment's state.
	StatusChoice = page.Choice[Status]
	// ContractChoice chooses by a contract.
	ContractChoice = page.Choice[id.Contract]
	// CommitmentChoice chooses by a commitment.
	CommitmentChoice = page.Choice[id.Commitment]
	// ContractStatusChoice chooses by a contract's state.
	ContractStatusChoice = page.Choice[ContractStatus]
	// DateRange chooses by a day.
	DateRange = page.Range[scalar.Date]
)

// Filter chooses among the fulfilments that the caller may read. What it names must all hold.
type Filter struct {
	Status     *StatusChoice
	Contract   *ContractChoice
	Commitment *CommitmentChoice
	Provider   *organisation.Choice
	Receiver   *organisation.Choice
	DueOn      *DateRange
	And        []*Filter
	Or         []*Filter
	Not        *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Status.Filter(byStatus), f.Contract.Filter(byContract), f.Commitment.Filter(byCommitment),
		f.Provider.Filter(byProvider), f.Receiver.Filter(byReceiver), f.DueOn.Filter(byDueOn),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// OrderField is what lists of fulfilments are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByDueOn   OrderField = "DUE_ON"
	OrderByUpdated OrderField = "UPDATED_AT"
)

// Order sorts fulfilments; those that are alike in the field come in the order of their identifiers.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by day, the earliest first, where nothing is asked for.
func (o *Order) sort() []store.Order {
	switch {
	case o == nil:
		return page.Ascending.Sort(byDueOn.Asc())
	case o.Field == OrderByUpdated:
		return o.Direction.Sort(byUpdated.Asc())
	}
	return o.Direction.Sort(byDueOn.Asc())
}

// Fulfilments lists what is due when, for whom, among what the caller may read.
func (s *Service) Fulfilments(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.fulfilments, s.Cursors, where, o.sort(), a)
}

// OfContracts lists the fulfilments of each contract by day, with the same arguments for all.
func (s *Service) OfContracts(ctx context.Context, of []id.Contract, a page.Args) ([]*Connection, error) {
	return each(ctx, s, of, byContract, a)
}

// OfCommitments lists the fulfilments of each commitment by day, with the same arguments for all.
func (s *Service) OfCommitments(ctx context.Context, of []id.Commitment, a page.Args) ([]*Connection, error) {
	return each(ctx, s, of, byCommitment, a)
}

func each[I ~string](ctx context.Context, s *Service, of []I, by store.Field[I], a page.Args) ([]*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	out := make([]*Connection, len(of))
	for i, o := range of {
		var err error
		if out[i], err = page.List(ctx, s.fulfilments, s.Cursors, by.Is(o), page.Ascending.Sort(byDueOn.Asc()), a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CommitmentFilter chooses among the commitments of the contracts that the caller may read. What it names must all hold.
type CommitmentFilter struct {
	Contract       *ContractChoice
	ContractStatus *ContractStatusChoice
	Provider       *organisation.Choice
	Receiver       *organisation.Choice
	Standing       *bool
	ContractEndsOn *DateRange
	And            []*CommitmentFilter
	Or             []*CommitmentFilter
	Not            *CommitmentFilter
}

func (f *CommitmentFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Contract.Filter(planContract), f.ContractStatus.Filter(planStatus), f.Provider.Filter(planProvider),
		f.Receiver.Filter(planReceiver), f.ContractEndsOn.Filter(planEndsOn),
	}
	if f.Standing != nil {
		own = append(own, planStanding.Is(*f.Standing))
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*CommitmentFilter).where)
}

// CommitmentOrderField is what lists of commitments are sorted by.
type CommitmentOrderField string

// The fields of orders.
const (
	OrderByContractEnd CommitmentOrderField = "CONTRACT_ENDS_ON"
	OrderByChange      CommitmentOrderField = "UPDATED_AT"
)

// CommitmentOrder sorts commitments; those that are alike in the field come in the order of their identifiers.
type CommitmentOrder struct {
	Field     CommitmentOrderField
	Direction page.Direction
}

// sort is by the last change, the latest first, where nothing is asked for.
func (o *CommitmentOrder) sort() []store.Order {
	switch {
	case o == nil:
		return page.Descending.Sort(planUpdated.Asc())
	case o.Field == OrderByContractEnd:
		return o.Direction.Sort(planEndsOn.Asc())
	}
	return o.Direction.Sort(planUpdated.Asc())
}

// Commitments lists the commitments of all contracts that the caller may read, as this room knows them.
func (s *Service) Commitments(ctx context.Context, f *CommitmentFilter, o *CommitmentOrder, a page.Args) (*page.Connection[*Plan], error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.plans, s.Cursors, store.And(where, planGone.Is(false)), o.sort(), a)
}
