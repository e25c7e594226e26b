package graph_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// The checks of graphql-cop, each by the name it has there, against the whole house as it is served to anybody.

// raw sends a request as it is, whatever it is, and gives back the answer as it is.
func raw(t testing.TB, h *graphtest.House, method, address, kind, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(body)).WithContext(t.Context())
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.Handler.ServeHTTP(w, r)
	return w
}

func TestCopAliasOverloading(t *testing.T) {
	h := graphtest.New(t)
	h.Ask(t, "", "{"+each(101, "alias%d:__typename ")+"}").Is("QUERY_TOO_COMPLEX")
}

func TestCopBatchQueries(t *testing.T) {
	h := graphtest.New(t)
	w := raw(t, h, "POST", "/graphql", "application/json", "["+strings.TrimSuffix(strings.Repeat(`{"query":"{__typename}"},`, 10), ",")+"]")
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "BATCH_NOT_SUPPORTED") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestCopDirectiveOverloading(t *testing.T) {
	h := graphtest.New(t)
	h.Ask(t, "", "{__typename"+strings.Repeat("@aa", 100)+"}").Is("QUERY_TOO_COMPLEX")
	h.Ask(t, "", "{__typename "+strings.Repeat("@skip(if:false) ", 10)+"}").Is("GRAPHQL_VALIDATION_FAILED")
}

func TestCopCircularQueryByIntrospection(t *testing.T) {
	h := graphtest.New(t)
	const q = "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}"
	h.Ask(t, "", q).Is("INTROSPECTION_DISABLED")
	h.Ask(t, "admin", q).Is("GRAPHQL_VALIDATION_FAILED")
}

func TestCopFieldDuplication(t *testing.T) {
	h := graphtest.New(t)
	h.Ask(t, "", "{"+strings.Repeat("__typename ", 500)+"}").Is("QUERY_TOO_COMPLEX")
}

func TestCopFieldSuggestions(t *testing.T) {
	h := graphtest.New(t)
	for _, q := range []string{"{viewr{name}}", "{communitys{totalCount}}", `{district(idd:"x"){id}}`, "{__schem{queryType{name}}}"} {
		if a := h.Ask(t, "", q).Is("GRAPHQL_VALIDATION_FAILED"); strings.Contains(strings.ToLower(a.Text), "did you mean") {
			t.Errorf("%s: %s", q, a.Text)
		}
	}
}

func TestCopGraphiQL(t *testing.T) {
	h := graphtest.New(t)
	for _, path := range []string{"/graphql", "/graphiql", "/playground", "/console", "/altair", "/voyager", "/api/graphql", "/v1/graphql"} {
		w := raw(t, h, "GET", path, "", "", "Accept", "text/html")
		if w.Code == http.StatusOK && strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe-eval") {
			t.Errorf("%s serves a page that runs what it is sent", path)
		}
		if strings.Contains(w.Body.String(), "cdn.") || strings.Contains(w.Body.String(), "unpkg.com") {
			t.Errorf("%s takes programs from another address: %.200s", path, w.Body)
		}
	}
}

func TestCopIntrospection(t *testing.T) {
	h := graphtest.New(t)
	h.Ask(t, "", "{__schema{types{name fields{name}}}}").Is("INTROSPECTION_DISABLED")
	h.Ask(t, "", `{__type(name:"Query"){name}}`).Is("INTROSPECTION_DISABLED")
}

func TestCopMutationByGET(t *testing.T) {
	h := graphtest.New(t)
	q := url.Values{"query": {`mutation{signOut(input:{}){errors{code}}}`}}
	if w := raw(t, h, "GET", "/graphql?"+q.Encode(), "", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// A query by GET is answered, as the specification of GraphQL over HTTP has it. Nothing of another website comes of
// it: no cookie says who is asking, nothing is changed, and the page may not read the answer.
func TestCopQueryByGET(t *testing.T) {
	h := graphtest.New(t)
	w := raw(t, h, "GET", "/graphql?query=%7Bviewer%7Bname%7D%7D", "", "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Cookie", "session=stolen")
	if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Set-Cookie") != "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("another website reads it: %v", w.Header())
	}
	if !strings.Contains(w.Body.String(), `"viewer":null`) {
		t.Errorf("a cookie says who asks: %s", w.Body)
	}
}

func TestCopURLEncodedPOST(t *testing.T) {
	h := graphtest.New(t)
	body := url.Values{"query": {"{__typename}"}}.Encode()
	if w := raw(t, h, "POST", "/graphql", "application/x-www-form-urlencoded", body); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestCopTraceMode(t *testing.T) {
	h := graphtest.New(t)
	for _, header := range []string{"apollo-federation-include-trace", "X-Apollo-Tracing", "X-Debug"} {
		w := raw(t, h, "POST", "/graphql", "application/json", `{"query":"{__typename}","extensions":{"tracing":true}}`, header, "ftv1")
		for _, word := range []string{"tracing", "ftv1", "resolvers", "startTime", "debug"} {
			if strings.Contains(w.Body.String(), word) {
				t.Errorf("%s: tells %s: %s", header, word, w.Body)
			}
		}
	}
}

func TestCopUnhandledErrors(t *testing.T) {
	h := graphtest.New(t)
	for _, q := range []string{"qwerty cop {abc}", "{", "}", "{viewer(", "\x00", "query($", "{...", "𝓺"} {
		a := h.Ask(t, "", q)
		if a.Code() == "INTERNAL" || a.Code() == "" {
			t.Errorf("%q: %s", q, a.Text)
		}
		for _, word := range []string{"exception", "stack", ".go:", "goroutine", "panic", "runtime"} {
			if strings.Contains(a.Text, word) {
				t.Errorf("%q tells %q: %s", q, word, a.Text)
			}
		}
	}
}
