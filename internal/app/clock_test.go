package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// moment is the least by which the clock is moved: the store keeps time to the millisecond.
const moment = time.Millisecond

// turn is when a contract changes its state by itself.
type turn struct {
	contract id.Contract
	zone     string
	at       time.Time
	from, to contract.Status
}

func TestAContractIsInForceFromTheFirstMomentOfItsFirstDayToTheLastOfItsLast(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			var turns []turn
			for _, c := range []struct {
				zone         string
				first, last  scalar.Date
				begins, ends string
			}{
				{"Asia/Shanghai", "2026-04-01", "2026-04-30", "2026-03-31T16:00:00Z", "2026-04-30T16:00:00Z"},
				// Clocks go forward on the first of these days, and back on the last, which has 25 hours.
				{"Europe/Berlin", "2026-03-29", "2026-10-25", "2026-03-28T23:00:00Z", "2026-10-25T23:00:00Z"},
				{"Europe/Berlin", "2026-03-30", "2026-10-24", "2026-03-29T22:00:00Z", "2026-10-24T22:00:00Z"},
				// This day has no midnight, and the day after the last one has two.
				{"America/Havana", "2026-03-08", "2026-10-31", "2026-03-08T05:00:00Z", "2026-11-01T04:00:00Z"},
				{"Asia/Kolkata", "2027-12-31", "2028-02-28", "2027-12-30T18:30:00Z", "2028-02-28T18:30:00Z"},
				{"Asia/Shanghai", "2028-02-29", "2028-02-29", "2028-02-28T16:00:00Z", "2028-02-29T16:00:00Z"},
			} {
				in := w.text(c.first, c.last)
				in.TimeZone = &c.zone
				is := h.signed(w, in).ID
				turns = append(turns,
					turn{is, c.zone, instant(t, c.begins), contract.Signed, contract.Active},
					turn{is, c.zone, instant(t, c.ends), contract.Active, contract.Expired})
			}
			slices.SortFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
			for _, x := range turns {
				h.clock.set(x.at.Add(-moment))
				h.settle()
				equal(t, x.zone+" a moment before "+x.at.String(), h.contract(x.contract).Status, x.from)
				h.next()
				got := h.contract(x.contract)
				equal(t, x.zone+" at "+x.at.String(), got.Status, x.to)
				at := got.ActiveAt
				if x.to == contract.Expired {
					at = got.EndedAt
				}
				equal(t, "noted", at.UTC(), x.at)
			}
			for _, x := range turns {
				events := told(h.story(string(x.contract)))
				equal(t, "activated", events[contract.ToldActivated], 1)
				equal(t, "expired", events[contract.ToldExpired], 1)
			}
		})
	}
}

func TestOccurrencesArePlannedNinetyDaysAheadAndTheHorizonMovesOnAtMidnight(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			weekly := h.signed(w, w.text("2026-04-01", "2026-09-30", w.rhythm("FREQ=WEEKLY;BYDAY=WE"))).ID
			rare := h.signed(w, w.text("2026-04-01", "2028-03-31",
				w.rhythm("FREQ=MONTHLY;BYMONTHDAY=31"), w.rhythm("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"))).ID
			h.at("2026-03-31T23:59:59.999+08:00")
			equal(t, "planned before it is in force", len(h.fulfilments(weekly))+len(h.fulfilments(rare)), 0)

			h.at("2026-04-01T00:00:00+08:00") // and 90 days are 30 June
			days(t, h.fulfilments(weekly), weeks("2026-04-01", 13)...)
			days(t, h.fulfilments(rare), "2026-05-31")
			h.at("2026-04-01T23:59:59.999+08:00")
			days(t, h.fulfilments(weekly), weeks("2026-04-01", 13)...)
			h.next()
			days(t, h.fulfilments(weekly), weeks("2026-04-01", 14)...)

			h.at("2026-09-30T12:00:00+08:00") // a server that was down for long makes up for it
			days(t, h.fulfilments(weekly), weeks("2026-04-01", 27)...)
			days(t, h.fulfilments(rare), "2026-05-31", "2026-07-31", "2026-08-31", "2026-10-31")

			long := []scalar.Date{
				"2026-05-31", "2026-07-31", "2026-08-31", "2026-10-31", "2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31",
				"2027-07-31", "2027-08-31", "2027-10-31", "2027-12-31", "2028-01-31",
			}
			h.at("2027-11-30T23:59:59.999+08:00")
			days(t, h.fulfilments(rare), long...)
			h.next() // 90 days before the leap day
			days(t, h.fulfilments(rare), slices.Concat(long, []scalar.Date{"2028-02-29"})...)
			h.at("2028-06-01T00:00:00+08:00")
			days(t, h.fulfilments(rare), slices.Concat(long, []scalar.Date{"2028-02-29", "2028-03-31"})...)
			for _, f := range h.fulfilments(rare) {
				equal(t, "unreported "+string(f.DueOn), f.Status, fulfilment.Overdue)
			}
		})
	}
}

func TestWhatIsUnreportedIsOverdueAtMidnightOfTheContractsZone(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			here := h.signed(w, w.text("2026-03-28", "2026-03-30", w.rhythm("FREQ=DAILY"))).ID
			in := w.text("2026-03-28", "2026-03-30", w.rhythm("FREQ=DAILY"))
			in.TimeZone = new("Europe/Berlin") // where the 29th has 23 hours
			there := h.signed(w, in).ID
			for _, x := range []struct {
				of id.Contract
				on int
				at string
			}{
				{here, 0, "2026-03-28T16:00:00Z"},
				{there, 0, "2026-03-28T23:00:00Z"},
				{here, 1, "2026-03-29T16:00:00Z"},
				{there, 1, "2026-03-29T22:00:00Z"},
				{here, 2, "2026-03-30T16:00:00Z"},
				{there, 2, "2026-03-30T22:00:00Z"},
			} {
				h.clock.set(instant(t, x.at).Add(-moment))
				h.settle()
				f := h.fulfilments(x.of)[x.on]
				equal(t, "a moment before "+x.at, f.Status, fulfilment.Due)
				equal(t, "late a moment before "+x.at, f.Late, false)
				h.next()
				f = h.fulfilments(x.of)[x.on]
				equal(t, "at "+x.at, f.Status, fulfilment.Overdue)
				equal(t, "late at "+x.at, f.Late, true)
				equal(t, "told", told(h.story(string(f.ID)))[fulfilment.ToldOverdue], 1)
			}
			equal(t, "expired with its last day", h.contract(there).Status, contract.Expired)
		})
	}
}

func TestFourteenDaysOfSilenceAfterTheReportAreAcceptance(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-02", 1), w.once("2026-03-20", 1))).ID
			h.at("2026-03-03T09:30:00+08:00")
			f := h.fulfilments(c)
			late, early := f[0].ID, f[1].ID
			equal(t, "late", h.does(h.report(w.liaisons[0], late)).Late, true)
			equal(t, "late", h.does(h.report(w.liaisons[0], early)).Late, false)
			h.at("2026-03-17T09:29:59.999+08:00")
			for _, f := range h.fulfilments(c) {
				equal(t, "still to be answered", f.Status, fulfilment.Reported)
			}
			h.next()
			for _, f := range h.fulfilments(c) {
				equal(t, "after 14 days", f.Status, fulfilment.Accepted)
				equal(t, "marked", f.AcceptedBySilence, true)
				equal(t, "told", told(h.story(string(f.ID)))[fulfilment.ToldAccepted], 1)
			}
			h.rate(c, w.units[0], 0.75) // one in time, one late
			_, err := h.dispute(w.secretary, late)
			refused(t, err, fulfilment.CodeWrongState)
		})
	}
}

// days checks on which days fulfilments are due; those of several commitments are sorted by day.
func days(t *testing.T, fs []*fulfilment.Fulfilment, want ...scalar.Date) {
	t.Helper()
	var got []scalar.Date
	for _, f := range fs {
		got = append(got, f.DueOn)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("due on\n%v, want\n%v", got, want)
	}
}

// weeks are n days, a week apart.
func weeks(from scalar.Date, n int) []scalar.Date {
	out := make([]scalar.Date, n)
	for i := range out {
		out[i] = from.AddDays(7 * i)
	}
	return out
}
