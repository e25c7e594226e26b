package gql_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

const (
	older = "application/json"
	newer = "application/graphql-response+json"
)

func TestTheFormOfTheAnswerFollowsAccept(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                 older,
		older:                              older,
		newer:                              newer,
		"*/*":                              older,
		"application/*":                    older,
		newer + ", " + older + ";q=0.9":    newer,
		older + ", " + newer:               newer,
		older + ", " + newer + ";q=0.5":    older,
		newer + ";q=0.2, */*;q=0.1":        newer,
		newer + ";q=0.2, */*;q=0.8":        older,
		newer + ";q=0, */*":                older,
		older + ";q=0, " + newer:           newer,
		older + ";q=0, */*":                newer,
		newer + "; charset=utf-8":          newer,
		newer + "; charset=UTF-8, text/x":  newer,
		"text/html, " + older:              older,
		"text/html":                        "",
		older + ";q=0":                     "",
		newer + "; charset=utf-16":         "",
		"nonsense":                         "",
		"application/graphql-response+xml": "",
		older + ";q=broken":                "",
	} {
		r := post(`{"query":"{hello}"}`)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		a := send(t, newServer(t, false), r)
		if want == "" {
			if a.Status != http.StatusNotAcceptable || a.code() != gql.CodeNotAcceptable {
				t.Errorf("%q: got %d %s", accept, a.Status, a.text)
			}
			continue
		}
		if got := a.Header.Get("Content-Type"); a.Status != http.StatusOK || got != want+"; charset=utf-8" {
			t.Errorf("%q: got %d %s", accept, a.Status, got)
		}
	}
}

func TestRequestsAreReadAfterTheSpecification(t *testing.T) {
	ok := `{"query":"{hello}"}`
	for name, c := range map[string]struct {
		body   string
		header [2]string
		status int
		code   fault.Code
	}{
		"a plain request":              {ok, [2]string{}, 200, ""},
		"utf-8 by name":                {ok, [2]string{"Content-Type", "application/json; charset=utf-8"}, 200, ""},
		"capitals in the type":         {ok, [2]string{"Content-Type", "Application/JSON; Charset=UTF-8"}, 200, ""},
		"another charset":              {ok, [2]string{"Content-Type", "application/json; charset=gbk"}, 415, gql.CodeMediaType},
		"no content type":              {ok, [2]string{"Content-Type", ""}, 415, gql.CodeMediaType},
		"a form":                       {"query={hello}", [2]string{"Content-Type", "application/x-www-form-urlencoded"}, 415, gql.CodeMediaType},
		"plain text":                   {ok, [2]string{"Content-Type", "text/plain"}, 415, gql.CodeMediaType},
		"multipart":                    {ok, [2]string{"Content-Type", "multipart/form-data; boundary=x"}, 415, gql.CodeMediaType},
		"a bare document":              {"{hello}", [2]string{"Content-Type", "application/graphql"}, 415, gql.CodeMediaType},
		"no body":                      {"", [2]string{}, 400, gql.CodeBadRequest},
		"no JSON":                      {"{", [2]string{}, 400, gql.CodeBadRequest},
		"more than one value":          {ok + ok, [2]string{}, 400, gql.CodeBadRequest},
		"null":                         {"null", [2]string{}, 400, gql.CodeBadRequest},
		"a text":                       {`"{hello}"`, [2]string{}, 400, gql.CodeBadRequest},
		"an array of requests":         {"[" + ok + "]", [2]string{}, 400, gql.CodeBatch},
		"an array after spaces":        {" \n[]", [2]string{}, 400, gql.CodeBatch},
		"no query":                     {`{}`, [2]string{}, 400, gql.CodeBadRequest},
		"an empty query":               {`{"query":""}`, [2]string{}, 400, gql.CodeBadRequest},
		"a query in capitals":          {`{"Query":"{hello}"}`, [2]string{}, 400, gql.CodeBadRequest},
		"an object for a query":        {`{"query":{"a":1}}`, [2]string{}, 400, gql.CodeBadRequest},
		"a number for a query":         {`{"query":0}`, [2]string{}, 400, gql.CodeBadRequest},
		"true for a query":             {`{"query":true}`, [2]string{}, 400, gql.CodeBadRequest},
		"an array for a query":         {`{"query":["x"]}`, [2]string{}, 400, gql.CodeBadRequest},
		"an object for operationName":  {`{"query":"{hello}","operationName":{}}`, [2]string{}, 400, gql.CodeBadRequest},
		"a number for operationName":   {`{"query":"{hello}","operationName":0}`, [2]string{}, 400, gql.CodeBadRequest},
		"null for operationName":       {`{"query":"{hello}","operationName":null}`, [2]string{}, 200, ""},
		"a text for operationName":     {`{"query":"query A{hello} query B{thing{id}}","operationName":"A"}`, [2]string{}, 200, ""},
		"a text for variables":         {`{"query":"{hello}","variables":"x"}`, [2]string{}, 400, gql.CodeBadRequest},
		"a number for variables":       {`{"query":"{hello}","variables":0}`, [2]string{}, 400, gql.CodeBadRequest},
		"an array for variables":       {`{"query":"{hello}","variables":[]}`, [2]string{}, 400, gql.CodeBadRequest},
		"null for variables":           {`{"query":"{hello}","variables":null}`, [2]string{}, 200, ""},
		"a map for variables":          {`{"query":"query($n:String!){hello(name:$n)}","variables":{"n":"x"}}`, [2]string{}, 200, ""},
		"a text for extensions":        {`{"query":"{hello}","extensions":"x"}`, [2]string{}, 400, gql.CodeBadRequest},
		"an array for extensions":      {`{"query":"{hello}","extensions":[]}`, [2]string{}, 400, gql.CodeBadRequest},
		"null for extensions":          {`{"query":"{hello}","extensions":null}`, [2]string{}, 200, ""},
		"a map for extensions":         {`{"query":"{hello}","extensions":{"a":1}}`, [2]string{}, 200, ""},
		"a key of somebody else":       {`{"query":"{hello}","id":7}`, [2]string{}, 200, ""},
		"the same key twice":           {`{"query":"{nothing}","query":"{hello}"}`, [2]string{}, 200, ""},
		"bytes that are no UTF-8":      {"{\"query\":\"{hello(name:\\\"\xff\\\")}\"}", [2]string{}, 400, fault.CodeNotUTF8},
		"half a character, escaped":    {`{"query":"{hello}","variables":{"a":"\ud83d"}}`, [2]string{}, 400, fault.CodeNotUTF8},
		"the second half alone":        {`{"query":"{hello}","variables":{"a":"\ude00x"}}`, [2]string{}, 400, fault.CodeNotUTF8},
		"both halves":                  {`{"query":"{hello}","variables":{"a":"\ud83d\ude00"}}`, [2]string{}, 200, ""},
		"a backslash before a u":       {`{"query":"{hello}","variables":{"a":"\\ud83d"}}`, [2]string{}, 200, ""},
		"too large":                    {`{"query":"{hello}","extensions":{"a":"` + strings.Repeat("x", gql.MaxBody) + `"}}`, [2]string{}, 413, gql.CodeTooLarge},
		"a query that does not parse":  {`{"query":"{"}`, [2]string{}, 200, gql.CodeParseFailed},
		"one that does not validate":   {`{"query":"{nothing}"}`, [2]string{}, 200, gql.CodeValidationFailed},
		"a variable that is missing":   {`{"query":"query($n:String!){hello(name:$n)}"}`, [2]string{}, 200, gql.CodeBadUserInput},
		"an operation not there":       {`{"query":"query A{hello}","operationName":"B"}`, [2]string{}, 200, gql.CodeNoOperation},
		"two operations, none named":   {`{"query":"query A{hello} query B{hello}"}`, [2]string{}, 200, gql.CodeNoOperation},
		"fragments alone":              {`{"query":"fragment f on Query{hello}"}`, [2]string{}, 200, gql.CodeNoOperation},
		"a subscription":               {`{"query":"subscription{changes}"}`, [2]string{}, 200, gql.CodeSubscription},
		"a query that fails":           {`{"query":"{fails}"}`, [2]string{}, 200, fault.CodeInternal},
		"new form: does not parse":     {`{"query":"{"}`, [2]string{"Accept", newer}, 400, gql.CodeParseFailed},
		"new form: does not validate":  {`{"query":"{nothing}"}`, [2]string{"Accept", newer}, 400, gql.CodeValidationFailed},
		"new form: variable missing":   {`{"query":"query($n:String!){hello(name:$n)}"}`, [2]string{"Accept", newer}, 400, gql.CodeBadUserInput},
		"new form: no such operation":  {`{"query":"query A{hello}","operationName":"B"}`, [2]string{"Accept", newer}, 400, gql.CodeNoOperation},
		"new form: a subscription":     {`{"query":"subscription{changes}"}`, [2]string{"Accept", newer}, 400, gql.CodeSubscription},
		"new form: a field that fails": {`{"query":"{fails}"}`, [2]string{"Accept", newer}, 200, fault.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(c.body)
			switch {
			case c.header[0] == "":
			case c.header[1] == "":
				r.Header.Del(c.header[0])
			default:
				r.Header.Set(c.header[0], c.header[1])
			}
			a := send(t, newServer(t, false), r)
			if a.Status != c.status || a.code() != c.code {
				t.Errorf("got %d %s", a.Status, a.text)
			}
			executed := c.code == "" || c.code == fault.CodeInternal
			if has := strings.Contains(a.text, `"data"`); has != executed {
				t.Errorf("data where nothing ran, or none where something did: %s", a.text)
			}
		})
	}
}

func TestGETIsForQueries(t *testing.T) {
	for name, c := range map[string]struct {
		values url.Values
		status int
		code   fault.Code
	}{
		"a query":           {url.Values{"query": {"{hello}"}}, 200, ""},
		"with variables":    {url.Values{"query": {"query($n:String!){hello(name:$n)}"}, "variables": {`{"n":"x"}`}}, 200, ""},
		"with a name":       {url.Values{"query": {"query A{hello}"}, "operationName": {"A"}}, 200, ""},
		"with an empty one": {url.Values{"query": {"query A{hello}"}, "operationName": {""}}, 200, ""},
		"broken variables":  {url.Values{"query": {"{hello}"}, "variables": {"{"}}, 400, gql.CodeBadRequest},
		"two of them":       {url.Values{"query": {"{hello}"}, "variables": {"{}{}"}}, 400, gql.CodeBadRequest},
		"no object":         {url.Values{"query": {"{hello}"}, "variables": {"[1]"}}, 400, gql.CodeBadRequest},
		"no query":          {url.Values{}, 400, gql.CodeBadRequest},
		"no UTF-8":          {url.Values{"query": {"{hello(name:\"\xff\")}"}}, 400, fault.CodeNotUTF8},
		"a mutation":        {url.Values{"query": {"mutation{change}"}}, 405, gql.CodeMethod},
	} {
		t.Run(name, func(t *testing.T) {
			a := send(t, newServer(t, false), httptest.NewRequest(http.MethodGet, "/graphql?"+c.values.Encode(), nil))
			if a.Status != c.status || a.code() != c.code {
				t.Errorf("got %d %s", a.Status, a.text)
			}
			if c.status == 405 && a.Header.Get("Allow") != "POST" {
				t.Errorf("Allow: %q", a.Header.Get("Allow"))
			}
		})
	}
	a := send(t, newServer(t, false), httptest.NewRequest(http.MethodGet, "/graphql?query=%zz", nil))
	if a.Status != 400 {
		t.Errorf("a broken escape: got %d %s", a.Status, a.text)
	}
}

func TestOtherMethodsAreToldWhatIsAllowed(t *testing.T) {
	for _, m := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead, "BREW"} {
		a := send(t, newServer(t, false), httptest.NewRequest(m, "/graphql", nil))
		if a.Status != 405 || a.Header.Get("Allow") != "GET, POST, OPTIONS" {
			t.Errorf("%s: got %d, Allow %q", m, a.Status, a.Header.Get("Allow"))
		}
	}
	if a := send(t, newServer(t, false), httptest.NewRequest(http.MethodOptions, "/graphql", nil)); a.Status != 204 {
		t.Errorf("OPTIONS: got %d", a.Status)
	}
}
