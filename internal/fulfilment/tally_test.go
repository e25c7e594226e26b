package fulfilment_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func ofSchool() fulfilment.RateOf {
	return fulfilment.RateOf{Contract: contractID(), Party: school()}
}

func (w *world) share(t failer) fulfilment.Share {
	t.Helper()
	if err := w.journal.Drain(context.Background()); err != nil {
		t.Fatalf("drain: %v", err)
	}
	got, err := w.Rates(context.Background(), []fulfilment.RateOf{ofSchool()})
	if err != nil {
		t.Fatalf("rates: %v", err)
	}
	return got[0]
}

func TestARateIsTheWeightKeptOfTheWeightDue(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active,
		promise("m1", due("2026-03-10"), weighs(3)), promise("m2", due("2026-03-11"), weighs(2)), promise("m3", due("2026-03-12"), weighs(5))))
	if got := w.share(t); got.Rate() != nil {
		t.Fatalf("before anything is due the rate is %v", *got.Rate())
	}
	rate := func(want float64) {
		t.Helper()
		if got := w.share(t).Rate(); got == nil || *got != want {
			t.Fatalf("the rate is %v, want %v", got, want)
		}
	}
	one := must(t)(w.report(as(liaison), w.all(t)[0]))
	if got := w.share(t); got.Rate() != nil {
		t.Fatalf("a report alone makes the rate %v", *got.Rate())
	}
	must(t)(w.accept(as(secretary), one))
	rate(1) // accepted before its day, it counts at once
	w.goTo("2026-03-12", "00:00")
	w.tick(t)
	rate(0.6) // 3 of 3+2
	late := must(t)(w.report(as(liaison), w.all(t)[1]))
	must(t)(w.accept(as(secretary), late))
	rate(0.8) // 3+1 of 5
	third := must(t)(w.report(as(liaison), w.all(t)[2]))
	third = must(t)(w.dispute(as(secretary), third))
	rate(0.8)
	w.goTo("2026-03-13", "00:00")
	w.tick(t)
	rate(0.4) // 4 of 10
	must(t)(w.resolve(as(supervisor), third, fulfilment.Partly))
	rate(0.65) // 6.5 of 10
}

func TestEveryOutcomeHasItsWeight(t *testing.T) {
	for outcome, want := range map[fulfilment.Outcome]float64{
		fulfilment.Kept: 1, fulfilment.KeptLate: 0.5, fulfilment.Partly: 0.5, fulfilment.NotKept: 0,
	} {
		w, f := in(t, fulfilment.Disputed)
		must(t)(w.resolve(as(supervisor), f, outcome))
		if got := w.share(t).Rate(); got == nil || *got != want {
			t.Errorf("%s counts %v", outcome, got)
		}
	}
}

func TestARateHasFourPlaces(t *testing.T) {
	if got := (fulfilment.Share{Due: 3, Earned: 2}).Rate(); got == nil || *got != 0.6667 {
		t.Errorf("got %v", got)
	}
}

// model knows of a fulfilment only what people did to it, and when.
type model struct {
	due      scalar.Date
	weight   int64
	reported *time.Time
	ended    *time.Time // accepted, by people or by silence, or resolved
	disputed bool
	outcome  fulfilment.Outcome
	none     bool // waived, or its day fell into a pause or behind an exit: it counts for nothing
	rests    bool // with its contract
}

// share is what the model counts at a moment, by the words of the definition.
func (m *model) share(now time.Time, loc *time.Location) fulfilment.Share {
	over := !now.Before(m.due.End(loc))
	if m.none || m.rests {
		return fulfilment.Share{}
	}
	if m.reported != nil && m.ended == nil && !m.disputed && !now.Before(m.reported.Add(fulfilment.SilentFor)) {
		at := m.reported.Add(fulfilment.SilentFor)
		m.ended = &at
	}
	if !over && m.ended == nil {
		return fulfilment.Share{}
	}
	s := fulfilment.Share{Due: 2 * m.weight}
	if m.ended == nil {
		return s
	}
	switch {
	case m.outcome == fulfilment.Kept:
		s.Earned = 2 * m.weight
	case m.outcome == fulfilment.KeptLate, m.outcome == fulfilment.Partly:
		s.Earned = m.weight
	case m.outcome == fulfilment.NotKept:
	case m.reported.Before(m.due.End(loc)):
		s.Earned = 2 * m.weight
	default:
		s.Earned = m.weight
	}
	return s
}

// The rate as added up event by event, the rate as counted from the fulfilments, and the definition agree, whatever
// people do and however often and in whatever disorder the events are heard.
func TestTheRateIsTheSameByEveryWayOfCounting(t *testing.T) {
	loc, err := time.LoadLocation(contract.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		promises := []contract.Promise{
			promise("m1", rhythm("FREQ=WEEKLY;COUNT=4"), weighs(rapid.IntRange(1, 100).Draw(rt, "weight 1"))),
			promise("m2", rhythm("FREQ=DAILY;INTERVAL=9;COUNT=4"), weighs(rapid.IntRange(1, 100).Draw(rt, "weight 2"))),
		}
		w.tells(rt, contract.Active, promises...)
		models := map[string]*model{}
		for _, f := range w.all(rt) {
			models[string(f.ID)] = &model{due: f.DueOn, weight: int64(f.Weight)}
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			w.act(rt, models)
			w.turns(rt, models, promises)
			w.restsWithItsContract(rt)
		}
		w.tick(rt)
		var want fulfilment.Share
		for _, m := range models {
			is := m.share(w.now(), loc)
			want.Due += is.Due
			want.Earned += is.Earned
		}
		if got, err := w.Recount(t.Context(), ofSchool()); err != nil || got != want {
			rt.Fatalf("counted: %+v, %v, want %+v", got, err, want)
		}
		if got := w.share(rt); got != want {
			rt.Fatalf("added up: %+v, want %+v", got, want)
		}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(w.heard)-1), 0, 30).Draw(rt, "again") {
			if err := w.FollowFulfilment(t.Context(), w.heard[i]); err != nil {
				rt.Fatal(err)
			}
		}
		if got := w.share(rt); got != want {
			rt.Fatalf("heard again: %+v, want %+v", got, want)
		}
		w.retell(t, rt, want)
	})
}

// retell tells another room the same events in any order.
func (w *world) retell(t *testing.T, rt *rapid.T, want fulfilment.Share) {
	t.Helper()
	other := open(t)
	var places []int
	for i := range w.heard {
		places = append(places, i)
	}
	for _, i := range rapid.Permutation(places).Draw(rt, "order") {
		if err := other.FollowFulfilment(t.Context(), w.heard[i]); err != nil {
			rt.Fatal(err)
		}
	}
	if got := other.share(rt); got != want {
		rt.Fatalf("in another order: %+v, want %+v", got, want)
	}
}

// act does one thing, to the world and to the model.
func (w *world) act(rt *rapid.T, models map[string]*model) {
	fs := w.all(rt)
	f := fs[rapid.IntRange(0, len(fs)-1).Draw(rt, "which")]
	m, now := models[string(f.ID)], w.now()
	ok := must(rt)
	switch rapid.IntRange(0, 7).Draw(rt, "what") {
	case 0, 1:
		if f.Status == fulfilment.Due || f.Status == fulfilment.Overdue {
			ok(w.report(as(liaison), f))
			m.reported = &now
		}
	case 2:
		if f.Status == fulfilment.Reported {
			ok(w.accept(as(secretary), f))
			m.ended = &now
		}
	case 3:
		if f.Status == fulfilment.Reported {
			ok(w.dispute(as(secretary), f))
			m.disputed = true
		}
	case 4:
		if f.Status == fulfilment.Disputed {
			m.outcome = rapid.SampledFrom(fulfilment.Outcomes()).Draw(rt, "outcome")
			ok(w.resolve(as(supervisor), f, m.outcome))
			m.ended = &now
		}
	case 5:
		w.wait(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
		w.tick(rt)
	case 6:
		_ = w.share(rt) // the follower catches up
	case 7:
		if f.Status == fulfilment.Due || f.Status == fulfilment.Overdue {
			ok(w.waive(as(secretary), f))
			m.none = true
		}
	}
}

// turns has the contract itself change now and then: it rests, is in force again, or the school leaves it.
func (w *world) turns(rt *rapid.T, models map[string]*model, promises []contract.Promise) {
	left, resting := len(w.gone) > 0, len(w.pauses) > 0 && w.pauses[len(w.pauses)-1].Until == nil
	status := contract.Active
	if resting {
		status = contract.Suspended
	}
	switch what := rapid.IntRange(0, 14).Draw(rt, "turn"); {
	case what == 0 && !resting:
		w.tick(rt) // what has passed its day is overdue, and rests no more
		w.suspends(rt, promises...)
	case what <= 3 && resting:
		w.resumes(rt, promises...)
	case what == 4 && !left:
		w.tick(rt)
		w.exits(rt, status, school(), promises...)
	default:
		return
	}
	for _, m := range models {
		m.hear(w)
	}
}

// hear takes in, by the words of the definition, what became of an occurrence that is not reported.
func (m *model) hear(w *world) {
	if m.reported != nil {
		return
	}
	m.rests = false
	for _, p := range w.pauses {
		m.rests = m.rests || p.From <= m.due && p.Until == nil
		m.none = m.none || p.From <= m.due && p.Until != nil && m.due < *p.Until
	}
	for _, e := range w.gone {
		m.none = m.none || e.On <= m.due
	}
}

// restsWithItsContract checks that nothing is due while the contract rests, and nothing open is owed by who has left.
func (w *world) restsWithItsContract(rt *rapid.T) {
	resting := len(w.pauses) > 0 && w.pauses[len(w.pauses)-1].Until == nil
	for _, f := range w.all(rt) {
		due := f.Status == fulfilment.Due
		if resting && due && f.DueOn >= w.pauses[len(w.pauses)-1].From || !resting && f.Status == fulfilment.Suspended {
			rt.Fatalf("the contract rests: %v, and %s is %s", resting, f.DueOn, f.Status)
		}
		if len(w.gone) > 0 && f.DueOn >= w.gone[0].On && (due || f.Status == fulfilment.Suspended) {
			rt.Fatalf("the school has left, and %s is %s", f.DueOn, f.Status)
		}
	}
}

func TestRatesAreToldInTheOrderAsked(t *testing.T) {
	w, f := in(t, fulfilment.Reported)
	must(t)(w.accept(as(secretary), f))
	w.share(t)
	got, err := w.Rates(t.Context(), []fulfilment.RateOf{{Contract: contractID(), Party: bank()}, ofSchool(), {}})
	if err != nil || !slices.Equal(got, []fulfilment.Share{{}, {Due: 2, Earned: 2}, {}}) {
		t.Errorf("got %s, %v", fmt.Sprint(got), err)
	}
}
