package gql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// A program keeps many windows open that ask the same: each tab of a page, each process behind a balancer. They form a
// circle. One of them listens for all, has the rights looked at and the answer made; the others only write it down their
// own connection. Whoever comes late first tells by itself what was missed, and then takes a seat.
//
// What is told was composed by the rights of the moment at which it was heard. When the session behind a circle ends,
// nothing that waits in it is told any more.

// maxWaiting is how many answers may wait for one seat, as many as entries for one listener.
const maxWaiting = 256

// circles are all of a server's, by what they ask and who asks it.
type circles struct {
	mu sync.Mutex
	by map[string]*circle
}

// circle is all who came with one token and ask the same.
type circle struct {
	of   *circles
	key  string
	flow *flow
	end  context.CancelFunc

	first *seat // of whoever founded it: an answer that is for one alone is theirs

	mu    sync.Mutex
	seats map[*seat]struct{}
}

// seat is one subscription of a circle. Either somebody waits at it, or it rests: then it costs no goroutine until
// something is to be told.
type seat struct {
	c    *circle
	from int64         // what lies before it was told before
	woke chan struct{} // of one place

	mu   sync.Mutex
	wait []tale
	last int64 // the place of what was told last
	slow bool
	err  error  // why nothing more comes
	tell func() // of a seat that rests: takes what waits until there is nothing more
	busy bool   // whether that is under way
}

// tale is an event with its answer.
type tale struct {
	ev    *stream.Event
	body  []byte // nil where each must be answered apart
	forms *forms // nil where nobody else is told it
}

// forms are an answer as it goes down a connection, for all to whom it goes in the same form.
type forms struct {
	mu sync.Mutex
	by map[form][]byte
}

// form is how an answer goes down a connection: as a message of a socket under an operation's id, or as an event.
type form struct {
	event bool
	id    string
}

// mostForms bounds those of one answer: clients count their subscriptions, most from 1.
const mostForms = 8

func (f *forms) of(which form, put func() []byte) []byte {
	if f == nil {
		return put()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, made := f.by[which]
	if !made {
		if b = put(); len(f.by) < mostForms {
			f.by[which] = b
		}
	}
	return b
}

// message is the tale as a socket tells it under the name of an operation.
func (t tale) message(id string) []byte {
	return t.forms.of(form{id: id}, func() []byte { return message{ID: id, Type: "next", Payload: t.body}.bytes() })
}

// event is the tale as a stream of events tells it.
func (t tale) event() []byte {
	return t.forms.of(form{event: true}, func() []byte { return nextEvent(t.ev.Seq, t.body) })
}

// circleOf names the circle to which a subscription belongs: what is asked, with everything but the place to begin at,
// and what the caller came with. It is "" where that cannot be said.
func circleOf(ctx context.Context, op *graphql.OperationContext, asked string) string {
	root, ok := op.Operation.SelectionSet[0].(*ast.Field)
	if !ok || len(op.Operation.SelectionSet) > 1 {
		return ""
	}
	args := root.ArgumentMap(op.Variables)
	delete(args, "after")
	raw, err := json.Marshal(args)
	if err != nil {
		return ""
	}
	a, proof := authz.From(ctx), authz.ProofFrom(ctx)
	return fmt.Sprintf("%s|%s|%q %q %q %q", asked, raw, a.Person, a.Session, a.Service, string(proof.Bearer))
}

// sit takes a place in the circle of a flow whose source has told everything; nil where it has to tell more by itself.
// The first of a circle gives it its source.
func (s *circles) sit(ctx context.Context, f *flow, source stream.Joiner) (*seat, error) {
	at, idle, err := source.Caught(ctx)
	if err != nil || !idle {
		return nil, err
	}
	own := &seat{woke: make(chan struct{}, 1), last: at}
	if s.enter(ctx, f, own) {
		return own, nil
	}
	at, idle, err = source.Caught(ctx) // what comes after this place, the circle hears after the seat was taken
	if err != nil || !idle {
		own.leave()
		return nil, err
	}
	f.source.Close()
	own.begin(at)
	return own, nil
}

// enter gives a seat its circle, which is founded where there is none.
func (s *circles) enter(ctx context.Context, f *flow, own *seat) (founded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.by[f.circle]; c != nil {
		own.c = c
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seats[own] = struct{}{}
		return false
	}
	teller := *f
	teller.op, teller.circle = sameAs(f.op), ""
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	own.c = &circle{of: s, key: f.circle, flow: &teller, end: end, first: own, seats: map[*seat]struct{}{own: {}}}
	s.by[f.circle] = own.c
	go own.c.run(ctx)
	return true
}

// sameAs is the same operation once more, because two may not run one at the same time.
func sameAs(op *graphql.OperationContext) *graphql.OperationContext {
	return &graphql.OperationContext{
		RawQuery: op.RawQuery, Variables: op.Variables, OperationName: op.OperationName, Doc: op.Doc, Operation: op.Operation,
		Extensions: op.Extensions, Headers: op.Headers, DisableIntrospection: op.DisableIntrospection, RecoverFunc: op.RecoverFunc,
		ResolverMiddleware: op.ResolverMiddleware, RootResolverMiddleware: op.RootResolverMiddleware,
	}
}

// run hears for all until the last has left, or the source ends.
func (c *circle) run(ctx context.Context) {
	defer c.flow.source.Close()
	var why error
	defer func() {
		if what := recover(); what != nil {
			why = c.flow.e.panicked(ctx, what)
		}
		c.close(why)
	}()
	for why == nil {
		why = c.once(ctx)
	}
}

// once hears one event and tells it.
func (c *circle) once(ctx context.Context) error {
	ev, err := c.flow.source.Next(ctx)
	if err != nil {
		return err
	}
	body, fine := c.flow.told(ctx, ev)
	c.tell(tale{ev, body, &forms{by: map[form][]byte{}}}, fine)
	return nil
}

// tell has everybody told. What is not fine names the request of whoever founded the circle: the others ask apart.
func (c *circle) tell(t tale, fine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.seats {
		if fine || s == c.first {
			s.hear(t)
		} else {
			s.hear(tale{ev: t.ev})
		}
	}
}

// close tells everybody why nothing more comes. The next who asks founds a new circle.
func (c *circle) close(why error) {
	c.of.mu.Lock()
	if c.of.by[c.key] == c {
		delete(c.of.by, c.key)
	}
	c.of.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.seats {
		s.stop(why)
	}
	c.end()
}

// leave gives up a seat. The last who leaves ends the circle.
func (s *seat) leave() {
	c := s.c
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seats, s)
	if len(c.seats) == 0 && c.of.by[c.key] == c {
		delete(c.of.by, c.key)
		c.end()
	}
}

// begin forgets what was told before the seat was taken.
func (s *seat) begin(at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.last = at, at
	s.wait = slices.DeleteFunc(s.wait, func(t tale) bool { return t.ev.Seq <= at })
}

func (s *seat) hear(t tale) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.ev.Seq <= s.from || s.slow || s.err != nil:
		return
	case len(s.wait) >= maxWaiting:
		s.slow, s.wait = true, nil
	default:
		s.wait = append(s.wait, t)
	}
	s.wake()
}

func (s *seat) stop(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.wait = why, nil
	s.wake()
}

func (s *seat) wake() {
	if s.tell != nil {
		if !s.busy {
			s.busy = true
			go s.tell()
		}
		return
	}
	select {
	case s.woke <- struct{}{}:
	default:
	}
}

// rest has tell called, now and whenever something comes, by one at a time. It takes until there is nothing more.
func (s *seat) rest(tell func()) {
	s.mu.Lock()
	s.tell, s.busy = tell, true
	s.mu.Unlock()
	tell()
}

// next waits for what is to be told next.
func (s *seat) next(ctx context.Context) (tale, error) {
	for {
		if t, err := s.take(); err != nil || t.ev != nil {
			return t, err
		}
		select {
		case <-s.woke:
		case <-ctx.Done():
			return tale{}, ctx.Err()
		}
	}
}

// take is what is to be told next; without an event where there is nothing: then a seat that rests is woken again.
func (s *seat) take() (t tale, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return t, s.err
	case s.slow:
		return t, fault.New(fault.Unavailable, feed.CodeSlow, "seq", s.last)
	case len(s.wait) > 0:
		if t, s.wait = s.wait[0], s.wait[1:]; len(s.wait) == 0 {
			s.wait = nil
		}
		s.last = t.ev.Seq
	default:
		s.busy = false
	}
	return t, nil
}
