package boltstore

import (
	"bytes"
	"iter"
	"slices"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// take copies the next documents, at most n, and notes how far it came.
func (w *walkway) take(tx *bbolt.Tx, n int) ([]bson.Raw, error) {
	docs := tx.Bucket(w.docs)
	out := make([]bson.Raw, 0, n)
	for tail, doc := range w.tails(tx) {
		w.last = append(w.last[:0:0], tail...)
		if !w.plain {
			id, err := idOf(tail, w.tail, w.down)
			if err != nil {
				return nil, err
			}
			if doc = docs.Get([]byte(id)); doc == nil {
				return nil, errBroken(id)
			}
		}
		if out = append(out, slices.Clone(bson.Raw(doc))); len(out) == n {
			break
		}
	}
	return out, nil
}

// stream is a window under way: where its cursor stands.
type stream struct {
	window
	cursor     *bbolt.Cursor
	tail, doc  []byte
	back, done bool
}

// tails yields the entries' tails (and values) of all windows in one order, each once, from behind the last one taken.
func (w *walkway) tails(tx *bbolt.Tx) iter.Seq2[[]byte, []byte] {
	return func(yield func(tail, doc []byte) bool) {
		streams := make([]*stream, 0, len(w.windows))
		for _, win := range w.windows {
			s := &stream{window: win, cursor: tx.Bucket(w.bucket).Cursor(), back: w.back}
			if s.start(w.last); !s.done {
				streams = append(streams, s)
			}
		}
		for len(streams) > 0 {
			first := slices.MinFunc(streams, func(a, b *stream) int { return w.compare(a.tail, b.tail) })
			tail, doc := first.tail, first.doc
			if !yield(tail, doc) {
				return
			}
			streams = slices.DeleteFunc(streams, func(s *stream) bool {
				if s == first || bytes.Equal(s.tail, tail) {
					s.step()
				}
				return s.done
			})
		}
	}
}

func (w *walkway) compare(a, b []byte) int {
	if w.back {
		return bytes.Compare(b, a)
	}
	return bytes.Compare(a, b)
}

// start goes to the first entry behind a tail, or to the window's beginning.
func (s *stream) start(after []byte) {
	if !s.back {
		from := s.low
		if after != nil {
			from = later(from, slices.Concat(s.prefix, after, []byte{0}))
		}
		s.stand(s.cursor.Seek(from))
		return
	}
	end := s.high
	if after != nil {
		if before := slices.Concat(s.prefix, after); end == nil || bytes.Compare(before, end) < 0 {
			end = before
		}
	}
	if end == nil {
		s.stand(s.cursor.Last())
		return
	}
	if k, _ := s.cursor.Seek(end); k == nil {
		s.stand(s.cursor.Last())
		return
	}
	s.stand(s.cursor.Prev())
}

func (s *stream) step() {
	if s.back {
		s.stand(s.cursor.Prev())
	} else {
		s.stand(s.cursor.Next())
	}
}

// stand takes up where the cursor is, or ends the stream outside its window.
func (s *stream) stand(key, doc []byte) {
	out := key == nil || bytes.Compare(key, s.low) < 0 || s.high != nil && bytes.Compare(key, s.high) >= 0
	if out {
		s.done = true
		return
	}
	s.tail, s.doc = key[len(s.prefix):], doc
}

func later(a, b []byte) []byte {
	if bytes.Compare(a, b) >= 0 {
		return a
	}
	return b
}
