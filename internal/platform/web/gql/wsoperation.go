package gql

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	cancel context.CancelFunc
	over   bool // by the client's word or ours: nothing is sent any more; under the socket's writing lock
	told   int
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
	o := &operation{s: s, id: m.ID, cancel: cancel}
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
	go o.run(ctx, p)
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

// run does an operation to its end.
func (o *operation) run(ctx context.Context, p *graphql.RawParams) {
	e := o.s.e
	began := e.c.Callers.Now()
	defer o.cancel()
	defer func() { e.note(ctx, began, o.told) }()
	defer func() {
		if what := recover(); what != nil {
			f := fault.New(fault.Internal, fault.CodeInternal).Because(e.present.recovered(ctx, what))
			e.c.Log.ErrorContext(ctx, "panic", "requestId", request.ID(ctx), "error", fmt.Sprint(f.Err))
			o.refuse(gqlerror.List{Present(ctx, f)})
		}
	}()
	ctx = graphql.StartOperationTrace(ctx)
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
	defer f.close()
	o.flow(ctx, f)
}

// flow tells events until the client has heard enough, or the subscription ends.
func (o *operation) flow(ctx context.Context, f *flow) {
	for {
		next, err := f.next(ctx)
		switch {
		case err == nil:
			o.tell(next.message(o.id))
			continue
		case ctx.Err() != nil:
		case errors.Is(err, io.EOF):
			o.complete()
		case errors.Is(err, errTokenOver), fault.Of(err).Kind == fault.Unauthenticated:
			o.s.refuse(err)
		default:
			o.refuse(o.s.e.last(ctx, err))
		}
		return
	}
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
