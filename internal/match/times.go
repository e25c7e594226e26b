package match

import (
	"math/bits"

	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// horizon is how many days ahead times are compared.
const horizon = 126

// days are the days from today on, one bit each.
type days [2]uint64

func (d *days) set(n int) { d[n/64] |= 1 << (n % 64) }

func (d days) and(o days) days { return days{d[0] & o[0], d[1] & o[1]} }

func (d days) or(o days) days { return days{d[0] | o[0], d[1] | o[1]} }

func (d days) count() int { return bits.OnesCount64(d[0]) + bits.OnesCount64(d[1]) }

// The parts of a day within which times are compared: finer than that, people talk to each other.
const (
	morning   = iota // to noon
	afternoon        // to six
	evening
	parts
)

// hours are the days on which something can be in each part of the day.
type hours [parts]days

// all are the days on which it can be in any part.
func (h *hours) all() days { return h[morning].or(h[afternoon]).or(h[evening]) }

// with are the days on which two can in the same part.
func (h *hours) with(o *hours) days {
	var out days
	for p := range parts {
		out = out.or(h[p].and(o[p]))
	}
	return out
}

// within says in which parts of the day a window lies.
func (w Window) within() [parts]bool {
	begins, ends := w.Begins, w.Ends
	if begins == "" {
		begins = "00:00"
	}
	if ends == "" {
		ends = "24:00"
	}
	return [parts]bool{begins < "12:00", begins < "18:00" && ends > "12:00", ends > "18:00"}
}

// times finds out when windows are. Many items have the same one, so that each is found out once.
type times struct {
	today scalar.Date
	known map[Window]*days
}

// of is when an item can be; nil where it names no time, or none within the horizon.
func (t *times) of(i *Item) *hours {
	if i.when != nil || len(i.Windows) == 0 {
		return i.when
	}
	var h hours
	for _, w := range i.Windows {
		d := t.window(w)
		for p, in := range w.within() {
			if in {
				h[p] = h[p].or(*d)
			}
		}
	}
	if h.all().count() > 0 {
		i.when = &h
	}
	return i.when
}

func (t *times) window(w Window) *days {
	w.Begins, w.Ends = "", ""
	d, known := t.known[w]
	if !known {
		d = &days{}
		for _, on := range w.days(t.today, t.today.AddDays(horizon-1)) {
			d.set(on.Sub(t.today))
		}
		t.known[w] = d
	}
	return d
}

// farBack is how many days back a rule is counted from: beyond it, from today.
const farBack = 2 * 366

// days lists those of a window from one day to another. A rule counts from the window's own first day, so that every second
// week stays the same second week.
func (w Window) days(first, last scalar.Date) []scalar.Date {
	from, until := first, last
	if w.From != "" && w.From > from {
		from = w.From
	}
	if w.Until != "" && w.Until < until {
		until = w.Until
	}
	if w.Recurrence == "" {
		var all []scalar.Date
		for d := from; d <= until; d = d.AddDays(1) {
			all = append(all, d)
		}
		return all
	}
	rule, err := recurrence.Parse(w.Recurrence)
	if err != nil {
		return nil // its own room has checked it: a rule of a later program is as good as none
	}
	begins := from
	if w.From != "" && w.From > first.AddDays(-farBack) {
		begins = w.From
	}
	hit, err := recurrence.Dates(rule, begins, until)
	if err != nil {
		return nil
	}
	for len(hit) > 0 && hit[0] < from {
		hit = hit[1:]
	}
	return hit
}
