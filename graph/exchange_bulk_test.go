package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// needsFile is a table of so many needs, each for one day.
func needsFile(until string, from, n int) string {
	var b strings.Builder
	b.WriteString("类别,需求,need.audiences,need.quantity,need.unit,need.validUntil,need.windows.0.startsOn,need.windows.0.endsOn\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "ELDERS_MEALS,第%d号楼助餐,ELDERS；PEOPLE_IN_HARDSHIP,%d,份,%s,%[3]s,%[3]s\n", i, i, until)
	}
	return b.String()
}

// A community that has its needs in a table brings them in one go: tried first, then line by line.
func TestNeedsAreImportedFromATable(t *testing.T) {
	w := graphtest.NewTown(t)
	until := w.Now().AddDate(0, 3, 0).Format("2006-01-02")
	in := m{"mutation": "collectNeed", "format": "CSV", "language": "EN", "dryRun": true, "columns": []m{{"field": "need.category", "title": "类别"}, {"field": "need.title", "title": "需求"}}}
	row := func(more string) string { return strings.Replace(more, "UNTIL", until, 1) + ",,\n" }
	bad := needsFile(until, 1, 2) +
		row("NO_SUCH,没有这一类,,1,份,UNTIL") +
		row("ELDERS_MEALS,一份也不要,,0,份,UNTIL") +
		row("ELDERS_MEALS,已经过期,,1,份,2020-01-01") +
		row("ELDERS_MEALS,给谁,NOBODY,1,份,UNTIL") +
		row("ELDERS_MEALS,身份证 320206199003071234,,1,份,UNTIL")
	listed := func() int {
		return w.Ask(t, "secretary", `{ needs(filter: {status: {eq: COLLECTED}}) { totalCount } }`).Fine().Int("needs.totalCount")
	}
	j := imported(t, w.House, "steward", bad, in)
	if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.rows") != 7 || j.Int("bulkJob.failedRows") != 5 || listed() != 0 {
		t.Fatalf("%d listed: %s", listed(), j.Text)
	}
	for i, want := range []string{
		"4 类别 CATEGORY_UNKNOWN", "5 need.quantity OUT_OF_RANGE", "6 need.validUntil EXCHANGE_VALIDITY_PAST", "7 need.audiences BAD_USER_INPUT", "8 需求 EXCHANGE_IDENTITY_NUMBER",
	} {
		at := fmt.Sprintf("bulkJob.lineErrors.nodes.%d.", i)
		if got := fmt.Sprint(j.Get(at+"line"), " ", j.Get(at+"problems.0.column"), " ", j.Get(at+"problems.0.code")); got != want {
			t.Errorf("line error %d is %s, not %s: %v", i, got, want, j.Get(at+"problems.0.message"))
		}
	}
	in["dryRun"] = false
	j = imported(t, w.House, "steward", needsFile(until, 1, 30), in)
	if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.failedRows") != 0 || listed() != 30 {
		t.Fatalf("%d listed: %s", listed(), j.Text)
	}
	back := exported(t, w.House, "secretary", "NDJSON", `{ needs(filter: {category: {eq: "ELDERS"}}) { nodes { title status audiences quantity publisher { name } windows { startsOn } } } }`)
	if want := `{"title":"第30号楼助餐","status":"COLLECTED","audiences":["ELDERS","PEOPLE_IN_HARDSHIP"],"quantity":"30","publisher":{"name":"长安社区"},"windows":[{"startsOn":"` + until + `"}]}`; !strings.Contains(back, want) {
		t.Errorf("they come back as %.400s", back)
	}
	if got := exported(t, w.House, "outsider", "NDJSON", `{ needs { nodes { title } } }`); got != "" {
		t.Errorf("another is given %s", got)
	}
}

// What a unit offers is imported as it is offered: its own people alone do it, and it is found at once.
func TestResourcesAreImportedAsTheyAreOffered(t *testing.T) {
	w := graphtest.NewTown(t)
	until := w.Now().AddDate(0, 3, 0).Format("2006-01-02")
	var file strings.Builder
	for i := range 12 {
		fmt.Fprintf(&file, `{"resource":{"category":"MEANS_SPACE","title":"第%d会议室","quantity":"%d","unit":"场","validUntil":"%s","visibility":"PUBLIC","place":{"point":{"coordinates":[120.29,31.68]}}}}`+"\n", i+1, i+1, until)
	}
	foreign := `{"resource":{"publisher":"` + w.OtherUnit + `","category":"MEANS_SPACE","title":"别家的","quantity":"1","unit":"场","validUntil":"` + until + `"}}` + "\n"
	j := imported(t, w.House, "liaison", file.String()+foreign, m{"mutation": "offerResource", "format": "NDJSON", "language": "EN"})
	if j.Str("bulkJob.state") != "DONE" || j.Int("bulkJob.rows") != 13 || j.Int("bulkJob.failedRows") != 1 || j.Int("bulkJob.lineErrors.nodes.0.line") != 13 {
		t.Fatalf("%s", j.Text)
	}
	if told := carry(t, w.House, http.MethodGet, j.Str("bulkJob.download.url"), "").Body.String(); strings.Count(told, "res1_") != 12 {
		t.Errorf("what was made is told as %.200q", told)
	}
	found := w.Ask(t, "", `{ resources(filter: {category: {eq: "MEANS"}, status: {eq: OFFERED}}) { totalCount nodes { title place { point { coordinates } } } } }`).Fine()
	if found.Int("resources.totalCount") != 12 || found.Len("resources.nodes.0.place.point.coordinates") != 2 {
		t.Errorf("found: %s", found.Text)
	}
	theirs := imported(t, w.House, "outsider", foreign, m{"mutation": "offerResource", "format": "NDJSON", "dryRun": true})
	if theirs.Int("bulkJob.failedRows") != 0 {
		t.Errorf("its own liaison is refused: %s", theirs.Text)
	}
}
