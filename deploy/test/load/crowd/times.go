package crowd

import (
	"sync/atomic"
	"time"
)

// Times counts how late deliveries came, by the millisecond, up to a minute.
type Times struct {
	by    [60_001]atomic.Int64
	until atomic.Int64 // of what happened later nothing is counted; in milliseconds since 1970, 0 for no end
}

// Add counts the delivery, at this moment, of what happened at a time.
func (t *Times) Add(happened time.Time) {
	if until := t.until.Load(); until > 0 && happened.UnixMilli() > until {
		return
	}
	t.by[min(max(time.Since(happened).Milliseconds(), 0), int64(len(t.by)-1))].Add(1)
}

// Until has only what happened up to a time counted, whenever it is delivered.
func (t *Times) Until(at time.Time) { t.until.Store(at.UnixMilli()) }

// Reset forgets all.
func (t *Times) Reset() {
	t.until.Store(0)
	for i := range t.by {
		t.by[i].Store(0)
	}
}

// Count is how many there were.
func (t *Times) Count() int64 {
	var n int64
	for i := range t.by {
		n += t.by[i].Load()
	}
	return n
}

// Share is how late the latest of a share of them came; a share of 1 is all of them.
func (t *Times) Share(of float64) time.Duration {
	want, n := int64(of*float64(t.Count())), int64(0)
	for i := range t.by {
		if n += t.by[i].Load(); n > 0 && n >= want {
			return time.Duration(i) * time.Millisecond
		}
	}
	return 0
}
