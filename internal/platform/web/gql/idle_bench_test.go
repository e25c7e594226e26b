package gql_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/stream"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// silence is a source that never tells anything.
type silence struct{}

func (silence) Next(ctx context.Context) (*stream.Event, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silence) Close() {}

// BenchmarkAnIdleSubscription says what one open event stream holds that has nothing to tell: bytes of heap and stack,
// and goroutines. Its client is a bare connection and counts in by a kilobyte or so.
func BenchmarkAnIdleSubscription(b *testing.B) {
	s := newStation(b, gql.Live{PerAddress: 1 << 20})
	s.mute = silence{}
	at := strings.TrimPrefix(s.URL, "http://")
	before, routines := inUse(), runtime.NumGoroutine()
	conns := make([]net.Conn, 0, b.N)
	for b.Loop() {
		conns = append(conns, listenBarely(b, at))
	}
	n := float64(len(conns))
	b.ReportMetric(float64(inUse()-before)/n, "bytes/subscription")
	b.ReportMetric(float64(runtime.NumGoroutine()-routines)/n, "goroutines/subscription")
	for _, c := range conns {
		_ = c.Close()
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// listenBarely subscribes and waits for the head of the answer.
func listenBarely(b *testing.B, at string) net.Conn {
	b.Helper()
	c, err := new(net.Dialer).DialContext(b.Context(), "tcp", at)
	if err != nil {
		b.Fatal(err)
	}
	_, err = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", at, len(changesQuery), changesQuery)
	if err != nil {
		b.Fatal(err)
	}
	status, err := bufio.NewReaderSize(c, 64).ReadString('\n')
	if err != nil || !strings.Contains(status, http.StatusText(http.StatusOK)) {
		b.Fatalf("%s %v", status, err)
	}
	return c
}
