package crowd

import (
	"sync/atomic"
	"time"
)

// Times counts how late deliveries came, by the millisecond, up to a minute.
type Times struct {
	by [60_001]atomic.Int64
}

// Add counts one.
func (t *Times) Add(d time.Duration) {
	t.by[min(max(d.Milliseconds(), 0), int64(len(t.by)-1))].Add(1)
}

// Reset forgets all.
func (t *Times) Reset() {
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
