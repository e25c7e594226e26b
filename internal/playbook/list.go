package playbook

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byCommunity = store.Field[id.Organisation]("community")
	byAbove     = store.Each[id.Organisation]("above")
	byType      = store.Field[CommunityType]("type")
	byCreated   = store.Field[time.Time]("createdAt")
)

// schema serves the applications of a community, for its own people and for the bodies above.
func schema() store.Schema {
	return store.Schema{Name: "playbook_applications", Indexes: []store.Index{
		store.Lookup(byCommunity.Asc(), byCreated.Asc()), store.Lookup(byAbove.Asc(), byCommunity.Asc(), byCreated.Asc()),
	}}
}

func columns() authz.Columns {
	return authz.Columns{authz.Own: byCommunity.In, authz.Above: byAbove.In}
}

// The names under which the API binds pages.
type (
	// Connection is a page of playbooks.
	Connection = page.Connection[*Playbook]
	// Edge is a playbook of a page.
	Edge = page.Edge[*Playbook]
	// ApplicationConnection is a page of applications.
	ApplicationConnection = page.Connection[*Application]
	// ApplicationEdge is an application of a page.
	ApplicationEdge = page.Edge[*Application]
)

// Playbooks lists playbooks, for a type where one is named, of each type the newest first.
func (s *Service) Playbooks(t *CommunityType, a page.Args) (*Connection, error) {
	all, list := s.Shelf.all, "playbooks"
	if t != nil {
		list += " of " + string(*t)
		all = slices.DeleteFunc(slices.Clone(all), func(p *Playbook) bool { return p.Type != *t })
	}
	return page.Slice(all, (*Playbook).rank, s.Cursors, list, a)
}

// Playbook is a version for a type, the newest where none is named; nil where there is none.
func (s *Service) Playbook(t CommunityType, version *int) *Playbook { return s.Shelf.of(t, version) }

// Many finds playbooks in the order of ids; nil where there is none.
func (s *Service) Many(_ context.Context, ids []id.Playbook) ([]*Playbook, error) {
	out := make([]*Playbook, len(ids))
	for i, p := range ids {
		out[i] = s.Shelf.byID[p]
	}
	return out, nil
}

// Applications lists what a community has taken from playbooks, the oldest first: one application for each type that the
// community was of.
func (s *Service) Applications(ctx context.Context, of id.Organisation, a page.Args) (*ApplicationConnection, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	return page.List(ctx, s.applications, s.Cursors, byCommunity.Is(of), []store.Order{byCreated.Asc()}, a)
}

// ManyApplications finds applications in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) ManyApplications(ctx context.Context, ids []id.PlaybookApplication) ([]*Application, error) {
	keys := make([]string, len(ids))
	for i, a := range ids {
		keys[i] = string(a)
	}
	return s.applications.GetMany(ctx, keys)
}

// Newer is what a newer version would add to an application; nil where there is none.
func (s *Service) Newer(a *Application) *Difference { return a.newer(s.Shelf.of(a.Type, nil)) }

// Newest is the newest playbook for an application's type.
func (s *Service) Newest(a *Application) *Playbook { return s.Shelf.of(a.Type, nil) }

// Since is what a playbook has otherwise than an older version of it; nil where there is no such version.
func (s *Service) Since(p *Playbook, version int) *Difference {
	var none *Difference
	old := s.Shelf.of(p.Type, &version)
	if old == nil || version >= p.Version {
		return none
	}
	return p.since(old)
}
