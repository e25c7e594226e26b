package delegation

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name.
const (
	byFrom    = store.Field[id.Organisation]("from")
	byTo      = store.Field[id.Organisation]("to")
	bySides   = store.Each[id.Organisation]("sides")
	byAbove   = store.Each[id.Organisation]("above")
	byStatus  = store.Field[Status]("status")
	byOpen    = store.Field[string]("open")
	byWake    = store.Field[time.Time]("wakeAt")
	byCreated = store.Field[time.Time]("createdAt")
)

// schema serves what an organisation has lent and has taken, all of it or in one state; and what is lent at this moment,
// which is asked with every request of who leads an organisation.
func schema() store.Schema {
	s := store.Schema{Name: "delegations", Indexes: []store.Index{openOnce(), store.Sparse(byWake.Asc())}}
	for _, who := range []store.Order{bySides.Asc(), byAbove.Asc(), byFrom.Asc(), byTo.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(who, byCreated.Desc()), store.Lookup(who, byStatus.Asc(), byCreated.Desc()))
	}
	return s
}

// openOnce lets an organisation lend an office to another once at a time.
func openOnce() store.Index { return store.Unique(byOpen.Asc()) }

func columns() authz.Columns {
	return authz.Columns{authz.Own: bySides.In, authz.Above: byAbove.In}
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of delegations.
	Connection = page.Connection[*Delegation]
	// Edge is a delegation of a page, with its cursor.
	Edge = page.Edge[*Delegation]
	// StatusChoice chooses by state.
	StatusChoice = page.Choice[Status]
)

// Direction is the side from which an organisation looks at its delegations.
type Direction string

// The sides.
const (
	Given Direction = "GIVEN" // what it has lent
	Taken Direction = "TAKEN" // what was lent to it
)

// Filter chooses among delegations.
type Filter struct{ Status *StatusChoice }

// Delegations lists what the caller may read of an organisation's delegations, the latest first.
func (s *Service) Delegations(ctx context.Context, of id.Organisation, way *Direction, f *Filter, a page.Args) (*Connection, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	where := bySides.Is(of)
	switch {
	case way == nil:
	case *way == Given:
		where = byFrom.Is(of)
	case *way == Taken:
		where = byTo.Is(of)
	}
	if f != nil {
		where = store.And(where, f.Status.Filter(byStatus))
	}
	return page.List(ctx, s.delegations, s.Cursors, where, []store.Order{byCreated.Desc()}, a)
}
