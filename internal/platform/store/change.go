package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Bounds of beginning again. With the pauses between, maxTries is far beyond any burst on one document; a removal waits
// about a second for the relay.
const (
	maxTries      = 200
	relayPatience = 40
)

// Add keeps a new object, if the caller may do the action on it. Under a client's own mutation id the object's
// identifier is derived from the caller and that id (NewID), so that a repeat finds what the first one made.
func (c *Collection[T]) Add(ctx context.Context, action string, t T) (T, error) {
	var none T
	now := c.now()
	m := t.record()
	m.Rev, m.Version, m.Shape, m.CreatedAt, m.UpdatedAt = 1, 1, c.o.Schema.Shape, now, now
	m.Write = rand.Text()
	if err := c.may(ctx, action, t); err != nil {
		return none, err
	}
	once := onceFrom(ctx)
	if once != nil {
		m.Replays = []Replay{{Key: once.Key, Hash: once.Hash, At: now, Made: true}}
	}
	c.stamp(ctx, t, 0)
	doc, err := c.encode(ctx, t)
	if err != nil {
		return none, err
	}
	if err := c.insert(ctx, doc); err != nil {
		return c.added(ctx, t, once, err)
	}
	c.told(ctx, t)
	c.view(ctx, t)
	return t, nil
}

// added looks, after a failed insert, for what an earlier try of the same write or of the same client's mutation made.
func (c *Collection[T]) added(ctx context.Context, t T, once *Once, cause error) (T, error) {
	var none T
	exists, taken := errors.AsType[*ExistsError](cause)
	if !taken && (!errors.Is(cause, ErrUnavailable) || ctx.Err() != nil) {
		return none, c.fail(cause, t.Key())
	}
	was, err := c.load(ctx, t.Key())
	switch {
	case err == nil && was.record().Write == t.record().Write:
		c.told(ctx, was)
		c.view(ctx, was)
		return was, nil
	case err != nil && !fault.Is(err, fault.CodeNotFound):
		return none, err
	case !taken:
		return none, c.fail(cause, t.Key())
	}
	if err == nil && once != nil {
		done, err := once.find(was.record().Replays)
		if err != nil {
			return none, err
		}
		if done {
			return only(was, c.readable(ctx, was))
		}
	}
	return none, fault.New(fault.Refused, fault.CodeTaken, "value", exists.Index).Because(cause)
}

// Change loads an object, asks whether the caller may do the action, lets fn alter it and saves it with its events,
// only where nobody changed it meanwhile; otherwise it begins again. A repeat under the same client's mutation id
// alters nothing and answers from today's state.
func (c *Collection[T]) Change(ctx context.Context, action, id string, fn func(T) error) (T, error) {
	return c.change(ctx, action, id, fn, true)
}

// Touch is Change for what is no change of the domain: the version stays, no repeat is remembered.
func (c *Collection[T]) Touch(ctx context.Context, action, id string, fn func(T) error) (T, error) {
	return c.change(ctx, action, id, fn, false)
}

func (c *Collection[T]) change(ctx context.Context, action, id string, fn func(T) error, domain bool) (T, error) {
	var none T
	for try := 0; ; try++ {
		t, err := c.load(ctx, id)
		if err != nil {
			return none, err
		}
		if once := onceFrom(ctx); domain && once != nil {
			done, err := once.find(t.record().Replays)
			if err == nil && done {
				err = c.readable(ctx, t)
			}
			if err != nil || done {
				return only(t, err)
			}
		}
		if err := c.allowed(ctx, action, t); err != nil {
			return none, err
		}
		rev, told := t.record().Rev, len(t.record().Outbox)
		if err := fn(t); err != nil {
			return none, err
		}
		c.advance(ctx, t, rev, domain)
		c.stamp(ctx, t, told)
		saved, err := c.save(ctx, t, rev)
		if err != nil {
			return none, err
		}
		if saved {
			c.told(ctx, t)
			c.view(ctx, t)
			return t, nil
		}
		if err := c.again(ctx, id, try, maxTries); err != nil {
			return none, err
		}
	}
}

func only[T any](t T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return t, nil
}

// allowed asks for an action. An object that the caller may not even read is as good as absent.
func (c *Collection[T]) allowed(ctx context.Context, action string, t T) error {
	err := c.may(ctx, action, t)
	if err != nil && c.may(ctx, c.o.Read, t) != nil {
		return absent(t.Key())
	}
	return err
}

// advance moves the counters of a changed object on.
func (c *Collection[T]) advance(ctx context.Context, t T, rev int64, domain bool) {
	m := t.record()
	m.Rev, m.Write, m.Shape = rev+1, rand.Text(), c.o.Schema.Shape
	if !domain {
		return
	}
	now := c.now()
	m.Version++
	m.UpdatedAt = now
	if once := onceFrom(ctx); once != nil {
		m.Replays = remember(m.Replays, Replay{Key: once.Key, Hash: once.Hash, At: now}, now)
	}
}

// save replaces an object that was at rev; false where somebody else was faster. A failure that left the write behind
// is none.
func (c *Collection[T]) save(ctx context.Context, t T, rev int64) (bool, error) {
	doc, err := c.encode(ctx, t)
	if err != nil {
		return false, err
	}
	err = c.replace(ctx, rev, doc)
	if err == nil {
		return true, nil
	}
	if exists, ok := errors.AsType[*ExistsError](err); ok {
		return false, fault.New(fault.Refused, fault.CodeTaken, "value", exists.Index).Because(err)
	}
	conflict := errors.Is(err, ErrConflict)
	if !conflict && (!errors.Is(err, ErrUnavailable) || ctx.Err() != nil) {
		return false, c.fail(err, t.Key())
	}
	landed, lerr := c.landed(ctx, t.Key(), t.record().Write)
	if lerr != nil || !landed && !conflict {
		return false, c.fail(err, t.Key())
	}
	return landed, nil
}

// again pauses before the next try, or gives up.
func (c *Collection[T]) again(ctx context.Context, id string, try, most int) error {
	if try >= most {
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(fmt.Errorf("%s: %w", id, ErrConflict))
	}
	if err := pause(ctx, try); err != nil {
		return c.fail(err, id)
	}
	return nil
}

// landed says whether our own write is what the document holds now: a retry by the driver can report a conflict with
// ourselves.
func (c *Collection[T]) landed(ctx context.Context, id, write string) (bool, error) {
	raw, err := c.db.Get(ctx, c.o.Schema.Name, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	got, _ := raw.Lookup("write").StringValueOK()
	return got == write, nil
}

// Remove deletes an object, if the caller may do the action on it. It waits a moment for the relay where the object
// still has events: what was acknowledged is not lost with it.
func (c *Collection[T]) Remove(ctx context.Context, action, id string) error {
	for try := 0; ; try++ {
		t, err := c.load(ctx, id)
		if err != nil {
			return err
		}
		if err := c.allowed(ctx, action, t); err != nil {
			return err
		}
		if m := t.record(); len(m.Outbox) == 0 {
			err := c.remove(ctx, id, m.Rev)
			if err == nil {
				return nil
			}
			if !errors.Is(err, ErrConflict) {
				return c.fail(err, id)
			}
		}
		if err := c.again(ctx, id, try, relayPatience); err != nil {
			return err
		}
	}
}

// stamp completes the events told since there were from.
func (c *Collection[T]) stamp(ctx context.Context, t T, from int) {
	m := t.record()
	for i := from; i < len(m.Outbox); i++ {
		e := &m.Outbox[i]
		e.ID = fmt.Sprintf("%s:%d:%d", t.Key(), m.Rev, i-from)
		e.Subject, e.SubjectVersion, e.At, e.Actor = t.Key(), m.Version, c.now(), ActorFrom(ctx)
		if a, ok := any(t).(interface{ Audience() []string }); ok {
			e.Audience = a.Audience()
			e.By = behalf(ctx, e.Audience)
		}
	}
	if len(m.Outbox) > 0 && m.OutboxSince == nil {
		at := c.now()
		m.OutboxSince = &at
	}
}

func (c *Collection[T]) told(ctx context.Context, t T) {
	if len(t.record().Outbox) > 0 && trialFrom(ctx) == nil {
		c.o.Told()
	}
}

func pause(ctx context.Context, try int) error {
	most := min(time.Millisecond<<min(try, 6), 50*time.Millisecond)
	t := time.NewTimer(time.Duration(mrand.Int64N(int64(most)) + 1))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
