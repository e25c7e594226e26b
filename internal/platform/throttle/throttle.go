// Package throttle slows down the guessing of secrets, without letting a guesser lock anybody out.
//
// Guesses are counted by what is guessed at and where they come from together, so that nobody can close an account to
// others by guessing at it; and by where they come from alone, so that one address cannot go through all accounts. Who
// gave the right secret from an address lately passes that second count: a neighbour behind the same address who guesses
// is not their fault. All of it lives in memory and is bounded: beyond its size, what was quiet for longest is forgotten.
package throttle

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// CodeGuesses says that the next try must wait. Parameter: seconds.
const CodeGuesses fault.Code = "TOO_MANY_GUESSES"

// forgetAfter is how long no try must be wrong for a count to begin anew.
const forgetAfter = 15 * time.Minute

// The wrong guesses before a wait, the tries at once, and how many keys are remembered: some megabytes at most.
const (
	guessesPair    = 5
	guessesAddress = 50
	atOncePair     = 20
	atOnceAddress  = 200
	remembered     = 50_000
)

// Guard lets tries begin and learns how they ended.
type Guard struct {
	pairs     *counts // by account and address
	addresses *counts // by address alone
}

// New makes a guard that lets so many tries at one account from one address be under way at once; 0 stands for 20.
func New(atOnce int) *Guard {
	if atOnce == 0 {
		atOnce = atOncePair
	}
	return &Guard{
		pairs:     newCounts(guessesPair, 15*time.Minute, atOnce, remembered),
		addresses: newCounts(guessesAddress, 30*time.Second, max(atOnce, atOnceAddress), remembered),
	}
}

// Try lets a secret be tried on something from an address, or refuses it with TOO_MANY_GUESSES before it is looked at. A
// refusal by try counts as a wrong guess; any other error says that we could not even look. A refusal is a fault of kind
// Refused or Unauthenticated.
func (g *Guard) Try(on, from string, now func() time.Time, try func() error) error {
	sum := sha256.Sum256([]byte(on + "\x00" + from)) // what is tried may be long
	pair, at := string(sum[:]), now()
	known, err := g.pairs.enter(pair, at)
	if err != nil {
		return err
	}
	if !known {
		if _, err := g.addresses.enter(from, at); err != nil {
			g.pairs.leave(pair, at, unsaid)
			return err
		}
	}
	err = try()
	v := unsaid
	switch kind := fault.Of(err).Kind; {
	case err == nil:
		v = right
	case kind == fault.Refused, kind == fault.Unauthenticated:
		v = wrong
	}
	at = now()
	g.pairs.leave(pair, at, v)
	if !known {
		g.addresses.leave(from, at, map[verdict]verdict{right: unsaid, wrong: wrong, unsaid: unsaid}[v])
	}
	return err
}

// counts are the tries of each key.
type counts struct {
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
	good  time.Time // when the last one was right
}

func newCounts(free int, most time.Duration, atOnce, size int) *counts {
	return &counts{free: free, most: most, atOnce: atOnce, size: size, at: map[string]*list.Element{}, latest: list.New()}
}

// enter lets a try begin, or refuses it and says when to come again, in seconds. Whoever enters leaves. known says that
// the last try of late was right.
func (t *counts) enter(key string, now time.Time) (known bool, err error) {
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
		return !g.good.IsZero() && g.wrong == 0 && now.Sub(g.good) <= forgetAfter, nil
	}
	return false, fault.New(fault.Refused, CodeGuesses, "seconds", int(max(wait, 0)/time.Second)+1)
}

// verdict is how a try has ended.
type verdict int

const (
	wrong  verdict = iota // counts
	right                 // what was wrong before is forgotten
	unsaid                // it was no guess, or says nothing about the others
)

// leave notes how a try has ended.
func (t *counts) leave(key string, now time.Time, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.find(key)
	g.under = max(0, g.under-1)
	switch v {
	case right:
		g.wrong, g.until, g.good = 0, time.Time{}, now
	case wrong:
		g.wrong++
		g.last = now
		if over := g.wrong - t.free; over >= 0 {
			g.until = now.Add(min(time.Second<<min(over, 20), t.most))
		}
	case unsaid:
	}
}

func (t *counts) find(key string) *guesses {
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
