package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/stream"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// lively is the small schema with a subscription whose events a test makes.
type lively struct {
	small
	open func(after *int64) (stream.Source, error)
}

func (s lively) Exec(ctx context.Context) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Subscription {
		return s.small.Exec(ctx)
	}
	answers, err := stream.Answer[string](ctx, nil, s.open)
	if err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	return func(context.Context) *graphql.Response {
		v, ok := <-answers
		if !ok {
			return nil
		}
		if v == "panic" {
			panic("the secret of the house")
		}
		return &graphql.Response{Data: json.RawMessage(`{"changes":` + strconv.Quote(v) + `}`)}
	}
}

// taps is a source that a test lets run: it tells what comes, or ends with an error that comes.
type taps struct {
	come   chan any
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	after *int64
}

func (s *taps) resume(after *int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
}

func (s *taps) resumed() *int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.after
}

func newTaps() *taps { return &taps{come: make(chan any, 100), closed: make(chan struct{})} }

func (s *taps) Next(ctx context.Context) (*stream.Event, error) {
	select {
	case v := <-s.come:
		switch x := v.(type) {
		case error:
			return nil, x
		case *stream.Event:
			return x, nil
		}
		return nil, errors.New("neither")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *taps) Close() { s.once.Do(func() { close(s.closed) }) }

func (s *taps) tell(seq int64, v string) {
	s.come <- &stream.Event{Seq: seq, Value: v, Actor: authz.Actor{Person: "per1"}}
}

// station is a server on which connections stay open.
type station struct {
	*httptest.Server

	engine *gql.Engine
	taps   *taps
	mute   stream.Source // in the place of taps, where a test wants it
	log    *safeLog

	mu   sync.Mutex
	now  time.Time
	gone bool // whether the session has ended
	look []func()
}

type safeLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s *station) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *station) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// endSession ends everybody's session, and has it looked at.
func (s *station) endSession() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	for _, look := range s.look {
		look()
	}
}

func (s *station) login(ctx context.Context, bearer string) (context.Context, error) {
	switch bearer {
	case "good", "short", "brief":
		ctx = authz.With(ctx, authz.Actor{Person: id.Person("per1")})
		p := authz.Proof{Bearer: authz.Secret(bearer)}
		if bearer == "short" {
			p.Ends = s.clock().Add(time.Minute)
		}
		if bearer == "brief" {
			p.Ends = s.clock().Add(50 * time.Millisecond)
		}
		return authz.WithProof(ctx, p), nil
	case "store-down":
		return nil, fault.New(fault.Unavailable, fault.CodeUnavailable)
	}
	return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
}

func (s *station) again(ctx context.Context) (authz.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	return authz.From(ctx), nil
}

func newStation(t testing.TB, live gql.Live) *station {
	t.Helper()
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &station{taps: newTaps(), log: &safeLog{}, now: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)}
	schema := lively{small: newSmall(t), open: func(after *int64) (stream.Source, error) {
		if after != nil && *after > 1000 {
			return nil, fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", 1000).At("after")
		}
		if s.mute != nil {
			return s.mute, nil
		}
		s.taps.resume(after)
		return s.taps, nil
	}}
	s.engine = gql.New(gql.Config{
		Schema: schema, Limits: gql.DefaultLimits(), Open: func(context.Context) bool { return true },
		Log: slog.New(slog.NewTextHandler(s.log, nil)), Live: live,
		Callers: gql.Callers{Login: s.login, Again: s.again, Now: s.clock, Attend: func(_ context.Context, look func()) func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.look = append(s.look, look)
			return func() {}
		}},
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := catalogue.With(r.Context(), words.Voice(r.Header.Get("Accept-Language")))
		ctx = request.With(ctx, &request.Info{ID: "r1", Address: "192.0.2.1"})
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			if ctx, err = s.login(ctx, token); err != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		}
		s.engine.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(s.Close)
	return s
}

// soon waits for something that will be, however slow the machine is.
func soon(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(2 * time.Minute):
		t.Fatalf("waited in vain: %s", what)
	}
}
