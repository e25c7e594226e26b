package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Outbox is the face of a collection that the relay sees: the events that wait inside its documents.
type Outbox interface {
	// Name is the collection's name.
	Name() string
	// Pending finds documents with waiting events, the longest waiting first.
	Pending(ctx context.Context, limit int) ([]Parked, error)
	// Clear takes events out of a document's outbox by their identifiers. rev is what Pending saw; where the document
	// was changed since, its new events are kept and stay pending. Clearing twice is harmless.
	Clear(ctx context.Context, id string, rev int64, taken []string) error
}

// Parked is a document's waiting events.
type Parked struct {
	ID     string  `bson:"_id"`
	Rev    int64   `bson:"rev"`
	Events []Event `bson:"outbox"`
}

// Pending finds documents with waiting events, the longest waiting first.
func (c *Collection[T]) Pending(ctx context.Context, limit int) ([]Parked, error) {
	scan := Scan{Collection: c.Name(), Index: outboxIndex, Branches: [][]any{{}}, Range: everything, Batch: limit}
	var out []Parked
	for doc, err := range c.db.Find(ctx, scan) {
		if err != nil {
			return nil, c.fail(err, "")
		}
		var p Parked
		if err := bson.Unmarshal(doc, &p); err != nil {
			return nil, fmt.Errorf("%s: outbox: %w", c.Name(), err)
		}
		if out = append(out, p); len(out) >= limit {
			break
		}
	}
	return out, nil
}

// Clear takes events out of a document's outbox. The document's version stays: nothing of the domain changed.
func (c *Collection[T]) Clear(ctx context.Context, id string, _ int64, taken []string) error {
	for try := 0; ; try++ {
		doc, err := c.db.Get(ctx, c.Name(), id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return c.fail(err, id)
		}
		rev, left, changed, err := withoutEvents(doc, taken)
		if err != nil || !changed {
			return err
		}
		err = c.db.Replace(ctx, c.Name(), rev, left)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrConflict) || try >= maxTries {
			return c.fail(err, id)
		}
		if err := pause(ctx, try); err != nil {
			return c.fail(err, id)
		}
	}
}

// withoutEvents is a document as it is but for the taken events, written anew.
func withoutEvents(doc bson.Raw, taken []string) (rev int64, left bson.Raw, changed bool, err error) {
	var d bson.D
	var p Parked
	if err := errors.Join(bson.Unmarshal(doc, &d), bson.Unmarshal(doc, &p)); err != nil {
		return 0, nil, false, fmt.Errorf("outbox: %w", err)
	}
	events := slices.DeleteFunc(slices.Clone(p.Events), func(e Event) bool { return slices.Contains(taken, e.ID) })
	if len(events) == len(p.Events) {
		return p.Rev, nil, false, nil
	}
	out := make(bson.D, 0, len(d))
	for _, e := range d {
		switch e.Key {
		case "rev":
			e.Value = p.Rev + 1
		case "write":
			e.Value = rand.Text()
		case "outbox":
			e.Value = events
		}
		if len(events) == 0 && (e.Key == "outbox" || e.Key == "outboxSince") {
			continue
		}
		out = append(out, e)
	}
	left, err = bson.Marshal(out)
	return p.Rev, left, true, err
}

// outboxIndex finds documents whose events wait for the relay, oldest first.
var outboxIndex = Sparse(Field[time.Time]("outboxSince").Asc())
