package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestAPeriodHasItsDays(t *testing.T) {
	for want, p := range map[string]Period{
		"2026-01-01 2026-12-31": {Year: 2026}, "2026-01-01 2026-03-31": {Year: 2026, Quarter: new(1)},
		"2028-01-01 2028-03-31": {Year: 2028, Quarter: new(1)}, "2026-04-01 2026-06-30": {Year: 2026, Quarter: new(2)},
		"2026-07-01 2026-09-30": {Year: 2026, Quarter: new(3)}, "2026-10-01 2026-12-31": {Year: 2026, Quarter: new(4)},
	} {
		s, err := p.span()
		must(t, err)
		if got := string(s.From + " " + s.To); got != want {
			t.Errorf("%s: %s", p, got)
		}
		if back, err := ParsePeriod(p.String()); err != nil || back.String() != p.String() {
			t.Errorf("%s is read as %s, %v", p, back, err)
		}
	}
	for _, bad := range []string{"", "2026-", "2026-Q", "2026-Q5x", "2026Q1", "26-Q1", "2026-q1", " 2026", "+226", "2026-Q1 "} {
		if p, err := ParsePeriod(bad); err == nil {
			t.Errorf("%q is read as %s", bad, p)
		}
	}
}

func TestAPeriodBeginsWithItsFirstDayWhereTheContractIs(t *testing.T) {
	w := open(t)
	w.at = time.Date(2026, 12, 31, 15, 59, 59, 0, time.UTC) // a second to midnight in Shanghai
	of := street()
	ask := func() (*Report, error) {
		return w.Report(officer(authz.Supervisor, street()), Scope{Organisation: &of}, Period{Year: 2027})
	}
	if _, err := ask(); !fault.Is(err, CodeNotBegun) {
		t.Errorf("a second too early: %v", err)
	}
	w.wait(time.Second)
	r, err := ask()
	must(t, err)
	if r.Complete {
		t.Error("on its first day a period is over")
	}
}

func fact(on scalar.Date, status string, change ...func(*Fact)) Fact {
	f := Fact{DueOn: on, Provider: school(), Status: status}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestContractsAreCountedByTheirDaysInForce(t *testing.T) {
	w := open(t)
	tell := func(name, status string, on scalar.Date) {
		t.Helper()
		must(t, w.FollowContract(t.Context(), w.contractEvent(t, name, status, on)))
	}
	tell("draft", "DRAFT", "2026-01-02")
	tell("old", contractActive, "2025-05-01")
	tell("short", contractActive, "2026-02-01")
	tell("short", contractTerminated, "2026-02-03")
	tell("ended", contractActive, "2026-03-31")
	tell("ended", contractSuspended, "2026-04-01")
	tell("ended", contractActive, "2026-05-01")
	tell("ended", contractCompleted, "2026-06-30")
	tell("ran out", contractActive, "2026-04-01")
	tell("ran out", contractExpired, "2026-11-02") // noticed late: its last day was 31 October
	for p, want := range map[Period]string{
		{Year: 2025}:                  "0 1 0 0 0 1",
		{Year: 2026, Quarter: new(1)}: "1 2 0 1 0 2",
		{Year: 2026, Quarter: new(2)}: "2 1 0 0 1 2",
		{Year: 2026, Quarter: new(3)}: "2 0 0 0 0 2",
		{Year: 2026, Quarter: new(4)}: "2 0 1 0 0 1",
		{Year: 2026}:                  "1 3 1 1 1 1",
	} {
		fs := w.supervised(t, p)
		var got []string
		for _, k := range []Key{InForceBefore, CameIntoForce, Expired, Terminated, Completed, InForceAfter} {
			got = append(got, strconv.Itoa(fs[k].Count))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", p, got, want)
		}
	}
}

// Events may come twice and in any order, of contracts and fulfilments alike: the sums are those of what is known last.
func TestHearingAgainOrLateChangesNothing(t *testing.T) {
	w := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringMatching(`[a-z]{12}`).Draw(rt, "contract")
		story := []journal.Entry{
			w.contractEvent(t, name, contractActive, "2026-02-01"),
			w.contractEvent(t, name, contractSuspended, "2026-04-01"),
			w.contractEvent(t, name, contractTerminated, "2026-05-01"),
		}
		last := map[scalar.Date]Fact{}
		for range rapid.IntRange(1, 8).Draw(rt, "events") {
			on := rapid.SampledFrom([]scalar.Date{"2026-02-10", "2026-03-31", "2026-04-01"}).Draw(rt, "day")
			f := fact(on, rapid.SampledFrom([]string{due, reported, accepted, resolved}).Draw(rt, "status"))
			f.Quantity = new(scalar.Decimal(rapid.SampledFrom([]string{"1", "0.3", "20"}).Draw(rt, "quantity")))
			last[on] = f
			story = append(story, w.dueEvent(t, name, "m1", f))
		}
		all := append(append([]journal.Entry{}, story...), story...)
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 0)) //nolint:gosec // a game of chance
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, e := range all {
			follow := w.FollowFulfilment
			if e.Subject != "ful" {
				follow = w.FollowContract
			}
			must(t, follow(t.Context(), e))
		}
		var want []entry
		for _, f := range last {
			want = append(want, entry{Fact: f})
		}
		c := contractOf(name)
		f, err := w.folios.Get(authz.AsSystem(t.Context()), string(c))
		must(t, err)
		if *f.From != "2026-02-01" || *f.Until != "2026-05-01" || f.Status != contractTerminated {
			rt.Fatalf("in force from %s to %s, %s", *f.From, *f.Until, f.Status)
		}
		got, err := w.told(t.Context(), []*folio{f}, 2026)
		must(t, err)
		if a, b := fmt.Sprint(got[0]), fmt.Sprint(totals(want)); a != b {
			rt.Fatalf("told %s\nwant %s", a, b)
		}
	})
}

func TestAFigureThatCountsNothingOfACommitmentMovedAwayIsGone(t *testing.T) {
	w := open(t)
	must(t, w.FollowContract(t.Context(), w.contractEvent(t, "c", contractActive, "2026-01-05")))
	must(t, w.FollowFulfilment(t.Context(), w.dueEvent(t, "c", "m", fact("2026-02-01", due))))
	must(t, w.FollowFulfilment(t.Context(), w.dueEvent(t, "c", "m", fact("2026-02-01", closed))))
	fs := w.supervised(t, Period{Year: 2026, Quarter: new(1)})
	if fs[Occurrences].Count != 0 || fs[NotYetReported].Count != 0 || fs[Closed].Count != 1 || fs[Rate].Value != nil {
		t.Errorf("due %d, not yet reported %d, closed %d", fs[Occurrences].Count, fs[NotYetReported].Count, fs[Closed].Count)
	}
}

func TestQuantitiesOfOneUnitAreAddedExactly(t *testing.T) {
	for _, tt := range [][3]scalar.Decimal{
		{"0.1", "0.2", "0.3"}, {"", "2", "2"}, {"999999999999999.999999", "0.000001", "1000000000000000"}, {"10", "90", "100"}, {"1.5", "1.5", "3"},
	} {
		if got := plus(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s and %s are %s", tt[0], tt[1], got)
		}
	}
}

func TestOnlyWhatWasUpheldCountsAsDone(t *testing.T) {
	w := open(t)
	must(t, w.FollowContract(t.Context(), w.contractEvent(t, "c", contractActive, "2026-01-05")))
	ten := func(f *Fact) { f.Quantity, f.Unit = new(scalar.Decimal("10")), "场" }
	for i, f := range []Fact{
		fact("2026-02-01", accepted, ten), fact("2026-02-02", reported, ten), fact("2026-02-03", disputed, ten),
		fact("2026-02-04", resolved, ten, func(f *Fact) { f.Outcome = kept }), fact("2026-02-05", resolved, ten, func(f *Fact) { f.Outcome = keptLate }),
		fact("2026-02-06", resolved, ten, func(f *Fact) { f.Outcome = partly }), fact("2026-02-07", resolved, ten, func(f *Fact) { f.Outcome = notKept }),
		fact("2026-02-08", accepted), fact("2026-02-09", accepted, ten, func(f *Fact) { f.Unit = "" }),
	} {
		must(t, w.FollowFulfilment(t.Context(), w.dueEvent(t, "c", fmt.Sprint("m", i), f)))
	}
	ctx, of := officer(authz.Auditor, street()), street()
	r, err := w.Report(ctx, Scope{Organisation: &of}, Period{Year: 2026})
	must(t, err)
	sections, err := w.Sections(ctx, r)
	must(t, err)
	got := map[string]string{}
	for _, s := range sections {
		if s.Key == Quantities {
			for _, f := range s.Figures {
				got[*f.Unit] = fmt.Sprint(*f.Value, " of ", f.Count)
			}
		}
	}
	if len(got) != 2 || got["场"] != "30 of 3" || got[""] != "10 of 1" {
		t.Errorf("done: %v", got)
	}
}

func TestAppraisalsAreASectionWhereTheyAreKnown(t *testing.T) {
	of := street()
	section := func(a Appraisals) *Section {
		w := open(t, func(s *Service) { s.Appraisals = a })
		ctx := officer(authz.Supervisor, street())
		r, err := w.Report(ctx, Scope{Organisation: &of}, Period{Year: 2026})
		must(t, err)
		all, err := w.Sections(ctx, r)
		must(t, err)
		for _, s := range all {
			if s.Key == Appraisal {
				return s
			}
		}
		return nil
	}
	if section(nil) != nil {
		t.Error("without appraisals there is a section on them")
	}
	got := section(func(_ context.Context, s Scope, from, to scalar.Date) (AppraisalTotals, error) {
		if *s.Organisation != street() || from != "2026-01-01" || to != "2026-12-31" {
			t.Errorf("asked for %v from %s to %s", s, from, to)
		}
		return AppraisalTotals{Opened: 4, Mean: new(scalar.Decimal("4.25"))}, nil
	})
	if got == nil || *got.Figures[0].Value != "4" || *got.Figures[1].Value != "4.25" || got.Figures[1].Count != 4 {
		t.Errorf("appraisals: %+v", got)
	}
	if none := section(func(context.Context, Scope, scalar.Date, scalar.Date) (AppraisalTotals, error) {
		return AppraisalTotals{}, nil
	}); none.Figures[1].Value != nil {
		t.Error("of no appraisal there is a mean")
	}
}

func TestAnAddressHoldsThroughTheRotationOfKeys(t *testing.T) {
	secrets := [][]byte{[]byte("one")}
	w := open(t, func(s *Service) { s.Secrets = func() [][]byte { return secrets } })
	ctx, of := officer(authz.Supervisor, street()), street()
	r, err := w.Report(ctx, Scope{Organisation: &of}, Period{Year: 2026})
	must(t, err)
	a, err := w.Document(ctx, r, PDF, Chinese)
	must(t, err)
	u, err := url.Parse(a.URL)
	must(t, err)
	secrets = [][]byte{[]byte("two"), []byte("one")}
	if b, err := w.Bearer(u.Path, u.Query()); err != nil || b.Person != "p" || b.Session != "s" {
		t.Errorf("after a rotation: %v, %v", b, err)
	}
	secrets = [][]byte{[]byte("two")}
	if _, err := w.Bearer(u.Path, u.Query()); !fault.Is(err, CodeBadAddress) {
		t.Errorf("after the key is gone: %v", err)
	}
	p, err := PaperAt(u.Path, u.Query().Get("lang"))
	must(t, err)
	if *p.Organisation != street() || p.Format != PDF || p.Language != Chinese || p.String() != "2026" {
		t.Errorf("read as %+v", p)
	}
}

func TestEveryFigureAndSectionHasItsNameInEveryLanguage(t *testing.T) {
	v, err := loadVocabulary()
	must(t, err)
	keys := []string{"paper.quarterly", "paper.annual"}
	for _, d := range counting() {
		keys = append(keys, "figure."+string(d.key))
	}
	for _, k := range []Key{InForceBefore, CameIntoForce, Expired, Terminated, Completed, InForceAfter, Appraised, AppraisalMean} {
		keys = append(keys, "figure."+string(k))
	}
	for _, k := range []SectionKey{Contracts, Fulfilments, Evidence, Quantities, Appraisal} {
		keys = append(keys, "section."+string(k))
	}
	for l, w := range v {
		for _, k := range keys {
			if w[k] == "" {
				t.Errorf("%s has no name for %s", l, k)
			}
		}
		for k := range w {
			if v[English][k] == "" || v[Chinese][k] == "" {
				t.Errorf("%s is in one language alone", k)
			}
		}
	}
}

func TestNobodyReadsWhatIsKeptBehindReports(t *testing.T) {
	w := open(t)
	must(t, w.FollowContract(t.Context(), w.contractEvent(t, "c", contractActive, "2026-01-05")))
	must(t, w.FollowFulfilment(t.Context(), w.dueEvent(t, "c", "m", fact("2026-02-01", due))))
	c := contractOf("c")
	for _, ctx := range []context.Context{t.Context(), officer(authz.Administrator, ""), officer(authz.Supervisor, street()), officer(authz.Secretary, community())} {
		if _, err := w.sheets.Get(ctx, string(sheetOf(c, 2026))); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("a sheet is read: %v", err)
		}
	}
	of := id.Derived[id.Organisation](id.KindSubDistrict, "elsewhere")
	if _, err := w.Report(officer(authz.Supervisor, of), Scope{Contract: &c}, Period{Year: 2026}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another body reads the contract's report: %v", err)
	}
}

func TestTheContractsOfAReportComeInPages(t *testing.T) {
	w := open(t)
	for i := range 105 {
		must(t, w.FollowContract(t.Context(), w.contractEvent(t, strconv.Itoa(i), contractActive, scalar.Date("2026-01-01").AddDays(i))))
	}
	ctx, of := officer(authz.Supervisor, street()), street()
	r, err := w.Report(ctx, Scope{Organisation: &of}, Period{Year: 2026})
	must(t, err)
	seen, args := map[id.Contract]bool{}, page.Args{First: new(50)}
	for {
		got, err := w.Contracts(ctx, r, args)
		must(t, err)
		for _, c := range got.Nodes() {
			seen[c.ID] = true
		}
		if !got.PageInfo.HasNextPage {
			break
		}
		args.After = got.PageInfo.EndCursor
	}
	if len(seen) != 105 {
		t.Errorf("%d contracts in all pages", len(seen))
	}
}

// Whatever comes as a path, it names a document by its one right name, or none.
func FuzzAPathNamesOneDocumentOrNone(f *testing.F) {
	of := string(street())
	for _, s := range []string{
		"/reports/" + of + "/2026-Q1.pdf", "/reports/" + of + "/2026.html", "/reports//2026.pdf", "/reports/" + of + "/2026.pdf/../x",
		"/reports/" + of + "/2026-Q1.pdf.html", "", "/", "/reports/" + of + "/-026.pdf", "/reports/" + of + "/٢٠٢٦.pdf",
	} {
		f.Add(s, "en")
	}
	f.Fuzz(func(t *testing.T, path, lang string) {
		p, err := PaperAt(path, lang)
		if err == nil && (p.path() != path || p.Tag() != lang || (p.Contract == nil) == (p.Organisation == nil)) {
			t.Fatalf("%q, %q is read as %+v", path, lang, p)
		}
	})
}
