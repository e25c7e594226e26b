// Package schedule lets time do its part: it asks each room for what is due, again and again.
//
// Several servers may do so on one store. A job finds its documents by an index and changes each by compare-and-swap,
// so what one has done the other finds done.
package schedule

import (
	"context"
	"log/slog"
	"time"
)

// Job does what is due at an instant, at most a bounded number of things, and says how many it did.
type Job struct {
	Name string
	Do   func(ctx context.Context, now time.Time) (int, error)
}

// Scheduler runs jobs.
type Scheduler struct {
	Jobs  []Job
	Now   func() time.Time
	Every time.Duration // how long it rests at most
	Least time.Duration // how long it rests at least, however often it is woken
	Log   *slog.Logger
	wake  chan struct{}
}

// New makes a scheduler that looks every second, and at once when woken.
func New(now func() time.Time, log *slog.Logger, jobs ...Job) *Scheduler {
	return &Scheduler{Jobs: jobs, Now: now, Every: time.Second, Least: 20 * time.Millisecond, Log: log, wake: make(chan struct{}, 1)}
}

// Wake makes the scheduler look now: something has changed that may be due already.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Run works until ctx ends, and finishes the job that is under way. A failed job is logged and tried again.
func (s *Scheduler) Run(ctx context.Context) error {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
		case <-s.wake:
			if !pause(ctx, s.Least) {
				return nil
			}
		}
		for _, j := range s.Jobs {
			if _, err := s.all(ctx, j); err != nil && ctx.Err() == nil {
				s.Log.Error("scheduled work failed and will be tried again", "job", j.Name, "error", err)
			}
		}
		rest.Reset(s.Every)
	}
}

// Settle does everything that is due now, and says how much that was.
func (s *Scheduler) Settle(ctx context.Context) (int, error) {
	sum := 0
	for _, j := range s.Jobs {
		n, err := s.all(ctx, j)
		sum += n
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// all repeats a job until it finds nothing more to do.
func (s *Scheduler) all(ctx context.Context, j Job) (int, error) {
	sum := 0
	for ctx.Err() == nil {
		n, err := j.Do(context.WithoutCancel(ctx), s.Now())
		sum += n
		if err != nil || n == 0 {
			return sum, err
		}
	}
	return sum, nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
