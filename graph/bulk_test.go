package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

const bulkFields = `job { id kind state rows total failedRows upload { url method } }`

// bulkJob is a job as somebody finds it.
func bulkJob(t *testing.T, w *graphtest.House, who, id string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($id: ID!) { bulkJob(id: $id) {
		state rows total failedRows failure { code message line column } file { name size sha256 } download { url method } upload { url } errorReport { url }
		lineErrors(first: 100) { totalCount nodes { line problems { column code message } } }
	} }`, "id", id).Fine()
}

// exported is a list as somebody's export writes it.
func exported(t *testing.T, w *graphtest.House, who, format, query string) string {
	t.Helper()
	id := w.Do(t, who, "startExport", m{"query": query, "format": format, "language": "EN"}, bulkFields).Fine().Str("it.job.id")
	j := bulkJob(t, w, who, id)
	if j.Str("bulkJob.state") != "DONE" {
		t.Fatalf("%s", j.Text)
	}
	rec := carry(t, w, http.MethodGet, j.Str("bulkJob.download.url"), "")
	if rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// imported is an import of a file, to its end.
func imported(t *testing.T, w *graphtest.House, who, file string, in m) *graphtest.Answer {
	t.Helper()
	a := w.Do(t, who, "startImport", in, bulkFields).Fine()
	if rec := carry(t, w, http.MethodPut, a.Str("it.job.upload.url"), file); rec.Code >= http.StatusMultipleChoices {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	w.Settle(t)
	return bulkJob(t, w, who, a.Str("it.job.id"))
}

func TestAnExportIsWhatItsOwnerReads(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	const query = `{ contracts { nodes { title status host { name } parties { organisation { name } } } } }`
	if got := exported(t, w.House, "liaison", "NDJSON", query); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"host":{"name":"长安社区"}`) {
		t.Errorf("a party's export is %s", got)
	}
	if got := exported(t, w.House, "outsider", "CSV", query); got != "\uFEFFtitle,status,host.name,parties\n" {
		t.Errorf("another's export is %q", got)
	}
	units := exported(t, w.House, "stranger", "CSV", `query { community(id: "`+w.Community+`") { them: residentUnits { edges { node { ...U } } } } } fragment U on ResidentUnit { name kind }`)
	if units != "\uFEFFname,kind\n恒远机械有限公司,ENTERPRISE\n" {
		t.Errorf("the units are %q", units)
	}
	if got := exported(t, w.House, "secretary", "XLSX", query); !strings.HasPrefix(got, "PK") {
		t.Errorf("the workbook is %.20q", got)
	}
}

func TestWhatCannotBeExportedIsToldWithItsPlace(t *testing.T) {
	w := graphtest.NewTown(t)
	for query, want := range map[string]string{
		"{ contracts { nodes {": "BULK_QUERY", "{ contracts { nodes { nonsense } } }": "BULK_QUERY", "mutation { signOut(input: {}) { replayed } }": "EXPORT_NEEDS_A_QUERY",
		"{ viewer { id } }": "EXPORT_NEEDS_A_LIST", "{ __schema { types { name } } }": "EXPORT_NOT_OF_THE_SCHEMA", "{ contracts(first: 5) { nodes { id } } }": "EXPORT_PAGES_ITSELF",
		"{ communities { nodes { residentUnits(first: 3) { nodes { id } } } } }": "EXPORT_ONE_LIST",
		"{ contracts { nodes { id } } units: residentUnits { nodes { id } } }":   "EXPORT_LIST_ALONE",
		"{ contracts { totalCount } }":                                           "EXPORT_NEEDS_COLUMNS",
		"{ contracts { nodes { parties { organisation { ... on ResidentUnit { communities { district { subDistricts { communities { id } } } } } } } } } }": "BULK_QUERY",
	} {
		a := w.Do(t, "secretary", "startExport", m{"query": query, "format": "CSV"}, bulkFields)
		if a.Is(want); a.At() != "query" {
			t.Errorf("%s: at %s", query, a.At())
		}
	}
	a := w.Do(t, "secretary", "startExport", m{"query": "{ contracts { nodes { nonsense } } }", "format": "CSV", "language": "EN"}, bulkFields)
	if text := fmt.Sprint(a.Get("it.errors.0.message")); !strings.Contains(text, "1") || !strings.Contains(text, "23") {
		t.Errorf("its place is told as %s", text)
	}
	a = w.Ask(t, "", `mutation { startExport(input: {query: "{ contracts { nodes { id } } }", format: CSV}) { job { id } errors { code } } }`)
	if a.Code() != "UNAUTHENTICATED" {
		t.Errorf("nobody is answered %s", a.Text)
	}
	for name, in := range map[string]m{
		"IMPORT_MUTATION": {"mutation": "signContract", "format": "CSV"}, "MALFORMED": {"mutation": "registerResidentUnit", "format": "CSV", "sha256": "x"},
	} {
		w.Do(t, "secretary", "startImport", in, bulkFields).Is(name)
	}
	w.Do(t, "secretary", "cancelBulkJob", m{"id": w.Unit}, bulkFields).Is("WRONG_ID")
}

// unitsFile is a table of so many units of a community.
func unitsFile(community string, from, n int) string {
	var b strings.Builder
	b.WriteString("名称,kind,registrations.0.community,creditCode,staff,services\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "第%d小学,SCHOOL,%s,%s,%d,场地；讲座\n", i, community, graphtest.CreditCode(i), i)
	}
	return b.String()
}

func TestUnitsAreTriedThenImportedLineByLine(t *testing.T) {
	w := graphtest.NewTown(t)
	in := m{"mutation": "registerResidentUnit", "format": "CSV", "language": "EN", "dryRun": true, "columns": []m{{"field": "name", "title": "名称"}}}
	bad := unitsFile(w.Community, 100, 3) +
		"重复,SCHOOL," + w.Community + "," + graphtest.CreditCode(101) + ",1,\n" + // twice in the file
		"占用,SCHOOL," + w.Community + "," + graphtest.CreditCode(1) + ",1,\n" + // another unit has it
		"无码,SCHOOL," + w.Community + ",,many,\n" +
		"别处,SCHOOL," + w.OtherCommunity + "," + graphtest.CreditCode(110) + ",1,\n" + // not the secretary's
		"类型,CASTLE," + w.Community + "," + graphtest.CreditCode(111) + ",1,\n"
	last := func() int64 {
		at, err := w.App.Journal.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	before := w.Ask(t, "", "{ residentUnits { totalCount } }").Fine().Int("residentUnits.totalCount")
	events := last()
	j := imported(t, w.House, "secretary", bad, in)
	if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.rows") != 8 || j.Int("bulkJob.failedRows") != 5 {
		t.Fatalf("%s", j.Text)
	}
	for i, want := range []string{"5 creditCode ALREADY_TAKEN", "6 creditCode ALREADY_TAKEN", "7 staff CELL_NOT_A_NUMBER", "8 registrations.0.community FORBIDDEN", "9 kind BAD_USER_INPUT"} {
		at := fmt.Sprintf("bulkJob.lineErrors.nodes.%d.", i)
		if got := fmt.Sprint(j.Get(at+"line"), " ", j.Get(at+"problems.0.column"), " ", j.Get(at+"problems.0.code")); got != want {
			t.Errorf("line error %d is %s, not %s: %v", i, got, want, j.Get(at+"problems.0.message"))
		}
	}
	if after := w.Ask(t, "", "{ residentUnits { totalCount } }").Fine().Int("residentUnits.totalCount"); after != before || last() != events+2 {
		t.Errorf("a dry run has made %d units and told %d events", after-before, last()-events)
	}
	in["dryRun"] = false
	j = imported(t, w.House, "secretary", unitsFile(w.Community, 100, 50), in)
	if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.failedRows") != 0 {
		t.Fatalf("%s", j.Text)
	}
	if after := w.Ask(t, "", "{ residentUnits { totalCount } }").Fine().Int("residentUnits.totalCount"); after != before+50 {
		t.Errorf("there are %d units", after)
	}
	told := carry(t, w.House, http.MethodGet, j.Str("bulkJob.download.url"), "").Body.String()
	if !strings.HasPrefix(told, "\uFEFFline,id,replayed\n2,unt1_") || strings.Count(told, "\n") != 51 {
		t.Errorf("what was made is told as %.100q", told)
	}
	back := exported(t, w.House, "secretary", "NDJSON", `{ residentUnits(filter: {community: {eq: "`+w.Community+`"}}) { nodes { name services staff } } }`)
	if !strings.Contains(back, `{"name":"第149小学","services":["场地","讲座"],"staff":149}`) {
		t.Errorf("and comes back as %.200s", back)
	}
}

func TestNoMutationThatCanBeImportedWritesInADryRun(t *testing.T) {
	w := graphtest.NewTown(t)
	for mutation, line := range map[string]string{
		"registerDistrict":    `{"name":"梁溪区","nameEn":"Liangxi","code":"320213"}`,
		"registerSubDistrict": `{"district":"` + w.District + `","kind":"STREET","name":"崇安寺街道"}`,
		"registerCommunity":   `{"type":"COMMERCIAL","name":"学前社区","subDistrict":"` + w.SubDistrict + `"}`,
	} {
		j := imported(t, w.House, "admin", line+"\n", m{"mutation": mutation, "format": "NDJSON", "dryRun": true})
		if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.failedRows") != 0 {
			t.Errorf("%s: %s", mutation, j.Text)
		}
	}
	a := w.Ask(t, "", "{ districts { totalCount } communities { totalCount } }").Fine()
	if a.Int("districts.totalCount") != 1 || a.Int("communities.totalCount") != 2 {
		t.Errorf("there are %s", a.Text)
	}
	schema := graph.Importable()
	if len(schema) < 8 {
		t.Errorf("only %v can be imported", schema)
	}
}

func TestAWrongHeaderEndsAnImportBeforeItBegins(t *testing.T) {
	w := graphtest.NewTown(t)
	j := imported(t, w.House, "secretary", "nome,kind\nx,SCHOOL\n", m{"mutation": "registerResidentUnit", "format": "CSV", "language": "ZH_CN"})
	if j.Str("bulkJob.state") != "FAILED" || j.Str("bulkJob.failure.code") != "COLUMN_UNKNOWN" || j.Int("bulkJob.failure.line") != 1 ||
		j.Str("bulkJob.failure.column") != "nome" || j.Str("bulkJob.failure.message") != "没有与“nome”列对应的字段，最接近的是“name”。" {
		t.Errorf("%s", j.Text)
	}
}

func TestAJobIsItsOwnersAloneAndEndsWithTheirSession(t *testing.T) {
	w := graphtest.NewTown(t, func(c *app.Config) {
		c.Bounds.Rates = limit.Rates{limit.Organisation: {Burst: 3000, Refill: time.Hour}, limit.Person: {Burst: 1e9, Refill: time.Hour}, limit.Address: {Burst: 1e9, Refill: time.Hour}}
	})
	id := w.Do(t, "secretary", "startExport", m{"query": "{ residentUnits { nodes { id name kind staff profile address createdAt updatedAt version } } }", "format": "CSV"}, bulkFields).Fine().Str("it.job.id")
	state := func(ask string) any { // for little: the budget is nearly used up
		return w.Ask(t, "secretary", `query($id: ID!) { bulkJob(id: $id) { state failure { code } } }`, "id", id).Fine().Get("bulkJob." + ask)
	}
	for i := 0; state("state") == "DONE"; i++ { // until the budget is used up
		if i == 3 {
			t.Fatal("the budget does not end")
		}
		id = w.Do(t, "secretary", "startExport", m{"query": "{ residentUnits { nodes { id name kind staff profile address createdAt updatedAt version } } }", "format": "CSV"}, bulkFields).Fine().Str("it.job.id")
	}
	if got := state("state"); got != "WAITING" {
		t.Fatalf("it is %v", got)
	}
	for _, who := range []string{"liaison", "supervisor", "admin", ""} {
		if got := w.Ask(t, who, `query($id: ID!) { bulkJob(id: $id) { id } node(id: $id) { id } exports { nodes { id } } }`, "id", id).Fine(); got.Get("bulkJob") != nil || got.Get("node") != nil || got.Len("exports.nodes") != 0 {
			t.Errorf("%s sees the job: %s", who, got.Text)
		}
	}
	w.Do(t, "liaison", "cancelBulkJob", m{"id": id}, bulkFields).Is("NOT_FOUND")
	w.Do(t, "secretary", "signOut", m{}, "").Fine()
	w.Forget("secretary")
	w.Pass(t, 2*time.Hour)
	if got, why := state("state"), state("failure.code"); got != "FAILED" || why != "BULK_RIGHT_ENDED" {
		t.Errorf("it is %v: %v", got, why)
	}
	w.Do(t, "secretary", "cancelBulkJob", m{"id": id}, bulkFields).Is("BULK_STATE")
}

func TestTheProgressOfAJobIsHeardToItsEnd(t *testing.T) {
	w := graphtest.NewTown(t)
	id := w.Do(t, "liaison", "startExport", m{"query": "{ residentUnits { nodes { id } } }", "format": "CSV"}, bulkFields).Fine().Str("it.job.id")
	on := w.Serve(t)
	const hear = `subscription($id: ID!) { it: bulkJobChanged(id: $id) { state rows total } }`
	h := w.Hear(t, on, "liaison", hear, "id", id)
	if a := h.Next(); a.Str("it.state") != "DONE" || a.Int("it.rows") != 2 || a.Int("it.total") != 2 {
		t.Errorf("heard %s", a.Text)
	}
	h.Ended()
	if a := w.Hear(t, on, "stranger", hear, "id", id).Next(); a != nil && a.Code() != "NOT_FOUND" {
		t.Errorf("another hears %s", a.Text)
	}
}
