package boltstore

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Hold gives read the file as it is at this moment. Writers go on meanwhile; what they leave behind takes up room in the
// file until read returns, and a writer that makes the file outgrow its place in memory waits for that.
func (s *Store) Hold(ctx context.Context, read func(store.Reader) error) error {
	return s.view(ctx, func(tx *bbolt.Tx) error {
		s.mu.RLock()
		still := &Store{db: s.db, colls: maps.Clone(s.colls), held: tx}
		s.mu.RUnlock()
		return read(still)
	})
}

// Filled names the collections that hold anything.
func (s *Store) Filled(ctx context.Context) ([]string, error) {
	var out []string
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if coll, ok := bytes.CutSuffix(name, []byte("/docs")); ok {
				if k, _ := b.Cursor().First(); k != nil {
					out = append(out, string(coll))
				}
			}
			return nil
		})
	})
	slices.Sort(out)
	return out, err
}
