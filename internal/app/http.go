package app

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/web"
)

// Measures answers with what the handler measures. It is for an address of its own; ask for it after Handler.
func (a *App) Measures() http.Handler { return web.Measures(a.measures) }

// Handler answers HTTP: GraphQL and the few addresses beside it.
func (a *App) Handler() (http.Handler, error) {
	sentences, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	explore, err := a.explore()
	if err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	a.measures = metrics
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.engine = graph.NewServer(a.rooms(), graph.Options{
		Open: a.Introspection, Log: a.Log,

		Charge: a.charge, Gate: a.Bounds.Gate, Deadline: a.Bounds.Deadline, Caller: a.caller, TrustedOnly: a.Bounds.TrustedOnly,

		Live: a.Live, Callers: a.callers(), Metrics: metrics, Heard: a.Feed.At,
	})
	if err := a.TrustDocuments(); err != nil {
		return nil, err
	}
	return web.New(web.Config{
		GraphQL: a.engine,
		Reports: a.paper(), Mail: a.leave(), Gateway: a.Gateways.Knows, Explorer: explore,
		OAuth: a.oauth(), SignIn: a.signInPages(),
		SDL: graph.SDL(), Authenticate: a.Authenticate, Refused: a.refused, Ready: a.Ready,
		JWKS:      func(context.Context) ([]byte, error) { return token.JWKS(a.Keyring, a.Now()) },
		Catalogue: sentences, Log: a.Log, Metrics: metrics, Now: a.Now, Random: a.Random, Version: a.Version,

		Audit: a.logbook(),

		Files: a.Transfers,

		Gate: a.Bounds.Gate, Deadline: a.Bounds.Deadline, Proxies: a.Bounds.Proxies, Origins: a.Bounds.Origins,
	}), nil
}
