package feed

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// Want is what somebody listens for.
type Want struct {
	Types   []string // as for journal.Follow
	Subject string   // the one object; "" for every one that the actor's organisations could read
	After   *int64   // the place behind which to begin; nil for from now on
	Public  bool     // also what everybody could read
	All     bool     // everything, whoever could read it
}

// Note is what a listener hears: an entry that may concern it, or only that its rights may have altered, and in both
// cases the actor with the rights of this moment.
type Note struct {
	Entry *journal.Entry // nil where nothing happened but to the rights
	Actor authz.Actor
}

// Listener hears one actor's part of the feed. It is for one goroutine.
type Listener struct {
	f    *Feed
	want Want
	a    attendant
	woke chan struct{}

	backlog []*journal.Entry // read by itself, before it joined the others
	told    int64            // the last place that was handed out

	// What follows is the feed's, under its lock.
	at    int64 // the last place that was considered
	live  bool  // whether it has joined the others
	queue []*journal.Entry
	slow  bool
	again int      // how often the rights may have altered
	seen  int      // up to which of those they have been looked at
	orgs  []string // the organisations by which it is offered entries
	gone  bool
}

// Listen begins to listen for the actor in ctx.
func (f *Feed) Listen(ctx context.Context, w Want) (*Listener, error) {
	if err := f.begin(ctx); err != nil {
		return nil, err
	}
	last, err := f.o.Journal.Last(ctx)
	if err != nil {
		return nil, err
	}
	from := last
	if w.After != nil {
		if from = *w.After; from > last || from < 0 {
			return nil, fault.New(fault.Invalid, CodeFuture, "last", last).At("after")
		}
	}
	l := &Listener{f: f, want: w, at: from, told: from, woke: make(chan struct{}, 1)}
	actor := authz.From(ctx)
	l.a = attendant{who: Who(actor), look: l.doubt, wake: l.wake}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return nil, stopping()
	}
	f.enter(&l.a)
	l.place(l.audience(actor))
	return l, nil
}

// Close lets go of the feed.
func (l *Listener) Close() {
	f := l.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.gone {
		return
	}
	l.gone, l.queue = true, nil
	f.leave(&l.a)
	l.unplace()
}

// Next waits for the next note. An error ends the listening: the actor's session has ended, the listener was too slow,
// the server stops.
func (l *Listener) Next(ctx context.Context) (Note, error) {
	for {
		look, e, err := l.take()
		switch {
		case err != nil:
			return Note{}, err
		case look > 0 || e != nil:
			return l.note(ctx, look, e)
		case l.joined():
			select {
			case <-l.woke:
			case <-ctx.Done():
				return Note{}, ctx.Err()
			}
		default:
			if err := l.catchUp(ctx); err != nil {
				return Note{}, err
			}
		}
	}
}

// Caught reads on until there is something to tell, or nothing is left: then it is idle, and has told everything up to
// the place at.
func (l *Listener) Caught(ctx context.Context) (at int64, idle bool, err error) {
	for !l.joined() {
		if len(l.backlog) > 0 {
			return 0, false, nil
		}
		if err := l.catchUp(ctx); err != nil {
			return 0, false, err
		}
	}
	f := l.f
	f.mu.Lock()
	defer f.mu.Unlock()
	at = max(f.at, l.at) // it may have read ahead of the others
	return at, !f.stopped && l.again == l.seen && len(l.backlog) == 0 && !l.slow && len(l.queue) == 0, nil
}

// take finds what to do next: look at the rights again, hand out an entry, or end.
func (l *Listener) take() (look int, e *journal.Entry, err error) {
	f := l.f
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.stopped:
		return 0, nil, stopping()
	case l.again > l.seen:
		return l.again, nil, nil
	case len(l.backlog) > 0:
		if e, l.backlog = l.backlog[0], l.backlog[1:]; len(l.backlog) == 0 {
			l.backlog = nil // what has been told is let go
		}
	case l.slow:
		return 0, nil, fault.New(fault.Unavailable, CodeSlow, "seq", l.told)
	case len(l.queue) > 0:
		if e, l.queue = l.queue[0], l.queue[1:]; len(l.queue) == 0 {
			l.queue = nil
		}
	}
	return 0, e, nil
}

// note finds the rights of this moment, and takes the listener's place by them.
func (l *Listener) note(ctx context.Context, look int, e *journal.Entry) (Note, error) {
	actor, err := l.f.o.Again(ctx)
	if err != nil {
		return Note{}, err
	}
	if e != nil {
		l.told = e.Seq
	}
	if orgs := l.audience(actor); look > 0 || !slices.Equal(orgs, l.orgs) {
		l.f.mu.Lock()
		defer l.f.mu.Unlock()
		l.seen = max(l.seen, look)
		l.unplace()
		l.place(orgs)
	}
	return Note{Entry: e, Actor: actor}, nil
}

// catchUp reads some of what was missed, together with all who missed the same, and joins the others where nothing is left.
func (l *Listener) catchUp(ctx context.Context) error {
	f := l.f
	page, err := f.o.Journal.Behind(ctx, l.at, f.At())
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range page {
		e := &page[i]
		if who, all := f.o.Rights(e); all || who != "" && who == l.a.who {
			l.doubt()
		}
		if l.concerns(e) {
			l.backlog = append(l.backlog, e)
		}
		l.at = e.Seq
	}
	l.live = l.at >= f.at
	return nil
}

func (l *Listener) joined() bool {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	return l.live
}

// concerns says whether an entry is worth asking about.
func (l *Listener) concerns(e *journal.Entry) bool {
	if !journal.Matches(l.want.Types, e.Type) {
		return false
	}
	if l.want.Subject != "" {
		return e.Subject == l.want.Subject
	}
	return l.want.All || l.again > l.seen || slices.ContainsFunc(e.Audience, func(o string) bool { return slices.Contains(l.orgs, o) })
}

// hear takes an entry that is offered, once.
func (l *Listener) hear(e *journal.Entry) {
	if !l.live || e.Seq <= l.at || l.slow {
		return
	}
	l.at = e.Seq
	if !l.concerns(e) {
		return
	}
	if len(l.queue) >= l.f.o.Buffer {
		l.slow, l.queue = true, nil
		l.wake()
		return
	}
	l.queue = append(l.queue, e)
	l.wake()
}

// doubt notes that the rights may have altered: until they have been looked at, everything is offered.
func (l *Listener) doubt() {
	l.again++
	l.f.eager[l] = struct{}{}
	l.wake()
}

func (l *Listener) wake() {
	select {
	case l.woke <- struct{}{}:
	default:
	}
}

// place has the listener offered what concerns its subject, or its organisations.
func (l *Listener) place(orgs []string) {
	l.orgs = orgs
	if l.gone {
		return
	}
	if l.want.All || l.again > l.seen {
		l.f.eager[l] = struct{}{}
	}
	if l.want.Subject != "" {
		l.f.bySubject.add(l.want.Subject, l)
		return
	}
	for _, o := range orgs {
		l.f.byOrg.add(o, l)
	}
}

func (l *Listener) unplace() {
	delete(l.f.eager, l)
	l.f.bySubject.drop(l.want.Subject, l)
	for _, o := range l.orgs {
		l.f.byOrg.drop(o, l)
	}
}

// audience is by what the listener is offered entries.
func (l *Listener) audience(a authz.Actor) []string {
	if l.want.Public {
		return append(a.Heard(), authz.Everybody)
	}
	return a.Heard()
}
