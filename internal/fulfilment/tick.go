package fulfilment

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of one tick.
const (
	plansPerTick       = 20
	fulfilmentsPerTick = 200
)

// Tick does what time brings: it makes fulfilments of the days that have come into sight, marks what has passed its day,
// and takes long silence for acceptance. It does a bounded number of things and says how many. Two nodes may do it at
// once: what one has done the other finds done.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	now = now.UTC().Truncate(time.Millisecond)
	n, err := s.tickPlans(ctx, now)
	if err != nil {
		return n, err
	}
	m, err := s.tickFulfilments(ctx, now)
	return n + m, err
}

func (s *Service) tickPlans(ctx context.Context, now time.Time) (int, error) {
	due, err := s.plans.List(ctx, store.Query{
		Where: planWake.Lte(now), Sort: []store.Order{planWake.Asc()}, Limit: plansPerTick,
	})
	if err != nil {
		return 0, err
	}
	return all(due.Items, 1, func(p *Plan) error {
		_, err := s.tend(ctx, p, now)
		return err
	})
}

func (s *Service) tickFulfilments(ctx context.Context, now time.Time) (int, error) {
	due, err := s.fulfilments.List(ctx, store.Query{
		Where: byWake.Lte(now), Sort: []store.Order{byWake.Asc()}, Limit: fulfilmentsPerTick,
	})
	if err != nil {
		return 0, err
	}
	return all(due.Items, sideBySide, func(f *Fulfilment) error { return s.pass(ctx, f, now) })
}

// all does one thing to each item, several side by side, and says to how many it did it. One that fails does not hold
// up the others, unless it is the store that fails.
func all[T any](items []T, beside int, do func(T) error) (int, error) {
	var mu sync.Mutex
	var errs []error
	n, down := 0, false
	var g errgroup.Group
	g.SetLimit(beside)
	for _, item := range items {
		g.Go(func() error {
			mu.Lock()
			stop := down
			mu.Unlock()
			if stop {
				return nil
			}
			err := do(item)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				n++
			case !errors.Is(err, errNothing):
				errs, down = append(errs, err), down || fault.Of(err).Kind == fault.Unavailable
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	return n, errors.Join(errs...)
}

// pass lets time change one fulfilment. That its day is over is no change that its readers must know of; that its state
// changes is.
func (s *Service) pass(ctx context.Context, f *Fulfilment, now time.Time) error {
	change, changes := s.fulfilments.Touch, f.changes(now)
	if changes {
		change = s.fulfilments.Change
	}
	_, err := change(ctx, access.FulfilmentTime, string(f.ID), func(f *Fulfilment) error {
		if f.WakeAt == nil || now.Before(*f.WakeAt) || f.changes(now) != changes {
			return errNothing // somebody was quicker
		}
		return f.pass(now)
	})
	return err
}

func (f *Fulfilment) changes(now time.Time) bool { return f.lapses(now) || f.silent(now) }
