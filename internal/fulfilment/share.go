package fulfilment

import "time"

// Share is what one fulfilment adds to its provider's rate, in half units of weight: how much was due, and how much of
// it was earned.
type Share struct {
	Due    int64 `bson:"due"`
	Earned int64 `bson:"earned"`
}

// share is what the fulfilment counts now. What was kept in time earns its whole weight; what was kept late, or in
// part, half of it.
func (f *Fulfilment) share() Share {
	if !f.Counted || f.Status.countsForNothing() {
		return Share{}
	}
	w := int64(f.Weight)
	s := Share{Due: 2 * w}
	switch {
	case f.Status == Accepted && f.Late:
		s.Earned = w
	case f.Status == Accepted:
		s.Earned = 2 * w
	case f.Status == Resolved && f.Resolution != nil:
		s.Earned = w * f.Resolution.Outcome.halves()
	}
	return s
}

func (s Status) countsForNothing() bool { return s == Waived || s == Closed || s == Suspended }

func (o Outcome) halves() int64 {
	switch o {
	case Kept:
		return 2
	case KeptLate, Partly:
		return 1
	}
	return 0
}

// settle brings up to date what follows from the state and the time: whether it counts among those due so far, and
// when time will change it next. One that is accepted or resolved counts at once, any other when its day is over.
func (f *Fulfilment) settle(now time.Time) {
	over := f.dayEnds()
	final := f.Status == Accepted || f.Status == Resolved
	if f.Status == Suspended {
		f.Counted = false
	}
	if !f.Status.countsForNothing() {
		f.Counted = f.Counted || final || !now.Before(over)
	}
	f.rouse()
}

// rouse finds when time will change it next.
func (f *Fulfilment) rouse() {
	f.WakeAt = nil
	over := f.dayEnds()
	if f.Status == Due || !f.Counted && (f.Status == Reported || f.Status == Disputed) {
		f.WakeAt = &over
	}
	if at := f.toTell(); f.Status == Due && at != nil && at.Before(over) {
		f.WakeAt = at
	}
	if f.Status != Reported {
		f.AnswerBy = nil
	} else if f.AnswerBy != nil && (f.WakeAt == nil || f.AnswerBy.Before(*f.WakeAt)) {
		at := *f.AnswerBy
		f.WakeAt = &at
	}
}
