package fulfilment_test

import (
	"context"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// states are the states of all fulfilments by day.
func (w *world) states(t failer) map[scalar.Date]fulfilment.Status {
	t.Helper()
	out := map[scalar.Date]fulfilment.Status{}
	for _, f := range w.all(t) {
		out[f.DueOn] = f.Status
	}
	return out
}

func TestWhatIsDueRestsWithItsContractAndWhatFellIntoTheRestCountsForNothing(t *testing.T) {
	w := open(t)
	p := promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=10"), func(p *contract.Promise) { p.StartsOn = new(scalar.Date("2026-03-10")) })
	w.tells(t, contract.Active, p)
	w.goTo("2026-03-20", "12:00")
	w.tick(t) // March is overdue; April and May are in sight, June is not
	w.suspends(t, p)
	f := w.all(t)
	if got := w.states(t); got["2026-03-10"] != fulfilment.Overdue || got["2026-04-10"] != fulfilment.Suspended || got["2026-05-10"] != fulfilment.Suspended {
		t.Fatalf("%v", got)
	}
	if _, err := w.report(as(liaison), f[1]); !fault.Is(err, fulfilment.CodeWrongState) {
		t.Errorf("reported at rest: %v", err)
	}
	if _, err := w.waive(as(secretary), f[1]); !fault.Is(err, fulfilment.CodeWrongState) {
		t.Errorf("waived at rest: %v", err)
	}
	w.goTo("2026-07-05", "12:00")
	w.tick(t)
	if got := w.states(t); got["2026-04-10"] != fulfilment.Suspended || len(got) != len(f) {
		t.Fatalf("at rest it lapsed, or new days came into sight: %v", got)
	}
	w.resumes(t, p)
	w.tick(t)
	got := w.states(t)
	for day, want := range map[scalar.Date]fulfilment.Status{
		"2026-03-10": fulfilment.Overdue, "2026-04-10": fulfilment.Closed, "2026-05-10": fulfilment.Closed,
		"2026-07-10": fulfilment.Due, "2026-08-10": fulfilment.Due,
	} {
		if got[day] != want {
			t.Errorf("%s is %q, want %s", day, got[day], want)
		}
	}
	if june, planned := got["2026-06-10"]; planned && june != fulfilment.Closed {
		t.Errorf("a day inside the rest is %s", june)
	}
	if rate := w.share(t); rate.Due != 2 || rate.Earned != 0 {
		t.Errorf("only March counts: %+v", rate)
	}
}

func TestADayThatEndsAfterTheRestIsDueAgain(t *testing.T) {
	w := open(t)
	p := promise("m1", due("2026-03-10"))
	w.tells(t, contract.Active, p)
	w.goTo("2026-03-05", "12:00")
	w.suspends(t, p)
	w.goTo("2026-03-10", "18:00")
	w.resumes(t, p)
	f := w.one(t)
	if f.Status != fulfilment.Due || f.WakeAt == nil {
		t.Fatalf("%+v", f)
	}
	w.goTo("2026-03-11", "00:00")
	if w.tick(t); w.one(t).Status != fulfilment.Overdue {
		t.Fatalf("%s", w.one(t).Status)
	}
}

// The day passed, and the server noticed, before it heard that the contract rested.
func TestLateNewsOfARestUndoWhatTimeDid(t *testing.T) {
	w := open(t)
	p := promise("m1", due("2026-03-10"))
	w.tells(t, contract.Active, p)
	w.goTo("2026-03-09", "12:00")
	w.pauses = []contract.Pause{{From: w.today()}}
	w.goTo("2026-03-12", "12:00")
	w.tick(t)
	if w.share(t).Due != 2 || w.one(t).Status != fulfilment.Overdue {
		t.Fatal("it is not overdue")
	}
	w.tells(t, contract.Suspended, p)
	if f := w.one(t); f.Status != fulfilment.Suspended || f.Late || w.share(t).Due != 0 {
		t.Fatalf("%+v", f)
	}
}

func TestARestThatLastsToTheEndClosesWhatRested(t *testing.T) {
	for _, s := range []contract.Status{contract.Expired, contract.Terminated} {
		w := open(t)
		p := promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"))
		w.tells(t, contract.Active, p)
		w.suspends(t, p)
		w.goTo("2027-03-01", "00:00")
		w.rested()
		w.tells(t, s, p)
		w.tick(t)
		for day, got := range w.states(t) {
			if got != fulfilment.Closed {
				t.Errorf("%s: %s is %s", s, day, got)
			}
		}
		if got := w.share(t); got.Due != 0 {
			t.Errorf("%s: %+v", s, got)
		}
	}
}

func TestWhoExitsOwesWhatWasDueBefore(t *testing.T) {
	w := open(t)
	p := promise("m1", rhythm("FREQ=WEEKLY;COUNT=4")) // the 1st, 8th, 15th and 22nd
	w.tells(t, contract.Active, p)
	w.goTo("2026-03-15", "08:00")
	w.tick(t)
	early := must(t)(w.report(as(liaison), w.all(t)[3]))
	w.exits(t, contract.Active, school(), p)
	got := w.states(t)
	if got["2026-03-01"] != fulfilment.Overdue || got["2026-03-08"] != fulfilment.Overdue || got["2026-03-15"] != fulfilment.Closed || got[early.DueOn] != fulfilment.Reported {
		t.Fatalf("%v", got)
	}
	f := must(t)(w.report(as(liaison), w.all(t)[0])) // what it owes it can still do
	if f = must(t)(w.accept(as(secretary), f)); f.Status != fulfilment.Accepted || !f.Late {
		t.Errorf("%+v", f)
	}
}

func TestAReceiverThatExitsIsDroppedFromWhatIsToCome(t *testing.T) {
	w := open(t)
	p, alone := promise("m1", rhythm("FREQ=WEEKLY;COUNT=3"), toBoth), promise("m2", rhythm("FREQ=WEEKLY;COUNT=3"), func(p *contract.Promise) { p.Receivers = []id.Organisation{bank()} })
	w.tells(t, contract.Active, p, alone)
	w.goTo("2026-03-15", "08:00")
	w.tick(t)
	for _, f := range w.all(t) {
		if f.DueOn == "2026-03-15" && len(f.Receivers) == 2 {
			if f = must(t)(w.waive(as(secretary), f)); f.Status != fulfilment.Due {
				t.Fatalf("waived by one of two: %s", f.Status)
			}
		}
	}
	w.exits(t, contract.Active, bank(), p, alone)
	for _, f := range w.all(t) {
		switch {
		case f.DueOn < "2026-03-15":
			if f.Status != fulfilment.Overdue || !slices.Contains(f.Receivers, bank()) {
				t.Errorf("%s: %s for %v", f.DueOn, f.Status, f.Receivers)
			}
		case f.Commitment == alone.ID:
			if f.Status != fulfilment.Closed {
				t.Errorf("to nobody: %s", f.Status)
			}
		case f.Status != fulfilment.Waived || !slices.Equal(f.Receivers, []id.Organisation{community()}):
			t.Errorf("the one that remains does without: %s for %v", f.Status, f.Receivers)
		}
	}
}

func TestWhoHasExitedReadsWhatWasDueWhileItWasThere(t *testing.T) {
	w := open(t)
	p := promise("m1", rhythm("FREQ=WEEKLY;COUNT=4")) // between the school and the community
	w.tells(t, contract.Active, p)
	w.goTo("2026-03-10", "08:00")
	w.tick(t)
	w.exits(t, contract.Active, bank(), p)
	w.tells(t, contract.Active, p, promise("m2", due("2026-05-01"))) // planned afterwards
	args := firstPage()
	seen, err := w.Fulfilments(as(banker), nil, nil, args)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, days(seen.Nodes()), "2026-03-01", "2026-03-08")
	for _, f := range w.all(t) {
		_, err := w.Fulfilment(as(banker), f.ID)
		if (err == nil) != (f.DueOn < "2026-03-10") {
			t.Errorf("%s: %v", f.DueOn, err)
		}
	}
	plans, err := w.Commitments(as(banker), nil, nil, args)
	if err != nil || len(plans.Edges) != 2 {
		t.Errorf("%v: %d commitments", err, len(plans.Edges))
	}
}

func TestEveryReceiverConsentsToAWaiver(t *testing.T) {
	w := open(t)
	w.tells(t, contract.Active, promise("m1", due("2026-03-10"), toBoth))
	f := w.one(t)
	if _, err := w.waive(as(liaison), f); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("by the provider: %v", err)
	}
	if _, err := w.waive(as(everybody), f); !fault.Is(err, fulfilment.CodeOwnDebt) {
		t.Errorf("by the provider's people in the receiver's name: %v", err)
	}
	f = must(t)(w.waive(as(secretary), f))
	if f.Status != fulfilment.Due || len(f.Waivers) != 1 {
		t.Fatalf("%+v", f)
	}
	if _, err := w.waive(as(secretary), f); !fault.Is(err, fulfilment.CodeAlreadyWaived) {
		t.Errorf("twice: %v", err)
	}
	w.goTo("2026-03-11", "00:00")
	w.tick(t)
	if got := w.share(t); got.Due != 2 {
		t.Fatalf("overdue, it counts: %+v", got)
	}
	f = must(t)(w.waive(as(banker), w.one(t)))
	if f.Status != fulfilment.Waived || w.share(t).Due != 0 {
		t.Fatalf("%+v", f)
	}
	var what []string
	for _, e := range w.heard {
		what = append(what, e.Type)
	}
	want := []string{fulfilment.ToldPlanned, fulfilment.ToldWaiverAgreed, fulfilment.ToldOverdue, fulfilment.ToldWaived}
	if !slices.Equal(what, want) {
		t.Errorf("told %v", what)
	}
}

func TestWhatIsUndoneIsCounted(t *testing.T) {
	w := open(t)
	ask := func(version int, promised ...contract.Promise) int {
		t.Helper()
		ids := make([]id.Commitment, len(promised))
		for i, p := range promised {
			ids[i] = p.ID
		}
		n, examples, err := w.Undone(context.Background(), contractID(), version, ids)
		if err != nil || (n > 0) != (len(examples) > 0) || len(examples) > 5 {
			t.Fatalf("%d, %v, %v", n, examples, err)
		}
		return n
	}
	p := promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=10"))
	if n := ask(1, p); n != 1 {
		t.Errorf("nothing is heard of it yet: %d", n)
	}
	w.tells(t, contract.Signed, p)
	if n := ask(1, p); n != 12 {
		t.Errorf("no day is in sight yet: %d", n)
	}
	w.tells(t, contract.Active, p)
	if n := ask(1, p); n != 12 {
		t.Errorf("some are due, the others to come: %d", n)
	}
	if n := ask(2, p); n != 13 {
		t.Errorf("the text has changed since: %d", n)
	}
	f := must(t)(w.report(as(liaison), w.all(t)[0]))
	if n := ask(1, p); n != 12 {
		t.Errorf("reported is not done: %d", n)
	}
	must(t)(w.accept(as(secretary), f))
	must(t)(w.waive(as(secretary), w.all(t)[1]))
	if n := ask(1, p); n != 10 {
		t.Errorf("one is accepted, one waived: %d", n)
	}
	w.exits(t, contract.Active, school(), p)
	if n := ask(1, p); n != 0 {
		t.Errorf("who promised has left: %d", n)
	}
}

func TestTheProgramItselfActsForNobodyInAParty(t *testing.T) {
	w, f := in(t, fulfilment.Due)
	if got := w.AllowedActions(authz.With(t.Context(), authz.Actor{}), f); len(got) != 0 {
		t.Errorf("nobody may %v", got)
	}
}

func firstPage() page.Args { return page.Args{First: new(100)} }
