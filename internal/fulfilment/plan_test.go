package fulfilment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestNothingIsDueBeforeTheContractIsInForce(t *testing.T) {
	w := open(t)
	for _, s := range []contract.Status{contract.Draft, contract.Negotiating, contract.Signing, contract.Signed} {
		w.hear(t, told(s, promise("m1", rhythm("FREQ=DAILY"))))
		w.tick(t)
		equal(t, days(w.all(t)))
	}
	w.hear(t, told(contract.Active, promise("m1", due("2026-04-01"))))
	f := w.one(t)
	if f.Status != fulfilment.Due || f.DueOn != "2026-04-01" || f.Provider != school() || f.Version != 1 {
		t.Fatalf("got %+v", f)
	}
	if k, ok := id.KindOf(string(f.ID)); !ok || k != id.KindFulfilment {
		t.Errorf("its identifier is %s", f.ID)
	}
}

func TestDaysComeIntoSightNinetyDaysAhead(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=MONTHLY;BYMONTHDAY=31"))))
	equal(t, days(w.all(t)), "2026-03-31")
	for _, tt := range []struct {
		day   scalar.Date
		clock string
		want  int
	}{{"2026-03-01", "23:59:59", 1}, {"2026-03-02", "00:00", 2}, {"2026-05-01", "23:59:59", 2}, {"2026-05-02", "00:00", 3}} {
		w.goTo(tt.day, tt.clock)
		w.tick(t)
		if got := len(w.all(t)); got != tt.want {
			t.Errorf("on %s at %s there are %d, want %d", tt.day, tt.clock, got, tt.want)
		}
	}
	w.goTo("2027-06-01", "09:00")
	w.tick(t)
	equal(t, days(w.all(t)), "2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31", "2026-10-31", "2026-12-31", "2027-01-31")
	if n := w.tick(t); n != 0 {
		t.Errorf("%d things are left to do", n)
	}
}

func TestADailyPromiseIsPlannedWholly(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=DAILY"))))
	if got := len(w.all(t)); got != 91 {
		t.Fatalf("%d days are planned", got)
	}
	w.goTo("2027-02-01", "09:00")
	w.tick(t)
	if got := len(w.all(t)); got != 365 {
		t.Fatalf("%d days are planned", got)
	}
}

// The server was down from the first weeks until after the end.
func TestWhatWasMissedIsMadeUpFor(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=WEEKLY"))))
	w.goTo("2027-06-01", "09:00")
	w.hear(t, told(contract.Expired, promise("m1", rhythm("FREQ=WEEKLY"))))
	w.tick(t)
	all := w.all(t)
	if len(all) != 53 || all[len(all)-1].DueOn != "2027-02-28" || all[0].Status != fulfilment.Overdue {
		t.Fatalf("got %d, to %s, %s", len(all), all[len(all)-1].DueOn, all[0].Status)
	}
}

func TestTheDaysOfACommitment(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to scalar.Date
		change   func(*contract.Promise)
		want     []scalar.Date
	}{
		{"once", "2026-03-01", "2026-12-31", due("2026-05-05"), []scalar.Date{"2026-05-05"}},
		{"at the end, where it names no day", "2026-03-01", "2026-12-31", weighs(1), []scalar.Date{"2026-12-31"}},
		{"a leap day", "2028-01-01", "2028-12-31", rhythm("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), []scalar.Date{"2028-02-29"}},
		{"standing", "2026-01-01", "2026-12-31", standing, []scalar.Date{"2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"}},
		{"standing from late in a quarter", "2026-03-15", "2026-12-31", standing, []scalar.Date{"2026-06-30", "2026-09-30", "2026-12-31"}},
		{"standing to early in a quarter", "2026-01-01", "2026-07-10", standing, []scalar.Date{"2026-03-31", "2026-07-10"}},
		{"standing to well in a quarter", "2026-01-01", "2026-08-10", standing, []scalar.Date{"2026-03-31", "2026-06-30", "2026-08-10"}},
		{"standing for a week", "2026-03-28", "2026-04-03", standing, []scalar.Date{"2026-04-03"}},
		{"standing with a rhythm", "2026-01-01", "2026-12-31", func(p *contract.Promise) { standing(p); rhythm("FREQ=MONTHLY;COUNT=2")(p) }, []scalar.Date{"2026-01-01", "2026-02-01"}},
		{"from a day of its own", "2026-01-01", "2026-12-31", func(p *contract.Promise) {
			rhythm("FREQ=MONTHLY;COUNT=2")(p)
			on := scalar.Date("2026-05-31")
			p.StartsOn = &on
		}, []scalar.Date{"2026-05-31", "2026-07-31"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t)
			s := told(contract.Active, promise("m1", tt.change))
			s.EffectiveOn, s.EndsOn = tt.from, tt.to
			w.hear(t, s)
			w.goTo(tt.to, "09:00")
			w.tick(t)
			equal(t, days(w.all(t)), tt.want...)
		})
	}
}

func TestACommitmentThatIsGoneIsPutAside(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Draft, promise("m1", due("2026-04-01")), promise("m2", due("2026-04-02"))))
	w.hear(t, told(contract.Draft, promise("m2", due("2026-04-03"))))
	got, err := w.Commitments(as(secretary), nil, nil, page.Args{})
	if err != nil || len(got.Nodes()) != 1 || got.Nodes()[0].ShortKey != "m2" || *got.Nodes()[0].DueOn != "2026-04-03" {
		t.Fatalf("got %v, %v", got, err)
	}
	w.hear(t, told(contract.Active, promise("m2", due("2026-04-03"))))
	equal(t, days(w.all(t)), "2026-04-03")
}

func TestWhatWasNotDueWhenTheContractEndedIsClosed(t *testing.T) {
	w := open(t)
	p := promise("m1", rhythm("FREQ=DAILY"))
	w.hear(t, told(contract.Active, p))
	w.goTo("2026-03-10", "12:00")
	w.tick(t)
	w.hear(t, told(contract.Terminated, p))
	w.tick(t)
	count := map[fulfilment.Status]int{}
	for _, f := range w.all(t) {
		count[f.Status]++
		if (f.Status == fulfilment.Overdue) != (f.DueOn < "2026-03-10") {
			t.Errorf("%s is %s", f.DueOn, f.Status)
		}
	}
	if count[fulfilment.Overdue] != 9 || count[fulfilment.Closed] != 91 {
		t.Errorf("got %v", count)
	}
	w.goTo("2026-09-10", "12:00")
	if w.tick(t) != 0 || len(w.all(t)) != 100 {
		t.Error("something came after the end")
	}
}

func TestNewReadersReadWhatIsThereAndFormerOnesDoNot(t *testing.T) {
	w := open(t)
	s := told(contract.Active, promise("m1", rhythm("FREQ=DAILY")))
	w.hear(t, s)
	if got, err := w.Fulfilments(as(supervisor), nil, nil, page.Args{}); err != nil || len(got.Nodes()) == 0 {
		t.Fatalf("the supervisor reads %v, %v", got, err)
	}
	s.Above = []id.Organisation{town()}
	w.hear(t, s)
	w.tick(t)
	if got, err := w.Fulfilments(as(supervisor), nil, nil, page.Args{}); err != nil || len(got.Nodes()) != 0 {
		t.Errorf("the former supervisor reads %d, %v", len(got.Nodes()), err)
	}
	ctx := authz.With(t.Context(), authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Auditor, Organisation: town()}}})
	got, err := w.Fulfilments(ctx, nil, nil, page.Args{First: new(100)})
	if err != nil || len(got.Nodes()) != 91 || got.Nodes()[0].Version != 1 {
		t.Errorf("the new auditor reads %d, %v", len(got.Nodes()), err)
	}
}

// picture is all that the room knows, without what the store itself writes.
func (w *world) picture(t failer) string {
	t.Helper()
	var out strings.Builder
	where := &fulfilment.CommitmentFilter{Contract: &fulfilment.ContractChoice{In: []id.Contract{contractID()}}}
	got, err := w.Commitments(authz.AsSystem(context.Background()), where, nil, page.Args{First: new(100)})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	plans := got.Nodes()
	slices.SortFunc(plans, func(a, b *fulfilment.Plan) int { return int(a.ShortKey[1]) - int(b.ShortKey[1]) })
	for _, p := range plans {
		fmt.Fprintln(&out, p.ID, p.ContractStatus, p.Gone, p.Action, p.Parties, p.Above, *p.DueOn, p.Weight)
	}
	for _, f := range w.all(t) {
		fmt.Fprintln(&out, f.ID, f.Status, f.Parties, f.Above)
	}
	return out.String()
}

func TestHearingAContractAgainOrLateChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		story := []contract.Snapshot{told(contract.Draft)}
		n := rapid.IntRange(1, 5).Draw(rt, "events")
		for i := range n {
			status := contract.Negotiating
			if i == n-1 {
				status = rapid.SampledFrom([]contract.Status{contract.Active, contract.Cancelled, contract.Negotiating}).Draw(rt, "status")
			}
			var ps []contract.Promise
			for _, key := range []string{"m1", "m2", "m3"} {
				if rapid.Bool().Draw(rt, key) {
					ps = append(ps, promise(key, due(scalar.Date("2026-03-10").AddDays(i)), func(p *contract.Promise) { p.Action = fmt.Sprint("version ", i) }))
				}
			}
			story = append(story, told(status, ps...))
		}
		plain := open(t)
		for _, s := range story {
			plain.hear(rt, s)
		}
		confused := open(t)
		var entries []journal.Entry
		for _, s := range story {
			entries = append(entries, confused.entry(rt, s))
		}
		var places []int
		for i := range 2 * len(entries) {
			places = append(places, i%len(entries))
		}
		for _, i := range rapid.Permutation(places).Draw(rt, "order") {
			if err := confused.FollowContract(t.Context(), entries[i]); err != nil {
				rt.Fatal(err)
			}
		}
		if a, b := plain.picture(rt), confused.picture(rt); a != b {
			rt.Fatalf("in order:\n%s\nin disorder:\n%s", a, b)
		}
	})
}

func TestCommitmentsAreFoundAcrossContracts(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", standing), promise("m2", due("2026-04-01"), toBoth)))
	yes, statuses := true, []fulfilment.ContractStatus{"ACTIVE"}
	for name, tt := range map[string]struct {
		f    *fulfilment.CommitmentFilter
		o    *fulfilment.CommitmentOrder
		want int
	}{
		"all":        {nil, nil, 2},
		"standing":   {&fulfilment.CommitmentFilter{Standing: &yes}, nil, 1},
		"to whom":    {&fulfilment.CommitmentFilter{Receiver: &page.Choice[id.Organisation]{In: []id.Organisation{bank()}}}, nil, 1},
		"by whom":    {&fulfilment.CommitmentFilter{Provider: &page.Choice[id.Organisation]{In: []id.Organisation{bank()}}}, nil, 0},
		"in a state": {&fulfilment.CommitmentFilter{ContractStatus: &fulfilment.ContractStatusChoice{In: statuses}}, nil, 2},
		"by the end": {nil, &fulfilment.CommitmentOrder{Field: fulfilment.OrderByContractEnd, Direction: page.Descending}, 2},
		"negated":    {&fulfilment.CommitmentFilter{Not: &fulfilment.CommitmentFilter{Standing: &yes}}, nil, 1},
	} {
		for _, who := range []string{secretary, banker, steward, supervisor, auditor} {
			if got, err := w.Commitments(as(who), tt.f, tt.o, page.Args{}); err != nil || len(got.Nodes()) != tt.want {
				t.Errorf("%s, %s: got %v, %v", name, who, got, err)
			}
		}
		for _, who := range []string{stranger, nobody} {
			if got, err := w.Commitments(as(who), tt.f, tt.o, page.Args{}); err != nil || len(got.Nodes()) != 0 {
				t.Errorf("%s, %s: got %v, %v", name, who, got, err)
			}
		}
	}
}

func TestFulfilmentsAreFoundByWhatAndForWhom(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=10")), promise("m2", due("2026-04-20"), toBoth)))
	w.goTo("2026-03-12", "09:00")
	w.tick(t)
	orgs := func(o ...id.Organisation) *page.Choice[id.Organisation] { return &page.Choice[id.Organisation]{In: o} }
	late, contracts := fulfilment.Overdue, []id.Contract{contractID()}
	from, to := scalar.Date("2026-04-01"), scalar.Date("2026-04-30")
	for name, tt := range map[string]struct {
		f    *fulfilment.Filter
		want []scalar.Date
	}{
		"all":         {nil, []scalar.Date{"2026-03-10", "2026-04-10", "2026-04-20", "2026-05-10"}},
		"overdue":     {&fulfilment.Filter{Status: &fulfilment.StatusChoice{Eq: &late}}, []scalar.Date{"2026-03-10"}},
		"in April":    {&fulfilment.Filter{DueOn: &fulfilment.DateRange{Gte: &from, Lte: &to}}, []scalar.Date{"2026-04-10", "2026-04-20"}},
		"by contract": {&fulfilment.Filter{Contract: &fulfilment.ContractChoice{In: contracts}}, []scalar.Date{"2026-03-10", "2026-04-10", "2026-04-20", "2026-05-10"}},
		"one promise": {&fulfilment.Filter{Commitment: &fulfilment.CommitmentChoice{In: []id.Commitment{promise("m2").ID}}}, []scalar.Date{"2026-04-20"}},
		"for whom":    {&fulfilment.Filter{Receiver: orgs(bank())}, []scalar.Date{"2026-04-20"}},
		"by whom":     {&fulfilment.Filter{Provider: orgs(school()), DueOn: &fulfilment.DateRange{Gt: &to}}, []scalar.Date{"2026-05-10"}},
		"either":      {&fulfilment.Filter{Or: []*fulfilment.Filter{{Receiver: orgs(bank())}, {Status: &fulfilment.StatusChoice{Eq: &late}}}}, []scalar.Date{"2026-03-10", "2026-04-20"}},
	} {
		for _, who := range []string{secretary, liaison, banker, supervisor} {
			for _, by := range []fulfilment.OrderField{fulfilment.OrderByDueOn, fulfilment.OrderByUpdated} {
				got, err := w.Fulfilments(as(who), tt.f, &fulfilment.Order{Field: by, Direction: page.Ascending}, page.Args{First: new(100)})
				if err != nil {
					t.Fatalf("%s, %s by %s: %v", name, who, by, err)
				}
				found := days(got.Nodes())
				slices.Sort(found)
				if !slices.Equal(found, tt.want) {
					t.Errorf("%s, %s by %s: got %v, want %v", name, who, by, found, tt.want)
				}
			}
		}
		if got, err := w.Fulfilments(as(stranger), tt.f, nil, page.Args{}); err != nil || len(got.Nodes()) != 0 {
			t.Errorf("%s: a stranger finds %v, %v", name, got, err)
		}
	}
	of, err := w.OfContracts(as(liaison), []id.Contract{contractID(), "ctr1_x"}, page.Args{First: new(2)})
	if err != nil || len(of[0].Nodes()) != 2 || len(of[1].Nodes()) != 0 {
		t.Errorf("of contracts: %v, %v", of, err)
	}
	by, err := w.OfCommitments(as(liaison), []id.Commitment{promise("m2").ID}, page.Args{Last: new(1)})
	if err != nil || len(by[0].Nodes()) != 1 {
		t.Errorf("of commitments: %v, %v", by, err)
	}
	if _, err := w.OfContracts(as(liaison), contracts, page.Args{}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("without a bound: got %v", err)
	}
}

func TestAFulfilmentIsHiddenFromWhoMayNotReadTheContract(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-04-01"))))
	f := w.one(t)
	for _, who := range []string{secretary, liaison, banker, steward, supervisor, auditor} {
		if got, err := w.Fulfilment(as(who), f.ID); err != nil || got.ID != f.ID {
			t.Errorf("%s: %v", who, err)
		}
	}
	for _, who := range []string{stranger, nobody} {
		if _, err := w.Fulfilment(as(who), f.ID); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: got %v", who, err)
		}
		if got, err := w.Many(as(who), []id.Fulfilment{f.ID}); err != nil || got[0] != nil {
			t.Errorf("%s: got %v, %v", who, got, err)
		}
		if _, err := w.report(as(who), f); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s reports: got %v", who, err)
		}
	}
}
