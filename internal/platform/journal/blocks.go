package journal

import (
	"context"
	"sync"
	"time"
)

// Bounds of the blocks that are kept.
const (
	blockSize  = 500         // places in one
	mostBlocks = 16          // kept or being read
	blocksRead = 4           // at the same time
	blockLife  = time.Second // after that another node may have erased something in them
)

// blocks are stretches of the journal that were read a moment ago. Whoever resumes reads by itself what it missed; after a
// restart thousands do, and all of them read the same.
type blocks struct {
	mu     sync.Mutex
	by     map[int64]*block
	places chan struct{} // of those that read
}

// block is one that was read, or is being read.
type block struct {
	done    chan struct{}
	entries []Entry
	err     error
}

func newBlocks() blocks {
	return blocks{by: map[int64]*block{}, places: make(chan struct{}, blocksRead)}
}

// Behind gives entries behind a place, in order, for whoever catches up: fewer than there are, and up to a second old, but
// where it gives none there was none up to the place far. They are read together with others: nobody may alter them.
func (j *Journal) Behind(ctx context.Context, after, far int64) ([]Entry, error) {
	n := after / blockSize
	for {
		b, own := j.blocks.enter(n)
		if own {
			j.readBlock(ctx, b, n)
			return b.behind(after), b.err
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if b.err == nil && b.reaches(n, far) {
			return b.behind(after), nil
		}
		j.blocks.drop(n, b) // who read it has gone, or more has happened since: once more
	}
}

func (j *Journal) readBlock(ctx context.Context, b *block, n int64) {
	defer func() {
		close(b.done)
		time.AfterFunc(blockLife, func() { j.blocks.drop(n, b) }) // also where it could not be read: nobody may ask for it again
	}()
	select {
	case j.blocks.places <- struct{}{}:
		defer func() { <-j.blocks.places }()
		b.entries, b.err = j.Read(ctx, n*blockSize, blockSize)
	case <-ctx.Done():
		b.err = ctx.Err()
	}
}

// reaches says whether a block is whole, or goes up to the place far at least.
func (b *block) reaches(n, far int64) bool {
	return len(b.entries) == blockSize || n*blockSize+int64(len(b.entries)) >= far // places have no gaps
}

func (b *block) behind(after int64) []Entry {
	for i := range b.entries {
		if b.entries[i].Seq > after {
			return b.entries[i:]
		}
	}
	return nil
}

// enter finds a block that was read a moment ago or is being read, or has the caller read it.
func (s *blocks) enter(n int64) (b *block, own bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.by[n]; b != nil {
		return b, false
	}
	b = &block{done: make(chan struct{})}
	if len(s.by) < mostBlocks {
		s.by[n] = b
	}
	return b, true
}

func (s *blocks) drop(n int64, b *block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[n] == b {
		delete(s.by, n)
	}
}

// grow lets go of the block at the end of the journal, which has more entries now.
func (s *blocks) grow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, b := range s.by {
		select {
		case <-b.done:
			if len(b.entries) < blockSize {
				delete(s.by, n)
			}
		default: // not read yet; whoever waits sees whether it reaches far enough
		}
	}
}

func (s *blocks) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.by)
}
