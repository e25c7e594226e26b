package audit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/journal"
)

const (
	writers = 256 // people who each wait for their write before they make the next one
	each    = 40  // documents of each, which they change in turn
)

// BenchmarkAuditedWrites measures writes to the embedded store with relay and log at work: an operation is one change of
// one document of some 500 bytes with its event, acknowledged from the disk. It reports how many that are in a second,
// and how long after the acknowledgement a signed checkpoint held the event. Give it time: -benchtime 30s.
func BenchmarkAuditedWrites(b *testing.B) {
	b.Run("2000 a second", func(b *testing.B) { audited(b, 2000) })
	b.Run("unbridled", func(b *testing.B) { audited(b, 0) })
}

// audited makes b.N writes, so many a second where that is not 0.
func audited(b *testing.B, rate int) {
	b.Helper()
	n := open(b, bolt(b, filepath.Join(b.TempDir(), "store")), "embedded", newKeys(b))
	n.many(writers, each)
	stop := n.run()
	defer stop()
	until(b, "the log has begun and has caught up", func() bool { return n.signed().Size == writers*each })
	m := &meter{n: n, acked: map[string]time.Time{}}
	ctx, enough := context.WithCancel(b.Context())
	watched := make(chan struct{})
	go func() { defer close(watched); m.watch(ctx) }()
	var next atomic.Int64
	b.ResetTimer()
	began := time.Now()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := 0; ; i++ {
				turn := next.Add(1)
				if turn > int64(b.N) {
					return
				}
				if rate > 0 {
					time.Sleep(time.Until(began.Add(time.Duration(turn) * time.Second / time.Duration(rate))))
				}
				m.write(fmt.Sprint("lamp", w, "-", i%each))
			}
		})
	}
	all.Wait()
	took := b.Elapsed()
	b.StopTimer()
	until(b, "every write is in the log", func() bool { return n.signed().Size == int64(b.N+writers*each) })
	enough()
	<-watched
	slices.Sort(m.ages)
	b.ReportMetric(float64(b.N)/took.Seconds(), "writes/s")
	for name, part := range map[string]float64{"p50-ms": 0.5, "p99-ms": 0.99, "max-ms": 1} {
		b.ReportMetric(m.age(part).Seconds()*1000, name)
	}
}

// many lights lamps, side by side.
func (n *node) many(writers, each int) {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				n.light(fmt.Sprint("lamp", w, "-", i))
			}
		})
	}
	all.Wait()
}

// meter notes when writes were acknowledged, and when a signed checkpoint held them.
type meter struct {
	n *node

	mu    sync.Mutex
	acked map[string]time.Time // by subject and version
	ages  []time.Duration
}

func (m *meter) write(id string) {
	m.n.t.Helper()
	note := strings.Repeat("共建", 60)
	l, err := m.n.lamps.Change(m.n.t.Context(), "turn", id, func(l *lamp) error {
		l.Changes, l.Note = l.Changes+1, note
		return l.Tell("lamp.turned", struct {
			N    int
			Note string
		}{l.Changes, note})
	})
	at := time.Now()
	if err != nil {
		m.n.t.Error(err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acked[fmt.Sprint(id, ":", l.Version)] = at
}

// watch looks at the checkpoint as a client does who cannot wait, and at the events that are new in it.
func (m *meter) watch(ctx context.Context) {
	for size := int64(writers * each); ; {
		c, err := m.n.Checkpoint(context.WithoutCancel(ctx))
		at := time.Now()
		if err != nil {
			m.n.t.Error(err)
			return
		}
		for size < c.Size {
			page, err := m.n.j.Read(context.WithoutCancel(ctx), size, int(min(1000, c.Size-size)))
			if err != nil || len(page) == 0 {
				m.n.t.Errorf("the journal behind %d: %d entries, %v", size, len(page), err)
				return
			}
			size += int64(len(page))
			m.aged(page, at)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (m *meter) aged(page []journal.Entry, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range page {
		key := fmt.Sprint(e.Subject, ":", e.SubjectVersion)
		m.ages = append(m.ages, max(0, at.Sub(m.acked[key])))
		if m.acked[key].IsZero() { // in the log before its writer heard of it
			m.ages[len(m.ages)-1] = 0
		}
		delete(m.acked, key)
	}
}

func (m *meter) age(part float64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ages) == 0 {
		return 0
	}
	return m.ages[min(len(m.ages)-1, int(part*float64(len(m.ages))))]
}
