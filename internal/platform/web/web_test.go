package web_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

func TestARefusalAtTheDoorHasTheFormThatItsReaderAccepts(t *testing.T) {
	e := newEdge(t)
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/json": "application/json", "text/html": "application/json",
		"application/graphql-response+json":                               "application/graphql-response+json",
		"application/graphql-response+json,application/json;q=0.9":        "application/graphql-response+json",
		"application/graphql-response+json, text/event-stream, image/png": "application/graphql-response+json",
	} {
		headers := []string{"Authorization", "Bearer bad"}
		if accept != "" {
			headers = append(headers, "Accept", accept)
		}
		w := e.ask("POST", "/graphql", headers...)
		if got := w.Header().Get("Content-Type"); w.Code != 401 || got != want+"; charset=utf-8" {
			t.Errorf("Accept %q: %d, %s", accept, w.Code, got)
		}
	}
}

// edge is the whole handler around a /graphql that says who is calling.
type edge struct {
	http.Handler
	log strings.Builder

	registry *prometheus.Registry
}

// measures is what the edge measures.
func (e *edge) measures() string {
	w := httptest.NewRecorder()
	web.Measures(e.registry).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func newEdge(t *testing.T, alter ...func(*web.Config)) *edge {
	t.Helper()
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{registry: prometheus.NewRegistry()}
	c := web.Config{
		GraphQL: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			request.From(r.Context()).Name("query viewer")
			if r.Header.Get("X-Panic") != "" {
				panic("the secret of the house")
			}
			_, timed := r.Context().Deadline()
			_, _ = fmt.Fprintf(w, `{"who":%q,"timed":%t,"address":%q}`, authz.From(r.Context()).Person, timed, request.Address(r.Context()))
		}),
		SDL: "type Query { a: Int }\n",
		Authenticate: func(_ context.Context, bearer string) (authz.Actor, error) {
			switch bearer {
			case "good":
				return authz.Actor{Person: "per1"}, nil
			case "store-down":
				return authz.Actor{}, fault.New(fault.Unavailable, fault.CodeUnavailable)
			}
			return authz.Actor{}, errors.New("not one of ours")
		},
		Ready:     func(context.Context) error { return nil },
		JWKS:      func(context.Context) ([]byte, error) { return []byte(`{"keys":[]}`), nil },
		Catalogue: words,
		Log:       slog.New(slog.NewJSONHandler(&e.log, nil)),
		Metrics:   e.registry,
		Now:       time.Now,
		Random:    rand.Reader,
		Version:   "v0.test",
	}
	for _, a := range alter {
		a(&c)
	}
	e.Handler = web.New(c)
	return e
}

func (e *edge) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("{}"))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func TestATokenThatDoesNotHoldIsRefusedNotTakenForNobody(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"no token":        {nil, 200, `"who":""`},
		"a good token":    {[]string{"Authorization", "Bearer good"}, 200, `"who":"per1"`},
		"any case":        {[]string{"Authorization", "bearer good"}, 200, `"who":"per1"`},
		"a bad token":     {[]string{"Authorization", "Bearer bad"}, 401, "UNAUTHENTICATED"},
		"an empty token":  {[]string{"Authorization", "Bearer "}, 401, "UNAUTHENTICATED"},
		"an empty header": {[]string{"Authorization", ""}, 401, "UNAUTHENTICATED"},
		"another scheme":  {[]string{"Authorization", "Basic Z29vZA=="}, 401, "UNAUTHENTICATED"},
		"two headers":     {[]string{"Authorization", "Bearer good", "Authorization", "Bearer good"}, 401, "UNAUTHENTICATED"},
		"the store down":  {[]string{"Authorization", "Bearer store-down"}, 503, "UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEdge(t).ask("POST", "/graphql", c.headers...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if challenged := w.Header().Get("WWW-Authenticate") != ""; challenged != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestEveryRequestHasAnID(t *testing.T) {
	fresh := regexp.MustCompile(`^[0-9a-f]{24}$`)
	e := newEdge(t)
	if got := e.ask("GET", "/healthz", "X-Request-Id", "abc-1").Header().Get("X-Request-Id"); got != "abc-1" {
		t.Errorf("the caller's own: got %q", got)
	}
	for _, unfit := range []string{"", "two words", strings.Repeat("x", 65), "línea", "a\tb"} {
		if got := e.ask("GET", "/healthz", "X-Request-Id", unfit).Header().Get("X-Request-Id"); !fresh.MatchString(got) {
			t.Errorf("%q: got %q", unfit, got)
		}
	}
}

func TestTheLogKnowsTheRequestAndNoPerson(t *testing.T) {
	e := newEdge(t)
	e.ask("POST", "/graphql?email=li@example.org", "Authorization", "Bearer good", "User-Agent", "browser of Li")
	var line map[string]any
	if err := json.Unmarshal([]byte(e.log.String()), &line); err != nil {
		t.Fatal(err, e.log.String())
	}
	if line["route"] != "/graphql" || line["operation"] != "query viewer" || line["status"] != 200.0 || line["requestId"] == "" {
		t.Errorf("got %v", line)
	}
	for _, private := range []string{"good", "per1", "Li", "li@", "192.0.2.1"} {
		if strings.Contains(e.log.String(), private) {
			t.Errorf("the log tells %q: %s", private, e.log.String())
		}
	}
}

func TestAPanicIsAnsweredLoggedAndNotTold(t *testing.T) {
	e := newEdge(t)
	w := e.ask("POST", "/graphql", "X-Panic", "1", "Accept-Language", "zh-CN")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "INTERNAL") || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if !strings.Contains(e.log.String(), "secret") || !strings.Contains(w.Body.String(), "内部") {
		t.Errorf("log %s, told %s", e.log.String(), w.Body)
	}
}

func TestAForeignPageCannotChangeAnything(t *testing.T) {
	for name, c := range map[string]struct {
		method  string
		headers []string
		status  int
	}{
		"a program":                 {"POST", nil, 200},
		"our own page":              {"POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		"a foreign page":            {"POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"a foreign page, old style": {"POST", []string{"Origin", "https://evil.example"}, 403},
		"a foreign link":            {"GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEdge(t).ask(c.method, "/graphql", c.headers...)
			if w.Code != c.status || c.status == 403 && !strings.Contains(w.Body.String(), "CROSS_ORIGIN") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestARequestHasADeadlineAndAnAddress(t *testing.T) {
	if w := newEdge(t).ask("POST", "/graphql"); !strings.Contains(w.Body.String(), `"timed":true,"address":"192.0.2.1"`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestTheAddressesBesideTheSchema(t *testing.T) {
	broken := func(c *web.Config) {
		c.Ready = func(context.Context) error { return errors.New("the disk of the house is full") }
		c.JWKS = func(context.Context) ([]byte, error) { return nil, errors.New("no key of the house") }
	}
	for name, c := range map[string]struct {
		path   string
		alter  []func(*web.Config)
		status int
		kind   string
		body   string
	}{
		"the landing page":  {"/", nil, 200, "text/html; charset=utf-8", "共建"},
		"the schema":        {"/schema.graphqls", nil, 200, "text/plain; charset=utf-8", "type Query"},
		"health":            {"/healthz", nil, 200, "text/plain; charset=utf-8", "ok"},
		"readiness":         {"/readyz", nil, 200, "text/plain; charset=utf-8", "ready"},
		"unreadiness":       {"/readyz", []func(*web.Config){broken}, 503, "text/plain; charset=utf-8", "not ready"},
		"health, unready":   {"/healthz", []func(*web.Config){broken}, 200, "text/plain; charset=utf-8", "ok"},
		"measures":          {"/metrics", nil, 404, "application/json", "ROUTE_NOT_FOUND"},
		"keys":              {"/.well-known/jwks.json", nil, 200, "application/jwk-set+json", `{"keys":[]}`},
		"keys out of reach": {"/.well-known/jwks.json", []func(*web.Config){broken}, 503, "application/json", "UNAVAILABLE"},
		"nothing":           {"/nothing", nil, 404, "application/json", "ROUTE_NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEdge(t, c.alter...).ask("GET", c.path)
			if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d %s %.200s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if strings.Contains(w.Body.String(), "of the house") {
				t.Errorf("told: %s", w.Body)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("headers: %v", w.Header())
			}
		})
	}
}

func TestTheSchemaIsFetchedOnce(t *testing.T) {
	e := newEdge(t)
	tag := e.ask("GET", "/schema.graphqls").Header().Get("ETag")
	if w := e.ask("GET", "/schema.graphqls", "If-None-Match", tag); tag == "" || w.Code != http.StatusNotModified {
		t.Errorf("ETag %q: got %d", tag, w.Code)
	}
}

func TestTheLandingPageNeedsNoOtherAddress(t *testing.T) {
	page := newEdge(t).ask("GET", "/").Body.String()
	for _, outside := range []string{"http://", "https://", "//cdn", "src=", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
}

func TestCallersCannotMakeTheMeasuresGrow(t *testing.T) {
	e := newEdge(t)
	for i := range 50 {
		e.ask(fmt.Sprintf("BREW%d", i), fmt.Sprintf("/pot-%d", i))
	}
	e.ask("POST", "/graphql", "Authorization", "Bearer bad")
	text := e.measures()
	if strings.Contains(text, "pot-7") || strings.Contains(text, "BREW") {
		t.Error("the caller's words are in the measures")
	}
	for _, want := range []string{
		`cobuild_faults_total{code="UNAUTHENTICATED"} 1`,
		`cobuild_http_requests_total{method="OTHER",route="/",status="404"} 50`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestAServerFinishesWhatIsUnderWay(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s := &web.Server{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		_, _ = io.WriteString(w, "done")
	})}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended, answered := make(chan error, 1), make(chan string, 1)
	go func() { ended <- s.Serve(ctx, on) }()
	go func() {
		r, err := http.Get("http://" + on.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = r.Body.Close() }()
		body, _ := io.ReadAll(r.Body)
		answered <- string(body)
	}()
	<-begun
	stop()
	select {
	case err := <-ended:
		t.Fatalf("ended with a request under way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	if got := <-answered; got != "done" {
		t.Errorf("answered %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + on.Addr().String()); err == nil {
		t.Error("it still answers")
	}
}

func TestTheLandingPagesStyleIsTheOneItsPolicyAllows(t *testing.T) {
	w := newEdge(t).ask("GET", "/")
	_, rest, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(w.Header().Get("Content-Security-Policy"), want) {
		t.Errorf("policy %s, style %s", w.Header().Get("Content-Security-Policy"), want)
	}
}
