package gql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// stuck is far more than the slowest machine takes for any attack that is refused as it should be; the work behind one
// that is not doubles with each of its words and takes minutes. How long each takes is the benchmarks' to tell.
const stuck = 30 * time.Second

func TestEachAttackIsRefusedBeforeItCosts(t *testing.T) {
	for name, attack := range map[string]struct {
		query string
		want  fault.Code
	}{
		"more words than anybody reads": {"{" + strings.Repeat("hello ", 3000) + "}", gql.CodeTooComplex},
		"hundreds of levels":            {strings.Repeat("{thing", 300) + "{id}" + strings.Repeat("}", 300), gql.CodeTooDeep},
		"deeper through fragments":      {chain(30, "child"), gql.CodeTooDeep},
		"a hundred aliases":             {"{" + each(100, "a%d:hello ") + "}", gql.CodeTooComplex},
		"aliases within fragments":      {"{thing{...f}} fragment f on Thing{" + each(100, "a%d:id ") + "}", gql.CodeTooComplex},
		"a hundred fragments":           {"{thing{id ...f0}} " + each(100, "fragment f%d on Thing{id} "), gql.CodeTooComplex},
		"many spreads of one fragment":  {"{thing{" + each(200, "...f ") + "}} fragment f on Thing{id}", gql.CodeTooComplex},
		"many inline fragments":         {"{thing{" + each(200, "...on Thing{id} ") + "}}", gql.CodeTooComplex},
		"directives upon directives":    {"{hello" + each(100, " @skip(if:false)") + "}", gql.CodeTooComplex},
		"directives on an operation":    {"query" + each(100, " @a") + "{hello}", gql.CodeTooComplex},
		"directives on a variable":      {"query($a:Int" + each(100, " @a") + "){hello(count:$a)}", gql.CodeTooComplex},
		"a hundred operations":          {each(100, "query q%d{hello} "), gql.CodeTooComplex},
		"a hundred variables":           {"query(" + each(100, "$v%d:Int ") + "){hello}", gql.CodeTooComplex},
		"one field, over and over":      {"{" + strings.Repeat("hello ", 900) + "}", gql.CodeTooComplex},
		"over and over, inline":         {"{" + each(100, "...on Query{hello} ") + "}", gql.CodeTooComplex},
		"a fragment within itself":      {"{thing{...f}} fragment f on Thing{child{...f}}", gql.CodeValidationFailed},
		"fragments within each other":   {"{thing{...f}} fragment f on Thing{...g} fragment g on Thing{...f}", gql.CodeValidationFailed},
		"doubling through fragments":    {double(14), gql.CodeTooCostly},
		"pages within pages":            {"{things(first:100){nodes{things(first:100){nodes{things(first:100){nodes{id}}}}}}}", gql.CodeTooCostly},
		"pages by a variable":           {"query($n:Int=100){things(first:$n){nodes{things(first:$n){nodes{things(first:$n){nodes{id}}}}}}}", gql.CodeTooCostly},
		"lists within lists":            {"{thing{children{children{children{children{children{id}}}}}}}", gql.CodeTooCostly},
		"a page larger than numbers":    {"{things(first:2147483647){nodes{things(first:2147483647){nodes{id}}}}}", gql.CodeTooCostly},
		"a conflict in every pair":      {overlap(), gql.CodeTooComplex},
		"nested lists in a value":       {"{hello(name:" + strings.Repeat("[", 1500) + ")}", gql.CodeParseFailed},
		"introspection in circles": {
			"{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}", gql.CodeValidationFailed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, true)
			r := query(attack.query)
			began := time.Now()
			a := send(t, s, r)
			if took := time.Since(began); took > stuck {
				t.Errorf("took %s", took)
			}
			if a.code() != attack.want {
				t.Errorf("got %.300s", a.text)
			}
		})
	}
}

func TestValidationOfWhatIsAllowedIsQuick(t *testing.T) {
	l := gql.DefaultLimits()
	for name, q := range map[string]string{
		"repeats at every level":      repeats(l.Repeats-8, 4),
		"every fragment in every set": braid(l.Fragments-48, 3),
		"fragments of shared fields":  "{thing{" + each(50, "...f%d ") + "}} " + each(50, "fragment f%d on Thing{id a child{id a}} "),
		"doubling within the price":   double(9),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			a := send(t, newServer(t, true), query(q))
			if took := time.Since(began); took > stuck {
				t.Errorf("took %s: %.200s", took, a.text)
			}
		})
	}
}

func TestAnHonestQueryPasses(t *testing.T) {
	const q = `query Page($n: Int = 50) {
		things(first: $n) { edges { node { id a child { ...t } children { ...t child { ...t } } things(first: 5) { nodes { ...t } } } } }
		nodes(ids: ["1", "2"]) { ...t }
	}
	fragment t on Thing { id a }`
	if a := send(t, newServer(t, false), query(q)); a.code() != "" {
		t.Errorf("got %s", a.text)
	}
}

func each(n int, form string) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(form, "%d") {
			fmt.Fprintf(&b, form, i)
		} else {
			b.WriteString(form)
		}
	}
	return b.String()
}

// chain goes one level deeper in each of n fragments.
func chain(n int, field string) string {
	var b strings.Builder
	b.WriteString("{thing{...f0}} ")
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on Thing{%s{...f%d}} ", i, field, i+1)
	}
	fmt.Fprintf(&b, "fragment f%d on Thing{id}", n)
	return b.String()
}

// double asks for 2ⁿ things in a few bytes.
func double(n int) string {
	var b strings.Builder
	b.WriteString("{thing{...f0}} ")
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on Thing{a:child{...f%d} b:child{...f%d} c:child{...f%d}} ", i, i+1, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment f%d on Thing{id}", n)
	return b.String()
}

// overlap makes the rule of mergeable fields compare hundreds of fields with each other.
func overlap() string {
	return "{" + strings.Repeat("thing{id} ", 300) + "}"
}

// repeats has n times the same field at each of a few levels.
func repeats(n, levels int) string {
	if levels == 0 {
		return "id"
	}
	if levels == 1 {
		return "{" + strings.Repeat("thing{id} ", n) + "}"
	}
	inner := "id"
	for range levels - 1 {
		inner = strings.Repeat("child{"+inner+"} ", 3)
	}
	return "{" + strings.Repeat("thing{"+inner+"} ", 2) + "}"
}

// braid lets each fragment spread every later one.
func braid(n, fields int) string {
	var b strings.Builder
	b.WriteString("{thing{...f0}} ")
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on Thing{%s", i, each(fields, "id a "))
		for j := i + 1; j < n; j++ {
			fmt.Fprintf(&b, "...f%d ", j)
		}
		b.WriteString("} ")
	}
	return b.String()
}
