package graph

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/profile"
)

// whoCanSee tells to who can see an object, who else can and by which rule of the table. It names organisations and
// roles, never a person.
func (r Rooms) whoCanSee(ctx context.Context, what string) ([]*wire.Sight, error) {
	var none []*wire.Sight
	node, err := r.node(ctx, what)
	if err != nil || node == nil {
		return none, err
	}
	e, happened := node.(*event.Event)
	if happened {
		what = e.Subject
	}
	if what, err = r.readAs(ctx, what); err != nil {
		return none, err
	}
	k, _ := id.KindOf(what)
	action, known := access.Reading(k)
	object, err := r.stands(ctx, what)
	if err != nil || object == nil || !known {
		return none, err
	}
	table := access.Table()
	own := sights(table, action, object)
	if happened { // is shown to whom could read its subject then
		own = slices.DeleteFunc(own, func(s *wire.Sight) bool { return s.Organisation != "" && !slices.Contains(e.Audience, s.Organisation) })
	}
	out, err := r.lent(ctx, table, own)
	if err != nil {
		return nil, err
	}
	p, ok := object.(*profile.Profile)
	if !ok || happened {
		return out, nil
	}
	shared, err := r.sharedSights(ctx, table, p.Organisation)
	return append(out, shared...), err
}

// readAs is by whose rule an object is read: a file that is attached is read by that of what it is attached to.
func (r Rooms) readAs(ctx context.Context, what string) (string, error) {
	if !id.Is(what, id.KindFile) {
		return what, nil
	}
	f, err := r.Files.File(authz.AsSystem(ctx), id.File(what))
	if err == nil && f.Attached() {
		return f.Subject, nil
	}
	if fault.Is(err, fault.CodeNotFound) {
		err = nil
	}
	return what, err
}

// stands is what organisations stand to, whole: what a caller is shown of it may leave out who does. A commitment is read
// as its contract is, and a claim as what it is on.
func (r Rooms) stands(ctx context.Context, what string) (any, error) {
	ctx = authz.AsSystem(ctx)
	node, err := r.node(ctx, what)
	if m, ok := node.(*contract.Commitment); ok {
		return r.Contracts.Contract(ctx, m.Contract())
	}
	if c, ok := node.(*exchange.Claim); ok {
		return r.claimed(ctx, c)
	}
	if err != nil || node == nil {
		return nil, err
	}
	return node, nil
}

// sights are the ways that the table gives, as the schema tells them.
func sights(table authz.Table, action string, object any) []*wire.Sight {
	rule, _ := table.Rule(action)
	out := []*wire.Sight{}
	for _, s := range table.Sights(action, object) {
		w := &wire.Sight{Organisation: s.Organisation, Relation: s.As, Rule: action, Note: rule.Note, Roles: []authz.Role{}}
		if w.Anybody = slices.Contains(s.Roles, authz.Anyone); !w.Anybody && !slices.Contains(s.Roles, authz.Itself) {
			w.Roles = s.Roles
		}
		out = append(out, w)
	}
	return out
}

// sharedSights are the ways that contracts in force give to some fields of a profile.
func (r Rooms) sharedSights(ctx context.Context, table authz.Table, of id.Organisation) ([]*wire.Sight, error) {
	shares, err := r.Contracts.SharedOf(ctx, of)
	if err != nil {
		return nil, err
	}
	rule, _ := table.Rule(access.ProfileReadShared)
	out := []*wire.Sight{}
	for _, s := range shares {
		w := &wire.Sight{
			Organisation: s.Reader, Relation: authz.Reading, Rule: rule.Action, Note: rule.Note,
			Fields: s.Fields, Contract: s.Contract, Purpose: &s.Purpose, Until: &s.Until,
		}
		for _, g := range rule.Who {
			w.Roles = append(w.Roles, g.Role)
		}
		out = append(out, w)
	}
	return r.lent(ctx, table, out)
}

// lent adds who sees it by delegation, where the rule counts that.
func (r Rooms) lent(ctx context.Context, table authz.Table, own []*wire.Sight) ([]*wire.Sight, error) {
	var from []id.Organisation
	for _, s := range own {
		if rule, _ := table.Rule(s.Rule); rule.Lent && s.Organisation != "" && !slices.Contains(from, s.Organisation) {
			from = append(from, s.Organisation)
		}
	}
	found, err := r.Delegations.InForceFrom(ctx, from)
	if err != nil {
		return nil, err
	}
	all := own
	for _, d := range found {
		for _, s := range own {
			if s.Organisation == d.From && slices.Contains(s.Roles, d.Role) {
				by := *s
				by.Organisation, by.Roles, by.Delegation = d.To, delegation.Leading(), d.ID
				all = append(all, &by)
			}
		}
	}
	return all, nil
}
