package journal

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// mostRead bounds the entries of one Read.
const mostRead = 1000

// Read gives entries in order, those behind the place after, at most limit of them (1 to 1000). Whoever has read an
// entry has seen all before it: seq is given in order and without gaps.
func (j *Journal) Read(ctx context.Context, after int64, limit int) ([]Entry, error) {
	docs, err := j.Documents(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, doc := range docs {
		e, err := EntryOf(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Documents gives entries as they are kept, with all that proves them; otherwise it is Read.
func (j *Journal) Documents(ctx context.Context, after int64, limit int) ([]bson.Raw, error) {
	limit = min(max(limit, 1), mostRead)
	scan := store.Scan{Collection: events, Index: bySeq, Branches: [][]any{{}}, Batch: limit - 1}
	scan.Range = store.Range{Low: after, LowOpen: true}
	return j.some(ctx, scan, limit)
}

// EntryOf is what a document of the journal says.
func EntryOf(doc bson.Raw) (Entry, error) {
	var e Entry
	if err := bson.Unmarshal(doc, &e); err != nil {
		return Entry{}, fmt.Errorf("journal: read: %w", err)
	}
	return e, nil
}

// some reads the first documents of a scan.
func (j *Journal) some(ctx context.Context, scan store.Scan, limit int) ([]bson.Raw, error) {
	var out []bson.Raw
	for doc, err := range j.o.Backend.Find(ctx, scan) {
		if err != nil {
			return nil, fmt.Errorf("journal: read: %w", err)
		}
		if out = append(out, doc); len(out) >= limit {
			break
		}
	}
	return out, nil
}

// Last is the place of the newest entry; 0 where there is none.
func (j *Journal) Last(ctx context.Context) (int64, error) {
	scan := store.Scan{Collection: events, Index: bySeq, Branches: [][]any{{}}, Reverse: true, Batch: 1}
	scan.Range = store.Range{Low: int64(0)}
	for doc, err := range j.o.Backend.Find(ctx, scan) {
		if err != nil {
			return 0, fmt.Errorf("journal: last: %w", err)
		}
		seq, _ := doc.Lookup("seq").AsInt64OK()
		return seq, nil
	}
	return 0, nil
}
