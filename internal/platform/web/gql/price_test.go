package gql_test

import (
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// priceOf is the price of a query with variables, as a refusal tells it.
func priceOf(t *testing.T, q, vars string) int {
	t.Helper()
	return priceWith(t, nil, q, vars)
}

// priceWith is priceOf where the lengths of some lists are known.
func priceWith(t *testing.T, lists map[string]int, q, vars string) int {
	t.Helper()
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	limits := gql.DefaultLimits()
	limits.Price, limits.Weights, limits.Lists = 0, weights(), lists
	e := gql.New(gql.Config{Callers: gql.Callers{Now: time.Now}, Schema: newSmall(t), Limits: limits, Log: slog.New(slog.DiscardHandler)})
	r := post(`{"query":` + quoted(q) + `,"variables":` + vars + `}`)
	a := send(t, e, r.WithContext(catalogue.With(r.Context(), words.Voice("en"))))
	found := regexp.MustCompile(`price is (\d+)`).FindStringSubmatch(a.text)
	if a.code() != gql.CodeTooCostly || found == nil {
		t.Fatalf("%s: %s", q, a.text)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func weights() map[string]int { return map[string]int{"totalCount": 25, "dear": 30} }

func TestWhatIsDearIsPriced(t *testing.T) {
	for _, c := range []struct {
		query, vars string
		want        int
	}{
		{"{hello}", "{}", 1},
		{"{thing{id dear}}", "{}", 1 + 1 + 30},
		{"{thing{children{id dear}}}", "{}", 1 + 1 + 10*(1+30)},
		{"{things(first:5){totalCount}}", "{}", 1 + 5 + 25},
		{"{things(first:5){n:totalCount}}", "{}", 1 + 5 + 25},
		{"{things(first:5){nodes{id}}}", "{}", 1 + 5*(1+1+1)},
		{"{things(first:5){nodes{dear}}}", "{}", 1 + 5*(1+1+30)},
		{"{things(first:5){nodes{id} totalCount}}", "{}", 1 + 5*(1+1+1) + 25},
		{"{things(first:5){edges{node{id}}}}", "{}", 1 + 5*(1+1+1+1)},
		{"{things{nodes{id}}}", "{}", 1 + 20*3},
		{"{things(first:5){nodes{things(first:3){totalCount}}}}", "{}", 1 + 5*(1+1+1+3+25)},
		{`{things(first:5,filter:{a:"x"}){totalCount}}`, "{}", 1 + 1 + 5 + 25},
		{`{things(first:5,filter:{a:"x",id:{eq:"y"}}){totalCount}}`, "{}", 1 + 2 + 5 + 2*25},
		{`{things(first:5,filter:{id:{in:["1","2","3"]}}){nodes{id} totalCount}}`, "{}", 1 + 3 + 5*3 + 3*25},
		{`{things(first:5,filter:{or:[{a:"1"},{a:"2"},{}]}){totalCount}}`, "{}", 1 + 3 + 5 + 3*25},
		{`{things(first:5,filter:null){totalCount}}`, "{}", 1 + 5 + 25},
		{`query($f:ThingFilter){things(first:5,filter:$f){totalCount}}`, `{"f":{"or":[{"a":"1"},{"id":{"in":["2","3"]}}]}}`, 1 + 3 + 5 + 3*25},
		{`query($f:ThingFilter!,$i:[ID!],$c:IDChoice){things(first:5,filter:{or:[$f,{id:$c},{id:{in:$i}}]}){totalCount}}`, `{"f":{"a":"1"},"c":{"eq":"2"},"i":["3","4"]}`, 1 + 4 + 5 + 4*25},
		{`query($f:ThingFilter){things(first:5,filter:$f){totalCount}}`, `{}`, 1 + 5 + 25},
		{`query($f:ThingFilter={a:"1",id:{eq:"2"}}){things(first:5,filter:$f){totalCount}}`, `{}`, 1 + 2 + 5 + 2*25},
		{`{things(first:5,filter:{a:"x",id:{eq:"y"}}){...c}} fragment c on ThingConnection{nodes{...t} totalCount} fragment t on Thing{id dear}`, "{}", 1 + 2 + 5*(1+1+1+30) + 2*25},
		{`{a:things(first:5){...c} b:things(first:2){...c}} fragment c on ThingConnection{nodes{id} totalCount}`, "{}", 2 + 5*3 + 2*3 + 2*25},
	} {
		if got := priceOf(t, c.query, c.vars); got != c.want {
			t.Errorf("%s with %s: %d, want %d", c.query, c.vars, got, c.want)
		}
	}
}

func TestAListThatIsKnownToBeShortIsPricedAsShort(t *testing.T) {
	lists := map[string]int{"Thing.children": 3, "Query.children": 1, "Thing.dear": 1}
	if got, want := priceWith(t, lists, "{thing{children{id dear}}}", "{}"), 1+1+3*(1+30); got != want {
		t.Errorf("%d, want %d", got, want)
	}
}

func TestABroadFilterUnderManyNamesIsTooCostly(t *testing.T) {
	or := strings.TrimSuffix(strings.Repeat(`{"a":"x"},`, 100), ",")
	q := "query($f:ThingFilter){" + each(59, "a%d:things(filter:$f){totalCount} ") + "}"
	a := send(t, newServer(t, false), post(`{"query":`+quoted(q)+`,"variables":{"f":{"or":[`+or+`]}}}`))
	if a.code() != gql.CodeTooCostly {
		t.Errorf("got %s", a.text)
	}
}
