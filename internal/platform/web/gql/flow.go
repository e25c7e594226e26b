package gql

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/stream"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// errTokenOver says that what the caller came with has run out: no fault of theirs, they come again with a new one.
var errTokenOver = errors.New("gql: the caller's token has ended")

// flow is a subscription under way, whatever carries it. For each event its operation is run anew, by the rights of
// that moment.
type flow struct {
	e      *Engine
	op     *graphql.OperationContext
	source stream.Source
	name   string
	asked  string // what is asked, in the words of an echoKey
	alike  bool   // whether who asks makes no difference beyond their rights
	circle string // with whom it may listen; "" with nobody
	seat   *seat  // in the circle; nil while it listens by itself
}

// open begins a subscription at the place from which the client resumes. Where the root field refuses it, there is a
// response with the errors instead.
func (e *Engine) open(ctx context.Context, op *graphql.OperationContext, resume *int64) (*flow, *graphql.Response) {
	l := &stream.Line{Resume: resume}
	within, cancel := context.WithTimeout(stream.With(ctx, l), e.live.Deadline)
	defer cancel()
	handle, within := e.exec.DispatchOperation(within, op)
	if l.Source() == nil {
		resp := handle(within)
		if resp == nil || len(resp.Errors) == 0 {
			f := fault.New(fault.Unavailable, fault.CodeUnavailable).Because(within.Err())
			resp = &graphql.Response{Errors: gqlerror.List{Present(ctx, f)}}
		}
		return nil, resp
	}
	op.Stats = graphql.Stats{} // its price is paid; each event would only tell it again
	name := class(op.Operation)
	e.live.gauge.WithLabelValues("subscription").Inc()
	f := &flow{e: e, op: op, source: l.Source(), name: name, asked: askedOf(ctx, op), alike: e.c.Alike(op.Operation)}
	if _, joins := l.Source().(stream.Joiner); joins && !e.live.Apart {
		f.circle = circleOf(ctx, op, f.asked)
	}
	return f, nil
}

// next waits for the next event, and gives back what is told of it.
func (f *flow) next(ctx context.Context) (tale, error) {
	seated, err := f.sit(ctx)
	switch {
	case err != nil:
		return tale{}, err
	case !seated:
		return f.alone(ctx)
	}
	t, err := f.seat.next(ctx)
	if err != nil {
		return tale{}, err
	}
	return f.fit(ctx, t)
}

// sit takes a seat in the circle as soon as everything that was missed has been told; false where there is more of it, or
// no circle.
func (f *flow) sit(ctx context.Context) (bool, error) {
	if f.seat != nil || f.circle == "" {
		return f.seat != nil, nil
	}
	s, err := f.e.circles.sit(ctx, f, f.source.(stream.Joiner))
	if s != nil {
		f.seat, f.source = s, nil // the circle's now, or closed
	}
	return s != nil, err
}

// alone is the next event as it is told to who listens by themselves.
func (f *flow) alone(ctx context.Context) (tale, error) {
	ev, err := f.source.Next(ctx)
	if err != nil {
		return tale{}, err
	}
	body, _ := f.told(ctx, ev)
	return f.fit(ctx, tale{ev: ev, body: body})
}

// fit makes a tale fit to be told to this subscriber, unless their token has ended.
func (f *flow) fit(ctx context.Context, t tale) (tale, error) {
	if authz.ProofFrom(ctx).Over(f.e.c.Callers.Now()) {
		return tale{}, errTokenOver
	}
	f.e.live.told.WithLabelValues(f.name).Inc()
	if t.body == nil {
		t.body, _ = f.answer(ctx, t.ev)
		t.forms = nil
	}
	return t, nil
}

// told answers the operation about an event, together with everybody who would be told the same. The source has found
// the subscriber's own rights, and that they may know of this event, before anything is shared. An answer with an error
// is for one subscriber alone.
func (f *flow) told(ctx context.Context, ev *stream.Event) (body []byte, fine bool) {
	if ev.Of == "" || f.e.live.Apart {
		return f.answer(ctx, ev)
	}
	key := echoKey{asked: f.asked, sight: f.sight(ctx, ev.Actor), of: ev.Of, heard: f.e.c.Heard(), seq: ev.Seq}
	return f.e.echoes.tell(ctx, key,
		func() ([]byte, bool) { return f.answer(ctx, f.mask(ev)) },
		func() ([]byte, bool) { return f.answer(ctx, ev) })
}

// answer runs the operation about an event, for no longer than the deadline. With an error it is for this subscriber
// alone: it names their request.
func (f *flow) answer(ctx context.Context, ev *stream.Event) (body []byte, fine bool) {
	ctx, cancel := context.WithTimeout(ctx, f.e.live.Deadline)
	defer cancel()
	f.e.live.asked.WithLabelValues(f.name).Inc()
	resp := f.e.run(stream.Telling(ctx, ev), f.op)
	return encode(resp), len(resp.Errors) == 0
}

func (f *flow) close() {
	if f.seat != nil {
		f.seat.leave()
	} else {
		f.source.Close()
	}
	f.e.live.gauge.WithLabelValues("subscription").Dec()
}

// last is what is told to a subscriber whose subscription has ended by an error, with the place from which to resume
// where that is known.
func (e *Engine) last(ctx context.Context, err error) gqlerror.List {
	f := e.present.faults(ctx, err)[0]
	e.present.note(ctx, f, nil, err)
	g := Present(ctx, f)
	if seq, ok := f.Params["seq"]; ok {
		g.Extensions["seq"] = seq
	}
	return gqlerror.List{g}
}

// note writes the one line of an operation on a connection that carries several.
func (e *Engine) note(ctx context.Context, began time.Time, told int) {
	i := request.From(ctx)
	e.c.Log.InfoContext(ctx, "operation", "requestId", i.ID, "operation", i.Operation(), "told", told,
		"took", e.c.Callers.Now().Sub(began), "codes", i.Codes())
}
