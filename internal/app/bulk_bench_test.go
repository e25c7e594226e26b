package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/unit"
)

// many is how many rows go each way.
const many = 100_000

// bench is an application with a community, and an administrator to whom everything is done.
type bench struct {
	*app.App

	b         *testing.B
	http      http.Handler
	community id.Organisation
	as        context.Context
}

func newBench(b *testing.B) *bench {
	b.Helper()
	w := graphtest.NewTown(b)
	who, err := w.App.Authenticate(b.Context(), w.Token(b, "admin"))
	fine(b, err)
	return &bench{w.App, b, w.Handler, id.Organisation(w.Community), authz.With(b.Context(), who)}
}

func fine(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// file is a table or JSON lines of so many units.
func (w *bench) file(f sheet.Format) []byte {
	var out bytes.Buffer
	if f == sheet.NDJSON {
		for i := range many {
			fmt.Fprintf(&out, `{"name":"第%d小学","kind":"SCHOOL","registrations":[{"community":%q}],"creditCode":%q,"staff":%d}`+"\n", i, w.community, graphtest.CreditCode(10+i), i)
		}
		return out.Bytes()
	}
	t, err := sheet.Write(&out, f, []string{"name", "kind", "registrations.0.community", "creditCode", "staff"})
	fine(w.b, err)
	for i := range many {
		fine(w.b, t.Write([]sheet.Cell{
			{Text: fmt.Sprintf("第%d小学", i)}, {Text: "SCHOOL"}, {Text: string(w.community)}, {Text: graphtest.CreditCode(10 + i)}, {Text: strconv.Itoa(i), Number: true},
		}))
	}
	fine(w.b, t.Close())
	return out.Bytes()
}

// work does all of a job and reports how fast, and how much memory was held at most.
func (w *bench) work(of id.BulkJob) *bulk.Job {
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	runtime.GC()
	go func() {
		defer close(stopped)
		t := time.NewTicker(20 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse+m.StackInuse))
		}
	}()
	began := time.Now()
	for {
		_, err := w.Bulk.Tick(w.b.Context(), w.Now())
		fine(w.b, err)
		j, err := w.Bulk.Job(w.as, of)
		fine(w.b, err)
		if j.State == bulk.Done {
			took := time.Since(began)
			close(stop)
			<-stopped
			w.b.ReportMetric(many/took.Seconds(), "rows/s")
			w.b.ReportMetric(float64(most.Load())/(1<<20), "peak-MB")
			return j
		}
		if j.State == bulk.Failed || j.State == bulk.Cancelled {
			w.b.Fatalf("%+v", j.Failure)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	for _, dry := range []bool{false, true} {
		for _, f := range sheet.Formats() {
			b.Run(fmt.Sprintf("%s/dry=%t", f, dry), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					w := newBench(b)
					j, err := w.Bulk.StartImport(w.as, bulk.ImportInput{Mutation: "registerResidentUnit", Format: f, Language: bulk.English, DryRun: dry})
					fine(b, err)
					at, err := w.Bulk.Upload(w.as, j)
					fine(b, err)
					rec := httptest.NewRecorder()
					w.http.ServeHTTP(rec, httptest.NewRequest(at.Method, at.URL, bytes.NewReader(w.file(f))))
					if rec.Code >= http.StatusMultipleChoices {
						b.Fatal(rec.Body)
					}
					b.StartTimer()
					if j = w.work(j.ID); j.Rows != many || j.FailedRows != 0 {
						b.Fatalf("%+v", j)
					}
				}
			})
		}
	}
}

func BenchmarkExport(b *testing.B) {
	w := newBench(b)
	g, ctx := errgroup.WithContext(w.as)
	g.SetLimit(64)
	for i := range many {
		g.Go(func() error {
			_, err := w.Units.Register(ctx, unit.RegisterResidentUnitInput{
				Kind: unit.Military, Name: fmt.Sprintf("第%d连", i), Registrations: []unit.DualRegistrationInput{{Community: w.community}},
			})
			return err
		})
	}
	fine(b, g.Wait())
	for _, f := range sheet.Formats() {
		b.Run(string(f), func(b *testing.B) {
			w.b = b
			for b.Loop() {
				j, err := w.Bulk.StartExport(w.as, bulk.ExportInput{
					Query:  "{ residentUnits { nodes { id name kind creditCode staff createdAt communities { name } } } }",
					Format: f, Language: bulk.English,
				})
				fine(b, err)
				if j = w.work(j.ID); j.Rows < many { // the town has two of its own
					b.Fatalf("%+v", j)
				}
			}
		})
	}
}
