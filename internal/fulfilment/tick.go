package fulfilment

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
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
	for i, p := range due.Items {
		if _, err := s.tend(ctx, p, now); err != nil {
			return i, err
		}
	}
	return len(due.Items), nil
}

func (s *Service) tickFulfilments(ctx context.Context, now time.Time) (int, error) {
	due, err := s.fulfilments.List(ctx, store.Query{
		Where: byWake.Lte(now), Sort: []store.Order{byWake.Asc()}, Limit: fulfilmentsPerTick,
	})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, f := range due.Items {
		err := s.pass(ctx, f, now)
		if err != nil && !errors.Is(err, errNothing) {
			return n, err
		}
		if err == nil {
			n++
		}
	}
	return n, nil
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
