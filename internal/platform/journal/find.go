package journal

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Search says which entries are looked for: those of one subject, or those that somebody among an audience could read,
// or without both all of them.
type Search struct {
	Subject  string
	Audience []string
	After    int64  // only behind this place
	Before   *int64 // only before this one; nil for to the end
	Backward bool   // the latest first
}

// The ways into the journal beside its order.
var (
	ofSubject = store.Lookup(store.Field[string]("subject").Asc(), store.Field[int64]("seq").Asc())
	forWhom   = store.Lookup(store.Each[string]("audience").Asc(), store.Field[int64]("seq").Asc())
)

// scan is the search as one index serves it. An audience that is too large for that is not asked for: whoever reads
// looks at each entry's own.
func (s Search) scan(batch int) store.Scan {
	scan := store.Scan{Collection: events, Index: bySeq, Branches: [][]any{{}}, Batch: batch}
	scan.Range, scan.Reverse = store.Range{Low: s.After, LowOpen: true}, s.Backward
	if s.Before != nil {
		scan.Range.High, scan.Range.HighOpen = *s.Before, true
	}
	switch {
	case s.Subject != "":
		scan.Index, scan.Prefix, scan.Branches = ofSubject, 1, [][]any{{s.Subject}}
	case len(s.Audience) > 0 && len(s.Audience) <= store.MaxBranches:
		scan.Index, scan.Prefix, scan.Branches = forWhom, 1, nil
		for _, a := range s.Audience {
			scan.Branches = append(scan.Branches, []any{a})
		}
	}
	return scan
}

// Find yields the entries of a search in their order, or in the opposite one. About batch of them are wanted. An error comes last.
func (j *Journal) Find(ctx context.Context, s Search, batch int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for doc, err := range j.o.Backend.Find(ctx, s.scan(batch)) {
			var e Entry
			if err == nil {
				err = bson.Unmarshal(doc, &e)
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("journal: find: %w", err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
