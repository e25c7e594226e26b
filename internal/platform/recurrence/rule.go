// Package recurrence says on which days something recurs, by the rules of calendars (RFC 5545, RRULE).
//
// It knows days, not hours, and a period, never eternity: the work of finding the days grows with the period's length
// alone, whatever the rule, because rules come from outside. General libraries seek the next day to the year 9999,
// even beyond a rule's own end, and some rules crash them; here they serve the tests as a second opinion.
package recurrence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The codes of recurrences.
const (
	// Malformed (part, value) refuses a rule that cannot be read, or a part that is not supported.
	Malformed fault.Code = "RECURRENCE_MALFORMED"
	// Never refuses a rule that hits no day of its period.
	Never fault.Code = "RECURRENCE_NEVER"
	// TooOften (max) refuses a rule that hits more than Most days.
	TooOften fault.Code = "RECURRENCE_TOO_OFTEN"
)

// Most is how often something may recur within its period.
const Most = 1000

// The bounds of a rule's text.
const (
	maxLength   = 500  // characters
	maxInterval = 1000 // of days, weeks, months or years
)

// Frequency is the unit in which a rule repeats.
type Frequency string

// The frequencies. Nothing recurs more often than daily.
const (
	Daily   Frequency = "DAILY"
	Weekly  Frequency = "WEEKLY"
	Monthly Frequency = "MONTHLY"
	Yearly  Frequency = "YEARLY"
)

// Weekday is a day of the week, or the nth of them in the month or year: 2nd Monday, last (-1st) Friday.
type Weekday struct {
	N   int // 0 is every one
	Day time.Weekday
}

// Rule is a rule that has been read. The zero Rule is none.
type Rule struct {
	Freq       Frequency
	Interval   int         // every so many units; 1 is each
	Count      int         // ends after so many days; 0 is no such end
	Until      scalar.Date // ends with this day; empty is no such end
	ByMonth    []int       // 1 to 12
	ByMonthDay []int       // 1 to 31, or -1 (the last) to -31
	ByDay      []Weekday
	BySetPos   []int        // of the days of one unit, only the nth; -1 is the last
	WeekStart  time.Weekday // Monday, unless the rule says otherwise
}

// Parse reads a rule such as "FREQ=MONTHLY;BYDAY=2TU". Known are FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT,
// UNTIL (a date as 20261231), BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS and WKST, each at most once. RECURRENCE_MALFORMED
// names the part and the value it stumbled over; a COUNT beyond Most is RECURRENCE_TOO_OFTEN.
func Parse(rule string) (Rule, error) {
	if len(rule) > maxLength {
		return Rule{}, fault.New(fault.Invalid, fault.CodeTooLong, "max", maxLength)
	}
	r := Rule{Interval: 1, WeekStart: time.Monday}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(rule)), "RRULE:"), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || seen[name] {
			return Rule{}, malformed(name, value)
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return Rule{}, err
		}
	}
	if err := r.check(); err != nil {
		return Rule{}, err
	}
	return r, nil
}

func (r *Rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		r.Freq = Frequency(value)
		if !slices.Contains([]Frequency{Daily, Weekly, Monthly, Yearly}, r.Freq) {
			return malformed(name, value)
		}
	case "INTERVAL":
		r.Interval, err = number(name, value, 1, maxInterval)
	case "COUNT":
		r.Count, err = number(name, value, 1, 1<<31-1)
		if err == nil && r.Count > Most {
			return fault.New(fault.Invalid, TooOften, "max", Most)
		}
	case "UNTIL":
		r.Until, err = until(value)
	case "BYMONTH":
		r.ByMonth, err = numbers(name, value, 12, false)
	case "BYMONTHDAY":
		r.ByMonthDay, err = numbers(name, value, 31, true)
	case "BYSETPOS":
		r.BySetPos, err = numbers(name, value, 366, true)
	case "BYDAY":
		r.ByDay, err = weekdays(value)
	case "WKST":
		r.WeekStart, err = weekday(name, value)
	default:
		return malformed(name, value)
	}
	return err
}

// check refuses parts that do not go together (RFC 5545, 3.3.10).
func (r *Rule) check() error {
	nth := slices.ContainsFunc(r.ByDay, func(d Weekday) bool { return d.N != 0 })
	far := slices.ContainsFunc(r.ByDay, func(d Weekday) bool { return max(d.N, -d.N) > 5 })
	switch {
	case r.Freq == "":
		return malformed("FREQ", "")
	case r.Count > 0 && r.Until != "":
		return malformed("UNTIL", string(r.Until))
	case nth && r.Freq != Monthly && r.Freq != Yearly:
		return malformed("BYDAY", "")
	case far && (r.Freq == Monthly || len(r.ByMonth) > 0):
		return malformed("BYDAY", "")
	case len(r.ByMonthDay) > 0 && r.Freq == Weekly:
		return malformed("BYMONTHDAY", "")
	case len(r.BySetPos) > 0 && len(r.ByDay)+len(r.ByMonthDay)+len(r.ByMonth) == 0:
		return malformed("BYSETPOS", "")
	}
	return nil
}

func until(value string) (scalar.Date, error) {
	t, err := time.Parse("20060102", value)
	if err != nil {
		return "", malformed("UNTIL", value)
	}
	d, err := scalar.ParseDate(t.Format(time.DateOnly))
	if err != nil {
		return "", malformed("UNTIL", value)
	}
	return d, nil
}

func number(name, value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most || value != strconv.Itoa(n) && value != "+"+strconv.Itoa(n) {
		return 0, malformed(name, value)
	}
	return n, nil
}

// numbers reads a list of 1 to most, and from the end, -1 to -most, where that is allowed. It comes back sorted.
func numbers(name, value string, most int, fromEnd bool) ([]int, error) {
	var out []int
	for s := range strings.SplitSeq(value, ",") {
		least := 1
		if fromEnd {
			least = -most
		}
		n, err := number(name, s, least, most)
		if err != nil || n == 0 || slices.Contains(out, n) {
			return nil, malformed(name, s)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

func weekdays(value string) ([]Weekday, error) {
	var out []Weekday
	for s := range strings.SplitSeq(value, ",") {
		if len(s) < 2 {
			return nil, malformed("BYDAY", s)
		}
		at := len(s) - 2
		day, err := weekday("BYDAY", s[at:])
		if err != nil {
			return nil, malformed("BYDAY", s)
		}
		d := Weekday{Day: day}
		if at > 0 {
			if d.N, err = number("BYDAY", s[:at], -53, 53); err != nil || d.N == 0 {
				return nil, malformed("BYDAY", s)
			}
		}
		if slices.Contains(out, d) {
			return nil, malformed("BYDAY", s)
		}
		out = append(out, d)
	}
	return out, nil
}

const days = "SUMOTUWETHFRSA"

func weekday(name, value string) (time.Weekday, error) {
	i := strings.Index(days, value)
	if len(value) != 2 || i < 0 || i%2 != 0 {
		return 0, malformed(name, value)
	}
	return time.Weekday(i / 2), nil
}

// String writes the rule in its one form.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString("FREQ=" + string(r.Freq))
	if r.Interval > 1 {
		fmt.Fprintf(&b, ";INTERVAL=%d", r.Interval)
	}
	if r.Count > 0 {
		fmt.Fprintf(&b, ";COUNT=%d", r.Count)
	}
	if r.Until != "" {
		b.WriteString(";UNTIL=" + strings.ReplaceAll(string(r.Until), "-", ""))
	}
	list(&b, "BYMONTH", r.ByMonth, strconv.Itoa)
	list(&b, "BYMONTHDAY", r.ByMonthDay, strconv.Itoa)
	list(&b, "BYDAY", r.ByDay, Weekday.String)
	list(&b, "BYSETPOS", r.BySetPos, strconv.Itoa)
	if r.WeekStart != time.Monday {
		b.WriteString(";WKST=" + Weekday{Day: r.WeekStart}.String())
	}
	return b.String()
}

// String writes the weekday as rules do, as "2TU".
func (d Weekday) String() string {
	s := days[2*d.Day : 2*d.Day+2]
	if d.N != 0 {
		s = strconv.Itoa(d.N) + s
	}
	return s
}

func list[T any](b *strings.Builder, name string, values []T, text func(T) string) {
	for i, v := range values {
		if i == 0 {
			b.WriteString(";" + name + "=")
		} else {
			b.WriteByte(',')
		}
		b.WriteString(text(v))
	}
}

func malformed(part, value string) error {
	return fault.New(fault.Invalid, Malformed, "part", part, "value", value)
}
