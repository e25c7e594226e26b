package lease_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/lease"
)

func TestOneAtATimeIsAtAWork(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var l lease.Lease
	if err := l.Take("a", now); !errors.Is(err, lease.ErrTaken) {
		t.Errorf("what is not due was taken up: %v", err)
	}
	l.DueAt = &now
	if err := l.Take("a", now); err != nil || !l.Held("a") {
		t.Errorf("what is due was not taken up: %v", err)
	}
	if err := l.Take("b", now.Add(lease.Lasts-time.Second)); !errors.Is(err, lease.ErrTaken) {
		t.Errorf("it was taken away: %v", err)
	}
	l.Keep(now.Add(30 * time.Second))
	if err := l.Take("b", now.Add(lease.Lasts+time.Second)); !errors.Is(err, lease.ErrTaken) {
		t.Errorf("it was taken away from who kept it: %v", err)
	}
	if err := l.Take("b", now.Add(2*lease.Lasts)); err != nil || l.Held("a") || !l.Held("b") {
		t.Errorf("who was silent was not given up: %v", err)
	}
}

func TestTheEndIsEstimatedByThePaceSoFar(t *testing.T) {
	began := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	now, total := began.Add(time.Minute), 300
	if at := lease.Estimate(&began, now, 100, &total); at == nil || !at.Equal(began.Add(3*time.Minute)) {
		t.Errorf("got %v", at)
	}
	for _, at := range []*time.Time{lease.Estimate(nil, now, 1, &total), lease.Estimate(&began, now, 0, &total), lease.Estimate(&began, now, 1, nil), lease.Estimate(&began, now, 300, &total)} {
		if at != nil {
			t.Errorf("got %v", at)
		}
	}
}
