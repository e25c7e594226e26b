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

// tidy drops indexes that are not declared.
func (c *collection) tidy(tx *bbolt.Tx) error {
	var drop [][]byte
	err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		known := slices.ContainsFunc(c.indexes, func(x *index) bool { return bytes.Equal(x.bucket, name) })
		if bytes.HasPrefix(name, []byte(c.name+"/index/")) && !known {
			drop = append(drop, slices.Clone(name))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range drop {
		if err := tx.DeleteBucket(name); err != nil {
			return err
		}
	}
	return nil
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
