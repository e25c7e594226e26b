package recurrence

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Dates lists the days, in order, that a rule hits from the first day of a period to its last, both included. The
// first day is where counting begins (DTSTART); it is hit itself only where the rule says so. A day that a month or a
// year lacks is skipped, not moved. RECURRENCE_NEVER where no day is hit, RECURRENCE_TOO_OFTEN where more than Most are.
func Dates(rule Rule, from, until scalar.Date) ([]scalar.Date, error) {
	out, _, err := rule.dates(from, until)
	return out, err
}

// dates also tells how many days it looked at: at most those of the units that the period touches.
func (r Rule) dates(from, until scalar.Date) (hit []scalar.Date, looked int, err error) {
	if r.Until != "" && r.Until < until {
		until = r.Until
	}
	if r.Freq == "" || !from.Valid() || !until.Valid() {
		return nil, 0, fault.New(fault.Invalid, Never)
	}
	first, last := from.UTC(), until.UTC()
	r = r.from(first)
	for start := r.unitOf(first); !start.After(last); start = r.next(start, r.Interval) {
		end := r.next(start, 1)
		looked += int(end.Sub(start) / day)
		for _, t := range r.within(start, end) {
			if t.Before(first) || t.After(last) {
				continue
			}
			if len(hit) == Most {
				return nil, looked, fault.New(fault.Invalid, TooOften, "max", Most)
			}
			hit = append(hit, scalar.Date(t.Format(time.DateOnly)))
			if len(hit) == r.Count {
				return hit, looked, nil
			}
		}
	}
	if len(hit) == 0 {
		return nil, looked, fault.New(fault.Invalid, Never)
	}
	return hit, looked, nil
}

const day = 24 * time.Hour

// from takes from the first day what the rule leaves open: the day of the month or week, and the month of the year.
func (r Rule) from(first time.Time) Rule {
	if len(r.ByDay)+len(r.ByMonthDay) > 0 {
		return r
	}
	switch r.Freq {
	case Weekly:
		r.ByDay = []Weekday{{Day: first.Weekday()}}
	case Monthly:
		r.ByMonthDay = []int{first.Day()}
	case Yearly:
		r.ByMonthDay = []int{first.Day()}
		if len(r.ByMonth) == 0 {
			r.ByMonth = []int{int(first.Month())}
		}
	}
	return r
}

// unitOf is the first day of the day, week, month or year in which t lies.
func (r Rule) unitOf(t time.Time) time.Time {
	switch r.Freq {
	case Weekly:
		return t.AddDate(0, 0, -int((t.Weekday()-r.WeekStart+7)%7))
	case Monthly:
		return t.AddDate(0, 0, 1-t.Day())
	case Yearly:
		return t.AddDate(0, 0, 1-t.YearDay())
	}
	return t
}

// next is the first day of the unit that is n further on.
func (r Rule) next(start time.Time, n int) time.Time {
	switch r.Freq {
	case Weekly:
		return start.AddDate(0, 0, 7*n)
	case Monthly:
		return start.AddDate(0, n, 0)
	case Yearly:
		return start.AddDate(n, 0, 0)
	}
	return start.AddDate(0, 0, n)
}

// within lists the days of one unit that the rule hits.
func (r Rule) within(start, end time.Time) []time.Time {
	var hit []time.Time
	for t := start; t.Before(end); t = t.Add(day) {
		if r.hits(t) {
			hit = append(hit, t)
		}
	}
	if len(r.BySetPos) == 0 {
		return hit
	}
	return slices.DeleteFunc(slices.Clone(hit), func(t time.Time) bool {
		i := slices.Index(hit, t)
		return !slices.Contains(r.BySetPos, i+1) && !slices.Contains(r.BySetPos, i-len(hit))
	})
}

func (r Rule) hits(t time.Time) bool {
	if len(r.ByMonth) > 0 && !slices.Contains(r.ByMonth, int(t.Month())) {
		return false
	}
	if len(r.ByMonthDay) > 0 {
		fromEnd := t.Day() - daysOfMonth(t) - 1
		if !slices.Contains(r.ByMonthDay, t.Day()) && !slices.Contains(r.ByMonthDay, fromEnd) {
			return false
		}
	}
	return len(r.ByDay) == 0 || slices.ContainsFunc(r.ByDay, func(d Weekday) bool { return r.isDay(d, t) })
}

// isDay says whether t is the nth such weekday of its month, or of its year in a yearly rule that names no month.
func (r Rule) isDay(d Weekday, t time.Time) bool {
	if t.Weekday() != d.Day {
		return false
	}
	at, of := t.Day(), daysOfMonth(t)
	if r.Freq == Yearly && len(r.ByMonth) == 0 {
		at, of = t.YearDay(), time.Date(t.Year(), time.December, 31, 0, 0, 0, 0, time.UTC).YearDay()
	}
	switch {
	case d.N > 0:
		return (at-1)/7+1 == d.N
	case d.N < 0:
		return (of-at)/7+1 == -d.N
	}
	return true
}

func daysOfMonth(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
