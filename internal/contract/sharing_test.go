package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// phone is an entry by which the school lets the others call its duty room.
func phone(more ...func(*SharingInput)) SharingInput {
	in := SharingInput{Subject: school, Fields: []SharedField{FieldDutyPhone}, Purpose: "防汛值守时联系"}
	for _, f := range more {
		f(&in)
	}
	return in
}

func sharing(all ...SharingInput) func(*DraftInput) {
	return func(in *DraftInput) { in.Sharing = all }
}

func badSharing() []bad {
	alter := func(f func(*SharingInput)) func(*DraftInput) { return sharing(phone(f)) }
	return []bad{
		{"of no party", alter(func(s *SharingInput) { s.Subject = hospital }), CodeSharerNoParty, "sharing.0.subject"},
		{"of no organisation", alter(func(s *SharingInput) { s.Subject = "ctr1_x" }), fault.CodeWrongID, "sharing.0.subject"},
		{"without a field", alter(func(s *SharingInput) { s.Fields = nil }), fault.CodeTooFew, "sharing.0.fields"},
		{"an unknown field", alter(func(s *SharingInput) { s.Fields = []SharedField{"SECRET"} }), fault.CodeMalformed, "sharing.0.fields.0"},
		{"a field twice", alter(func(s *SharingInput) { s.Fields = append(s.Fields, FieldDutyPhone) }), fault.CodeDuplicate, "sharing.0.fields.1"},
		{"with itself", alter(func(s *SharingInput) { s.With = []id.Organisation{school} }), CodeSharedWithItself, "sharing.0.with.0"},
		{"with a stranger", alter(func(s *SharingInput) { s.With = []id.Organisation{host, hospital} }), CodeReaderNoParty, "sharing.0.with.1"},
		{"with one twice", alter(func(s *SharingInput) { s.With = []id.Organisation{host, host} }), fault.CodeDuplicate, "sharing.0.with.1"},
		{"without a purpose", alter(func(s *SharingInput) { s.Purpose = " " }), fault.CodeRequired, "sharing.0.purpose"},
		{"too long a purpose", alter(func(s *SharingInput) { s.Purpose = strings.Repeat("长", MaxSharingPurpose+1) }), fault.CodeTooLong, "sharing.0.purpose"},
		{"no such day", alter(func(s *SharingInput) { s.Until = date("2026-02-30") }), fault.CodeMalformed, "sharing.0.until"},
		{"beyond the contract", alter(func(s *SharingInput) { s.Until = date("2027-04-01") }), CodeOutsidePeriod, "sharing.0.until"},
		{"before the contract", alter(func(s *SharingInput) { s.Until = date("2026-03-31") }), CodeOutsidePeriod, "sharing.0.until"},
		{"a bad key", alter(func(s *SharingInput) { s.Key = new("a.b") }), fault.CodeMalformed, "sharing.0.key"},
		{"a key twice", sharing(phone(func(s *SharingInput) { s.Key = new("a") }), phone(func(s *SharingInput) { s.Key, s.Subject = new("a"), bank })), fault.CodeDuplicate, "sharing.0.key"},
		{"the same once more", sharing(phone(func(s *SharingInput) { s.With = []id.Organisation{bank} }), phone()), CodeSharedTwice, "sharing.1.fields"},
		{"too many", func(in *DraftInput) { in.Sharing = make([]SharingInput, MaxSharing+1) }, fault.CodeTooMany, "sharing"},
	}
}

func TestWhatCannotBeSharedIsRefusedEntryByEntry(t *testing.T) {
	h := newHouse(t)
	for _, c := range badSharing() {
		t.Run(c.name, func(t *testing.T) {
			in := draft()
			c.spoil(&in)
			_, err := h.Draft(h.as(secretary), in)
			refuses(t, err, c.code, c.path)
		})
	}
	in := witnessed()
	in.Sharing = []SharingInput{phone(func(s *SharingInput) { s.Subject = south })}
	_, err := h.Draft(h.as(secretary), in)
	refuses(t, err, CodeWitnessShares, "sharing.0.subject")
}

func TestNothingIsSharedUntilADayThatIsPast(t *testing.T) {
	h := newHouse(t)
	h.at("2026-05-01T08:00:00Z")
	in := draft()
	in.Sharing = []SharingInput{phone(func(s *SharingInput) { s.Until = date("2026-04-20") })}
	_, err := h.Draft(h.as(secretary), in)
	f := refuses(t, err, fault.CodeOutOfRange, "sharing.0.until")
	if f.Params["min"] == nil || f.Params["max"] == nil {
		t.Errorf("it does not say which days are: %v", f.Params)
	}
	c := h.inForce(sharing(phone(func(s *SharingInput) { s.Until = date("2026-04-10") })))
	h.at("2026-05-01T08:00:00Z")
	a := h.amend(c, secretary) // what a text had shared may stay in it
	if len(a.Text.Sharing) != 1 {
		t.Errorf("the amendment shares %v", a.Text.Sharing)
	}
	_, err = h.ReviseAmendment(h.as(secretary), ReviseAmendmentInput{
		Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID,
		AmendedText: AmendedText{Sharing: []SharingInput{phone(func(s *SharingInput) { s.Until = date("2026-04-12") })}},
	})
	refuses(t, err, fault.CodeOutOfRange, "sharing.0.until")
}

func TestTheFormOfWhatASignedTextSharesStaysAsItIs(t *testing.T) {
	c := &Contract{Text: Text{
		Title: "共建协议", EffectiveOn: "2026-04-01", EndsOn: "2027-03-31", TimeZone: DefaultZone, NoticeDays: 30, Language: "zh-CN",
		Named:   []Named{{Organisation: "com1_a", Part: Host, Name: "东风社区"}, {Organisation: "unt1_b", Part: Partner, Name: "小学"}},
		Clauses: []*Clause{}, Commitments: []*Commitment{},
	}}
	const before = `{"clauses":[],"commitments":[],"effectiveOn":"2026-04-01","endsOn":"2027-03-31","form":"cobuild-text/1","language":"zh-CN",` +
		`"noticeDays":30,"parties":[{"name":"东风社区","organisation":"com1_a","part":"HOST"},{"name":"小学","organisation":"unt1_b","part":"PARTNER"}],`
	const after = `"timeZone":"Asia/Shanghai","title":"共建协议"}`
	got, err := c.canonical()
	if err != nil || string(got) != before+after {
		t.Fatalf("a text that shares nothing has changed: %v\n%s", err, got)
	}
	c.Sharing = []*Sharing{
		{Key: "s1", Subject: "unt1_b", Fields: []SharedField{FieldDutyPhone, FieldFacilities}, With: []id.Organisation{"com1_a"}, Purpose: "防汛", Until: date("2026-10-31")},
		{Key: "s2", Subject: "com1_a", Fields: []SharedField{FieldYearlyBudget}, Purpose: "对账"},
	}
	const shares = `"sharing":[{"fields":["DUTY_PHONE","FACILITIES"],"key":"s1","purpose":"防汛","subject":"unt1_b","until":"2026-10-31","with":["com1_a"]},` +
		`{"fields":["YEARLY_BUDGET"],"key":"s2","purpose":"对账","subject":"com1_a"}],`
	if got, err = c.canonical(); err != nil || string(got) != before+shares+after {
		t.Fatalf("%v\n%s", err, got)
	}
}

func TestADifferenceTellsWhatIsSharedAnew(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	in := ReviseInput{Change: command.Change{ExpectedVersion: c.Version}, ID: c.ID, Sharing: []SharingInput{phone(func(s *SharingInput) {
		s.Fields = []SharedField{FieldFacilities, FieldDutyPhone}
	})}}
	next, err := h.Revise(h.as(secretary), in)
	if err != nil {
		t.Fatal(err)
	}
	if s := next.Sharing[0]; s.Key != "s1" || !slices.Equal(s.Fields, []SharedField{FieldDutyPhone, FieldFacilities}) {
		t.Errorf("it shares %+v", s)
	}
	diff := Differences(&c.Text, &next.Text)
	if len(diff) != 1 || strings.Join(diff[0].Path, ".") != "sharing.s1" || diff[0].Kind != Added || !strings.Contains(*diff[0].After, "DUTY_PHONE") {
		t.Errorf("the differences are %+v", diff)
	}
}

// reads says which fields of the school a party reads now, and checks that the ways to ask agree.
func (h *house) reads(reader id.Organisation) []SharedField {
	h.t.Helper()
	between, err := h.SharedBetween(h.t.Context(), []id.Organisation{school, bank}, []id.Organisation{reader, school})
	if err != nil {
		h.t.Fatal(err)
	}
	of, err := h.SharedOf(h.t.Context(), school)
	if err != nil {
		h.t.Fatal(err)
	}
	listed, err := h.SharedBy(h.as(teacher), school, new(SharingGiven), page.Args{})
	if err != nil {
		h.t.Fatal(err)
	}
	mine := func(s Share) bool { return s.Subject != school || s.Reader != reader }
	a, b := slices.DeleteFunc(between, mine), slices.DeleteFunc(of, mine)
	if len(a) != len(b) {
		h.t.Fatalf("between the two %v, of the one %v", a, b)
	}
	inList := 0
	for _, n := range listed.Nodes() {
		for _, p := range n.Shares {
			if slices.Contains(p.With, reader) {
				inList++
			}
		}
	}
	if inList != len(a) {
		h.t.Fatalf("%d entries are listed, %d hold", inList, len(a))
	}
	var out []SharedField
	for _, s := range a {
		out = append(out, s.Fields...)
	}
	return out
}

func (h *house) shared(want int, readers ...id.Organisation) {
	h.t.Helper()
	for _, o := range readers {
		if got := h.reads(o); len(got) != want {
			h.t.Errorf("%s reads %v", h.facts[o].Name, got)
		}
	}
}

func TestAContractSharesWhileItIsInForceAndDoesNotRest(t *testing.T) {
	h := newHouse(t)
	in := witnessed()
	in.Sharing = []SharingInput{phone(func(s *SharingInput) { s.Until = date("2026-06-30") })}
	c := h.signed(h.drafted(in, secretary))
	h.shared(0, host, bank, south)
	h.at("2026-04-01T02:00:00Z")
	h.tick()
	h.shared(1, host, bank, south)
	h.shared(0, hospital)
	c = h.must(c, VerbSuspend, secretary, teacher, banker)
	h.shared(0, host, bank, south)
	h.must(c, VerbResume, secretary, teacher, banker)
	h.shared(1, host, bank, south)
	h.at("2026-06-30T15:59:59Z") // the last second of the last day, in Shanghai
	h.shared(1, host, bank, south)
	h.at("2026-06-30T16:00:00Z")
	h.shared(0, host, bank, south)
}

func TestSharingEndsAtItsMomentWhateverTheSchedulerHasGotRoundTo(t *testing.T) {
	all := []id.Organisation{host, bank}
	for name, end := range map[string]func(*house, *Contract){
		"the last day":             func(h *house, _ *Contract) { h.at("2027-03-31T16:00:00Z") },
		"a termination":            func(h *house, c *Contract) { h.must(c, VerbTerminate, secretary, teacher, banker) },
		"an order from above":      func(h *house, c *Contract) { h.must(c, VerbTerminate, supervisor) },
		"a completion":             func(h *house, c *Contract) { h.must(c, VerbComplete, secretary); h.at("2026-04-08T02:00:00Z") },
		"the notice of who shares": func(h *house, c *Contract) { h.must(c, VerbNotice, teacher); h.at("2026-04-30T16:00:00Z") },
		"the notice of the host":   func(h *house, c *Contract) { h.must(c, VerbNotice, secretary); h.at("2026-04-30T16:00:00Z") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.t = t
			c := h.inForce(sharing(phone()))
			h.shared(1, all...)
			end(h, c)
			h.shared(0, all...)
			h.tick()
			h.shared(0, all...)
		})
	}
}

func TestWhoLeavesAContractReadsNothingOfTheOthersAnyMore(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(sharing(phone()))
	h.must(c, VerbNotice, banker)
	h.at("2026-04-30T15:59:59Z")
	h.shared(1, host, bank)
	h.at("2026-04-30T16:00:00Z")
	h.shared(0, bank)
	h.shared(1, host)
	h.tick()
	h.shared(0, bank)
	h.shared(1, host)
}

func TestWhatAnAmendmentSharesNoLongerEndsWithItsFirstDay(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(sharing(phone(), phone(func(s *SharingInput) { s.Subject = bank })))
	h.signedByAll(h.amend(c, secretary, from("2026-04-10"), func(in *DraftAmendmentInput) {
		in.Sharing = []SharingInput{phone(func(s *SharingInput) { s.Subject, s.Key = bank, new("s2") })}
	}))
	h.at("2026-04-09T15:59:59Z")
	h.shared(1, host)
	h.at("2026-04-09T16:00:00Z") // and nothing has put it in force yet
	h.shared(0, host, bank)
	h.applies()
	h.shared(0, host, bank)
	if is := h.read(c); len(is.Sharing) != 1 || is.Sharing[0].Subject != bank || is.Keys.Sharing != 2 {
		t.Errorf("it shares %+v, %+v", is.Sharing, is.Keys)
	}
	left, err := h.SharedBetween(t.Context(), []id.Organisation{bank}, []id.Organisation{host})
	if err != nil || len(left) != 1 {
		t.Errorf("of the bank: %v, %v", left, err)
	}
}

func TestARenewalSharesOnBetweenThoseWhoStay(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(sharing(
		phone(func(s *SharingInput) { s.Until = date("2026-09-30") }),
		phone(func(s *SharingInput) { s.Subject = bank }),
		phone(func(s *SharingInput) { s.Fields, s.With = []SharedField{FieldFacilities}, []id.Organisation{bank} }),
	))
	h.must(c, VerbNotice, banker)
	h.at("2026-05-02T02:00:00Z")
	h.tick()
	next := h.must(h.read(c), VerbRenew, secretary)
	if len(next.Sharing) != 1 || next.Sharing[0].Subject != school || *next.Sharing[0].Until != "2027-09-30" {
		t.Errorf("it shares %+v", next.Sharing)
	}
}

func TestWhatIsSharedIsListedForItsPeopleAndTheBodiesAbove(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(sharing(phone(func(s *SharingInput) { s.With = []id.Organisation{bank} }), phone(func(s *SharingInput) { s.Subject, s.With = host, []id.Organisation{school} })))
	for _, who := range []authz.Actor{doctor, operator, nobody, witness, secretary} {
		if _, err := h.SharedBy(h.as(who), school, nil, page.Args{}); err == nil {
			t.Errorf("%s reads what the school shares", who.Name)
		}
	}
	for _, who := range []authz.Actor{teacher, supervisor, auditor} {
		for way, want := range map[SharingDirection]string{SharingGiven: "s1", SharingTaken: "s2"} {
			l, err := h.SharedBy(h.as(who), school, &way, page.Args{})
			if err != nil || len(l.Edges) != 1 || l.Edges[0].Node.Contract != c.ID || len(l.Edges[0].Node.Shares) != 1 || l.Edges[0].Node.Shares[0].Key != want {
				t.Fatalf("%s, %s: %v, %v", who.Name, way, l, err)
			}
		}
		both, err := h.SharedBy(h.as(who), school, nil, page.Args{})
		if err != nil || len(both.Edges) != 1 || len(both.Edges[0].Node.Shares) != 2 {
			t.Errorf("both ways: %v, %v", both, err)
		}
		if n, err := both.TotalCount(t.Context()); err != nil || *n != 1 {
			t.Errorf("counted %v, %v", n, err)
		}
	}
}
