package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cobuild/cobuild/internal/platform/schedule"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestWhatIsDueIsDoneWithinASecondAndAtOnceWhenWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var due, done atomic.Int64
		s := schedule.New(time.Now, quiet(), schedule.Job{Name: "work", Do: func(context.Context, time.Time) (int, error) {
			n := due.Swap(0)
			done.Add(n)
			return int(n), nil
		}})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		synctest.Wait()
		due.Store(3)
		time.Sleep(time.Second)
		synctest.Wait()
		if done.Load() != 3 {
			t.Fatalf("after a second %d of 3 are done", done.Load())
		}
		due.Store(2)
		s.Wake()
		time.Sleep(30 * time.Millisecond)
		synctest.Wait()
		if done.Load() != 5 {
			t.Fatalf("after waking %d of 5 are done", done.Load())
		}
		stop()
		synctest.Wait()
	})
}

func TestAFailedJobIsTriedAgainAndHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries, other atomic.Int64
		s := schedule.New(time.Now, quiet(),
			schedule.Job{Name: "fails", Do: func(context.Context, time.Time) (int, error) {
				if tries.Add(1) == 1 {
					return 0, errors.New("the store is away")
				}
				return 0, nil
			}},
			schedule.Job{Name: "other", Do: func(context.Context, time.Time) (int, error) { other.Add(1); return 0, nil }})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if tries.Load() < 2 || other.Load() < 2 {
			t.Fatalf("tried %d times, the other ran %d times", tries.Load(), other.Load())
		}
		stop()
		synctest.Wait()
	})
}

func TestSettlingRepeatsAJobUntilNothingIsDue(t *testing.T) {
	left := 7
	s := schedule.New(time.Now, quiet(), schedule.Job{Name: "work", Do: func(context.Context, time.Time) (int, error) {
		n := min(left, 3)
		left -= n
		return n, nil
	}})
	if n, err := s.Settle(t.Context()); err != nil || n != 7 || left != 0 {
		t.Fatalf("did %d, left %d, %v", n, left, err)
	}
}
