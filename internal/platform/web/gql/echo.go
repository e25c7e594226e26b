package gql

import (
	"context"
	"sync"
	"time"
)

// The bounds of what is kept of answers to events.
const (
	echoLife    = 250 * time.Millisecond // as long as an event of another node may take to be heard here
	echoEntries = 1024                   // answers, those that are being made too
	echoHolds   = 8 << 20                // bytes of them
)

// echo is the answer to one event for everybody of a group: the first asks, the others hear what was said to the first.
type echo struct {
	done  chan struct{} // closed when it has been made, or could not be
	body  []byte        // nil where it cannot be shared
	size  int           // as it was counted
	began time.Time
}

// echoes are the answers of the last moment. They have no goroutine of their own: what is too old goes when something new
// comes.
type echoes struct {
	now func() time.Time

	mu    sync.Mutex
	by    map[echoKey]*echo
	order []kept // the oldest first; some have gone already
	bytes int
}

// kept is an answer in its place.
type kept struct {
	key echoKey
	e   *echo
}

// echoKey is what an answer to an event depends on. Whoever has the same key would be told the same.
type echoKey struct {
	asked string // the document, what it was asked with, and the language
	sight string // the rights, and the person where the answer depends on the person
	of    string // what is told, in the state in which it was read
	heard int64  // how far this node had heard of what happened
	seq   int64
}

func newEchoes(now func() time.Time) *echoes {
	return &echoes{now: now, by: map[echoKey]*echo{}}
}

// tell is the answer of a group to an event. Ask makes it, and says whether it may be told to the whole group. Where it
// may not, or could not be made, each of the others asks apart.
func (s *echoes) tell(ctx context.Context, key echoKey, ask, apart func() (body []byte, shared bool)) ([]byte, bool) {
	e, first := s.enter(key)
	if first {
		return s.make(key, e, ask)
	}
	select {
	case <-e.done:
		if e.body != nil {
			return e.body, true
		}
	case <-ctx.Done():
	}
	return apart()
}

// make is what the first of a group does. Should it panic, the others ask for themselves.
func (s *echoes) make(key echoKey, e *echo, ask func() ([]byte, bool)) (body []byte, shared bool) {
	defer close(e.done)
	defer func() {
		if e.body == nil {
			s.forget(key, e)
		}
	}()
	body, shared = ask()
	if shared {
		e.body = body
		s.keep(key, e)
	}
	return body, shared
}

// enter finds the answer of a group, or has the caller make it.
func (s *echoes) enter(key echoKey) (e *echo, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if e, ok := s.by[key]; ok && now.Sub(e.began) < echoLife {
		return e, false
	}
	s.drop(key)
	e = &echo{done: make(chan struct{}), began: now}
	s.by[key] = e
	s.order = append(s.order, kept{key, e})
	s.trim(now)
	return e, true
}

// keep counts an answer that has been made, unless it has been let go of meanwhile.
func (s *echoes) keep(key echoKey, e *echo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[key] == e {
		e.size = len(e.body)
		s.bytes += e.size
		s.trim(s.now())
	}
}

func (s *echoes) forget(key echoKey, e *echo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[key] == e {
		s.drop(key)
	}
}

// trim lets go of what is too old or too much.
func (s *echoes) trim(now time.Time) {
	for len(s.order) > 0 {
		oldest := s.order[0]
		if there := s.by[oldest.key] == oldest.e; there {
			if len(s.by) <= echoEntries && s.bytes <= echoHolds && now.Sub(oldest.e.began) < echoLife {
				return
			}
			s.drop(oldest.key)
		}
		s.order = s.order[1:]
	}
}

// drop takes an answer out. Those who wait for it still hear it.
func (s *echoes) drop(key echoKey) {
	if e := s.by[key]; e != nil {
		delete(s.by, key)
		s.bytes -= e.size
	}
}
