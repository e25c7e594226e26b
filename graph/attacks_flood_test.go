package graph_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// each writes a form n times, with the number where it has room for one.
func each(n int, form string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(form, "%d", strconv.Itoa(i)))
	}
	return b.String()
}

// doubling asks for 3ⁿ organisations in a few hundred bytes.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{communities(first:1){nodes{subDistrict{district{subDistricts(first:1){nodes{...f0}}}}}}} ")
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on SubDistrict{a:district{subDistricts(first:100){nodes{...f%d}}} b:district{subDistricts(first:100){nodes{...f%d}}}} ", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment f%d on SubDistrict{id}", n)
	return b.String()
}

// attacks are the documents that are to be refused before they cost anything, with the code of the refusal.
func attacks() map[string][2]string {
	return map[string][2]string{
		"a fragment within itself":  {"{communities(first:1){nodes{...f}}} fragment f on Community{subDistrict{...g}} fragment g on SubDistrict{...g}", "GRAPHQL_VALIDATION_FAILED"},
		"fragments in a circle":     {"{viewer{...f}} fragment f on Person{...g} fragment g on Person{...f}", "GRAPHQL_VALIDATION_FAILED"},
		"a bomb of fragments":       {"{viewer{" + each(70, "...f%d ") + "}} " + each(70, "fragment f%d on Person{name} "), "QUERY_TOO_COMPLEX"},
		"exponential spreads":       {doubling(4), "QUERY_TOO_DEEP"},
		"exponential spreads, dear": {doubling(3), "QUERY_TOO_COSTLY"},
		"quadratic overlap":         {"{" + strings.Repeat("viewer{name} ", 300) + "}", "QUERY_TOO_COMPLEX"},
		"quadratic overlap, inline": {"{" + strings.Repeat("...on Query{viewer{name}} ", 140) + "}", "QUERY_TOO_COMPLEX"},
		"a flood of aliases":        {"{" + each(500, "a%d:viewer{name} ") + "}", "QUERY_TOO_COMPLEX"},
		"a flood of directives":     {"{viewer" + strings.Repeat(" @include(if:true)", 200) + "{name}}", "QUERY_TOO_COMPLEX"},
		"a flood of arguments":      {"{viewer(" + each(900, "a%d:1 ") + "){name}}", "QUERY_TOO_COMPLEX"},
		"a flood of operations":     {each(200, "query q%d{viewer{name}} "), "QUERY_TOO_COMPLEX"},
		"a flood of variables":      {"query(" + each(200, "$v%d:Int ") + "){viewer{name}}", "QUERY_TOO_COMPLEX"},
		"deep nesting":              {strings.Repeat("{district", 400) + "{id}" + strings.Repeat("}", 400), "QUERY_TOO_DEEP"},
		"deep lists":                {"{communities(first:100){nodes{residentUnits(first:100){nodes{communities{residentUnits(first:100){totalCount}}}}}}}", "QUERY_TOO_COSTLY"},
		"deep values":               {"{communities(filter:" + strings.Repeat("{and:[", 300) + strings.Repeat("]}", 300) + "){totalCount}}", "TOO_DEEP"},
		"introspection in circles":  {"{__schema{types{fields{type{fields{type{fields{type{name}}}}}}}}}", "INTROSPECTION_DISABLED"},
		"a flood of errors":         {"{" + each(900, "x%d ") + "}", ""},
		"a flood of words":          {"{" + strings.Repeat("viewer{name} ", 3000) + "}", "QUERY_TOO_COMPLEX"},
		"counts over counts":        {"query($f:CommunityFilter){" + each(59, "a%d:communities(filter:$f){totalCount} ") + "}", "QUERY_TOO_COSTLY"},
	}
}

// refused sends an attack and holds the answer against what was expected.
func refused(t *testing.T, name string) {
	t.Helper()
	a, ok := attacks()[name]
	if !ok {
		t.Fatalf("no attack is called %q", name)
	}
	h := graphtest.New(t)
	got := h.Ask(t, "", a[0], "f", manyConditions())
	if got.Code() == "" || a[1] != "" && got.Code() != a[1] || got.Get("communities") != nil || got.Get("viewer") != nil {
		t.Errorf("got %s", got.Text[:min(len(got.Text), 600)])
	}
}

func manyConditions() m {
	or := make([]m, 10)
	for i := range or {
		inner := make([]m, 10)
		for j := range inner {
			inner[j] = m{"type": m{"eq": "RURAL"}}
		}
		or[i] = m{"or": inner}
	}
	return m{"or": or}
}

func TestAttackFragmentCycle(t *testing.T)          { refused(t, "a fragment within itself") }
func TestAttackFragmentsInACircle(t *testing.T)     { refused(t, "fragments in a circle") }
func TestAttackFragmentBomb(t *testing.T)           { refused(t, "a bomb of fragments") }
func TestAttackExponentialSpreads(t *testing.T)     { refused(t, "exponential spreads") }
func TestAttackExponentialPrice(t *testing.T)       { refused(t, "exponential spreads, dear") }
func TestAttackQuadraticOverlap(t *testing.T)       { refused(t, "quadratic overlap") }
func TestAttackQuadraticOverlapInline(t *testing.T) { refused(t, "quadratic overlap, inline") }
func TestAttackAliasFlood(t *testing.T)             { refused(t, "a flood of aliases") }
func TestAttackDirectiveFlood(t *testing.T)         { refused(t, "a flood of directives") }
func TestAttackArgumentFlood(t *testing.T)          { refused(t, "a flood of arguments") }
func TestAttackOperationFlood(t *testing.T)         { refused(t, "a flood of operations") }
func TestAttackVariableFlood(t *testing.T)          { refused(t, "a flood of variables") }
func TestAttackDeepNesting(t *testing.T)            { refused(t, "deep nesting") }
func TestAttackDeepLists(t *testing.T)              { refused(t, "deep lists") }
func TestAttackDeepValues(t *testing.T)             { refused(t, "deep values") }
func TestAttackCircularIntrospection(t *testing.T)  { refused(t, "introspection in circles") }
func TestAttackWordFlood(t *testing.T)              { refused(t, "a flood of words") }
func TestAttackCountsOverCounts(t *testing.T)       { refused(t, "counts over counts") }

func TestAttackGiantBody(t *testing.T) {
	h := graphtest.New(t)
	w := raw(t, h, "POST", "/graphql", "application/json", `{"query":"{viewer{name}}","variables":{"a":"`+strings.Repeat("x", 8<<20)+`"}}`)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "PAYLOAD_TOO_LARGE") {
		t.Errorf("got %d %.200s", w.Code, w.Body)
	}
}

func TestAttackGiantVariables(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "admin", "registerDistrict", m{"name": strings.Repeat("区", 300_000)}, "district { id }").Is("TOO_LONG")
	ids := make([]string, 20_000)
	for i := range ids {
		ids[i] = w.Unit
	}
	w.Ask(t, "secretary", `query($i: [ID!]!) { nodes(ids: $i) { id } }`, "i", ids).Is("TOO_MANY")
	w.Ask(t, "secretary", `query($i: [ID!]!) { nodes(ids: $i) { ... on ResidentUnit { id name kind communities { id name type residentUnits(first: 1) { totalCount } } } } }`, "i", ids).Is("QUERY_TOO_COSTLY")
}

func TestAttackGiantNumbers(t *testing.T) {
	h := graphtest.New(t)
	for _, n := range []string{"1e400", "-1e400", "99999999999999999999", "1e-400", strings.Repeat("9", 100_000), "NaN"} {
		w := raw(t, h, "POST", "/graphql", "application/json", `{"query":"query($n:Int){communities(first:$n){totalCount}}","variables":{"n":`+n+`}}`)
		if !strings.Contains(w.Body.String(), "BAD_USER_INPUT") && !strings.Contains(w.Body.String(), "BAD_REQUEST") {
			t.Errorf("%.20s: %d %.200s", n, w.Code, w.Body)
		}
	}
	h.Ask(t, "", "{communities(first:2147483647){nodes{id}}}").Is("QUERY_TOO_COSTLY")
}

func TestAttackErrorFlood(t *testing.T) {
	h := graphtest.New(t)
	a := h.Ask(t, "", "{"+each(300, "x%d ")+"}").Is("GRAPHQL_VALIDATION_FAILED")
	if len(a.Errors) > 20 || len(a.Text) > 10_000 {
		t.Errorf("%d errors in %d bytes are told", len(a.Errors), len(a.Text))
	}
	poor := graphtest.New(t, func(c *app.Config) {
		c.Bounds.Rates = limit.Rates{limit.Address: {Burst: 1000, Refill: 1e12}}
	})
	for range 150 {
		if a = poor.Ask(t, "", "{x}"); a.Code() == "RATE_LIMITED" {
			return
		}
	}
	t.Errorf("errors without end are told for nothing: %s", a.Text)
}

func TestAttackCrossSiteRequests(t *testing.T) {
	h := graphtest.New(t)
	const body = `{"query":"mutation{signOut(input:{}){errors{code}}}"}`
	for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", "text/html", ""} {
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if w := raw(t, h, "POST", "/graphql", kind, body, from...); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "CROSS_ORIGIN") {
				t.Errorf("%s from %v: %d %s", kind, from, w.Code, w.Body)
			}
		}
		if w := raw(t, h, "POST", "/graphql", kind, body); kind != "application/json" && w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("%s from an old browser that says nothing: %d %s", kind, w.Code, w.Body)
		}
	}
}

// BenchmarkAttacks tells what each attack costs, beside an honest query.
func BenchmarkAttacks(b *testing.B) {
	h := graphtest.New(b)
	all := attacks()
	all["an honest query"] = [2]string{"{communities(first:20){nodes{id name strategy createdAt}} viewer{name}}", ""}
	for name, a := range all {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			f := manyConditions()
			for b.Loop() {
				h.Ask(b, "", a[0], "f", f)
			}
		})
	}
}
