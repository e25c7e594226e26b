package journal_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// fate is what becomes of one call to a store.
type fate int

const (
	landed     fate = iota // as asked
	lost                   // it never reaches the store
	unanswered             // it lands, and the answer is lost
	overdue                // it is given up, and lands some other time all the same
)

// conductor lets one call to the store through at a time, whichever it likes, and decides what becomes of it. Nodes that
// it does not let on stand still in the middle of what they do, for as long as it pleases.
type conductor struct {
	dice    *rand.Rand // of the conductor's own goroutine
	arrived chan struct{}

	mu      sync.Mutex
	waiting []*call
	ghosts  []func() // writes that nobody waits for any more, and that have not landed
	at      time.Time
}

type call struct {
	node    int
	write   bool
	granted chan fate
}

func newConductor(seed uint64, at time.Time) *conductor {
	return &conductor{dice: rand.New(rand.NewPCG(23, seed)), arrived: make(chan struct{}, 1), at: at}
}

// now is the clock of all nodes. It is the conductor's too.
func (c *conductor) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *conductor) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// turn waits until a node's call is let through.
func (c *conductor) turn(node int, write bool) fate {
	w := &call{node, write, make(chan fate)}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	c.mu.Unlock()
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	return <-w.granted
}

// next takes a call of a node that is awake; nil where none waits.
func (c *conductor) next(asleep [2]int) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var can []int
	for i, w := range c.waiting {
		if asleep[w.node] == 0 {
			can = append(can, i)
		}
	}
	if len(can) == 0 {
		return nil
	}
	i := can[c.dice.IntN(len(can))]
	w := c.waiting[i]
	c.waiting = slices.Delete(c.waiting, i, i+1)
	return w
}

// wait waits for a call to come; false where none does for a while.
func (c *conductor) wait() bool {
	select {
	case <-c.arrived:
		return true
	case <-time.After(30 * time.Millisecond):
		return false
	}
}

// letGo lets everything through until the nodes have ended.
func (c *conductor) letGo(ended <-chan struct{}) {
	for {
		for w := c.next([2]int{}); w != nil; w = c.next([2]int{}) {
			w.granted <- landed
		}
		select {
		case <-ended:
			return
		case <-c.arrived:
		}
	}
}

// haunt lands a write that was given up long ago; false where there is none.
func (c *conductor) haunt() bool {
	c.mu.Lock()
	if len(c.ghosts) == 0 {
		c.mu.Unlock()
		return false
	}
	i := c.dice.IntN(len(c.ghosts))
	ghost := c.ghosts[i]
	c.ghosts = slices.Delete(c.ghosts, i, i+1)
	c.mu.Unlock()
	ghost()
	return true
}

// decide throws the dice for a call.
func (c *conductor) decide(w *call) fate {
	switch n := c.dice.IntN(100); {
	case n < 4:
		return lost
	case w.write && n < 9:
		return unanswered
	case w.write && n < 14:
		return overdue
	}
	return landed
}

// conducted is a real store, as one node sees it whose every call waits for the conductor.
type conducted struct {
	store.Backend

	by   *conductor
	node int
}

func (c *conducted) write(ctx context.Context, do func(context.Context) error) error {
	switch c.by.turn(c.node, true) {
	case lost:
		return errFlaky
	case unanswered:
		if err := do(ctx); err != nil {
			return err // refused, and told so
		}
		return errFlaky
	case overdue:
		c.by.mu.Lock()
		defer c.by.mu.Unlock()
		c.by.ghosts = append(c.by.ghosts, func() { _ = do(context.WithoutCancel(ctx)) })
		return errFlaky
	case landed:
	}
	return do(ctx)
}

func (c *conducted) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	return c.write(ctx, func(ctx context.Context) error { return c.Backend.Insert(ctx, coll, doc) })
}

func (c *conducted) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	kept := make(chan int, 1) // read only where somebody still waits: a write that lands late has nobody to tell
	err := c.write(ctx, func(ctx context.Context) error {
		n, err := c.Backend.InsertMany(ctx, coll, docs)
		kept <- n
		return err
	})
	if errors.Is(err, errFlaky) {
		return 0, err
	}
	return <-kept, err
}

func (c *conducted) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	return c.write(ctx, func(ctx context.Context) error { return c.Backend.Replace(ctx, coll, rev, doc) })
}

func (c *conducted) Get(ctx context.Context, coll, id string) (bson.Raw, error) {
	if c.by.turn(c.node, false) == lost {
		return nil, errFlaky
	}
	return c.Backend.Get(ctx, coll, id)
}

func (c *conducted) GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error) {
	if c.by.turn(c.node, false) == lost {
		return nil, errFlaky
	}
	return c.Backend.GetMany(ctx, coll, ids)
}

func (c *conducted) Find(ctx context.Context, s store.Scan) iter.Seq2[bson.Raw, error] {
	if c.by.turn(c.node, false) == lost {
		return func(yield func(bson.Raw, error) bool) { yield(nil, errFlaky) }
	}
	return c.Backend.Find(ctx, s)
}
