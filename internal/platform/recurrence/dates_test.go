package recurrence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func dates(rule string, from, until scalar.Date) ([]scalar.Date, error) {
	r, err := recurrence.Parse(rule)
	if err != nil {
		return nil, err
	}
	return recurrence.Dates(r, from, until)
}

func TestARuleHitsTheDaysItSays(t *testing.T) {
	for _, tt := range []struct {
		name, rule string
		from, to   scalar.Date
		want       string
	}{
		{"a day each month", "FREQ=MONTHLY", "2026-01-15", "2026-04-30", "2026-01-15 2026-02-15 2026-03-15 2026-04-15"},
		{"the 31st skips short months", "FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-01", "2026-07-31", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"},
		{"the last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-01", "2026-04-30", "2026-01-31 2026-02-28 2026-03-31 2026-04-30"},
		{"a month from the 31st", "FREQ=MONTHLY", "2026-01-31", "2026-05-31", "2026-01-31 2026-03-31 2026-05-31"},
		{"the leap day comes when it comes", "FREQ=YEARLY", "2024-02-29", "2033-01-01", "2024-02-29 2028-02-29 2032-02-29"},
		{"2100 has no leap day", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2095-01-01", "2104-12-31", "2096-02-29 2104-02-29"},
		{"the second Tuesday", "FREQ=MONTHLY;BYDAY=2TU", "2026-01-01", "2026-03-31", "2026-01-13 2026-02-10 2026-03-10"},
		{"the last Friday", "FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01", "2026-03-31", "2026-01-30 2026-02-27 2026-03-27"},
		{"the fifth Friday, where there is one", "FREQ=MONTHLY;BYDAY=5FR", "2026-01-01", "2026-06-30", "2026-01-30 2026-05-29"},
		{"the last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01", "2026-03-31", "2026-01-30 2026-02-27 2026-03-31"},
		{"Friday the 13th", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-01-01", "2026-12-31", "2026-02-13 2026-03-13 2026-11-13"},
		{"every other week", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-01-07", "2026-01-31", "2026-01-09 2026-01-19 2026-01-23"},
		{"the week begins where the rule says", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "2026-01-05", "2026-01-31", "2026-01-05 2026-01-18 2026-01-19"},
		{"every ten days", "FREQ=DAILY;INTERVAL=10", "2026-02-20", "2026-03-31", "2026-02-20 2026-03-02 2026-03-12 2026-03-22"},
		{"working days of May", "FREQ=DAILY;BYMONTH=5;BYDAY=MO,TU", "2026-04-01", "2026-05-12", "2026-05-04 2026-05-05 2026-05-11 2026-05-12"},
		{"three times", "FREQ=DAILY;COUNT=3", "2026-12-30", "2027-12-31", "2026-12-30 2026-12-31 2027-01-01"},
		{"until a day, that day included", "FREQ=DAILY;UNTIL=20260103", "2026-01-01", "2026-12-31", "2026-01-01 2026-01-02 2026-01-03"},
		{"an end beyond the period does not reach beyond it", "FREQ=DAILY;UNTIL=29991231", "2026-01-01", "2026-01-02", "2026-01-01 2026-01-02"},
		{"twice a year", "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1", "2026-01-01", "2027-06-01", "2026-03-01 2026-09-01 2027-03-01"},
		{"the 20th Monday of the year", "FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "1999-12-31", "1997-05-19 1998-05-18 1999-05-17"},
		{"Thanksgiving", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-01-01", "2027-12-31", "2026-11-26 2027-11-25"},
		{"the first day counts only where the rule hits it", "FREQ=WEEKLY;BYDAY=TU;COUNT=2", "2026-01-05", "2026-12-31", "2026-01-06 2026-01-13"},
		{"in small letters", "rrule:freq=daily;count=1", "2026-01-05", "2026-12-31", "2026-01-05"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dates(tt.rule, tt.from, tt.to)
			if text := strings.Trim(fmt.Sprint(got), "[]"); err != nil || text != tt.want {
				t.Fatalf("got %s, %v, want %s", text, err, tt.want)
			}
		})
	}
}

func TestARuleThatCannotBeIsRefused(t *testing.T) {
	const from, to = "2026-01-01", "2026-12-31"
	for _, tt := range []struct {
		rule string
		code fault.Code
	}{
		{"", recurrence.Malformed},
		{"every Monday", recurrence.Malformed},
		{"FREQ=HOURLY", recurrence.Malformed},
		{"FREQ=SECONDLY;COUNT=2", recurrence.Malformed},
		{"INTERVAL=2", recurrence.Malformed},
		{"FREQ=DAILY;FREQ=DAILY", recurrence.Malformed},
		{"FREQ=DAILY;", recurrence.Malformed},
		{"FREQ=DAILY;INTERVAL=0", recurrence.Malformed},
		{"FREQ=DAILY;INTERVAL=-1", recurrence.Malformed},
		{"FREQ=DAILY;INTERVAL=99999999999999999999", recurrence.Malformed},
		{"FREQ=DAILY;INTERVAL=01", recurrence.Malformed},
		{"FREQ=DAILY;COUNT=0", recurrence.Malformed},
		{"FREQ=DAILY;COUNT=2;UNTIL=20260301", recurrence.Malformed},
		{"FREQ=DAILY;UNTIL=20260230", recurrence.Malformed},
		{"FREQ=DAILY;UNTIL=20260201T000000Z", recurrence.Malformed},
		{"FREQ=DAILY;UNTIL=99990101", recurrence.Malformed},
		{"FREQ=DAILY;BYDAY=1MO", recurrence.Malformed},
		{"FREQ=WEEKLY;BYDAY=1MO", recurrence.Malformed},
		{"FREQ=WEEKLY;BYMONTHDAY=1", recurrence.Malformed},
		{"FREQ=MONTHLY;BYDAY=XX", recurrence.Malformed},
		{"FREQ=MONTHLY;BYDAY=0MO", recurrence.Malformed},
		{"FREQ=MONTHLY;BYDAY=6MO", recurrence.Malformed},
		{"FREQ=MONTHLY;BYDAY=-53MO", recurrence.Malformed}, // general libraries crash on this
		{"FREQ=MONTHLY;BYDAY=MO,MO", recurrence.Malformed},
		{"FREQ=MONTHLY;BYMONTHDAY=32", recurrence.Malformed},
		{"FREQ=MONTHLY;BYMONTHDAY=0", recurrence.Malformed},
		{"FREQ=MONTHLY;BYMONTH=13", recurrence.Malformed},
		{"FREQ=MONTHLY;BYMONTH=-1", recurrence.Malformed},
		{"FREQ=MONTHLY;BYSETPOS=1", recurrence.Malformed},
		{"FREQ=DAILY;BYHOUR=9", recurrence.Malformed},
		{"FREQ=YEARLY;BYWEEKNO=20", recurrence.Malformed},
		{"FREQ=DAILY;X-WHEN=NOW", recurrence.Malformed},
		{"DTSTART:20260101\nFREQ=DAILY", recurrence.Malformed},
		{"FREQ=DAILY;BYMONTH=" + strings.Repeat("1,", 300) + "1", fault.CodeTooLong},
		{"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", recurrence.Never},
		{"FREQ=DAILY;UNTIL=20251231", recurrence.Never},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", recurrence.Never}, // not in 2026
		{"FREQ=MONTHLY;INTERVAL=24;BYMONTHDAY=31;BYMONTH=2", recurrence.Never},
		{"FREQ=DAILY;COUNT=1001", recurrence.TooOften},
	} {
		if got, err := dates(tt.rule, from, to); !fault.Is(err, tt.code) {
			t.Errorf("%q: got %v, %v, want %s", tt.rule, got, err, tt.code)
		}
	}
	if got, err := dates("FREQ=DAILY", "2026-01-01", scalar.Date("2026-01-01").AddDays(1000)); !fault.Is(err, recurrence.TooOften) {
		t.Errorf("1001 days: got %d, %v", len(got), err)
	}
	if got, err := dates("FREQ=DAILY", "2026-01-01", scalar.Date("2026-01-01").AddDays(999)); err != nil || len(got) != 1000 {
		t.Errorf("1000 days: got %d, %v", len(got), err)
	}
	if _, err := dates("FREQ=DAILY", "2026-01-02", "2026-01-01"); !fault.Is(err, recurrence.Never) {
		t.Errorf("a period that ends before it begins: got %v", err)
	}
}

// The model looks at every day of the period and asks whether a simple rule means it.
func TestSimpleRulesAgreeWithGoingThroughEveryDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := scalar.Date("1999-12-20").AddDays(rapid.IntRange(0, 4000).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 900).Draw(t, "length"))
		every := rapid.IntRange(1, 5).Draw(t, "every")
		first := from.UTC()
		var rule string
		var means func(time.Time) bool
		months := func(d time.Time) int { return d.Year()*12 + int(d.Month()) - first.Year()*12 - int(first.Month()) }
		monday := func(d time.Time) time.Time { return d.AddDate(0, 0, -(int(d.Weekday())+6)%7) }
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			rule, means = "FREQ=DAILY", func(d time.Time) bool { return int(d.Sub(first)/(24*time.Hour))%every == 0 }
		case 1:
			rule = "FREQ=WEEKLY;BYDAY=MO,TH"
			means = func(d time.Time) bool {
				weeks := int(monday(d).Sub(monday(first)) / (7 * 24 * time.Hour))
				return weeks%every == 0 && (d.Weekday() == time.Monday || d.Weekday() == time.Thursday)
			}
		case 2:
			n := rapid.IntRange(1, 31).Draw(t, "day")
			rule = fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", n)
			means = func(d time.Time) bool { return months(d)%every == 0 && d.Day() == n }
		case 3:
			rule = "FREQ=MONTHLY;BYMONTHDAY=-1"
			means = func(d time.Time) bool { return months(d)%every == 0 && d.AddDate(0, 0, 1).Day() == 1 }
		case 4:
			rule = "FREQ=YEARLY"
			means = func(d time.Time) bool {
				return (d.Year()-first.Year())%every == 0 && d.Month() == first.Month() && d.Day() == first.Day()
			}
		}
		var want []scalar.Date
		for d := from; d <= to; d = d.AddDays(1) {
			if means(d.UTC()) {
				want = append(want, d)
			}
		}
		got, err := dates(fmt.Sprintf("%s;INTERVAL=%d", rule, every), from, to)
		if len(want) == 0 {
			if !fault.Is(err, recurrence.Never) {
				t.Fatalf("got %v, %v", got, err)
			}
			return
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s every %d from %s to %s: got %v, %v, want %v", rule, every, from, to, got, err, want)
		}
	})
}

// anyRule draws a rule that general libraries understand and survive.
func anyRule(t *rapid.T) string {
	freq := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq")
	rule := fmt.Sprintf("FREQ=%s;INTERVAL=%d", freq, rapid.IntRange(1, 4).Draw(t, "interval"))
	set := func(name string, values []string) {
		if len(values) > 0 {
			rule += ";" + name + "=" + strings.Join(values, ",")
		}
	}
	draw := func(name string, from []string, most int) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, most, rapid.ID[string]).Draw(t, name)
	}
	months := draw("months", []string{"1", "2", "3", "6", "11", "12"}, 3)
	set("BYMONTH", months)
	var monthDays []string
	if freq != "WEEKLY" {
		monthDays = draw("monthDays", []string{"1", "13", "28", "29", "31", "-1", "-30"}, 3)
		set("BYMONTHDAY", monthDays)
	}
	byDay := []string{"MO", "TU", "FR", "SU"}
	switch {
	case freq == "MONTHLY" || freq == "YEARLY" && len(months) > 0:
		byDay = append(byDay, "1MO", "2WE", "-1FR", "4SU")
	case freq == "YEARLY":
		byDay = append(byDay, "1MO", "20WE", "-1FR", "50TU")
	}
	weekDays := draw("weekDays", byDay, 3)
	nth := slices.ContainsFunc(weekDays, func(s string) bool { return len(s) > 2 })
	if nth { // rrule-go takes every and nth together to mean both at once
		weekDays = slices.DeleteFunc(weekDays, func(s string) bool { return len(s) == 2 })
	}
	set("BYDAY", weekDays)
	if freq != "WEEKLY" && len(months)+len(monthDays)+len(weekDays) > 0 { // rrule-go cuts the first week short
		set("BYSETPOS", draw("setPos", []string{"1", "2", "-1"}, 2))
	}
	if rapid.Bool().Draw(t, "counted") {
		rule += fmt.Sprintf(";COUNT=%d", rapid.IntRange(1, 40).Draw(t, "count"))
	}
	return rule + ";WKST=" + rapid.SampledFrom([]string{"MO", "SU"}).Draw(t, "wkst")
}

func TestEveryRuleMeansWhatItMeansToOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := anyRule(t)
		from := scalar.Date("2019-12-25").AddDays(rapid.IntRange(0, 2000).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 800).Draw(t, "length"))
		o, err := rrule.StrToROption(rule)
		if err != nil {
			t.Fatal(err)
		}
		o.Dtstart = from.UTC()
		theirs, err := rrule.NewRRule(*o)
		if err != nil {
			t.Fatal(err)
		}
		var want []scalar.Date
		for _, d := range theirs.Between(from.UTC(), to.UTC(), true) {
			want = append(want, scalar.Date(d.Format(time.DateOnly)))
		}
		got, err := dates(rule, from, to)
		if err != nil && !fault.Is(err, recurrence.Never) {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %s to %s: got %v, want %v", rule, from, to, got, want)
		}
	})
}
