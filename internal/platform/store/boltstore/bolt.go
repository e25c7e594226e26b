// Package boltstore keeps documents in one file, for an installation that fits on one machine: the bytes that MongoDB
// would hold, in a bbolt B+ tree, with index entries whose bytes sort as their values do.
//
// A write is acknowledged when it is on the disk. Writes that come together share one commit. Readers never wait for
// writers: each sees the last commit, and holds it only for as long as it takes to copy a page.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Options of a file.
type Options struct {
	// Wait is how long to wait for another process that has the file; 0 means half a second.
	Wait time.Duration
	// MaxSize bounds the file in bytes, a little more or less; 0 means no bound but the disk's.
	MaxSize int
	// Unsynced acknowledges writes before they are on the disk, and brings them there at Close alone. It is for filling a
	// new file that is put in its place when it is whole, and for tests: should the machine stop meanwhile, the file is
	// lost.
	Unsynced bool
}

// mapped is how much of the address space is set aside for the file at first, in bytes. Beyond it a growing file waits
// for readers once at each doubling; no memory is used by it.
const mapped = 1 << 30

// Store is the file. It is safe for use by many goroutines.
type Store struct {
	db     *bbolt.DB
	owner  string
	writes *writer
	mu     sync.RWMutex
	colls  map[string]*collection
	held   *bbolt.Tx // the one state that is read, of what Hold gives out
}

// LockedError says that another process has the file.
type LockedError struct {
	Path string
	PID  int // the process, 0 where it is not known
}

// Error names the file and the process.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "store: " + e.Path + " is in use by another process"
	}
	return "store: " + e.Path + " is in use by process " + strconv.Itoa(e.PID)
}

// Open opens the file, or makes it with its folder. One process has a file at a time: *LockedError to any other.
func Open(path string, o Options) (*Store, error) {
	if o.Wait <= 0 {
		o.Wait = 500 * time.Millisecond
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	owner := path + ".owner"
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: o.Wait, MaxSize: o.MaxSize, InitialMmapSize: mapped,
		FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, NoSync: o.Unsynced,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &LockedError{Path: path, PID: ownerOf(owner)}
	}
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	if err := os.WriteFile(owner, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), db.Close())
	}
	s := &Store{db: db, owner: owner, colls: map[string]*collection{}}
	s.writes = newWriter(db)
	return s, nil
}

func ownerOf(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

// Close finishes the writes under way and lets go of the file. Closing twice is harmless.
func (s *Store) Close(context.Context) error {
	if !s.writes.close() {
		return nil
	}
	return errors.Join(os.Remove(s.owner), s.db.Sync(), s.db.Close())
}

// Ping makes an empty commit, which shows that the disk still takes writes.
func (s *Store) Ping(ctx context.Context) error {
	return s.writes.do(ctx, 0, func(*bbolt.Tx) error { return nil })
}

// Backup writes a whole copy of the file as it is at this moment, while it stays in use, and says how many bytes.
func (s *Store) Backup(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		var err error
		n, err = tx.WriteTo(&heeding{ctx, w})
		return err
	})
	return n, err
}

// heeding is a writer that stops when its context ends.
type heeding struct {
	ctx context.Context
	to  io.Writer
}

func (h *heeding) Write(b []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	return h.to.Write(b)
}

// view reads one state of the file.
func (s *Store) view(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	if s.held != nil {
		return fn(s.held)
	}
	tx, err := s.db.Begin(false)
	if err != nil {
		return unavailable(err)
	}
	err = fn(tx)
	if ctx.Err() != nil && err != nil {
		err = unavailable(err)
	}
	return errors.Join(err, tx.Rollback())
}

// unavailable marks what may succeed later.
func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }

// collection finds one that Ensure made ready.
func (s *Store) collection(name string) (*collection, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.colls[name]
	if c == nil {
		return nil, fmt.Errorf("store: collection %s was not made ready", name)
	}
	return c, nil
}

// Get finds one document.
func (s *Store) Get(ctx context.Context, coll, id string) (bson.Raw, error) {
	got, err := s.GetMany(ctx, coll, []string{id})
	if err != nil {
		return nil, err
	}
	if got[0] == nil {
		return nil, store.ErrNotFound
	}
	return got[0], nil
}

// GetMany finds documents in the order of ids.
func (s *Store) GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error) {
	c, err := s.collection(coll)
	if err != nil {
		return nil, err
	}
	docs := make([]bson.Raw, len(ids))
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		b := tx.Bucket(c.docs)
		for i, id := range ids {
			if doc := b.Get([]byte(id)); doc != nil {
				docs[i] = append(bson.Raw(nil), doc...)
			}
		}
		return nil
	})
	return docs, err
}

// errBroken is an entry without its document: the file was harmed.
func errBroken(id string) error {
	return fmt.Errorf("store: an index names %s, which is not there", id)
}
