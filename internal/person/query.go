package person

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Viewer is the caller as a person, with all their roles; nil where nobody is signed in.
func (s *Service) Viewer(ctx context.Context) (*Person, error) {
	var none *Person
	a := authz.From(ctx)
	if a.Person == "" {
		return none, nil
	}
	return s.people.Get(ctx, string(a.Person))
}

// Person finds a person as the caller may see them.
func (s *Service) Person(ctx context.Context, who id.Person) (*Person, error) {
	return s.people.Get(ctx, string(who))
}

// Many finds people in the order of ids, as the caller may see them; nil where there is none or they are hidden.
func (s *Service) Many(ctx context.Context, ids []id.Person) ([]*Person, error) {
	return s.people.GetMany(ctx, keys(ids))
}

// Invitation finds an invitation.
func (s *Service) Invitation(ctx context.Context, v id.Invitation) (*Invitation, error) {
	return s.invitations.Get(ctx, string(v))
}

// ManyInvitations finds invitations in the order of ids; nil where there is none or it is hidden.
func (s *Service) ManyInvitations(ctx context.Context, ids []id.Invitation) ([]*Invitation, error) {
	return s.invitations.GetMany(ctx, keys(ids))
}

// The pages of lists, and filters on one value.
type (
	// Connection is a page of people.
	Connection = page.Connection[*Person]
	// Edge is one person in a page.
	Edge = page.Edge[*Person]
	// InvitationConnection is a page of invitations.
	InvitationConnection = page.Connection[*Invitation]
	// InvitationEdge is one invitation in a page.
	InvitationEdge = page.Edge[*Invitation]
	// RoleChoice filters by role.
	RoleChoice = page.Choice[authz.Role]
	// InvitationStatusChoice filters by how far an invitation has come.
	InvitationStatusChoice = page.Choice[InvitationStatus]
)

// Filter says which people of an organisation a list shows.
type Filter struct{ Role *RoleChoice }

// InvitationFilter says which invitations a list shows.
type InvitationFilter struct{ Status *InvitationStatusChoice }

// People lists the people of an organisation whose role there has not ended, in the order in which they were enrolled: by name
// nothing can be sorted that is kept encrypted. Only those who may see the
// organisation's people are answered, so that nobody learns of it who else of those they know is there.
func (s *Service) People(ctx context.Context, of id.Organisation, f *Filter, a page.Args) (*Connection, error) {
	where, err := s.place(ctx, of)
	if err != nil {
		return nil, at(err, "organisation")
	}
	if err := s.may(ctx, access.PersonReadRoles, where); err != nil {
		return nil, err
	}
	only := byOrganisation.Is(of)
	if f != nil && f.Role != nil {
		only = store.And(only, f.Role.Filter(postsIn(of)))
	}
	return page.List(ctx, s.people, s.Cursors, only, []store.Order{byCreated.Asc()}, a)
}

// postsIn finds people by the role they hold in an organisation.
type postsIn id.Organisation

// Is finds those with one role.
func (o postsIn) Is(r authz.Role) store.Filter { return byPost.Is(post(r, id.Organisation(o))) }

// In finds those with any of several.
func (o postsIn) In(rs ...authz.Role) store.Filter {
	posts := make([]string, len(rs))
	for i, r := range rs {
		posts[i] = post(r, id.Organisation(o))
	}
	return byPost.In(posts...)
}

// Invitations lists the invitations that the caller may see, to one organisation or to all, the latest first.
func (s *Service) Invitations(
	ctx context.Context, of *id.Organisation, f *InvitationFilter, a page.Args,
) (*InvitationConnection, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	var only store.Filter
	if of != nil {
		only = byInviting.Is(*of)
	}
	if f != nil {
		only = store.And(only, f.Status.Filter(byStatus))
	}
	return page.List(ctx, s.invitations, s.Cursors, only, []store.Order{byCreated.Desc()}, a)
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox {
	return []store.Outbox{s.people, s.sessions, s.invitations}
}

// query is a page of what a filter on one field lets through, in that field's order.
func query(where store.Filter, most int) store.Query { return store.Query{Where: where, Limit: most} }

func keys[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, one := range ids {
		out[i] = string(one)
	}
	return out
}
