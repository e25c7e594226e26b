package contract

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestAContractRestsWhenEveryHostAndPartnerConsents(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	in := SuspendInput{TogetherInput{step(c), nil}}
	_, err := h.Suspend(h.as(secretary), in)
	refuses(t, err, fault.CodeRequired, "reason")
	c = h.must(c, VerbSuspend, secretary)
	if c.Status != Active || c.Step.Verb != VerbSuspend || c.Step.ProposedBy != host || c.Step.Reason != "双方商定" || !c.Step.LapsesAt.Equal(h.now().Add(StepOpenFor)) {
		t.Fatalf("proposed: %s %+v", c.Status, c.Step)
	}
	_, err = h.does(c, VerbSuspend, secretary)
	refuses(t, err, CodeAlreadyConsented, "")
	_, err = h.does(c, VerbTerminate, teacher)
	refuses(t, err, CodeStepPending, "")
	_, err = h.does(c, VerbSuspend, witness)
	refuses(t, err, CodeWitnessHasNoSay, "")
	_, err = h.does(c, VerbWithdraw, teacher)
	refuses(t, err, CodeNotConsented, "")
	in.StepInput = step(h.read(c)) // who consents need give no reason
	if c, err = h.Suspend(h.as(teacher), in); err != nil || c.Status != Active || len(c.Step.Consents) != 2 {
		t.Fatalf("%v, %+v", err, c)
	}
	c = h.must(c, VerbSuspend, clerk)
	if c.Status != Suspended || c.Step != nil || len(c.Pauses) != 1 || c.Pauses[0].From != "2026-04-01" || c.Pauses[0].Until != nil {
		t.Fatalf("suspended: %s %+v %+v", c.Status, c.Step, c.Pauses)
	}
	c = h.later(c, 10*oneDay)
	c = h.must(c, VerbResume, banker, teacher, secretary)
	if c.Status != Active || *c.Pauses[0].Until != "2026-04-11" {
		t.Fatalf("resumed: %s %+v", c.Status, c.Pauses)
	}
	got := told(c)
	if want := []string{ToldStepProposed, ToldStepProposed, ToldSuspended, ToldStepProposed, ToldStepProposed, ToldResumed}; !slices.Equal(got[len(got)-6:], want) {
		t.Fatalf("told %v", got)
	}
}

func TestASupervisingBodyOrdersAtOnceWithAReason(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.inForce(), VerbTerminate, secretary)
	_, err := h.Suspend(h.as(supervisor), SuspendInput{TogetherInput{step(c), new(" ")}})
	refuses(t, err, fault.CodeRequired, "reason")
	c = h.must(c, VerbSuspend, supervisor)
	if c.Status != Suspended || c.Step != nil {
		t.Fatalf("%s %+v", c.Status, c.Step)
	}
	c = h.must(c, VerbTerminate, supervisor)
	if c.Status != Terminated || c.EndReason != "双方商定" || *c.EndedOn != "2026-04-01" || c.WakeAt != nil || c.Pauses[0].Until == nil {
		t.Fatalf("%+v", c)
	}
	_, err = h.does(c, VerbResume, supervisor)
	refuses(t, err, CodeWrongState, "")
}

// An officer of the sub-district who speaks for the school as well is never taken for the one where the other is meant.
func TestWhoActsForAPartyAndForABodyAboveSaysForWhich(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	two := teacher
	two.Holdings = append(slices.Clone(two.Holdings), supervisor.Holdings...)
	_, err := h.does(c, VerbTerminate, two)
	refuses(t, err, CodeAmbiguousParty, "party")
	as := func(o id.Organisation) TerminateInput {
		in := TerminateInput{TogetherInput{step(h.read(c)), new("校方提议")}}
		in.Party = &o
		return in
	}
	if c, err = h.Terminate(h.as(two), as(school)); err != nil || c.Status != Active || c.Step.ProposedBy != school {
		t.Fatalf("as the school: %v", err)
	}
	if c, err = h.Terminate(h.as(two), as(north)); err != nil || c.Status != Terminated {
		t.Fatalf("as the sub-district: %v", err)
	}
}

// The sub-district supervises the host, and is a witness as well: its word is an order, for a witness has no say.
func TestABodyAboveThatIsAWitnessActsAsTheBody(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(func(in *DraftInput) { in.Parties[3].Organisation = north })
	if c = h.must(c, VerbSuspend, supervisor); c.Status != Suspended {
		t.Fatalf("%s", c.Status)
	}
}

func TestNobodyConsentsForTwoParties(t *testing.T) {
	h := newHouse(t)
	both := teacher
	both.Holdings = append(slices.Clone(both.Holdings), banker.Holdings...)
	c := h.must(h.inForce(), VerbTerminate, teacher)
	in := TerminateInput{TogetherInput{step(c), nil}}
	in.Party = new(bank)
	_, err := h.Terminate(h.as(both), in)
	f := refuses(t, err, CodeConsentsForTwo, "")
	if f.Params["names"] != "第一小学" {
		t.Error(f.Params)
	}
}

func TestAStepLapsesAfterThirtyDaysAndConsentCanBeTakenBack(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.inForce(), VerbTerminate, secretary, teacher)
	c = h.must(c, VerbWithdraw, teacher)
	if c.Step == nil || len(c.Step.Consents) != 1 {
		t.Fatalf("%+v", c.Step)
	}
	c = h.must(c, VerbTerminate, banker)
	c = h.must(c, VerbWithdraw, secretary) // who proposed it
	if c.Step != nil || c.Status != Active {
		t.Fatalf("%+v", c.Step)
	}
	_, err := h.does(c, VerbWithdraw, secretary)
	refuses(t, err, CodeNoStep, "")
	c = h.must(c, VerbTerminate, banker)
	if c = h.later(c, StepOpenFor-time.Millisecond); c.Step == nil {
		t.Fatal("it lapsed a moment early")
	}
	if c = h.later(c, time.Millisecond); c.Step != nil || c.Status != Active || c.WakeAt == nil {
		t.Fatalf("%s, %+v", c.Status, c.Step)
	}
	if got := told(c); got[len(got)-1] != ToldStepWithdrawn {
		t.Fatal(got)
	}
}

func TestANoticeKeepsToItsTermAndToTheContractsOwn(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	give := func(on string, why string) (*Contract, error) {
		in := NoticeInput{step(h.read(c)), nil, why}
		if on != "" {
			in.EffectiveOn = date(on)
		}
		return h.GiveNotice(h.as(banker), in)
	}
	_, err := give("2026-04-30", "x")
	if f := refuses(t, err, CodeNoticeTooShort, "effectiveOn"); f.Params["earliest"] != scalar.Date("2026-05-01") || f.Params["days"] != 30 {
		t.Error(f.Params)
	}
	_, err = give("2027-04-01", "x")
	refuses(t, err, CodeNoticeAfterEnd, "effectiveOn")
	_, err = give("2026-02-30", "x")
	refuses(t, err, fault.CodeMalformed, "effectiveOn")
	_, err = give("", " ")
	refuses(t, err, fault.CodeRequired, "reason")
	if c, err = give("", "网点撤并"); err != nil || c.Party(bank).Notice.EffectiveOn != "2026-05-01" {
		t.Fatalf("%v", err)
	}
	_, err = give("", "x")
	refuses(t, err, CodeAlreadyLeaving, "")
}

func TestOfThreeOneExitsAloneAndGoesOnReading(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.must(h.inForce(), VerbTerminate, secretary), VerbNotice, banker)
	h.at("2026-04-30T15:59:59Z") // the first of May begins a second later in Shanghai
	if h.tick(); h.read(c).Party(bank).State != HasSigned {
		t.Fatal("it left a moment early")
	}
	h.at("2026-04-30T16:00:00Z")
	h.tick()
	c = h.read(c)
	p := c.Party(bank)
	if p.State != Exited || p.Reason != "另有安排" || p.LeftAt == nil || c.Status != Active || c.Step != nil || !slices.Equal(c.Former, []id.Organisation{bank}) {
		t.Fatalf("%s %+v", c.Status, p)
	}
	for _, a := range []authz.Actor{banker, clerk} {
		if _, err := h.Contract(h.as(a), c.ID); err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
		l, err := h.Contracts(h.as(a), nil, nil, first(10))
		if err != nil || len(l.Edges) != 1 || len(h.AllowedActions(h.as(a), c)) != 0 {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	if c = h.must(c, VerbTerminate, secretary, teacher); c.Status != Terminated { // the bank is asked no more
		t.Fatalf("%s", c.Status)
	}
}

func TestANoticeEndsTheContractWhereNoHostOrNoPartnerIsLeft(t *testing.T) {
	for name, x := range map[string]struct {
		by      []authz.Actor
		to      Status
		exited  []id.Organisation
		resting bool
	}{
		"the host":                       {[]authz.Actor{secretary}, Terminated, nil, false},
		"one of two partners":            {[]authz.Actor{banker}, Active, []id.Organisation{bank}, false},
		"a witness":                      {[]authz.Actor{witness}, Active, []id.Organisation{south}, false},
		"both partners on one day":       {[]authz.Actor{teacher, banker}, Terminated, nil, false},
		"a partner and the host":         {[]authz.Actor{teacher, secretary}, Terminated, nil, false},
		"a partner and the witness":      {[]authz.Actor{teacher, witness}, Active, []id.Organisation{school, south}, false},
		"one while the contract rests":   {[]authz.Actor{banker}, Suspended, []id.Organisation{bank}, true},
		"everybody while it rests":       {[]authz.Actor{teacher, banker, secretary, witness}, Terminated, nil, true},
		"the host and witness, it rests": {[]authz.Actor{witness, secretary}, Terminated, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c := h.inForce()
			if x.resting {
				c = h.must(c, VerbSuspend, supervisor)
			}
			c = h.later(h.must(c, VerbNotice, x.by...), 31*oneDay)
			var exited []id.Organisation
			for _, p := range c.Parties {
				if p.State == Exited {
					exited = append(exited, p.Organisation)
				}
			}
			slices.Sort(exited)
			slices.Sort(x.exited)
			if c.Status != x.to || !slices.Equal(exited, x.exited) || (x.to == Terminated) != (c.EndedOn != nil && *c.EndedOn == "2026-05-01") {
				t.Fatalf("%s, exited %v, %v", c.Status, exited, c.EndedOn)
			}
		})
	}
}

// The bank leaves first, so that the school's later notice, harmless when it was given, ends the contract.
func TestWhatANoticeMeansIsDecidedOnItsDay(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.inForce(), VerbNotice, banker)
	h.at("2026-04-10T02:00:00Z")
	c = h.must(c, VerbNotice, teacher)
	if c = h.later(c, 22*oneDay); c.Status != Active || c.Party(bank).State != Exited || c.Party(school).State != HasSigned {
		t.Fatalf("%s", c.Status)
	}
	if c = h.later(c, 9*oneDay); c.Status != Terminated || *c.EndedOn != "2026-05-10" || c.EndReason != "另有安排" {
		t.Fatalf("%s %v", c.Status, c.EndedOn)
	}
}

func TestANoticeOnALeapDay(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(func(in *DraftInput) { in.EndsOn = "2028-12-31" })
	h.at("2028-01-30T02:00:00Z")
	h.tick()
	c = h.must(c, VerbNotice, banker)
	if on := c.Party(bank).Notice.EffectiveOn; on != "2028-02-29" {
		t.Fatalf("it takes effect on %s", on)
	}
	h.at("2028-02-28T15:59:59.999Z")
	if h.tick(); h.read(c).Party(bank).State == Exited {
		t.Fatal("the leap day has not begun")
	}
	h.at("2028-02-28T16:00:00Z")
	if h.tick(); h.read(c).Party(bank).State != Exited {
		t.Fatal("the leap day has begun")
	}
}

func TestCompletionWaitsSevenDaysForObjections(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	h.open.Store(3)
	_, err := h.does(c, VerbComplete, secretary)
	if f := refuses(t, err, CodeStillOpen, ""); f.Params["count"] != 3 || f.Params["examples"] != string(c.ID) {
		t.Error(f.Params)
	}
	h.open.Store(0)
	_, err = h.does(c, VerbObject, teacher)
	refuses(t, err, CodeNotAnnounced, "")
	c = h.must(c, VerbComplete, secretary)
	_, err = h.does(c, VerbComplete, secretary)
	refuses(t, err, CodeAlreadyAnnounced, "")
	_, err = h.does(c, VerbObject, secretary)
	refuses(t, err, CodeOwnAnnouncement, "")
	_, err = h.does(c, VerbObject, witness)
	refuses(t, err, CodeWitnessHasNoSay, "")
	_, err = h.Object(h.as(teacher), ObjectInput{step(h.read(c)), ""})
	refuses(t, err, fault.CodeRequired, "reason")
	c = h.must(c, VerbObject, banker)
	if c.Status != Active || c.Completion != nil || c.Objection.Reason != "还有一场未办" || *c.Objection.Organisation != bank {
		t.Fatalf("%+v", c.Objection)
	}
	c = h.later(h.must(c, VerbComplete, secretary), ObjectFor-time.Millisecond)
	if c.Status != Active || c.Completion == nil || c.Objection != nil {
		t.Fatalf("a moment before: %s", c.Status)
	}
	if c = h.later(c, time.Millisecond); c.Status != Completed || c.EndedAt == nil || c.WakeAt != nil {
		t.Fatalf("after seven days: %s", c.Status)
	}
}

func TestCompletionFallsWhereSomethingHasOpenedAgain(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.inForce(), VerbComplete, secretary)
	h.open.Store(1)
	c = h.later(c, ObjectFor)
	if c.Status != Active || c.Completion != nil || c.Objection == nil || c.Objection.Organisation != nil {
		t.Fatalf("%s %+v", c.Status, c.Objection)
	}
	if got := told(c); got[len(got)-1] != ToldCompletionObjected {
		t.Fatal(got)
	}
}

func TestARestingContractExpiresToo(t *testing.T) {
	h := newHouse(t)
	c := h.later(h.must(h.inForce(), VerbSuspend, supervisor), 365*oneDay)
	if c.Status != Expired || *c.Pauses[0].Until != "2027-04-01" {
		t.Fatalf("%s %+v", c.Status, c.Pauses)
	}
}

// Everything fell due while the server was down, and is done in the order in which it did.
func TestAfterALongSleepEverythingHappensInItsOrder(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.must(h.inForce(), VerbTerminate, secretary), VerbNotice, banker)
	before := len(told(c))
	h.at("2029-01-01T00:00:00Z")
	if n := h.tick(); n != 1 {
		t.Fatalf("%d moved", n)
	}
	c = h.read(c)
	// The exit and the lapse fall on one day, 30 days on; with the exit the step is off.
	if got := told(c)[before:]; !slices.Equal(got, []string{ToldExited, ToldExpired}) || c.Status != Expired {
		t.Fatalf("%s, told %v", c.Status, got)
	}
}

func TestTwoNodesDoOnceWhatTimeDoesToAContractInForce(t *testing.T) {
	for range 4 {
		h := newHouse(t)
		c := h.must(h.must(h.inForce(), VerbComplete, secretary), VerbNotice, banker)
		before := len(told(c))
		h.at("2026-05-02T00:00:00Z")
		h.open.Store(1)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := h.Tick(t.Context(), h.now()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := told(h.read(c))[before:]; !slices.Equal(got, []string{ToldCompletionObjected, ToldExited}) {
			t.Fatalf("told %v", got)
		}
	}
}

func TestANoticeTakesEffectWhereItsDayBeginsInTheContractsZone(t *testing.T) {
	for _, x := range []struct{ zone, given, on, at string }{
		{"Asia/Shanghai", "2026-04-30T15:59:59Z", "2026-05-30", "2026-05-29T16:00:00Z"}, // still the 30th of April there
		{"Asia/Shanghai", "2026-04-30T16:00:00Z", "2026-05-31", "2026-05-30T16:00:00Z"}, // a month's first day
		{"Europe/Berlin", "2026-09-25T12:00:00Z", "2026-10-25", "2026-10-24T22:00:00Z"}, // a day of 25 hours
		{"America/Havana", "2026-10-02T12:00:00Z", "2026-11-01", "2026-11-01T04:00:00Z"},
		{"America/Havana", "2027-02-12T12:00:00Z", "2027-03-14", "2027-03-14T05:00:00Z"}, // it has no midnight
		{"Pacific/Kiritimati", "2026-12-01T12:00:00Z", "2027-01-01", "2026-12-31T10:00:00Z"},
	} {
		t.Run(x.zone+" "+x.on, func(t *testing.T) {
			h := newHouse(t)
			c := h.inForce(func(in *DraftInput) { in.TimeZone = &x.zone })
			h.at(x.given)
			h.tick()
			c = h.must(c, VerbNotice, banker)
			if on := c.Party(bank).Notice.EffectiveOn; string(on) != x.on {
				t.Fatalf("for %s, want %s", on, x.on)
			}
			at, err := time.Parse(time.RFC3339, x.at)
			if err != nil {
				t.Fatal(err)
			}
			before := at.Add(-time.Millisecond)
			h.clock.Store(&before)
			if h.tick(); h.read(c).Party(bank).State == Exited {
				t.Fatal("it left a moment early")
			}
			h.clock.Store(&at)
			if h.tick(); h.read(c).Party(bank).State != Exited {
				t.Fatal("its day has begun, and it is still there")
			}
		})
	}
}
