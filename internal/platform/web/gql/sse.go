package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

// eventType is the form of an answer that goes on: server-sent events.
const eventType = "text/event-stream"

// events answers one operation as server-sent events, after the protocol graphql-sse in its mode of distinct
// connections: a next for each result, then complete. What is wrong with the operation is told as a next too, because a
// browser's EventSource shows no other answer to its page.
func (e *Engine) events(ctx context.Context, w http.ResponseWriter, r *http.Request, op *graphql.OperationContext) {
	if op.Operation.Operation != "subscription" {
		resp := e.run(ctx, op)
		e.tellAll(ctx, w, resp)
		return
	}
	resume, why := resumeFrom(r.Header)
	if why != nil {
		e.tellAll(ctx, w, &graphql.Response{Errors: gqlerror.List{Present(ctx, why)}})
		return
	}
	who := callerOf(ctx)
	if full := e.live.enter(who); full != nil {
		status := http.StatusTooManyRequests
		if full.Code == CodeHouseFull {
			status = http.StatusServiceUnavailable
		}
		w.Header().Set("Retry-After", "30")
		Refuse(ctx, w, status, full)
		return
	}
	defer e.live.leave(who)
	e.live.gauge.WithLabelValues("event stream").Inc()
	defer e.live.gauge.WithLabelValues("event stream").Dec()
	f, resp := e.open(ctx, op, resume)
	if f == nil {
		e.tellAll(ctx, w, resp)
		return
	}
	defer f.close()
	e.flowOut(ctx, f, newTeller(ctx, w, e.live.Write))
}

// flowOut tells events until the client has gone, the subscription ends or the server does.
func (e *Engine) flowOut(ctx context.Context, f *flow, t *teller) {
	t.comment("")
	p := &pulse{e: e, t: t}
	defer p.stop()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(e.live.ending, func() { end(nil) })()
	p.begin(ctx, end)
	for !t.failed() {
		next, err := f.next(ctx)
		switch why := context.Cause(ctx); {
		case why == nil && err == nil:
			t.write(next.event())
			continue
		case why == nil:
			e.sayEnd(ctx, t, err)
		case !errors.Is(why, context.Canceled): // the caller is no longer who they were
			e.sayEnd(ctx, t, why)
		case e.live.ending.Err() != nil:
			t.retry(time.Second)
		}
		return
	}
}

// pulse gives a sign of life on a stream from time to time, and ends it when its caller is no longer who they were. It
// beats beside the telling, so that no event is cut off by it.
type pulse struct {
	e   *Engine
	t   *teller
	ctx context.Context
	end context.CancelCauseFunc

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func (p *pulse) begin(ctx context.Context, end context.CancelCauseFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx, p.end = ctx, end
	p.timer = time.AfterFunc(p.e.untilLook(ctx), p.beat)
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.ctx.Err() != nil {
		return
	}
	if err := p.e.c.Callers.over(p.ctx); err != nil {
		p.end(err)
		return
	}
	p.t.comment("")
	p.timer.Reset(p.e.untilLook(p.ctx))
}

// stop waits for a beat under way: after it nothing is written any more.
func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// untilLook is for how long a stream may be silent before its caller is looked at again: no longer than the token is good.
func (e *Engine) untilLook(ctx context.Context) time.Duration {
	if left, ends := e.c.Callers.left(ctx); ends {
		return min(left, e.live.Heartbeat)
	}
	return e.live.Heartbeat
}

// sayEnd ends a stream. After a token has run out there is no complete: the client comes again with a new one.
func (e *Engine) sayEnd(ctx context.Context, t *teller, err error) {
	switch {
	case errors.Is(err, errTokenOver):
		t.comment("the token has ended: come again with a new one")
		return
	case errors.Is(err, io.EOF):
	case fault.Is(err, fault.CodeUnavailable): // a passing failure: the client resumes
		t.comment("unavailable: come again")
		return
	default:
		t.next(0, refusalOf(e.last(ctx, err)))
	}
	t.complete()
}

// tellAll writes one result and the end.
func (e *Engine) tellAll(ctx context.Context, w http.ResponseWriter, resp *graphql.Response) {
	t := newTeller(ctx, w, e.live.Write)
	if len(resp.Errors) > 0 && len(resp.Data) == 0 {
		t.next(0, refusalOf(resp.Errors))
	} else {
		t.next(0, encode(resp))
	}
	t.complete()
}

// refusalOf is a result of errors alone.
func refusalOf(errs gqlerror.List) []byte {
	body, err := json.Marshal(map[string]any{"errors": errs})
	if err != nil {
		return []byte(`{"errors":[{"message":"` + string(fault.CodeInternal) + `"}]}`)
	}
	return body
}

// resumeFrom reads the place from which a client resumes, as its EventSource sends it by itself.
func resumeFrom(h http.Header) (*int64, *fault.Fault) {
	text := h.Get("Last-Event-ID")
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil, fault.New(fault.Invalid, CodeBadRequest, "detail", "Last-Event-ID is not the id of an event")
	}
	return &n, nil
}

// teller writes server-sent events. After a failure it is silent.
type teller struct {
	w     http.ResponseWriter
	c     *http.ResponseController
	limit time.Duration // for a client to receive one of them

	mu  sync.Mutex
	err error
}

func (t *teller) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err != nil
}

func newTeller(ctx context.Context, w http.ResponseWriter, limit time.Duration) *teller {
	h := w.Header()
	h.Set("Content-Type", eventType+"; charset=utf-8")
	h.Set("Content-Language", catalogue.From(ctx).Language())
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies hold nothing back
	t := &teller{w: w, c: http.NewResponseController(w), limit: limit}
	_ = t.c.SetReadDeadline(time.Time{}) // the request has been read; what follows is silence, however long
	w.WriteHeader(http.StatusOK)
	return t
}

func (t *teller) write(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	_ = t.c.SetWriteDeadline(time.Now().Add(t.limit)) //nolint:forbidigo // the socket's own clock
	if _, t.err = t.w.Write(b); t.err == nil {
		if err := t.c.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			t.err = err
		}
	}
}

func (t *teller) next(seq int64, data []byte) { t.write(nextEvent(seq, data)) }

// nextEvent is a result as an event; its place is its id, where it has one.
func nextEvent(seq int64, data []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(data) + 64)
	if seq > 0 {
		b.WriteString("id: " + strconv.FormatInt(seq, 10) + "\n")
	}
	b.WriteString("event: next\ndata: ")
	b.Write(bytes.ReplaceAll(data, []byte("\n"), []byte("\ndata: ")))
	b.WriteString("\n\n")
	return b.Bytes()
}

// complete has an empty data line, without which browsers drop the event.
func (t *teller) complete() { t.write([]byte("event: complete\ndata:\n\n")) }

func (t *teller) comment(text string) { t.write([]byte(":" + text + "\n\n")) }

func (t *teller) retry(after time.Duration) {
	t.write([]byte("retry: " + strconv.FormatInt(after.Milliseconds(), 10) + "\n\n"))
}
