// Package journal is the one ordered record of everything that happened, and how the rest of the program hears of it.
//
// A change writes its events into the changed document, in the same atomic write. The relay moves them from there to
// the collection events, gives each its place in the one order (seq: 1, 2, 3, … without gaps) and then empties the
// document's outbox. Followers read events by seq, each from a cursor of its own, and handle every one at least once.
//
// Any number of nodes may run a journal on one store. Each job, the relay and every follower, is done by one node at a
// time, which holds a lease. A lease saves work; it is not what keeps the order right, since a node may believe in a
// lease that has run out. The order is kept by the store itself: an event's identifier and its seq are unique, so what
// was moved is not moved again and a late relay's insert is refused; and a follower's cursor is part of its lease's
// document, so a late follower cannot move it.
package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Entry is an event in its place. Once it is written it never changes, but that Erase takes a person out of it; its hash
// stays the same even then. What proves it lies in its document beside this: see package ledger.
type Entry struct {
	store.Event `bson:",inline"`

	Seq int64 `bson:"seq"` // place in the one order, from 1, without gaps
	Rev int64 `bson:"rev"` // the store's counter

	Previous []byte `bson:"previousHash,omitempty"` // hash of the subject's event before; none for its first
	Hash     []byte `bson:"hash,omitempty"`         // its own
}

// Handler does what an event calls for. It is given every event at least once and in order, so that doing it again must
// be harmless. Its context ends with the lease under which it runs, not when the program is told to stop.
type Handler func(ctx context.Context, e Entry) error

// Options of a journal.
type Options struct {
	Backend store.Backend
	// Now is the clock that leases are measured by. Nodes' clocks may differ: then a job is done twice or starts late.
	Now func() time.Time
	// Log is told of failures. Nil discards.
	Log *slog.Logger
	// Node names this process among those on the store; random where empty. Where only one process can have the store
	// it is best a constant: after a crash the next process then takes up the work at once, without waiting for the
	// lease to run out.
	Node string
	// Poll is how often to look for what nobody has woken us for: events of other nodes. 1 s where zero.
	Poll time.Duration
	// Lease is how long a job stays with a node that is heard of no more. 30 s where zero. A handler has at least half
	// of it.
	Lease time.Duration
	// Random is where salts come from; crypto/rand where nil.
	Random io.Reader
}

// Journal moves events and lets followers know of them.
type Journal struct {
	o     Options
	relay *relay

	mu        sync.Mutex
	outboxes  []store.Outbox
	followers []*follower
	err       error // a mistake in how the program set the journal up

	tails []chan struct{} // of those that read along

	recent recent
	blocks blocks
}

// Collections of the journal.
const (
	events    = "events"
	leases    = "leases"
	followers = "followers"
)

// bySeq is the order of events, and the fence: no two share a seq.
var bySeq = store.Unique(store.Field[int64]("seq").Asc())

// The indexes of entries that name a person.
var (
	byActor  = store.Sparse(store.Field[string]("actor").Asc(), store.Field[int64]("seq").Asc())
	byPerson = store.Sparse(store.Field[string]("data.person").Asc(), store.Field[int64]("seq").Asc())
)

// New makes the journal's collections ready. Collect and Follow complete it, before Run or Drain.
func New(ctx context.Context, o Options) (*Journal, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Node == "" {
		o.Node = rand.Text()
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Lease == 0 {
		o.Lease = 30 * time.Second
	}
	for _, s := range []store.Schema{
		{Name: events, Shape: 1, Indexes: []store.Index{bySeq, ofSubject, forWhom, byActor, byPerson}},
		{Name: leases, Shape: 1},
		{Name: followers, Shape: 1},
	} {
		if err := o.Backend.Ensure(ctx, s); err != nil {
			return nil, fmt.Errorf("journal: prepare %s: %w", s.Name, err)
		}
	}
	j := &Journal{o: o, blocks: newBlocks()}
	j.relay = &relay{j: j, job: j.job(leases, "relay"), wake: make(chan struct{}, 1)}
	return j, nil
}

// Collect has the relay move the events of these collections.
func (j *Journal) Collect(outboxes ...store.Outbox) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.outboxes = append(j.outboxes, outboxes...)
}

// Follow has handle called with every event of the given types, from the first one on, in order, at least once. A type
// is as "contract.signed", or "contract.*" for all that begin so; none at all means every type. The name is what the
// follower's cursor is kept under, so it stays from release to release. See follower for what becomes of an event whose
// handling fails.
func (j *Journal) Follow(name string, types []string, handle Handler) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range j.followers {
		if f.name == name {
			j.err = fmt.Errorf("journal: two followers have the name %s", name)
		}
	}
	f := &follower{j: j, job: j.job(followers, name), name: name, types: types, handle: handle}
	f.wake = make(chan struct{}, 1)
	j.followers = append(j.followers, f)
}

func (j *Journal) job(coll, name string) *job {
	return &job{db: j.o.Backend, coll: coll, id: name, node: j.o.Node, lease: j.o.Lease, now: j.o.Now}
}

// Wake says that events are waiting: what a collection calls after a write that left some. It never blocks.
func (j *Journal) Wake() { wake(j.relay.wake) }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run moves events and feeds followers until ctx ends; then it finishes what is under way, lets go of its leases and
// returns nil. Passing failures are logged and waited out.
func (j *Journal) Run(ctx context.Context) error {
	following, err := j.setUp()
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error { return j.loop(ctx, j.relay.job, j.relay.wake, j.relay.step) })
	for _, f := range following {
		g.Go(func() error { return j.loop(ctx, f.job, f.wake, f.step) })
	}
	return g.Wait()
}

func (j *Journal) setUp() ([]*follower, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.followers, j.err
}

// loop takes steps while there is something to do, and then waits to be woken or for the next look.
func (j *Journal) loop(ctx context.Context, b *job, woken <-chan struct{}, step func(context.Context) (int, bool, error)) error {
	failed := 0
	for ctx.Err() == nil {
		n, _, err := step(ctx)
		if failed++; n > 0 || err == nil {
			failed = 0
		}
		if err != nil && ctx.Err() == nil {
			j.o.Log.LogAttrs(ctx, slog.LevelWarn, "journal", slog.String("job", b.id), slog.Int("failed", failed), slog.Any("error", err))
		}
		if n > 0 && err == nil {
			continue
		}
		wait := time.NewTimer(backoff(j.o.Poll, failed))
		select {
		case <-ctx.Done():
		case <-woken:
		case <-wait.C:
		}
		wait.Stop()
	}
	b.release(ctx)
	return nil
}

// backoff doubles a pause with every failure, up to half a minute.
func backoff(first time.Duration, failed int) time.Duration {
	return min(first<<min(failed, 10), max(first, 30*time.Second))
}

// Drain moves and handles everything that is pending, and what that leads to, and returns when nothing is left. Where
// another node holds a job, it waits for that node to have done it. An event whose handling keeps failing is an error.
func (j *Journal) Drain(ctx context.Context) error {
	following, err := j.setUp()
	if err != nil {
		return err
	}
	for {
		moved, settled, err := j.relay.step(ctx)
		if err = unlost(err, &settled); err != nil {
			return err
		}
		last, err := j.Last(ctx)
		if err != nil {
			return err
		}
		for _, f := range following {
			n, done, err := f.drain(ctx, last)
			if err = unlost(err, &done); err != nil {
				return err
			}
			moved, settled = moved+n, settled && done
		}
		switch {
		case moved > 0:
		case settled:
			return stuck(following)
		default:
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return fmt.Errorf("journal: %w: %w", store.ErrUnavailable, err)
			}
		}
	}
}

// Release lets go of every job that this node has, so that another need not wait for the leases to run out. Run does so by
// itself; it is for who has drained the journal and goes.
func (j *Journal) Release(ctx context.Context) {
	following, _ := j.setUp()
	var all sync.WaitGroup // a store that is gone is waited for once, not by one job after the other
	all.Go(func() { j.relay.release(ctx) })
	for _, f := range following {
		all.Go(func() { f.release(ctx) })
	}
	all.Wait()
}

// unlost leaves out that another node took a job over: that node is waited for.
func unlost(err error, settled *bool) error {
	if errors.Is(err, errLost) {
		*settled, err = false, nil
	}
	return err
}

// stuck is the error of the events that were set aside.
func stuck(following []*follower) error {
	var errs []error
	for _, f := range following {
		for _, a := range f.stuck() {
			errs = append(errs, fmt.Errorf("journal: %s cannot handle event %d of %s: %s", f.name, a.Seq, a.Subject, a.Error))
		}
	}
	return errors.Join(errs...)
}

// matches says whether a type is among the wanted ones.
func matches(wanted []string, kind string) bool {
	if len(wanted) == 0 {
		return true
	}
	for _, w := range wanted {
		stem, open := strings.CutSuffix(w, "*")
		if w == kind || open && strings.HasPrefix(kind, stem) {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
