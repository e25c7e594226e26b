package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const matchFields = `weightsVersion totalCount nodes { score fits weightsVersion need { id } resource { id title }
	factors { factor raw value weight part sentence } whyNot { reason sentence } }`

// lunches is a need of the community that nothing is wrong with; lunch is a resource that serves it.
func lunches() m {
	return m{
		"category": "ELDERS_MEALS", "title": "独居老人送餐", "quantity": "20", "unit": "份", "validUntil": "2026-12-31", "visibility": "PUBLIC",
		"place": m{"point": m{"type": "Point", "coordinates": []float64{120.30, 31.68}}},
	}
}

func lunch() m {
	return m{
		"category": "ELDERS_MEALS", "title": "老人午餐送餐", "quantity": "15", "unit": "份", "validUntil": "2026-12-31", "visibility": "PUBLIC",
		"place":   m{"point": m{"type": "Point", "coordinates": []float64{120.31, 31.687}}},
		"windows": []m{{"startsOn": "2026-03-02", "endsOn": "2026-12-31", "recurrence": "FREQ=WEEKLY;BYDAY=TU,FR"}},
	}
}

func publish(t *testing.T, w *graphtest.Town, who string, need m) string {
	t.Helper()
	return w.Do(t, who, "publishNeed", m{"need": need}, "need { id }").Fine().Str("it.need.id")
}

func offer(t *testing.T, w *graphtest.Town, who string, resource m) string {
	t.Helper()
	return w.Do(t, who, "offerResource", m{"resource": resource}, "resource { id }").Fine().Str("it.resource.id")
}

func TestMatchesAreFoundExplainedAndDrafted(t *testing.T) {
	w := graphtest.NewTown(t)
	need, res := publish(t, w, "secretary", lunches()), offer(t, w, "liaison", lunch())
	secret := offer(t, w, "outsider", with(lunch(), m{"visibility": "ORGANISATIONS", "organisations": []string{w.OtherCommunity}}))
	far := offer(t, w, "outsider", with(lunch(), m{"place": m{"point": m{"type": "Point", "coordinates": []float64{121.4, 31.2}}}}))
	w.Settle(t)
	ofNeed := `query($id: ID!, $near: Boolean! = false) { matches(need: $id, nearMisses: $near, first: 10) { ` + matchFields + ` } }`
	a := w.Ask(t, "secretary", ofNeed, "id", need).Fine()
	if a.Len("matches.nodes") != 1 || a.Str("matches.nodes.0.resource.id") != res || a.Int("matches.totalCount") != 1 || a.Get("matches.nodes.0.fits") != true {
		t.Fatalf("got %s", a.Text)
	}
	sum := 0.0
	for i := range a.Len("matches.nodes.0.factors") {
		at := fmt.Sprintf("matches.nodes.0.factors.%d.", i)
		sum += a.Get(at + "part").(float64)
		if a.Str(at+"sentence") == "" || strings.Contains(a.Str(at+"sentence"), "{") {
			t.Errorf("says %q", a.Str(at+"sentence"))
		}
	}
	if score := a.Get("matches.nodes.0.score").(float64); score < sum-1e-9 || score > sum+1e-9 {
		t.Errorf("the score is %v, the parts add up to %v", score, sum)
	}
	a = w.Ask(t, "secretary", ofNeed, "id", need, "near", true).Fine()
	if a.Len("matches.nodes") != 2 || a.Str("matches.nodes.1.resource.id") != far || a.Str("matches.nodes.1.whyNot.0.reason") != "TOO_FAR" {
		t.Errorf("nearly: %s", a.Text)
	}
	if a = w.Ask(t, "stranger", ofNeed, "id", need).Fine(); a.Len("matches.nodes") != 2 || !strings.Contains(a.Text, secret) {
		t.Errorf("to whom more is shown: %s", a.Text)
	}
	a = w.Ask(t, "liaison", `query($id: ID!) { matches(resource: $id) { nodes { need { id } } } }`, "id", res).Fine()
	if a.Str("matches.nodes.0.need.id") != need {
		t.Errorf("from the resource: %s", a.Text)
	}
	a = w.Ask(t, "secretary", `query($id: ID!) { matches(community: $id) { nodes { need { id } resource { id } } } }`, "id", w.Community).Fine()
	if a.Len("matches.nodes") != 1 || a.Str("matches.nodes.0.resource.id") != res {
		t.Errorf("of the community: %s", a.Text)
	}
	drafts(t, w, need, res)
}

// drafts has the match become a contract, and looks for the way back.
func drafts(t *testing.T, w *graphtest.Town, need, res string) {
	t.Helper()
	const fields = `contract { id title status parties { part organisation { id } }
		commitments { action quantity unit recurrence startsOn dueOn evidenceRequired source { score weightsVersion need { id } resource { id } } } }`
	in := m{"matches": []m{{"need": need, "resource": res}}, "effectiveOn": "2026-04-01", "endsOn": "2026-12-31", "clientMutationId": "one"}
	w.Do(t, "", "draftContractFromMatches", in, fields).Is("UNAUTHENTICATED")
	w.Do(t, "outsider", "draftContractFromMatches", in, fields).Is("FORBIDDEN")
	a := w.Do(t, "secretary", "draftContractFromMatches", in, fields).Fine()
	if a.Str("it.contract.title") != "长安社区与恒远机械有限公司共建契约" || a.Str("it.contract.commitments.0.quantity") != "15" ||
		a.Str("it.contract.commitments.0.recurrence") != "FREQ=WEEKLY;UNTIL=20261231;BYDAY=TU,FR" || a.Str("it.contract.commitments.0.source.need.id") != need {
		t.Fatalf("got %s", a.Text)
	}
	key := a.Str("it.contract.id")
	still := w.Ask(t, "secretary", `query($n: ID!, $r: ID!) { need(id: $n) { status left claimed version claims { id } } resource(id: $r) { status left version claims { id } } }`, "n", need, "r", res).Fine()
	for at, want := range map[string]any{
		"need.status": "PUBLISHED", "need.left": "20", "need.claimed": "0", "need.version": 1.0, "resource.status": "OFFERED", "resource.left": "15", "resource.version": 1.0,
	} {
		if got := still.Get(at); got != want || still.Len("need.claims")+still.Len("resource.claims") > 0 {
			t.Errorf("a draft decides nothing, and %s is %v: %s", at, got, still.Text)
		}
	}
	back := w.Ask(t, "liaison", `query($n: ID!, $r: ID!) { need(id: $n) { contracts(first: 5) { nodes { id } } } resource(id: $r) { contracts(first: 5) { nodes { id } } } }`, "n", need, "r", res).Fine()
	if back.Str("need.contracts.nodes.0.id") != key || back.Str("resource.contracts.nodes.0.id") != key {
		t.Errorf("the way back: %s", back.Text)
	}
	if other := w.Ask(t, "stranger", `query($n: ID!) { need(id: $n) { contracts(first: 5) { nodes { id } } } }`, "n", need).Fine(); other.Len("need.contracts.nodes") != 0 {
		t.Errorf("an outsider goes the way back: %s", other.Text)
	}
	w.Do(t, "liaison", "withdrawResource", m{"id": res, "expectedVersion": 1, "reason": "无余力"}, "resource { id }").Fine()
	if again := w.Do(t, "secretary", "draftContractFromMatches", in, fields).Fine(); again.Str("it.contract.id") != key || again.Get("it.replayed") != true {
		t.Errorf("again: %s", again.Text)
	}
	gone := w.Do(t, "secretary", "draftContractFromMatches", with(in, m{"clientMutationId": "two"}), fields)
	if gone.Is("NOT_FOUND"); gone.At() != "matches.0.resource" {
		t.Errorf("at %s", gone.At())
	}
}

func TestQuestionsAndChoicesThatCannotBeAreRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	need, res := publish(t, w, "secretary", lunches()), offer(t, w, "liaison", lunch())
	other := publish(t, w, "stranger", lunches())
	w.Settle(t)
	for who, code := range map[string]string{"": "UNAUTHENTICATED", "secretary": ""} {
		if a := w.Ask(t, who, `query($id: ID!) { matches(need: $id) { totalCount } }`, "id", need); a.Code() != code {
			t.Errorf("%q gets %s", who, a.Text)
		}
	}
	ask := func(q string) *graphtest.Answer { return w.Ask(t, "secretary", q) }
	ask(`{ matches { totalCount } }`).Is("MATCH_ONE_QUESTION")
	ask(`{ matches(need: "` + need + `", resource: "` + res + `") { totalCount } }`).Is("MATCH_ONE_QUESTION")
	ask(`{ matches(need: "` + res + `") { totalCount } }`).Is("WRONG_ID")
	ask(`{ matches(need: "` + need + `", first: 101) { totalCount } }`).Is("BAD_PAGE")
	ask(`{ matches(need: "` + need + `", minScore: 2) { totalCount } }`).Is("OUT_OF_RANGE")
	ask(`{ matches(need: "` + need + `", after: "x") { totalCount } }`).Is("BAD_CURSOR")
	if a := w.Ask(t, "", `{ matchWeights { version document } }`).Fine(); !strings.Contains(a.Text, "cobuild-match-weights/1") {
		t.Errorf("got %s", a.Text)
	}
	for name, tt := range map[string]struct {
		matches []m
		code    string
		at      string
	}{
		"nothing":             {[]m{}, "TOO_FEW", "matches"},
		"twice":               {[]m{{"need": need, "resource": res}, {"need": need, "resource": res}}, "DUPLICATE", "matches.1"},
		"the wrong way round": {[]m{{"need": res, "resource": need}}, "WRONG_ID", "matches.0.need"},
		"two communities":     {[]m{{"need": need, "resource": res, "quantity": "5"}, {"need": other, "resource": res}}, "MATCH_OTHER_COMMUNITY", "matches.1"},
		"more than there is":  {[]m{{"need": need, "resource": res, "quantity": "16"}}, "MATCH_TOO_MUCH", "matches.0.quantity"},
		"none of it":          {[]m{{"need": need, "resource": res, "quantity": "0"}}, "OUT_OF_RANGE", "matches.0.quantity"},
	} {
		in := m{"matches": tt.matches, "effectiveOn": "2026-04-01", "endsOn": "2026-12-31"}
		if a := w.Do(t, "secretary", "draftContractFromMatches", in, "contract { id }").Is(tt.code); a.At() != tt.at {
			t.Errorf("%s: at %s", name, a.At())
		}
	}
	late := m{"matches": []m{{"need": need, "resource": res}}, "effectiveOn": "2026-04-01", "endsOn": "2026-03-01"}
	if a := w.Do(t, "secretary", "draftContractFromMatches", late, "contract { id }"); a.At() != "endsOn" {
		t.Errorf("a contract that ends before it begins: %s", a.Text)
	}
}
