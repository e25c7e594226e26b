package gql

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// subprotocol is the one that sockets speak.
const subprotocol = "graphql-transport-ws"

// The codes with which a socket is closed: those of the protocol, and two that the web has for every socket.
const (
	closeRestart      = websocket.StatusServiceRestart // the server stops: come again
	closeTryLater     = websocket.StatusTryAgainLater  // too many connections, or the store is away
	closeSilent       = websocket.StatusGoingAway      // no sign of life
	closeBad          = 4400                           // a message that the protocol does not know
	closeUnauthorized = 4401                           // an operation before the connection was acknowledged
	closeForbidden    = 4403                           // the token is no good, or has ended, or its session has
	closeProtocol     = 4406                           // another subprotocol
	closeInitTimeout  = 4408                           // no connection_init in time
	closeSameID       = 4409                           // an operation under the id of one under way
	closeTwoInits     = 4429                           // a second connection_init
)

// socket is one client's connection. Whoever reads it answers pings and begins operations; each operation runs by
// itself, until it rests in a circle; a timer looks for signs of life.
type socket struct {
	e    *Engine
	c    *websocket.Conn
	base *request.Info
	ctx  context.Context // the socket's own life

	timer *time.Timer // for the first message, then for signs of life
	until *time.Timer // for the end of the token; nil where it has none
	heard atomic.Bool // whether anything has come since the timer last looked
	doubt atomic.Bool // whether the caller's rights are being looked at
	ended sync.Once

	mu     sync.Mutex
	who    string          // whose place the connection takes
	caller context.Context // who is calling, once that is known
	leave  func()          // ends the attention to the caller's rights
	begun  bool            // whether connection_init has come
	acked  bool            // whether it was answered
	under  map[string]*operation
	count  int

	writing sync.Mutex
}

// socket upgrades a request to a socket, and has it served to its end by a goroutine of its own: that of the request has
// come a long way, and would keep all that it holds for as long.
func (e *Engine) socket(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	who := atAddress + request.Address(ctx)
	if full := e.live.enter(who); full != nil {
		w.Header().Set("Retry-After", "30")
		Refuse(ctx, w, http.StatusServiceUnavailable, full)
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // where a page may come from is for the edge to say
	})
	if err != nil { // it has been answered
		e.live.leave(who)
		return
	}
	c.SetReadLimit(e.live.Message)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &socket{e: e, c: c, base: request.From(ctx), ctx: ctx, who: who, caller: ctx, leave: func() {}, under: map[string]*operation{}}
	e.live.gauge.WithLabelValues("socket").Inc()
	go s.serve(cancel)
}

// serve serves the socket to its end.
func (s *socket) serve(cancel func()) {
	defer s.gone(cancel)
	defer func() {
		if what := recover(); what != nil {
			_ = s.e.panicked(s.ctx, what)
			s.close(websocket.StatusInternalError, "Internal server error")
		}
	}()
	defer context.AfterFunc(s.e.live.ending, func() { s.close(closeRestart, "the server stops: come again") })()
	if s.c.Subprotocol() != subprotocol {
		s.close(closeProtocol, "Subprotocol not acceptable")
		return
	}
	s.timer = time.AfterFunc(s.e.live.Init, s.tick)
	s.read()
}

// gone lets go of everything that the socket held.
func (s *socket) gone(cancel func()) {
	cancel()
	if s.timer != nil {
		s.timer.Stop()
	}
	_ = s.c.CloseNow()
	s.mu.Lock()
	all, leave, who := s.under, s.leave, s.who
	s.under = nil
	if s.until != nil {
		s.until.Stop()
	}
	s.mu.Unlock()
	for _, o := range all {
		o.cancel()
	}
	leave()
	s.e.live.gauge.WithLabelValues("socket").Dec()
	s.e.live.leave(who)
}

// close ends the socket, once, and tells the client why.
func (s *socket) close(code websocket.StatusCode, why string) {
	s.ended.Do(func() {
		if len(why) > 120 { // a close frame holds 123 bytes
			why = strings.ToValidUTF8(why[:120], "")
		}
		_ = s.c.Close(code, why)
	})
}

// read takes messages until the socket ends.
func (s *socket) read() {
	for {
		kind, raw, err := s.c.Read(s.ctx)
		if err != nil {
			return
		}
		s.heard.Store(true)
		if kind != websocket.MessageText {
			s.close(closeBad, "Messages are text")
			return
		}
		m, why := readMessage(raw)
		if why != "" {
			s.close(closeBad, why)
			return
		}
		if !s.take(m) {
			return
		}
	}
}

// take does what a message asks for; false where the socket has been closed over it.
func (s *socket) take(m message) bool {
	switch m.Type {
	case "connection_init":
		return s.begin(m)
	case "ping":
		s.send(message{Type: "pong", Payload: m.Payload})
	case "pong":
	case "subscribe":
		return s.subscribe(m)
	case "complete":
		s.complete(m.ID)
	}
	return true
}

// begin answers connection_init: from now on it is known who is calling.
func (s *socket) begin(m message) bool {
	if s.begun {
		s.close(closeTwoInits, "Too many initialisation requests")
		return false
	}
	s.begun = true
	caller := s.ctx
	if bearer := bearerOf(m.Payload); bearer != "" && s.e.c.Callers.Login != nil {
		var err error
		if caller, err = s.e.c.Callers.Login(s.ctx, bearer); err != nil {
			s.refuse(err)
			return false
		}
	}
	who := callerOf(caller)
	if !s.e.live.become(s.who, who) {
		s.close(closeTryLater, "Too many connections")
		return false
	}
	s.mu.Lock()
	s.who, s.caller, s.acked = who, caller, true
	s.leave = s.e.c.Callers.attend(caller, func() { s.lookSoon() })
	s.mu.Unlock()
	s.send(message{Type: "connection_ack"})
	s.timer.Reset(s.e.live.Heartbeat)
	if left, ends := s.e.c.Callers.left(caller); ends {
		s.mu.Lock()
		s.until = time.AfterFunc(left, s.tokenEnds)
		s.mu.Unlock()
	}
	return true
}

// refuse closes the socket of a caller who is not, or no longer, who they say.
func (s *socket) refuse(err error) {
	switch f := fault.Of(err); {
	case errors.Is(err, errTokenOver):
		s.close(closeForbidden, "The token has ended")
	case f.Kind == fault.Unavailable:
		s.close(closeTryLater, "Unavailable")
	default:
		s.close(closeForbidden, "Forbidden")
	}
}

// tick looks for the first message, and then from time to time for signs of life and whether the caller is still who
// they were.
func (s *socket) tick() {
	s.mu.Lock()
	acked := s.acked
	s.mu.Unlock()
	if !acked {
		s.close(closeInitTimeout, "Connection initialisation timeout")
		return
	}
	if !s.heard.Swap(false) {
		s.close(closeSilent, "No sign of life")
		return
	}
	s.look()
	s.send(message{Type: "ping"})
	if s.ctx.Err() == nil {
		s.timer.Reset(s.e.live.Heartbeat)
	}
}

// tokenEnds looks at the caller when their token should have ended, and comes again where clocks differ about that.
func (s *socket) tokenEnds() {
	s.look()
	if left, _ := s.e.c.Callers.left(s.callerNow()); s.ctx.Err() == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.until.Reset(left)
	}
}

// lookSoon looks at the caller's rights by itself; several requests for it at once are one.
func (s *socket) lookSoon() {
	if s.doubt.CompareAndSwap(false, true) {
		go func() {
			s.doubt.Store(false)
			s.look()
		}()
	}
}

func (s *socket) look() {
	err := s.e.c.Callers.over(s.callerNow())
	if err != nil && (errors.Is(err, errTokenOver) || fault.Of(err).Kind == fault.Unauthenticated) {
		s.refuse(err)
	}
}

func (s *socket) callerNow() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller
}

// send writes a message. A client that does not take it in time is let go.
func (s *socket) send(m message) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.write(m.bytes())
}

func (s *socket) write(message []byte) {
	ctx, cancel := context.WithTimeout(s.ctx, s.e.live.Write)
	defer cancel()
	_ = s.c.Write(ctx, websocket.MessageText, message) // a failure ends the reading too
}

// next is the request id of the next operation.
func (s *socket) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return request.ID(s.ctx) + "-" + strconv.Itoa(s.count)
}
