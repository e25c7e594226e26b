package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// CodeCrossOrigin refuses a change that a page of another website tries to make in its reader's name.
const CodeCrossOrigin fault.Code = "CROSS_ORIGIN"

// identify gives each request an id: the caller's own where it is fit for a log, else a fresh one.
func identify(random io.Reader, proxies Proxies, next http.Handler) http.Handler {
	fit := regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !fit.MatchString(id) {
			var b [12]byte
			if _, err := io.ReadFull(random, b[:]); err != nil {
				http.Error(w, string(fault.CodeUnavailable), http.StatusServiceUnavailable)
				return
			}
			id = hex.EncodeToString(b[:])
		}
		w.Header().Set("X-Request-Id", id)
		info := &request.Info{ID: id, Address: proxies.address(r), Agent: r.UserAgent(), Accept: r.Header.Values("Accept")}
		next.ServeHTTP(w, r.WithContext(request.With(r.Context(), info)))
	})
}

// speak chooses the language of the sentences for people.
func speak(c *catalogue.Catalogue, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Language")
		voice := c.Voice(r.Header.Get("Accept-Language"))
		next.ServeHTTP(w, r.WithContext(catalogue.With(r.Context(), voice)))
	})
}

// observe writes one log line a request and counts it. Neither holds an address, a token, a query or a person.
func observe(now func() time.Time, log *slog.Logger, m *measures, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		seen := &watched{ResponseWriter: w}
		defer func() {
			info, took := request.From(r.Context()), now().Sub(began)
			m.note(r, seen.code(), info, took)
			log.LogAttrs(r.Context(), level(r, seen.code()), "request",
				slog.String("requestId", info.ID),
				slog.String("method", method(r)),
				slog.String("route", route(r)),
				slog.Int("status", seen.code()),
				slog.Int64("bytes", seen.bytes),
				slog.Duration("took", took),
				slog.String("operation", info.Operation()),
				slog.Any("codes", info.Codes()))
		}()
		next.ServeHTTP(seen, r)
	})
}

// level keeps the probes of a quiet machine out of its log.
func level(r *http.Request, status int) slog.Level {
	switch route(r) {
	case "GET /healthz", "GET /readyz":
		if status < http.StatusBadRequest {
			return slog.LevelDebug
		}
	}
	return slog.LevelInfo
}

// route is the pattern that served the request: a word of ours, never the caller's.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// method is the request's method where it is one of the well-known ones.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "OTHER"
}

// watched remembers what was answered.
type watched struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watched) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// rescue answers in place of a panic; its stack is logged, never told.
func rescue(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			what := recover()
			if what == nil {
				return
			}
			if what == http.ErrAbortHandler { //nolint:errorlint // the standard library's sentinel, compared as it does
				panic(what)
			}
			ctx := r.Context()
			log.ErrorContext(ctx, "panic", "requestId", request.ID(ctx), "error", fmt.Sprint(what), "stack", string(debug.Stack()))
			gql.Refuse(ctx, w, http.StatusInternalServerError, fault.New(fault.Internal, fault.CodeInternal))
		}()
		next.ServeHTTP(w, r)
	})
}

// secure sets the headers that keep browsers from guessing, framing and telling, and from coming back unencrypted to
// where they once came encrypted.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("X-Permitted-Cross-Domain-Policies", "none")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses changes that a page of another website sends from its reader's browser, unless it is one of those
// that we work with.
func sameOrigin(origins []string, next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	for _, o := range origins {
		if err := guard.AddTrustedOrigin(o); err != nil {
			panic("origin: " + err.Error()) // checked by CheckOrigin, at start
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gql.Refuse(r.Context(), w, http.StatusForbidden, fault.New(fault.Forbidden, CodeCrossOrigin))
	}))
	return guard.Handler(next)
}

// deadline bounds how long one request may take; one that may stay open is bounded by who answers it.
func deadline(d time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gql.Stays(r) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// login finds the caller by the bearer token. Without a token the caller is nobody; with a token that does not hold,
// the request is refused rather than answered as nobody's. What is refused to somebody known is told to the log of that.
func login(c Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		w.Header().Add("Vary", "Authorization")
		headers := r.Header.Values("Authorization")
		if len(headers) == 0 {
			next.ServeHTTP(w, r.WithContext(authz.With(ctx, authz.Actor{})))
			return
		}
		token, err := bearer(headers)
		var actor authz.Actor
		if err == nil {
			actor, err = c.Authenticate(ctx, token)
		}
		if err != nil {
			if fault.Of(err).Kind != fault.Unavailable {
				c.Refused(ctx, fault.CodeUnauthenticated, "")
			}
			challenge(ctx, w, fault.Of(err))
			return
		}
		ctx = authz.WithProof(authz.With(ctx, actor), authz.Proof{Bearer: authz.Secret(token), Ends: ends(token)})
		defer func() {
			if info := request.From(ctx); slices.Contains(info.Codes(), fault.CodeForbidden) {
				c.Refused(ctx, fault.CodeForbidden, info.Operation())
			}
		}()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// bearer is the one bearer token of the headers.
func bearer(headers []string) (string, error) {
	scheme, token, _ := strings.Cut(headers[0], " ")
	if token = strings.TrimSpace(token); len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	return token, nil
}

// challenge answers a token that does not hold; where that could not be found out, it says so instead.
func challenge(ctx context.Context, w http.ResponseWriter, f *fault.Fault) {
	if f.Kind == fault.Unavailable {
		w.Header().Set("Retry-After", "5")
		gql.Refuse(ctx, w, http.StatusServiceUnavailable, f)
		return
	}
	if f.Code == throttle.CodeGuesses {
		slowed(ctx, w, f)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="cobuild", error="invalid_token"`)
	gql.Refuse(ctx, w, http.StatusUnauthorized, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated))
}
