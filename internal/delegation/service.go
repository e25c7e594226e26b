package delegation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table       authz.Table
	delegations *store.Collection[*Delegation]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	if s.delegations, err = store.Open(ctx, db, store.Options[*Delegation]{
		Schema: schema(), Read: access.DelegationRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Delegation](s.table, access.DelegationRead, columns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("delegations: %w", err)
	}
	return s, nil
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.delegations} }

// Delegation finds one delegation that the caller may read.
func (s *Service) Delegation(ctx context.Context, d id.Delegation) (*Delegation, error) {
	return s.delegations.Get(ctx, string(d))
}

// Many finds delegations in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Delegation) ([]*Delegation, error) {
	keys := make([]string, len(ids))
	for i, d := range ids {
		keys[i] = string(d)
	}
	return s.delegations.GetMany(ctx, keys)
}

// Leading are the offices whose holders lead an organisation: they hold what is lent to it.
func Leading() []authz.Role { return []authz.Role{authz.Secretary, authz.Liaison} }

// Lend gives an actor, besides their own roles, those that are lent at this moment to the organisations that they lead.
// What is lent is never lent on: only roles of one's own count here.
func (s *Service) Lend(ctx context.Context, a authz.Actor) (authz.Actor, error) {
	leads := slices.Concat(a.In(authz.Secretary), a.In(authz.Liaison))
	if a.Person == "" || len(leads) == 0 {
		return a, nil
	}
	now := s.now()
	found, err := s.delegations.List(authz.AsSystem(ctx), store.Query{
		Where: store.And(byTo.In(leads...), byStatus.Is(Accepted)), Sort: []store.Order{byCreated.Desc()}, Limit: MaxOpen * len(leads),
	})
	if err != nil {
		return authz.Actor{}, err
	}
	a.Holdings = slices.DeleteFunc(slices.Clone(a.Holdings), authz.Holding.Lent)
	for _, d := range found.Items {
		if d.InForce(now) && !a.Holds(d.Role, d.From) {
			a.Holdings = append(a.Holdings, authz.Holding{Role: d.Role, Organisation: d.From, By: d.ID, Within: d.Above})
		}
	}
	return a, nil
}

// InForceFrom lists what organisations have lent that is in force at this moment.
func (s *Service) InForceFrom(ctx context.Context, from []id.Organisation) ([]*Delegation, error) {
	if len(from) == 0 {
		return nil, nil
	}
	now, out := s.now(), []*Delegation{}
	for d, err := range s.delegations.Walk(authz.AsSystem(ctx), store.And(byFrom.In(from...), byStatus.Is(Accepted)), byCreated.Desc()) {
		if err != nil {
			return nil, err
		}
		if d.InForce(now) {
			out = append(out, d)
		}
	}
	return out, nil
}

// Moved copies the bodies above an organisation anew to what it has lent: for a follower, when a community has moved or a
// unit reports elsewhere. Doing it twice is harmless.
func (s *Service) Moved(ctx context.Context, o id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisations(ctx, []id.Organisation{o})
	if err != nil {
		return err
	}
	for d, err := range s.delegations.Walk(ctx, byFrom.Is(o), byCreated.Desc()) {
		if err != nil {
			return err
		}
		if slices.Equal(d.Above, facts[0].Above) {
			continue
		}
		if _, err := s.delegations.Touch(ctx, access.DelegationTime, string(d.ID), func(d *Delegation) error {
			d.Above = facts[0].Above
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Tick ends the delegations whose time is over. They are in force no more since their last moment; this tells it.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	const most = 200
	ctx = authz.AsSystem(ctx)
	due, err := s.delegations.List(ctx, store.Query{Where: byWake.Lte(now), Sort: []store.Order{byWake.Asc()}, Limit: most})
	if err != nil {
		return 0, err
	}
	n := 0
	var bad error
	for _, d := range due.Items {
		_, err := s.delegations.Change(ctx, access.DelegationTime, string(d.ID), func(d *Delegation) error {
			return d.end("", "", s.now())
		})
		if err != nil && !fault.Is(err, CodeWrongState) { // somebody was faster; the others need not wait
			bad = errors.Join(bad, fmt.Errorf("delegation %s: %w", d.ID, err))
			continue
		}
		n++
	}
	return n, bad
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
