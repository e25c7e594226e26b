package sheet_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// many is how many rows are written and read.
const many = 100_000

// BenchmarkAHundredThousandRows writes and reads a table of six columns, and tells rows a second and the most memory that
// was held on the heap.
func BenchmarkAHundredThousandRows(b *testing.B) {
	header := []string{"id", "name", "kind", "creditCode", "staff", "createdAt"}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		path := filepath.Join(b.TempDir(), "table")
		b.Run("write/"+string(f), func(b *testing.B) {
			measured(b, func() error {
				to, err := os.Create(path)
				if err != nil {
					return err
				}
				w, err := sheet.Write(to, f, header)
				if err != nil {
					return err
				}
				for i := range many {
					err = errors.Join(err, w.Write([]sheet.Cell{
						{Text: fmt.Sprintf("unt1_%026d", i)},
						{Text: fmt.Sprintf("第%d小学", i)},
						{Text: "SCHOOL"},
						{Text: fmt.Sprintf("91%016d", i)},
						{Text: strconv.Itoa(i), Number: true},
						{Text: "2026-03-02T02:00:00.000Z"},
					}))
				}
				return errors.Join(err, w.Close(), to.Close())
			})
		})
		b.Run("read/"+string(f), func(b *testing.B) {
			measured(b, func() error {
				r, err := sheet.Read(func() (io.ReadCloser, error) { return os.Open(path) }, f, sheet.Usual())
				if err != nil {
					return err
				}
				n := 0
				for ; err == nil; n++ {
					_, err = r.Next()
				}
				if !errors.Is(err, io.EOF) || n != many+1 {
					return fmt.Errorf("%d lines: %w", n, err)
				}
				return r.Close()
			})
		})
	}
}

func measured(b *testing.B, work func() error) {
	b.Helper()
	var most uint64
	for b.Loop() {
		stop, stopped := make(chan struct{}), make(chan struct{})
		runtime.GC()
		go func() {
			defer close(stopped)
			t := time.NewTicker(10 * time.Millisecond)
			defer t.Stop()
			for {
				select {
				case <-stop:
					return
				case <-t.C:
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}()
		err := work()
		close(stop)
		<-stopped
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(most)/(1<<20), "peak-MB")
}
