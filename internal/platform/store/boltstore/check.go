package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Check reads the whole file and says what is wrong with it: pages that are lost or used twice, index entries without
// their document, documents without their entries. Only collections that were made ready are looked into.
func (s *Store) Check(ctx context.Context) error {
	s.mu.RLock()
	colls := make([]*collection, 0, len(s.colls))
	for _, c := range s.colls {
		colls = append(colls, c)
	}
	s.mu.RUnlock()
	return s.view(ctx, func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("store: broken file: %w", err)
			}
		}
		for _, c := range colls {
			for _, x := range c.indexes {
				if err := x.check(ctx, tx, c); first == nil {
					first = err
				}
			}
		}
		return first
	})
}

// check compares what an index holds with what it should.
func (x *index) check(ctx context.Context, tx *bbolt.Tx, c *collection) error {
	var want [][]byte
	err := tx.Bucket(c.docs).ForEach(func(_, doc []byte) error {
		es, err := x.entries(bson.Raw(doc))
		for _, e := range es {
			want = append(want, e.key)
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	slices.SortFunc(want, bytes.Compare)
	i := 0
	err = tx.Bucket(x.bucket).ForEach(func(key, _ []byte) error {
		if i >= len(want) || !bytes.Equal(key, want[i]) {
			return fmt.Errorf("store: broken index %s of %s at entry %d: %x", x.name, c.name, i, key)
		}
		i++
		return ctx.Err()
	})
	if err == nil && i < len(want) {
		err = fmt.Errorf("store: broken index %s of %s: %d entries of %d", x.name, c.name, i, len(want))
	}
	return err
}
