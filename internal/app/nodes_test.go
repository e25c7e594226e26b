package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// run has nodes do their background work, and a second pass every few milliseconds, until the function it returns is
// called.
func run(t *testing.T, nodes ...*house) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			nodes[0].clock.add(time.Second)
			time.Sleep(5 * time.Millisecond)
		}
	})
	for _, n := range nodes {
		wg.Go(func() {
			if err := n.Run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// Three months pass, six hours at a time, which is far more than a lease lasts, so that the nodes take each other's work
// all the time. Meanwhile the people of the town say to the fulfilments what there is to be said.
func TestTwoNodesDoEverythingAndNothingTwice(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			w := h.town(2)
			const first, last = scalar.Date("2026-03-05"), scalar.Date("2026-05-31")
			in := w.text(first, last, w.rhythm("FREQ=WEEKLY"), w.rhythm("FREQ=MONTHLY;BYMONTHDAY=-1"))
			c := h.signed(w, in).ID
			beyond := h.signed(w, w.text("2026-03-02", "2026-12-31", w.rhythm("FREQ=WEEKLY;BYDAY=MO"))).ID

			hours := 24 * 92
			if testing.Short() {
				hours = 24 * 30
			}
			stop := run(t, h, second)
			for i := 0; i < hours; i += 6 {
				h.clock.add(6 * time.Hour)
				time.Sleep(5 * time.Millisecond)
				if i%48 == 0 {
					h.settle() // however slow the machine is, what is due by now is there to be answered
					h.answer(w, c, second)
				}
			}
			h.settle()
			stop()
			h.clock.add(time.Minute)
			second.settle()

			if !testing.Short() {
				fs := h.fulfilments(c)
				days(t, fs, append(weeks(first, 13), "2026-03-31", "2026-04-30", "2026-05-31")...)
				equal(t, "state", h.contract(c).Status, contract.Expired)
				states := map[fulfilment.Status]int{}
				for _, f := range fs {
					states[f.Status]++
				}
				for _, one := range []fulfilment.Status{fulfilment.Accepted, fulfilment.Resolved, fulfilment.Overdue} {
					if states[one] == 0 {
						t.Errorf("none is %s: %v", one, states)
					}
				}
			}
			h.onceOnly(c, w.units[0], w.community)
			h.onceOnly(beyond, w.units[0], w.community)
		})
	}
}

// answer reports what is due, accepts and disputes by turns what is reported, on one node or the other.
func (h *house) answer(w *town, c id.Contract, other *house) {
	h.t.Helper()
	for i, f := range h.fulfilments(c) {
		node := []*house{h, other}[i%2]
		var err error
		switch {
		case f.DueOn > scalar.DateOf(h.clock.now(), time.UTC).AddDays(7) || i%4 == 3:
		case f.Status == fulfilment.Due || f.Status == fulfilment.Overdue:
			_, err = node.report(w.liaisons[0], f.ID)
		case f.Status == fulfilment.Reported && i%4 == 0:
			_, err = node.accept(w.secretary, f.ID)
		case f.Status == fulfilment.Reported && i%4 == 1:
			_, err = node.dispute(w.secretary, f.ID)
		case f.Status == fulfilment.Disputed:
			_, err = node.resolve(w.chief, f.ID, fulfilment.Outcomes()[i%3], new("如实"))
		}
		if err != nil { // time may have been faster
			h.t.Logf("%s on %s: %v", f.Status, f.DueOn, err)
		}
	}
}

// onceOnly checks that all which is bound to happen to a contract and its fulfilments has happened, and only once, and
// that the parties' shares are what they are counted to be.
func (h *house) onceOnly(c id.Contract, parties ...id.Organisation) {
	h.t.Helper()
	is, life := h.contract(c), told(h.story(string(c)))
	expired := 0
	if is.Status == contract.Expired {
		expired = 1
	}
	for what, n := range map[string]int{contract.ToldSealed: 1, contract.ToldActivated: 1, contract.ToldExpired: expired} {
		equal(h.t, what, life[what], n)
	}
	now := h.clock.now()
	for _, f := range h.fulfilments(c) {
		did := told(h.story(string(f.ID)))
		what := fmt.Sprintf("%s, %s: %v", f.DueOn, f.Status, did)
		equal(h.t, what+": planned", did[fulfilment.ToldPlanned], 1)
		if did[fulfilment.ToldOverdue] > 1 || did[fulfilment.ToldReported] > 1 || did[fulfilment.ToldAccepted] > 1 || did[fulfilment.ToldResolved] > 1 {
			h.t.Fatalf("done twice: %s", what)
		}
		equal(h.t, what+": accepted", f.Status == fulfilment.Accepted, did[fulfilment.ToldAccepted] == 1)
		equal(h.t, what+": reported", f.Report != nil, did[fulfilment.ToldReported] == 1)
		if f.WakeAt != nil && !f.WakeAt.After(now) {
			h.t.Fatalf("left undone at %v: %s", now, what)
		}
		if len(f.Outbox) > 0 {
			h.t.Fatalf("left untold: %s", what)
		}
	}
	for _, p := range parties {
		of := fulfilment.RateOf{Contract: c, Party: p}
		told, err := h.Fulfilments.Rates(h.system(), []fulfilment.RateOf{of})
		must(h.t, err)
		counted, err := h.Fulfilments.Recount(h.system(), of)
		must(h.t, err)
		equal(h.t, "share of "+string(p), told[0], counted)
	}
}
