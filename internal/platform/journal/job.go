package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// errLost says that another node has taken the job meanwhile.
var errLost = errors.New("journal: another node has the lease")

// claim is the document of a job: who does it until when, and how far a follower has come.
type claim struct {
	ID    string    `bson:"_id"` // the job's name
	Rev   int64     `bson:"rev"`
	Write string    `bson:"write"`           // identifies the last write, so that one that landed unheard is recognised
	Node  string    `bson:"node"`            // who has it
	Until time.Time `bson:"until"`           // until when, by the holder's clock; UTC, to the millisecond
	Term  int64     `bson:"term"`            // counts the times it changed hands
	Seq   int64     `bson:"seq"`             // a follower's cursor: the last entry it is done with
	Aside []aside   `bson:"aside,omitempty"` // a follower's entries that are to be tried again, in order
}

// job is work that one node does at a time. Its steps on this node come one after another too.
type job struct {
	db    store.Backend
	coll  string
	id    string
	node  string
	lease time.Duration
	now   func() time.Time

	mu    sync.Mutex
	mine  bool  // whether claim is our own; it may have run out
	claim claim // as last written or read
}

// take gets the lease, or renews it where less than half of it is left. False says that another node has it. What a
// follower has noted since its last save is saved by a renewal, and forgotten where the lease was lost.
func (b *job) take(ctx context.Context) (bool, error) {
	if b.mine && b.left() > b.lease/2 {
		return true, nil
	}
	if b.mine {
		err := b.save(ctx)
		if !errors.Is(err, errLost) {
			return err == nil, err
		}
	}
	was, err := b.load(ctx)
	if err != nil {
		return false, err
	}
	b.claim = was
	if was.Node != b.node && was.Until.After(b.now()) {
		return false, nil
	}
	if was.Node != b.node || was.Term == 0 {
		b.claim.Term++
	}
	b.claim.Node, b.mine = b.node, true
	err = b.save(ctx)
	if errors.Is(err, errLost) {
		return false, nil
	}
	return err == nil, err
}

// left is how much of the lease is left.
func (b *job) left() time.Duration { return b.claim.Until.Sub(b.now()) }

// save writes the claim and prolongs the lease; errLost where another node has it by now. It is not broken off where the
// program is told to stop: it is part of finishing what is under way.
func (b *job) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.lease/2)
	defer cancel()
	return b.write(ctx, b.now().Add(b.lease))
}

func (b *job) write(ctx context.Context, until time.Time) error {
	next := b.claim
	next.Rev, next.Write, next.Until = next.Rev+1, rand.Text(), until.UTC().Truncate(time.Millisecond)
	doc, err := bson.Marshal(next)
	if err != nil {
		return fmt.Errorf("journal: %s: %w", b.id, err)
	}
	if b.claim.Rev == 0 {
		err = b.db.Insert(ctx, b.coll, doc)
	} else {
		err = b.db.Replace(ctx, b.coll, b.claim.Rev, doc)
	}
	if err == nil {
		b.claim = next
		return nil
	}
	return b.unsure(ctx, next, err)
}

// unsure finds out what became of a write that was refused or not heard of: it may have landed all the same.
func (b *job) unsure(ctx context.Context, next claim, cause error) error {
	_, taken := errors.AsType[*store.ExistsError](cause)
	if !taken && !errors.Is(cause, store.ErrConflict) && !errors.Is(cause, store.ErrUnavailable) {
		return fmt.Errorf("journal: %s: %w", b.id, cause)
	}
	now, err := b.load(ctx)
	switch {
	case err != nil:
		b.mine = false // nothing is known; take begins anew
		return fmt.Errorf("journal: %s: %w", b.id, cause)
	case now.Write == next.Write:
		b.claim = next
		return nil
	case errors.Is(cause, store.ErrUnavailable) && now.Rev == b.claim.Rev:
		return fmt.Errorf("journal: %s: %w", b.id, cause)
	}
	b.claim, b.mine = now, false
	return errLost
}

func (b *job) load(ctx context.Context) (claim, error) {
	doc, err := b.db.Get(ctx, b.coll, b.id)
	if errors.Is(err, store.ErrNotFound) {
		return claim{ID: b.id}, nil
	}
	var c claim
	if err == nil {
		err = bson.Unmarshal(doc, &c)
	}
	if err != nil {
		return claim{}, fmt.Errorf("journal: %s: %w", b.id, err)
	}
	return c, nil
}

// release lets go of the lease, so that another node need not wait for it to run out. It is tried once: the lease runs
// out anyway.
func (b *job) release(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.mine {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = b.write(ctx, b.now())
	b.mine = false
}
