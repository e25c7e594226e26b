package bulk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

func TestAListIsWrittenWholeInEveryForm(t *testing.T) {
	for _, f := range sheet.Formats() {
		w := newWorld(t)
		w.rows = 12_345
		j := w.export(f)
		w.settle()
		j = w.job(j)
		if j.State != bulk.Done || j.Rows != w.rows || *j.Total != w.rows || j.Result == nil || j.Result.SHA256 != sum(w.fetch(j)) {
			t.Fatalf("%s: %+v", f, j)
		}
		text := w.fetch(j)
		r, err := sheet.Read(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, f, sheet.Usual())
		must(t, err)
		n := 0
		for l, err := r.Next(); !errors.Is(err, io.EOF); l, err = r.Next() {
			must(t, err)
			if want := fmt.Sprintf(`["t%d" "=N%d" "[\"a\",\"b\"]"]`, n, n); f != sheet.NDJSON && fmt.Sprintf("%q", l.Cells) != want {
				t.Fatalf("%s: line %d is %q", f, l.Number, l.Cells)
			}
			n++
		}
		must(t, r.Close())
		if n != w.rows {
			t.Errorf("%s: %d rows", f, n)
		}
		if left, err := w.bucket.List(t.Context(), "exports/", "", 10); err != nil || len(left) != 1 {
			t.Errorf("%s: beside the file there are %v, %v", f, left, err)
		}
	}
}

func TestColumnsAreThoseThatWereGivenTitles(t *testing.T) {
	w := newWorld(t)
	w.rows = 1
	j, err := w.StartExport(w.as(ann), bulk.ExportInput{
		Query: "{ things }", Format: sheet.CSV, Columns: []*bulk.ColumnInput{{Field: "owner.name", Title: "所属"}, {Field: "id", Title: "编号"}},
	})
	must(t, err)
	w.settle()
	if got := w.fetch(j); got != "\uFEFF所属,编号\n'=N0,t0\n" {
		t.Errorf("got %q", got)
	}
	_, err = w.StartExport(w.as(ann), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV, Columns: []*bulk.ColumnInput{{Field: "size", Title: "x"}}})
	if f := fault.Of(err); f.Code != bulk.CodeTitle || strings.Join(f.Path, ".") != "columns.0.field" {
		t.Errorf("a column that is not asked for: %v", err)
	}
	_, err = w.StartExport(w.as(ann), bulk.ExportInput{Query: "{ hello }", Format: sheet.CSV})
	if f := fault.Of(err); f.Code != bulk.CodeQuery || f.Params["column"] != 3 || f.Path[0] != "query" {
		t.Errorf("no list: %v", err)
	}
}

func TestAJobGoesOnWhereItWasAfterTheEndOfTheProgram(t *testing.T) {
	w := newWorld(t)
	w.rows = 12_000
	j := w.export(sheet.NDJSON)
	if _, err := w.Tick(t.Context(), w.now()); err != nil {
		t.Fatal(err)
	}
	if now := w.job(j); now.Rows != 5000 || now.State != bulk.Running {
		t.Fatalf("%+v", now)
	}
	w.budget = 20 // the next piece comes to its twentieth page, and then there is no program any more
	w.asked = func(authz.Actor) {
		if w.budget == 0 {
			panic("kill -9")
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.Tick(t.Context(), w.now())
	}()
	w.mu.TryLock() // the panic came from within
	w.mu.Unlock()
	w.asked, w.budget = func(authz.Actor) {}, -1
	w.restart()
	w.settle()
	lines := strings.Split(strings.TrimSpace(w.fetch(j)), "\n")
	seen := map[string]bool{}
	for i, l := range lines {
		if !strings.HasPrefix(l, fmt.Sprintf(`{"id":"t%d",`, i)) || seen[l] {
			t.Fatalf("line %d is %s", i, l)
		}
		seen[l] = true
	}
	if len(lines) != w.rows {
		t.Errorf("%d lines", len(lines))
	}
}

func TestAnotherNodeTakesUpWhatOneHasLetFall(t *testing.T) {
	w := newWorld(t)
	w.rows = 10_000
	j := w.export(sheet.NDJSON)
	first := w.Service
	w.restart()
	w.Alone = false
	w.asked = func(authz.Actor) { panic("gone") }
	func() {
		defer func() { _ = recover() }()
		_, _ = first.Tick(t.Context(), w.now())
	}()
	w.mu.TryLock()
	w.mu.Unlock()
	w.asked = func(authz.Actor) {}
	if w.settle(); w.job(j).Rows != 0 {
		t.Fatal("it was taken away from somebody at work")
	}
	w.pass(2 * time.Minute)
	if w.settle(); w.job(j).State != bulk.Done {
		t.Errorf("%+v", w.job(j))
	}
}

func TestWithoutABudgetAJobWaitsAndGoesOn(t *testing.T) {
	w := newWorld(t)
	w.rows, w.budget = 1000, 3
	j := w.export(sheet.NDJSON)
	w.settle()
	if now := w.job(j); now.State != bulk.Waiting || now.Rows != 300 {
		t.Fatalf("%+v", now)
	}
	w.pass(30 * time.Second)
	w.settle()
	if now := w.job(j); now.State != bulk.Done || now.Rows != 1000 {
		t.Errorf("%+v", now)
	}
}

func TestARightThatEndsStopsTheJob(t *testing.T) {
	for name, end := range map[string]func(*world){
		"the session": func(w *world) { w.signed[ann] = true },
		"the role":    func(w *world) { delete(w.office, ann) },
		"an office":   func(w *world) { w.office[ann] = "com1_c" },
	} {
		w := newWorld(t)
		w.rows = 12_000
		j := w.export(sheet.NDJSON)
		_, err := w.Tick(t.Context(), w.now())
		must(t, err)
		end(w)
		w.settle()
		w.signed[ann] = false
		if now := w.job(j); now.State != bulk.Failed || now.Failure.Code != bulk.CodeRightEnded || now.Rows != 5000 || now.Failure.Message == "" {
			t.Errorf("%s: %+v", name, now)
		}
	}
}

func TestEachPieceIsRunAsWhoStartedIt(t *testing.T) {
	w := newWorld(t)
	w.rows = 10
	program := id.Derived[id.Person](id.KindServiceAccount, "a program")
	w.office[program] = "com1_a"
	ctx := authz.With(t.Context(), authz.Actor{
		Service: id.ServiceAccount(program), Session: "k", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: "com1_a"}},
	}) // with a token that has no scopes
	j, err := w.StartExport(ctx, bulk.ExportInput{Query: "{ things }", Format: sheet.NDJSON})
	must(t, err)
	var heard []authz.Actor
	w.asked = func(a authz.Actor) { heard = append(heard, a) }
	w.settle()
	if len(heard) != 1 || string(heard[0].Service) != string(program) || len(heard[0].Scopes) != 0 {
		t.Errorf("%+v", heard)
	}
	if _, err := w.Job(w.as(ben), j.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another organisation sees the job: %v", err)
	}
	seen := w.job(j) // of the same organisation
	if a, err := w.Download(w.as(ann), seen); a != nil || err != nil {
		t.Errorf("who did not start it gets the file: %v, %v", a, err)
	}
}

func TestAJobIsItsOwnersAlone(t *testing.T) {
	w := newWorld(t)
	w.rows = 1
	j := w.export(sheet.CSV)
	w.settle()
	if _, err := w.Job(w.as(ben), j.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another person sees it: %v", err)
	}
	if _, err := w.Cancel(w.as(ben), bulk.CancelInput{ID: j.ID}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another person ends it: %v", err)
	}
	if got, err := w.Exports(w.as(ben), nil, page.Args{}); err != nil || len(got.Edges) != 0 {
		t.Errorf("another person lists it: %v", err)
	}
	done := bulk.Done
	if got, err := w.Exports(w.as(ann), &bulk.Filter{State: &bulk.StateChoice{Eq: &done}}, page.Args{}); err != nil || len(got.Edges) != 1 {
		t.Errorf("its owner does not: %v", err)
	}
	if _, err := w.StartExport(t.Context(), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody starts one: %v", err)
	}
	a, err := w.Download(w.as(ann), w.job(j))
	must(t, err)
	w.signed[ann] = true
	if code, _ := w.send(a, nil); code == http.StatusOK {
		t.Error("an address outlives the session it speaks for")
	}
}

func TestNoMoreJobsAreUnderWayThanThereArePlaces(t *testing.T) {
	w := newWorld(t)
	var last *bulk.Job
	for range bulk.Seats {
		last = w.export(sheet.CSV)
	}
	_, err := w.StartExport(w.as(ann), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV})
	if f := fault.Of(err); f.Code != bulk.CodeBusy || f.Params["max"] != bulk.Seats {
		t.Errorf("%v", err)
	}
	if _, err := w.Cancel(w.as(ann), bulk.CancelInput{ID: last.ID}); err != nil {
		t.Fatal(err)
	}
	w.export(sheet.CSV)
	for i := range bulk.Benches {
		who := id.Person(fmt.Sprintf("per1_01kjn4f8w00000000000000%03d", i))
		w.office[who] = "com1_b"
		_, err = w.StartExport(w.as(who), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV})
		must(t, err)
	}
	_, err = w.StartExport(w.as(ben), bulk.ExportInput{Query: "{ things }", Format: sheet.CSV})
	if f := fault.Of(err); f.Code != bulk.CodeBusy || f.Params["max"] != bulk.Benches {
		t.Errorf("of one organisation: %v", err)
	}
}

func TestFilesAreKeptForAWeekAndTheJobForAMonth(t *testing.T) {
	w := newWorld(t)
	w.rows = 1
	j := w.export(sheet.CSV)
	w.settle()
	w.pass(bulk.KeptFor + time.Second)
	address, err := w.Download(w.as(ann), w.job(j))
	must(t, err)
	w.settle()
	if now := w.job(j); now.State != bulk.Expired || now.Result != nil {
		t.Fatalf("%+v", now)
	}
	if code, said := w.send(address, nil); code == http.StatusOK || said != string(bulk.CodeGone) {
		t.Errorf("%d %s", code, said)
	}
	if left, err := w.bucket.List(t.Context(), "", "", 10); err != nil || len(left) != 0 {
		t.Errorf("there are still %v, %v", left, err)
	}
	w.pass(bulk.Remembered)
	w.relay()
	w.settle()
	if _, err := w.Job(w.as(ann), j.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("%v", err)
	}
}

func TestOfSomebodyWhoWasErasedNothingStays(t *testing.T) {
	w := newWorld(t)
	w.rows = 1
	w.export(sheet.CSV)
	w.bring("name\nx\n")
	w.settle()
	must(t, w.Forget(t.Context(), ann))
	if left, err := w.bucket.List(t.Context(), "", "", 10); err != nil || len(left) != 0 {
		t.Errorf("there are still %v, %v", left, err)
	}
}

func TestTheTurnsOfAJobAreHeardToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.rows = 7000
	j := w.export(sheet.NDJSON)
	heard, err := w.Changes(w.as(ann), j.ID)
	must(t, err)
	defer heard.Close()
	var states []string
	for {
		e, err := heard.Next(w.as(ann))
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		now, _ := e.Value.(*bulk.Job)
		states = append(states, fmt.Sprint(now.State, " ", now.Rows))
		if _, err := w.Tick(t.Context(), w.now()); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(states, ", "); got != "QUEUED 0, RUNNING 5000, RUNNING 7000, DONE 7000" {
		t.Errorf("heard %s", got)
	}
	if _, err := w.Changes(w.as(ben), j.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another person listens: %v", err)
	}
}

// lines are the objects of JSON lines.
func lines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var one map[string]any
		must(t, d.Decode(&one))
		all = append(all, one)
	}
	return all
}
