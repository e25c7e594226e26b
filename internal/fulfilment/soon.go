package fulfilment

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// soonHour is the hour of the day, where the contract lives, at which it is told that something is due soon.
const soonHour = 8

// Ahead are the days before its own on which it is told that something is due soon, the earliest first.
func Ahead() []int { return []int{7, 1} }

// moment is when it is told, so many days ahead.
func (f *Fulfilment) moment(days int) time.Time {
	on := f.DueOn.AddDays(-days).UTC()
	return time.Date(on.Year(), on.Month(), on.Day(), soonHour, 0, 0, 0, zone(f.Zone))
}

// nearest is the last of those moments that has come, in days ahead; 0 where none has.
func (f *Fulfilment) nearest(now time.Time) int {
	days := 0
	for _, d := range Ahead() {
		if !now.Before(f.moment(d)) {
			days = d
		}
	}
	return days
}

// begins notes that it is due from now on: of moments that had come before, what makes it due tells enough.
func (f *Fulfilment) begins(now time.Time) { f.Soon = f.nearest(now) }

// daysLeft are the days from a moment to its own, where the contract lives; less than none when that is over.
func (f *Fulfilment) daysLeft(at time.Time) int { return f.DueOn.Sub(scalar.DateOf(at, zone(f.Zone))) }

// toTell is the next of the moments that have not been told of; nil where there is none. It may have come already.
func (f *Fulfilment) toTell() *time.Time {
	ahead := Ahead()
	i := slices.IndexFunc(ahead, func(d int) bool { return f.Soon == 0 || d < f.Soon })
	if i < 0 {
		return nil
	}
	at := f.moment(ahead[i])
	return &at
}

// nears says whether there is a moment to tell of: it is due, and its day is not over. Of several that have come since, as
// after a long rest of the server, the last one counts.
func (f *Fulfilment) nears(now time.Time) bool {
	days := f.nearest(now)
	return f.Status == Due && now.Before(f.dayEnds()) && days > 0 && (f.Soon == 0 || days < f.Soon)
}

// near tells that its day is near.
func (f *Fulfilment) near(now time.Time) error {
	f.Soon = f.nearest(now)
	f.settle(now)
	h := f.happened("", f.share())
	h.DaysLeft = new(f.daysLeft(now))
	return f.Tell(ToldDueSoon, h)
}
