package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of the relay.
const (
	documentsAtOnce = 500     // documents of one collection whose outboxes are emptied in one step
	mostRefused     = 100     // refusals of a place before the relay gives up for now
	eventsAtOnce    = 500     // entered in one write
	bytesAtOnce     = 4 << 20 // likewise
	clearedAtOnce   = 250     // outboxes emptied side by side, so that they share a commit
)

// relay moves events from the documents they happened to into the journal.
type relay struct {
	*job

	j     *Journal
	wake  chan struct{}
	last  int64 // place of the newest entry
	known bool  // whether last and chain can be relied on: after a failure they cannot
	chain chain // the hashes of what was entered last
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
	return moved, err == nil && len(parcels) == 0, err
}

// moveAll moves parcels, many at once. One that cannot be moved does not hold up the others; a store that is gone does.
func (r *relay) moveAll(ctx context.Context, parcels []parcel) (moved int, err error) {
	for len(parcels) > 0 && ctx.Err() == nil {
		n := together(parcels)
		whole := context.WithoutCancel(ctx)
		done, failed := r.move(whole, parcels[:n])
		if failed != nil && n > 1 && !passing(failed) {
			done, failed = r.moveEach(whole, parcels[:n])
		}
		moved, err = moved+done, errors.Join(err, failed)
		if failed != nil && passing(failed) {
			break
		}
		parcels = parcels[n:]
	}
	return moved, err
}

// moveEach moves parcels one by one, so that those that can be moved are.
func (r *relay) moveEach(ctx context.Context, parcels []parcel) (moved int, err error) {
	for i := range parcels {
		n, failed := r.move(ctx, parcels[i:i+1])
		moved, err = moved+n, errors.Join(err, failed)
		if failed != nil && passing(failed) {
			break
		}
	}
	return moved, err
}

// together is how many parcels are moved in one go: what one write to the store holds well, and one parcel at least.
func together(parcels []parcel) int {
	events, size := 0, 0
	for i, p := range parcels {
		for _, e := range p.Events {
			events, size = events+1, size+len(e.Data)+300
		}
		if i > 0 && (events > eventsAtOnce || size > bytesAtOnce) {
			return i
		}
	}
	return len(parcels)
}

func (r *relay) wakeFollowers() {
	r.j.blocks.grow()
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

// move enters the events of documents, each document's in their order, and then empties the outboxes. Broken off anywhere,
// it is done again without harm: an event that is entered already is recognised by its identifier.
func (r *relay) move(ctx context.Context, parcels []parcel) (moved int, err error) {
	var all []store.Event
	for _, p := range parcels {
		all = append(all, p.Events...)
	}
	if err := r.enter(ctx, all); err != nil {
		r.known = false
		return 0, fmt.Errorf("journal: events of %s: %w", parcels[0].ID, err)
	}
	r.wakeFollowers()
	errs := make([]error, len(parcels))
	var g errgroup.Group
	g.SetLimit(clearedAtOnce)
	for i, p := range parcels {
		g.Go(func() error {
			errs[i] = p.clear(ctx)
			return nil
		})
	}
	_ = g.Wait()
	for i, failed := range errs {
		if failed == nil {
			moved++
			continue
		}
		r.known = false
		err = errors.Join(err, fmt.Errorf("journal: events of %s: %w", parcels[i].ID, failed))
	}
	return moved, err
}

// clear takes the events out of their document.
func (p parcel) clear(ctx context.Context) error {
	taken := make([]string, len(p.Events))
	for i, e := range p.Events {
		taken[i] = e.ID
	}
	return p.from.Clear(ctx, p.ID, p.Rev, taken)
}

// enter gives events the next places. Where a place is taken, another node's relay is at work or was: the places are read
// anew, and some of the events may turn out to have theirs.
func (r *relay) enter(ctx context.Context, left []store.Event) error {
	for try := 0; len(left) > 0; try++ {
		var err error
		if !r.known {
			if left, err = r.takeStock(ctx, left); err != nil {
				return err
			}
		}
		docs, chain, err := r.write(ctx, left)
		if err != nil || len(docs) == 0 {
			return err
		}
		n, err := r.j.o.Backend.InsertMany(ctx, events, docs)
		if err == nil {
			r.last += int64(n)
			r.chain.keep(chain)
			return nil
		}
		r.known = false
		if _, refused := errors.AsType[*store.ExistsError](err); !refused {
			return err
		}
		if left = left[n:]; try >= mostRefused {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		r.j.o.Log.LogAttrs(ctx, slog.LevelInfo, "journal: another relay was faster", slog.String("event", left[0].ID))
	}
	return nil
}

// takeStock reads where the journal ends, and which of the events it has already.
func (r *relay) takeStock(ctx context.Context, all []store.Event) (left []store.Event, err error) {
	if r.last, err = r.j.Last(ctx); err != nil {
		return nil, err
	}
	newest, err := r.j.Read(ctx, r.last-1, 1)
	if err != nil {
		return nil, err
	}
	if len(newest) > 0 && newest[0].Hash == nil {
		if err := r.adopt(ctx); err != nil {
			return nil, err
		}
	}
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	found, err := r.j.o.Backend.GetMany(ctx, events, ids)
	if err != nil {
		return nil, err
	}
	for i, doc := range found {
		if doc == nil {
			left = append(left, all[i])
		}
	}
	r.chain, r.known = chain{}, true
	return left, nil
}
