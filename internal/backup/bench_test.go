package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// Bounds of what is measured: so many documents, a tenth of them told of.
const (
	documents = 100_000
	toldOf    = documents / 10
)

// filled is a house with many documents of about 700 bytes.
func filled(b *testing.B, db store.Backend) *house {
	b.Helper()
	h := open(b, db)
	for n := range toldOf {
		x := store.Event{ID: fmt.Sprintf("told%06d:1:0", n), Type: "thing.made", Subject: fmt.Sprintf("told%06d", n), SubjectVersion: 1, Actor: "system", At: time.Now()}
		h.insert(b, bson.D{{Key: "_id", Value: x.Subject}, {Key: "rev", Value: int64(1)}, {Key: "version", Value: 1}, {Key: "shape", Value: 1}, {Key: "outbox", Value: []store.Event{x}}, {Key: "outboxSince", Value: x.At}})
	}
	h.insert(b, nil)
	h.settle(b)
	note := strings.Repeat("co-building 共建 ", 40)
	for n := range documents - 2*toldOf {
		h.insert(b, bson.D{{Key: "_id", Value: fmt.Sprintf("mute%06d", n)}, {Key: "rev", Value: int64(1)}, {Key: "version", Value: 1}, {Key: "shape", Value: 1}, {Key: "code", Value: fmt.Sprint("c", n)}, {Key: "note", Value: note}})
	}
	h.insert(b, nil)
	return h
}

// insert keeps documents, many at once; nil keeps those that were gathered.
func (h *house) insert(b *testing.B, doc bson.D) {
	b.Helper()
	if doc != nil {
		raw, err := bson.Marshal(doc)
		must(b, err)
		h.page = append(h.page, raw)
	}
	if len(h.page) == 500 || doc == nil && len(h.page) > 0 {
		_, err := h.db.InsertMany(context.Background(), "things", h.page)
		must(b, err)
		h.page = h.page[:0]
	}
}

func BenchmarkBackupAndRestore(b *testing.B) {
	for what, empty := range map[string]func(testing.TB) store.Backend{"embedded": embedded, "MongoDB": mongotest.Open} {
		b.Run(what, func(b *testing.B) {
			h := filled(b, empty(b))
			path := b.TempDir() + "/backup"
			b.Run("backup", func(b *testing.B) {
				high := watch(b)
				for b.Loop() {
					file, err := os.Create(path)
					must(b, err)
					sum, err := h.source(b).Write(b.Context(), file, backup.Options{})
					must(b, err)
					must(b, file.Sync())
					must(b, file.Close())
					b.ReportMetric(float64(sum.Bytes)/1e6, "MB-file")
				}
				high()
			})
			b.Run("check", func(b *testing.B) {
				raw, err := os.ReadFile(path)
				must(b, err)
				high := watch(b)
				for b.Loop() {
					opened(b, raw)
				}
				high()
			})
			b.Run("restore", func(b *testing.B) {
				raw, err := os.ReadFile(path)
				must(b, err)
				f, err := backup.Open(b.Context(), bytes.NewReader(raw), int64(len(raw)), quiet)
				must(b, err)
				high := watch(b)
				for b.Loop() {
					must(b, f.Restore(b.Context(), backup.Target{Backend: empty(b), Schemas: h.schemas, Now: time.Now, Progress: quiet}))
				}
				high()
			})
		})
	}
}

// watch reports the most memory in use above that at the beginning.
func watch(b *testing.B) (report func()) {
	b.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapAlloc
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > base {
				most.Store(max(most.Load(), m.HeapAlloc-base))
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(stop)
		<-done
		b.ReportMetric(float64(most.Load())/1e6, "MB-heap")
	}
}
