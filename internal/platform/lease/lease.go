// Package lease lets one node at a time be at a long work that is done piece by piece: exports, imports, migrations.
//
// The document that notes how far the work came holds the lease as well, so that taking it up, keeping it and giving it
// back are plain compare-and-swaps, and what was done under a lease that was lost is void. Whoever has not been heard of
// for as long as the lease lasts is given up, and the work goes on from where it was noted.
package lease

import (
	"context"
	"errors"
	"time"
)

// Lasts is how long whoever has taken a work up may be silent.
const Lasts = time.Minute

// ErrTaken is for whoever comes second to a work.
var ErrTaken = errors.New("lease: somebody else has taken it up")

// Lease is who is at a work, and when to look at it next: a part of the work's document.
type Lease struct {
	DueAt  *time.Time `bson:"dueAt,omitempty"`  // when to look at it next; while somebody works, when they are given up
	Worker string     `bson:"worker,omitempty"` // who took it up last
}

// Take takes a work up that is due.
func (l *Lease) Take(worker string, now time.Time) error {
	if l.DueAt == nil || l.DueAt.After(now) {
		return ErrTaken
	}
	l.Keep(now)
	l.Worker = worker
	return nil
}

// Keep goes on holding a work for as long as the lease lasts.
func (l *Lease) Keep(now time.Time) { l.Rest(Lasts, now) }

// Rest lets a work wait for a while.
func (l *Lease) Rest(wait time.Duration, now time.Time) {
	at := now.Add(wait)
	l.DueAt = &at
}

// Held says whether the work is still this worker's.
func (l *Lease) Held(worker string) bool { return l.Worker == worker }

// Beat keeps a lease for as long as a piece of work lasts: keep is called four times within the lease, until stop is. One
// that fails is made up for by the next.
func Beat(ctx context.Context, keep func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(Lasts / 4)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			keep(ctx)
		}
	}()
	return func() { cancel(); <-done }
}

// Estimate says when a work will be done at the pace so far; nil where that cannot be said.
func Estimate(started *time.Time, now time.Time, done int, total *int) *time.Time {
	if started == nil || total == nil || done <= 0 || *total <= done {
		return nil
	}
	left := float64(*total-done) / float64(done) * float64(now.Sub(*started))
	at := now.Add(time.Duration(left)).Truncate(time.Millisecond)
	return &at
}
