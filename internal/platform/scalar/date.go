// Package scalar holds the small values that the API, the store and signed text share: dates, decimals and free JSON.
// Each has one text form, so that equal values are equal bytes.
package scalar

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Date is a day of the calendar, without a time or a zone, as "2026-11-23". Dates compare as their text does. Years
// run from 1900 to 2999.
type Date string

// ParseDate reads a date; a day that the calendar does not have is refused.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 || t.Year() > 2999 {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", "YYYY-MM-DD, 1900 to 2999")
	}
	return Date(s), nil
}

// DateOf is the day on which an instant falls in a zone.
func DateOf(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(time.DateOnly)) }

// In is the instant at which the day begins in a zone. Where midnight does not exist there, it is the first instant
// that does.
func (d Date) In(zone *time.Location) time.Time {
	y, m, day := d.parts()
	t := time.Date(y, m, day, 0, 0, 0, 0, zone)
	if DateOf(t, zone) == d {
		return t
	}
	for h := 1; h <= 3; h++ { // a zone that leaps over midnight
		if t = time.Date(y, m, day, h, 0, 0, 0, zone); DateOf(t, zone) == d {
			return t
		}
	}
	return t
}

// End is the instant at which the day is over in a zone: the beginning of the next one.
func (d Date) End(zone *time.Location) time.Time { return d.AddDays(1).In(zone) }

// AddDays moves a date by so many days.
func (d Date) AddDays(n int) Date {
	y, m, day := d.parts()
	return Date(time.Date(y, m, day+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// Sub counts the days from e to d.
func (d Date) Sub(e Date) int { return int(d.utc().Sub(e.utc()) / (24 * time.Hour)) }

// UTC is midnight of the day in UTC, for calendar arithmetic.
func (d Date) UTC() time.Time { return d.utc() }

// Valid says whether d is a date at all.
func (d Date) Valid() bool {
	_, err := ParseDate(string(d))
	return err == nil
}

func (d Date) utc() time.Time {
	y, m, day := d.parts()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

func (d Date) parts() (int, time.Month, int) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 1, 1, 1
	}
	return t.Date()
}

// MarshalGQL writes the date as a JSON string.
func (d Date) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(d))) }

// UnmarshalGQL reads a date from a client's value.
func (d *Date) UnmarshalGQL(v any) error {
	s, err := textOf(v, "YYYY-MM-DD")
	if err != nil {
		return err
	}
	*d, err = ParseDate(s)
	return err
}

func textOf(v any, want string) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", want).Because(fmt.Errorf("got a %T", v))
}
