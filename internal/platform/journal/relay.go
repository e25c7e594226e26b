package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of the relay.
const (
	documentsAtOnce = 100 // documents of one collection whose outboxes are emptied in one step
	mostRefused     = 100 // refusals of one event's place before the relay gives up for now
)

// relay moves events from the documents they happened to into the journal.
type relay struct {
	*job

	j     *Journal
	wake  chan struct{}
	last  int64 // place of the newest entry
	known bool  // whether last can be relied on: after a failure it cannot
}

// parcel is the events of one document.
type parcel struct {
	from store.Outbox
	store.Parked
}

// step moves what is waiting, up to a bound. It says of how many documents it moved the events, and whether nothing is
// left to move.
func (r *relay) step(ctx context.Context) (moved int, settled bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	term := r.claim.Term
	held, err := r.take(ctx)
	if err != nil {
		return 0, false, err
	}
	r.known = r.known && held && r.claim.Term == term
	parcels, err := r.pending(ctx)
	if err != nil || !held {
		return 0, err == nil && len(parcels) == 0, err
	}
	moved, err = r.moveAll(ctx, parcels)
	if moved > 0 {
		r.wakeFollowers()
	}
	return moved, err == nil && len(parcels) == 0, err
}

// moveAll moves parcels one by one. One that cannot be moved does not hold up the others; a store that is gone does.
func (r *relay) moveAll(ctx context.Context, parcels []parcel) (moved int, err error) {
	for _, p := range parcels {
		if ctx.Err() != nil {
			break
		}
		failed := r.move(context.WithoutCancel(ctx), p)
		if failed == nil {
			moved++
			continue
		}
		r.known = false
		err = errors.Join(err, fmt.Errorf("journal: events of %s: %w", p.ID, failed))
		if passing(failed) {
			break
		}
	}
	return moved, err
}

func (r *relay) wakeFollowers() {
	r.j.mu.Lock()
	defer r.j.mu.Unlock()
	for _, f := range r.j.followers {
		wake(f.wake)
	}
	for _, c := range r.j.tails {
		wake(c)
	}
}

// pending gathers waiting events, in about the order in which they happened. Only within a document is that order
// exact; it is what follows from one another that must not be turned round, and that waits for the journal anyway.
func (r *relay) pending(ctx context.Context) ([]parcel, error) {
	r.j.mu.Lock()
	outboxes := slices.Clone(r.j.outboxes)
	r.j.mu.Unlock()
	var out []parcel
	for _, box := range outboxes {
		parked, err := box.Pending(ctx, documentsAtOnce)
		if err != nil {
			return nil, fmt.Errorf("journal: outboxes of %s: %w", box.Name(), err)
		}
		for _, p := range parked {
			if len(p.Events) > 0 {
				out = append(out, parcel{from: box, Parked: p})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b parcel) int { return a.Events[0].At.Compare(b.Events[0].At) })
	return out, nil
}

// move enters a document's events, in their order, and then empties its outbox. Broken off anywhere, it is done again
// without harm: an event that is entered already is recognised by its identifier.
func (r *relay) move(ctx context.Context, p parcel) error {
	taken := make([]string, 0, len(p.Events))
	for _, e := range p.Events {
		if err := r.enter(ctx, e); err != nil {
			return err
		}
		taken = append(taken, e.ID)
	}
	return p.from.Clear(ctx, p.ID, p.Rev, taken)
}

// enter gives an event the next place. Where that place is taken, another node's relay is at work or was: the places
// are read anew, and the event may turn out to have one.
func (r *relay) enter(ctx context.Context, e store.Event) (err error) {
	for try := 0; ; try++ {
		if !r.known {
			if r.last, err = r.j.Last(ctx); err != nil {
				return err
			}
			r.known = true
		}
		doc, err := bson.Marshal(Entry{Event: e, Seq: r.last + 1, Rev: 1})
		if err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		err = r.j.o.Backend.Insert(ctx, events, doc)
		if err == nil {
			r.last++
			return nil
		}
		exists, ok := errors.AsType[*store.ExistsError](err)
		if ok && exists.Index == "_id" {
			return nil
		}
		if r.known = false; !ok {
			return err
		}
		if try >= mostRefused {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		r.j.o.Log.LogAttrs(ctx, slog.LevelInfo, "journal: another relay was faster", slog.String("event", e.ID))
	}
}
