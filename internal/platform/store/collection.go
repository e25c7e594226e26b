package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Policy says, for one kind of object, who may do what. A nil member forbids.
type Policy[T any] struct {
	// May allows the action on the object, or says why not: a fault of kind Forbidden, or NotFound where the caller
	// may not even know of the object.
	May func(ctx context.Context, action string, t T) error
	// Filter restricts lists to what the caller may read.
	Filter func(ctx context.Context) Filter
	// View blanks what this caller may not see of an object. It gets a copy of its own.
	View func(ctx context.Context, t T)
}

// Options of a collection.
type Options[T Object] struct {
	Schema Schema
	Policy Policy[T]
	// Read is the action that Get asks for.
	Read string
	// Now is the clock.
	Now func() time.Time
	// Make gives an empty object for a document: for kinds that differ by a discriminator.
	Make func(doc bson.Raw) (T, error)
	// Told is called after a write that left events, to wake the relay. May be nil.
	Told func()
}

// Collection is the typed door to one kind of object.
type Collection[T Object] struct {
	db Backend
	o  Options[T]
}

// Open makes the collection ready on a back end.
func Open[T Object](ctx context.Context, db Backend, o Options[T]) (*Collection[T], error) {
	if o.Schema.Shape == 0 {
		o.Schema.Shape = 1
	}
	o.Schema.Indexes = append(append([]Index{}, o.Schema.Indexes...), outboxIndex)
	if o.Told == nil {
		o.Told = func() {}
	}
	if err := db.Ensure(ctx, o.Schema); err != nil {
		return nil, fmt.Errorf("store: prepare %s: %w", o.Schema.Name, err)
	}
	return &Collection[T]{db: db, o: o}, nil
}

// Name is the collection's name.
func (c *Collection[T]) Name() string { return c.o.Schema.Name }

// Get finds one object that the caller may read, as the caller may see it. An object hidden from the caller and one
// that does not exist answer alike: NOT_FOUND.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, error) {
	t, err := c.load(ctx, id)
	if err != nil {
		var none T
		return none, err
	}
	if err := c.readable(ctx, t); err != nil {
		var none T
		return none, err
	}
	return t, nil
}

// GetMany finds objects in the order of ids; the zero T where there is none or the caller may not read it.
func (c *Collection[T]) GetMany(ctx context.Context, ids []string) ([]T, error) {
	raws, err := c.db.GetMany(ctx, c.o.Schema.Name, ids)
	if err != nil {
		return nil, c.fail(err, "")
	}
	out := make([]T, len(ids))
	for i, raw := range raws {
		if raw == nil {
			continue
		}
		t, err := c.decode(raw)
		if err != nil {
			return nil, err
		}
		if c.readable(ctx, t) == nil {
			out[i] = t
		}
	}
	return out, nil
}

func (c *Collection[T]) readable(ctx context.Context, t T) error {
	if err := c.may(ctx, c.o.Read, t); err != nil {
		return absent(t.Key())
	}
	c.view(ctx, t)
	return nil
}

// Add keeps a new object, if the caller may do the action on it. Under a client's own mutation id the object's
// identifier is derived from the caller and that id, so that a repeat finds what the first one made.
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
		m.Replays = []Replay{{Key: once.Key, Hash: once.Hash, At: now}}
	}
	c.stamp(ctx, t)
	doc, err := c.encode(t)
	if err != nil {
		return none, err
	}
	err = c.db.Insert(ctx, c.o.Schema.Name, doc)
	if exists, ok := errors.AsType[*ExistsError](err); ok {
		if again, found, err := c.repeated(ctx, t, once, exists); found || err != nil {
			return again, err
		}
		return none, fault.New(fault.Refused, fault.CodeTaken, "value", exists.Index).Because(exists)
	}
	if err != nil {
		return none, c.fail(err, t.Key())
	}
	c.told(t)
	c.view(ctx, t)
	return t, nil
}

// repeated finds the object that an earlier try of the same write, or of the same client's mutation, has made.
func (c *Collection[T]) repeated(ctx context.Context, t T, once *Once, exists *ExistsError) (T, bool, error) {
	var none T
	if exists.Index != "_id" && once == nil {
		return none, false, nil
	}
	was, err := c.load(ctx, t.Key())
	if fault.Is(err, fault.CodeNotFound) {
		return none, false, nil
	}
	if err != nil {
		return none, false, err
	}
	if was.record().Write == t.record().Write {
		c.view(ctx, was)
		return was, true, nil
	}
	if once == nil {
		return none, false, nil
	}
	done, err := once.find(was.record().Replays)
	if err != nil || !done {
		return none, false, err
	}
	if err := c.readable(ctx, was); err != nil {
		return none, false, err
	}
	return was, true, nil
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
		m := t.record()
		once := onceFrom(ctx)
		if domain && once != nil {
			done, err := once.find(m.Replays)
			if err != nil {
				return none, err
			}
			if done {
				c.view(ctx, t)
				return t, nil
			}
		}
		if err := c.may(ctx, action, t); err != nil {
			if c.may(ctx, c.o.Read, t) != nil {
				return none, absent(id)
			}
			return none, err
		}
		before := len(m.Outbox)
		if err := fn(t); err != nil {
			return none, err
		}
		was, now := m.Rev, c.now()
		m.Rev, m.Write, m.Shape = was+1, rand.Text(), c.o.Schema.Shape
		if domain {
			m.Version++
			m.UpdatedAt = now
			if once != nil {
				m.Replays = remember(m.Replays, Replay{Key: once.Key, Hash: once.Hash, At: now}, now)
			}
		}
		c.stampFrom(ctx, t, before)
		doc, err := c.encode(t)
		if err != nil {
			return none, err
		}
		err = c.db.Replace(ctx, c.o.Schema.Name, was, doc)
		switch {
		case err == nil:
		case errors.Is(err, ErrConflict), errors.Is(err, ErrUnavailable) && ctx.Err() == nil:
			landed, lerr := c.landed(ctx, id, m.Write)
			if lerr != nil {
				return none, c.fail(err, id)
			}
			if landed {
				break
			}
			if errors.Is(err, ErrUnavailable) {
				return none, c.fail(err, id)
			}
			if try >= maxTries {
				return none, fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
			}
			if err := pause(ctx, try); err != nil {
				return none, c.fail(err, id)
			}
			continue
		default:
			if exists, ok := errors.AsType[*ExistsError](err); ok {
				return none, fault.New(fault.Refused, fault.CodeTaken, "value", exists.Index).Because(err)
			}
			return none, c.fail(err, id)
		}
		c.told(t)
		c.view(ctx, t)
		return t, nil
	}
}

// maxTries bounds how often a change begins again; with the pauses between, far beyond any burst on one document.
const maxTries = 200

// Remove deletes an object, if the caller may do the action on it.
func (c *Collection[T]) Remove(ctx context.Context, action, id string) error {
	t, err := c.load(ctx, id)
	if err != nil {
		return err
	}
	if err := c.may(ctx, action, t); err != nil {
		return err
	}
	if err := c.db.Delete(ctx, c.o.Schema.Name, id, t.record().Rev); err != nil {
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

func (c *Collection[T]) load(ctx context.Context, id string) (T, error) {
	var none T
	raw, err := c.db.Get(ctx, c.o.Schema.Name, id)
	if err != nil {
		return none, c.fail(err, id)
	}
	return c.decode(raw)
}

func (c *Collection[T]) decode(raw bson.Raw) (T, error) {
	var none T
	raw, err := c.o.Schema.upcast(raw)
	if err != nil {
		return none, c.fail(err, "")
	}
	t, err := c.o.Make(raw)
	if err != nil {
		return none, fmt.Errorf("%s: decode: %w", c.o.Schema.Name, err)
	}
	if err := bson.Unmarshal(raw, t); err != nil {
		return none, fmt.Errorf("%s: decode: %w", c.o.Schema.Name, err)
	}
	return t, nil
}

func (c *Collection[T]) encode(t T) (bson.Raw, error) {
	doc, err := bson.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("%s: encode: %w", c.o.Schema.Name, err)
	}
	if len(doc) > MaxDocument {
		return nil, fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxDocument).Because(ErrTooLarge)
	}
	return doc, nil
}

func (c *Collection[T]) may(ctx context.Context, action string, t T) error {
	if c.o.Policy.May == nil {
		return fault.New(fault.Forbidden, fault.CodeForbidden)
	}
	return c.o.Policy.May(ctx, action, t)
}

func (c *Collection[T]) view(ctx context.Context, t T) {
	if c.o.Policy.View != nil {
		c.o.Policy.View(ctx, t)
	}
}

func (c *Collection[T]) now() time.Time { return c.o.Now().UTC().Truncate(time.Millisecond) }

func (c *Collection[T]) stamp(ctx context.Context, t T) { c.stampFrom(ctx, t, 0) }

// stampFrom completes the events told since the object was loaded.
func (c *Collection[T]) stampFrom(ctx context.Context, t T, from int) {
	m := t.record()
	for i := from; i < len(m.Outbox); i++ {
		e := &m.Outbox[i]
		e.ID = fmt.Sprintf("%s:%d:%d", t.Key(), m.Rev, i-from)
		e.Subject, e.SubjectVersion, e.At, e.Actor = t.Key(), m.Version, c.now(), ActorFrom(ctx)
		if a, ok := any(t).(interface{ Audience() []string }); ok {
			e.Audience = a.Audience()
		}
	}
	if len(m.Outbox) > 0 && m.OutboxSince == nil {
		at := c.now()
		m.OutboxSince = &at
	}
}

func (c *Collection[T]) told(t T) {
	if len(t.record().Outbox) > 0 {
		c.o.Told()
	}
}

// fail turns a back end's error into a fault that can reach a caller.
func (c *Collection[T]) fail(err error, id string) error {
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
		return absent(id)
	case errors.Is(err, ErrTooNew):
		return fault.New(fault.Unavailable, fault.CodeTooNew).Because(err)
	case errors.Is(err, ErrUnserved):
		return fault.New(fault.Invalid, fault.CodeUnserved, "collection", c.o.Schema.Name).Because(err)
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
	}
	return fmt.Errorf("%s %s: %w", c.o.Schema.Name, id, err)
}

func absent(id string) error { return fault.New(fault.NotFound, fault.CodeNotFound, "id", id) }

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

// outboxIndex finds documents whose events wait for the relay, oldest first.
var outboxIndex = Sparse(Field[time.Time]("outboxSince").Asc())
