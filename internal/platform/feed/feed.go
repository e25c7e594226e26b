// Package feed lets any number of listeners hear of what happened, each of its own part, while it happens.
//
// One reader follows the journal for the whole node, whoever listens. It offers an entry to those whom it may concern:
// who asked for this subject, or who acts for an organisation that could read the subject then. A listener first reads
// what it has missed from the journal, together with all who missed the same, and joins the others at the place where the
// reader stands, so that nothing is missed and nothing comes twice. What waits for a listener is bounded; one that lets it fill is told
// and let go, and resumes from the journal at its own pace.
//
// Rights are asked for anew at each entry. The organisations by which entries are offered are what the listener held when
// last looked at: good enough to choose whom to ask, never to decide. So a right that ends, ends at once; one that
// begins, begins with its event's place in the journal.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// The codes of what ends a subscription.
const (
	CodeSlow     fault.Code = "SLOW_CONSUMER"   // seq
	CodeFuture   fault.Code = "SEQ_NOT_REACHED" // last
	CodeStopping fault.Code = "SERVER_STOPPING" //
)

// Journal is what the feed reads; *journal.Journal is one.
type Journal interface {
	Read(ctx context.Context, after int64, limit int) ([]journal.Entry, error)
	Behind(ctx context.Context, after, far int64) ([]journal.Entry, error)
	Last(ctx context.Context) (int64, error)
	Tail() <-chan struct{}
}

// Options of a feed. Journal and Again are required.
type Options struct {
	Journal Journal
	// Again finds the rights that an actor has at this moment; UNAUTHENTICATED where the session has ended.
	Again func(ctx context.Context) (authz.Actor, error)
	// Rights says whose rights an entry may have altered: one person's, or with all anybody's. Nil stands for none.
	Rights func(e *journal.Entry) (who string, all bool)
	// Log is told of failures. Nil discards.
	Log *slog.Logger
	// Poll is how often to look for what other nodes have written. 250 ms where zero.
	Poll time.Duration
	// Buffer is how many entries may wait for one listener. 256 where zero.
	Buffer int
}

const pageSize = 500 // entries read at once

// Feed hands the journal's entries to listeners.
type Feed struct {
	o       Options
	tail    <-chan struct{}
	reading sync.Mutex // held by who reads on for everybody

	mu        sync.Mutex
	at        int64 // the last place offered; -1 before the first look
	stopped   bool
	bySubject crowds
	byOrg     crowds
	eager     crowd // they are offered everything: who asks for it, and whose rights may have altered since they were looked at
	attending map[string]map[*attendant]struct{}
}

// New makes a feed. Run makes it move.
func New(o Options) *Feed {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Poll == 0 {
		o.Poll = 250 * time.Millisecond
	}
	if o.Buffer == 0 {
		o.Buffer = 256
	}
	if o.Rights == nil {
		o.Rights = func(*journal.Entry) (string, bool) { return "", false }
	}
	return &Feed{
		o: o, at: -1, tail: o.Journal.Tail(),
		bySubject: crowds{}, byOrg: crowds{}, eager: crowd{}, attending: map[string]map[*attendant]struct{}{},
	}
}

// Run follows the journal until ctx ends. Passing failures are logged and waited out.
func (f *Feed) Run(ctx context.Context) error {
	look := time.NewTicker(f.o.Poll)
	defer look.Stop()
	failed := false
	for {
		err := f.Step(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			f.o.Log.WarnContext(ctx, "feed: cannot read the journal", "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-f.tail:
		case <-look.C:
		}
	}
}

// Step offers everything new.
func (f *Feed) Step(ctx context.Context) error {
	f.reading.Lock()
	defer f.reading.Unlock()
	if err := f.begin(ctx); err != nil {
		return err
	}
	for {
		f.mu.Lock()
		at := f.at
		f.mu.Unlock()
		page, err := f.o.Journal.Read(ctx, at, pageSize)
		if err != nil {
			return err
		}
		f.offer(page)
		if len(page) < pageSize {
			return nil
		}
	}
}

// begin takes up the journal at its end.
func (f *Feed) begin(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at >= 0 {
		return nil
	}
	last, err := f.o.Journal.Last(ctx)
	if err == nil {
		f.at = last
	}
	return err
}

// offer gives entries to those whom they may concern, in order.
func (f *Feed) offer(page []journal.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range page {
		e := &page[i]
		if who, all := f.o.Rights(e); all {
			f.look("")
		} else if who != "" {
			f.look(who)
		}
		for l := range f.bySubject[e.Subject] {
			l.hear(e)
		}
		for _, o := range e.Audience {
			for l := range f.byOrg[o] {
				l.hear(e)
			}
		}
		for l := range f.eager {
			l.hear(e)
		}
		f.at = e.Seq
	}
}

// At is how far this node has heard of what happened.
func (f *Feed) At() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Stop ends every listening with SERVER_STOPPING; who listens later is told so too.
func (f *Feed) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	for _, all := range f.attending {
		for a := range all {
			a.wake()
		}
	}
}

var errStopping = errors.New("feed: the server is stopping")

func stopping() error {
	return fault.New(fault.Unavailable, CodeStopping).Because(errStopping)
}

// crowd is a set of listeners; crowds are several by name.
type (
	crowd  map[*Listener]struct{}
	crowds map[string]crowd
)

func (c crowds) add(name string, l *Listener) {
	if c[name] == nil {
		c[name] = crowd{}
	}
	c[name][l] = struct{}{}
}

func (c crowds) drop(name string, l *Listener) {
	delete(c[name], l)
	if len(c[name]) == 0 {
		delete(c, name)
	}
}
