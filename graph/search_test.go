package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const (
	searches = `query($text: String!, $types: [SearchType!], $first: Int, $after: String) { it: search(text: $text, types: $types, first: $first, after: $after) {
		nodes { type score words node { __typename id } snippet { field pieces { text hit } } } edges { cursor node { type } }
		pageInfo { hasNextPage endCursor } totalCount complete indexed } }`
	traces = `query($id: ID!, $stages: [TraceStage!], $first: Int, $after: String) { it: trace(id: $id, stages: $stages, first: $first, after: $after) {
		nodes { stage from node { __typename id } } edges { cursor node { stage } } pageInfo { hasNextPage endCursor } } }`
)

// found is what somebody finds, the best first, as the names of types.
func found(t *testing.T, w *graphtest.Town, who, text string) []string {
	t.Helper()
	a := w.Ask(t, who, searches, "text", text, "first", 20).Fine()
	out := []string{}
	for i := range a.Len("it.nodes") {
		out = append(out, a.Str(fmt.Sprintf("it.nodes.%d.node.__typename", i)))
	}
	if got := a.Int("it.totalCount"); got != len(out) || a.Get("it.complete") != true || a.Int("it.indexed") != 100 {
		t.Errorf("%q as %q: %d hits are counted as %d: %s", text, who, len(out), got, a.Text)
	}
	return out
}

func TestEverybodyFindsWhatTheyMaySeeByItsWords(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	w.Settle(t)
	for who, contracts := range map[string]int{"": 0, "outsider": 0, "stranger": 0, "admin": 0, "secretary": 1, "steward": 1, "liaison": 1, "supervisor": 1, "auditor": 1} {
		got := found(t, w, who, "长安社区")
		want := append([]string{"CommercialCommunity"}, slices.Repeat([]string{"CoBuildingContract"}, contracts)...)
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) || strings.Count(strings.Join(got, " "), "Contract") != contracts {
			t.Errorf("%q finds %v", who, got)
		}
		if got := found(t, w, who, "捐赠图书"); len(got) != contracts {
			t.Errorf("%q finds %v by a promise", who, got)
		}
		if got := found(t, w, who, "单位联络员"); len(got) != 0 {
			t.Errorf("%q finds %v by who answers for a party", who, got)
		}
		if got := found(t, w, who, "Name of secretary"); len(got) != 0 {
			t.Errorf("%q finds %v by a person's name", who, got)
		}
	}
	if got := found(t, w, "", "HUISHAN"); !slices.Equal(got, []string{"District"}) {
		t.Errorf("by an English name: %v", got)
	}
	a := w.Ask(t, "liaison", searches, "text", "文艺 图书", "types", []string{"CONTRACT"}).Fine()
	for path, want := range map[string]any{
		"it.nodes.0.node.id": c.Str("it.contract.id"), "it.nodes.0.type": "CONTRACT", "it.nodes.0.words.0": "文艺", "it.nodes.0.words.1": "图书",
		"it.nodes.0.snippet.field": "commitments.action", "it.nodes.0.snippet.pieces.0.text": "文艺", "it.nodes.0.snippet.pieces.0.hit": true,
		"it.edges.0.node.type": "CONTRACT",
	} {
		if got := a.Get(path); got != want {
			t.Errorf("%s: got %v, want %v: %s", path, got, want, a.Text)
		}
	}

	w.Do(t, "secretary", "proposeContract", m{"id": c.Str("it.contract.id"), "expectedVersion": 1}, contractFields).Fine()
	w.Do(t, "liaison", "declineContract", m{"id": c.Str("it.contract.id"), "expectedVersion": 2, "reason": "人手不足"}, contractFields).Fine()
	if got := found(t, w, "liaison", "捐赠图书"); len(got) != 0 {
		t.Errorf("who has declined finds %v, before the index has heard of it", got)
	}
	w.Settle(t)
	if got := found(t, w, "liaison", "捐赠图书"); len(got) != 0 {
		t.Errorf("who has declined finds %v", got)
	}
}

func TestHitsAreGivenInPagesAndWhatCannotBeLookedForIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Settle(t)
	one := w.Ask(t, "", searches, "text", "社区", "first", 1).Fine()
	if one.Len("it.nodes") != 1 || one.Get("it.pageInfo.hasNextPage") != true {
		t.Fatalf("got %s", one.Text)
	}
	cursor := one.Str("it.pageInfo.endCursor")
	two := w.Ask(t, "", searches, "text", "社区", "first", 5, "after", cursor).Fine()
	if two.Len("it.nodes") != 1 || two.Get("it.pageInfo.hasNextPage") != false || two.Str("it.nodes.0.node.id") == one.Str("it.nodes.0.node.id") {
		t.Errorf("got %s", two.Text)
	}
	for name, c := range map[string]struct {
		code string
		vars []any
	}{
		"nothing":        {"REQUIRED", []any{"text", " "}},
		"signs":          {"SEARCH_WITHOUT_WORDS", []any{"text", "，。！"}},
		"too much":       {"TOO_LONG", []any{"text", strings.Repeat("长", 201)}},
		"no types":       {"TOO_FEW", []any{"text", "社区", "types", []string{}}},
		"a type twice":   {"DUPLICATE", []any{"text", "社区", "types", []string{"CONTRACT", "CONTRACT"}}},
		"another search": {"BAD_CURSOR", []any{"text", "小学", "after", cursor}},
		"too many":       {"BAD_PAGE", []any{"text", "社区", "first", 101}},
		"no such type":   {"BAD_USER_INPUT", []any{"text", "社区", "types", []string{"PERSON"}}},
	} {
		if a := w.Ask(t, "", searches, c.vars...); a.Code() != c.code {
			t.Errorf("%s: %s", name, a.Text)
		}
	}
}

// steps are what somebody is shown of a trace, as "STAGE identifier".
func steps(t *testing.T, w *graphtest.Town, who, of string) []string {
	t.Helper()
	var out []string
	var after any
	for {
		a := w.Ask(t, who, traces, "id", of, "first", 3, "after", after).Fine()
		if a.Get("it") == nil {
			return nil
		}
		for i := range a.Len("it.nodes") {
			at := fmt.Sprintf("it.nodes.%d.", i)
			out = append(out, a.Str(at+"stage")+" "+a.Str(at+"node.id"))
		}
		if a.Get("it.pageInfo.hasNextPage") != true {
			return out
		}
		after = a.Str("it.pageInfo.endCursor")
	}
}

func TestATraceLeadsFromEvidenceToItsContractAndToWhatCameOfIt(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	w.Pass(t, 13*24*time.Hour)
	f := due(t, w, "liaison").Fine()
	show := f.Str("fulfilments.nodes.0.id")
	w.Do(t, "liaison", "reportFulfilment", m{
		"id": show, "expectedVersion": f.Int("fulfilments.nodes.0.version"), "note": "演出一场", "quantityDone": "1", "evidence": []m{{"kind": "PHOTO", "description": "现场照片"}},
	}, "fulfilment { status }").Fine()
	w.Pass(t, 352*24*time.Hour)
	ask := `query($id: ID!) { contract(id: $id) { commitments { id key } } }`
	all := w.Ask(t, "liaison", ask, "id", contract).Fine()
	keys := map[string]string{}
	for i := range all.Len("contract.commitments") {
		keys[all.Str(fmt.Sprintf("contract.commitments.%d.key", i))] = all.Str(fmt.Sprintf("contract.commitments.%d.id", i))
	}
	whole := []string{"CONTRACT " + contract, "COMMITMENT " + keys["gift"], "COMMITMENT " + keys["show"], "EVIDENCE " + show}
	slices.Sort(whole[1:3])
	for who := range strings.FieldsSeq("secretary liaison steward supervisor auditor") {
		if got := steps(t, w, who, contract); !slices.Equal(got, whole) {
			t.Errorf("from the contract %s is shown %v, not %v", who, got, whole)
		}
		if got, want := steps(t, w, who, show), []string{whole[0], "COMMITMENT " + keys["show"], whole[3]}; !slices.Equal(got, want) {
			t.Errorf("from the evidence %s is shown %v, not %v", who, got, want)
		}
		if got, want := steps(t, w, who, keys["gift"]), []string{whole[0], "COMMITMENT " + keys["gift"]}; !slices.Equal(got, want) {
			t.Errorf("from a promise %s is shown %v, not %v", who, got, want)
		}
	}
	for who := range strings.FieldsSeq("outsider stranger admin") {
		for _, of := range []string{contract, keys["show"], show} {
			if got := steps(t, w, who, of); got != nil {
				t.Errorf("%s is shown %v", who, got)
			}
		}
	}
	for _, x := range []struct{ who, of, code string }{
		{"liaison", w.Unit, "NOT_A_STEP"}, {"liaison", "nonsense", "NOT_A_STEP"}, {"", w.Unit, "NOT_A_STEP"},
	} {
		if a := w.Ask(t, x.who, traces, "id", x.of); a.Code() != x.code {
			t.Errorf("%s: %s", x.of, a.Text)
		}
	}
	if a := w.Ask(t, "liaison", traces, "id", contract, "stages", []string{}); a.Code() != "TOO_FEW" {
		t.Errorf("no stages: %s", a.Text)
	}
}

func TestAnAppraisalLeadsBackToAllThatItJudges(t *testing.T) {
	w := graphtest.NewTown(t)
	contract, byHost, byUnit := expired(t, w)
	if got := steps(t, w, "liaison", contract); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "RESULT") }) {
		t.Errorf("what is sealed is a result: %v", got)
	}
	w.Do(t, "secretary", "submitAppraisal", submission(t, w, "secretary", byHost, 4), appraisalFields).Fine()
	w.Do(t, "liaison", "submitAppraisal", submission(t, w, "liaison", byUnit, 5), appraisalFields).Fine()
	got := steps(t, w, "auditor", contract)
	for _, one := range []string{byHost, byUnit} {
		if !slices.Contains(got, "RESULT "+one) {
			t.Errorf("%s is not in %v", one, got)
		}
	}
	if got := steps(t, w, "liaison", byHost); len(got) != 4 || got[0] != "CONTRACT "+contract || got[3] != "RESULT "+byHost {
		t.Errorf("from an appraisal: %v", got)
	}
}
