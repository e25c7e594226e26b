package notification

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// sweptPerTick bounds what one tick sweeps away.
const sweptPerTick = 500

// Tick does what time brings: it goes on with what is to be told to many, reminds of days that are near, and sweeps away what
// is old. It does a bounded number of things and says how many. Two nodes may do it at once: what one has done the other
// finds done.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	now = now.UTC().Truncate(time.Millisecond)
	sum := 0
	var errs []error
	for _, do := range []func(context.Context, time.Time) (int, error){
		s.tickRounds,
		s.tickReminders,
		func(ctx context.Context, now time.Time) (int, error) {
			return s.notifications.Sweep(ctx, now, sweptPerTick)
		},
		func(ctx context.Context, now time.Time) (int, error) {
			return s.reminders.Sweep(ctx, now, sweptPerTick)
		},
	} {
		n, err := do(ctx, now)
		sum += n
		errs = append(errs, err)
	}
	return sum, errors.Join(errs...)
}
