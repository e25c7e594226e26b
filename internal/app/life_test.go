package app_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// together has everybody take a step of a contract.
func (h *house) together(w *town, c id.Contract, do func(who id.Person, in contract.TogetherInput) error) {
	h.t.Helper()
	for _, who := range append([]id.Person{w.secretary}, w.liaisons...) {
		must(h.t, do(who, contract.TogetherInput{StepInput: step(h.contract(c)), Reason: new("双方商定")}))
	}
	h.settle()
}

func (h *house) states(c id.Contract) map[fulfilment.Status]int {
	h.t.Helper()
	out := map[fulfilment.Status]int{}
	for _, f := range h.fulfilments(c) {
		out[f.Status]++
	}
	return out
}

func TestAContractRestsAndGoesOnWithWhatWasPromisedInIt(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.rhythm("FREQ=WEEKLY;BYDAY=MO"))).ID
			h.at("2026-03-20T12:00:00+08:00")
			h.together(w, c, func(who id.Person, in contract.TogetherInput) error {
				_, err := h.Contracts.Suspend(h.as(who), contract.SuspendInput{TogetherInput: in})
				return err
			})
			equal(t, "state", h.contract(c).Status, contract.Suspended)
			got := h.states(c)
			equal(t, "overdue before", got[fulfilment.Overdue], 3)
			equal(t, "due at rest", got[fulfilment.Due], 0)
			h.at("2026-09-01T12:00:00+08:00")
			equal(t, "nothing new at rest", len(h.fulfilments(c)), got[fulfilment.Overdue]+got[fulfilment.Suspended])
			h.together(w, c, func(who id.Person, in contract.TogetherInput) error {
				_, err := h.Contracts.Resume(h.as(who), contract.ResumeInput{TogetherInput: in})
				return err
			})
			for _, f := range h.fulfilments(c) {
				want := fulfilment.Due
				switch {
				case f.DueOn < "2026-03-20":
					want = fulfilment.Overdue
				case f.DueOn < "2026-09-01":
					want = fulfilment.Closed
				}
				equal(t, string(f.DueOn), f.Status, want)
			}
			h.rate(c, w.units[0], 0) // of three
		})
	}
}

func TestOfThreeOneExitsAndTheContractIsCompletedWithoutIt(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-10", 1), w.once("2026-06-10", 1))).ID
			complete := func() error {
				_, err := h.Contracts.Complete(h.as(w.secretary), contract.CompleteInput{StepInput: step(h.contract(c))})
				return err
			}
			refused(t, complete(), contract.CodeStillOpen)
			_, err := h.Contracts.GiveNotice(h.as(w.liaisons[0]), contract.NoticeInput{StepInput: step(h.contract(c)), Reason: "校区搬迁"})
			must(t, err)
			h.does(h.report(w.liaisons[0], h.fulfilments(c)[0].ID))
			h.does(h.accept(w.secretary, h.fulfilments(c)[0].ID))

			h.clock.set(instant(t, "2026-04-01T00:00:00+08:00"))
			stop := run(t, h, second)
			h.settle()
			stop()
			h.clock.add(time.Minute)
			h.settle()
			is := h.contract(c)
			equal(t, "state", is.Status, contract.Active)
			equal(t, "exited", is.Party(w.units[0]).State, contract.Exited)
			equal(t, "told", told(h.story(string(c)))[contract.ToldExited], 1)
			got := h.states(c)
			equal(t, "kept and closed", got[fulfilment.Accepted]*10+got[fulfilment.Closed], 11)

			_, err = h.Contracts.Contract(h.as(w.liaisons[0]), c)
			must(t, err)
			_, err = h.Contracts.GiveNotice(h.as(w.liaisons[0]), contract.NoticeInput{StepInput: step(is), Reason: "x"})
			refused(t, err, fault.CodeForbidden)
			must(t, complete())
			h.at("2026-04-09T00:00:00+08:00")
			equal(t, "state", h.contract(c).Status, contract.Completed)
			h.rate(c, w.units[0], 1)
		})
	}
}

func TestOfAllWhoRenewAtOnceOneDoes(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			nodes := []*house{h, h.another(s.node())}
			w := h.town(3)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-10", 1)))
			people := append([]id.Person{w.secretary}, w.liaisons...)
			made := make([]*contract.Contract, 8)
			var wg sync.WaitGroup
			for i := range made {
				wg.Go(func() {
					n := nodes[i%2]
					var err error
					if made[i], err = n.Contracts.Renew(n.as(people[i%len(people)]), contract.RenewInput{ID: c.ID}); err != nil && !fault.Is(err, contract.CodeAlreadyRenewed) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			made = slices.DeleteFunc(made, func(c *contract.Contract) bool { return c == nil })
			equal(t, "made", len(made), 1)
			next, err := h.Contracts.Successors(h.system(), []id.Contract{c.ID})
			must(t, err)
			equal(t, "successor", next[0].ID, made[0].ID)
		})
	}
}
