package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// small is a schema just large enough to be attacked. Its data is always the same; only errors differ.
type small struct{ schema *ast.Schema }

func newSmall(t testing.TB) small {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "small", Input: `
		type Query {
			hello(name: String, colour: Colour, box: Box, count: Int, id: ID): String
			thing: Thing things(first: Int, last: Int, filter: ThingFilter): ThingConnection nodes(ids: [ID!]!): [Thing]
			fails: String panics: String slow: String
		}
		type Mutation { change: String }
		type Subscription { changes: String }
		type Thing { id: ID a: String child: Thing children: [Thing!] things(first: Int): ThingConnection dear: String }
		type ThingConnection { edges: [ThingEdge] nodes: [Thing] totalCount: Int }
		input ThingFilter { id: IDChoice a: String and: [ThingFilter!] or: [ThingFilter!] }
		input IDChoice { eq: ID in: [ID!] }
		type ThingEdge { node: Thing }
		enum Colour { RED GREEN }
		input Box { colour: Colour one: One text: String numbers: [Int!] }
		input One @oneOf { a: Int b: Int }
	`})
	if err != nil {
		t.Fatal(err)
	}
	return small{schema}
}

func (s small) Schema() *ast.Schema { return s.schema }

func (s small) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s small) Exec(ctx context.Context) graphql.ResponseHandler {
	f, _ := graphql.GetOperationContext(ctx).Operation.SelectionSet[0].(*ast.Field)
	return func(ctx context.Context) *graphql.Response {
		switch {
		case f == nil:
		case f.Name == "panics":
			panic("the secret of the house")
		case f.Name == "fails":
			graphql.AddError(ctx, errors.New("the secret of the house"))
			return &graphql.Response{Data: json.RawMessage(`{"fails":null}`)}
		case f.Name == "slow":
			graphql.AddError(ctx, context.DeadlineExceeded)
			return &graphql.Response{Data: json.RawMessage(`{"slow":null}`)}
		}
		return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
	}
}

type server struct {
	http.Handler
	log *strings.Builder
}

func newServer(t *testing.T, open bool) server {
	t.Helper()
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	limits := gql.DefaultLimits()
	limits.Weights = weights()
	e := gql.New(gql.Config{
		Schema: newSmall(t), Limits: limits,
		Open: func(context.Context) bool { return open },
		Log:  slog.New(slog.NewTextHandler(&log, nil)),

		Callers: gql.Callers{Now: time.Now},
	})
	return server{log: &log, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := catalogue.With(r.Context(), words.Voice(r.Header.Get("Accept-Language")))
		e.ServeHTTP(w, r.WithContext(request.With(ctx, &request.Info{ID: "r1"})))
	})}
}

// answer is a response as a client reads it.
type answer struct {
	Status int
	Header http.Header
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct {
			Code      fault.Code
			RequestID string
			Retryable bool
			InputPath []string
		}
	}
	text string
}

func (a answer) code() fault.Code {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

func send(t *testing.T, s http.Handler, r *http.Request) answer {
	t.Helper()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	a := answer{Status: rec.Code, Header: rec.Header(), text: rec.Body.String()}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			t.Fatalf("%s: %v", rec.Body, err)
		}
	}
	return a
}

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func query(q string) *http.Request {
	body, _ := json.Marshal(map[string]string{"query": q})
	return post(string(body))
}

func TestAnUnexpectedErrorIsLoggedOnceAndNeverTold(t *testing.T) {
	for _, q := range []string{"{fails}", "{panics}"} {
		s := newServer(t, false)
		a := send(t, s, query(q))
		if a.code() != fault.CodeInternal || a.Errors[0].Extensions.RequestID != "r1" || a.Errors[0].Extensions.Retryable {
			t.Errorf("%s: got %s", q, a.text)
		}
		if strings.Contains(a.text, "secret") {
			t.Errorf("%s: told: %s", q, a.text)
		}
		if log := s.log.String(); strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "secret") || !strings.Contains(log, "r1") {
			t.Errorf("%s: logged %q", q, log)
		}
	}
}

func TestTimeRunningOutIsRetryable(t *testing.T) {
	a := send(t, newServer(t, false), query("{slow}"))
	if a.code() != fault.CodeUnavailable || !a.Errors[0].Extensions.Retryable {
		t.Errorf("got %s", a.text)
	}
}

func TestErrorsSpeakTheCallersLanguage(t *testing.T) {
	s := newServer(t, false)
	a := send(t, s, post(`{"query":"{nothing}"}`, "Accept-Language", "zh-CN,zh;q=0.9"))
	if !strings.Contains(a.Errors[0].Message, "模式") || a.Header.Get("Content-Language") != "zh-CN" {
		t.Errorf("got %s in %s", a.text, a.Header.Get("Content-Language"))
	}
	if a := send(t, s, query("{nothing}")); !strings.Contains(a.Errors[0].Message, "schema") {
		t.Errorf("got %s", a.text)
	}
}

func TestTheSchemaIsClosedToAnonymousCallers(t *testing.T) {
	for q, want := range map[string]fault.Code{
		"{__schema{types{name}}}":                           gql.CodeIntrospection,
		`{__type(name:"Thing"){name}}`:                      gql.CodeIntrospection,
		"{...f} fragment f on Query{__schema{types{name}}}": gql.CodeIntrospection,
		"{hello ...on Query{x:__schema{types{name}}}}":      gql.CodeIntrospection,
		"{__typename}": "",
		"fragment f on Query{__schema{types{name}}} {hello}":        gql.CodeIntrospection,
		"query($a:Boolean!){__schema @include(if:$a){types{name}}}": gql.CodeIntrospection,
	} {
		if a := send(t, newServer(t, false), query(q)); a.code() != want {
			t.Errorf("%s: got %s", q, a.text)
		}
	}
	if a := send(t, newServer(t, true), query(introspection)); a.code() != "" {
		t.Errorf("open: got %s", a.text)
	}
}

func TestNamesAreSuggestedOnlyWhereTheSchemaIsOpen(t *testing.T) {
	for _, q := range []string{
		"{helo}", `{hello(nam:"x")}`, "query($b:Bx){hello(box:$b)}", "{hello(colour:REED)}", "{thing}",
		`{hello(box:{colur:RED})}`,
	} {
		if a := send(t, newServer(t, false), query(q)); a.code() != gql.CodeValidationFailed || strings.Contains(a.text, "mean") {
			t.Errorf("%s: got %s", q, a.text)
		}
		if a := send(t, newServer(t, true), query(q)); !strings.Contains(a.text, "mean") {
			t.Logf("%s: no suggestion: %s", q, a.text)
		}
	}
}

func TestVariablesAreHeldToTheSpecification(t *testing.T) {
	const all = `query($name:String,$colour:Colour,$box:Box,$count:Int,$id:ID){hello(name:$name,colour:$colour,box:$box,count:$count,id:$id)}`
	for vars, fit := range map[string]bool{
		`{}`:                                  true,
		`{"name":"x","colour":"RED","id":7}`:  true,
		`{"name":null}`:                       true,
		`{"name":5}`:                          false,
		`{"name":true}`:                       false,
		`{"name":["x"]}`:                      false,
		`{"name":{"a":1}}`:                    false,
		`{"colour":"red"}`:                    false,
		`{"colour":"BLUE"}`:                   false,
		`{"colour":1}`:                        false,
		`{"colour":["RED"]}`:                  false,
		`{"count":"5"}`:                       false,
		`{"count":2147483647}`:                true,
		`{"count":2147483648}`:                false,
		`{"count":1.5}`:                       false,
		`{"count":1e400}`:                     false,
		`{"id":1.5}`:                          false,
		`{"id":{}}`:                           false,
		`{"box":{"colour":"GREEN"}}`:          true,
		`{"box":{"colour":"green"}}`:          false,
		`{"box":{"numbers":[1,2]}}`:           true,
		`{"box":{"numbers":3}}`:               true,
		`{"box":{"numbers":[1,"2"]}}`:         false,
		`{"box":{"one":{"a":1}}}`:             true,
		`{"box":{"one":{"a":1,"b":2}}}`:       false,
		`{"box":{"one":{}}}`:                  false,
		`{"box":{"one":{"a":1,"b":null}}}`:    false,
		`{"box":{"unknown":1}}`:               false,
		`{"box":7}`:                           false,
		`{"more":"than asked for is let be"}`: true,
	} {
		a := send(t, newServer(t, false), post(`{"query":`+quoted(all)+`,"variables":`+vars+`}`))
		switch {
		case fit && a.code() != "":
			t.Errorf("%s: refused: %s", vars, a.text)
		case !fit && a.code() != gql.CodeBadUserInput:
			t.Errorf("%s: got %s", vars, a.text)
		}
	}
}

func TestAValueThatCannotBeReadIsNamedAndShown(t *testing.T) {
	const all = `query($name:String,$box:Box,$count:Int){hello(name:$name,box:$box,count:$count)}`
	for vars, want := range map[string]struct{ at, says string }{
		`{"count":1.5}`:               {"count", "1.5 is not a valid Int, which is a whole number"},
		`{"count":1.0}`:               {"count", "1.0 is not a valid Int, which is a whole number"},
		`{"count":2147483648}`:        {"count", "2147483648 is not a valid Int"},
		`{"count":"7"}`:               {"count", `"7" is not a valid Int`},
		`{"box":{"numbers":[1,0.5]}}`: {"box.numbers.1", "0.5 is not a valid Int"},
		`{"box":{"colour":["RED"]}}`:  {"box.colour", "is not a valid Colour"},
		`{"box":{"unknown":1}}`:       {"box.unknown", "unknown field"},
		`{"name":5}`:                  {"name", "5 is not a valid String, which is a text"},
	} {
		a := send(t, newServer(t, false), post(`{"query":`+quoted(all)+`,"variables":`+vars+`}`))
		if a.code() != gql.CodeBadUserInput {
			t.Errorf("%s: got %s", vars, a.text)
			continue
		}
		e := a.Errors[0]
		if at := strings.Join(e.Extensions.InputPath, "."); at != want.at || e.Path != nil || !strings.Contains(e.Message, want.says) {
			t.Errorf("%s: at %q, path %v: %s", vars, at, e.Path, e.Message)
		}
	}
	a := send(t, newServer(t, false), query("{hello(count:1.5)}"))
	if a.code() != gql.CodeValidationFailed || !strings.Contains(a.text, "1.5") {
		t.Errorf("in the document: %s", a.text)
	}
}

func TestADocumentIsNamedByTheSchemasWords(t *testing.T) {
	e := gql.New(gql.Config{Callers: gql.Callers{Now: time.Now}, Schema: newSmall(t), Limits: gql.DefaultLimits(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for q, want := range map[string]string{
		"query Mine{a:hello b:hello}":                       "query hello",
		"{hello thing{id}}":                                 "query several",
		"mutation{change}":                                  "mutation change",
		"{...f} fragment f on Query{hello}":                 "query several",
		"query A{hello}":                                    "query hello",
		"{nothing}":                                         "",
		"query A{hello} query B{hello}":                     "",
		"query($n:String!){hello(name:$n)}":                 "query hello",
		"{hello ...on Query{thing{id}} ...on Query{hello}}": "query several",
	} {
		info := &request.Info{}
		r := query(q)
		e.ServeHTTP(httptest.NewRecorder(), r.WithContext(request.With(r.Context(), info)))
		if info.Operation() != want {
			t.Errorf("%s: got %q, want %q", q, info.Operation(), want)
		}
	}
}

func quoted(s string) string { raw, _ := json.Marshal(s); return string(raw) }

const introspection = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
 subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations
 args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
 fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
  type { ...TypeRef } isDeprecated deprecationReason }
 inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
 enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
 ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
