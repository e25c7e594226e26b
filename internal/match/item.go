package match

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Side is which of the two an item is.
type Side string

// The sides.
const (
	NeedSide     Side = "NEED"
	ResourceSide Side = "RESOURCE"
)

// other is the side that this one is matched with.
func (s Side) other() Side {
	if s == NeedSide {
		return ResourceSide
	}
	return NeedSide
}

// Standing is whether an item can still be matched.
type Standing string

// The standings.
const (
	Free   Standing = "FREE"   // something of it is left
	Taken  Standing = "TAKEN"  // all of it is claimed, for now
	Closed Standing = "CLOSED" // it has ended, or was never offered
)

// CommunityType is one of the four types of communities.
type CommunityType string

// Item is a need or a resource as matching looks at it. It is filled by whoever knows both rooms.
type Item struct {
	ID           string
	Side         Side
	Standing     Standing
	Status       string // as its own room calls it
	Organisation id.Organisation
	Kind         string            // of the organisation: COMMUNITY, or a unit's kind
	Type         CommunityType     // of the community that it is for; empty where there is none
	Above        []id.Organisation // the sub-districts and districts in which it lies; of a unit perhaps several
	Category     string            // code of what it is filed under
	Title        string
	Left         *int64 // how much is lacking or offered and not claimed; nil where it is not counted
	Unit         string // of what Left counts
	Windows      []Window
	Place        *Point
	ValidUntil   *time.Time
	Audience     []string // under which keys it is seen

	days  *days // on which it can be; found once
	words grams // of the title; found once
}

// Window is a time at which something is needed or offered: the days of a rule, or all from a day to a day. What is empty
// is open.
type Window struct {
	Recurrence string // RFC 5545; empty for every day
	From       scalar.Date
	Until      scalar.Date
}

// Point is a place on the earth, in degrees.
type Point struct{ Lon, Lat float64 }

// horizon is how many days ahead times are compared.
const horizon = 126

// days are the days from today on, one bit each.
type days [2]uint64

func (d *days) set(n int) { d[n/64] |= 1 << (n % 64) }

// daysOf are the days of an item's windows within the horizon; nil where it names no time, or none so near.
func (i *Item) daysOf(today scalar.Date) *days {
	if i.days != nil || len(i.Windows) == 0 {
		return i.days
	}
	d, some := &days{}, false
	last := today.AddDays(horizon - 1)
	for _, w := range i.Windows {
		for _, on := range w.within(today, last) {
			d.set(on.Sub(today))
			some = true
		}
	}
	if some {
		i.days = d
	}
	return i.days
}

// within lists the days of a window from one day to another. A rule counts from the window's own first day, so that every
// second week stays the same second week.
func (w Window) within(first, last scalar.Date) []scalar.Date {
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

// farBack is how many days back a rule is counted from: beyond it, from today.
const farBack = 366

// in lists the bodies of a kind above an item.
func (i *Item) in(k id.Kind) []id.Organisation {
	return slices.DeleteFunc(slices.Clone(i.Above), func(o id.Organisation) bool { return !id.Is(string(o), k) })
}

// together says whether two items lie in one body of a kind.
func (p *pair) together(k id.Kind) bool {
	theirs := p.resource.in(k)
	return slices.ContainsFunc(p.need.in(k), func(o id.Organisation) bool { return slices.Contains(theirs, o) })
}

func needID(i *Item) id.Need { return id.Need(i.ID) }

func resourceID(i *Item) id.Resource { return id.Resource(i.ID) }
