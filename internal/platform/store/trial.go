package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Trial lets mutations be tried: everything is done but the writing. The caller's rights are asked for, the object is
// made and checked, and what must be unique is looked for in the store and among what the same trial would have written;
// then it stops, as if it had been written. No event is told.
type Trial struct {
	mu   sync.Mutex
	seen map[print]string // by what is unique, the identifier of what has it
}

// print stands for values that must be unique: a trial remembers many.
type print [16]byte

// NewTrial begins a trial of mutations that belong together.
func NewTrial() *Trial { return &Trial{seen: map[print]string{}} }

type trialKey struct{}

// WithTrial is a context in which nothing is written.
func WithTrial(ctx context.Context, t *Trial) context.Context {
	return context.WithValue(ctx, trialKey{}, t)
}

// trialFrom is the trial under way; nil where everything is in earnest.
func trialFrom(ctx context.Context) *Trial { t, _ := ctx.Value(trialKey{}).(*Trial); return t }

// Trying says whether everything is only tried here, and nothing written.
func Trying(ctx context.Context) bool { return trialFrom(ctx) != nil }

// insert keeps a new document, or in a trial says whether it could be kept.
func (c *Collection[T]) insert(ctx context.Context, doc bson.Raw) error {
	t := trialFrom(ctx)
	if t == nil {
		return c.db.Insert(ctx, c.o.Schema.Name, doc)
	}
	id, _ := doc.Lookup("_id").StringValueOK()
	_, err := c.db.Get(ctx, c.o.Schema.Name, id)
	if err == nil {
		return &ExistsError{Index: Index{}.Name()}
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return c.fits(ctx, t, id, doc)
}

// replace keeps doc in place of what was at rev, or in a trial says whether it could.
func (c *Collection[T]) replace(ctx context.Context, rev int64, doc bson.Raw) error {
	t := trialFrom(ctx)
	if t == nil {
		return c.db.Replace(ctx, c.o.Schema.Name, rev, doc)
	}
	id, _ := doc.Lookup("_id").StringValueOK()
	return c.fits(ctx, t, id, doc)
}

// remove deletes what is at rev, unless it is only tried.
func (c *Collection[T]) remove(ctx context.Context, id string, rev int64) error {
	if trialFrom(ctx) != nil {
		return nil
	}
	return c.db.Delete(ctx, c.o.Schema.Name, id, rev)
}

// fits says whether what is unique about a document belongs to no other one.
func (c *Collection[T]) fits(ctx context.Context, t *Trial, id string, doc bson.Raw) error {
	for _, ix := range c.o.Schema.Indexes {
		if !ix.Unique {
			continue
		}
		values, whole := uniqueValues(doc, ix)
		if !whole {
			continue
		}
		if err := c.free(ctx, ix, values, id); err != nil {
			return err
		}
		if !t.take(c.Name()+" "+ix.Name(), values, id) {
			return &ExistsError{Index: ix.Name()}
		}
	}
	return nil
}

// free looks for another document with the same values.
func (c *Collection[T]) free(ctx context.Context, ix Index, values []any, id string) error {
	scan := Scan{Collection: c.Name(), Index: ix, Prefix: len(ix.On), Branches: [][]any{values}, Batch: 1}
	for found, err := range c.db.Find(ctx, scan) {
		if err != nil {
			return err
		}
		if other, _ := found.Lookup("_id").StringValueOK(); other != id {
			return &ExistsError{Index: ix.Name()}
		}
	}
	return nil
}

// uniqueValues are a document's values in an index; whole is false where it lacks one and so is not in it.
func uniqueValues(doc bson.Raw, ix Index) (values []any, whole bool) {
	for _, o := range ix.On {
		found, many, plain := At(doc, o.Path)
		if many || !plain || len(found) != 1 || found[0] == nil {
			return nil, false
		}
		values = append(values, found[0])
	}
	return values, true
}

// take remembers values for a document; false where another one of this trial has them.
func (t *Trial) take(of string, values []any, id string) bool {
	h := sha256.New()
	_, _ = h.Write([]byte(of))
	for _, v := range values {
		if at, ok := v.(time.Time); ok {
			v = at.UnixMilli()
		}
		s := fmt.Sprintf("%T %v", v, v)
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		_, _ = h.Write([]byte(s))
	}
	key := print(h.Sum(nil))
	t.mu.Lock()
	defer t.mu.Unlock()
	if was, taken := t.seen[key]; taken {
		return was == id
	}
	t.seen[key] = id
	return true
}
