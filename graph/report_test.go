package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/report"
)

const figureFields = `key title value unit count fulfilments(first: 0) { totalCount }`

const reportFields = `year quarter from to complete compiledAt contract { id } organisation { id name }
	sections { key title figures { ` + figureFields + ` } }
	byCommunityType { communityType figures { ` + figureFields + ` } }
	contracts(first: 2) { totalCount nodes { contract { id title } startedOn endedOn figures { ` + figureFields + ` }
		parties { organisation { id } figures { ` + figureFields + ` } } } }`

// reported asks for a report on a contract or an organisation.
func reported(t testing.TB, w *graphtest.Town, who, of string, quarter any) *graphtest.Answer {
	t.Helper()
	scope := m{"organisation": of}
	if strings.HasPrefix(of, "ctr") {
		scope = m{"contract": of}
	}
	return w.Ask(t, who, `query($s: ReportScope!, $p: ReportPeriod!) { report(scope: $s, period: $p) { `+reportFields+` } }`,
		"s", scope, "p", m{"year": 2026, "quarter": quarter})
}

// values are a report's figures by key; of a quantity, by key and unit.
func values(t testing.TB, a *graphtest.Answer) map[string]string {
	t.Helper()
	out := map[string]string{}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			if key, ok := x["key"].(string); ok && x["figures"] == nil {
				if u, ok := x["unit"].(string); ok {
					key += " " + u
				}
				out[key] = fmt.Sprint(x["value"])
			}
			walk(x["figures"])
		}
	}
	walk(a.Get("report.sections"))
	return out
}

// traced checks that every figure of an answer counts just the fulfilments that it leads to, and says how many figures do.
func traced(t interface {
	Helper()
	Errorf(string, ...any)
}, v any,
) int {
	t.Helper()
	n := 0
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			n += traced(t, e)
		}
	case map[string]any:
		if list, ok := x["fulfilments"].(map[string]any); ok && x["key"] != nil {
			if n++; list["totalCount"] != x["count"] {
				t.Errorf("%v counts %v, and leads to %v", x["key"], x["count"], list["totalCount"])
			}
		}
		for _, e := range x {
			n += traced(t, e)
		}
	}
	return n
}

func same(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
}

// fulfilled reports, and lets the community accept, what is due on a day; evidence may be nil.
func fulfilled(t *testing.T, w *graphtest.Town, dueOn string, more m, accept bool) *graphtest.Answer {
	t.Helper()
	f := occurrence(t, w, dueOn)
	in := m{"id": f["id"], "expectedVersion": f["version"], "note": "来了一百二十人"}
	maps.Copy(in, more)
	a := w.Do(t, "liaison", "reportFulfilment", in, "fulfilment { id version status }").Fine()
	if accept {
		a = w.Do(t, "secretary", "acceptFulfilment", m{"id": f["id"], "expectedVersion": a.Int("it.fulfilment.version")},
			"fulfilment { id version status }").Fine()
	}
	return a
}

func occurrence(t *testing.T, w *graphtest.Town, dueOn string) map[string]any {
	t.Helper()
	list := due(t, w, "secretary").Get("fulfilments.nodes").([]any)
	for _, n := range list {
		if f := n.(map[string]any); f["dueOn"] == dueOn {
			return f
		}
	}
	t.Fatalf("nothing is due on %s", dueOn)
	return nil
}

// lived is a contract of which the gift was given in time, the first show disputed and settled, and the second missed.
func lived(t *testing.T, w *graphtest.Town) string {
	t.Helper()
	c := active(t, w).Str("it.contract.id")
	fulfilled(t, w, "2026-03-20", m{"quantityDone": "180.5", "evidence": []m{{"kind": "RECEIPT", "description": "收据"}, {"kind": "RECEIPT", "description": "收据"}}}, true)
	w.Pass(t, 15*24*time.Hour) // 17 March: the first show is overdue
	show := fulfilled(t, w, "2026-03-15", m{"quantityDone": "1", "evidence": []m{{"kind": "PHOTO", "description": "现场"}}}, false)
	d := w.Do(t, "secretary", "disputeFulfilment", m{"id": show.Str("it.fulfilment.id"), "expectedVersion": show.Int("it.fulfilment.version"), "reason": "只演了一半"},
		"fulfilment { id version }").Fine()
	w.Do(t, "supervisor", "resolveFulfilment", m{"id": d.Str("it.fulfilment.id"), "expectedVersion": d.Int("it.fulfilment.version"), "outcome": "PARTLY", "reason": "演了一半"},
		"fulfilment { id version }").Fine()
	return c
}

func TestAReportAddsUpWhatBecameOfWhatWasPromised(t *testing.T) {
	w := graphtest.NewTown(t)
	c := lived(t, w)
	for who, of := range map[string]string{"supervisor": w.SubDistrict, "auditor": w.District, "secretary": w.Community, "liaison": w.Unit, "steward": c} {
		a := reported(t, w, who, of, 1).Fine()
		same(t, values(t, a), map[string]string{
			"IN_FORCE_BEFORE": "0", "CAME_INTO_FORCE": "1", "IN_FORCE_AFTER": "1", "EXPIRED": "0",
			"OCCURRENCES": "2", "KEPT_ON_TIME": "1", "RESOLVED_PARTLY": "1", "OVERDUE": "0", "NOT_YET_REPORTED": "0",
			"FULFILMENT_RATE": "0.75", "EVIDENCE_RECEIPT": "2", "EVIDENCE_PHOTO": "1", "QUANTITY_DONE 册": "180.5", "QUANTITY_DONE 场": "",
		})
		if n := traced(t, a.Data); n < 30 {
			t.Errorf("only %d figures of %s lead to fulfilments", n, who)
		}
		if a.Get("report.complete") != false || a.Str("report.from") != "2026-01-01" || a.Str("report.to") != "2026-03-31" {
			t.Errorf("the period is %s", a.Text)
		}
		if a.Int("report.contracts.totalCount") != 1 || a.Str("report.contracts.nodes.0.startedOn") != "2026-03-02" {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	byKind := reported(t, w, "supervisor", w.SubDistrict, 1)
	if byKind.Len("report.byCommunityType") != 1 || byKind.Str("report.byCommunityType.0.communityType") != "COMMERCIAL" {
		t.Errorf("by type: %s", byKind.Text)
	}
	if own := reported(t, w, "secretary", w.Community, 1); own.Get("report.byCommunityType") != nil {
		t.Error("a community's report is divided by type")
	}
	// In April two shows of the second quarter are in sight; by July all of it has passed.
	w.Pass(t, 110*24*time.Hour)
	a := reported(t, w, "supervisor", w.SubDistrict, 2).Fine()
	same(t, values(t, a), map[string]string{
		"IN_FORCE_BEFORE": "1", "CAME_INTO_FORCE": "0", "IN_FORCE_AFTER": "1", "OCCURRENCES": "3", "OVERDUE": "3", "FULFILMENT_RATE": "0",
	})
	traced(t, a.Data)
	if a.Get("report.complete") != true {
		t.Error("a period that is over is not complete")
	}
	year := reported(t, w, "supervisor", w.SubDistrict, nil).Fine()
	same(t, values(t, year), map[string]string{"KEPT_ON_TIME": "1", "RESOLVED_PARTLY": "1", "CAME_INTO_FORCE": "1"})
	traced(t, year.Data)
}

func TestTheTitlesOfFiguresAreInTheReadersLanguage(t *testing.T) {
	w := graphtest.NewTown(t)
	for lang, want := range map[string]string{"zh-CN": "期初有效", "en": "In force at the beginning", "fr": "In force at the beginning"} {
		r := w.Request(t, "secretary", `query($s: ReportScope!) { report(scope: $s, period: {year: 2026}) { sections { title figures { title } } } }`, "s", m{"organisation": w.Community})
		r.Header.Set("Accept-Language", lang)
		if got := w.Send(t, r).Fine().Str("report.sections.0.figures.0.title"); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}

func TestWhereNothingWasDueAReportSaysSo(t *testing.T) {
	w := graphtest.NewTown(t)
	a := reported(t, w, "stranger", w.OtherCommunity, 1).Fine()
	same(t, values(t, a), map[string]string{"OCCURRENCES": "0", "FULFILMENT_RATE": "<nil>", "IN_FORCE_AFTER": "0"})
	if a.Int("report.contracts.totalCount") != 0 {
		t.Errorf("contracts: %s", a.Text)
	}
}

func TestAReportIsReadByItsOwnPeopleAndThoseAbove(t *testing.T) {
	w := graphtest.NewTown(t)
	c := lived(t, w)
	readers := map[string]string{
		c:                "secretary liaison steward supervisor auditor",
		w.Community:      "secretary steward supervisor auditor",
		w.Unit:           "liaison supervisor auditor",
		w.SubDistrict:    "supervisor auditor",
		w.District:       "auditor",
		w.OtherCommunity: "stranger supervisor auditor",
		w.OtherUnit:      "outsider supervisor auditor",
	}
	for of, who := range readers {
		for _, p := range []string{"admin", "secretary", "liaison", "steward", "supervisor", "auditor", "stranger", "outsider"} {
			a := reported(t, w, p, of, 1).Fine()
			if may := strings.Contains(who, p); may != (a.Get("report") != nil) {
				t.Errorf("%s reads the report on %s: %v", p, of, !may)
			}
		}
		reported(t, w, "", of, 1).Is("UNAUTHENTICATED")
	}
	for _, absent := range []string{string(id.Derived[id.Contract](id.KindContract, "none")), string(id.Derived[id.Organisation](id.KindCommunity, "none"))} {
		if a := reported(t, w, "auditor", absent, 1).Fine(); a.Get("report") != nil {
			t.Errorf("there is a report on %s", absent)
		}
	}
}

func TestAUnitsReportShowsItsOwnPartAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	in := draft(w)
	in["commitments"] = append(in["commitments"].([]m), m{
		"key": "hall", "provider": w.Community, "receivers": []string{w.Unit}, "action": "提供场地", "quantity": "2", "unit": "次", "dueOn": "2026-03-25",
	})
	c := inForce(t, w, in)
	whole := reported(t, w, "liaison", c, 1).Fine()
	same(t, values(t, whole), map[string]string{"OCCURRENCES": "3"})
	if n := whole.Len("report.contracts.nodes.0.parties"); n != 2 {
		t.Errorf("a contract's report speaks of %d parties", n)
	}
	own := reported(t, w, "liaison", w.Unit, 1).Fine()
	same(t, values(t, own), map[string]string{"OCCURRENCES": "2"})
	if own.Len("report.contracts.nodes.0.parties") != 1 || own.Str("report.contracts.nodes.0.parties.0.organisation.id") != w.Unit {
		t.Errorf("a unit's report: %s", own.Text)
	}
	traced(t, own.Data)
	traced(t, whole.Data)
}

// inForce takes a draft to where it is in force.
func inForce(t *testing.T, w *graphtest.Town, in m) string {
	t.Helper()
	c := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	c = step(t, w, "secretary", "openContractForSigning", agreedByHost(t, w, c), nil).Fine()
	for who, org := range map[string]string{"secretary": w.Community, "liaison": w.Unit} {
		w.Do(t, who, "registerSigningKey", m{"organisation": org}, "signingKey { id }")
	}
	hash := m{"textHash": c.Str("it.contract.textHash")}
	step(t, w, "secretary", "signContract", c, hash).Fine()
	return step(t, w, "liaison", "signContract", c, hash).Fine().Str("it.contract.id")
}

func TestWhatNoReportCanBeMadeOfIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	ask := func(scope, period m) *graphtest.Answer {
		return w.Ask(t, "auditor", `query($s: ReportScope!, $p: ReportPeriod!) { report(scope: $s, period: $p) { year } }`, "s", scope, "p", period)
	}
	own := m{"organisation": w.SubDistrict}
	for _, tt := range []struct {
		scope, period m
		code, at      string
	}{
		{m{}, m{"year": 2026}, "REPORT_SCOPE", "scope"},
		{m{"organisation": w.SubDistrict, "contract": string(id.Derived[id.Contract](id.KindContract, "c"))}, m{"year": 2026}, "REPORT_SCOPE", "scope"},
		{m{"contract": w.SubDistrict}, m{"year": 2026}, "WRONG_ID", ""},
		{m{"organisation": string(id.Derived[id.Contract](id.KindContract, "c"))}, m{"year": 2026}, "WRONG_ID", ""},
		{own, m{"year": 2026, "quarter": 0}, "OUT_OF_RANGE", "period.quarter"},
		{own, m{"year": 2026, "quarter": 5}, "OUT_OF_RANGE", "period.quarter"},
		{own, m{"year": 1999}, "OUT_OF_RANGE", "period.year"},
		{own, m{"year": 99999}, "OUT_OF_RANGE", "period.year"},
		{own, m{"year": 2026, "quarter": 2}, "PERIOD_NOT_BEGUN", "period"},
		{own, m{"year": 2027}, "PERIOD_NOT_BEGUN", "period"},
	} {
		a := ask(tt.scope, tt.period).Is(tt.code)
		if got := strings.Join(a.Errors[0].Extensions.InputPath, "."); tt.at != "" && got != tt.at {
			t.Errorf("%s points at %q, want %q", tt.code, got, tt.at)
		}
	}
	ask(own, m{"year": 2026, "quarter": 1}).Fine()
	unbounded := w.Ask(t, "auditor", `query($s: ReportScope!) { report(scope: $s, period: {year: 2026}) { contracts { totalCount } } }`, "s", own)
	unbounded.Is("BAD_PAGE")
}

func TestWithACommunityItsReportsMove(t *testing.T) {
	w := graphtest.NewTown(t)
	lived(t, w)
	street := w.Do(t, "admin", "registerSubDistrict", m{"district": w.District, "kind": "STREET", "name": "长安街道"}, "subDistrict { id }").Fine().Str("it.subDistrict.id")
	now := w.Ask(t, "admin", `query($i: ID!) { community(id: $i) { version } }`, "i", w.Community).Int("community.version")
	w.Do(t, "admin", "updateCommunity", m{"id": w.Community, "expectedVersion": now, "subDistrict": street}, "community { id }").Fine()
	for of, want := range map[string]string{w.SubDistrict: "0", street: "2"} {
		a := reported(t, w, "auditor", of, 1).Fine()
		same(t, values(t, a), map[string]string{"OCCURRENCES": want})
		traced(t, a.Data)
	}
	if a := reported(t, w, "supervisor", w.Community, 1).Fine(); a.Get("report") != nil {
		t.Error("the former sub-district still reads the community's report")
	}
}

// Whatever people do and whoever asks, every figure counts just what it leads to, the contracts add up, and counting anew
// from the fulfilments gives the same.
func TestEveryFigureLeadsToWhatItCounts(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // a game of chance
	w := graphtest.NewTown(t)
	in := draft(w)
	in["commitments"] = []m{
		{"key": "a", "provider": w.Unit, "receivers": []string{w.Community}, "action": "a", "unit": "场", "quantity": "1", "recurrence": "FREQ=WEEKLY;COUNT=12", "weight": 3},
		{"key": "b", "provider": w.Community, "receivers": []string{w.Unit}, "action": "b", "recurrence": "FREQ=DAILY;INTERVAL=9;COUNT=9"},
		{"key": "c", "provider": w.Unit, "receivers": []string{w.Community}, "action": "c", "standing": true},
	}
	in["endsOn"] = "2026-08-15"
	c := inForce(t, w, in)
	for n := range 64 {
		randomStep(t, dice, w)
		if n%16 != 15 {
			continue
		}
		for who, of := range map[string]string{"auditor": w.SubDistrict, "secretary": w.Community, "liaison": w.Unit, "supervisor": c} {
			for _, q := range []any{1, 2, 3, nil} {
				if a := reported(t, w, who, of, q); a.Code() != "PERIOD_NOT_BEGUN" {
					consistent(t, w, a.Fine(), of, q)
				}
			}
		}
	}
}

// consistent checks a report against what it leads to, against itself, and against what is counted anew.
func consistent(t *testing.T, w *graphtest.Town, a *graphtest.Answer, of string, quarter any) {
	t.Helper()
	traced(t, a.Data)
	v := values(t, a)
	var n [6]int
	for i, k := range []string{"IN_FORCE_BEFORE", "CAME_INTO_FORCE", "EXPIRED", "TERMINATED", "COMPLETED", "IN_FORCE_AFTER"} {
		_, _ = fmt.Sscan(v[k], &n[i])
	}
	if n[0]+n[1]-n[2]-n[3]-n[4] != n[5] {
		t.Errorf("contracts do not add up: %v", v)
	}
	recounted(t, w, of, quarter, v)
}

// randomStep lets time pass, or somebody do what can be done to some fulfilment.
func randomStep(t *testing.T, dice *rand.Rand, w *graphtest.Town) {
	t.Helper()
	if dice.IntN(3) == 0 {
		w.Pass(t, time.Duration(1+dice.IntN(12))*24*time.Hour)
	}
	list := w.Ask(t, "secretary", `{ fulfilments(first: 40) { nodes { id version status dueOn provider { id } } } }`).Get("fulfilments.nodes").([]any)
	f := list[dice.IntN(len(list))].(map[string]any)
	mine, theirs := "liaison", "secretary"
	if f["provider"].(map[string]any)["id"] == w.Community {
		mine, theirs = theirs, mine
	}
	in := m{"id": f["id"], "expectedVersion": f["version"]}
	switch f["status"] {
	case "DUE", "OVERDUE":
		in["note"] = "做了"
		if dice.IntN(2) == 0 {
			in["quantityDone"] = []string{"0", "1", "2.5", "0.000001"}[dice.IntN(4)]
		}
		var proof []m
		for range dice.IntN(4) {
			proof = append(proof, m{"kind": []string{"PHOTO", "DOCUMENT", "OTHER"}[dice.IntN(3)], "description": "佐证"})
		}
		in["evidence"] = proof
		w.Do(t, mine, "reportFulfilment", in, "fulfilment { id }").Fine()
	case "REPORTED":
		if dice.IntN(2) == 0 {
			w.Do(t, theirs, "acceptFulfilment", in, "fulfilment { id }").Fine()
		} else {
			in["reason"] = "不对"
			w.Do(t, theirs, "disputeFulfilment", in, "fulfilment { id }").Fine()
		}
	case "DISPUTED":
		in["reason"], in["outcome"] = "裁定", []string{"KEPT", "KEPT_LATE", "PARTLY", "NOT_KEPT"}[dice.IntN(4)]
		w.Do(t, "supervisor", "resolveFulfilment", in, "fulfilment { id }").Fine()
	}
}

// recounted compares a report with one that is compiled from the fulfilments themselves.
func recounted(t *testing.T, w *graphtest.Town, of string, quarter any, want map[string]string) {
	t.Helper()
	ctx := authz.AsSystem(t.Context())
	scope, p := report.Scope{Organisation: new(id.Organisation(of))}, report.Period{Year: 2026}
	if strings.HasPrefix(of, "ctr") {
		scope = report.Scope{Contract: new(id.Contract(of))}
	}
	if q, ok := quarter.(int); ok {
		p.Quarter = &q
	}
	r, err := w.App.Reports.Report(ctx, scope, p)
	if err != nil {
		t.Fatal(err)
	}
	anew, err := w.App.Reports.Recompile(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range anew {
		for _, f := range s.Figures {
			key, value := string(f.Key), "<nil>"
			if f.Unit != nil {
				key += " " + *f.Unit
			}
			if f.Value != nil {
				value = string(*f.Value)
			}
			if n++; want[key] != value {
				t.Fatalf("%s of %s, %v: %s by events, %s counted anew", key, of, quarter, want[key], value)
			}
		}
	}
	if n != len(want) {
		t.Fatalf("%d figures by events, %d counted anew", len(want), n)
	}
}

// address is where a report can be fetched as a document.
func address(t *testing.T, w *graphtest.Town, who, of, format, language string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($s: ReportScope!, $f: ReportFormat!, $l: ReportLanguage!) { report(scope: $s, period: {year: 2026, quarter: 1}) { document(format: $f, language: $l) { url expiresAt } } }`,
		"s", m{"organisation": of}, "f", format, "l", language).Fine()
}

func fetch(t *testing.T, w *graphtest.Town, path, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody).WithContext(t.Context())
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

func TestAReportIsFetchedAsADocumentForTenMinutes(t *testing.T) {
	w := graphtest.NewTown(t)
	lived(t, w)
	for format, kind := range map[string]string{"HTML": "text/html; charset=utf-8", "PDF": "application/pdf"} {
		for _, lang := range []string{"ZH_CN", "EN"} {
			a := address(t, w, "supervisor", w.SubDistrict, format, lang)
			got := fetch(t, w, a.Str("report.document.url"), "")
			h := got.Header()
			if got.Code != http.StatusOK || h.Get("Content-Type") != kind || h.Get("Cache-Control") != "no-store" ||
				!strings.HasPrefix(h.Get("Content-Disposition"), "inline; filename=") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s %s: %d %v", format, lang, got.Code, h)
			}
			body := got.Body.String()
			if format == "PDF" && !strings.HasPrefix(body, "%PDF-") || format == "HTML" && !strings.Contains(body, "堰桥街道") {
				t.Errorf("%s %s: %.80q", format, lang, body)
			}
		}
	}
	url := address(t, w, "supervisor", w.SubDistrict, "HTML", "ZH_CN").Str("report.document.url")
	w.Pass(t, report.AddressFor-time.Second)
	if got := fetch(t, w, url, ""); got.Code != http.StatusOK {
		t.Errorf("after nearly ten minutes: %d", got.Code)
	}
	w.Pass(t, time.Second)
	if got := fetch(t, w, url, ""); got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "REPORT_ADDRESS_INVALID") {
		t.Errorf("after ten minutes: %d %s", got.Code, got.Body)
	}
}

func TestAnAddressThatWasAlteredOpensNothing(t *testing.T) {
	w := graphtest.NewTown(t)
	lived(t, w)
	good := address(t, w, "liaison", w.Unit, "HTML", "EN").Str("report.document.url")
	at, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(k, v string) string {
		q := at.Query()
		q.Set(k, v)
		return at.Path + "?" + q.Encode()
	}
	for name, bad := range map[string]string{
		"another organisation": strings.Replace(good, w.Unit, w.SubDistrict, 1),
		"another period":       strings.Replace(good, "2026-Q1", "2026", 1),
		"another form":         strings.Replace(good, ".html", ".pdf", 1),
		"another language":     with("lang", "zh-CN"),
		"another person":       with("by", string(id.Derived[id.Person](id.KindPerson, "x"))),
		"another session":      with("in", string(id.Derived[id.Session](id.KindSession, "x"))),
		"a longer time":        with("until", "9999999999"),
		"no time":              with("until", ""),
		"another signature":    with("mac", "AAAA"),
		"no signature":         with("mac", ""),
		"something more":       with("x", "y"),
	} {
		if got := fetch(t, w, bad, ""); got.Code != http.StatusForbidden || strings.Contains(got.Body.String(), "恒远") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := fetch(t, w, at.Path+"?lang=en", ""); got.Code != http.StatusUnauthorized {
		t.Errorf("without a signature or a token: %d", got.Code)
	}
}

func TestADocumentIsWhatItsReaderMayReadAtThatMoment(t *testing.T) {
	w := graphtest.NewTown(t)
	lived(t, w)
	path := report.Prefix + w.SubDistrict + "/2026-Q1.html?lang=zh-CN"
	for who, status := range map[string]int{"supervisor": 200, "auditor": 200, "secretary": 404, "outsider": 404, "admin": 404} {
		if got := fetch(t, w, path, w.Token(t, who)); got.Code != status {
			t.Errorf("%s: %d", who, got.Code)
		}
	}
	for _, wrong := range []string{
		"/reports/", "/reports/x", "/reports/" + w.SubDistrict, "/reports/" + w.SubDistrict + "/2026-Q9.html?lang=en", "/reports/" + w.SubDistrict + "/2026-Q1.doc?lang=en",
		"/reports/" + w.SubDistrict + "/2026-Q1.html?lang=fr", "/reports/" + w.SubDistrict + "/2026-Q1.html", "/reports/" + w.SubDistrict + "/2026-Q1.HTML?lang=en",
		"/reports/" + string(id.Derived[id.Person](id.KindPerson, "x")) + "/2026.pdf?lang=en", "/reports/" + w.SubDistrict + "/02026.pdf?lang=en",
	} {
		if got := fetch(t, w, wrong, w.Token(t, "supervisor")); got.Code != http.StatusNotFound && got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", wrong, got.Code)
		}
	}
	if got := fetch(t, w, report.Prefix+w.SubDistrict+"/2026-Q3.pdf?lang=en", w.Token(t, "supervisor")); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "PERIOD_NOT_BEGUN") {
		t.Errorf("a period to come: %d %s", got.Code, got.Body)
	}
	good := address(t, w, "supervisor", w.SubDistrict, "PDF", "EN").Str("report.document.url")
	role := w.Ask(t, "supervisor", `{ viewer { id version roles { id role } } }`)
	w.Do(t, "supervisor", "revokeRole", m{"role": role.Str("viewer.roles.0.id")}, "person { id }").Fine()
	if got := fetch(t, w, good, ""); got.Code != http.StatusNotFound {
		t.Errorf("after the role has ended the address still answers %d", got.Code)
	}
}

func TestWhatPeopleWroteIsTextInADocument(t *testing.T) {
	w := graphtest.NewTown(t)
	in := draft(w)
	in["title"] = `<script>alert("1")</script>'"><img src=x onerror=alert(1)>{{.}}契约`
	in["commitments"].([]m)[1]["unit"] = `</td><b>册`
	c := inForce(t, w, in)
	fulfilled(t, w, "2026-03-20", m{"quantityDone": "3"}, true)
	path := report.Prefix + c + "/2026-Q1.html?lang=zh-CN"
	body := fetch(t, w, path, w.Token(t, "secretary")).Body.String()
	for _, bad := range []string{"<script", "<img", "<b>册"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if !strings.Contains(body, "&lt;script&gt;") || !strings.Contains(body, "{{.}}契约") {
		t.Error("the title is not told as it is")
	}
	if strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Error("the page speaks of another address")
	}
	if got := fetch(t, w, strings.Replace(path, ".html", ".pdf", 1), w.Token(t, "secretary")); got.Code != http.StatusOK {
		t.Errorf("the same as PDF: %d", got.Code)
	}
}

// A unit may be stationed in communities of several sub-districts. Whoever supervises one of them reads what the unit
// promised there, and nothing of the rest; the unit's own people read all of it.
func TestWhoSupervisesAPartOfAUnitReadsThatPart(t *testing.T) {
	w := graphtest.NewTown(t)
	inForce(t, w, draft(w))
	far := w.Do(t, "admin", "registerSubDistrict", m{"district": w.District, "kind": "STREET", "name": "钱桥街道"}, "subDistrict { id }").Fine().Str("it.subDistrict.id")
	community := w.Do(t, "admin", "registerCommunity", m{"type": "RURAL", "name": "南塘社区", "subDistrict": far}, "community { id }").Fine().Str("it.community.id")
	now := w.Ask(t, "admin", `query($i: ID!) { residentUnit(id: $i) { version } }`, "i", w.Unit).Int("residentUnit.version")
	w.Do(t, "admin", "updateResidentUnit", m{"id": w.Unit, "expectedVersion": now, "registrations": []m{{"community": w.Community}, {"community": community}}}, "residentUnit { id }").Fine()
	code := w.Do(t, "admin", "invitePerson", m{"role": "SUPERVISOR", "organisation": far}, "code").Fine().Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "distant", "password": graphtest.Password, "name": "Distant"}, "person { id }").Fine()
	for who, want := range map[string]string{"liaison": "2", "supervisor": "2", "distant": "0"} {
		a := reported(t, w, who, w.Unit, 1).Fine()
		same(t, values(t, a), map[string]string{"OCCURRENCES": want})
		traced(t, a.Data)
	}
}

func TestAReportCountsAppraisalsOnceTheyAreOpened(t *testing.T) {
	w := graphtest.NewTown(t)
	c, byHost, byUnit := expired(t, w)
	year := w.Now().Year()
	opened := func(who, of string) map[string]string {
		t.Helper()
		scope := m{"organisation": of}
		if of == c {
			scope = m{"contract": of}
		}
		a := w.Ask(t, who, `query($s: ReportScope!, $y: Int!) { report(scope: $s, period: {year: $y}) { sections { key figures { key value unit count } } } }`,
			"s", scope, "y", year).Fine()
		return values(t, a)
	}
	w.Do(t, "secretary", "submitAppraisal", submission(t, w, "secretary", byHost, 2), appraisalFields).Fine()
	for who, of := range map[string]string{"supervisor": w.SubDistrict, "secretary": w.Community, "liaison": w.Unit, "steward": c} {
		same(t, opened(who, of), map[string]string{"APPRAISALS_OPENED": "0", "APPRAISAL_MEAN": "<nil>"})
	}
	w.Do(t, "liaison", "submitAppraisal", submission(t, w, "liaison", byUnit, 5), appraisalFields).Fine()
	same(t, opened("supervisor", w.SubDistrict), map[string]string{"APPRAISALS_OPENED": "2", "APPRAISAL_MEAN": "3.5"})
	same(t, opened("steward", c), map[string]string{"APPRAISALS_OPENED": "2"})
	same(t, opened("liaison", w.Unit), map[string]string{"APPRAISALS_OPENED": "1", "APPRAISAL_MEAN": "2"})
}

// A party that has left reads the report on its own part, also of the contract that it has left. What rests, is waived or
// is closed is counted as such, and as due no more.
func TestReportsFollowAContractThroughRestExitAndEnd(t *testing.T) {
	w := graphtest.NewTown(t)
	in := draft(w)
	in["parties"] = append(in["parties"].([]m), m{"organisation": w.OtherUnit, "part": "PARTNER"})
	in["commitments"] = append(in["commitments"].([]m), m{
		"key": "class", "provider": w.OtherUnit, "receivers": []string{w.Community}, "action": "开放图书馆", "recurrence": "FREQ=WEEKLY",
	})
	c := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	c = step(t, w, "outsider", "agreeToContract", c, nil).Fine()
	c = step(t, w, "secretary", "openContractForSigning", agreedByHost(t, w, c), nil).Fine()
	hash := m{"textHash": c.Str("it.contract.textHash")}
	for who, org := range map[string]string{"secretary": w.Community, "liaison": w.Unit, "outsider": w.OtherUnit} {
		w.Do(t, who, "registerSigningKey", m{"organisation": org}, "signingKey { id }").Fine()
		step(t, w, who, "signContract", c, hash).Fine()
	}
	of, why := c.Str("it.contract.id"), m{"reason": "另有安排"}
	everybody := map[string]string{"supervisor": w.SubDistrict, "secretary": w.Community, "liaison": of, "auditor": of}
	check := func(want map[string]string) {
		t.Helper()
		for who, scope := range everybody {
			a := reported(t, w, who, scope, nil).Fine()
			traced(t, a.Data)
			same(t, values(t, a), want)
		}
		for _, scope := range []string{w.OtherUnit, of} { // its own part, also of the contract
			a := reported(t, w, "outsider", scope, nil).Fine()
			traced(t, a.Data)
			if a.Len("report.contracts.nodes.0.parties") != 1 || a.Str("report.contracts.nodes.0.parties.0.organisation.id") != w.OtherUnit {
				if scope == w.OtherUnit || w.Now().Month() > 3 {
					t.Errorf("what the party reads that has left: %s", a.Text)
				}
			}
		}
	}
	check(map[string]string{"IN_FORCE_AFTER": "1", "SUSPENDED": "0", "WAIVED": "0"})
	gift := occurrence(t, w, "2026-03-20")
	w.Do(t, "secretary", "waiveFulfilment", m{"id": gift["id"], "expectedVersion": gift["version"], "reason": "不再需要"}, "fulfilment { id }").Fine()
	lives(t, w, "outsider", "giveContractNotice", of, why).Fine()
	check(map[string]string{"WAIVED": "1"})
	w.Pass(t, 40*24*time.Hour) // the other unit has left
	if a := w.Ask(t, "outsider", `query($i: ID!) { contract(id: $i) { id } }`, "i", of).Fine(); a.Get("contract") == nil {
		t.Fatal("a party that has left does not read the contract")
	}
	check(map[string]string{"WAIVED": "1", "IN_FORCE_AFTER": "1"})
	lives(t, w, "secretary", "suspendContract", of, why).Fine()
	lives(t, w, "liaison", "suspendContract", of, why).Fine()
	check(map[string]string{"WAIVED": "1", "IN_FORCE_AFTER": "1", "SUSPENDED": "3", "NOT_YET_REPORTED": "0"})
	lives(t, w, "supervisor", "terminateContract", of, why).Fine()
	check(map[string]string{"TERMINATED": "1", "IN_FORCE_AFTER": "0", "SUSPENDED": "0", "NOT_YET_REPORTED": "0"})
}
