package contract

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields of amendments that queries name, besides those of contracts.
const (
	amendContract = store.Field[id.Contract]("contract")
	amendStatus   = store.Field[AmendmentStatus]("status")
	amendWake     = store.Field[time.Time]("wakeAt")
)

// amendmentSchema serves one contract's amendments, and all of whom reads them as a party, from above or as a former
// party.
func amendmentSchema() store.Schema {
	s := store.Schema{Name: "amendments", Indexes: []store.Index{
		store.Sparse(amendWake.Asc()),
		store.Lookup(amendContract.Asc(), byUpdated.Desc()),
		store.Lookup(amendContract.Asc(), byCreated.Desc()),
	}}
	for _, who := range []store.Order{byParty.Asc(), byAbove.Asc(), byFormer.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(who, byUpdated.Desc()), store.Lookup(who, byCreated.Desc()),
			store.Lookup(who, amendStatus.Asc(), byUpdated.Desc()))
	}
	return s
}

// The names under which the API binds pages and filters of amendments.
type (
	// Amendments are a page of them.
	Amendments = page.Connection[*Amendment]
	// AmendmentEdge is an amendment of a page.
	AmendmentEdge = page.Edge[*Amendment]
	// AmendmentStatusChoice chooses by state.
	AmendmentStatusChoice = page.Choice[AmendmentStatus]
	// AmendedContractChoice chooses by contract.
	AmendedContractChoice = page.Choice[id.Contract]
)

// AmendmentFilter chooses among the amendments that the caller may read. What it names must all hold.
type AmendmentFilter struct {
	Status    *AmendmentStatusChoice
	Contract  *AmendedContractChoice
	CreatedAt *TimeRange
	UpdatedAt *TimeRange
	And       []*AmendmentFilter
	Or        []*AmendmentFilter
	Not       *AmendmentFilter
}

func (f *AmendmentFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Status.Filter(amendStatus), f.Contract.Filter(amendContract), f.CreatedAt.Filter(byCreated), f.UpdatedAt.Filter(byUpdated),
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*AmendmentFilter).where)
}

// AmendmentOrderField is what lists of amendments are sorted by.
type AmendmentOrderField string

// The fields of orders.
const (
	AmendmentsByUpdated AmendmentOrderField = "UPDATED_AT"
	AmendmentsByCreated AmendmentOrderField = "CREATED_AT"
)

// AmendmentOrder sorts amendments.
type AmendmentOrder struct {
	Field     AmendmentOrderField
	Direction page.Direction
}

// sort is by the last change, the latest first, where nothing is asked for.
func (o *AmendmentOrder) sort() []store.Order {
	switch {
	case o == nil:
		return page.Descending.Sort(byUpdated.Asc())
	case o.Field == AmendmentsByCreated:
		return o.Direction.Sort(byCreated.Asc())
	}
	return o.Direction.Sort(byUpdated.Asc())
}

// Amendment finds one amendment that the caller may read.
func (s *Service) Amendment(ctx context.Context, a id.Amendment) (*Amendment, error) {
	return s.amendments.Get(ctx, string(a))
}

// ManyAmendments finds amendments in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) ManyAmendments(ctx context.Context, ids []id.Amendment) ([]*Amendment, error) {
	keys := make([]string, len(ids))
	for i, a := range ids {
		keys[i] = string(a)
	}
	return s.amendments.GetMany(ctx, keys)
}

// Amendments lists the amendments that the caller may read.
func (s *Service) Amendments(ctx context.Context, f *AmendmentFilter, o *AmendmentOrder, a page.Args) (*Amendments, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.amendments, s.Cursors, where, o.sort(), a)
}

// AmendmentsOf lists the amendments of a contract that the caller has read, in the order of their making. It is a list
// within lists: a needs first or last.
func (s *Service) AmendmentsOf(ctx context.Context, c *Contract, f *AmendmentStatusChoice, a page.Args) (*Amendments, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	where := store.And(amendContract.Is(c.ID), f.Filter(amendStatus))
	return page.List(ctx, s.amendments, s.Cursors, where, []store.Order{byCreated.Asc()}, a)
}

// AmendmentDifferences tells what amendments change of the texts that they were written for.
func (s *Service) AmendmentDifferences(ctx context.Context, as []*Amendment) ([][]*Difference, error) {
	sys, keys, of := authz.AsSystem(ctx), make([]string, len(as)), make([]id.Contract, len(as))
	for i, a := range as {
		keys[i], of[i] = string(pastKey(a.Contract, a.BaseVersion)), a.Contract
	}
	bases, err := s.texts.GetMany(sys, keys)
	if err != nil {
		return nil, err
	}
	in, err := s.Many(sys, of)
	if err != nil {
		return nil, err
	}
	out := make([][]*Difference, len(as))
	for i, a := range as {
		out[i] = []*Difference{}
		switch {
		case bases[i] != nil:
			out[i] = Differences(&bases[i].Text, &a.Text)
		case in[i] != nil && in[i].TextVersion == a.BaseVersion: // not kept among the versions yet
			out[i] = Differences(&in[i].Text, &a.Text)
		}
	}
	return out, nil
}
