// Package store is the narrow door to documents: rooms keep their objects in collections and never see a driver.
//
// A Backend moves raw BSON and knows nothing of the domain; there are two, one embedded file and MongoDB. A
// Collection adds types, policy, time, events and retries. One document is one transaction: a change, its events
// (the outbox) and the memory of having been done (for repeats) are one atomic write, on both back ends alike.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/personal"
)

// What a back end answers when it cannot do as asked. Everything else it returns is wrapped in ErrUnavailable where
// the same call may succeed later.
var (
	ErrNotFound    = errors.New("store: not found")
	ErrConflict    = errors.New("store: changed by someone else")
	ErrUnavailable = errors.New("store: unavailable")
	ErrUnserved    = errors.New("store: no declared index serves this query")
	ErrTooNew      = errors.New("store: written by a newer program")
	ErrTooLarge    = errors.New("store: document too large")
)

// ExistsError is the refusal of a second document with the same value in a unique index.
type ExistsError struct{ Index string } // the index's name; "_id" for the identifier itself

// Error names the index.
func (e *ExistsError) Error() string { return "store: already exists in " + e.Index }

// MaxDocument is the largest document in bytes, a little under MongoDB's own bound, on both back ends.
const MaxDocument = 15 << 20

// Backend moves raw documents. Every method may be called by many goroutines. A document has its identifier under
// "_id" (a string) and its write counter under "rev" (an int64).
//
// A context that ends, a full disk, a server that is gone and a closed store are ErrUnavailable, and what was under way
// is then done wholly or not at all. Documents given and documents returned belong to the receiver.
type Backend interface {
	// Ensure makes the collection and its indexes ready, also over documents that are there already. It may be called
	// again with more indexes. Nothing expires by itself: Collection.Sweep sees to that.
	Ensure(ctx context.Context, s Schema) error
	// Insert keeps a new document; *ExistsError where its identifier ("_id") or a unique value (Index.Name) is taken.
	Insert(ctx context.Context, coll string, doc bson.Raw) error
	// InsertMany keeps new documents as Insert does, one behind the other, and says how many it has kept. Where one is
	// refused nothing behind it is kept either; *ExistsError says why. On any other failure how many is not known.
	InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error)
	// Replace keeps doc in place of the one with the same identifier, only where that one's rev is as given.
	// ErrConflict where it is not or the document is gone; *ExistsError where a unique value is taken.
	Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error
	// Delete removes a document, only where its rev is as given. ErrConflict where it is not or is gone.
	Delete(ctx context.Context, coll, id string, rev int64) error
	// Get finds one document; ErrNotFound where there is none.
	Get(ctx context.Context, coll, id string) (bson.Raw, error)
	// GetMany finds documents in the order of ids; nil where there is none.
	GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error)
	// Find yields documents of a scan in its order, each once, and stops when the caller does. An error comes last,
	// with no document. Nothing is held while a document is with the caller: it may write in between, and what nobody
	// writes meanwhile is neither missed nor seen twice.
	Find(ctx context.Context, s Scan) iter.Seq2[bson.Raw, error]
	// Count counts the documents of a scan, each once, at most up to limit. After, Reverse and Batch mean nothing here.
	Count(ctx context.Context, s Scan, limit int) (int, error)
	// Ping says whether the store can be reached and written.
	Ping(ctx context.Context) error
	// Close finishes what is under way and lets go of the store.
	Close(ctx context.Context) error
}

// Scan is a query that one declared index serves: what the planner hands to a back end.
//
// The branches fix the index's leading fields. The fields after them are the tail; its end is always the identifier, in
// the direction of the index's last field (ascending for the identifier's own index). Entries come in the order of the
// tail, or wholly reversed, whatever branch they are from. No field of the tail is an array, so a document has one
// place in that order and is yielded once, however many branches hold it.
//
// A value that is missing or null is nil, and comes first in an ascending order. An index that leaves out documents
// (Sparse, Unique) is named only where branches and range already ask for every one of its fields to be there.
type Scan struct {
	Collection string
	Index      Index     // the zero Index is the identifier's own, ascending
	Prefix     int       // how many leading fields the branches fix
	Branches   [][]any   // for each branch Prefix values, as Value makes them; never empty, none twice, at most MaxBranches
	Range      Range     // on the tail's first field: the identifier where the branches fix every field
	Reverse    bool      // against the index's order
	After      *Position // begin strictly behind this place in the scan's direction; nobody need stand there
	Batch      int       // about how many documents the caller wants; a hint
}

// MaxBranches bounds the branches of a scan.
const MaxBranches = 256

// Tail is the fields after the fixed ones, the identifier left out.
func (s Scan) Tail() []Order { return s.Index.On[s.Prefix:] }

// Down says whether the identifier, which ends every order, descends in the index (before Reverse).
func (s Scan) Down() bool { n := len(s.Index.On); return n > 0 && s.Index.On[n-1].Desc }

// Range bounds a field. Absent bounds are nil. A bound holds among values of its own kind only: nothing missing and no
// string is below the number 5.
type Range struct {
	Low, High         any
	LowOpen, HighOpen bool // whether the bound itself is left out
}

// Empty says whether nothing is bounded.
func (r Range) Empty() bool { return r.Low == nil && r.High == nil }

// Position is a place in a scan's order: the values of the tail's fields (nil for a missing one), and the identifier.
type Position struct {
	Values []any
	ID     string
}

// Meta is embedded, inline, by every kept object.
type Meta[I ~string] struct {
	ID     I `bson:"_id"`
	Record `bson:",inline"`
}

// Key is the identifier as the store sees it.
func (m *Meta[I]) Key() string { return string(m.ID) }

// SetKey gives a new object its identifier.
func (m *Meta[I]) SetKey(k string) { m.ID = I(k) }

// Record is what the store itself writes on an object.
type Record struct {
	Rev         int64      `bson:"rev"`                   // counts every write, the relay's too
	Version     int        `bson:"version"`               // counts the domain's changes; what clients see
	Shape       int        `bson:"shape"`                 // version of the document's form, for upcasting
	Write       string     `bson:"write"`                 // identifies the last write, so that a retried one is recognised
	CreatedAt   time.Time  `bson:"createdAt"`             // UTC, to the millisecond
	UpdatedAt   time.Time  `bson:"updatedAt"`             // UTC, to the millisecond
	Replays     []Replay   `bson:"replays,omitempty"`     // what was done under a client's own mutation id
	Outbox      []Event    `bson:"outbox,omitempty"`      // events not yet taken by the relay
	OutboxSince *time.Time `bson:"outboxSince,omitempty"` // since when there are any
}

// Replay remembers one change under the identifier its caller gave it.
type Replay struct {
	Key  string    `bson:"key"`  // hash of the caller and the caller's identifier
	Hash string    `bson:"hash"` // hash of the input
	At   time.Time `bson:"at"`
	Made bool      `bson:"made,omitempty"` // the change by which the object was made
}

// Event is what happened to an object. It is written inside the changed document and moved to the journal by the
// relay.
type Event struct {
	ID             string    `bson:"_id"`            // subject:rev:n, so that moving it twice is harmless
	Type           string    `bson:"type"`           // as "contract.signed"
	Subject        string    `bson:"subject"`        // identifier of the changed object
	SubjectVersion int       `bson:"subjectVersion"` // its version after the change
	By             string    `bson:"by,omitempty"`   // the delegation under which the actor acted for another organisation
	Actor          string    `bson:"actor"`          // person, or "system"
	At             time.Time `bson:"at"`
	Audience       []string  `bson:"audience,omitempty"` // organisations that could read the subject then
	Data           bson.Raw  `bson:"data,omitempty"`
}

// Object is what a Collection keeps: a pointer to a struct that embeds Meta.
type Object interface {
	Key() string
	SetKey(string)
	record() *Record
}

func (r *Record) record() *Record { return r }

// Revision is the store's counter: of two states of an object, the later one has the higher.
func (r *Record) Revision() int64 { return r.Rev }

// Tell notes that something happened; the collection saves it with the object, in the same write. data is a struct
// with bson tags, or nil.
func (r *Record) Tell(what string, data any) error {
	e := Event{Type: what}
	if data != nil {
		raw, err := bson.Marshal(data)
		if err != nil {
			return fmt.Errorf("event %s: %w", what, err)
		}
		if personal.Within(raw) {
			return fmt.Errorf("event %s: %w", what, personal.ErrBare)
		}
		e.Data = raw
	}
	r.Outbox = append(r.Outbox, e)
	return nil
}

// Schema declares a collection once, for both back ends.
type Schema struct {
	Name    string
	Shape   int                                  // version of the documents' form; 0 counts as 1
	Upcast  map[int]func(bson.D) (bson.D, error) // from a form to the next one
	Indexes []Index
	// Narrow are fields beside the indexes' that filters may name: they serve no query, but leave out some of what an
	// index has found.
	Narrow []Order
	Expire string // path of the time after which a document is swept away; must lead an index
}
