package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// noting is a back end that remembers what is kept on it.
type noting struct {
	store.Backend
	mu      sync.Mutex
	schemas []store.Schema
}

// note begins to remember what is kept on a back end.
func note(db store.Backend) *noting {
	if n, ok := db.(*noting); ok { // of another application on the same store
		db = n.Backend
	}
	return &noting{Backend: db}
}

// Ensure makes a collection ready and remembers it.
func (n *noting) Ensure(ctx context.Context, s store.Schema) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.schemas = append(slices.DeleteFunc(n.schemas, func(had store.Schema) bool { return had.Name == s.Name }), s)
	return n.Backend.Ensure(ctx, s)
}

// known are the collections so far.
func (n *noting) known() []store.Schema {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.schemas)
}

// Backup writes all that the application keeps, but for the keyring. What has to be copied to hold still first is copied
// to a file beside the backup's, of the given name, that is gone afterwards.
func (a *App) Backup(ctx context.Context, to io.Writer, scratch string, o backup.Options) (backup.Summary, error) {
	keys, err := a.Audit.LogKeys(ctx)
	if err != nil {
		return backup.Summary{}, err
	}
	s := a.whatIsKept()
	s.LogKeys = slices.DeleteFunc(keys, func(k ledger.Key) bool { return k.Name() == "" }) // of a log that has not begun
	s.Scratch = func() (store.Backend, func() error, error) { return scratchAt(scratch) }
	for _, kind := range keyring.Kinds() {
		for _, k := range a.Keyring.All(kind) {
			s.Keys = append(s.Keys, k.ID)
		}
	}
	return s.Write(ctx, to, o)
}

// Inventory counts all that the application keeps.
func (a *App) Inventory(ctx context.Context) (backup.Inventory, error) {
	return a.whatIsKept().Inventory(ctx)
}

// whatIsKept is the store with all that is kept on it.
func (a *App) whatIsKept() backup.Source {
	s := backup.Source{Backend: a.kept.Backend, Schemas: a.kept.known(), Program: a.Version, Now: a.Now}
	for _, o := range a.outboxes() {
		s.Told = append(s.Told, o.Name())
	}
	return s
}

// scratchAt is an embedded store for a while.
func scratchAt(path string) (store.Backend, func() error, error) {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s is in the way: %w", path, errors.Join(err, os.ErrExist))
	}
	db, err := boltstore.Open(path, boltstore.Options{Unsynced: true})
	if err != nil {
		return nil, nil, err
	}
	return db, func() error { return errors.Join(db.Close(context.Background()), os.Remove(path)) }, nil
}

// Collections are what this program keeps, learnt by opening every room on a store that is thrown away.
func Collections(ctx context.Context) (all []store.Schema, err error) {
	dir, err := os.MkdirTemp("", "cobuild-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	now := func() time.Time { return time.Unix(0, 0).UTC() }
	ring, err := keyring.Create(filepath.Join(dir, "keyring.json"), now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := boltstore.Open(filepath.Join(dir, "cobuild.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		return nil, err
	}
	a, err := Open(ctx, Config{Backend: db, Keyring: ring, Now: now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, db.Close(ctx))
	}
	return a.kept.known(), a.Close(ctx)
}
