package event

import (
	"sync"

	"github.com/cobuild/cobuild/internal/platform/journal"
)

// latestKept is how many of the events that were told last are kept as they are shown.
const latestKept = 64

// latest are those: an event never changes, so what was made of it for one listener does for thousands.
type latest struct {
	mu   sync.Mutex
	by   map[int64]*Event
	kept []int64 // their places, in the order in which they came
}

// of is an event as it is shown. Who is given it may not alter it.
func (l *latest) of(e *journal.Entry) (*Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x, there := l.by[e.Seq]; there {
		return x, nil
	}
	x, err := of(e)
	if err != nil {
		return nil, err
	}
	if l.by == nil {
		l.by = map[int64]*Event{}
	}
	if len(l.kept) == latestKept {
		delete(l.by, l.kept[0])
		l.kept = append(l.kept[:0], l.kept[1:]...)
	}
	l.by[e.Seq], l.kept = x, append(l.kept, e.Seq)
	return x, nil
}
