package template

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byOwner   = store.Field[id.Organisation]("owner")
	byStatus  = store.Field[Status]("status")
	byTopic   = store.Field[Topic]("text.topic")
	byType    = store.Each[CommunityType]("text.communityTypes")
	byKind    = store.Each[UnitKind]("text.unitKinds")
	byCreated = store.Field[time.Time]("createdAt")
	byRevised = store.Field[time.Time]("revisedAt")
)

// templateSchema serves templates by when they were made or revised: all of them, those in a state, of an owner, for a
// type of community or for a kind of unit. Other filters are looked at within the best of these.
func templateSchema() store.Schema {
	s := store.Schema{Name: "templates"}
	for _, sorted := range []store.Order{byCreated.Asc(), byRevised.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(sorted), store.Lookup(byStatus.Asc(), sorted), store.Lookup(byOwner.Asc(), sorted),
			store.Lookup(byType.Asc(), sorted), store.Lookup(byKind.Asc(), sorted))
	}
	return s
}

// clauseSchema serves standard clauses by when they were made or revised: all of them, those in a state, of an owner,
// on a topic or for a type of community.
func clauseSchema() store.Schema {
	s := store.Schema{Name: "library_clauses"}
	for _, sorted := range []store.Order{byCreated.Asc(), byRevised.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(sorted), store.Lookup(byStatus.Asc(), sorted), store.Lookup(byOwner.Asc(), sorted),
			store.Lookup(byTopic.Asc(), sorted), store.Lookup(byType.Asc(), sorted))
	}
	return s
}

// The names under which the API binds pages and filters.
type (
	// Connection is a page of templates.
	Connection = page.Connection[*Template]
	// Edge is a template of a page.
	Edge = page.Edge[*Template]
	// ClauseConnection is a page of standard clauses.
	ClauseConnection = page.Connection[*LibraryClause]
	// ClauseEdge is a standard clause of a page.
	ClauseEdge = page.Edge[*LibraryClause]
	// StatusChoice chooses by state.
	StatusChoice = page.Choice[Status]
	// TypeChoice chooses by type of community.
	TypeChoice = page.Choice[CommunityType]
	// KindChoice chooses by kind of unit.
	KindChoice = page.Choice[UnitKind]
	// TopicChoice chooses by topic.
	TopicChoice = page.Choice[Topic]
)

// Filter chooses among templates. What it names must all hold.
type Filter struct {
	CommunityType *TypeChoice
	UnitKind      *KindChoice
	Status        *StatusChoice
	Owner         *organisation.Choice
	And           []*Filter
	Or            []*Filter
	Not           *Filter
}

func (f *Filter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.CommunityType.Filter(byType), f.UnitKind.Filter(byKind), f.Status.Filter(byStatus), f.Owner.Filter(byOwner)}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*Filter).where)
}

// ClauseFilter chooses among standard clauses. What it names must all hold.
type ClauseFilter struct {
	Topic         *TopicChoice
	CommunityType *TypeChoice
	Status        *StatusChoice
	Owner         *organisation.Choice
	And           []*ClauseFilter
	Or            []*ClauseFilter
	Not           *ClauseFilter
}

func (f *ClauseFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.Topic.Filter(byTopic), f.CommunityType.Filter(byType), f.Status.Filter(byStatus), f.Owner.Filter(byOwner)}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*ClauseFilter).where)
}

// OrderField is what lists of templates and of clauses are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByCreated OrderField = "CREATED_AT"
	OrderByRevised OrderField = "REVISED_AT"
)

// Order sorts templates or clauses; those that are alike in the field come in the order of their identifiers.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// sort is by when they were made, the oldest first, where nothing is asked for: so what comes with the program leads.
func (o *Order) sort() []store.Order {
	switch {
	case o == nil:
		return page.Ascending.Sort(byCreated.Asc())
	case o.Field == OrderByRevised:
		return o.Direction.Sort(byRevised.Asc())
	}
	return o.Direction.Sort(byCreated.Asc())
}

// Templates lists templates; with a community, only those in force that it can host a contract from.
func (s *Service) Templates(ctx context.Context, community *id.Organisation, f *Filter, o *Order, a page.Args) (*Connection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	usable, err := s.usable(ctx, community)
	if err != nil {
		return nil, err
	}
	return page.List(ctx, s.templates, s.Cursors, store.And(usable, where), o.sort(), a)
}

// Clauses lists standard clauses; with a community, only those in force that its contracts can take up.
func (s *Service) Clauses(ctx context.Context, community *id.Organisation, f *ClauseFilter, o *Order, a page.Args) (*ClauseConnection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	usable, err := s.usable(ctx, community)
	if err != nil {
		return nil, err
	}
	return page.List(ctx, s.clauses, s.Cursors, store.And(usable, where), o.sort(), a)
}

// usable is what a community can use: in force, made for its type, and the platform's, its own or of a body above it. A
// community that does not exist can use nothing.
func (s *Service) usable(ctx context.Context, community *id.Organisation) (store.Filter, error) {
	if community == nil {
		return store.Filter{}, nil
	}
	found, err := s.Organisations(ctx, []id.Organisation{*community})
	if err != nil {
		return store.Filter{}, err
	}
	at := found[0]
	switch {
	case !at.Exists():
		return store.Nothing(), nil
	case !at.CanHost():
		return store.Filter{}, fault.New(fault.Invalid, CodeNotCommunity).At("usableBy")
	}
	owners := append([]id.Organisation{"", at.ID}, at.Above...)
	return store.And(byStatus.Is(Active), byType.Is(CommunityType(at.CommunityType)), byOwner.In(owners...)), nil
}
