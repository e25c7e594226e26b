package match

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
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

	when  *hours // at which it can be; found once
	words grams  // of the title; found once
}

// Window is a time at which something is needed or offered: the days of a rule, or all from a day to a day, and hours of the
// day. What is empty is open.
type Window struct {
	Recurrence string // RFC 5545; empty for every day
	From       scalar.Date
	Until      scalar.Date
	Begins     string // the hour, as 09:00
	Ends       string // likewise
}

// Point is a place on the earth, in degrees.
type Point struct{ Lon, Lat float64 }

// until is when an item ends by itself; no time, which comes before any other, where nobody has said.
func (i *Item) until() time.Time {
	if i.ValidUntil == nil {
		return time.Time{}
	}
	return *i.ValidUntil
}

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
