package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/outbound"
)

// BenchmarkDeliveries has 1,000 events happen in a second, over a real network and on a real store, and tells how soon
// each was first tried.
func BenchmarkDeliveries(b *testing.B) {
	for _, hooks := range []int{1, 4} {
		b.Run(fmt.Sprintf("%d-webhooks", hooks), func(b *testing.B) { deliveries(b, hooks) })
	}
}

func deliveries(b *testing.B, hooks int) {
	b.Helper()
	const perSecond, subjects, step = 1000, 200, 10
	var mu sync.Mutex
	got := 0
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if got++; got == b.N*perSecond {
			close(done)
		}
	}))
	defer server.Close()
	w := newWorld(b, func(w *world) { w.clock = time.Now })
	w.Guard = outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	w.Client = w.Guard.Client()
	for range hooks {
		w.made("erp", func(in *CreateInput) { in.URL = server.URL })
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	tick := time.NewTicker(time.Second * step * time.Duration(hooks) / perSecond)
	defer tick.Stop()
	b.ResetTimer()
	for n := range b.N * perSecond / step / hooks {
		<-tick.C
		all := make([]string, step)
		for i := range all {
			all[i] = fmt.Sprint("c", (n*step+i)%subjects)
		}
		w.happen("contract.signed", all...)
	}
	<-done
	b.StopTimer()
	took := b.Elapsed()
	cancel()
	must(b, <-ended)
	var waits []time.Duration
	for _, n := range w.noted {
		if n.First {
			waits = append(waits, n.After)
		}
	}
	slices.Sort(waits)
	b.ReportMetric(float64(len(waits))/took.Seconds(), "events/s")
	b.ReportMetric(float64(waits[len(waits)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(waits[len(waits)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(0, "ns/op")
}
