package demo

import (
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/seed"
)

const today scalar.Date = "2026-11-23"

func TestEveryContractIsMovedNearToday(t *testing.T) {
	file, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Contracts {
		f := fateOf(c)
		m := movedTo(c, today, f)
		from, ends := scalar.Date(m.EffectiveOn), scalar.Date(m.EndsOn)
		if ago := today.Sub(from); f.from < 0 && (ago < 30 || ago > longestAgo) || f.from >= 0 && (ago >= 0 || ago < -45) {
			t.Errorf("%s comes into force on %s", c.Key, from)
		}
		if length := scalar.Date(c.EndsOn).Sub(scalar.Date(c.EffectiveOn)); ends.Sub(from) != length {
			t.Errorf("%s lasted %d days and lasts %d now", c.Key, length, ends.Sub(from))
		}
		for _, p := range m.Commitments {
			if p.DueOn != "" && (scalar.Date(p.DueOn) < from || scalar.Date(p.DueOn) > ends) {
				t.Errorf("%s %s is due on %s", c.Key, p.Key, p.DueOn)
			}
		}
		if !slices.ContainsFunc(m.Notes, func(n seed.Note) bool { return n.Code == "DATES_MOVED" }) {
			t.Errorf("%s: that it was moved is not noted", c.Key)
		}
		if chosen := slices.ContainsFunc(m.Notes, func(n seed.Note) bool { return n.Code == "STAGE_IS_DEMO_CHOICE" }); chosen != (m.Stage != c.Stage) {
			t.Errorf("%s: from %s to %s, noted %v", c.Key, c.Stage, m.Stage, chosen)
		}
	}
}

func TestMovingLeavesTheExamplesAlone(t *testing.T) {
	file, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Contracts {
		before := slices.Clone(c.Commitments)
		movedTo(c, today, fateOf(c))
		if !slices.EqualFunc(before, c.Commitments, func(a, b seed.Commitment) bool { return a.DueOn == b.DueOn }) {
			t.Fatalf("%s was changed", c.Key)
		}
	}
}

func TestTheCastHasContractsInEveryStage(t *testing.T) {
	file, err := load()
	if err != nil {
		t.Fatal(err)
	}
	stages, three := map[seed.Stage]bool{}, false
	for _, c := range file.Contracts {
		if c.Host != community || !slices.ContainsFunc(c.Parties, func(p seed.Party) bool { return p.Organisation == manager }) {
			continue
		}
		f := fateOf(c)
		stages[f.stage] = true
		three = three || f.from < 0 && len(c.Parties) == 2
		if marked := c.DemoChoice; marked != strings.HasPrefix(c.Key, "demo-") {
			t.Errorf("%s: marked %v", c.Key, marked)
		}
	}
	for _, s := range seed.Stages() {
		if !stages[s] {
			t.Errorf("no contract of the cast is %s", s)
		}
	}
	if !three {
		t.Error("the cast has no contract of three parties in force")
	}
}

func TestTheSameDayGivesTheSameArrivals(t *testing.T) {
	file, err := load()
	if err != nil {
		t.Fatal(err)
	}
	one, two := arrivals(file.Contracts, today), arrivals(file.Contracts, today)
	if len(one) < 5 || !slices.EqualFunc(one, two, func(a, b arrival) bool {
		return a.day == b.day && slices.EqualFunc(a.contracts, b.contracts, func(x, y seed.Contract) bool { return x.Key == y.Key })
	}) {
		t.Fatal("arrivals differ")
	}
	for _, a := range one {
		if a.day > today || a.day < today.AddDays(-longestAgo-ahead) {
			t.Errorf("contracts are drafted on %s", a.day)
		}
	}
}
