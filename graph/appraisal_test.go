package graph_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const appraisalFields = `appraisal { id version status occasion year judgedFrom judgedTo appraiser { id name } appraised { id name } appraisedPart
	closesAt submittedAt hash ratings { key score } mean comment personName salt sealedText openedAt allowedActions criteriaNumber communityType
	criteria { key title titleEn help helpEn weight judges } answer { body at personName } contract { title } counterpart { id status } } `

// opinion is a comment that is nowhere else.
const opinion = "活动场地三次没有落实"

// expired is a contract whose last day is over, with what its two parties are asked to say of each other.
func expired(t *testing.T, w *graphtest.Town) (contract, byHost, byUnit string) {
	t.Helper()
	contract = active(t, w).Str("it.contract.id")
	w.Pass(t, 365*24*time.Hour)
	for who, of := range map[string]*string{"secretary": &byHost, "liaison": &byUnit} {
		a := w.Ask(t, who, `{ appraisals(filter: {status: {eq: INVITED}, occasion: {eq: END}}) { nodes { id allowedActions } } }`).Fine()
		for i := range a.Len("appraisals.nodes") {
			if at := fmt.Sprintf("appraisals.nodes.%d.", i); a.Len(at+"allowedActions") == 1 {
				*of = a.Str(at + "id")
			}
		}
	}
	return contract, byHost, byUnit
}

// submission gives each criterion the same score.
func submission(t *testing.T, w *graphtest.Town, who, appraisal string, score int) m {
	t.Helper()
	a := w.Ask(t, who, `query($a: ID!) { appraisal(id: $a) { version criteria { key } } }`, "a", appraisal).Fine()
	var ratings []m
	for i := range a.Len("appraisal.criteria") {
		ratings = append(ratings, m{"key": a.Str(fmt.Sprintf("appraisal.criteria.%d.key", i)), "score": score})
	}
	return m{"id": appraisal, "expectedVersion": a.Int("appraisal.version"), "ratings": ratings, "comment": opinion}
}

func TestBothSidesAppraiseEachOtherSealedAndAnswer(t *testing.T) {
	w := graphtest.NewTown(t)
	contract, byHost, byUnit := expired(t, w)
	in := submission(t, w, "secretary", byHost, 2)
	w.Do(t, "", "submitAppraisal", in, appraisalFields).Is("UNAUTHENTICATED")
	for who, code := range map[string]string{
		"liaison": "FORBIDDEN", "steward": "FORBIDDEN", "supervisor": "FORBIDDEN", "auditor": "FORBIDDEN",
		"outsider": "NOT_FOUND", "stranger": "NOT_FOUND", "admin": "NOT_FOUND",
	} {
		w.Do(t, who, "submitAppraisal", in, appraisalFields).Is(code)
	}
	for at, change := range map[string]m{
		"expectedVersion": {"expectedVersion": 7}, "comment": {"comment": strings.Repeat("长", 4001)},
		"ratings.0.score": {"ratings": []m{{"key": "keptPromises", "score": 6}}},
		"ratings.0.key":   {"ratings": []m{{"key": "beauty", "score": 3}}},
		"ratings":         {"ratings": []m{{"key": "keptPromises", "score": 3}}},
		"id":              {"id": w.Unit},
	} {
		bad := maps.Clone(in)
		maps.Copy(bad, change)
		if a := w.Do(t, "secretary", "submitAppraisal", bad, appraisalFields); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	in["clientMutationId"] = "first"
	a := w.Do(t, "secretary", "submitAppraisal", in, appraisalFields).Fine()
	for path, want := range map[string]any{
		"it.appraisal.status": "SUBMITTED", "it.appraisal.mean": 2.0, "it.appraisal.comment": opinion, "it.appraisal.personName": "Name of secretary",
		"it.appraisal.occasion": "END", "it.appraisal.judgedFrom": "2026-03-02", "it.appraisal.judgedTo": "2027-03-01", "it.appraisal.appraiser.id": w.Community,
		"it.appraisal.counterpart.id": byUnit, "it.appraisal.communityType": "COMMERCIAL", "it.appraisal.contract.title": "长安社区与恒远机械共建契约",
	} {
		if got := a.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if again := w.Do(t, "secretary", "submitAppraisal", in, appraisalFields).Fine(); again.Get("it.replayed") != true || again.Get("it.appraisal.version") != a.Get("it.appraisal.version") {
		t.Errorf("sent again: %s", again.Text)
	}
	answer := m{"id": byHost, "expectedVersion": a.Int("it.appraisal.version"), "body": "已改正"}
	w.Do(t, "liaison", "answerAppraisal", answer, appraisalFields).Is("APPRAISAL_WRONG_STATE")

	b := w.Do(t, "liaison", "submitAppraisal", submission(t, w, "liaison", byUnit, 5), appraisalFields).Fine()
	if b.Str("it.appraisal.status") != "OPENED" || b.Str("it.appraisal.counterpart.status") != "OPENED" {
		t.Errorf("with the second: %s", b.Text)
	}
	seen := w.Ask(t, "auditor", `query($c: ID!) { contract(id: $c) { appraisals(first: 10) { totalCount nodes { status hash sealedText comment appraised { id } version } } } }`, "c", contract).Fine()
	for i := range 2 {
		at := fmt.Sprintf("contract.appraisals.nodes.%d.", i)
		if got := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(seen.Str(at+"sealedText")))); got != seen.Str(at+"hash") || seen.Str(at+"comment") != opinion {
			t.Errorf("%s is not what was sealed: %s", at, seen.Text)
		}
		if seen.Str(at+"appraised.id") == w.Unit {
			answer["expectedVersion"] = seen.Int(at + "version")
		}
	}
	w.Do(t, "secretary", "answerAppraisal", answer, appraisalFields).Is("FORBIDDEN")
	w.Do(t, "outsider", "answerAppraisal", answer, appraisalFields).Is("NOT_FOUND")
	empty := maps.Clone(answer)
	empty["body"] = " "
	if e := w.Do(t, "liaison", "answerAppraisal", empty, appraisalFields).Is("REQUIRED"); e.At() != "body" {
		t.Errorf("got %s", e.Text)
	}
	c := w.Do(t, "liaison", "answerAppraisal", answer, appraisalFields).Fine()
	if c.Str("it.appraisal.answer.body") != "已改正" || c.Str("it.appraisal.answer.personName") != "Name of liaison" {
		t.Errorf("answered: %s", c.Text)
	}
	answer["expectedVersion"] = c.Int("it.appraisal.version")
	w.Do(t, "liaison", "answerAppraisal", answer, appraisalFields).Is("APPRAISAL_ANSWERED")
}

func TestASealIsOpenedEarlyByNoPathOfTheApi(t *testing.T) {
	w := graphtest.NewTown(t)
	contract, byHost, byUnit := expired(t, w)
	w.Do(t, "secretary", "submitAppraisal", submission(t, w, "secretary", byHost, 2), appraisalFields).Fine()
	salt := w.Ask(t, "secretary", `query($a: ID!) { appraisal(id: $a) { salt } }`, "a", byHost).Fine().Str("appraisal.salt")
	const inner = `status hash ratings { key score } mean comment personName salt sealedText`
	const everything = `query($a: ID!, $b: ID!, $c: ID!, $u: ID!, $h: ID!) {
		appraisal(id: $a) { ` + inner + ` }
		node(id: $a) { id ... on Appraisal { ` + inner + ` } }
		nodes(ids: [$a, $b]) { id ... on Appraisal { ` + inner + ` } }
		appraisals(first: 10) { totalCount nodes { ` + inner + ` counterpart { ` + inner + ` } } edges { cursor node { comment } } pageInfo { endCursor } }
		sorted: appraisals(first: 10, orderBy: {field: UPDATED_AT, direction: DESC}, filter: {not: {status: {eq: MISSED}}}) { nodes { ` + inner + ` } }
		received: appraisals(first: 10, filter: {appraised: {eq: $u}, contract: {eq: $c}}) { nodes { ` + inner + ` } }
		other: appraisal(id: $b) { counterpart { ` + inner + ` } }
		contract(id: $c) { export canonicalText appraisals(first: 10) { totalCount nodes { ` + inner + ` contract { appraisals(first: 1) { nodes { ` + inner + ` } } } } } }
		cooperationRecord(organisation: $u) { received mean score lastAt criteria { key mean } }
		residentUnit(id: $u) { cooperationRecord { received mean } }
		community(id: $h) { cooperationRecord { received score criteria { mean } } }
		report(scope: {contract: $c}, period: {year: 2027}) { sections { key figures { key value } } }
	}`
	for _, who := range []string{"liaison", "steward", "supervisor", "auditor", "admin", "outsider", "stranger"} {
		a := w.Ask(t, who, everything, "a", byHost, "b", byUnit, "c", contract, "u", w.Unit, "h", w.Community).Fine()
		for _, secret := range []string{opinion, salt, `score":2`, `score\":2`, `"mean":2`, `"personName":"`} {
			if strings.Contains(a.Text, secret) {
				t.Errorf("%s is told %s: %s", who, secret, a.Text)
			}
		}
		switch who {
		case "admin", "outsider", "stranger":
			if a.Get("appraisal") != nil || a.Get("node") != nil || a.Get("nodes.0") != nil || a.Int("appraisals.totalCount") != 0 {
				t.Errorf("%s knows of it: %s", who, a.Text)
			}
		default:
			if a.Str("appraisal.status") != "SUBMITTED" || a.Get("appraisal.hash") == nil || a.Get("appraisal.comment") != nil || a.Int("appraisals.totalCount") != 2 {
				t.Errorf("%s: %s", who, a.Text)
			}
		}
		if strings.Contains(a.Text, `{"key":"APPRAISALS_OPENED"`) != strings.Contains(a.Text, `{"key":"APPRAISALS_OPENED","value":"0"},{"key":"APPRAISAL_MEAN","value":null}`) {
			t.Errorf("%s, by a report: %s", who, a.Text)
		}
		if got := a.Get("cooperationRecord.received"); got != nil && got != 0.0 {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	for _, field := range []string{
		"appraisals(first: 1) { totalCount }", `appraisal(id: "` + byHost + `") { id }`, `cooperationRecord(organisation: "` + w.Unit + `") { received }`,
	} {
		w.Ask(t, "", "{ "+field+" }").Is("UNAUTHENTICATED")
	}
	if a := w.Ask(t, "", `query($a: ID!, $u: ID!) { node(id: $a) { id } residentUnit(id: $u) { cooperationRecord { received } } }`, "a", byHost, "u", w.Unit).Fine(); a.Get("node") != nil || a.Get("residentUnit.cooperationRecord") != nil {
		t.Errorf("nobody: %s", a.Text)
	}
	for _, field := range []string{"mean", "score", "comment", "ratings"} { // there is no such filter and no such order
		w.Ask(t, "liaison", `{ appraisals(filter: {`+field+`: {eq: 2}}) { totalCount } }`).Is("GRAPHQL_VALIDATION_FAILED")
		w.Ask(t, "liaison", `{ appraisals(orderBy: {field: `+strings.ToUpper(field)+`, direction: ASC}) { totalCount } }`).Is("GRAPHQL_VALIDATION_FAILED")
	}
	if log := w.Log(); strings.Contains(log, opinion) || strings.Contains(log, salt) {
		t.Error("the log holds what is sealed")
	}
	w.Pass(t, 31*24*time.Hour)
	w.Do(t, "liaison", "submitAppraisal", submission(t, w, "liaison", byUnit, 5), appraisalFields).Is("APPRAISAL_CLOSED")
	if a := w.Ask(t, "liaison", `query($a: ID!, $u: ID!) { appraisal(id: $a) { status comment counterpart { status } } cooperationRecord(organisation: $u) { received mean score criteria { key title mean } organisation { name } } }`, "a", byHost, "u", w.Unit).Fine(); a.Get("appraisal.comment") != opinion || a.Str("appraisal.counterpart.status") != "MISSED" ||
		a.Get("cooperationRecord.received") != 1.0 || a.Get("cooperationRecord.score") != 2.75 || a.Len("cooperationRecord.criteria") != 4 {
		t.Errorf("when its time is over: %s", a.Text)
	}
	if a := w.Ask(t, "outsider", `query($u: ID!) { cooperationRecord(organisation: $u) { received score criteria { key } } }`, "u", w.Unit).Fine(); a.Get("cooperationRecord.score") != 2.75 || a.Get("cooperationRecord.criteria") != nil {
		t.Errorf("who looks for a partner: %s", a.Text)
	}
	a := w.Ask(t, "liaison", `query($c: ID!) { report(scope: {contract: $c}, period: {year: 2027}) { sections { key figures { key value } } } }`, "c", contract).Fine()
	if !strings.Contains(a.Text, `{"key":"APPRAISALS_OPENED","value":"1"},{"key":"APPRAISAL_MEAN","value":"2"}`) {
		t.Errorf("the report of its year: %s", a.Text)
	}
	for _, who := range []string{"admin", "steward"} {
		if a := w.Ask(t, who, `query($u: ID!) { cooperationRecord(organisation: $u) { received } }`, "u", w.Unit).Fine(); a.Get("cooperationRecord") != nil {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	w.Ask(t, "liaison", `query($u: ID!) { cooperationRecord(organisation: $u) { received } }`, "u", contract).Is("WRONG_ID")
}

func TestAnAdministratorSetsTheCriteriaOfACommunityType(t *testing.T) {
	w := graphtest.NewTown(t)
	const fields = "criteria { id communityType number builtIn items { key title titleEn help helpEn weight judges } } "
	in := m{"type": "COMMERCIAL", "expectedVersion": 1, "criteria": []m{{
		"key": "warmth", "title": "热心", "titleEn": "Warmth", "help": "是否热心", "helpEn": "Is it warm?", "weight": 10, "judges": []string{"HOST", "PARTNER"},
	}}}
	for _, who := range []string{"secretary", "supervisor", "auditor", "liaison"} {
		w.Do(t, who, "setAppraisalCriteria", in, fields).Is("FORBIDDEN")
	}
	w.Do(t, "", "setAppraisalCriteria", in, fields).Is("UNAUTHENTICATED")
	bad := maps.Clone(in)
	bad["criteria"] = []m{{"key": "a b", "title": "", "titleEn": "W", "help": "h", "helpEn": "h", "weight": 0, "judges": []string{}}}
	if a := w.Do(t, "admin", "setAppraisalCriteria", bad, fields); a.Len("it.errors") != 6 || a.At() != "criteria.0.title" {
		t.Errorf("got %s", a.Text)
	}
	in["clientMutationId"] = "second set"
	a := w.Do(t, "admin", "setAppraisalCriteria", in, fields).Fine()
	if a.Int("it.criteria.number") != 2 || a.Get("it.criteria.builtIn") != false {
		t.Errorf("got %s", a.Text)
	}
	if again := w.Do(t, "admin", "setAppraisalCriteria", in, fields).Fine(); again.Get("it.replayed") != true || again.Int("it.criteria.number") != 2 {
		t.Errorf("sent again: %s", again.Text)
	}
	delete(in, "clientMutationId")
	if c := w.Do(t, "admin", "setAppraisalCriteria", in, fields).Is("CONFLICT"); c.Int("it.errors.0.currentVersion") != 2 {
		t.Errorf("got %s", c.Text)
	}
	public := w.Ask(t, "", `query($i: ID!) { appraisalCriteria(type: COMMERCIAL) { number items { key } }
		appraisalCriteriaVersions(type: COMMERCIAL, first: 5) { totalCount nodes { number builtIn } }
		rural: appraisalCriteria(type: RURAL) { number builtIn items { key } } node(id: $i) { ... on AppraisalCriteria { number } } }`,
		"i", a.Str("it.criteria.id")).Fine()
	for path, want := range map[string]any{
		"appraisalCriteria.items.0.key": "warmth", "appraisalCriteriaVersions.totalCount": 2.0, "appraisalCriteriaVersions.nodes.1.builtIn": true,
		"rural.number": 1.0, "node.number": 2.0,
	} {
		if got := public.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	_, byHost, _ := expired(t, w)
	if got := w.Ask(t, "secretary", `query($a: ID!) { appraisal(id: $a) { criteriaNumber criteria { key } } }`, "a", byHost).Fine(); got.Int("appraisal.criteriaNumber") != 2 || got.Str("appraisal.criteria.0.key") != "warmth" {
		t.Errorf("the next round: %s", got.Text)
	}
}
