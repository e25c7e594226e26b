package limit

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Gate lets a bounded number of operations run at once. What comes above that waits briefly and is then refused, while
// it still costs nothing: so those that were let in keep their pace however many ask.
//
// In calm times the queue is served in order, and waiting is allowed for a while, because a burst passes. Where the queue
// has not been empty for an interval, there is more to do than can be done: then the newest comes first, because those
// who have waited long have mostly given up, and nobody waits longer than the target.
type Gate struct {
	most     int           // that run at once
	waiting  int           // that wait at once
	target   time.Duration // of waiting, where there is too much to do
	interval time.Duration // of waiting, in calm times
	now      func() time.Time

	mu      sync.Mutex
	running int
	queue   *list.List // of *waiter, the oldest in front
	calm    time.Time  // when the queue was last empty
	refused int64
}

// waiter is an operation in the queue. in is closed when its turn comes.
type waiter struct{ in chan struct{} }

// The times of the gate, after those that have proved themselves elsewhere for queues of this kind.
const (
	target   = 20 * time.Millisecond
	interval = 200 * time.Millisecond
)

// NewGate makes a gate through which most operations run at once.
func NewGate(most int, now func() time.Time) *Gate {
	return &Gate{most: most, waiting: 4 * most, target: target, interval: interval, now: now, queue: list.New(), calm: now()}
}

type inside struct{}

// Enter waits until the operation may run, or refuses it. Who has entered calls leave when it is done. What is inside
// already enters again for nothing; so does everything where there is no gate.
func (g *Gate) Enter(ctx context.Context) (in context.Context, leave func(), err error) {
	if g == nil || ctx.Value(inside{}) != nil {
		return ctx, func() {}, nil
	}
	if err := g.wait(ctx); err != nil {
		return ctx, nil, err
	}
	return context.WithValue(ctx, inside{}, true), sync.OnceFunc(g.leave), nil
}

func (g *Gate) wait(ctx context.Context) error {
	w, patience := g.join()
	if w == nil && patience == 0 {
		return fault.New(fault.Unavailable, fault.CodeUnavailable)
	}
	if w == nil {
		return nil
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-w.in:
		return nil
	case <-enough.C:
	case <-ctx.Done():
	}
	if g.giveUp(w) {
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(ctx.Err())
	}
	return nil // its turn had come just then
}

// join lets an operation in at once (no waiter, some patience), into the queue, or not at all (no patience).
func (g *Gate) join() (*waiter, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if g.queue.Len() == 0 {
		g.calm = now
	}
	switch {
	case g.running < g.most:
		g.running++
		return nil, g.interval
	case g.queue.Len() >= g.waiting:
		g.refused++
		return nil, 0
	}
	w := &waiter{make(chan struct{})}
	g.queue.PushBack(w)
	if g.pressed(now) {
		return w, g.target
	}
	return w, g.interval
}

// pressed says whether more is asked than can be done.
func (g *Gate) pressed(now time.Time) bool { return now.Sub(g.calm) > g.interval }

// giveUp takes a waiter out of the queue. It is false where the waiter's turn had come already.
func (g *Gate) giveUp(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for e := g.queue.Front(); e != nil; e = e.Next() {
		if e.Value == w {
			g.queue.Remove(e)
			g.refused++
			return true
		}
	}
	return false
}

// leave hands the place on to whoever is next.
func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := g.queue.Front()
	if next == nil {
		g.running--
		return
	}
	if g.pressed(g.now()) {
		next = g.queue.Back()
	}
	close(g.queue.Remove(next).(*waiter).in)
}

// Load is how many operations run and wait now, and how many were refused so far.
func (g *Gate) Load() (running, waiting int, refused int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.queue.Len(), g.refused
}
