package store

import (
	"context"
	"errors"
	"time"
)

// everything is the range of all times: it leaves out only what has none.
var everything = Range{Low: time.UnixMilli(-1 << 46).UTC()}

// Sweep removes what has expired by the schema's declaration, oldest first, at most limit of them, and says how many.
// What still has events for the relay is left for the next time. Two nodes that sweep at once are harmless.
func (c *Collection[T]) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	path := c.o.Schema.Expire
	if path == "" || limit <= 0 {
		return 0, nil
	}
	scan := Scan{Collection: c.Name(), Branches: [][]any{{}}, Batch: limit}
	scan.Index = c.planner.single(path)
	scan.Range = Range{Low: everything.Low, High: Value(now)}
	scan.Reverse = scan.Down()
	n := 0
	for doc, err := range c.db.Find(ctx, scan) {
		if err != nil {
			return n, c.fail(err, "")
		}
		if len(doc.Lookup("outbox").Value) > 0 {
			continue
		}
		id, _ := doc.Lookup("_id").StringValueOK()
		rev, _ := doc.Lookup("rev").AsInt64OK()
		err := c.db.Delete(ctx, c.Name(), id, rev)
		if errors.Is(err, ErrConflict) { // somebody prolonged or removed it
			continue
		}
		if err != nil {
			return n, c.fail(err, id)
		}
		if n++; n >= limit {
			break
		}
	}
	return n, nil
}
