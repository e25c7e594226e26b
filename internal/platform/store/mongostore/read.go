package mongostore

import (
	"context"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Get finds one document.
func (s *Store) Get(ctx context.Context, coll, id string) (bson.Raw, error) {
	raw, err := s.db.Collection(coll).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
	if err != nil {
		return nil, failure(err)
	}
	return raw, nil
}

// idsAtOnce bounds the identifiers that one request to the server names.
const idsAtOnce = 1000

// GetMany finds documents in the order of ids.
func (s *Store) GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error) {
	found := make(map[string]bson.Raw, len(ids))
	for some := range slices.Chunk(ids, idsAtOnce) {
		in := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: some}}}}
		size := int32(min(len(some)+1, idsAtOnce))
		cur, err := s.db.Collection(coll).Find(ctx, in, options.Find().SetBatchSize(size))
		for raw, err := range documents(ctx, cur, err) {
			if err != nil {
				return nil, err
			}
			id, _ := raw.Lookup("_id").StringValueOK()
			found[id] = raw
		}
	}
	out := make([]bson.Raw, len(ids))
	for i, id := range ids {
		out[i] = found[id]
	}
	return out, nil
}

// Bounds of the documents that Find takes from the server at a time.
const (
	firstPage = 100 // where the caller gives no hint
	mostPage  = 500
)

// Find yields the documents of a scan in its order. It takes a page at a time and begins the next one behind the last
// document, by its values: no cursor waits on the server for a slow caller or dies with a node.
func (s *Store) Find(ctx context.Context, scan store.Scan) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		q := queryOf(scan)
		size := firstPage
		if scan.Batch > 0 {
			size = min(scan.Batch+1, mostPage)
		}
		for {
			page, err := s.page(ctx, scan.Collection, q, size)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, raw := range page {
				if !yield(raw, nil) {
					return
				}
			}
			if len(page) < size {
				return
			}
			q = q.from(page[len(page)-1])
			size = mostPage
		}
	}
}

func (s *Store) page(ctx context.Context, coll string, q query, size int) ([]bson.Raw, error) {
	o := options.Find().SetSort(q.sort).SetHint(q.hint).SetLimit(int64(size)).SetBatchSize(int32(size))
	cur, err := s.db.Collection(coll).Find(ctx, q.filter(), o)
	var out []bson.Raw
	for raw, err := range documents(ctx, cur, err) {
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// Count counts the documents of a scan, at most up to limit.
func (s *Store) Count(ctx context.Context, scan store.Scan, limit int) (int, error) {
	if limit <= 0 {
		return 0, nil
	}
	scan.After = nil
	q := queryOf(scan)
	o := options.Count().SetHint(q.hint).SetLimit(int64(limit))
	n, err := s.db.Collection(scan.Collection).CountDocuments(ctx, q.filter(), o)
	return int(n), failure(err)
}

// documents yields a cursor's documents, each in memory of its own, and closes it at the end or where the caller
// stops. A cursor that is not read to its end is closed even if the caller has gone meanwhile.
func documents(ctx context.Context, cur *mongo.Cursor, err error) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if err != nil {
			yield(nil, failure(err))
			return
		}
		defer func() { _ = cur.Close(context.WithoutCancel(ctx)) }()
		for cur.Next(ctx) {
			if !yield(slices.Clone(cur.Current), nil) {
				return
			}
		}
		if err := cur.Err(); err != nil {
			yield(nil, failure(err))
		}
	}
}
