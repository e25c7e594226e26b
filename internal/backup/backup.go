// Package backup copies everything that Cobuild keeps into one file, while servers run, and puts it back into an empty
// store of either kind: so it is also the way from the embedded file to MongoDB, and back.
//
// A backup is complete up to a place in the journal, its seq: every change whose event stands there is in it with its
// document, and no document shows a change whose event is neither in the backup's journal nor in the document's own
// outbox. Where the store can hold still this is one of its states. Where it cannot, the copy is made to be one: see
// settle.go.
//
// The keyring is never in it.
package backup

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Collections that are not copied like the others. A test finds all of them among what the program keeps.
const (
	events    = "events"           // up to seq, in their order
	followers = "followers"        // first: what a cursor says was handled must be in what is read after it
	places    = "webhook_progress" // likewise: how far webhooks have come
	auditLog  = "audit_log"        // first: a tree that is no larger than the journal
	tiles     = "audit_tiles"      // only what is full in that tree
	dataKeys  = "data_keys"        // last: whatever was read can be opened with them
	shares    = "personal_keys"
)

// leftOut are the collections that are true of running servers only: who does which job, what callers have spent of
// their budgets, and what this package notes itself.
func leftOut() []string { return []string{"leases", "budgets", marks} }

// Source is what is backed up.
type Source struct {
	Backend store.Backend
	Schemas []store.Schema // of every collection that the program keeps
	Told    []string       // the collections whose changes are told by events
	LogKeys []ledger.Key   // the audit log's public keys
	Keys    []string       // identifiers of the keyring's keys
	Program string         // version
	Now     func() time.Time
	// Scratch gives an empty store, and what throws it away, for a store that cannot hold still.
	Scratch func() (store.Backend, func() error, error)
}

// Options of writing a backup.
type Options struct {
	Plain    bool // without compression
	Progress func(done, total int64)
}

// Summary is what a backup says of itself, and what has become of it.
type Summary struct {
	Seq       int64 `json:"seq"`
	Documents int64 `json:"documents"`
	Bytes     int64 `json:"bytes"` // of the file
}

// What can be wrong with a file or a target. They are for the operator at the command line.
var (
	ErrForeign   = errors.New("backup: not a backup of Cobuild")
	ErrNewer     = errors.New("backup: made by a newer program")
	ErrShort     = errors.New("backup: the file ends too early")
	ErrAltered   = errors.New("backup: the file was changed since it was written")
	ErrBroken    = errors.New("backup: the file does not hold what it says")
	ErrLog       = errors.New("backup: the audit log does not hold")
	ErrFilled    = errors.New("backup: the target is not empty")
	ErrHalf      = errors.New("backup: a restore into this store was broken off")
	ErrDiffers   = errors.New("backup: what was written is not what the file holds")
	ErrUnsettled = errors.New("backup: the store changed too much meanwhile to be copied; try again")
)

// broken says what of a file does not hold.
func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// copied are the schemas of what is copied document by document, in the order of names; the journal comes apart.
func copied(all []store.Schema) []store.Schema {
	out := slices.DeleteFunc(slices.Clone(all), func(s store.Schema) bool {
		return s.Name == events || slices.Contains(leftOut(), s.Name)
	})
	slices.SortFunc(out, byName)
	return out
}

func byName(a, b store.Schema) int {
	if a.Name < b.Name {
		return -1
	}
	return 1
}

// byID is a scan of a whole collection in the order of identifiers.
func byID(coll string) store.Scan {
	return store.Scan{Collection: coll, Branches: [][]any{{}}, Batch: 500}
}

// bySeq is the journal's order.
var bySeq = store.Unique(store.Field[int64]("seq").Asc())

// journalFrom is a scan of the journal behind a place and up to another.
func journalFrom(after, to int64) store.Scan {
	scan := store.Scan{Collection: events, Index: bySeq, Branches: [][]any{{}}, Batch: 500}
	scan.Range = store.Range{Low: after, LowOpen: true, High: to}
	return scan
}
