package feed

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// patience is how long anybody waits for a reading.
const patience = 20 * time.Second

// Shared lets all who ask the same at nearly the same time have one answer. It is as fresh as one of their own: reading
// begins only after the last of them has asked, and whoever asks later waits for the next reading. Nothing is kept. The
// zero Shared is ready.
//
// After an event thousands of listeners ask for the rights of a few dozen callers, and for one object: each of them must
// ask at that moment, and none needs an answer of its own. What they are given is theirs together: nobody may alter it.
type Shared[K comparable, T any] struct {
	mu   sync.Mutex
	next map[K]*reading[T]
}

// Sight is an object for all who have the same rights, where nothing else says whether they may read it.
type Sight struct{ Rights, Subject string }

// reading is one that has not begun, or is under way.
type reading[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Read gives back what read finds for a key. Who asked first reads for all, in a context that outlives their own.
func (s *Shared[K, T]) Read(ctx context.Context, key K, read func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	if r, there := s.next[key]; there {
		s.mu.Unlock()
		return r.wait(ctx)
	}
	r := &reading[T]{done: make(chan struct{}), err: errUnread}
	if s.next == nil {
		s.next = map[K]*reading[T]{}
	}
	s.next[key] = r
	s.mu.Unlock()
	runtime.Gosched() // whoever was woken by the same event asks meanwhile; where nobody was, it costs nothing
	runtime.Gosched()
	s.mu.Lock()
	delete(s.next, key) // from here on nobody joins
	s.mu.Unlock()
	defer close(r.done) // should it panic, the others are told that nothing was read
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	r.value, r.err = read(within)
	return r.value, r.err
}

func (r *reading[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// errUnread is a passing failure: who is told so comes again.
var errUnread = fault.New(fault.Unavailable, fault.CodeUnavailable)
