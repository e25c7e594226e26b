package gql

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// operation is one that is under way on a socket.
type operation struct {
	s      *socket
	id     string
	ctx    context.Context
	cancel context.CancelFunc
	began  time.Time
	flow   *flow // of a subscription, once it is open
	over   bool  // by the client's word or ours: nothing is sent any more; under the socket's writing lock
	told   int   // likewise
	ended  sync.Once
}

// subscribe begins an operation; false where the socket has been closed over it.
func (s *socket) subscribe(m message) bool {
	if !s.acked {
		s.close(closeUnauthorized, "Unauthorized")
		return false
	}
	p, why := paramsOf(m)
	if why != "" {
		s.close(closeBad, why)
		return false
	}
	info := known(s.base, s.next())
	s.mu.Lock()
	_, same := s.under[m.ID]
	full := len(s.under) >= s.e.live.Operations
	ctx, cancel := context.WithCancel(request.With(s.caller, info))
	o := &operation{s: s, id: m.ID, ctx: ctx, cancel: cancel, began: s.e.c.Callers.Now()}
	if !same && !full {
		s.under[m.ID] = o
	}
	s.mu.Unlock()
	switch {
	case same:
		cancel()
		s.close(closeSameID, "Subscriber for "+m.ID+" already exists")
		return false
	case full:
		cancel()
		f := fault.New(fault.Refused, CodeOperations, "max", s.e.live.Operations)
		s.send(message{ID: m.ID, Type: "error", Payload: errorsOf(gqlerror.List{Present(ctx, f)})})
		return true
	}
	go o.run(p)
	return true
}

// complete ends an operation because its client has heard enough. After this nothing is sent for it, and its id is free.
func (s *socket) complete(id string) {
	s.mu.Lock()
	o := s.under[id]
	delete(s.under, id)
	s.mu.Unlock()
	if o == nil {
		return
	}
	o.cancel()
	s.writing.Lock()
	o.over = true
	s.writing.Unlock()
}

// run does an operation to its end, or until it rests.
func (o *operation) run(p *graphql.RawParams) {
	rests := false
	defer func() {
		if !rests {
			o.gone()
		}
	}()
	defer o.rescue()
	e, ctx := o.s.e, graphql.StartOperationTrace(o.ctx)
	op, errs := e.begin(ctx, p)
	if len(errs) > 0 {
		o.refuse(errs)
		return
	}
	if op.Operation.Operation != ast.Subscription {
		o.tell(message{ID: o.id, Type: "next", Payload: encode(e.run(ctx, op))}.bytes())
		o.complete()
		return
	}
	f, resp := e.open(ctx, op, nil)
	if f == nil {
		o.refuse(resp.Errors)
		return
	}
	o.ctx, o.flow = ctx, f
	if rests = o.catchUp(); rests {
		context.AfterFunc(ctx, o.gone)
		f.seat.rest(o.listen)
	}
}

// catchUp tells events until all that was missed has been told and there is a seat among those who ask the same; false
// where it has come to its end before.
func (o *operation) catchUp() (rests bool) {
	for {
		seated, err := o.flow.sit(o.ctx)
		if seated {
			return true
		}
		var t tale
		if err == nil {
			t, err = o.flow.alone(o.ctx)
		}
		if !o.next(t, err) {
			return false
		}
	}
}

// listen tells what waits at the seat, until there is nothing more.
func (o *operation) listen() {
	defer o.rescue()
	for o.ctx.Err() == nil {
		t, err := o.flow.seat.take()
		if err == nil && t.ev == nil {
			return
		}
		if err == nil {
			t, err = o.flow.fit(o.ctx, t)
		}
		if !o.next(t, err) {
			o.gone()
		}
	}
}

// next tells an event; false where the operation has come to its end, which is told to whoever still listens.
func (o *operation) next(t tale, err error) bool {
	switch {
	case o.ctx.Err() != nil: // what was answered meanwhile may be no answer
	case err == nil:
		o.tell(t.message(o.id))
		return true
	case errors.Is(err, io.EOF):
		o.complete()
	case errors.Is(err, errTokenOver), fault.Of(err).Kind == fault.Unauthenticated:
		o.s.refuse(err)
	default:
		o.refuse(o.s.e.last(o.ctx, err))
	}
	return false
}

// rescue ends an operation that has panicked.
func (o *operation) rescue() {
	if what := recover(); what != nil {
		o.refuse(gqlerror.List{Present(o.ctx, o.s.e.panicked(o.ctx, what))})
		o.gone()
	}
}

// gone lets go of everything that the operation held, once.
func (o *operation) gone() {
	o.ended.Do(func() {
		o.cancel()
		if o.flow != nil {
			o.flow.close()
		}
		o.s.writing.Lock()
		told := o.told
		o.s.writing.Unlock()
		o.s.e.note(o.ctx, o.began, told)
	})
}

// tell sends a result, in the form of a message.
func (o *operation) tell(result []byte) {
	o.s.writing.Lock()
	defer o.s.writing.Unlock()
	if !o.over {
		o.told++
		o.s.write(result)
	}
}

// refuse ends the operation with errors. No complete follows.
func (o *operation) refuse(errs gqlerror.List) {
	o.end(message{ID: o.id, Type: "error", Payload: errorsOf(errs)})
}

func (o *operation) complete() { o.end(message{ID: o.id, Type: "complete"}) }

// end frees the id, and then says so.
func (o *operation) end(m message) {
	o.s.mu.Lock()
	if o.s.under[o.id] == o {
		delete(o.s.under, o.id)
	}
	o.s.mu.Unlock()
	o.s.writing.Lock()
	defer o.s.writing.Unlock()
	if !o.over {
		o.over = true
		o.s.write(m.bytes())
	}
}
