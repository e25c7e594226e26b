package fulfilment_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// in brings a fulfilment into a state: the school has promised the community, and the liaison reports.
func in(t *testing.T, s fulfilment.Status) (*world, *fulfilment.Fulfilment) {
	t.Helper()
	w := open(t)
	p := promise("m1", due("2026-03-10"))
	w.hear(t, told(contract.Active, p))
	f := w.one(t)
	switch s {
	case fulfilment.Overdue:
		w.goTo("2026-03-11", "00:00")
		w.tick(t)
	case fulfilment.Closed:
		w.hear(t, told(contract.Terminated, p))
	case fulfilment.Suspended:
		w.suspends(t, p)
	case fulfilment.Waived:
		must(t)(w.waive(as(secretary), f))
	case fulfilment.Reported, fulfilment.Accepted, fulfilment.Disputed, fulfilment.Resolved:
		f = must(t)(w.report(as(liaison), f))
		switch s {
		case fulfilment.Accepted:
			must(t)(w.accept(as(secretary), f))
		case fulfilment.Disputed:
			must(t)(w.dispute(as(secretary), f))
		case fulfilment.Resolved:
			f = must(t)(w.dispute(as(secretary), f))
			must(t)(w.resolve(as(supervisor), f, fulfilment.Partly))
		}
	}
	f = w.one(t)
	if f.Status != s {
		t.Fatalf("it is %s, not %s", f.Status, s)
	}
	return w, f
}

// life is the table of a fulfilment's life as people read it.
func life(t *testing.T) []lifetable.Row {
	t.Helper()
	rows, err := lifetable.Read("../../docs/contract-life.md", "Fulfilment")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// whom says which people the table's words mean, of what the school has promised the community.
func whom(t *testing.T, words []string) []string {
	t.Helper()
	mean := map[string][]string{
		"provider": {liaison, both, everybody}, "receiver": {secretary, everybody}, "supervising body": {supervisor}, "time": {},
	}
	var out []string
	for _, w := range words {
		people, known := mean[w]
		if !known {
			t.Fatalf("the table names %q, and nobody knows who that is", w)
		}
		out = append(out, people...)
	}
	return out
}

func (w *world) does(ctx context.Context, v fulfilment.Verb, f *fulfilment.Fulfilment) (*fulfilment.Fulfilment, error) {
	switch v {
	case fulfilment.VerbReport:
		return w.report(ctx, f)
	case fulfilment.VerbAccept:
		return w.accept(ctx, f)
	case fulfilment.VerbDispute:
		return w.dispute(ctx, f)
	case fulfilment.VerbWaive:
		return w.waive(ctx, f)
	default:
		return w.resolve(ctx, f, fulfilment.Kept)
	}
}

// Every state, every verb and everybody: what the table does not list is refused. Only who acts for both sides falls
// between: asked for which, or kept from judging what is their own.
func TestWhoCanDoWhatInWhichState(t *testing.T) {
	rows := life(t)
	people := []string{secretary, liaison, banker, both, everybody, steward, supervisor, auditor, operator, stranger, nobody}
	for _, s := range fulfilment.Statuses() {
		for _, verb := range fulfilment.PeoplesVerbs() {
			row, went := lifetable.Find(rows, string(s), string(verb)), 0
			w, f := in(t, s)
			for _, who := range people {
				listed := row != nil && slices.Contains(whom(t, row.Who), who)
				if listed {
					w, f = in(t, s)
				}
				allowed := slices.Contains(w.AllowedActions(as(who), f), verb)
				got, err := w.does(as(who), verb, f)
				if err == nil {
					went++
				}
				between := who == everybody && (verb == fulfilment.VerbWaive || verb == fulfilment.VerbResolve)
				switch {
				case listed && !between && (err != nil || !slices.Contains(row.To, string(got.Status))):
					t.Errorf("%s, %s by %s: got %v", s, verb, who, err)
				case !listed && err == nil:
					t.Errorf("%s, %s by %s: it became %s", s, verb, who, got.Status)
				case err != nil && (fault.Of(err).Kind == fault.Internal || fault.Of(err).Kind == fault.Unavailable):
					t.Errorf("%s, %s by %s: got %v", s, verb, who, err)
				case allowed != (err == nil) && !fault.Is(err, fulfilment.CodeAmbiguousParty):
					t.Errorf("%s, %s by %s: said to be allowed: %v, but %v", s, verb, who, allowed, err)
				}
				if now := w.one(t); err != nil && now.Version != f.Version {
					t.Errorf("%s, %s by %s: a refusal changed something", s, verb, who)
				}
				if listed {
					w, f = in(t, s)
				}
			}
			if row != nil && went == 0 {
				t.Errorf("the table has %s in %s, and nobody could do it", verb, s)
			}
		}
	}
}

func TestTheTableThatPeopleReadIsTheProgramsOwn(t *testing.T) {
	rows, lines := life(t), 0
	for _, s := range fulfilment.Statuses() {
		for _, v := range fulfilment.Verbs() {
			var want []fulfilment.Status
			if r := lifetable.Find(rows, string(s), string(v)); r != nil {
				lines++
				for _, to := range r.To {
					want = append(want, fulfilment.Status(to))
				}
				if slices.Contains(fulfilment.PeoplesVerbs(), v) == slices.Equal(r.Who, []string{"time"}) {
					t.Errorf("%s in %s is done by %v", v, s, r.Who)
				}
			}
			if got := fulfilment.Targets(s, v); !slices.Equal(got, want) {
				t.Errorf("%s in %s leads to %v, and the table says %v", v, s, got, want)
			}
		}
	}
	if lines != len(rows) {
		t.Errorf("the table has %d lines, and the program knows %d of them", len(rows), lines)
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	w, f := in(t, fulfilment.Due)
	_, err := w.accept(as(secretary), f)
	if got := fault.Of(err); got.Code != fulfilment.CodeWrongState || got.Params["status"] != fulfilment.Due || got.Params["verb"] != fulfilment.VerbAccept {
		t.Errorf("accepting what is not reported: got %v", err)
	}
	if _, err := w.report(as(secretary), f); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("reporting for another: got %v", err)
	}
	stale := *f
	stale.Version = 9
	if _, err := w.report(as(liaison), &stale); !fault.Is(err, fault.CodeConflict) || fault.Of(err).Params["current"] != 1 {
		t.Errorf("a stale version: got %v", err)
	}
}

func TestNobodyAcceptsWhatTheyReportedThemselves(t *testing.T) {
	w, f := in(t, fulfilment.Due)
	f = must(t)(w.report(as(everybody), f))
	for name, do := range map[string]func() (*fulfilment.Fulfilment, error){
		"accepts":  func() (*fulfilment.Fulfilment, error) { return w.accept(as(everybody), f) },
		"disputes": func() (*fulfilment.Fulfilment, error) { return w.dispute(as(everybody), f) },
	} {
		if _, err := do(); !fault.Is(err, fulfilment.CodeOwnReport) {
			t.Errorf("who reported %s: got %v", name, err)
		}
	}
	if f = must(t)(w.accept(as(secretary), f)); f.Status != fulfilment.Accepted {
		t.Errorf("it is %s", f.Status)
	}
}

func TestNobodyAcceptsTheirOwnPromise(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-03-10"), func(p *contract.Promise) {
		p.Receivers = []id.Organisation{school(), community()} // no text comes so far, but should one
	})))
	f := must(t)(w.report(as(liaison), w.one(t)))
	if _, err := w.accept(as(both), f, school()); !fault.Is(err, fulfilment.CodeOwnPromise) {
		t.Errorf("got %v", err)
	}
}

func TestNobodySettlesADisputeWithThemselves(t *testing.T) {
	w, f := in(t, fulfilment.Disputed) // reported by the liaison
	f = must(t)(w.resolve(as(everybody), f, fulfilment.Kept, school()))
	if _, err := w.resolve(as(everybody), f, fulfilment.Kept, community()); !fault.Is(err, fulfilment.CodeBothSides) {
		t.Errorf("for both sides: got %v", err)
	}
	w, f = in(t, fulfilment.Due)
	f = must(t)(w.report(as(everybody), f))
	f = must(t)(w.dispute(as(secretary), f))
	if _, err := w.resolve(as(everybody), f, fulfilment.Kept, community()); !fault.Is(err, fulfilment.CodeOwnReport) {
		t.Errorf("of the own report: got %v", err)
	}
	self := actor(liaison)
	self.Holdings = append(self.Holdings, authz.Holding{Role: authz.Supervisor, Organisation: street()})
	w, f = in(t, fulfilment.Disputed)
	if _, err := w.resolve(authz.With(t.Context(), self), f, fulfilment.Kept, street()); !fault.Is(err, fulfilment.CodeOwnReport) {
		t.Errorf("as the body above: got %v", err)
	}
}

func TestWhoActsForSeveralSaysForWhom(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-03-10"), toBoth)))
	f := must(t)(w.report(as(liaison), w.one(t)))
	two := actor(secretary)
	two.Holdings = append(two.Holdings, authz.Holding{Role: authz.Liaison, Organisation: bank()})
	ctx := authz.With(t.Context(), two)
	_, err := w.accept(ctx, f)
	if got := fault.Of(err); got.Code != fulfilment.CodeAmbiguousParty || got.Path[0] != "party" {
		t.Errorf("for nobody in particular: got %v", err)
	}
	if _, err := w.accept(ctx, f, other()); !fault.Is(err, fulfilment.CodeNotOfYours) {
		t.Errorf("for a stranger: got %v", err)
	}
	f = must(t)(w.accept(ctx, f, bank()))
	if f.Status != fulfilment.Reported {
		t.Errorf("with one of two it is %s", f.Status)
	}
	if _, err := w.accept(ctx, f, bank()); !fault.Is(err, fulfilment.CodeAlreadyAnswered) {
		t.Errorf("twice: got %v", err)
	}
	if _, err := w.dispute(ctx, f, bank()); !fault.Is(err, fulfilment.CodeAlreadyAnswered) {
		t.Errorf("otherwise: got %v", err)
	}
	if f = must(t)(w.accept(ctx, f, community())); f.Status != fulfilment.Accepted || f.AcceptedBySilence {
		t.Errorf("with both it is %s", f.Status)
	}
}

func TestOneOfSeveralReceiversIsEnoughForADispute(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-03-10"), toBoth)))
	f := must(t)(w.report(as(liaison), w.one(t)))
	f = must(t)(w.accept(as(banker), f))
	f = must(t)(w.dispute(as(secretary), f))
	if f.Status != fulfilment.Disputed || *f.Answers[1].Reason != "the door was locked" {
		t.Fatalf("got %+v", f)
	}
	f = must(t)(w.resolve(as(liaison), f, fulfilment.Kept))
	f = must(t)(w.resolve(as(banker), f, fulfilment.Kept)) // does not dispute, so that nothing depends on it
	if f.Status != fulfilment.Disputed {
		t.Fatalf("it is %s", f.Status)
	}
	f = must(t)(w.resolve(as(secretary), f, fulfilment.KeptLate))
	if f.Status != fulfilment.Disputed || len(f.Proposals) != 3 {
		t.Fatalf("with different outcomes it is %s", f.Status)
	}
	f = must(t)(w.resolve(as(liaison), f, fulfilment.KeptLate))
	if f.Status != fulfilment.Resolved || f.Resolution.Outcome != fulfilment.KeptLate || f.Resolution.Body != nil || len(f.Proposals) != 3 {
		t.Fatalf("got %+v", f)
	}
}

func TestTheBodyAboveDecidesWithAReason(t *testing.T) {
	w, f := in(t, fulfilment.Disputed)
	_, err := w.Resolve(as(supervisor), fulfilment.ResolveInput{Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Outcome: fulfilment.NotKept})
	if got := fault.Of(err); got.Code != fault.CodeRequired || got.Path[0] != "reason" {
		t.Errorf("without a reason: got %v", err)
	}
	_, err = w.resolve(as(supervisor), f, "PERHAPS")
	if !fault.Is(err, fulfilment.CodeUnknownOutcome) {
		t.Errorf("with no outcome: got %v", err)
	}
	f = must(t)(w.resolve(as(supervisor), f, fulfilment.NotKept))
	if f.Status != fulfilment.Resolved || *f.Resolution.Body != street() || f.Resolution.Reason == nil {
		t.Errorf("got %+v", f.Resolution)
	}
}

func TestTheEvidenceAskedForMustBeThere(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-03-10"), func(p *contract.Promise) {
		p.Evidence = []contract.EvidenceKind{contract.Photo, contract.AttendanceList}
	})))
	f := w.one(t)
	word := func(s string) *string { return &s }
	day := func(d scalar.Date) *scalar.Date { return &d }
	photo := &fulfilment.EvidenceInput{Kind: fulfilment.Photo, Description: "the full hall", TakenOn: day(dawn), Sha256: word(strings.Repeat("a", 64)), URL: word("https://example.org/1.jpg")}
	list := &fulfilment.EvidenceInput{Kind: fulfilment.AttendanceList, Description: "who came"}
	for name, tt := range map[string]struct {
		e    []*fulfilment.EvidenceInput
		code fault.Code
		path string
	}{
		"nothing":            {nil, fulfilment.CodeEvidenceMissing, "evidence"},
		"one of two":         {[]*fulfilment.EvidenceInput{photo}, fulfilment.CodeEvidenceMissing, "evidence"},
		"from tomorrow":      {[]*fulfilment.EvidenceInput{photo, {Kind: fulfilment.AttendanceList, Description: "x", TakenOn: day("2026-03-02")}}, fulfilment.CodeEvidenceFuture, "evidence.1.takenOn"},
		"of no kind":         {[]*fulfilment.EvidenceInput{{Kind: "SONG", Description: "x"}}, fault.CodeMalformed, "evidence.0.kind"},
		"undescribed":        {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Photo}}, fault.CodeRequired, "evidence.0.description"},
		"a link to nowhere":  {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Link, Description: "x"}}, fulfilment.CodeEvidenceLink, "evidence.0.url"},
		"a script":           {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Link, Description: "x", URL: word("javascript:alert(1)")}}, fault.CodeMalformed, "evidence.0.url"},
		"a password":         {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Link, Description: "x", URL: word("https://a:b@example.org")}}, fault.CodeMalformed, "evidence.0.url"},
		"a long address":     {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Link, Description: "x", URL: word("https://example.org/" + strings.Repeat("x", 2000))}}, fault.CodeTooLong, "evidence.0.url"},
		"a hash in capitals": {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Photo, Description: "x", Sha256: word(strings.Repeat("A", 64))}}, fault.CodeMalformed, "evidence.0.sha256"},
		"no day":             {[]*fulfilment.EvidenceInput{{Kind: fulfilment.Photo, Description: "x", TakenOn: day("2026-02-30")}}, fault.CodeMalformed, "evidence.0.takenOn"},
		"too much":           {slices.Repeat([]*fulfilment.EvidenceInput{photo}, 51), fault.CodeTooMany, "evidence"},
	} {
		_, err := w.report(as(liaison), f, tt.e...)
		if got := fault.Of(err); err == nil || got.Code != tt.code || strings.Join(got.Path, ".") != tt.path {
			t.Errorf("%s: got %v, want %s at %s", name, err, tt.code, tt.path)
		}
	}
	_, bare := w.report(as(liaison), f)
	if kinds := fault.Of(bare).Params["kinds"]; kinds != "PHOTO, ATTENDANCE_LIST" {
		t.Errorf("the sentence names %v", kinds)
	}
	minus := scalar.Decimal("-1")
	_, err := w.Report(as(liaison), fulfilment.ReportInput{Change: command.Change{ExpectedVersion: 1}, ID: f.ID, Note: "\x00", QuantityDone: &minus})
	if all := fault.All(err); len(all) != 2 || all[0].Code != fault.CodeControl || all[1].Code != fault.CodeOutOfRange {
		t.Errorf("a bad note and less than nothing: got %v", err)
	}
	f = must(t)(w.report(as(liaison), f, photo, list))
	if len(f.Report.Evidence) != 2 || f.Report.Person == "" || f.Report.Party != school() {
		t.Errorf("got %+v", f.Report)
	}
}

func TestADayIsOverAtMidnightWhereTheContractLives(t *testing.T) {
	for _, tt := range []struct {
		zone      string
		day, next scalar.Date
		over      string // in UTC
	}{
		{"Asia/Shanghai", "2026-03-10", "2026-03-11", "2026-03-10T16:00:00Z"},
		{"America/New_York", "2026-03-08", "2026-03-09", "2026-03-09T04:00:00Z"}, // clocks go forward that day
		{"America/New_York", "2026-11-01", "2026-11-02", "2026-11-02T05:00:00Z"}, // and back that day
		{"Asia/Beirut", "2026-03-28", "2026-03-29", "2026-03-28T22:00:00Z"},      // midnight itself does not exist
		{"Asia/Shanghai", "2028-02-29", "2028-03-01", "2028-02-29T16:00:00Z"},
		{"Pacific/Kiritimati", "2026-12-31", "2027-01-01", "2026-12-31T10:00:00Z"},
	} {
		t.Run(tt.zone+" "+string(tt.day), func(t *testing.T) {
			w := open(t)
			over, err := time.Parse(time.RFC3339, tt.over)
			if err != nil {
				t.Fatal(err)
			}
			w.at = over.AddDate(0, 0, -20)
			s := told(contract.Active, promise("m1", due(tt.day)), promise("m2", due(tt.day)))
			s.TimeZone, s.EndsOn = tt.zone, "2029-12-31"
			w.hear(t, s)
			w.at = over.Add(-time.Millisecond)
			w.tick(t)
			fs := w.all(t)
			if fs[0].Status != fulfilment.Due || fs[1].Status != fulfilment.Due {
				t.Fatalf("a moment before, it is %s", fs[0].Status)
			}
			if f := must(t)(w.report(as(liaison), fs[0])); f.Late {
				t.Error("in the last moment it is late")
			}
			w.at = over
			if f := must(t)(w.report(as(liaison), fs[1])); !f.Late {
				t.Error("in the next moment it is in time")
			}
		})
	}
}

func TestWhatIsOverdueCanStillBeReportedAndIsLate(t *testing.T) {
	w, f := in(t, fulfilment.Overdue)
	if !f.Late || f.Version != 2 {
		t.Fatalf("got %+v", f)
	}
	f = must(t)(w.report(as(liaison), f))
	f = must(t)(w.accept(as(secretary), f))
	if !f.Late || f.Status != fulfilment.Accepted {
		t.Errorf("got %+v", f)
	}
}

func TestSilenceOfFourteenDaysIsAcceptance(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-04-10"), toBoth)))
	f := must(t)(w.report(as(liaison), w.one(t)))
	f = must(t)(w.accept(as(banker), f))
	if f.AnswerBy == nil || !f.AnswerBy.Equal(w.at.Add(14*24*time.Hour)) {
		t.Fatalf("an answer is awaited by %v", f.AnswerBy)
	}
	w.wait(14*24*time.Hour - time.Millisecond)
	w.tick(t)
	if f = w.one(t); f.Status != fulfilment.Reported {
		t.Fatalf("a moment before, it is %s", f.Status)
	}
	w.wait(time.Millisecond)
	w.tick(t)
	if f = w.one(t); f.Status != fulfilment.Accepted || !f.AcceptedBySilence || len(f.Answers) != 1 || f.AnswerBy != nil {
		t.Fatalf("got %+v", f)
	}
	if _, err := w.dispute(as(secretary), f); !fault.Is(err, fulfilment.CodeWrongState) {
		t.Errorf("a dispute thereafter: got %v", err)
	}
}

func TestADisputeIsNotEndedBySilence(t *testing.T) {
	w, _ := in(t, fulfilment.Disputed)
	w.wait(365 * 24 * time.Hour)
	w.tick(t)
	if f := w.one(t); f.Status != fulfilment.Disputed || f.Late {
		t.Errorf("it is %s", f.Status)
	}
}

func TestOfAcceptingAndDisputingAtOnceOneWins(t *testing.T) {
	for range 8 {
		w := open(t)
		w.hear(t, told(contract.Active, promise("m1", due("2026-03-10"), toBoth)))
		f := must(t)(w.report(as(liaison), w.one(t)))
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				switch i % 4 {
				case 0:
					_, errs[i] = w.accept(as(secretary), f)
				case 1:
					_, errs[i] = w.dispute(as(secretary), f)
				case 2:
					_, errs[i] = w.accept(as(banker), f)
				case 3:
					_, errs[i] = w.dispute(as(banker), f)
				}
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.CodeConflict) {
				t.Errorf("got %v", err)
			}
		}
		if now := w.one(t); won != 1 || now.Version != f.Version+1 || len(now.Answers) != 1 {
			t.Fatalf("%d won, %+v", won, now)
		}
	}
}

func TestTwoNodesLetTimePassOnce(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=DAILY;COUNT=40"))))
	w.goTo("2026-06-01", "09:00")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n, err := w.Tick(t.Context(), w.now()); n > 0 || err != nil; n, err = w.Tick(t.Context(), w.now()) {
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := w.journal.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	overdue := map[string]int{}
	for _, e := range w.heard {
		if e.Type == fulfilment.ToldOverdue {
			overdue[e.Subject]++
		}
	}
	for _, f := range w.all(t) {
		if overdue[string(f.ID)] != 1 || f.Status != fulfilment.Overdue || f.Version != 2 {
			t.Errorf("%s became overdue %d times", f.DueOn, overdue[string(f.ID)])
		}
	}
	if len(overdue) != 40 {
		t.Errorf("%d are overdue", len(overdue))
	}
}

func TestReportingTwiceUnderOneNameReportsOnce(t *testing.T) {
	w, f := in(t, fulfilment.Due)
	for i := range 2 {
		once := store.NewOnce("liaison", "r1", []byte("same"))
		got, err := w.report(store.WithOnce(as(liaison), once), f)
		if err != nil || once.Replayed != (i == 1) || got.Status != fulfilment.Reported || got.Version != 2 {
			t.Errorf("time %d: got %v, %v", i, got, err)
		}
	}
	once := store.NewOnce("liaison", "r1", []byte("other"))
	if _, err := w.report(store.WithOnce(as(liaison), once), f); !fault.Is(err, fault.CodeMismatch) {
		t.Errorf("with other words: got %v", err)
	}
}
