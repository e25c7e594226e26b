package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of a follower.
const (
	pageSize   = 100                    // entries read at once
	inPlace    = 5                      // tries of an entry before it is set aside
	firstPause = 100 * time.Millisecond // between the first two of them; then doubled
	saveLag    = 2 * time.Second        // how long the cursor may lie unsaved behind entries that did not concern us
)

// follower hands the journal's entries to one handler.
//
// An entry whose handling fails is tried again on the spot, and everything waits for it: most failures pass. If it
// keeps failing it is set aside, with whatever comes later about the same subject, and is tried again with growing
// pauses; the rest goes on. So a subject's entries never change their order, and one that no program can handle does
// not hold up a whole city's. Nothing is ever given up: what is set aside stays in the follower's document until a
// better program has handled it. When a hundred are set aside the fault is not with the entries, and the follower stands
// still. A failure of the store is nobody's fault but the store's: the follower waits, and counts nothing.
type follower struct {
	*job

	j      *Journal
	name   string
	types  []string
	handle Handler
	wake   chan struct{}
	behind bool // whether the cursor has moved since it was saved
}

// drain is a step of who waits until everything up to the place last is done. What does not concern the follower needs no
// lease: it has been done by whoever has it.
func (f *follower) drain(ctx context.Context, last int64) (done int, settled bool, err error) {
	if passed, err := f.pass(ctx, last); passed || err != nil {
		return 0, passed, err
	}
	return f.step(ctx)
}

// pass goes by the entries up to the place last; false where one of them concerns the follower, or something was set
// aside.
func (f *follower) pass(ctx context.Context, last int64) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.mine || len(f.claim.Aside) > 0 {
		return false, nil
	}
	for f.claim.Seq < last {
		page, err := f.j.page(ctx, f.claim.Seq)
		if err != nil || len(page) == 0 {
			return false, err
		}
		for _, e := range page {
			if matches(f.types, e.Type) {
				return false, nil
			}
			f.claim.Seq, f.behind = e.Seq, true
		}
	}
	return true, nil
}

// step handles what is new, up to a bound. It says how many entries it has dealt with, and whether nothing new is left.
func (f *follower) step(ctx context.Context) (done int, settled bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	held, err := f.take(ctx)
	if err != nil {
		return 0, false, err
	}
	if !held {
		last, err := f.j.Last(ctx)
		return 0, err == nil && f.claim.Seq >= last, err
	}
	done, err = f.again(ctx)
	if err != nil {
		return done, false, err
	}
	page, err := f.j.page(ctx, f.claim.Seq)
	if err != nil {
		return done, false, err
	}
	n, err := f.page(ctx, page)
	return done + n, err == nil && len(page) == 0, err
}

// page handles entries one by one, and saves the cursor behind the last one. After a crash a page may be handled
// twice, as at-least-once allows.
func (f *follower) page(ctx context.Context, page []Entry) (done int, err error) {
	concerned := false
	for _, e := range page {
		if ctx.Err() != nil {
			break
		}
		if matches(f.types, e.Type) {
			concerned = true
			if err = f.entry(ctx, e); err != nil {
				break
			}
		}
		f.claim.Seq, f.behind = e.Seq, true
		done++
	}
	due := concerned || f.left() < f.lease-saveLag
	if !f.behind || !due || errors.Is(err, errLost) {
		return done, err
	}
	return done, errors.Join(err, f.note(ctx))
}

// note saves the cursor and what is set aside.
func (f *follower) note(ctx context.Context) error {
	if err := f.save(ctx); err != nil {
		return err
	}
	f.behind = false
	return nil
}

// entry handles one entry, or sets it aside. An error leaves the cursor before it.
func (f *follower) entry(ctx context.Context, e Entry) error {
	if f.waits(e.Subject) {
		return f.setAside(ctx, e, 0, nil)
	}
	for try := 1; ; try++ {
		err := f.call(ctx, e)
		switch {
		case err == nil:
			return nil
		case passing(err):
			return err
		case try == inPlace:
			return f.setAside(ctx, e, try, err)
		}
		f.tell(ctx, e, try, err)
		if err := pause(ctx, firstPause<<(try-1)); err != nil {
			return err
		}
	}
}

// errSlow says that a handler used up the lease under which it ran.
var errSlow = errors.New("journal: the handler took longer than its lease")

// call runs the handler for as long as the lease lasts, and never less than half a lease. A handler that panics has
// failed; so has one that was too slow, whatever it says itself.
func (f *follower) call(ctx context.Context, e Entry) (err error) {
	if f.left() < f.lease/2 {
		if err := f.note(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.left())
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = f.handle(ctx, e)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %s", errSlow, err.Error()) // its kind must not count: it would pass for the store's
	}
	return err
}

// passing says whether an error is none of the entry's: the store is gone, or the lease is.
func passing(err error) bool {
	return errors.Is(err, errLost) || errors.Is(err, store.ErrUnavailable) || fault.Of(err).Kind == fault.Unavailable
}
