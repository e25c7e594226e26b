package limit

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// most is how many budgets a limiter remembers. Who asks least often is forgotten first, and then has a full bucket, as
// it has almost always filled meanwhile.
const most = 50_000

// Limiter keeps budgets.
type Limiter struct {
	rates  Rates
	now    func() time.Time
	leases *Leases // of the points of several nodes; nil where this node is the only one

	mu    sync.Mutex
	known map[Key]*list.Element // of *budget
	used  *list.List            // the last asked for in front
}

// New makes a limiter for one node. With leases it shares its budgets with other nodes.
func New(rates Rates, now func() time.Time, leases *Leases) *Limiter {
	return &Limiter{rates: rates, now: now, leases: leases, known: map[Key]*list.Element{}, used: list.New()}
}

// budget is what one caller may spend on this node.
type budget struct {
	key Key

	mu sync.Mutex
	bucket
	lease
}

// Charge takes an operation's price from a caller's budget. A price of nothing asks whether anything is left, and takes
// nothing. The error is the store's; a refusal is in the standing. ok is false where the caller has no budget to keep.
func (l *Limiter) Charge(ctx context.Context, k Key, price int) (s Standing, ok bool, err error) {
	r := l.rates[k.Kind]
	if r.Burst <= 0 || r.Refill <= 0 {
		return Standing{}, false, nil
	}
	b := l.budget(k)
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.leases != nil {
		s, err = l.leases.charge(ctx, b, r, price, l.now())
		return s, err == nil, err
	}
	now := l.now()
	trial := b.bucket
	wait := trial.spend(r, max(price, 1), now)
	if wait == 0 && price > 0 {
		b.bucket = trial
	}
	s = b.standing(k.Kind, r, now)
	s.Retry = wait
	return s, true, nil
}

// budget finds a caller's budget, or begins one.
func (l *Limiter) budget(k Key) *budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.known[k]; ok {
		l.used.MoveToFront(e)
		return e.Value.(*budget)
	}
	b := &budget{key: k}
	l.known[k] = l.used.PushFront(b)
	if l.used.Len() > most {
		last := l.used.Remove(l.used.Back()).(*budget)
		delete(l.known, last.key)
	}
	return b
}

// Known is how many budgets are remembered.
func (l *Limiter) Known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used.Len()
}
