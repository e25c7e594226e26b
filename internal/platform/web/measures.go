package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// measures count what the edge sees. Every label is a word of ours (a route, a field of the schema, a code), so that no
// caller can make them grow.
type measures struct {
	requests   *prometheus.CounterVec
	operations *prometheus.HistogramVec
	faults     *prometheus.CounterVec
}

func newMeasures(r *prometheus.Registry) *measures {
	m := &measures{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cobuild_http_requests_total", Help: "HTTP requests by route, method and status.",
		}, []string{"route", "method", "status"}),
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cobuild_graphql_operation_seconds", Help: "Duration of GraphQL operations by root field, in seconds.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"operation"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cobuild_faults_total", Help: "Faults that callers were told of, by code.",
		}, []string{"code"}),
	}
	r.MustRegister(m.requests, m.operations, m.faults)
	return m
}

func (m *measures) note(r *http.Request, status int, info *request.Info, took time.Duration) {
	m.requests.WithLabelValues(route(r), method(r), strconv.Itoa(status)).Inc()
	if op := info.Operation(); op != "" && !strings.HasPrefix(op, "subscription") { // those last as long as their readers like
		m.operations.WithLabelValues(op).Observe(took.Seconds())
	}
	for _, c := range info.Codes() {
		m.faults.WithLabelValues(string(c)).Inc()
	}
}

// Measures answers GET /metrics, at an address of its own: what is measured is for whoever runs the server.
func Measures(r *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	return mux
}
