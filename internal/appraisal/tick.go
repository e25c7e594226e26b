package appraisal

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of one tick.
const (
	coursesPerTick    = 20
	appraisalsPerTick = 100
)

// Tick does what time brings: it begins the rounds of anniversaries, and opens what is to be opened when the time for
// appraising is over. It does a bounded number of things and says how many. Two nodes may do it at once: what one has
// done the other finds done.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	now = now.UTC().Truncate(time.Millisecond)
	n, err := s.tickCourses(ctx, now)
	if err != nil {
		return n, err
	}
	m, err := s.tickAppraisals(ctx, now)
	return n + m, err
}

func (s *Service) tickCourses(ctx context.Context, now time.Time) (int, error) {
	due, err := s.courses.List(ctx, store.Query{
		Where: courseWake.Lte(now), Sort: []store.Order{courseWake.Asc()}, Limit: coursesPerTick,
	})
	if err != nil {
		return 0, err
	}
	return all(due.Items, func(c *course) (int, error) {
		c, err := s.courses.Touch(ctx, access.AppraisalTime, string(c.ID), func(c *course) error {
			if c.WakeAt == nil || now.Before(*c.WakeAt) {
				return errNothing // somebody was quicker
			}
			c.pass(now)
			return nil
		})
		if err != nil {
			return 0, err
		}
		return 1, s.carryOut(ctx, c)
	})
}

func (s *Service) tickAppraisals(ctx context.Context, now time.Time) (int, error) {
	due, err := s.appraisals.List(ctx, store.Query{
		Where: byWake.Lte(now), Sort: []store.Order{byWake.Asc()}, Limit: appraisalsPerTick,
	})
	if err != nil {
		return 0, err
	}
	return all(due.Items, func(a *Appraisal) (int, error) { return s.settle(ctx, a, now) })
}

// all does one thing after another and adds up what each did. One that fails does not hold up the others, unless it is
// the store that fails.
func all[T any](items []T, do func(T) (int, error)) (int, error) {
	sum := 0
	var errs []error
	for _, item := range items {
		n, err := do(item)
		sum += n
		if err != nil && !errors.Is(err, errNothing) {
			errs = append(errs, err)
			if fault.Of(err).Kind == fault.Unavailable {
				break
			}
		}
	}
	return sum, errors.Join(errs...)
}
