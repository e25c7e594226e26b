package boltstore

import (
	"context"
	"errors"
	"sync"

	"go.etcd.io/bbolt"
)

// A commit takes up so many writes, and about so many bytes, that wait.
const (
	groupMost  = 512
	groupBytes = 16 << 20
)

// errClosed is what a store answers after Close.
var errClosed = errors.New("closed")

// write is one change that waits for its commit. apply either does all of it, or refuses before it did anything, or
// breaks in the middle, which undoes the whole commit.
type write struct {
	ctx   context.Context
	size  int
	apply func(*bbolt.Tx) error
	done  chan error
}

// refusal is an error from before a write did anything: the rest of the commit goes on.
type refusal struct{ error }

// writer commits writes one group after the other. Nobody is made to wait for company: whatever came while the last
// group was on its way to the disk is the next group.
type writer struct {
	db    *bbolt.DB
	queue chan *write
	quit  chan struct{}
	ended chan struct{}
	once  sync.Once
}

func newWriter(db *bbolt.DB) *writer {
	w := &writer{db: db, queue: make(chan *write, groupMost), quit: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// close lets what waits be written and ends; false where that was done before.
func (w *writer) close() bool {
	first := false
	w.once.Do(func() { close(w.quit); first = true })
	<-w.ended
	return first
}

// do has a write of about size bytes committed. When the context ends first, the write may still be done, wholly.
func (w *writer) do(ctx context.Context, size int, apply func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	q := &write{ctx: ctx, size: size, apply: apply, done: make(chan error, 1)}
	select {
	case <-w.quit:
		return unavailable(errClosed)
	default:
	}
	select {
	case w.queue <- q:
	case <-w.quit:
		return unavailable(errClosed)
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
	select {
	case err := <-q.done:
		return answer(err)
	case <-ctx.Done():
		return unavailable(ctx.Err())
	case <-w.ended:
	}
	select { // the last group may have had it
	case err := <-q.done:
		return answer(err)
	default:
		return unavailable(errClosed)
	}
}

// answer tells a refusal from a failure of the disk.
func answer(err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[refusal](err); ok {
		return r.error
	}
	return unavailable(err)
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case q := <-w.queue:
			w.commit(w.gather(q))
		case <-w.quit:
			for {
				select {
				case q := <-w.queue:
					w.commit(w.gather(q))
				default:
					return
				}
			}
		}
	}
}

// gather takes up what waits besides the first.
func (w *writer) gather(first *write) []*write {
	group, size := []*write{first}, first.size
	for len(group) < groupMost && size < groupBytes {
		select {
		case q := <-w.queue:
			group, size = append(group, q), size+q.size
		default:
			return group
		}
	}
	return group
}

// commit writes a group and answers everyone in it. A write that breaks in the middle is left out and the others are
// tried again without it.
func (w *writer) commit(group []*write) {
	for len(group) > 0 {
		answers := make([]error, len(group))
		broken := -1
		err := w.db.Update(func(tx *bbolt.Tx) error {
			for i, q := range group {
				if answers[i] = q.ctx.Err(); answers[i] != nil {
					continue
				}
				err := q.apply(tx)
				if _, refused := errors.AsType[refusal](err); err != nil && !refused {
					broken = i
					return err
				}
				answers[i] = err
			}
			return nil
		})
		if broken >= 0 {
			group[broken].done <- err
			group = append(group[:broken:broken], group[broken+1:]...)
			continue
		}
		for i, q := range group {
			if err != nil {
				answers[i] = err
			}
			q.done <- answers[i]
		}
		return
	}
}
