package fulfilment

import (
	"context"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service follows contracts, and takes what people say to fulfilments.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil

	// Listen hears of what happens, and Readable refuses a contract that the caller may not read. They are needed only for
	// what is told as it happens.
	Listen   func(context.Context, feed.Want) (*feed.Listener, error)
	Readable func(context.Context, id.Contract) error
	Files    Files // that reports name as evidence

	table       authz.Table
	plans       *store.Collection[*Plan]
	fulfilments *store.Collection[*Fulfilment]
	outlines    *store.Collection[*outline]
	tallies     *store.Collection[*tally]
	rates       *store.Collection[*rate]
	shown       *feed.Shared[feed.Sight, *Fulfilment] // to those who listen
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table, s.shown = access.Table(), new(feed.Shared[feed.Sight, *Fulfilment])
	var err error
	if s.fulfilments, err = store.Open(ctx, db, store.Options[*Fulfilment]{
		Schema: fulfilmentSchema(), Read: access.FulfilmentRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Fulfilment](s.table, access.FulfilmentRead, columns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("fulfilments: %w", err)
	}
	if s.plans, err = store.Open(ctx, db, store.Options[*Plan]{
		Schema: planSchema(), Read: access.PlanRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Plan](s.table, access.PlanRead, columns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	if s.outlines, err = inner[*outline](ctx, db, s, "contract_outlines"); err != nil {
		return nil, err
	}
	if s.tallies, err = inner[*tally](ctx, db, s, "fulfilment_tallies"); err != nil {
		return nil, err
	}
	if s.rates, err = inner[*rate](ctx, db, s, "fulfilment_rates"); err != nil {
		return nil, err
	}
	return &s, nil
}

// inner opens a collection that only the room itself reads: for anybody but the program, nothing in it stands to any
// organisation.
func inner[T store.Object](ctx context.Context, db store.Backend, s Service, name string) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: store.Schema{Name: name}, Read: access.PlanKeep, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.PlanKeep, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Outboxes are the collections of the room that tell events, as the relay sees them.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.fulfilments} }

// Fulfilment finds one fulfilment that the caller may read.
func (s *Service) Fulfilment(ctx context.Context, f id.Fulfilment) (*Fulfilment, error) {
	return s.fulfilments.Get(ctx, string(f))
}

// Many finds fulfilments in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Fulfilment) ([]*Fulfilment, error) {
	plain := make([]string, len(ids))
	for i, f := range ids {
		plain[i] = string(f)
	}
	return s.fulfilments.GetMany(ctx, plain)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
