package appraisal_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestNobodyIsAskedBeforeThereIsAnythingToJudge(t *testing.T) {
	w := open(t)
	for _, s := range []contract.Status{
		contract.Draft, contract.Negotiating, contract.Signing, contract.Signed, contract.Cancelled, contract.Declined, contract.Active,
	} {
		w.hear(t, told(s))
		w.settle(t)
		if all := w.all(t); len(all) != 0 {
			t.Fatalf("%s: %d were asked", s, len(all))
		}
	}
}

func TestAtTheEndOfAContractItsPartiesAreAskedInPairs(t *testing.T) {
	for _, end := range []contract.Status{contract.Expired, contract.Terminated, contract.Completed} {
		w := open(t)
		w.hear(t, told(contract.Active))
		w.goTo("2026-09-01", "10:00")
		w.hear(t, told(end))
		all := w.all(t)
		same(t, string(end), pairs(all), []string{
			"END community→school", "END school→community", "END community→bank", "END bank→community",
		})
		for _, a := range all {
			if a.JudgedFrom != firstDay || a.JudgedTo != "2026-09-01" || !a.ClosesAt.Equal(w.now().Add(appraisal.Window)) || a.Status != appraisal.Invited {
				t.Errorf("got %+v", a)
			}
			if k, ok := id.KindOf(string(a.ID)); !ok || k != id.KindAppraisal {
				t.Errorf("its identifier is %s", a.ID)
			}
		}
	}
}

func TestPartnersWhoPromisedEachOtherSomethingAreAPairToo(t *testing.T) {
	w := ended(t, promised(bank(), school()), witnessed(town()), promised(town(), community()))
	same(t, "pairs", pairs(w.all(t)), []string{
		"END community→school", "END school→community", "END community→bank", "END bank→community",
		"END bank→school", "END school→bank", "END town→community", "END community→town",
	})
	w = ended(t, witnessed(town()), witnessed(other()))
	if n := len(w.all(t)); n != 4 {
		t.Errorf("a witness that promises nothing and is promised nothing was asked: %d", n)
	}
}

func TestWhoeverLeavesIsJudgedThenAndNotAgainAtTheEnd(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promised(bank(), school())))
	w.goTo("2026-06-10", "10:00")
	w.hear(t, told(contract.Active, without(bank())))
	same(t, "at the exit", pairs(w.all(t)), []string{
		"EXIT community→bank", "EXIT bank→community", "EXIT school→bank", "EXIT bank→school",
	})
	w.goTo("2026-09-01", "10:00")
	w.hear(t, told(contract.Terminated, without(bank())))
	same(t, "at the end", pairs(w.all(t)), []string{
		"EXIT community→bank", "EXIT bank→community", "EXIT school→bank", "EXIT bank→school",
		"END community→school", "END school→community",
	})
}

func TestAnniversariesAreJudgedWhileTheContractIsInForce(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active))
	w.goTo("2027-02-28", "23:59:59")
	w.settle(t)
	if n := len(w.all(t)); n != 0 {
		t.Fatalf("%d were asked a moment too early", n)
	}
	w.goTo("2027-03-01", "00:00")
	w.settle(t)
	w.settle(t)
	first := w.of(t, school(), community())
	if n := len(w.all(t)); n != 4 || first.Occasion != appraisal.Anniversary || *first.Year != 1 ||
		first.JudgedFrom != firstDay || first.JudgedTo != "2027-02-28" {
		t.Fatalf("%d, got %+v", n, first)
	}
	w.hear(t, told(contract.Suspended))
	w.goTo("2028-03-01", "00:00")
	w.settle(t)
	second := w.of(t, school(), community())
	if n := len(w.all(t)); n != 8 || *second.Year != 2 || second.JudgedFrom != "2027-03-01" || second.JudgedTo != "2028-02-29" {
		t.Fatalf("%d, got %+v", n, second)
	}
	w.goTo("2028-04-01", "00:00")
	w.hear(t, told(contract.Terminated))
	last := w.of(t, school(), community())
	if last.Occasion != appraisal.End || last.JudgedFrom != "2028-03-01" || last.JudgedTo != "2028-04-01" {
		t.Fatalf("got %+v", last)
	}
	w.goTo("2029-03-01", "00:00")
	w.settle(t)
	if n := len(w.all(t)); n != 12 {
		t.Errorf("a contract that is over had another anniversary: %d", n)
	}
}

func TestAnAnniversaryShortBeforeTheEndIsLeftToTheEnd(t *testing.T) {
	for last, want := range map[scalar.Date]int{"2027-03-30": 0, "2027-03-31": 4} {
		w := open(t)
		short := func(s *contract.Snapshot) { s.EndsOn = last }
		w.hear(t, told(contract.Active, short))
		w.goTo("2027-03-02", "09:00")
		w.settle(t)
		if n := len(w.all(t)); n != want {
			t.Errorf("ending on %s: %d were asked, want %d", last, n, want)
		}
		w.goTo(last.AddDays(1), "00:00")
		w.hear(t, told(contract.Expired, short))
		from := firstDay
		if want > 0 {
			from = "2027-03-01"
		}
		if a := w.of(t, bank(), community()); a.Occasion != appraisal.End || a.JudgedFrom != from || a.JudgedTo != last {
			t.Errorf("ending on %s: got %+v", last, a)
		}
	}
}

func TestALeapDayHasItsAnniversaryOnTheFirstOfMarch(t *testing.T) {
	w := open(t)
	leap := func(s *contract.Snapshot) { s.EffectiveOn, s.EndsOn = "2028-02-29", "2033-02-28" }
	w.goTo("2028-02-29", "00:00")
	w.hear(t, told(contract.Active, leap))
	for _, day := range []scalar.Date{"2029-03-01", "2030-03-01", "2031-03-01", "2032-02-29"} {
		before := len(w.all(t))
		w.goTo(day.AddDays(-1), "23:59:59")
		w.settle(t)
		if n := len(w.all(t)); n != before {
			t.Errorf("%s came early", day)
		}
		w.goTo(day, "00:00")
		w.settle(t)
		if n := len(w.all(t)); n != before+4 {
			t.Errorf("%s did not come: %d", day, n-before)
		}
	}
}

func TestARoundLongPastIsLeftToTheNext(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active))
	w.goTo("2028-03-05", "09:00") // a server that was down for two years
	w.settle(t)
	all := w.all(t)
	if len(all) != 4 || *all[0].Year != 2 || all[0].JudgedFrom != firstDay || all[0].JudgedTo != "2028-02-29" {
		t.Fatalf("%d, got %+v", len(all), all[0])
	}
	old := w.entry(t, told(contract.Completed))
	old.Seq = 1
	late := open(t)
	late.goTo("2030-01-01", "09:00")
	late.follow(t, old)
	if n := len(late.all(t)); n != 0 {
		t.Errorf("the end of long ago was an occasion still: %d", n)
	}
}

func TestHearingAnEventTwiceOrLateChangesNothing(t *testing.T) {
	w := open(t)
	e1 := w.hear(t, told(contract.Active))
	w.goTo("2026-06-10", "10:00")
	e2 := w.hear(t, told(contract.Active, without(bank())))
	w.goTo("2026-09-01", "10:00")
	e3 := w.hear(t, told(contract.Completed, without(bank())))
	heard := []journal.Entry{e1, e2, e3}
	before := w.all(t)
	for _, n := range []int{0, 1, 2, 2, 0, 2} {
		w.wait(time.Hour)
		w.follow(t, heard[n])
	}
	after := w.all(t)
	if len(before) != len(after) {
		t.Fatalf("%d became %d", len(before), len(after))
	}
	for i := range before {
		if before[i].ID != after[i].ID || before[i].Version != after[i].Version || !before[i].ClosesAt.Equal(after[i].ClosesAt) {
			t.Errorf("%+v became %+v", before[i], after[i])
		}
	}
}

func TestTheReadersFollowTheContract(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active))
	w.goTo("2027-03-01", "00:00")
	w.settle(t)
	a := w.of(t, community(), school())
	w.read(t, banker, a) // a party of the contract
	w.hear(t, told(contract.Active, without(bank()), func(s *contract.Snapshot) { s.Above = []id.Organisation{town()} }))
	_, err := w.Appraisal(as(banker), a.ID)
	refused(t, err, fault.CodeNotFound)
	_, err = w.Appraisal(as(supervisor), a.ID)
	refused(t, err, fault.CodeNotFound)
	w.read(t, officer, a)
	mine := w.of(t, bank(), community()) // and its own of the exit, and of the year before
	w.read(t, banker, mine)
	if got := w.listed(t, as(banker), nil, nil); len(got) != 4 {
		t.Errorf("who has left reads %d, want the two pairs of its own", len(got))
	}
	must(t)(w.submit(as(banker), mine, 4))
}

func TestARoundKeepsTheCriteriaItBeganWith(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active))
	w.goTo("2027-03-01", "00:00")
	w.settle(t)
	was := w.of(t, community(), school())
	set, err := w.SetCriteria(as(admin), appraisal.SetCriteriaInput{
		Type: "COMMERCIAL", ExpectedVersion: 1, Criteria: []*appraisal.CriterionInput{criterion("warmth", appraisal.Host, appraisal.Partner)},
	})
	if err != nil || set.Number != 2 {
		t.Fatalf("%+v, %v", set, err)
	}
	if now := w.of(t, community(), school()); now.CriteriaNumber != 1 || len(now.Criteria) != len(was.Criteria) {
		t.Errorf("the criteria changed under way: %+v", now)
	}
	w.say(t, community(), school(), 4)
	w.goTo("2028-03-01", "00:00")
	w.settle(t)
	if next := w.of(t, community(), school()); next.CriteriaNumber != 2 || len(next.Criteria) != 1 || next.Criteria[0].Key != "warmth" {
		t.Errorf("got %+v", next)
	}
}

func criterion(key string, judges ...appraisal.Part) *appraisal.CriterionInput {
	return &appraisal.CriterionInput{Key: key, Title: "热心", TitleEn: "Warmth", Help: "是否热心", HelpEn: "Is it warm?", Weight: 10, Judges: judges}
}

func TestBuiltInCriteriaAreGoodEnoughToBeSet(t *testing.T) {
	w := open(t)
	for _, kind := range appraisal.CommunityTypes() {
		set, err := w.CriteriaOf(as(nobody), kind)
		if err != nil || set.Number != 1 || !set.BuiltIn {
			t.Fatalf("%s: %+v, %v", kind, set, err)
		}
		in := appraisal.SetCriteriaInput{Type: kind, ExpectedVersion: 1}
		weights := map[appraisal.Part]int{}
		for _, c := range set.Items {
			own := appraisal.CriterionInput{Key: c.Key, Title: c.Title, TitleEn: c.TitleEn, Help: c.Help, HelpEn: c.HelpEn, Weight: c.Weight, Judges: c.Judges}
			in.Criteria = append(in.Criteria, &own)
			for _, p := range c.Judges {
				weights[p] += c.Weight
			}
		}
		if _, err := w.SetCriteria(as(admin), in); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if weights[appraisal.Host] != 85 || weights[appraisal.Partner] != 85 {
			t.Errorf("%s: host and partner are not judged by the same weight: %v", kind, weights)
		}
	}
}

func TestWhoSetsCriteriaWronglyIsToldWhat(t *testing.T) {
	w := open(t)
	set := func(who string, in appraisal.SetCriteriaInput) error {
		_, err := w.SetCriteria(as(who), in)
		return err
	}
	good := func() appraisal.SetCriteriaInput {
		return appraisal.SetCriteriaInput{
			Type: "RURAL", ExpectedVersion: 1,
			Criteria: []*appraisal.CriterionInput{criterion("a", appraisal.Host), criterion("b", appraisal.Partner)},
		}
	}
	for _, who := range everybody() {
		if who != admin {
			want := fault.CodeForbidden
			if who == nobody {
				want = fault.CodeUnauthenticated
			}
			refused(t, set(who, good()), want)
		}
	}
	for name, tt := range map[string]struct {
		spoil func(*appraisal.SetCriteriaInput)
		code  fault.Code
		at    string
	}{
		"type":      {func(in *appraisal.SetCriteriaInput) { in.Type = "TENT" }, appraisal.CodeUnknownType, "type"},
		"none":      {func(in *appraisal.SetCriteriaInput) { in.Criteria = nil }, fault.CodeRequired, "criteria"},
		"many":      {func(in *appraisal.SetCriteriaInput) { in.Criteria = slices.Repeat(in.Criteria, 11) }, fault.CodeTooMany, "criteria"},
		"twice":     {func(in *appraisal.SetCriteriaInput) { in.Criteria[1].Key = "a" }, fault.CodeDuplicate, "criteria.1.key"},
		"key":       {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Key = "a b" }, fault.CodeMalformed, "criteria.0.key"},
		"weight":    {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Weight = 0 }, fault.CodeOutOfRange, "criteria.0.weight"},
		"heavy":     {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Weight = 101 }, fault.CodeOutOfRange, "criteria.0.weight"},
		"title":     {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Title = " " }, fault.CodeRequired, "criteria.0.title"},
		"help":      {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].HelpEn = "\x00" }, fault.CodeControl, "criteria.0.helpEn"},
		"nobody":    {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Judges = nil }, fault.CodeRequired, "criteria.0.judges"},
		"one part":  {func(in *appraisal.SetCriteriaInput) { in.Criteria[0].Judges = []appraisal.Part{appraisal.Partner} }, appraisal.CodePartUnjudged, "criteria"},
		"outdated":  {func(in *appraisal.SetCriteriaInput) { in.ExpectedVersion = 0 }, fault.CodeConflict, "expectedVersion"},
		"too early": {func(in *appraisal.SetCriteriaInput) { in.ExpectedVersion = 2 }, fault.CodeConflict, "expectedVersion"},
	} {
		in := good()
		tt.spoil(&in)
		err := set(admin, in)
		if !fault.Is(err, tt.code) || path(fault.Of(err)) != tt.at {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := set(admin, good()); err != nil {
		t.Fatal(err)
	}
	refused(t, set(admin, good()), fault.CodeConflict)
	list, err := w.CriteriaVersions(as(nobody), "RURAL", page.Args{})
	if err != nil || len(list.Nodes()) != 2 || list.Nodes()[0].Number != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func path(f *fault.Fault) string {
	return strings.Join(f.Path, ".")
}

func TestTheNextAdministratorsSetIsOfTheNextNumberOnlyOnce(t *testing.T) {
	w := open(t)
	in := appraisal.SetCriteriaInput{Type: "RURAL", ExpectedVersion: 1, Criteria: []*appraisal.CriterionInput{criterion("a", appraisal.Host, appraisal.Partner)}}
	done := make(chan error)
	for range 8 {
		go func() { _, err := w.SetCriteria(as(admin), in); done <- err }()
	}
	won := 0
	for range 8 {
		if err := <-done; err == nil {
			won++
		} else {
			refused(t, err, fault.CodeConflict)
		}
	}
	if won != 1 {
		t.Errorf("%d were the next", won)
	}
}

func TestWhatWasBegunIsFinishedAfterAFailure(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active))
	w.goTo("2026-09-01", "10:00")
	e := w.entry(t, told(contract.Completed))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.FollowContract(ctx, e); err == nil {
		t.Fatal("it went well")
	}
	w.follow(t, e)
	w.settle(t)
	if n := len(w.all(t)); n != 4 {
		t.Errorf("there are %d", n)
	}
	_, err := w.Submit(authz.AsSystem(context.Background()), appraisal.SubmitInput{Change: command.Change{}, ID: w.all(t)[0].ID})
	refused(t, err, fault.CodeConflict)
}
