package store

import (
	"context"
	"errors"
)

// Purge deletes up to most documents that a filter finds, and says how many: for what is to be forgotten. It asks nobody
// and tells nothing. What still has events for the relay stays until it has none.
func (c *Collection[T]) Purge(ctx context.Context, where Filter, most int) (int, error) {
	if trialFrom(ctx) != nil {
		return 0, nil
	}
	p, err := c.planner.list(where, nil)
	if err != nil {
		return 0, c.fail(err, "")
	}
	rows, err := c.page(ctx, p, Query{Limit: most})
	if err != nil {
		return 0, c.fail(err, "")
	}
	n := 0
	for _, r := range rows.found {
		if len(r.doc.Lookup("outbox").Value) > 0 {
			continue
		}
		rev, _ := r.doc.Lookup("rev").AsInt64OK()
		err := c.db.Delete(ctx, c.Name(), r.at.ID, rev)
		if err != nil && !errors.Is(err, ErrConflict) {
			return n, c.fail(err, r.at.ID)
		}
		if err == nil {
			n++
		}
	}
	return n, nil
}

// PurgeAll purges until nothing is found any more.
func (c *Collection[T]) PurgeAll(ctx context.Context, where Filter) error {
	const step = 200
	for {
		if n, err := c.Purge(ctx, where, step); n == 0 || err != nil {
			return err
		}
	}
}
