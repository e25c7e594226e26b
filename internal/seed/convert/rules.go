package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The types of communities.
const (
	rural        = "RURAL"
	oldEstate    = "OLD_ESTATE"
	commercial   = "COMMERCIAL"
	resettlement = "RESETTLEMENT"
)

var (
	fullDate  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	yearMonth = regexp.MustCompile(`^\d{4}-\d{2}$`)
	yearAlone = regexp.MustCompile(`^\d{4}$`)
	monthEnd  = regexp.MustCompile(`^(\d{1,2})月底$`)
)

// lastDay reads a date, also a partial one: the last day of its period is meant. A month's end without a year
// (10月底) takes the year of the report; ok is false where that is unknown, and for anything else.
func lastDay(s string, year *int) (day string, ok bool) {
	switch {
	case fullDate.MatchString(s):
		_, err := time.Parse(time.DateOnly, s)
		return s, err == nil
	case yearMonth.MatchString(s):
		t, err := time.Parse("2006-01", s)
		return t.AddDate(0, 1, -1).Format(time.DateOnly), err == nil
	case yearAlone.MatchString(s):
		return s + "-12-31", true
	}
	m := monthEnd.FindStringSubmatch(s)
	if m == nil || year == nil {
		return "", false
	}
	month, err := strconv.Atoi(m[1])
	if err != nil {
		return "", false
	}
	return lastDay(fmt.Sprintf("%04d-%02d", *year, month), nil)
}

// ruleOf is the RFC 5545 rule of a word, due on the last day of each period. A rule for every week that names its
// Friday (周五) is due then. ok is false for a word that is no rhythm.
func ruleOf(word, action string) (rule string, ok bool) {
	if word == "WEEKLY" && strings.Contains(action, "周五") {
		return "FREQ=WEEKLY;BYDAY=FR", true
	}
	rule, ok = map[string]string{
		"DAILY":       "FREQ=DAILY",
		"WEEKLY":      "FREQ=WEEKLY;BYDAY=SU",
		"MONTHLY":     "FREQ=MONTHLY;BYMONTHDAY=-1",
		"QUARTERLY":   "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1",
		"HALF_YEARLY": "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1",
		"PER_TERM":    "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=-1", // the two school terms
		"YEARLY":      "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1",
	}[word]
	return rule, ok
}

// typeOf is the type of an example's community. Where the source does not tell, it is chosen to fit: a property
// manager works in a commercial estate, words of the commitments point to the other types, and what says nothing is
// spread over the three types of towns by its number.
func typeOf(e rawExample, n int) (kind string, chosen bool) {
	if e.Community.Type != "UNKNOWN" {
		return e.Community.Type, false
	}
	for _, p := range e.Parties {
		if p.Kind == "PROPERTY_MANAGER" {
			return commercial, true
		}
	}
	var b strings.Builder
	for _, c := range e.Commitments {
		b.WriteString(c.ActionZh)
	}
	b.WriteString(said(e.OutcomeZh))
	for _, hint := range []struct {
		kind  string
		words []string
	}{
		{resettlement, []string{"安置", "动迁", "回迁"}},
		{rural, []string{"村", "农", "亩", "种植"}},
		{oldEstate, []string{"老旧", "楼道", "楼内", "无物业", "街巷", "古井", "电表箱", "老化", "采暖"}},
		{commercial, []string{"小区", "业主", "车位", "物业"}},
	} {
		for _, w := range hint.words {
			if strings.Contains(b.String(), w) {
				return hint.kind, true
			}
		}
	}
	return []string{oldEstate, commercial, resettlement}[n%3], true
}

// yearsOf are the first and the last year that an example speaks of: the report's, and those of its due dates. known
// is false where there is none; then it is the year in which the examples were gathered.
func yearsOf(e rawExample) (first, last int, known bool) {
	const gathered = 2026
	take := func(y int) {
		if !known || y < first {
			first = y
		}
		if !known || y > last {
			last = y
		}
		known = true
	}
	if e.Year != nil {
		take(*e.Year)
	}
	for _, c := range e.Commitments {
		if day, ok := lastDay(said(c.Due), e.Year); ok {
			if y, err := strconv.Atoi(day[:4]); err == nil {
				take(y)
			}
		}
	}
	if !known {
		return gathered, gathered, false
	}
	return first, last, true
}
