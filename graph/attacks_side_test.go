package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// unseen is a town in which the secretary and the liaison have a contract that the outsider may not know of.
func unseen(t *testing.T) (w *graphtest.Town, contract string) {
	t.Helper()
	w = graphtest.NewTown(t)
	return w, w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine().Str("it.contract.id")
}

func TestAttackSideChannelByNode(t *testing.T) {
	w, c := unseen(t)
	for _, q := range []string{
		`query($c: ID!) { node(id: $c) { id __typename } }`,
		`query($c: ID!) { nodes(ids: [$c, $c]) { id __typename } }`,
		`query($c: ID!) { contract(id: $c) { id } }`,
	} {
		if a := w.Ask(t, "secretary", q, "c", c).Fine(); !strings.Contains(a.Text, c) {
			t.Errorf("its party does not see it: %s", a.Text)
		}
		for _, who := range []string{"outsider", "stranger"} {
			there, absent := w.Ask(t, who, q, "c", c), w.Ask(t, who, q, "c", "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd")
			if strings.ReplaceAll(there.Text, c, "") != absent.Text {
				t.Errorf("%s: %s: there %s, absent %s", who, q, there.Text, absent.Text)
			}
		}
	}
}

func TestAttackSideChannelByUnionFragments(t *testing.T) {
	w, c := unseen(t)
	const q = `query($c: ID!) { node(id: $c) { ... on CoBuildingContract { title } ... on Node { id } __typename } nodes(ids: [$c]) { ... on CoBuildingContract { parties { organisation { ... on Community { name } } } } } }`
	if a := w.Ask(t, "outsider", q, "c", c).Fine(); a.Get("node") != nil || a.Get("nodes.0") != nil {
		t.Errorf("got %s", a.Text)
	}
}

func TestAttackSideChannelByCounts(t *testing.T) {
	w, c := unseen(t)
	const q = `{ contracts { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
	if a := w.Ask(t, "outsider", q).Fine(); a.Int("contracts.totalCount") != 0 || a.Get("contracts.pageInfo.hasNextPage") != false || a.Get("contracts.pageInfo.endCursor") != nil {
		t.Errorf("got %s", a.Text)
	}
	if a := w.Ask(t, "secretary", q).Fine(); a.Int("contracts.totalCount") != 1 {
		t.Errorf("got %s for %s", a.Text, c)
	}
}

func TestAttackSideChannelByOrder(t *testing.T) {
	w, _ := unseen(t)
	for _, field := range []string{"CREATED_AT", "UPDATED_AT"} {
		for _, direction := range []string{"ASC", "DESC"} {
			q := `{ contracts(first: 5, orderBy: {field: ` + field + `, direction: ` + direction + `}) { edges { cursor } totalCount } }`
			if a := w.Ask(t, "outsider", q).Fine(); a.Len("contracts.edges") != 0 || a.Int("contracts.totalCount") != 0 {
				t.Errorf("got %s", a.Text)
			}
		}
	}
}

func TestAttackSideChannelByFilters(t *testing.T) {
	w, _ := unseen(t)
	for _, f := range []m{
		{"status": m{"eq": "DRAFT"}},
		{"party": m{"eq": w.Unit}},
		{"host": m{"eq": w.Community}},
		{"subDistrict": m{"eq": w.SubDistrict}},
		{"not": m{"status": m{"eq": "ACTIVE"}}},
		{"or": []m{{"status": m{"eq": "DRAFT"}}, {"status": m{"eq": "ACTIVE"}}}},
	} {
		if a := w.Ask(t, "outsider", `query($f: ContractFilter) { contracts(filter: $f) { totalCount } }`, "f", f).Fine(); a.Int("contracts.totalCount") != 0 {
			t.Errorf("%v: %s", f, a.Text)
		}
	}
}

func TestAttackSuggestionsAndStackTraces(t *testing.T) {
	w := graphtest.NewTown(t)
	for _, q := range []string{"{viewr{name}}", "{contract(id:7){id}}", `{node(id:"` + strings.Repeat("\\u0000", 20) + `"){id}}`, `{contracts(after:"x"){totalCount}}`, `mutation{signContract(input:{}){errors{code}}}`} {
		for _, who := range []string{"", "outsider"} {
			a := w.Ask(t, who, q)
			for _, word := range []string{".go", "goroutine", "panic", "runtime error", "bson", "mongo", "bolt", "/internal/"} {
				if strings.Contains(a.Text, word) {
					t.Errorf("%q is told %q: %s", who, word, a.Text)
				}
			}
			if who == "" && strings.Contains(a.Text, "mean") {
				t.Errorf("a name is suggested to anybody: %s", a.Text)
			}
		}
	}
	if strings.Contains(w.Log(), "level=ERROR") {
		t.Errorf("logged: %s", w.Log())
	}
}

func TestAttackOperatorsInJSON(t *testing.T) {
	w := graphtest.NewTown(t)
	for _, terms := range []any{
		m{"$where": "sleep(1000)"}, m{"a": m{"$gt": ""}}, m{"a.b": 1}, m{"$": 1}, m{"a": []m{{"$ne": nil}}}, m{"": 1}, m{"a\x00": 1},
	} {
		d := draft(w)
		d["terms"] = terms
		if a := w.Do(t, "secretary", "draftContract", d, contractFields); a.Code() == "" || a.Code() == "INTERNAL" {
			t.Errorf("%v: %s", terms, a.Text)
		}
	}
	for _, login := range []string{`{"$ne": ""}`, `' or '1'='1`, `*`, `.*`} {
		w.Ask(t, "", `mutation($l: String!) { it: signIn(input: {login: $l, password: "x"}) { token errors { code } } }`, "l", login).Is("INVALID_CREDENTIALS")
	}
	w.Ask(t, "", `mutation($l: String!) { it: signIn(input: {login: $l, password: "x"}) { token errors { code } } }`, "l", m{"$ne": ""}).Is("BAD_USER_INPUT")
}

func TestAttackTamperedCursors(t *testing.T) {
	w := graphtest.NewTown(t)
	const q = `query($a: String) { communities(first: 1, after: $a, orderBy: {field: NAME, direction: ASC}) { edges { cursor node { id } } totalCount } }`
	cursor := w.Ask(t, "secretary", q).Fine().Str("communities.edges.0.cursor")
	w.Ask(t, "secretary", q, "a", cursor).Fine()
	for i := range len(cursor) {
		b := []byte(cursor)
		if b[i]++; b[i] == '+' || b[i] == '[' || b[i] == '{' || b[i] == ':' {
			b[i] = 'A'
		}
		if string(b) == cursor {
			continue
		}
		if a := w.Ask(t, "secretary", q, "a", string(b)); a.Code() != "BAD_CURSOR" {
			t.Fatalf("byte %d altered: %s", i, a.Text)
		}
	}
	for _, other := range []string{
		`query($a: String) { communities(first: 1, after: $a, orderBy: {field: NAME, direction: DESC}) { totalCount edges { cursor } } }`,
		`query($a: String) { residentUnits(first: 1, after: $a) { totalCount edges { cursor } } }`,
		`query($a: String) { communities(first: 1, after: $a, filter: {type: {eq: RURAL}}) { totalCount edges { cursor } } }`,
	} {
		w.Ask(t, "secretary", other, "a", cursor).Is("BAD_CURSOR")
	}
	for _, junk := range []string{"", "x", "null", strings.Repeat("A", 10_000), "../../etc/passwd", `{"$gt":""}`} {
		if a := w.Ask(t, "secretary", q, "a", junk); a.Code() != "BAD_CURSOR" {
			t.Errorf("%.20s: %s", junk, a.Text)
		}
	}
}

func TestAttackTamperedIdentifiers(t *testing.T) {
	w, c := unseen(t)
	for _, id := range []string{
		strings.ToUpper(c), c + "0", c[:len(c)-1], "ctr2" + c[4:], "com1" + c[4:], " " + c, c + "\n", `{"$ne":null}`, "", "*", strings.Repeat("a", 100_000),
		"ctr1_" + strings.Repeat("z", 26), c + "\u200b",
	} {
		a := w.Ask(t, "secretary", `query($c: ID!) { node(id: $c) { id } }`, "c", id)
		if a.Get("node") != nil || a.Code() == "INTERNAL" {
			t.Errorf("%.40q: %.300s", id, a.Text)
		}
	}
	raw, _ := json.Marshal(m{"$ne": ""})
	w.Ask(t, "secretary", `query($c: ID!) { node(id: $c) { id } }`, "c", json.RawMessage(raw)).Is("BAD_USER_INPUT")
}
