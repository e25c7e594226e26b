package app_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// none stands for a rate of which nothing was due.
const none = -1

// rate checks a party's rate of fulfilment, as the events have added it up and as it is counted anew.
func (h *house) rate(c id.Contract, party id.Organisation, want float64) {
	h.t.Helper()
	h.settle()
	of := fulfilment.RateOf{Contract: c, Party: party}
	told, err := h.Fulfilments.Rates(h.system(), []fulfilment.RateOf{of})
	must(h.t, err)
	counted, err := h.Fulfilments.Recount(h.system(), of)
	must(h.t, err)
	equal(h.t, "share, by events and counted anew", told[0], counted)
	got := float64(none)
	if r := told[0].Rate(); r != nil {
		got = *r
	}
	equal(h.t, "rate", got, want)
}

func TestADisputeIsResolvedByBothSidesOrFromAboveAndTheRateFollows(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			unit, teacher := w.units[0], w.liaisons[0]
			const day = "2026-03-10"
			in := w.text("2026-03-02", "2026-12-31",
				w.once(day, 1), w.once(day, 2), w.once(day, 3), w.once(day, 4), w.once(day, 5))
			c := h.active(w, in).ID
			f := map[int]id.Fulfilment{} // by weight
			for _, x := range h.fulfilments(c) {
				f[x.Weight] = x.ID
			}
			h.rate(c, unit, none)

			for _, weight := range []int{1, 2, 3, 4} {
				h.does(h.report(teacher, f[weight]))
			}
			_, err := h.accept(teacher, f[1])
			refused(t, err, fault.CodeForbidden)
			h.does(h.accept(w.secretary, f[1]))
			h.rate(c, unit, 1) // of the only one that counts yet
			for _, weight := range []int{2, 3, 4} {
				equal(t, "disputed", h.does(h.dispute(w.secretary, f[weight])).Status, fulfilment.Disputed)
			}
			h.rate(c, unit, 1)

			h.at("2026-03-11T00:00:00+08:00")
			h.rate(c, unit, 0.0667) // 1 of 15: what is disputed has earned nothing, what is unreported is overdue
			h.does(h.report(teacher, f[5]))
			h.rate(c, unit, 0.0667)
			h.does(h.accept(w.secretary, f[5]))
			h.rate(c, unit, 0.2333) // and half of 5

			both := func(weight int, provider, receiver fulfilment.Outcome) *fulfilment.Fulfilment {
				h.does(h.resolve(teacher, f[weight], provider, nil))
				return h.does(h.resolve(w.secretary, f[weight], receiver, nil))
			}
			equal(t, "of two minds", both(2, fulfilment.Kept, fulfilment.NotKept).Status, fulfilment.Disputed)
			h.rate(c, unit, 0.2333)
			equal(t, "of one mind", both(2, fulfilment.Partly, fulfilment.Partly).Status, fulfilment.Resolved)
			h.rate(c, unit, 0.3) // and half of 2

			_, err = h.resolve(w.southern, f[3], fulfilment.Kept, new("另一街道"))
			refused(t, err, fault.CodeNotFound)
			_, err = h.resolve(w.auditor, f[3], fulfilment.Kept, new("旁观"))
			refused(t, err, fault.CodeForbidden)
			_, err = h.resolve(w.northern, f[3], fulfilment.Kept, nil)
			refused(t, err, fault.CodeRequired)
			got := h.does(h.resolve(w.northern, f[3], fulfilment.Kept, new("门卫可以作证")))
			if got.Resolution == nil || got.Resolution.Body == nil || *got.Resolution.Body != w.north {
				t.Fatalf("resolved by %+v", got.Resolution)
			}
			h.rate(c, unit, 0.5) // and 3
			h.does(h.resolve(w.chief, f[4], fulfilment.NotKept, new("没有人来过")))
			h.rate(c, unit, 0.5)
			h.rate(c, w.community, none) // it has promised nothing
		})
	}
}
