package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
)

// crowd counts what a number of subscribers hear, without any network.
type crowd struct {
	mu    sync.Mutex
	heard int
	all   chan struct{} // told when everybody has heard
	many  int
}

func (c *crowd) hears() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard++; c.heard == c.many {
		c.heard = 0
		c.all <- struct{}{}
	}
}

// ear is one of them.
type ear struct {
	of   *crowd
	head http.Header
	open chan struct{}
	once sync.Once
}

func (e *ear) Header() http.Header { return e.head }
func (e *ear) WriteHeader(int)     {}
func (e *ear) Flush()              {}

func (e *ear) Write(b []byte) (int, error) {
	e.once.Do(func() { close(e.open) }) // the comment with which a stream begins
	if bytes.Contains(b, []byte("event: next")) {
		e.of.hears()
	}
	return len(b), nil
}

// BenchmarkFanOut tells how long it takes until everybody has heard of one event whose answer has all that a list of
// contracts shows: with one answer for all who see the same, and with an answer for each.
func BenchmarkFanOut(b *testing.B) {
	for _, many := range []int{1, 100, 5000} {
		for name, apart := range map[string]bool{"together": false, "apart": true} {
			b.Run(fmt.Sprintf("%d %s", many, name), func(b *testing.B) { fanOut(b, many, apart) })
		}
	}
}

func fanOut(b *testing.B, many int, apart bool) {
	b.Helper()
	w := graphtest.NewTown(b, func(c *app.Config) {
		c.Live.PerCaller, c.Live.Apart, c.Live.Heartbeat = 1<<20, apart, time.Hour
	})
	token := w.Token(b, "secretary")
	ctx, stop := context.WithCancel(b.Context())
	all := &crowd{many: many, all: make(chan struct{}, 1)}
	var streams sync.WaitGroup
	for range many {
		e := &ear{of: all, head: http.Header{}, open: make(chan struct{})}
		r := w.Request(b, "", askAlike).WithContext(ctx)
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Authorization", "Bearer "+token)
		streams.Go(func() { w.Handler.ServeHTTP(e, r) })
		<-e.open
	}
	in := draft(w)
	for b.Loop() {
		w.Do(b, "secretary", "draftContract", in, contractFields).Fine()
		<-all.all
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(many), "µs/delivery")
	stop()
	streams.Wait()
}
