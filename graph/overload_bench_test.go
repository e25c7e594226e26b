package graph_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// load is what became of the requests of a stretch of time.
type load struct {
	mu       sync.Mutex
	accepted []time.Duration
	refused  []time.Duration
}

func (l *load) note(status int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if status == http.StatusOK {
		l.accepted = append(l.accepted, took)
	} else {
		l.refused = append(l.refused, took)
	}
}

// at is the time that the part p of all stay below.
func at(all []time.Duration, p float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[int(p*float64(len(all)-1))].Microseconds()) / 1000
}

// arrive sends so many requests a second, whether or not those before them have been answered.
func arrive(h *graphtest.House, request func() *http.Request, perSecond float64, during time.Duration) *load {
	l := &load{}
	var all sync.WaitGroup
	began, sent := time.Now(), 0
	for time.Since(began) < during {
		for due := int(time.Since(began).Seconds() * perSecond); sent < due; sent++ {
			all.Go(func() {
				r, w, began := request(), httptest.NewRecorder(), time.Now()
				h.Handler.ServeHTTP(w, r)
				l.note(w.Code, time.Since(began))
			})
		}
		time.Sleep(200 * time.Microsecond)
	}
	all.Wait()
	return l
}

// BenchmarkFourTimesTooMuch tells how long accepted requests take at nine tenths of what the machine can do, and at
// four times as much as it can do, with the gate and without it.
func BenchmarkFourTimesTooMuch(b *testing.B) {
	for name, gate := range map[string]*limit.Gate{"with the gate": limit.NewGate(32, time.Now), "without": nil} {
		b.Run(name, func(b *testing.B) {
			h := graphtest.New(b, func(c *app.Config) { c.Bounds.Gate = gate })
			for _, n := range []string{"甲区", "乙区", "丙区", "丁区", "戊区"} {
				h.Ask(b, "admin", `mutation($n: String!) { it: registerDistrict(input: {name: $n}) { errors { code } } }`, "n", n).Fine()
			}
			token := h.Token(b, "admin")
			request := func() *http.Request {
				r := h.Request(b, "", `{ districts(first: 50) { nodes { id name createdAt } totalCount } viewer { name roles { role } } }`)
				r.Header.Set("Authorization", "Bearer "+token)
				return r
			}
			for b.Loop() {
				can := capacity(h, request)
				calm, flood := arrive(h, request, .9*can, 3*time.Second), arrive(h, request, 4*can, 3*time.Second)
				b.ReportMetric(can, "capacity/s")
				b.ReportMetric(at(calm.accepted, .99), "calm-p99-ms")
				b.ReportMetric(at(flood.accepted, .50), "flood-p50-ms")
				b.ReportMetric(at(flood.accepted, .99), "flood-p99-ms")
				b.ReportMetric(at(flood.refused, .99), "refused-p99-ms")
				b.ReportMetric(float64(len(flood.accepted))/3, "flood-accepted/s")
				b.ReportMetric(float64(len(flood.refused))/3, "flood-refused/s")
			}
		})
	}
}

// capacity is how many requests a second are answered where eight callers each wait for their answer.
func capacity(h *graphtest.House, request func() *http.Request) float64 {
	l := &load{}
	var all sync.WaitGroup
	began := time.Now()
	for range 8 {
		all.Go(func() {
			for time.Since(began) < 2*time.Second {
				w, one := httptest.NewRecorder(), time.Now()
				h.Handler.ServeHTTP(w, request())
				l.note(w.Code, time.Since(one))
			}
		})
	}
	all.Wait()
	return float64(len(l.accepted)) / time.Since(began).Seconds()
}
