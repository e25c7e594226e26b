package feed_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
)

// A counter is raised before anybody asks: whoever asks then must be told at least that.
func TestWhatIsReadTogetherIsAsFreshAsWhatIsReadAlone(t *testing.T) {
	const many, each = 50, 40
	var s feed.Shared[string, int64]
	var counter, readings atomic.Int64
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			for range each {
				least := counter.Add(1)
				got, err := s.Read(t.Context(), "counter", func(context.Context) (int64, error) {
					readings.Add(1)
					return counter.Load(), nil
				})
				if err != nil || got < least {
					t.Errorf("asked after it was %d, and told %d, %v", least, got, err)
				}
			}
		})
	}
	all.Wait()
	if n := readings.Load(); n < 1 || n > many*each {
		t.Errorf("%d readings for %d who asked", n, many*each)
	}
}

func TestEachKeyIsReadApart(t *testing.T) {
	var s feed.Shared[string, string]
	var all sync.WaitGroup
	for _, key := range []string{"a", "b", "c"} {
		for range 20 {
			all.Go(func() {
				if got, err := s.Read(t.Context(), key, func(context.Context) (string, error) { return key, nil }); err != nil || got != key {
					t.Errorf("%s: got %s, %v", key, got, err)
				}
			})
		}
	}
	all.Wait()
}

func TestAReadingOutlivesWhoBeganIt(t *testing.T) {
	var s feed.Shared[string, string]
	began, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := s.Read(began, "k", func(ctx context.Context) (string, error) { return "read", ctx.Err() }); err != nil || got != "read" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAReadingThatPanicsIsReadByNobody(t *testing.T) {
	var s feed.Shared[string, string]
	var all sync.WaitGroup
	var panics, told atomic.Int64
	for range 100 {
		all.Go(func() {
			defer func() {
				if recover() != nil {
					panics.Add(1)
				}
			}()
			_, err := s.Read(t.Context(), "k", func(context.Context) (string, error) { panic("broken") })
			if fault.Is(err, fault.CodeUnavailable) {
				told.Add(1)
			}
		})
	}
	all.Wait()
	if panics.Load() == 0 || panics.Load()+told.Load() != 100 {
		t.Errorf("%d panics, and %d were told", panics.Load(), told.Load())
	}
	if got, err := s.Read(t.Context(), "k", func(context.Context) (string, error) { return "well", nil }); err != nil || got != "well" {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}

func TestAFailureIsToldToAllWhoAskedTogether(t *testing.T) {
	var s feed.Shared[string, string]
	broken := errors.New("broken")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := s.Read(t.Context(), "k", func(context.Context) (string, error) { return "", broken }); !errors.Is(err, broken) {
				t.Errorf("told %v", err)
			}
		})
	}
	all.Wait()
}

// A reading that has begun may be older than what somebody has just seen: it is not for them.
func TestWhoAsksWhileAReadingIsUnderWayIsNotAnsweredByIt(t *testing.T) {
	var s feed.Shared[string, int]
	reading, end := make(chan struct{}), make(chan struct{})
	var readings atomic.Int64
	var all sync.WaitGroup
	all.Go(func() {
		_, _ = s.Read(t.Context(), "k", func(context.Context) (int, error) {
			close(reading)
			<-end
			return 1, nil
		})
	})
	<-reading // under way: whoever asks now waits for the next one
	for range 20 {
		all.Go(func() {
			got, err := s.Read(t.Context(), "k", func(context.Context) (int, error) { return int(readings.Add(1)) + 1, nil })
			if err != nil || got < 2 {
				t.Errorf("asked while another was read, and told %d, %v", got, err)
			}
		})
	}
	close(end)
	all.Wait()
}
