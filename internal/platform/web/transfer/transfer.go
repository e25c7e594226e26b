// Package transfer carries the bytes of files between clients and the place where blobs are kept. Nothing of that passes
// through GraphQL: a mutation or a field hands out an address, and the client sends the bytes there, or fetches them.
//
// An address holds for minutes. It is signed, names one file and one direction, and speaks for the person or the program
// that asked for it: what these may not do any more at the moment when it is used, it does not do either.
//
// A room that has files puts them on a shelf: it says what is expected of an upload, takes in what has arrived, and finds
// what is fetched.
package transfer

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// Prefix is where the addresses lie.
const Prefix = "/files/"

// For how long addresses hold.
const (
	UploadFor   = 15 * time.Minute
	DownloadFor = 5 * time.Minute
)

// The bounds of what is under way at once.
const (
	atOnce     = 64 // transfers
	perCaller  = 8  // of one caller
	patience   = 30 * time.Second
	leastSpeed = 16 << 10 // bytes a second, over the whole of a transfer
)

// The codes, with the parameters of their sentences.
const (
	CodeAddress  fault.Code = "FILE_ADDRESS_INVALID"   // altered, or of another server
	CodeExpired  fault.Code = "FILE_ADDRESS_EXPIRED"   // expiredAt
	CodeSize     fault.Code = "FILE_SIZE_DIFFERS"      // want, got
	CodeHash     fault.Code = "FILE_HASH_DIFFERS"      // want, got
	CodeTooLarge fault.Code = "FILE_TOO_LARGE"         // max
	CodeTooSlow  fault.Code = "FILE_TRANSFER_TOO_SLOW" // seconds
)

// Shelf is a room's files, as far as their bytes go. The names are those that addresses were asked for with. Every func
// acts as the caller for whom the address speaks.
type Shelf struct {
	// Expect says what an upload must be, or why there is none; nil where nothing is uploaded.
	Expect func(ctx context.Context, name string) (Expected, error)
	// Arrived takes in that an upload is whole. Where it fails the bytes are removed again.
	Arrived func(ctx context.Context, name string, a Arrival) error
	// Find says which bytes are fetched; nil where nothing is.
	Find func(ctx context.Context, name string) (Found, error)
}

// Expected is what an upload must be.
type Expected struct {
	Key    string                  // that the bytes are to be kept under; another one each time, for nothing is overwritten
	Size   int64                   // bytes; below 0 where it is not known before
	Most   int64                   // bytes, where the size is not known
	SHA256 string                  // empty where it is not known before
	Fits   func(head []byte) error // looks at the first bytes, up to HeadSize of them; may be nil
}

// HeadSize is how many of the first bytes are looked at.
const HeadSize = 64 << 10

// Arrival is an upload that is whole.
type Arrival struct {
	Key string
	blob.Written
}

// Found is what a download gets.
type Found struct {
	Key       string
	Name      string // for the reader's disk
	MediaType string
	SHA256    string
	Inline    bool // may be shown within a browser; nothing that a browser would run
}

// Config is what a door needs.
type Config struct {
	Bucket  *blob.Bucket    // nil where no files are kept
	Secrets func() [][]byte // that addresses are signed with; the first one makes new ones
	Now     func() time.Time
	Again   func(ctx context.Context, who id.Person, session id.Session) (authz.Actor, error) // the rights of this moment
	Refuse  Refuser

	Patience time.Duration // with which a transfer begins before it must have made way; 0 for the usual
	Speed    int64         // bytes a second that a transfer makes at least; 0 for the usual
}

// Door is where bytes come in and go out.
type Door struct {
	Config
	shelves map[string]Shelf
	gate    *limit.Gate
	mu      sync.Mutex
	callers map[string]int // transfers under way
}

// New makes a door.
func New(c Config) *Door {
	c.Patience, c.Speed = cmp.Or(c.Patience, patience), cmp.Or(c.Speed, leastSpeed)
	return &Door{Config: c, shelves: map[string]Shelf{}, gate: limit.NewGate(atOnce, c.Now), callers: map[string]int{}}
}

// Shelve puts a room's files behind the door, under a word of their own in addresses.
func (d *Door) Shelve(word string, s Shelf) { d.shelves[word] = s }

// Ready refuses where no files are kept.
func (d *Door) Ready() error {
	if d.Bucket == nil {
		return fault.New(fault.Unavailable, fault.CodeUnavailable)
	}
	return nil
}

// enter lets a transfer begin, or refuses it where too many are under way.
func (d *Door) enter(ctx context.Context, caller string) (leave func(), err error) {
	d.mu.Lock()
	full := d.callers[caller] >= perCaller
	if !full {
		d.callers[caller]++
	}
	d.mu.Unlock()
	if full {
		return nil, fault.New(fault.Unavailable, fault.CodeUnavailable)
	}
	_, out, err := d.gate.Enter(ctx)
	if err != nil {
		d.gone(caller)
		return nil, err
	}
	return func() { out(); d.gone(caller) }, nil
}

func (d *Door) gone(caller string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.callers[caller]--; d.callers[caller] == 0 {
		delete(d.callers, caller)
	}
}

// time is how long a transfer of a size may take.
func (d *Door) time(size int64) time.Duration {
	return d.Patience + time.Duration(size/d.Speed)*time.Second
}
