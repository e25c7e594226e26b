package limit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// enter goes in, or says why not.
func enter(t *testing.T, g *limit.Gate) (func(), error) {
	t.Helper()
	_, leave, err := g.Enter(t.Context())
	return leave, err
}

func TestNoMoreRunAtOnceThanTheGateLetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(3, time.Now)
		var (
			mu        sync.Mutex
			now, most int
			all       sync.WaitGroup
		)
		for range 10 {
			all.Go(func() {
				leave, err := enter(t, g)
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				now--
				mu.Unlock()
			})
		}
		all.Wait()
		if most != 3 {
			t.Errorf("%d ran at once", most)
		}
		if running, waiting, refused := g.Load(); running+waiting != 0 || refused != 0 {
			t.Errorf("at the end %d run, %d wait, %d were refused", running, waiting, refused)
		}
	})
}

func TestWhoWaitsTooLongIsRefusedAndMayTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, time.Now)
		leave, err := enter(t, g)
		if err != nil {
			t.Fatal(err)
		}
		_, err = enter(t, g)
		if f := fault.Of(err); err == nil || f.Code != fault.CodeUnavailable || f.Kind != fault.Unavailable {
			t.Errorf("got %v", err)
		}
		leave()
		leave() // once more does no harm
		if again, err := enter(t, g); err != nil {
			t.Errorf("after it is free again: %v", err)
		} else {
			again()
		}
	})
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, time.Now)
		leave, _ := enter(t, g)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if in, err := enter(t, g); err == nil {
					in()
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := enter(t, g); err == nil || time.Since(began) != 0 {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		leave()
		all.Wait()
	})
}

func TestUnderPressureTheNewestComesFirstAndNobodyWaitsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, time.Now)
		var (
			all   sync.WaitGroup
			mu    sync.Mutex
			waits []time.Duration
		)
		// Four times as much is asked as can be done, for ten seconds.
		for range 4000 {
			time.Sleep(2500 * time.Microsecond)
			all.Go(func() {
				began := time.Now()
				leave, err := enter(t, g)
				if err != nil {
					return
				}
				defer leave()
				mu.Lock()
				waits = append(waits, time.Since(began))
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			})
		}
		all.Wait()
		long := 0
		for _, w := range waits[len(waits)/10:] {
			if w > 20*time.Millisecond {
				long++
			}
		}
		if len(waits) < 950 || long > 0 {
			t.Errorf("%d were done of the 1000 that could be; of those after the beginning %d waited long", len(waits), long)
		}
	})
}

func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, time.Now)
		leave, _ := enter(t, g)
		ctx, gone := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := g.Enter(ctx); err == nil {
				t.Error("let in after it had gone")
			}
		})
		synctest.Wait()
		gone()
		all.Wait()
		leave()
		if running, waiting, _ := g.Load(); running+waiting != 0 {
			t.Errorf("%d run, %d wait", running, waiting)
		}
	})
}

func TestWhatIsInsideEntersAgainForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(1, time.Now)
		ctx, leave, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := g.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		again()
		if running, _, _ := g.Load(); running != 1 {
			t.Errorf("%d run", running)
		}
		leave()
	})
	var none *limit.Gate
	if _, leave, err := none.Enter(t.Context()); err != nil {
		t.Errorf("where there is no gate: %v", err)
	} else {
		leave()
	}
}
