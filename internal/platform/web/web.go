// Package web is the edge: what every HTTP request passes before it reaches the schema, and the few addresses beside it.
//
// The way of a request: panics are caught, the request gets an id and a language, it is timed and logged without
// personal data; at /graphql it must not come from a foreign page, gets a deadline and its caller is found by the token.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// CodeNoRoute is the answer at an address where nothing is.
const CodeNoRoute fault.Code = "ROUTE_NOT_FOUND"

// Config is what the edge needs. All of it is required, but for what says otherwise.
type Config struct {
	GraphQL      http.Handler                                                  // answers /graphql
	Reports      http.Handler                                                  // answers /reports/; absent where nil
	Mail         http.Handler                                                  // answers /mail/; absent where nil
	Explorer     http.Handler                                                  // answers /explorer; absent where nil
	Gateway      func(key string) bool                                         // knows a federation gateway's key; nil knows none
	SDL          string                                                        // the published schema
	Authenticate func(ctx context.Context, bearer string) (authz.Actor, error) // finds the caller of a token
	Refused      func(ctx context.Context, code fault.Code, operation string)  // hears of refusals, for the security log; may be nil
	Ready        func(ctx context.Context) error                               // whether requests can be served now
	JWKS         func(ctx context.Context) ([]byte, error)                     // the public keys of our tokens
	Catalogue    *catalogue.Catalogue                                          // the sentences for people
	Log          *slog.Logger                                                  // takes one line a request
	Metrics      *prometheus.Registry                                          // takes the measures, beside those it has; Measures tells them
	Now          func() time.Time                                              // the clock
	Random       io.Reader                                                     // for request ids
	Deadline     time.Duration                                                 // of one request at /graphql; 0 is 20 seconds
	Version      string                                                        // of the program, for the landing page

	OAuth *OAuth // answers /oauth/; absent where nil

	SignIn *SignIn      // answers /oidc/; absent where nil
	Audit  http.Handler // answers /audit/; absent where nil

	Files http.Handler // answers /files/; absent where nil

	Gate    *limit.Gate // lets in only so many requests at once; all where nil
	Proxies Proxies     // who is believed about where requests come from
	Origins []string    // websites whose pages may use the API, each checked by CheckOrigin
}

// New makes the whole handler.
func New(c Config) http.Handler {
	if c.Deadline <= 0 {
		c.Deadline = 20 * time.Second
	}
	if c.Refused == nil {
		c.Refused = func(context.Context, fault.Code, string) {}
	}
	m := newMeasures(c.Metrics)
	watchGate(c.Metrics, c.Gate)
	mux := http.NewServeMux()
	mux.Handle("/graphql", sameOrigin(c.Origins, homeSockets(c.Origins, admit(c.Gate, deadline(c.Deadline, byGateway(c.Gateway, login(c, c.GraphQL)))))))
	if c.Reports != nil {
		mux.Handle("GET /reports/", admit(c.Gate, deadline(c.Deadline, login(c, c.Reports))))
	}
	if c.Mail != nil {
		mux.Handle("/mail/", deadline(c.Deadline, c.Mail))
	}
	if c.OAuth != nil {
		c.OAuth.mount(mux, func(next http.Handler) http.Handler {
			return sameOrigin(nil, admit(c.Gate, deadline(c.Deadline, next)))
		})
	}
	if c.SignIn != nil {
		c.SignIn.mount(mux, func(next http.Handler) http.Handler { return admit(c.Gate, deadline(c.Deadline, next)) })
	}
	if c.Audit != nil {
		mux.Handle("/audit/", sameOrigin(nil, admit(c.Gate, deadline(c.Deadline, login(c, c.Audit)))))
	}
	if c.Files != nil { // its bounds are its own: what comes and goes may be long, and is asked for by an address and no token
		mux.Handle("/files/", c.Files)
	}
	if c.Explorer != nil {
		mux.Handle("GET /explorer", c.Explorer)
		mux.Handle("GET /explorer/", c.Explorer)
	}
	mux.Handle("GET /schema.graphqls", published(c.SDL))
	mux.Handle("GET /healthz", healthy())
	mux.Handle("GET /readyz", ready(c.Ready, c.Log))
	mux.Handle("GET /.well-known/jwks.json", jwks(c.JWKS, c.Log))
	mux.Handle("GET /{$}", landing(c.Version, c.Explorer != nil))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		gql.Refuse(r.Context(), w, http.StatusNotFound, fault.New(fault.NotFound, CodeNoRoute))
	})
	return identify(c.Random, c.Proxies, speak(c.Catalogue, observe(c.Now, c.Log, m, rescue(c.Log, secure(shared(c.Origins, mux))))))
}
