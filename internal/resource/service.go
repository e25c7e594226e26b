package resource

import (
	"context"
	"fmt"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service keeps resources.
type Service struct {
	exchange.Desk

	table     authz.Table
	resources *store.Collection[*Resource]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	out := &s
	var err error
	if s.resources, err = store.Open(ctx, db, store.Options[*Resource]{
		Schema: schema(), Read: access.ResourceRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Resource](s.table, access.ResourceRead, exchange.Columns(), nil, out.view),
	}); err != nil {
		return nil, fmt.Errorf("resources: %w", err)
	}
	return out, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.resources} }

// Resource finds one resource that the caller may read.
func (s *Service) Resource(ctx context.Context, r id.Resource) (*Resource, error) {
	return s.resources.Get(ctx, string(r))
}

// Many finds resources in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Resource) ([]*Resource, error) {
	plain := make([]string, len(ids))
	for i, r := range ids {
		plain[i] = string(r)
	}
	return s.resources.GetMany(ctx, plain)
}

// Stand tells how organisations stand to the resource.
func (r *Resource) Stand(by authz.Relation) []id.Organisation { return r.Stands(by, r.Status.Shown()) }

// Audience is recorded on its events.
func (r *Resource) Audience() []string { return r.Hearers(r.Status.Shown()) }

// view blanks what a caller may not see of a resource that they read.
func (s *Service) view(a authz.Actor, r *Resource) {
	if a.IsSystem() {
		return
	}
	if rule, ok := s.table.Rule(access.ResourceRead); ok {
		a = a.Under(rule, r)
	}
	if r.Veil(a) {
		r.DraftedBy = ""
	}
}

// told is the event of what happened to a resource; c is the claim that it was about, or nil.
func (r *Resource) told(what string, c *exchange.Claim) error {
	return r.Tell(what, r.Happening(string(r.Status), c))
}

// The events of this room. Each carries an exchange.Happened.
const (
	ToldDrafted        = "resource.drafted"
	ToldChanged        = "resource.changed"
	ToldOffered        = "resource.offered"
	ToldClaimed        = "resource.claimed"
	ToldClaimAccepted  = "resource.claimAccepted"
	ToldClaimDeclined  = "resource.claimDeclined"
	ToldClaimWithdrawn = "resource.claimWithdrawn"
	ToldClaimLapsed    = "resource.claimLapsed"
	ToldWithdrawn      = "resource.withdrawn"
	ToldExpired        = "resource.expired"
	ToldMoved          = "resource.moved" // its publisher has come under other bodies
)
