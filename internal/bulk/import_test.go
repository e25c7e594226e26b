package bulk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// names are a table of so many names.
func names(n int) string {
	var b strings.Builder
	b.WriteString("name\n")
	for i := range n {
		fmt.Fprintf(&b, "n%d\n", i)
	}
	return b.String()
}

func TestOfTwoLinesThatCannotBothBeDoneTheLaterOneIsWrong(t *testing.T) {
	for _, head := range []string{"name\n", ""} {
		w := newWorld(t)
		w.taken = map[string]bool{}
		var b strings.Builder
		b.WriteString(head)
		for i := range 2000 {
			if head == "" {
				fmt.Fprintf(&b, "{\"name\":\"n%d\"}\n", i/2)
			} else {
				fmt.Fprintf(&b, "n%d\n", i/2)
			}
		}
		j := w.bring(b.String(), func(in *bulk.ImportInput) {
			if head == "" {
				in.Format = sheet.NDJSON
			}
		})
		w.settle()
		if j = w.job(j); j.FailedRows != 1000 {
			t.Fatalf("%d lines are wrong, %v", j.FailedRows, j.Failure)
		}
		first := 100
		bad, err := w.LineErrors(w.as(ann), j, page.Args{First: &first})
		must(t, err)
		for i, e := range bad.Edges {
			if want := strings.Count(head, "\n") + 2*(i+1); e.Node.Number != want {
				t.Fatalf("line %d is wrong, not %d", e.Node.Number, want)
			}
		}
	}
}

func TestEveryLineIsDoneOnceAndTold(t *testing.T) {
	w := newWorld(t)
	w.refuse = map[string]fault.Code{"n7": "ALREADY_TAKEN", "n300": "TOO_LONG"}
	j := w.bring(names(1000))
	if j.State != bulk.Queued {
		t.Fatalf("%+v", j)
	}
	w.settle()
	j = w.job(j)
	if j.State != bulk.Done || j.Rows != 1000 || *j.Total != 1000 || j.FailedRows != 2 || len(w.made) != 998 {
		t.Fatalf("%+v, %d made", j, len(w.made))
	}
	text := w.fetch(j)
	if !strings.HasPrefix(text, "\uFEFFline,id,replayed\n2,thing-n0,false\n") || strings.Count(text, "\n") != 999 {
		t.Errorf("it tells %.80q…", text)
	}
	first := 1
	bad, err := w.LineErrors(w.as(ann), j, page.Args{First: &first})
	must(t, err)
	if l := bad.Edges[0].Node; l.Number != 9 || l.Problems[0].Code != "ALREADY_TAKEN" || *l.Problems[0].Column != "name" || !bad.PageInfo.HasNextPage {
		t.Errorf("%+v", l)
	}
	csv, err := w.Report(w.as(ann), j, sheet.CSV)
	must(t, err)
	if _, got := w.send(csv, nil); got != "\uFEFFline,column,code,message,name\n9,name,ALREADY_TAKEN,no n7,n7\n302,name,TOO_LONG,no n300,n300\n" {
		t.Errorf("the report is %q", got)
	}
	nd, err := w.Report(w.as(ann), j, sheet.NDJSON)
	must(t, err)
	_, got := w.send(nd, nil)
	if all := lines(t, got); len(all) != 2 || all[1]["line"] != 302.0 || fmt.Sprint(all[1]["input"]) != "map[name:n300]" {
		t.Errorf("the report is %s", got)
	}
	if _, err := w.Report(w.as(ann), j, sheet.XLSX); !fault.Is(err, fault.CodeMalformed) {
		t.Errorf("as a workbook: %v", err)
	}
}

func TestAnImportDoesNothingTwiceAfterTheEndOfTheProgram(t *testing.T) {
	w := newWorld(t)
	w.refuse = map[string]fault.Code{"n10": "ALREADY_TAKEN", "n5100": "ALREADY_TAKEN"}
	j := w.bring(names(8000))
	for range 2 { // reads the file, and does 5,000 lines
		_, err := w.Tick(t.Context(), w.now())
		must(t, err)
	}
	w.restart()
	w.budget = 300
	_, err := w.Tick(t.Context(), w.now())
	must(t, err)
	if now := w.job(j); now.State != bulk.Waiting || now.Rows < 5000 || now.Rows >= 8000 {
		t.Fatalf("%+v", now)
	}
	w.restart() // what the last batch did beyond where it stopped is done again, under the same names
	w.pass(time.Minute)
	w.settle()
	j = w.job(j)
	if len(w.made) != 7998 || j.State != bulk.Done || j.FailedRows != 2 || j.Rows != 8000 {
		t.Errorf("%d made, %+v", len(w.made), j)
	}
	if n := strings.Count(w.fetch(j), "\n"); n != 7999 {
		t.Errorf("%d lines are told", n)
	}
}

func TestADryRunBeginsAgainInAnotherProgram(t *testing.T) {
	w := newWorld(t)
	w.refuse = map[string]fault.Code{"n10": "ALREADY_TAKEN"}
	j := w.bring(names(8000), func(in *bulk.ImportInput) { in.DryRun = true })
	for range 2 {
		_, err := w.Tick(t.Context(), w.now())
		must(t, err)
	}
	w.restart()
	w.settle()
	if j = w.job(j); j.State != bulk.Done || j.Rows != 8000 || j.FailedRows != 1 || j.Result != nil {
		t.Errorf("%+v", j)
	}
}

func TestAFileThatDoesNotHoldIsRefusedWholeBeforeAnythingIsDone(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		format sheet.Format
		code   fault.Code
		line   int
		column string
	}{
		"a wrong header":         {"nome\nx\n", sheet.CSV, "COLUMN_UNKNOWN", 1, "nome"},
		"a header alone":         {"name\n", sheet.CSV, sheet.CodeEmpty, 0, ""},
		"a cell without its end": {"name\nx\n\"y\n", sheet.CSV, sheet.CodeQuote, 3, "name"},
		"no workbook":            {"name\nx\n", sheet.XLSX, sheet.CodeUnreadable, 0, ""},
		"a column twice":         {"name,name\nx,y\n", sheet.CSV, sheet.CodeTwice, 1, "name"},
	} {
		w := newWorld(t)
		j := w.bring(c.text, func(in *bulk.ImportInput) { in.Format = c.format })
		w.settle()
		j = w.job(j)
		if j.State != bulk.Failed || j.Failure.Code != c.code || w.times != 0 || j.Failure.Message == "" {
			t.Errorf("%s: %+v %+v", name, j, j.Failure)
			continue
		}
		if f := j.Failure; c.line != 0 && (f.Line == nil || *f.Line != c.line) || c.column != "" && (f.Column == nil || *f.Column != c.column) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestALineThatDoesNotHoldHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	j := w.bring("name\na\nb,c\nno cell\nd\n", func(in *bulk.ImportInput) { in.Language = bulk.Chinese })
	w.settle()
	if j = w.job(j); j.State != bulk.Done || j.Rows != 4 || j.FailedRows != 2 || len(w.made) != 2 {
		t.Fatalf("%+v", j)
	}
	most := 10
	bad, err := w.LineErrors(w.as(ann), j, page.Args{First: &most})
	must(t, err)
	if got := bad.Edges[0].Node.Problems[0]; got.Code != sheet.CodeSurplus || !strings.HasPrefix(got.Message, "第 3 行") {
		t.Errorf("%+v", got)
	}
	if got := bad.Edges[1].Node.Problems[0]; *got.Line != 4 || *got.Column != "name" {
		t.Errorf("%+v", got)
	}
	j = w.bring("{\"name\":\"x\"}\n{\"name\":\"y\",\"name\":\"z\"}\n", func(in *bulk.ImportInput) { in.Format = sheet.NDJSON })
	w.settle()
	if j = w.job(j); j.FailedRows != 1 || j.State != bulk.Done {
		t.Errorf("%+v", j)
	}
}

func TestOnlyTheAnnouncedFileIsTakenAndOnlyOnce(t *testing.T) {
	w := newWorld(t)
	hash := sum("name\nx\n")
	j, err := w.StartImport(w.as(ann), bulk.ImportInput{Mutation: "makeThing", Format: sheet.CSV, SHA256: &hash})
	must(t, err)
	address, err := w.Upload(w.as(ann), j)
	must(t, err)
	for text, want := range map[string]string{"name\ny\n": "FILE_HASH_DIFFERS", "": "FILE_EMPTY"} {
		if code, said := w.send(address, []byte(text)); code < 400 || said != want {
			if text != "" || code < 400 {
				t.Errorf("%q: %d %s", text, code, said)
			}
		}
	}
	if left, err := w.bucket.List(t.Context(), "", "", 10); err != nil || len(left) != 0 {
		t.Errorf("there are still %v, %v", left, err)
	}
	if code, said := w.send(address, []byte("name\nx\n")); code >= 300 {
		t.Fatalf("%d %s", code, said)
	}
	if code, said := w.send(address, []byte("name\nx\n")); said != string(bulk.CodeState) {
		t.Errorf("a second time: %d %s", code, said)
	}
	for what, in := range map[string]bulk.ImportInput{
		"mutation": {Mutation: "signThing"}, "sha256": {Mutation: "makeThing", SHA256: new("abc")},
		"columns.1.title": {Mutation: "makeThing", Columns: []*bulk.ColumnInput{{Field: "a", Title: "x"}, {Field: "b", Title: "x"}}},
	} {
		in.Format = sheet.CSV
		_, err := w.StartImport(w.as(ann), in)
		if f := fault.Of(err); err == nil || strings.Join(f.Path, ".") != what {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFileThatDoesNotComeIsNotWaitedForForEver(t *testing.T) {
	w := newWorld(t)
	j, err := w.StartImport(w.as(ann), bulk.ImportInput{Mutation: "makeThing", Format: sheet.CSV})
	must(t, err)
	w.pass(bulk.ComeFor + time.Second)
	w.settle()
	if j = w.job(j); j.State != bulk.Expired {
		t.Errorf("%+v", j)
	}
	if a, err := w.Upload(w.as(ann), j); a != nil || err != nil {
		t.Errorf("it is waited for still: %v %v", a, err)
	}
}

func TestNothingMoreIsDoneOfAJobThatWasCancelled(t *testing.T) {
	w := newWorld(t)
	j := w.bring(names(2000))
	n := 0
	w.asked = func(authz.Actor) {
		if n++; n == 100 {
			go func() { _, _ = w.Cancel(w.as(ann), bulk.CancelInput{ID: j.ID}) }()
		}
	}
	w.budget = 500 // so that it comes to rest before its end, however slow the other one is
	w.settle()
	w.asked = func(authz.Actor) {}
	for i := 0; w.job(j).State != bulk.Cancelled; i++ {
		if i > 10_000 {
			t.Fatal("it was not cancelled")
		}
		time.Sleep(time.Millisecond)
	}
	done := w.times
	w.pass(time.Hour)
	w.settle()
	if w.times != done || w.job(j).State != bulk.Cancelled {
		t.Errorf("%d were done after it was cancelled", w.times-done)
	}
	if _, err := w.Cancel(w.as(ann), bulk.CancelInput{ID: j.ID}); !fault.Is(err, bulk.CodeState) {
		t.Errorf("once more: %v", err)
	}
}

func TestWithoutAPlaceForFilesNothingIsBegun(t *testing.T) {
	w := newWorld(t)
	w.door.Bucket = nil
	_, err := w.StartExport(w.as(ann), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV})
	if !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("%v", err)
	}
}
