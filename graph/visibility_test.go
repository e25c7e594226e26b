package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

func TestAContractIsVisibleToItsPartiesAndTheBodiesAboveAndToNobodyElse(t *testing.T) {
	w := graphtest.NewTown(t)
	c := active(t, w)
	w.Pass(t, 13*24*time.Hour)
	contract := c.Str("it.contract.id")
	f := due(t, w, "secretary").Fine().Str("fulfilments.nodes.0.id")
	commitment := w.Ask(t, "secretary", `query($c: ID!) { contract(id: $c) { commitments { id } } }`, "c", contract).Fine().Str("contract.commitments.0.id")
	const everything = `query($c: ID!, $f: ID!, $m: ID!, $u: ID!) {
		contract(id: $c) { title }
		asNode: node(id: $c) { __typename id }
		several: nodes(ids: [$c, $f, $m, $u]) { __typename id ... on CoBuildingContract { title parties { name } } ... on Fulfilment { dueOn } ... on Commitment { action } }
		contracts(first: 10) { totalCount nodes { title } edges { cursor } pageInfo { hasNextPage startCursor endCursor } }
		sorted: contracts(first: 10, orderBy: {field: ENDS_ON, direction: DESC}) { totalCount nodes { title } }
		filtered: contracts(first: 10, filter: {party: {eq: $u}}) { totalCount nodes { title } }
		denied: contracts(first: 10, filter: {not: {status: {eq: DRAFT}}}) { totalCount nodes { title } }
		commitments(first: 10) { totalCount nodes { action contract { title } } }
		fulfilments(first: 10) { totalCount nodes { dueOn contract { title } commitment { action } } }
		byContract: fulfilments(first: 10, filter: {contract: {eq: $c}}) { totalCount nodes { dueOn } }
	}`
	ask := func(who string) *graphtest.Answer {
		return w.Ask(t, who, everything, "c", contract, "f", f, "m", commitment, "u", w.Unit)
	}
	for _, who := range []string{"secretary", "liaison", "steward", "supervisor", "auditor"} {
		a := ask(who).Fine()
		for path, want := range map[string]any{
			"contract.title": "长安社区与恒远机械共建契约", "asNode.id": contract, "contracts.totalCount": 1.0, "filtered.totalCount": 1.0,
			"several.1.id": f, "several.2.id": commitment, "commitments.totalCount": 2.0, "commitments.nodes.0.contract.title": "长安社区与恒远机械共建契约",
		} {
			if got := a.Get(path); got != want {
				t.Errorf("%s, %s: got %v, want %v", who, path, got, want)
			}
		}
		if a.Int("fulfilments.totalCount") < 2 {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	for _, who := range []string{"outsider", "stranger", "admin"} {
		a := ask(who).Fine()
		for path, want := range map[string]any{
			"contract": nil, "asNode": nil, "several.0": nil, "several.1": nil, "several.2": nil, "several.3.id": w.Unit,
			"contracts.totalCount": 0.0, "contracts.pageInfo.hasNextPage": false, "contracts.pageInfo.endCursor": nil, "sorted.totalCount": 0.0,
			"filtered.totalCount": 0.0, "denied.totalCount": 0.0, "commitments.totalCount": 0.0, "fulfilments.totalCount": 0.0, "byContract.totalCount": 0.0,
		} {
			if got := a.Get(path); got != want {
				t.Errorf("%s, %s: got %v, want %v", who, path, got, want)
			}
		}
		for _, secret := range []string{"共建契约", "文艺演出", contract, f} {
			if strings.Contains(a.Text, secret) {
				t.Errorf("%s was told %s: %s", who, secret, a.Text)
			}
		}
	}
	nobody := w.Ask(t, "", `query($c: ID!, $f: ID!) { a: node(id: $c) { id } b: nodes(ids: [$c, $f]) { id } }`, "c", contract, "f", f).Fine()
	if nobody.Get("a") != nil || nobody.Get("b.0") != nil || nobody.Get("b.1") != nil {
		t.Errorf("nobody: %s", nobody.Text)
	}
	for _, field := range []string{"contracts(first: 1) { totalCount }", "fulfilments(first: 1) { totalCount }", "commitments(first: 1) { totalCount }", `contract(id: "` + contract + `") { id }`} {
		w.Ask(t, "", "{ "+field+" }").Is("UNAUTHENTICATED")
	}
}

func TestWhatIsHiddenAndWhatIsAbsentAnswerAlike(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine().Str("it.contract.id")
	absent := "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd"
	const read = `query($c: ID!) { contract(id: $c) { id } node(id: $c) { id } }`
	if a, b := w.Ask(t, "outsider", read, "c", c), w.Ask(t, "outsider", read, "c", absent); a.Text != b.Text {
		t.Errorf("hidden: %s, absent: %s", a.Text, b.Text)
	}
	change := func(id string) string {
		return w.Do(t, "outsider", "proposeContract", m{"id": id, "expectedVersion": 1}, contractFields).Is("NOT_FOUND").Text
	}
	if a, b := change(c), change(absent); a != b {
		t.Errorf("hidden: %s, absent: %s", a, b)
	}
}

func TestAnIdentifierOfAnotherKindIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	for query, at := range map[string]string{
		`query($i: ID!) { contract(id: $i) { id } }`:                            "id",
		`query($i: ID!) { residentUnit(id: $i) { id } }`:                        "id",
		`query($i: ID!) { people(organisation: $i) { totalCount } }`:            "organisation",
		`query($i: ID!) { signingKeys(organisation: $i) { totalCount } }`:       "organisation",
		`query($i: ID!) { contracts(filter: {host: {eq: $i}}) { totalCount } }`: "",
	} {
		wrong := w.Community
		if at != "id" {
			wrong = "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd"
		}
		for _, id := range []string{wrong, "anything", ""} {
			a := w.Ask(t, "secretary", query, "i", id).Is("WRONG_ID")
			if at != "" && strings.Join(a.Errors[0].Extensions.InputPath, ".") != at {
				t.Errorf("%s: %s", query, a.Text)
			}
		}
	}
	bad := draft(w)
	bad["parties"].([]m)[1]["organisation"] = "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd"
	bad["commitments"].([]m)[1]["receivers"] = []string{w.Community, "nonsense"}
	a := w.Do(t, "secretary", "draftContract", bad, contractFields).Is("WRONG_ID")
	if a.At() != "parties.1.organisation" || a.Len("it.errors") != 2 || a.Get("it.errors.0.__typename") != "InputError" {
		t.Errorf("got %s", a.Text)
	}
}
