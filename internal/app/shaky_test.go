package app_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// trouble is what befalls a store at one of its calls, and whether it stays away from then on.
type trouble struct {
	name   string
	landed bool // the call does its work, and only its answer is lost
	gone   bool // every later call fails too
	ends   bool // the caller's time is up in the midst of the call
}

func troubles() []trouble {
	return []trouble{
		{name: "a call fails"},
		{name: "an answer is lost", landed: true},
		{name: "the store goes", gone: true},
		{name: "the store goes with an answer", landed: true, gone: true},
		{name: "time is up", ends: true},
	}
}

// shaky is a store that fails when it is told to.
type shaky struct {
	store.Backend
	mu    sync.Mutex
	on    bool
	what  trouble
	after int    // calls that still succeed
	end   func() // ends the caller's time
	fired bool
}

// arm has trouble begin at the nth call from now, counted from 1.
func (s *shaky) arm(what trouble, n int, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.what, s.after, s.end, s.fired = true, what, n-1, end, false
}

// calm ends all trouble, and says whether there was any.
func (s *shaky) calm() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = false
	return s.fired
}

// call does something to the store, or fails.
func (s *shaky) call(do func() error) error {
	does, fails := s.fate()
	var err error
	if does {
		err = do()
	}
	if fails {
		return fmt.Errorf("%w: as the test wants it", store.ErrUnavailable)
	}
	return err
}

// fate says whether a call reaches the store, and whether the caller hears of a failure.
func (s *shaky) fate() (does, fails bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.on:
		return true, false
	case s.fired:
		return !s.what.gone, s.what.gone
	case s.after > 0:
		s.after--
		return true, false
	}
	s.fired = true
	if s.what.ends {
		s.end()
		return true, false
	}
	return s.what.landed, true
}

func (s *shaky) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	return s.call(func() error { return s.Backend.Insert(ctx, coll, doc) })
}

func (s *shaky) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (n int, err error) {
	err = s.call(func() (err error) {
		n, err = s.Backend.InsertMany(ctx, coll, docs)
		return err
	})
	return n, err
}

func (s *shaky) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	return s.call(func() error { return s.Backend.Replace(ctx, coll, rev, doc) })
}

func (s *shaky) Delete(ctx context.Context, coll, id string, rev int64) error {
	return s.call(func() error { return s.Backend.Delete(ctx, coll, id, rev) })
}

func (s *shaky) Get(ctx context.Context, coll, id string) (doc bson.Raw, err error) {
	err = s.call(func() (err error) {
		doc, err = s.Backend.Get(ctx, coll, id)
		return err
	})
	return doc, err
}

func (s *shaky) GetMany(ctx context.Context, coll string, ids []string) (docs []bson.Raw, err error) {
	err = s.call(func() (err error) {
		docs, err = s.Backend.GetMany(ctx, coll, ids)
		return err
	})
	return docs, err
}

func (s *shaky) Find(ctx context.Context, scan store.Scan) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if err := s.call(func() error { return nil }); err != nil {
			yield(nil, err)
			return
		}
		s.Backend.Find(ctx, scan)(yield)
	}
}

// term is a context whose time is up when somebody says so.
type term struct {
	context.Context
	done chan struct{}
	once sync.Once
}

func (c *term) end() { c.once.Do(func() { close(c.done) }) }

// Deadline leaves open when it will be.
func (c *term) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed when time is up.
func (c *term) Done() <-chan struct{} { return c.done }

// Err says so.
func (c *term) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
