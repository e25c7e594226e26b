package journal

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Bounds of what is kept of the entries read last.
const (
	recentEntries = 500
	recentFor     = time.Second // after that another node may have erased something in them
)

// recent are the entries that were read last, without a gap: all followers read the same ones within a moment.
type recent struct {
	mu      sync.Mutex
	entries []Entry
	read    time.Time
}

// page is what Read gives a follower, and may be shorter: only an empty page says that nothing is left. Nobody may alter
// what it holds.
func (j *Journal) page(ctx context.Context, after int64) ([]Entry, error) {
	now := j.o.Now()
	if page := j.recent.behind(after, now); len(page) > 0 {
		return page, nil
	}
	page, err := j.Read(ctx, after, pageSize)
	if err == nil && len(page) > 0 {
		j.recent.keep(page, now)
	}
	return page, err
}

func (r *recent) behind(after int64, now time.Time) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 || after < r.entries[0].Seq-1 || now.Sub(r.read).Abs() > recentFor {
		return nil
	}
	from := min(after-r.entries[0].Seq+1, int64(len(r.entries))) // places have no gaps
	rest := r.entries[from:]
	return slices.Clip(rest[:min(len(rest), pageSize)])
}

func (r *recent) keep(page []Entry, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.entries); n > 0 && r.entries[n-1].Seq+1 == page[0].Seq && n+len(page) <= recentEntries && now.Sub(r.read).Abs() <= recentFor {
		r.entries = slices.Concat(r.entries, page)
		return
	}
	r.entries, r.read = page, now
}

// forget has everything read anew.
func (j *Journal) forget() {
	j.recent.forget()
	j.blocks.forget()
}

func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = nil
}
