package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// How many documents are copied at a time: as many as the caller wants, then more and more for one that goes on.
const (
	batchLeast = 20
	batchMost  = 500
)

// Find yields the documents of a scan. A batch is copied and its transaction closed before anything is yielded.
func (s *Store) Find(ctx context.Context, q store.Scan) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		w, err := s.plan(q)
		if err != nil {
			yield(nil, err)
			return
		}
		size := min(max(q.Batch, batchLeast), batchMost)
		for {
			var docs []bson.Raw
			err := s.view(ctx, func(tx *bbolt.Tx) error {
				docs, err = w.take(tx, size)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, doc := range docs {
				if !yield(doc, nil) {
					return
				}
			}
			if len(docs) < size {
				return
			}
			size = min(2*size, batchMost)
		}
	}
}

// Count counts the documents of a scan, at most up to limit.
func (s *Store) Count(ctx context.Context, q store.Scan, limit int) (int, error) {
	q.After, q.Reverse = nil, false
	w, err := s.plan(q)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		for range w.tails(tx) {
			if n++; n >= limit {
				break
			}
			if n%1000 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
	return n, err
}

// window is a part of a bucket: keys that begin with a branch's prefix, from low to just below high.
type window struct{ prefix, low, high []byte }

// walkway is a scan in terms of keys.
type walkway struct {
	docs, bucket []byte
	windows      []window
	back         bool
	tail         []store.Order
	down         bool
	plain        bool   // the bucket is the documents' own
	last         []byte // tail of the last document taken, nil before the first
}

// plan turns a scan into windows of keys.
func (s *Store) plan(q store.Scan) (*walkway, error) {
	c, err := s.collection(q.Collection)
	if err != nil {
		return nil, err
	}
	w := &walkway{docs: c.docs, bucket: c.docs, back: q.Reverse, plain: len(q.Index.On) == 0, down: q.Down()}
	if !w.plain {
		name := q.Index.Name()
		i := slices.IndexFunc(c.indexes, func(x *index) bool { return x.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: %s has no index %s", store.ErrUnserved, q.Collection, name)
		}
		w.bucket, w.tail = c.indexes[i].bucket, q.Tail()
	}
	low, high, some := w.bounds(q.Range)
	if !some {
		return w, nil
	}
	for _, branch := range q.Branches {
		var prefix []byte
		for i, v := range branch {
			prefix = appendValue(prefix, v, q.Index.On[i].Desc)
		}
		win := window{prefix: prefix, low: slices.Concat(prefix, low), high: successor(prefix)}
		if high != nil {
			win.high = slices.Concat(prefix, high)
		}
		w.windows = append(w.windows, win)
	}
	if q.After != nil {
		w.last = w.position(*q.After)
	}
	return w, nil
}

// position is a place in the order as the bytes of an entry's tail.
func (w *walkway) position(p store.Position) []byte {
	if w.plain {
		return []byte(p.ID)
	}
	var b []byte
	for i, f := range w.tail {
		var v any
		if i < len(p.Values) {
			v = p.Values[i]
		}
		b = appendValue(b, v, f.Desc)
	}
	return appendValue(b, p.ID, w.down)
}

// bounds turns a range on the tail's first field into bytes: from low to just below high, nil for no end. some is false
// where nothing can lie within.
func (w *walkway) bounds(r store.Range) (low, high []byte, some bool) {
	if r.Empty() {
		return nil, nil, true
	}
	if w.plain {
		return plainBounds(r)
	}
	down := w.down
	if len(w.tail) > 0 {
		down = w.tail[0].Desc
	}
	first, last, firstOpen, lastOpen := r.Low, r.High, r.LowOpen, r.HighOpen
	if down {
		first, last, firstOpen, lastOpen = last, first, lastOpen, firstOpen
	}
	switch {
	case first == nil:
		low = kindOf(last, down)
	case firstOpen:
		low = successor(appendValue(nil, first, down))
	default:
		low = appendValue(nil, first, down)
	}
	switch {
	case last == nil:
		high = successor(kindOf(first, down))
	case lastOpen:
		high = appendValue(nil, last, down)
	default:
		high = successor(appendValue(nil, last, down))
	}
	return low, high, bytes.Compare(low, high) < 0
}

// plainBounds are those of the documents' own keys, which are the identifiers as they are.
func plainBounds(r store.Range) (low, high []byte, some bool) {
	if s, ok := r.Low.(string); ok {
		if low = []byte(s); r.LowOpen {
			low = append(low, 0)
		}
	} else if r.Low != nil {
		return nil, nil, false
	}
	if s, ok := r.High.(string); ok {
		if high = []byte(s); !r.HighOpen {
			high = append(high, 0)
		}
	} else if r.High != nil {
		return nil, nil, false
	}
	return low, high, high == nil || bytes.Compare(low, high) < 0
}
