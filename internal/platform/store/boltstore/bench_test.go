package boltstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// filledStore holds n things of kind "k", each of about 1.7 kB.
func filledStore(tb testing.TB, n int) *boltstore.Store {
	tb.Helper()
	s, err := boltstore.Open(filepath.Join(tb.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	if err := s.Ensure(tb.Context(), things(ranked, tagged)); err != nil {
		tb.Fatal(err)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 400 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := s.Insert(tb.Context(), "things", thing(fmt.Sprintf("%08d", i), 1, i)); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return s
}

// readPage reads 50 things from the middle of a list.
func readPage(tb testing.TB, s *boltstore.Store, n int) {
	tb.Helper()
	scan := store.Scan{
		Collection: "things", Index: ranked, Prefix: 1, Branches: [][]any{{"k"}}, Batch: 50,
		After: &store.Position{Values: []any{int64(n / 2)}, ID: fmt.Sprintf("%08d", n/2)},
	}
	got := 0
	for _, err := range s.Find(tb.Context(), scan) {
		if err != nil {
			tb.Fatal(err)
		}
		if got++; got == 50 {
			return
		}
	}
	tb.Fatalf("%d things", got)
}

func TestAPageCostsTheSameInALargeCollection(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a large collection")
	}
	cost := func(n int) int64 {
		s := filledStore(t, n)
		return testing.Benchmark(func(b *testing.B) {
			b.Helper()
			for b.Loop() {
				readPage(b, s, n)
			}
		}).NsPerOp()
	}
	small, large := cost(1_000), cost(50_000)
	if large > 3*small {
		t.Errorf("a page of 50 takes %d ns among 1,000 and %d among 50,000", small, large)
	}
}

func BenchmarkGet(b *testing.B) {
	s := filledStore(b, 20_000)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Get(b.Context(), "things", fmt.Sprintf("%08d", i*7919%20_000)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPageOf50(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("of %d", n), func(b *testing.B) {
			s := filledStore(b, n)
			for b.Loop() {
				readPage(b, s, n)
			}
		})
	}
}

func BenchmarkReplace(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("by %d", callers), func(b *testing.B) {
			s := filledStore(b, 1_000)
			var caller atomic.Int64
			b.SetParallelism(callers / min(callers, runtime.GOMAXPROCS(0)))
			work := func(more func() bool) {
				me := caller.Add(1)
				for rev := int64(1); more(); rev++ {
					if err := s.Replace(b.Context(), "things", rev, thing(fmt.Sprintf("%08d", me), rev+1, me)); err != nil {
						b.Error(err)
						return
					}
				}
			}
			if callers == 1 {
				work(b.Loop)
				return
			}
			b.RunParallel(func(pb *testing.PB) { work(pb.Next) })
		})
	}
}
