package demo

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/seed"
)

// The times of the demo, in days before today.
const (
	longestAgo = 150 // the first contracts come into force
	ahead      = 10  // so long before it comes into force a contract is drafted and signed
)

// lot draws a number below n for a thing, the same one each time; what says which draw it is.
func lot(what, thing string, n int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(what + "\x00" + thing))
	return int((h.Sum64() >> 8) % uint64(n))
}

// fate is what the demo makes of a contract.
type fate struct {
	stage seed.Stage
	from  int // days from today to its first day, negative in the past
	made  int // days from today to the day on which it is drafted, never positive
}

// fateOf gives every contract its time and stage: most of those with a stated agreement, and half of the others, are in
// force; the rest are on their way.
func fateOf(c seed.Contract) fate {
	past := -longestAgo + 15*lot("from", c.Key, 9) // 150, 135, … 30 days ago
	soon := fate{stage: seed.Signed, from: 10 + 7*lot("from", c.Key, 5), made: -3 - 4*lot("made", c.Key, 5)}
	if f, chosen := fates()[c.Key]; chosen {
		return f
	}
	draw := lot("stage", c.Key, 10)
	if c.AgreementStated {
		draw = lot("stage", c.Key, 5) // in force, or signed
	}
	switch {
	case draw < 4 || draw == 5:
		return fate{stage: seed.Signed, from: past, made: past - ahead}
	case draw == 4:
		return soon
	case draw == 6:
		soon.stage = seed.Draft
	case draw == 9:
		soon.stage = seed.Signing
	default:
		soon.stage = seed.Negotiating
	}
	return soon
}

// movedTo moves a contract so that its first day is the fate's, and notes what was moved and chosen. A promise kept
// once, whose day the source does not tell, gets a day within the first months.
func movedTo(c seed.Contract, today scalar.Date, f fate) seed.Contract {
	from, ends := scalar.Date(c.EffectiveOn), scalar.Date(c.EndsOn)
	first := today.AddDays(f.from)
	by := first.Sub(from)
	c.Notes = append(slices.Clone(c.Notes), seed.Note{Code: "DATES_MOVED", Said: c.EffectiveOn + "/" + c.EndsOn})
	c.EffectiveOn, c.EndsOn = string(first), string(ends.AddDays(by))
	c.Commitments = slices.Clone(c.Commitments)
	for i := range c.Commitments {
		m := &c.Commitments[i]
		if m.DueOn == "" {
			continue
		}
		unstated := slices.IndexFunc(c.Notes, func(n seed.Note) bool { return n.Code == "DUE_NOT_STATED" && n.About == m.Key })
		if unstated < 0 {
			m.DueOn = string(scalar.Date(m.DueOn).AddDays(by))
			continue
		}
		m.DueOn = string(min(first.AddDays(20+lot("due", c.Key+m.Key, 100)), scalar.Date(c.EndsOn)))
		c.Notes[unstated].Code = "DUE_IS_DEMO_CHOICE"
	}
	c.Sharing = slices.Clone(c.Sharing)
	for i := range c.Sharing {
		if s := &c.Sharing[i]; s.Until != "" {
			s.Until = string(scalar.Date(s.Until).AddDays(by))
		}
	}
	if c.Stage != f.stage {
		c.Notes = append(c.Notes, seed.Note{Code: "STAGE_IS_DEMO_CHOICE", Said: string(c.Stage)})
		c.Stage = f.stage
	}
	return c
}

// arrival is the contracts that are drafted on one day.
type arrival struct {
	day       scalar.Date
	contracts []seed.Contract
}

// arrivals are all contracts by the days on which they are drafted, in order.
func arrivals(all []seed.Contract, today scalar.Date) []arrival {
	days := map[scalar.Date][]seed.Contract{}
	for _, c := range all {
		f := fateOf(c)
		days[today.AddDays(f.made)] = append(days[today.AddDays(f.made)], movedTo(c, today, f))
	}
	var out []arrival
	for day, cs := range days {
		slices.SortStableFunc(cs, func(a, b seed.Contract) int { return strings.Compare(a.Key, b.Key) })
		out = append(out, arrival{day, cs})
	}
	slices.SortFunc(out, func(a, b arrival) int { return strings.Compare(string(a.day), string(b.day)) })
	return out
}
