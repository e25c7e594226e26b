package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/web/explorer"
)

func TestEveryExampleOfTheExplorerIsAnsweredToWhomItIsFor(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	account(t, w, "erp", "ORGANISATIONS_READ", "CONTRACTS_READ", "CONTRACTS_WRITE")
	on := w.Serve(t)
	as := map[string]string{
		"ANYBODY": "", "SECRETARY": "secretary", "LIAISON": "liaison", "SUPERVISOR": "supervisor", "AUDITOR": "auditor", "ADMINISTRATOR": "admin",
		"SERVICE": "erp",
	}
	all, err := explorer.Examples()
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, e := range all {
		who, known := as[e.Role]
		if !known {
			t.Errorf("nobody is a %s", e.Role)
			continue
		}
		tried[e.Role] = true
		var vars []any
		for name, v := range e.Variables {
			vars = append(vars, name, v)
		}
		a := answered(t, w, on, who, e.Query, vars...)
		if len(a.Errors) > 0 || len(a.Data) == 0 {
			t.Errorf("%s: %s: %s", e.Role, e.Title["en"], a.Text)
		}
		for field, v := range a.Data {
			if v == nil {
				t.Errorf("%s: %s: %s is null", e.Role, e.Title["en"], field)
			}
		}
	}
	for role := range as {
		if !tried[role] {
			t.Errorf("there is no example for %s", role)
		}
	}
}

// answered is what an example gets; of a subscription it is the first event, after something has happened.
func answered(t *testing.T, w *graphtest.Town, on *httptest.Server, who, query string, vars ...any) *graphtest.Answer {
	t.Helper()
	if !strings.HasPrefix(query, "subscription") {
		return w.Ask(t, who, query, vars...)
	}
	l := w.Hear(t, on, who, query, vars...)
	defer l.Leave()
	w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	a := l.Next()
	if a == nil {
		t.Fatalf("%s hears nothing: %s", who, query)
	}
	return a
}

func TestTheExplorerIsServedOnlyWhereItIsWanted(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		h := graphtest.New(t, func(c *app.Config) { c.Explorer = wanted })
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return w
		}
		for _, path := range []string{"/explorer", "/explorer/examples.json"} {
			if got := get(path).Code; (got == http.StatusOK) != wanted {
				t.Errorf("%s, wanted %t: %d", path, wanted, got)
			}
		}
		if linked := strings.Contains(get("/").Body.String(), `href="/explorer"`); linked != wanted {
			t.Errorf("the first page leads to it: %t, wanted %t", linked, wanted)
		}
	}
}
