package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
)

// Sealer keeps the personal texts of a collection's documents encrypted. It notes in every document, under SealedWith,
// with which of its keys: their numbers grow.
type Sealer interface {
	// Seal encrypts what a document holds in clear.
	Seal(ctx context.Context, doc bson.Raw) (bson.Raw, error)
	// Open decrypts documents, in their order; nil stays nil. A text whose key was destroyed is left out.
	Open(ctx context.Context, docs []bson.Raw) ([]bson.Raw, error)
}

// SealedWith is where a document says with which key its personal texts are encrypted. Those that were written before
// anything was encrypted say nothing.
const SealedWith Field[int64] = "sealedWith"

// personal refuses a kind of object with personal texts that nothing would encrypt, and lets those that must move to a
// newer key be found.
func (o *Options[T]) personal() error {
	if o.Sealer != nil {
		o.Schema.Indexes = append(o.Schema.Indexes, Lookup(SealedWith.Asc()))
		return nil
	}
	fields, err := personal.Fields(reflect.TypeFor[T]())
	if err != nil || len(fields) > 0 {
		return errors.Join(err, fmt.Errorf("%s: %w: %v", o.Schema.Name, personal.ErrBare, fields))
	}
	return nil
}

// opened are documents with their personal texts in clear.
func (c *Collection[T]) opened(ctx context.Context, docs ...bson.Raw) ([]bson.Raw, error) {
	if c.o.Sealer == nil || len(docs) == 0 {
		return docs, nil
	}
	return c.o.Sealer.Open(ctx, docs)
}

// Stale counts the documents whose personal texts are in clear or under an older key than the one of a number, up to
// most.
func (c *Collection[T]) Stale(ctx context.Context, key int64, most int) (int, error) {
	n := 0
	for _, err := range c.stale(ctx, key, most) {
		if err != nil {
			return n, c.fail(err, "")
		}
		n++
	}
	return n, nil
}

// Reseal encrypts anew, under the key in use, up to most documents that are in clear or under a key older than the one
// of a number, and says how many. Of the domain nothing changes. Somebody else's write meanwhile has done it already.
func (c *Collection[T]) Reseal(ctx context.Context, key int64, most int) (int, error) {
	var ids []string
	for id, err := range c.stale(ctx, key, most) {
		if err != nil {
			return 0, c.fail(err, "")
		}
		ids = append(ids, id)
	}
	n := 0
	var bad error
	for _, id := range ids {
		if err := c.reseal(ctx, id); err != nil { // the others need not wait for this one
			bad = errors.Join(bad, fmt.Errorf("%s %s: %w", c.Name(), id, err))
			continue
		}
		n++
	}
	return n, bad
}

// reseal writes a document anew. One that is gone, or that somebody else has written meanwhile, needs it no more.
func (c *Collection[T]) reseal(ctx context.Context, id string) error {
	t, err := c.load(ctx, id)
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m := t.record()
	rev := m.Rev
	m.Rev, m.Write, m.Shape = rev+1, rand.Text(), c.o.Schema.Shape
	doc, err := c.encode(ctx, t)
	if err != nil {
		return err
	}
	if err := c.db.Replace(ctx, c.Name(), rev, doc); err != nil && !errors.Is(err, ErrConflict) {
		return c.fail(err, id)
	}
	return nil
}

// stale yields the identifiers of documents under no key, and then of those under an old one.
func (c *Collection[T]) stale(ctx context.Context, key int64, most int) func(func(string, error) bool) {
	scan := Scan{Collection: c.Name(), Index: Lookup(SealedWith.Asc()), Batch: most}
	bare, old := scan, scan
	bare.Prefix, bare.Branches = 1, [][]any{{nil}}
	old.Branches, old.Range = [][]any{{}}, Range{High: key, HighOpen: true}
	return func(yield func(string, error) bool) {
		n := 0
		for _, s := range []Scan{bare, old} {
			for doc, err := range c.db.Find(ctx, s) {
				if n >= most {
					return
				}
				id, _ := doc.Lookup("_id").StringValueOK()
				if n++; !yield(id, err) || err != nil {
					return
				}
			}
		}
	}
}
