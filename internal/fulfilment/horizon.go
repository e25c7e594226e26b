package fulfilment

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Bounds of one piece of work.
const (
	atOnce      = 100 // fulfilments of a plan that one step makes or changes
	sideBySide  = 16  // of them at the same time
	stepsAtOnce = 30  // for one event
)

// tendContract does now what the plans of a contract wait for, so that nobody has to wait for the next tick, and leaves to
// that what is more than stepsAtOnce.
func (s *Service) tendContract(ctx context.Context, c id.Contract) error {
	now, steps := s.now(), 0
	for p, err := range s.plans.Walk(ctx, planContract.Is(c)) {
		if err != nil {
			return err
		}
		for ; p.WakeAt != nil && !now.Before(*p.WakeAt) && steps < stepsAtOnce; steps++ {
			if p, err = s.tend(ctx, p, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// tend takes one step of what a plan waits for: the contract's news for its fulfilments, or fulfilments for the days to
// come.
func (s *Service) tend(ctx context.Context, p *Plan, now time.Time) (*Plan, error) {
	done := func(p *Plan) { p.WakeAt = nil }
	var err error
	switch {
	case p.SpreadFrom != nil:
		done, err = s.spread(ctx, p, now)
	case p.running():
		done, err = s.extend(ctx, p, now)
	}
	if err != nil {
		return nil, err
	}
	seen := p.Seen
	return s.plans.Touch(ctx, access.PlanKeep, string(p.ID), func(p *Plan) error {
		if p.Seen == seen {
			done(p)
			return nil
		}
		p.WakeAt, p.SpreadFrom = &now, new(scalar.Date) // the contract has changed meanwhile: look again, at everything
		return nil
	})
}

// extend makes the fulfilments of the days up to the horizon, and knows when the next one comes into sight.
func (s *Service) extend(ctx context.Context, p *Plan, now time.Time) (func(*Plan), error) {
	dates, err := p.Dates()
	if err != nil { // texts are checked for that; should one slip through, nothing is due and nobody is held up
		dates = nil
	}
	dates = slices.DeleteFunc(dates, func(d scalar.Date) bool { return p.fate(d) == Closed })
	horizon := scalar.DateOf(now, zone(p.Zone)).AddDays(HorizonDays)
	if p.PlannedUntil != nil {
		dates = slices.DeleteFunc(dates, func(d scalar.Date) bool { return d <= *p.PlannedUntil })
	}
	n := 0
	for n < len(dates) && n < atOnce && dates[n] <= horizon {
		n++
	}
	if err := s.plant(ctx, p, dates[:n], now); err != nil {
		return nil, err
	}
	until, wake := horizon, (*time.Time)(nil)
	switch {
	case n < len(dates) && dates[n] <= horizon:
		until, wake = dates[n-1], &now
	case n < len(dates):
		at := dates[n].AddDays(-HorizonDays).In(zone(p.Zone))
		wake = &at
	}
	return func(p *Plan) { p.PlannedUntil, p.WakeAt = &until, wake }, nil
}

// plant makes the fulfilments of days, where they are not there yet.
func (s *Service) plant(ctx context.Context, p *Plan, on []scalar.Date, now time.Time) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sideBySide)
	for _, d := range on {
		g.Go(func() error {
			f, err := p.fulfilment(d, now)
			if err != nil {
				return err
			}
			if _, err := s.fulfilments.Add(ctx, access.FulfilmentTime, f); !fault.Is(err, fault.CodeTaken) {
				return err
			}
			return nil
		})
	}
	return g.Wait()
}
