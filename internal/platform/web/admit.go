package web

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// admit lets a request in when there is room for it, before its token or anything else of it is looked at. A request
// that begins a stream is let in at once, because it stays: each operation within it comes through the gate by itself.
func admit(gate *limit.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if stream(r) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, leave, err := gate.Enter(r.Context())
		if err != nil {
			gql.Full(ctx, w, err)
			return
		}
		defer leave()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// stream says whether a request asks for server-sent events or for a socket.
func stream(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/event-stream")
}

// watchGate measures how full the house is.
func watchGate(m *prometheus.Registry, gate *limit.Gate) {
	if gate == nil {
		return
	}
	gauge := func(name, help string, of func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, of)
	}
	m.MustRegister(
		gauge("cobuild_operations_running", "Operations that run now.", func() float64 { n, _, _ := gate.Load(); return float64(n) }),
		gauge("cobuild_operations_waiting", "Operations that wait to run.", func() float64 { _, n, _ := gate.Load(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cobuild_operations_refused_total", Help: "Operations refused because too many ran.",
		}, func() float64 { _, _, n := gate.Load(); return float64(n) }),
	)
}
