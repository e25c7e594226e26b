package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// collection is what is known of one: where its documents and its indexes are.
type collection struct {
	name    string
	docs    []byte
	indexes []*index
}

// index is a declared index and where it is.
type index struct {
	store.Index
	name   string
	down   bool // the identifier descends
	bucket []byte
}

func newIndex(coll string, x store.Index) *index {
	down := x.On[len(x.On)-1].Desc
	return &index{Index: x, name: x.Name(), down: down, bucket: []byte(coll + "/index/" + x.Name())}
}

// Ensure makes a collection ready and fills indexes that are new. Those that nobody declares any more are dropped when
// a collection is made ready for the first time after opening: from then on nobody would keep them right.
func (s *Store) Ensure(ctx context.Context, schema store.Schema) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.colls[schema.Name]
	c := &collection{name: schema.Name, docs: []byte(schema.Name + "/docs")}
	if was != nil {
		c.indexes = slices.Clone(was.indexes)
	}
	for _, x := range schema.Indexes {
		fresh := newIndex(schema.Name, x)
		if !slices.ContainsFunc(c.indexes, func(y *index) bool { return y.name == fresh.name }) {
			c.indexes = append(c.indexes, fresh)
		}
	}
	if ready, err := s.ready(c, was == nil); ready || err != nil {
		if err == nil {
			s.colls[schema.Name] = c
		}
		return err
	}
	var wrong error // with what is there, not with the disk
	err := s.writes.do(ctx, 0, func(tx *bbolt.Tx) error {
		if was == nil {
			if err := c.tidy(tx); err != nil {
				return err
			}
		}
		wrong = c.build(tx)
		return wrong
	})
	if wrong != nil {
		err = wrong
	}
	if err != nil {
		return fmt.Errorf("collection %s: %w", schema.Name, err)
	}
	s.colls[schema.Name] = c
	return nil
}

// ready says whether a collection is there as it is declared, so that nothing is to be written.
func (s *Store) ready(c *collection, first bool) (is bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		is = tx.Bucket(c.docs) != nil && !slices.ContainsFunc(c.indexes, func(x *index) bool { return tx.Bucket(x.bucket) == nil }) &&
			(!first || len(c.undeclared(tx)) == 0)
		return nil
	})
	return is, err
}

// tidy drops indexes that are not declared.
func (c *collection) tidy(tx *bbolt.Tx) error {
	for _, name := range c.undeclared(tx) {
		if err := tx.DeleteBucket(name); err != nil {
			return err
		}
	}
	return nil
}

// undeclared are the collection's indexes that nobody declares any more.
func (c *collection) undeclared(tx *bbolt.Tx) (names [][]byte) {
	own := []byte(c.name + "/index/")
	all := tx.Cursor()
	for name, _ := all.Seek(own); bytes.HasPrefix(name, own); name, _ = all.Next() {
		if !slices.ContainsFunc(c.indexes, func(x *index) bool { return bytes.Equal(x.bucket, name) }) {
			names = append(names, slices.Clone(name))
		}
	}
	return names
}

// build makes what is not there, with the entries of the documents that are.
func (c *collection) build(tx *bbolt.Tx) error {
	docs, err := tx.CreateBucketIfNotExists(c.docs)
	if err != nil {
		return err
	}
	for _, x := range c.indexes {
		if tx.Bucket(x.bucket) != nil {
			continue
		}
		if err := x.fill(tx, docs); err != nil {
			return err
		}
	}
	return nil
}

func (x *index) fill(tx *bbolt.Tx, docs *bbolt.Bucket) error {
	b, err := tx.CreateBucket(x.bucket)
	if err != nil {
		return err
	}
	var all []entry
	err = docs.ForEach(func(_, doc []byte) error {
		es, err := x.entries(bson.Raw(doc))
		all = append(all, es...)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for i, e := range all {
		if x.Unique && i > 0 && bytes.Equal(e.key[:e.values], all[i-1].key[:all[i-1].values]) {
			return &store.ExistsError{Index: x.name}
		}
		if err := b.Put(e.key, nil); err != nil {
			return err
		}
	}
	return nil
}
