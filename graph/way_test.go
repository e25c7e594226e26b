package graph_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// way is all that came of a need, with what is known of each step.
type way struct{ need, resource, contract, promise, evidence, project, byHost, byUnit string }

// gone goes the whole way through GraphQL: a need that was reported of a real community, an offer that a match brings, a
// contract of it, evidence that is accepted, a project, and in the end what both sides say of it.
func gone(t *testing.T, w *graphtest.Town) way {
	t.Helper()
	var g way
	g.need = publish(t, w, "secretary", with(lunches(), m{"title": "困难老人送餐"}))
	g.resource = offer(t, w, "liaison", with(lunch(), m{"title": "助餐团队", "quantity": "20"}))
	w.Settle(t)
	found := w.Ask(t, "secretary", `query($id: ID!) { matches(need: $id) { nodes { need { id } resource { id } } } }`, "id", g.need).Fine()
	match := m{"need": found.Str("matches.nodes.0.need.id"), "resource": found.Str("matches.nodes.0.resource.id")}
	c := w.Do(t, "secretary", "draftContractFromMatches", m{"matches": []m{match}, "effectiveOn": "2026-03-02", "endsOn": "2026-03-31"}, contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	c = agreedByHost(t, w, step(t, w, "liaison", "agreeToContract", c, nil).Fine())
	c = step(t, w, "secretary", "openContractForSigning", c, nil).Fine()
	hash := m{"textHash": c.Str("it.contract.textHash")}
	for who, of := range map[string]string{"secretary": w.Community, "liaison": w.Unit} {
		w.Do(t, who, "registerSigningKey", m{"organisation": of}, "signingKey { id }").Fine()
	}
	step(t, w, "secretary", "signContract", c, hash).Fine()
	g.contract = step(t, w, "liaison", "signContract", c, hash).Fine().Str("it.contract.id")
	w.Pass(t, 36*time.Hour)
	claim := w.Do(t, "liaison", "claimNeed", m{"need": g.need, "quantity": "20"}, "claim { id }").Fine().Str("it.claim.id")
	f := w.Ask(t, "liaison", `query($id: ID!) { contract(id: $id) { fulfilments(first: 1) { nodes { id version dueOn commitment { id evidenceRequired } } } } }`, "id", g.contract).Fine()
	const first = "contract.fulfilments.nodes.0."
	g.evidence, g.promise = f.Str(first+"id"), f.Str(first+"commitment.id")
	done := w.Do(t, "liaison", "reportFulfilment", m{
		"id": g.evidence, "expectedVersion": f.Int(first + "version"), "quantityDone": "20", "note": "送餐到户二十份",
		"evidence": []m{{"kind": f.Str(first + "commitment.evidenceRequired.0"), "description": "送餐现场"}},
	}, "fulfilment { version }").Fine()
	accepted := w.Do(t, "secretary", "acceptFulfilment", m{"id": g.evidence, "expectedVersion": done.Int("it.fulfilment.version")}, "fulfilment { status report { evidence { kind } } }").Fine()
	if f.Str(first+"dueOn") != "2026-03-03" || accepted.Str("it.fulfilment.status") != "ACCEPTED" || accepted.Len("it.fulfilment.report.evidence") != 1 {
		t.Errorf("due %s, then %s", f.Text, accepted.Text)
	}
	met := w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": claim}, "need { version }").Fine()
	met = w.Do(t, "secretary", "confirmNeed", m{"id": g.need, "expectedVersion": met.Int("it.need.version")}, "need { status }").Fine()
	if met.Str("it.need.status") != "CONFIRMED" {
		t.Errorf("the need: %s", met.Text)
	}
	g.project = w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "幸福食堂", "contract": g.contract}, "project { id }").Fine().Str("it.project.id")
	w.Pass(t, 30*24*time.Hour)
	g.byHost, g.byUnit = judgedBy(t, w, "secretary", 5), judgedBy(t, w, "liaison", 4)
	return g
}

// judgedBy has one side of a contract that has ended say what it thinks of the other.
func judgedBy(t *testing.T, w *graphtest.Town, who string, score int) string {
	t.Helper()
	a := w.Ask(t, who, `{ appraisals(filter: {status: {eq: INVITED}}) { nodes { id allowedActions } } }`).Fine()
	for i := range a.Len("appraisals.nodes") {
		if at := fmt.Sprintf("appraisals.nodes.%d.", i); a.Len(at+"allowedActions") == 1 {
			return w.Do(t, who, "submitAppraisal", submission(t, w, who, a.Str(at+"id"), score), appraisalFields).Fine().Str("it.appraisal.id")
		}
	}
	t.Fatalf("nobody asks %s: %s", who, a.Text)
	return ""
}

func TestTheWholeWayFromANeedToItsResultIsToldFromEitherEnd(t *testing.T) {
	w := graphtest.NewTown(t)
	g := gone(t, w)
	before := []string{"NEED " + g.need, "RESOURCE " + g.resource, "CONTRACT " + g.contract}
	promised := []string{"COMMITMENT " + g.promise, "EVIDENCE " + g.evidence}
	whole := slices.Concat(before, promised, []string{"PROJECT " + g.project, "RESULT " + g.byHost, "RESULT " + g.byUnit})
	for name, c := range map[string]struct {
		of   string
		want []string
	}{
		"the need": {g.need, whole}, "the resource": {g.resource, whole}, "the contract": {g.contract, whole},
		"the commitment": {g.promise, whole}, "the evidence": {g.evidence, whole},
		"the project": {g.project, slices.Concat(before, whole[5:])}, "the result": {g.byHost, whole[:7]},
	} {
		for who := range strings.FieldsSeq("secretary liaison supervisor auditor") {
			if got := steps(t, w, who, c.of); !slices.Equal(ordered(got), ordered(c.want)) {
				t.Errorf("from %s %s is shown %v, not %v", name, who, got, c.want)
			}
		}
	}
	for of, want := range map[string][]string{g.need: before[:1], g.resource: before[1:2], g.contract: nil, g.promise: nil, g.evidence: nil, g.project: nil, g.byHost: nil} {
		for _, who := range []string{"", "outsider", "stranger", "admin"} {
			if got := steps(t, w, who, of); !slices.Equal(got, want) {
				t.Errorf("%q is shown %v, not %v", who, got, want)
			}
		}
	}
	leads(t, w, g)
	matched(t, w, g)
}

// matched looks for the match that a promise came of, from either end of the way, with the query of the pages.
func matched(t *testing.T, w *graphtest.Town, g way) {
	t.Helper()
	weights := w.Ask(t, "", `{ matchWeights { version } }`).Fine().Str("matchWeights.version")
	query := traceOf(t, "search.md")
	if chinese := traceOf(t, "search.zh-CN.md"); chinese != query {
		t.Errorf("the pages ask differently: %s and %s", query, chinese)
	}
	for who, of := range map[string]string{"secretary": g.need, "liaison": g.byHost, "auditor": g.evidence} {
		a := w.Ask(t, who, strings.Replace(query, "ful1_…", of, 1)).Fine()
		at := ""
		for i := range a.Len("trace.nodes") {
			if node := fmt.Sprintf("trace.nodes.%d.node.", i); a.Str(node+"id") == g.promise {
				at = node
			}
		}
		if at == "" {
			t.Fatalf("to %s: %s", who, a.Text)
		}
		score, _ := a.Get(at + "source.score").(float64)
		if a.Str(at+"source.need.id") != g.need || a.Str(at+"source.resource.id") != g.resource || a.Str(at+"source.weightsVersion") != weights || score <= 0 || score > 1 {
			t.Errorf("to %s: %s", who, a.Text)
		}
	}
}

// traceOf is the query by which a page shows a trace.
func traceOf(t *testing.T, page string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, query, found := strings.Cut(string(raw), "```graphql\n{\n  trace(")
	if query, _, _ = strings.Cut(query, "```"); !found {
		t.Fatalf("%s shows no trace", page)
	}
	return "{ trace(" + query
}

// leads looks at which steps each one follows from.
func leads(t *testing.T, w *graphtest.Town, g way) {
	t.Helper()
	a := w.Ask(t, "liaison", traces, "id", g.need, "first", 20).Fine()
	for i, want := range [][]string{
		{}, {}, {g.need, g.resource}, {g.contract, g.need, g.resource}, {g.promise}, {g.contract}, {g.contract}, {g.contract},
	} {
		var from []string
		for n := range a.Len(fmt.Sprintf("it.nodes.%d.from", i)) {
			from = append(from, a.Str(fmt.Sprintf("it.nodes.%d.from.%d", i, n)))
		}
		if !slices.Equal(ordered(from), ordered(want)) {
			t.Errorf("step %d follows from %v, not %v", i, from, want)
		}
	}
	some := w.Ask(t, "liaison", traces, "id", g.evidence, "first", 20, "stages", []string{"NEED", "RESULT"}).Fine()
	if some.Len("it.nodes") != 3 || some.Str("it.nodes.0.node.__typename") != "Need" || some.Str("it.nodes.2.node.__typename") != "Appraisal" {
		t.Errorf("of two stages: %s", some.Text)
	}
}

func ordered(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestNeedsResourcesContractsAndProjectsAreFoundByWhomTheyAreShownTo(t *testing.T) {
	w := graphtest.NewTown(t)
	need := publish(t, w, "secretary", with(lunches(), m{"title": "Lunch 困难老人送餐", "text": "每周两次，送到门口", "visibility": "OWN_SUB_DISTRICT"}))
	resource := offer(t, w, "liaison", with(lunch(), m{"title": "助餐团队", "text": "送餐到户", "visibility": "ORGANISATIONS", "organisations": []string{w.OtherCommunity}}))
	wish := publish(t, w, "secretary", m{
		"kind": "MICRO_WISH", "category": "SUPPORT_GOODS", "title": "想要一台收音机", "quantity": "1", "unit": "台", "validUntil": "2026-12-31",
		"contact": "王奶奶", "visibility": "PUBLIC",
	})
	w.Do(t, "liaison", "claimNeed", m{"need": need, "quantity": "5", "remark": "由第三食堂供应"}, "claim { id }").Fine()
	p := w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "幸福食堂送餐", "partners": []string{w.Unit}}, "project { id }").Fine().Str("it.project.id")
	w.Do(t, "secretary", "draftContract", with(draft(w), m{"title": "送餐共建契约"}), contractFields).Fine()
	w.Settle(t)
	everything := []string{"CoBuildingContract", "Need", "Project"}
	for who, want := range map[string][]string{
		"": {}, "admin": {}, "secretary": everything, "steward": everything, "liaison": append(everything, "Resource"),
		"supervisor": append(everything, "Resource"), "auditor": append(everything, "Resource"), "stranger": {"Need", "Resource"}, "outsider": {"Need"},
	} {
		if got := found(t, w, who, "送餐"); !slices.Equal(ordered(got), ordered(want)) {
			t.Errorf("%q finds %v, not %v", who, got, want)
		}
	}
	for text, want := range map[string]int{"lunch": 1, "ＬＵＮＣＨ": 1, "lun": 0, "门口": 1, "餐": 3, "收音机": 1, "王奶奶": 0, "第三食堂供应": 0} {
		if got := found(t, w, "secretary", text); len(got) != want {
			t.Errorf("by %q there is %v", text, got)
		}
	}
	a := w.Ask(t, "stranger", searches, "text", "送餐", "types", []string{"RESOURCE", "NEED"}).Fine()
	for i := range 2 {
		at := fmt.Sprintf("it.nodes.%d.", i)
		if got := a.Str(at + "node.id"); got != need && got != resource || a.Get(at+"words.0") != "送餐" || a.Len(at+"snippet.pieces") == 0 {
			t.Errorf("hit %d: %s", i, a.Text)
		}
	}
	vanishes(t, w, need, wish, p)
}

// vanishes withdraws what was found, and changes what a project is called.
func vanishes(t *testing.T, w *graphtest.Town, need, wish, project string) {
	t.Helper()
	for _, x := range []string{need, wish} {
		version := w.Ask(t, "secretary", `query($id: ID!) { need(id: $id) { version } }`, "id", x).Fine().Int("need.version")
		w.Do(t, "secretary", "withdrawNeed", m{"id": x, "expectedVersion": version, "reason": "已由他处解决"}, "need { id }").Fine()
	}
	for _, text := range []string{"lunch", "收音机"} {
		if got := found(t, w, "outsider", text); len(got) != 0 {
			t.Errorf("%q is withdrawn, and %v is found", text, got)
		}
		if got := found(t, w, "secretary", text); len(got) != 1 {
			t.Errorf("its own people find %v by %q", got, text)
		}
	}
	w.Do(t, "secretary", "reviseProject", m{"id": project, "expectedVersion": 1, "title": "口袋公园"}, "project { id }").Fine()
	if old, now := found(t, w, "liaison", "幸福食堂"), found(t, w, "liaison", "口袋公园"); len(old) != 0 || !slices.Equal(now, []string{"Project"}) {
		t.Errorf("by the old title %v is found, by the new one %v", old, now)
	}
}
