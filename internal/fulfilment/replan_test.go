package fulfilment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// amended is the event of a text that holds from a day on.
func amended(version int, from scalar.Date, promises ...contract.Promise) contract.Snapshot {
	s := told(contract.Active, promises...)
	s.TextVersion, s.TextFrom = version, &from
	return s
}

func by(o id.Organisation) func(*contract.Promise) {
	return func(p *contract.Promise) { p.Provider = o }
}

func proved(p *contract.Promise) { p.Evidence = []contract.EvidenceKind{contract.Photo} }

// outcomes are the fulfilments' states by commitment and day.
func (w *world) outcomes(t failer) map[string]fulfilment.Status {
	t.Helper()
	out := map[string]fulfilment.Status{}
	for _, f := range w.all(t) {
		_, key, _ := id.Whole[id.Contract](string(f.Commitment), id.KindContract)
		out[key+" "+string(f.DueOn)] = f.Status
	}
	return out
}

func wants(t *testing.T, got, want map[string]fulfilment.Status) {
	t.Helper()
	for k, s := range want {
		if got[k] != s {
			t.Errorf("%s is %q, not %q", k, got[k], s)
		}
	}
	for k, s := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("there is %s, %s", k, s)
		}
	}
}

func TestAnAmendmentPlansAnewFromItsFirstDayAndKeepsWhatWas(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=WEEKLY;COUNT=6")), promise("m2", due("2026-04-20"))))
	all := w.all(t)
	must(t)(w.report(as(liaison), all[1])) // a week ahead
	before := days(all)
	from := all[1].DueOn
	next := all[2].DueOn.AddDays(1)
	w.hear(t, amended(2, from, promise("m1", due(next)), promise("m3", due("2026-05-01"))))
	want := map[string]fulfilment.Status{
		"m1 " + string(before[0]): fulfilment.Due, "m1 " + string(before[1]): fulfilment.Reported,
		"m1 " + string(next): fulfilment.Due, "m2 2026-04-20": fulfilment.Closed, "m3 2026-05-01": fulfilment.Due,
	}
	for _, f := range all[2:] {
		if f.DueOn != "2026-04-20" {
			want["m1 "+string(f.DueOn)] = fulfilment.Closed
		}
	}
	wants(t, w.outcomes(t), want)
}

func TestAnotherUnitOfMeasureReachesWhatIsOpenFromTheFirstDayOn(t *testing.T) {
	in := func(unit string) func(*contract.Promise) { return func(p *contract.Promise) { p.Unit = unit } }
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), in("场"))))
	all := w.all(t)
	w.hear(t, amended(2, all[1].DueOn, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), in("人次"))))
	for i, f := range w.all(t) {
		if want := []string{"场", "人次", "人次"}[i]; f.Unit != want {
			t.Errorf("what is due on %s is counted in %s", f.DueOn, f.Unit)
		}
	}
}

func TestTermsOfOpenOnesChangeInPlaceFromTheFirstDayOn(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"))))
	all := w.all(t)
	w.hear(t, amended(2, all[1].DueOn, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), weighs(7), toBoth, proved)))
	is := w.all(t)
	if len(is) != 3 || is[0].Weight != 1 || len(is[0].Receivers) != 1 {
		t.Fatalf("what was due before has changed: %+v", is[0])
	}
	for i, f := range is[1:] {
		if f.ID != all[i+1].ID || f.Weight != 7 || len(f.Receivers) != 2 || len(f.EvidenceRequired) != 1 || f.Status != fulfilment.Due {
			t.Errorf("it is %+v", f)
		}
	}
	seen := len(w.heard)
	w.hear(t, amended(2, all[1].DueOn, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), weighs(7), toBoth, proved)))
	w.share(t)
	for i, f := range w.all(t) {
		if f.Version != is[i].Version {
			t.Errorf("hearing it twice changed %s (%d events before)", f.ID, seen)
		}
	}
}

func TestADayThatComesBackIsDueAgainAndAnotherClosedOneIsNot(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-04-10")), promise("m2", due("2026-04-10"))))
	w.hear(t, amended(2, "2026-03-20", promise("m1", due("2026-04-15"))))
	wants(t, w.outcomes(t), map[string]fulfilment.Status{
		"m1 2026-04-10": fulfilment.Closed, "m1 2026-04-15": fulfilment.Due, "m2 2026-04-10": fulfilment.Closed,
	})
	w.hear(t, amended(3, "2026-03-25", promise("m1", due("2026-04-10"), weighs(5)), promise("m2", due("2026-04-10"))))
	wants(t, w.outcomes(t), map[string]fulfilment.Status{
		"m1 2026-04-10": fulfilment.Due, "m1 2026-04-15": fulfilment.Closed, "m2 2026-04-10": fulfilment.Due,
	})
	for _, f := range w.all(t) {
		if f.DueOn == "2026-04-10" && f.Commitment == promise("m1").ID && f.Weight != 5 {
			t.Errorf("it came back with weight %d", f.Weight)
		}
	}
	exit := amended(3, "2026-03-25", promise("m1", due("2026-04-10"), weighs(5)), promise("m2", due("2026-04-10")))
	exit.Exits = []contract.Exit{{Organisation: school(), On: "2026-04-01"}}
	w.hear(t, exit)
	again := amended(4, "2026-03-26", promise("m1", due("2026-04-10")), promise("m2", due("2026-04-10"), by(bank())))
	again.Exits = exit.Exits
	w.hear(t, again)
	for _, f := range w.all(t) {
		if f.Status != fulfilment.Closed {
			t.Errorf("what closed with its provider's exit is %s", f.Status)
		}
	}
}

func TestAnotherProviderBeginsAnewAndTheRatesKeepThemApart(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"))))
	all := w.all(t)
	w.hear(t, amended(2, all[1].DueOn, promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), by(bank()))))
	if f := w.all(t)[1]; f.Provider != bank() || f.Status != fulfilment.Due {
		t.Fatalf("it is %s by %s", f.Status, f.Provider)
	}
	must(t)(w.report(as(banker), w.all(t)[1]))
	w.wait(40 * 24 * time.Hour)
	w.tick(t)
	w.tick(t)
	w.share(t)
	for of, want := range map[id.Organisation]fulfilment.Share{school(): {Due: 2}, bank(): {Due: 4, Earned: 2}} {
		w.sameRate(t, of, want)
	}
}

// sameRate checks that a party's rate is the same by every way of counting.
func (w *world) sameRate(t failer, party id.Organisation, want ...fulfilment.Share) {
	t.Helper()
	of := fulfilment.RateOf{Contract: contractID(), Party: party}
	counted, err := w.Recount(as(nobody), of)
	if err != nil {
		t.Fatalf("recount: %v", err)
	}
	added, err := w.Rates(as(nobody), []fulfilment.RateOf{of})
	if err != nil {
		t.Fatalf("rates: %v", err)
	}
	if counted != added[0] || len(want) > 0 && counted != want[0] {
		t.Fatalf("%s: counted %+v, added up %+v, want %+v", party, counted, added[0], want)
	}
}

func TestACommitmentTakenOutOrInAndALastDayMovedFollowTheText(t *testing.T) {
	w := open(t)
	first := told(contract.Active, promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=10")))
	first.EndsOn = "2026-05-31"
	w.hear(t, first)
	wants(t, w.outcomes(t), map[string]fulfilment.Status{
		"m1 2026-03-10": fulfilment.Due, "m1 2026-04-10": fulfilment.Due, "m1 2026-05-10": fulfilment.Due,
	})
	short := amended(2, "2026-03-15", promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=10")))
	short.EndsOn = "2026-04-30"
	w.hear(t, short)
	long := amended(3, "2026-03-20", promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=10")), promise("m2", rhythm("FREQ=MONTHLY;BYMONTHDAY=1")))
	long.EndsOn = "2026-06-30"
	wants(t, w.outcomes(t), map[string]fulfilment.Status{
		"m1 2026-03-10": fulfilment.Due, "m1 2026-04-10": fulfilment.Due, "m1 2026-05-10": fulfilment.Closed,
	})
	w.hear(t, long)
	w.wait(30 * 24 * time.Hour)
	w.tick(t)
	got := w.outcomes(t)
	for _, k := range []string{"m1 2026-05-10", "m1 2026-06-10", "m2 2026-04-01", "m2 2026-06-01"} {
		if got[k] != fulfilment.Due && got[k] != fulfilment.Overdue {
			t.Errorf("%s is %q", k, got[k])
		}
	}
	if _, ok := got["m2 2026-03-01"]; ok {
		t.Error("a new commitment was planned before its text held")
	}
}

func TestARestingContractIsPlannedAnewAtRest(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-04-10"))))
	rests := func(s contract.Snapshot) contract.Snapshot {
		s.Status, s.Pauses = contract.Suspended, []contract.Pause{{From: "2026-03-05"}}
		return s
	}
	w.hear(t, rests(told(contract.Active, promise("m1", due("2026-04-10")))))
	w.hear(t, rests(amended(2, "2026-03-10", promise("m1", due("2026-04-20")))))
	back := amended(2, "2026-03-10", promise("m1", due("2026-04-20")))
	back.Pauses = []contract.Pause{{From: "2026-03-05", Until: new(scalar.Date("2026-03-12"))}}
	w.hear(t, back)
	w.tick(t)
	wants(t, w.outcomes(t), map[string]fulfilment.Status{"m1 2026-04-10": fulfilment.Closed, "m1 2026-04-20": fulfilment.Due})
}

// Whatever amendments do, in whatever mix with what people and time do: what was due before an amendment's first day and
// what was reported stays as it was, the days to come are the text's, and both ways of counting agree.
func TestWhateverIsAmendedTheRatesAgreeAndHistoryStays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		rules := []string{"FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY;INTERVAL=2;COUNT=4", "FREQ=DAILY;INTERVAL=9;COUNT=5"}
		draw := func(n int) []contract.Promise {
			var out []contract.Promise
			for _, key := range []string{"m1", "m2", "m3"} {
				if !rapid.Bool().Draw(rt, fmt.Sprintf("%s in %d", key, n)) && (key != "m1" || n > 1) {
					continue
				}
				who := rapid.SampledFrom([]id.Organisation{school(), bank()}).Draw(rt, "provider")
				out = append(out, promise(key, rhythm(rapid.SampledFrom(rules).Draw(rt, "rule")), weighs(rapid.IntRange(1, 9).Draw(rt, "weight")), by(who)))
			}
			return out
		}
		w.hear(rt, told(contract.Active, draw(1)...))
		for n := 2; n < 4; n++ {
			w.lives(rt)
			was := w.all(rt)
			from := scalar.DateOf(w.now(), time.UTC).AddDays(rapid.IntRange(0, 3).Draw(rt, "late") - 3)
			now := draw(n)
			w.hear(rt, amended(n, max(from, "2026-03-01"), now...))
			w.tick(rt)
			w.kept(rt, was, max(from, "2026-03-01"), now)
			w.share(rt)
			w.sameRate(rt, school())
			w.sameRate(rt, bank())
		}
	})
}

// lives lets time pass and people report and answer.
func (w *world) lives(rt *rapid.T) {
	for range rapid.IntRange(0, 3).Draw(rt, "steps") {
		fs := w.all(rt)
		if len(fs) == 0 {
			return
		}
		f := fs[rapid.IntRange(0, len(fs)-1).Draw(rt, "which")]
		reporter := map[id.Organisation]string{school(): liaison, bank(): banker}[f.Provider]
		switch rapid.IntRange(0, 3).Draw(rt, "what") {
		case 0, 1:
			if f.Status == fulfilment.Due || f.Status == fulfilment.Overdue {
				must(rt)(w.report(as(reporter), f))
			}
		case 2:
			if f.Status == fulfilment.Reported {
				must(rt)(w.accept(as(secretary), f))
			}
		case 3:
			w.wait(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
			w.tick(rt)
		}
	}
}

// kept checks what an amendment has made of the fulfilments that there were.
func (w *world) kept(rt *rapid.T, was []*fulfilment.Fulfilment, from scalar.Date, now []contract.Promise) {
	rt.Helper()
	is := map[id.Fulfilment]*fulfilment.Fulfilment{}
	for _, f := range w.all(rt) {
		is[f.ID] = f
	}
	for _, f := range was {
		after := is[f.ID]
		open := f.Status == fulfilment.Due || f.Status == fulfilment.Overdue
		i := slices.IndexFunc(now, func(p contract.Promise) bool { return p.ID == f.Commitment })
		switch {
		case f.DueOn < from && after.Provider == f.Provider && after.Weight == f.Weight:
		case f.DueOn < from:
			rt.Fatalf("%s, due before, has other terms", f.ID)
		case !open && f.Status != fulfilment.Closed && after.Status != f.Status:
			rt.Fatalf("%s was %s and is %s", f.ID, f.Status, after.Status)
		case open && i < 0 && after.Status != fulfilment.Closed:
			rt.Fatalf("%s is in no text and is %s", f.ID, after.Status)
		case open && i >= 0 && after.Status != fulfilment.Closed && (after.Provider != now[i].Provider || after.Weight != now[i].Weight):
			rt.Fatalf("%s goes by an old text", f.ID)
		}
	}
}
