package store

import (
	"context"
	"crypto/rand"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// AddMany keeps new objects without events, one behind the other, if the caller may do the action on each: for what the
// program notes in numbers. Where one cannot be kept nothing behind it is.
func (c *Collection[T]) AddMany(ctx context.Context, action string, all []T) error {
	now := c.now()
	docs := make([]bson.Raw, len(all))
	for i, t := range all {
		m := t.record()
		m.Rev, m.Version, m.Shape, m.CreatedAt, m.UpdatedAt = 1, 1, c.o.Schema.Shape, now, now
		m.Write = rand.Text()
		if err := c.may(ctx, action, t); err != nil {
			return err
		}
		var err error
		if docs[i], err = c.encode(ctx, t); err != nil {
			return err
		}
	}
	if len(docs) == 0 || trialFrom(ctx) != nil {
		return nil
	}
	if _, err := c.db.InsertMany(ctx, c.o.Schema.Name, docs); err != nil {
		return c.fail(err, "")
	}
	return nil
}
