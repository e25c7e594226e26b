package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Inventory is how much a store holds.
type Inventory struct {
	Seq         int64      `json:"seq"`      // the journal's last place
	Logged      int64      `json:"logged"`   // events in the audit log's newest checkpoint
	Waiting     int64      `json:"waiting"`  // documents with events that the relay has not moved yet
	Since       *time.Time `json:"since"`    // since when the longest of them waits
	Restored    *time.Time `json:"restored"` // when it was restored from a backup; nil where it was not
	Collections []Part     `json:"collections"`
}

// waiting finds documents whose events wait, the longest waiting first.
func waiting(coll string) store.Scan {
	index := store.Sparse(store.Field[time.Time]("outboxSince").Asc())
	return store.Scan{
		Collection: coll, Index: index, Branches: [][]any{{}}, Range: store.Range{Low: time.UnixMilli(-1 << 46).UTC()}, Batch: 1,
	}
}

// Inventory counts what the store holds now.
func (s Source) Inventory(ctx context.Context) (out Inventory, err error) {
	if out.Seq, err = last(ctx, s.Backend); err != nil {
		return out, err
	}
	for _, c := range append(copied(s.Schemas), store.Schema{Name: events}) {
		n, err := s.Backend.Count(ctx, byID(c.Name), most)
		if err != nil {
			return out, fmt.Errorf("backup: %s: %w", c.Name, err)
		}
		out.Collections = append(out.Collections, Part{Name: c.Name, Documents: int64(n)})
	}
	for _, name := range s.Told {
		if err := out.wait(ctx, s.Backend, name); err != nil {
			return out, fmt.Errorf("backup: %s: %w", name, err)
		}
	}
	for doc, err := range s.Backend.Find(ctx, byID(auditLog)) {
		if err != nil {
			return out, fmt.Errorf("backup: %s: %w", auditLog, err)
		}
		if id, _ := doc.Lookup("_id").StringValueOK(); id == "head" {
			out.Logged, _ = doc.Lookup("size").AsInt64OK()
		}
	}
	m, err := marked(ctx, s.Backend)
	if err == nil && m != nil {
		out.Restored = m.DoneAt
	}
	return out, err
}

// wait adds what waits in a collection.
func (out *Inventory) wait(ctx context.Context, db store.Reader, coll string) error {
	n, err := db.Count(ctx, waiting(coll), most)
	out.Waiting += int64(n)
	if n == 0 || err != nil {
		return err
	}
	for doc, err := range db.Find(ctx, waiting(coll)) {
		if err != nil {
			return err
		}
		ms, _ := doc.Lookup("outboxSince").DateTimeOK()
		if at := time.UnixMilli(ms).UTC(); out.Since == nil || at.Before(*out.Since) {
			out.Since = &at
		}
		break
	}
	return nil
}
