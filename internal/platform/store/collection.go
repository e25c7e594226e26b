package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
	// Make gives an empty object for a document: for kinds that differ by a discriminator. Nil makes a new T.
	Make func(doc bson.Raw) (T, error)
	// Told is called after a write that left events, to wake the relay. May be nil.
	Told func()
	// Sealer encrypts the personal texts of the documents. Nil where there are none: a kind that has them is refused.
	Sealer Sealer
}

// Collection is the typed door to one kind of object.
type Collection[T Object] struct {
	db      Backend
	o       Options[T]
	planner *planner
}

// Open makes the collection ready on a back end.
func Open[T Object](ctx context.Context, db Backend, o Options[T]) (*Collection[T], error) {
	if o.Schema.Shape == 0 {
		o.Schema.Shape = 1
	}
	o.Schema.Indexes = append(append([]Index{}, o.Schema.Indexes...), outboxIndex)
	if err := o.personal(); err != nil {
		return nil, err
	}
	if o.Told == nil {
		o.Told = func() {}
	}
	if kind := reflect.TypeFor[T](); o.Make == nil && kind.Kind() == reflect.Pointer {
		o.Make = func(bson.Raw) (T, error) { return reflect.New(kind.Elem()).Interface().(T), nil }
	}
	p, err := newPlanner(o.Schema)
	if err != nil {
		return nil, err
	}
	if err := db.Ensure(ctx, o.Schema); err != nil {
		return nil, fmt.Errorf("store: prepare %s: %w", o.Schema.Name, err)
	}
	return &Collection[T]{db: db, o: o, planner: p}, nil
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
	if err == nil {
		raws, err = c.opened(ctx, raws...)
	}
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

func (c *Collection[T]) load(ctx context.Context, id string) (T, error) {
	var none T
	raw, err := c.db.Get(ctx, c.o.Schema.Name, id)
	if err != nil {
		return none, c.fail(err, id)
	}
	clear, err := c.opened(ctx, raw)
	if err != nil {
		return none, c.fail(err, id)
	}
	return c.decode(clear[0])
}

// decode makes an object of a document whose personal texts have been decrypted.
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

func (c *Collection[T]) encode(ctx context.Context, t T) (bson.Raw, error) {
	var doc bson.Raw
	doc, err := bson.Marshal(t)
	if err == nil && c.o.Sealer != nil {
		doc, err = c.o.Sealer.Seal(ctx, doc)
	}
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

// fail turns a back end's error into a fault that can reach a caller.
func (c *Collection[T]) fail(err error, id string) error {
	if e, ok := errors.AsType[*tooNewError](err); ok {
		return fault.New(fault.Unavailable, fault.CodeTooNew, "have", e.have, "want", e.want).Because(err)
	}
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
		return absent(id)
	case errors.Is(err, ErrUnserved):
		return fault.New(fault.Invalid, fault.CodeUnserved, "collection", c.o.Schema.Name).Because(err)
	case errors.Is(err, ErrFilterSize):
		return fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxFilter).Because(err)
	case errors.Is(err, ErrPosition):
		return fault.New(fault.Invalid, fault.CodeBadCursor).Because(err)
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
	}
	return fmt.Errorf("%s %s: %w", c.o.Schema.Name, id, err)
}

func absent(id string) error { return fault.New(fault.NotFound, fault.CodeNotFound, "id", id) }
