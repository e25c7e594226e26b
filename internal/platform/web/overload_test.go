package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web"
)

// TestAtFourTimesTheLoadWhatIsAcceptedWaitsNoLongerThanTheBound is what accepted requests can rely on when too much is
// asked, without a machine's speed in it: how much runs, how much waits and for how long, and when others are told no.
// Each operation takes ten milliseconds; four times as many arrive as that lets through.
func TestAtFourTimesTheLoadWhatIsAcceptedWaitsNoLongerThanTheBound(t *testing.T) {
	const (
		room = 4
		work = 10 * time.Millisecond
		gap  = work / room / 4
	)
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		gate := limit.NewGate(room, time.Now)
		e := newEdge(t, func(c *web.Config) {
			c.Gate = gate
			c.GraphQL = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(work)
				running.Add(-1)
			})
		})
		var (
			all      sync.WaitGroup
			mu       sync.Mutex
			accepted []time.Duration
			refused  int
			longest  time.Duration // that somebody waited to be refused
		)
		began, crowd := time.Now(), 0
		for time.Since(began) < 10*time.Second {
			time.Sleep(gap)
			_, waiting, _ := gate.Load()
			crowd = max(crowd, waiting)
			all.Go(func() {
				came := time.Now()
				w := httptest.NewRecorder()
				e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("{}")))
				took := time.Since(came)
				mu.Lock()
				defer mu.Unlock()
				if w.Code == http.StatusOK {
					if time.Since(began) > time.Second { // after the burst that the queue takes
						accepted = append(accepted, took)
					}
					return
				}
				refused, longest = refused+1, max(longest, took)
				if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
					!strings.Contains(w.Body.String(), `"retryable":true`) || !strings.Contains(w.Body.String(), "UNAVAILABLE") {
					t.Errorf("refused with %d %v %s", w.Code, w.Header(), w.Body)
				}
			})
		}
		all.Wait()
		if most.Load() != room || crowd > 4*room {
			t.Errorf("%d ran at once and %d waited", most.Load(), crowd)
		}
		for _, took := range accepted {
			if took > work+20*time.Millisecond {
				t.Fatalf("an accepted request took %s", took)
			}
		}
		if could := int(9 * time.Second / work * room); len(accepted) < could*95/100 {
			t.Errorf("%d were answered of the %d that could be", len(accepted), could)
		}
		if refused == 0 || longest > 200*time.Millisecond {
			t.Errorf("%d were refused, after up to %s", refused, longest)
		}
	})
}
