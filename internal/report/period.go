package report

import (
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The years that reports know.
const (
	firstYear = 2000
	lastYear  = 2998
)

// Period is a year, or a quarter of one.
type Period struct {
	Year    int
	Quarter *int // 1 to 4; nil is the whole year
}

// Span is a period with its days, the first and the last.
type Span struct {
	Period
	From scalar.Date
	To   scalar.Date
}

// span finds a period's days.
func (p Period) span() (Span, error) {
	var f fault.List
	if p.Year < firstYear || p.Year > lastYear {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", firstYear, "max", lastYear), "period", "year")
	}
	if p.Quarter != nil && (*p.Quarter < 1 || *p.Quarter > 4) {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 1, "max", 4), "period", "quarter")
	}
	if len(f) > 0 {
		return Span{}, f.Err()
	}
	first, months := time.January, 12
	if p.Quarter != nil {
		first, months = time.Month(3**p.Quarter-2), 3
	}
	from := time.Date(p.Year, first, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, months, -1)
	return Span{p, scalar.Date(from.Format(time.DateOnly)), scalar.Date(to.Format(time.DateOnly))}, nil
}

// begun refuses a period of which no day has come yet.
func (s Span) begun(today scalar.Date) error {
	if today < s.From {
		return fault.New(fault.Invalid, CodeNotBegun, "begins", s.From).At("period")
	}
	return nil
}

// covers says whether a quarter of the period's year belongs to it.
func (s Span) covers(quarter int) bool { return s.Quarter == nil || *s.Quarter == quarter }

// String is the period as addresses and file names have it: "2026" or "2026-Q3".
func (p Period) String() string {
	if p.Quarter == nil {
		return fmt.Sprintf("%04d", p.Year)
	}
	return fmt.Sprintf("%04d-Q%d", p.Year, *p.Quarter)
}

// ParsePeriod reads what String wrote.
func ParsePeriod(s string) (Period, error) {
	var p Period
	var q int
	if n, err := fmt.Sscanf(s, "%4d-Q%1d", &p.Year, &q); err == nil && n == 2 {
		p.Quarter = &q
	} else if _, err := fmt.Sscanf(s, "%4d", &p.Year); err != nil {
		return Period{}, notAPeriod()
	}
	if p.String() != s {
		return Period{}, notAPeriod()
	}
	return p, nil
}

func notAPeriod() error {
	return fault.New(fault.Invalid, fault.CodeMalformed, "want", "2026, 2026-Q1").At("period")
}

// quarterOf is the quarter of the year in which a day lies.
func quarterOf(d scalar.Date) int { return (int(d.UTC().Month())-1)/3 + 1 }

// quarter is the span of the quarter in which a day lies.
func quarter(d scalar.Date) Span {
	q := quarterOf(d)
	s, err := Period{Year: d.UTC().Year(), Quarter: &q}.span()
	if err != nil { // a day outside the years that reports know: on its own
		return Span{From: d, To: d}
	}
	return s
}

// zone is a time zone by its IANA name; that of contracts which name none where this machine does not know it.
func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone("UTC+8", 8*60*60)
	}
	return z
}

// defaultZone is where the days of reports on organisations lie: that of contracts which name no zone.
const defaultZone = "Asia/Shanghai"
