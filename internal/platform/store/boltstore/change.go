package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Insert keeps a new document.
func (s *Store) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	c, err := s.collection(coll)
	if err != nil {
		return err
	}
	fresh, err := c.prepare(doc)
	if err != nil {
		return err
	}
	return s.writes.do(ctx, len(doc), func(tx *bbolt.Tx) error {
		if tx.Bucket(c.docs).Get(fresh.id) != nil {
			return refusal{&store.ExistsError{Index: "_id"}}
		}
		return c.put(tx, fresh, prepared{})
	})
}

// InsertMany keeps new documents, one behind the other, in one commit.
func (s *Store) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	c, err := s.collection(coll)
	if err != nil {
		return 0, err
	}
	all, size := make([]prepared, len(docs)), 0
	for i, doc := range docs {
		if all[i], err = c.prepare(doc); err != nil {
			return 0, err
		}
		size += len(doc)
	}
	kept := 0
	err = s.writes.do(ctx, size, func(tx *bbolt.Tx) error {
		kept = 0 // it may be applied again, in another commit
		for _, fresh := range all {
			if tx.Bucket(c.docs).Get(fresh.id) != nil {
				return refusal{&store.ExistsError{Index: "_id"}}
			}
			if err := c.put(tx, fresh, prepared{}); err != nil {
				return err
			}
			kept++
		}
		return nil
	})
	if errors.Is(err, store.ErrUnavailable) {
		return 0, err // it may still be under way: what it counts is not ours to read
	}
	return kept, err
}

// Replace keeps doc in place of the one with the same identifier, only where that one's rev is as given.
func (s *Store) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	c, err := s.collection(coll)
	if err != nil {
		return err
	}
	fresh, err := c.prepare(doc)
	if err != nil {
		return err
	}
	return s.writes.do(ctx, len(doc), func(tx *bbolt.Tx) error {
		was, err := c.held(tx, fresh.id, rev)
		if err != nil {
			return err
		}
		return c.put(tx, fresh, was)
	})
}

// Delete removes a document, only where its rev is as given.
func (s *Store) Delete(ctx context.Context, coll, id string, rev int64) error {
	c, err := s.collection(coll)
	if err != nil {
		return err
	}
	return s.writes.do(ctx, len(id), func(tx *bbolt.Tx) error {
		was, err := c.held(tx, []byte(id), rev)
		if err != nil {
			return err
		}
		if err := c.put(tx, prepared{}, was); err != nil {
			return err
		}
		return tx.Bucket(c.docs).Delete([]byte(id))
	})
}

// prepared is a document with what the indexes hold of it. The zero one is no document.
type prepared struct {
	id      []byte
	doc     bson.Raw
	entries map[string][]entry // by the index's name
}

func (c *collection) prepare(doc bson.Raw) (prepared, error) {
	id, _ := doc.Lookup("_id").StringValueOK()
	if id == "" || len(id) > maxKey {
		return prepared{}, fmt.Errorf("store: a document of %s has no identifier of 1 to %d bytes", c.name, maxKey)
	}
	p := prepared{id: []byte(id), doc: doc, entries: map[string][]entry{}}
	for _, x := range c.indexes {
		es, err := x.entries(doc)
		if err != nil {
			return p, err
		}
		p.entries[x.name] = es
	}
	return p, nil
}

// held is the document as it is now, where its rev is as given.
func (c *collection) held(tx *bbolt.Tx, id []byte, rev int64) (prepared, error) {
	doc := bson.Raw(tx.Bucket(c.docs).Get(id))
	if doc == nil {
		return prepared{}, refusal{store.ErrConflict}
	}
	if have, _ := doc.Lookup("rev").AsInt64OK(); have != rev {
		return prepared{}, refusal{store.ErrConflict}
	}
	p, err := c.prepare(doc)
	if err != nil {
		return p, refusal{err}
	}
	return p, nil
}

// put brings the file from one form of a document to the next. It looks for taken values before it writes anything.
func (c *collection) put(tx *bbolt.Tx, fresh, was prepared) error {
	for _, x := range c.indexes {
		if !x.Unique {
			continue
		}
		for _, e := range without(fresh.entries[x.name], was.entries[x.name]) {
			if x.taken(tx, e) {
				return refusal{&store.ExistsError{Index: x.name}}
			}
		}
	}
	for _, x := range c.indexes {
		b := tx.Bucket(x.bucket)
		for _, e := range without(was.entries[x.name], fresh.entries[x.name]) {
			if err := b.Delete(e.key); err != nil {
				return err
			}
		}
		for _, e := range without(fresh.entries[x.name], was.entries[x.name]) {
			if err := b.Put(e.key, nil); err != nil {
				return err
			}
		}
	}
	if fresh.doc == nil {
		return nil
	}
	return tx.Bucket(c.docs).Put(fresh.id, fresh.doc)
}

// taken says whether a document holds the entry's values already.
func (x *index) taken(tx *bbolt.Tx, e entry) bool {
	k, _ := tx.Bucket(x.bucket).Cursor().Seek(e.key[:e.values])
	return k != nil && bytes.HasPrefix(k, e.key[:e.values])
}

// without is the entries of a that b lacks.
func without(a, b []entry) []entry {
	if len(b) == 0 {
		return a
	}
	var out []entry
	for _, e := range a {
		if _, found := slices.BinarySearchFunc(b, e.key, func(f entry, k []byte) int { return bytes.Compare(f.key, k) }); !found {
			out = append(out, e)
		}
	}
	return out
}
