package person

import (
	"container/list"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// throttle slows down guessing. It is asked by account and address together, so that nobody can lock an account for
// others by guessing at it, and by address alone, so that one address cannot go through all accounts. It lives in
// memory and is bounded: beyond its size, what was quiet for longest is forgotten.
type throttle struct {
	free   int           // wrong tries before the first wait
	most   time.Duration // the longest wait; the first is a second, and every further wrong try doubles it
	atOnce int           // tries under way at the same time; one alone for whoever has used up the free ones
	size   int           // keys remembered

	mu     sync.Mutex
	at     map[string]*list.Element
	latest *list.List // of *guesses, the latest first
}

type guesses struct {
	key   string
	under int // tries under way
	wrong int
	last  time.Time // when the last one was wrong
	until time.Time // no try before
}

// forgetAfter is how long no try must be wrong for a key to begin anew.
const forgetAfter = 15 * time.Minute

func newThrottle(free int, most time.Duration, atOnce, size int) *throttle {
	return &throttle{free: free, most: most, atOnce: atOnce, size: size, at: map[string]*list.Element{}, latest: list.New()}
}

// enter lets a try begin, or refuses it and says when to come again, in seconds. Whoever enters leaves.
func (t *throttle) enter(key string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.find(key)
	if now.Sub(g.last) > forgetAfter {
		g.wrong, g.until = 0, time.Time{}
	}
	atOnce := t.atOnce
	if g.wrong >= t.free {
		atOnce = 1
	}
	wait := g.until.Sub(now)
	if wait <= 0 && g.under < atOnce {
		g.under++
		return nil
	}
	return fault.New(fault.Refused, CodeGuesses, "seconds", int(max(wait, 0)/time.Second)+1)
}

// verdict is how a try has ended.
type verdict int

const (
	wrong  verdict = iota // counts
	right                 // what was wrong before is forgotten
	unsaid                // it was no guess, or says nothing about the others
)

// leave notes how a try has ended.
func (t *throttle) leave(key string, now time.Time, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.find(key)
	g.under = max(0, g.under-1)
	switch v {
	case right:
		g.wrong, g.until = 0, time.Time{}
	case wrong:
		g.wrong++
		g.last = now
		if over := g.wrong - t.free; over >= 0 {
			g.until = now.Add(min(time.Second<<min(over, 20), t.most))
		}
	case unsaid:
	}
}

func (t *throttle) find(key string) *guesses {
	if e := t.at[key]; e != nil {
		t.latest.MoveToFront(e)
		g, _ := e.Value.(*guesses)
		return g
	}
	g := &guesses{key: key}
	t.at[key] = t.latest.PushFront(g)
	for t.latest.Len() > t.size {
		forgotten, _ := t.latest.Remove(t.latest.Back()).(*guesses)
		delete(t.at, forgotten.key)
	}
	return g
}
