package contract

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

func TestASignedAmendmentTakesEffectOnItsFirstDayAndTheSignedTextStaysAsItWas(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.signedByAll(h.amend(c, secretary, from("2026-05-01"), titled("五月起的协议")))
	if a.Status != AmendmentSigned || *a.AppliesOn != "2026-05-01" {
		t.Fatalf("it is %s from %v", a.Status, *a.AppliesOn)
	}
	h.at("2026-04-30T15:59:59Z") // a second before May begins in Shanghai
	if n := h.applies(); n != 0 || h.read(c).Title != c.Title {
		t.Fatal("the new text held before its day")
	}
	h.at("2026-04-30T16:00:00Z")
	if n := h.applies(); n != 1 {
		t.Fatalf("%d took effect", n)
	}
	is := h.read(c)
	if is.Title != "五月起的协议" || is.TextVersion != c.TextVersion+1 || is.AmendedBy != a.ID || *is.TextFrom != "2026-05-01" {
		t.Errorf("the text in force is %q, version %d by %s from %v", is.Title, is.TextVersion, is.AmendedBy, is.TextFrom)
	}
	if *is.TextHash() != *c.TextHash() || *is.CanonicalText() != *c.CanonicalText() || len(is.Signatures()) != 3 {
		t.Error("what was signed as the contract was touched")
	}
	if a = h.again(a); a.Status != AmendmentApplied || a.AppliedAt == nil {
		t.Errorf("the amendment is %s", a.Status)
	}
	if !slices.Contains(told(is), ToldAmended) || !slices.Contains(toldOf(a), AmendmentToldApplied) {
		t.Errorf("told %v and %v", told(is), toldOf(a))
	}
	if n := h.applies(); n != 0 {
		t.Error("it took effect twice")
	}
	vs, err := h.VersionsOf(system(t), is, first(10))
	if err != nil {
		t.Fatal(err)
	}
	last := vs.Nodes()[len(vs.Nodes())-1]
	if last.Amendment != a.ID || len(last.Differences) != 1 || last.Differences[0].Path[0] != "title" {
		t.Errorf("the last version is by %q and differs in %v", last.Amendment, last.Differences)
	}
}

func toldOf(a *Amendment) []string {
	var out []string
	for _, e := range a.Outbox {
		out = append(out, e.Type)
	}
	return out
}

func TestAnAmendmentWithoutADayTakesEffectOnTheDayOfTheLastSignature(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.toSign(h.amend(c, secretary))
	h.altered(a, AmendSign, secretary, teacher)
	h.at("2026-04-20T03:00:00Z")
	a = h.altered(a, AmendSign, banker)
	h.applies()
	if is := h.read(c); *is.TextFrom != "2026-04-20" || h.again(a).Status != AmendmentApplied {
		t.Errorf("from %v", is.TextFrom)
	}
}

func TestAnAmendmentSignedAfterItsDayTakesEffectOnTheDayOfTheLastSignature(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.toSign(h.amend(c, secretary, from("2026-04-05")))
	h.at("2026-04-09T03:00:00Z")
	h.altered(a, AmendSign, secretary, teacher, banker)
	h.applies()
	if is := h.read(c); *is.TextFrom != "2026-04-09" {
		t.Errorf("from %v", is.TextFrom)
	}
}

func TestAnAmendmentOfAnOutdatedTextIsRefusedUntilItIsRevised(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	draft := h.amend(c, secretary, titled("甲"))
	talked := h.altered(h.amend(c, secretary, func(in *DraftAmendmentInput) {
		in.Title, in.NoticeDays = nil, new(60)
	}), AmendPropose, secretary)
	talked = h.altered(talked, AmendAgree, teacher, banker)
	c = h.amendedWith(c, titled("乙"))
	for _, try := range []struct {
		a   *Amendment
		v   AmendmentVerb
		who authz.Actor
	}{{draft, AmendPropose, secretary}, {talked, AmendOpen, secretary}, {talked, AmendAgree, banker}} {
		_, err := h.alters(try.a, try.v, try.who)
		if try.v == AmendAgree {
			h.forceAmendment(try.a, func(a *Amendment) { a.Party(bank).AgreedTo = 0 })
			_, err = h.alters(try.a, try.v, try.who)
		}
		f := refuses(t, err, CodeAmendOutdated, "")
		if f.Params["base"] != 1 || f.Params["current"] != 2 {
			t.Errorf("%s: %v", try.v, f.Params)
		}
	}
	in := ReviseAmendmentInput{Change: command.Change{ExpectedVersion: h.again(talked).Version}, ID: talked.ID}
	talked, err := h.ReviseAmendment(h.as(secretary), in)
	if err != nil {
		t.Fatal(err)
	}
	if talked.BaseVersion != 2 || talked.Text.Title != "乙" || talked.Text.NoticeDays != 60 || talked.BaseHash != c.AmendHash {
		t.Errorf("it is for version %d with %q and %d days", talked.BaseVersion, talked.Text.Title, talked.Text.NoticeDays)
	}
	talked = h.altered(talked, AmendAgree, teacher, banker)
	h.altered(h.altered(talked, AmendOpen, secretary), AmendSign, secretary, teacher, banker)
	h.applies()
	if is := h.read(c); is.TextVersion != 3 || is.NoticeDays != 60 || is.Title != "乙" {
		t.Errorf("version %d, %q, %d days", is.TextVersion, is.Title, is.NoticeDays)
	}
}

func TestOneAmendmentIsSignedAtATime(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	one := h.toSign(h.amend(c, secretary, titled("甲"), from("2026-06-01")))
	two := h.altered(h.amend(c, secretary, titled("乙")), AmendPropose, secretary)
	two = h.altered(two, AmendAgree, teacher, banker)
	_, err := h.alters(two, AmendOpen, secretary)
	if f := refuses(t, err, CodeAmendSigning, ""); f.Params["amendment"] != one.ID {
		t.Errorf("it names %v", f.Params)
	}
	one = h.altered(one, AmendReopen, teacher)
	two = h.altered(two, AmendOpen, secretary)
	two = h.altered(two, AmendSign, secretary, teacher, banker)
	one = h.altered(one, AmendAgree, teacher)
	_, err = h.alters(one, AmendOpen, secretary)
	refuses(t, err, CodeAmendSigning, "") // until the signed one has taken effect
	h.applies()
	_, err = h.alters(one, AmendOpen, secretary)
	refuses(t, err, CodeAmendOutdated, "")
	if is := h.read(c); is.AmendedBy != two.ID {
		t.Error("another one took effect")
	}
}

func TestAWordLeftBehindByACrashHoldsUpNobody(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	crashed := h.altered(h.amend(c, secretary, titled("甲")), AmendPropose, secretary)
	if err := h.word(system(t), c.ID, nil, []id.Amendment{crashed.ID}); err != nil { // the contract's word was given, the step never taken
		t.Fatal(err)
	}
	h.signedByAll(h.amend(c, secretary, titled("乙")))
	h.applies()
	if is := h.read(c); is.Title != "乙" || len(is.Amending) > 0 {
		t.Errorf("it says %q", is.Title)
	}
}

func TestTwoAmendmentsRacedToSigningLeaveOneToSign(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	for round := range 10 {
		var ready []*Amendment
		for _, title := range []string{"甲", "乙", "丙"} {
			a := h.altered(h.amend(c, secretary, titled(title+strings.Repeat("·", round+1))), AmendPropose, secretary)
			ready = append(ready, h.altered(a, AmendAgree, teacher, banker))
		}
		var race sync.WaitGroup
		errs := make([]error, len(ready))
		for i, a := range ready {
			race.Go(func() { _, errs[i] = h.alters(a, AmendOpen, secretary) })
		}
		race.Wait()
		opened := 0
		for i, a := range ready {
			switch a = h.again(a); {
			case errs[i] == nil && a.Status == AmendmentSigning:
				opened++
			case !fault.Is(errs[i], CodeAmendSigning) || a.Status != AmendmentNegotiating:
				t.Errorf("%s: %v", a.Status, errs[i])
			}
		}
		if opened > 1 {
			t.Fatalf("%d are open for signing", opened)
		}
		for _, a := range ready {
			h.altered(a, AmendCancel, secretary)
		}
	}
}

func TestOfTwoAmendmentsSignedTheOneForTheTextInForceApplies(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	one, two := h.amend(c, secretary, titled("甲")), h.amend(c, secretary, titled("乙"))
	one = h.signedByAll(one)
	// Whatever let a second one be signed: it is applied only on the text it was written for.
	two = h.forceAmendment(two, func(a *Amendment) {
		a.Status, a.Frozen, a.AppliesOn, a.WakeAt = AmendmentSigned, one.Frozen, one.AppliesOn, one.WakeAt
	})
	var race sync.WaitGroup
	for range 4 {
		race.Go(func() { _, _ = h.TickAmendments(t.Context(), h.now()) })
	}
	race.Wait()
	h.applies()
	one, two = h.again(one), h.again(two)
	is := h.read(c)
	if is.TextVersion != 2 || one.Status == two.Status || (one.Status == AmendmentApplied) != (is.AmendedBy == one.ID) {
		t.Errorf("version %d by %s: %s and %s", is.TextVersion, is.AmendedBy, one.Status, two.Status)
	}
}

func TestACrashBetweenTheTwoDocumentsIsMadeUpFor(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.signedByAll(h.amend(c, secretary))
	if _, err := h.contracts.Change(system(t), "contract.time", string(c.ID), func(c *Contract) error { return c.Amend(a, h.now()) }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.Sealed(t.Context(), a.ID); err != nil { // told twice
			t.Fatal(err)
		}
	}
	is := h.read(c)
	if a = h.again(a); a.Status != AmendmentApplied || is.TextVersion != 2 || !a.AppliedAt.Equal(is.Revisions[1].At) {
		t.Errorf("it is %s, version %d", a.Status, is.TextVersion)
	}
}

func TestAContractsEndLetsItsAmendmentsLapse(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	drafted, signed := h.amend(c, secretary, titled("甲")), h.signedByAll(h.amend(c, secretary, from("2026-09-01")))
	refused := h.altered(h.altered(h.amend(c, secretary, titled("丙")), AmendPropose, secretary), AmendDecline, banker)
	c = h.must(c, VerbTerminate, secretary, teacher, banker)
	if _, err := h.alters(drafted, AmendPropose, secretary); !fault.Is(err, CodeAmendNotInForce) { // before the news came
		t.Error(err)
	}
	h.followed(c)
	h.followed(c)
	h.at("2026-09-02T00:00:00Z")
	h.applies()
	for a, want := range map[*Amendment]AmendmentStatus{drafted: AmendmentLapsed, signed: AmendmentLapsed, refused: AmendmentDeclined} {
		if is := h.again(a); is.Status != want {
			t.Errorf("it is %s, not %s", is.Status, want)
		}
	}
	if is := h.read(c); is.AmendedBy != "" || is.Title != c.Title {
		t.Error("an ended contract was amended")
	}
}

func TestWhoLeavesIsNoLongerWaitedFor(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.toSign(h.amend(c, secretary))
	a = h.altered(a, AmendSign, secretary, teacher)
	c = h.left(c)
	h.followed(c)
	h.followed(c)
	a = h.again(a)
	if a.Status != AmendmentSigned || a.Party(bank).State != Exited || slices.Contains(a.Current, bank) {
		t.Fatalf("it is %s, and the bank %s", a.Status, a.Party(bank).State)
	}
	h.applies()
	if is := h.read(c); is.AmendedBy != a.ID || is.Party(bank).State != Exited {
		t.Errorf("amended by %q", is.AmendedBy)
	}
	if _, err := h.Amendment(h.as(banker), a.ID); err != nil {
		t.Errorf("who has left reads it no more: %v", err)
	}
	if _, err := h.alters(h.amend(h.read(c), secretary, titled("甲")), AmendRevise, banker); err == nil {
		t.Error("who has left revises")
	}
}

func TestWhoLeavesBeforeTheNewsCameCannotSign(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.altered(h.toSign(h.amend(c, secretary)), AmendSign, secretary)
	h.left(c)
	if _, err := h.alters(a, AmendSign, banker); err == nil {
		t.Error("it signed")
	}
	if a = h.altered(a, AmendSign, teacher); a.Status != AmendmentSigned {
		t.Errorf("it is %s and waits for who has left", a.Status)
	}
}

func TestHostsAndPartnersStayAndWitnessesMayJoin(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(func(in *DraftInput) { in.Parties = in.Parties[:3] })
	parties := c.Text.input().Parties
	for name, of := range map[string][]PartyInput{
		"a partner less": parties[:2], "another partner": append(slices.Clone(parties), PartyInput{Organisation: hospital, Part: Partner}),
		"a partner as witness": {parties[0], parties[1], {Organisation: bank, Part: Witness}},
	} {
		_, err := h.DraftAmendment(h.as(secretary), DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Parties: of, Commitments: []CommitmentInput{}}})
		t.Log(name)
		refuses(t, err, CodeAmendParties, "parties")
	}
	a := h.toSign(h.amend(c, secretary, func(in *DraftAmendmentInput) {
		in.Parties = append(slices.Clone(parties), PartyInput{Organisation: south, Part: Witness})
	}))
	a = h.altered(a, AmendSign, witness, secretary, teacher, banker)
	h.applies()
	is := h.read(c)
	if w := is.Party(south); w == nil || w.State != HasSigned || w.JoinedBy != a.ID || !slices.Contains(is.Current, south) {
		t.Errorf("the witness is %+v", w)
	}
	if _, err := h.Contract(h.as(witness), c.ID); err != nil {
		t.Errorf("the witness does not read what it joined: %v", err)
	}
	if _, err := h.Export(h.as(secretary), c.ID); err != nil {
		t.Errorf("export: %v", err)
	}
}

func TestBadDraftsOfAmendmentsNameTheirFields(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	h.at("2026-04-10T00:00:00Z")
	for _, bad := range []struct {
		code fault.Code
		path string
		in   func(*DraftAmendmentInput)
	}{
		{fault.CodeWrongID, "contract", func(in *DraftAmendmentInput) { in.Contract = "x" }},
		{fault.CodeNotFound, "", func(in *DraftAmendmentInput) { in.Contract = id.Derived[id.Contract](id.KindContract, "none") }},
		{CodeAmendUnchanged, "", func(in *DraftAmendmentInput) { in.Title = nil }},
		{fault.CodeRequired, "title", titled("")},
		{fault.CodeTooLong, "summary", func(in *DraftAmendmentInput) { in.Summary = new(strings.Repeat("长", 1001)) }},
		{fault.CodeMalformed, "effectiveOn", from("2026-02-30")},
		{fault.CodeOutOfRange, "effectiveOn", from("2026-04-09")},
		{fault.CodeOutOfRange, "effectiveOn", from("2027-04-01")},
		{fault.CodeOutOfRange, "endsOn", func(in *DraftAmendmentInput) { in.EndsOn = date("2026-04-09"); in.Commitments = []CommitmentInput{} }},
		{fault.CodeOutOfRange, "noticeDays", func(in *DraftAmendmentInput) { in.NoticeDays = new(366) }},
		{CodeOutsidePeriod, "commitments.1.dueOn", func(in *DraftAmendmentInput) { in.EndsOn = date("2026-05-31") }},
		{CodeNotAParty, "party", func(in *DraftAmendmentInput) { in.Party = new(hospital) }},
	} {
		in := DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Title: new("甲")}}
		bad.in(&in)
		_, err := h.DraftAmendment(h.as(secretary), in)
		refuses(t, err, bad.code, bad.path)
	}
	for _, who := range []authz.Actor{steward, supervisor, auditor} {
		_, err := h.DraftAmendment(h.as(who), DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Title: new("甲")}})
		refuses(t, err, fault.CodeForbidden, "")
	}
	_, err := h.DraftAmendment(h.as(witness), DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Title: new("甲")}})
	refuses(t, err, CodeWitnessHasNoSay, "")
	for _, who := range []authz.Actor{doctor, nobody} {
		_, err := h.DraftAmendment(h.as(who), DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Title: new("甲")}})
		refuses(t, err, fault.CodeNotFound, "")
	}
}

func TestOnlyAContractInForceIsAmended(t *testing.T) {
	for _, s := range Statuses() {
		h := newHouse(t)
		c := h.inState(s)
		_, err := h.DraftAmendment(h.as(secretary), DraftAmendmentInput{Contract: c.ID, AmendedText: AmendedText{Title: new("甲")}})
		if s == Active || s == Suspended {
			if err != nil {
				t.Errorf("%s: %v", s, err)
			}
			continue
		}
		refuses(t, err, CodeAmendNotInForce, "")
	}
}

func TestDaysThatPassWhileTheyTalkAreSaid(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.altered(h.amend(c, secretary, from("2026-04-05")), AmendPropose, secretary)
	a = h.altered(a, AmendAgree, teacher, banker)
	h.at("2026-04-06T00:00:00Z")
	_, err := h.alters(a, AmendOpen, secretary)
	refuses(t, err, CodeAmendDayPassed, "")
	short := func(in *DraftAmendmentInput) { in.EndsOn, in.Commitments = date("2026-04-10"), []CommitmentInput{} }
	b := h.toSign(h.amend(c, secretary, short))
	h.at("2026-04-11T00:00:00Z")
	_, err = h.alters(b, AmendSign, secretary)
	refuses(t, err, CodeAmendEndPassed, "")
	b = h.altered(b, AmendReopen, teacher)
	b = h.altered(b, AmendAgree, teacher)
	_, err = h.alters(b, AmendOpen, secretary)
	refuses(t, err, CodeAmendEndPassed, "")
}

func TestAShortenedContractEndsOnItsNewDayAndAProlongedOneLivesOn(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	c = h.amendedWith(c, func(in *DraftAmendmentInput) { in.EndsOn, in.Commitments = date("2026-04-30"), []CommitmentInput{} })
	a := h.signedByAll(h.amend(c, secretary, func(in *DraftAmendmentInput) {
		in.EndsOn, in.EffectiveOn = date("2026-12-31"), date("2026-04-30")
	}))
	h.at("2026-05-02T00:00:00Z") // the server was away meanwhile: what fell due first is done first
	h.tick()
	if is := h.read(c); is.Status != Active || is.AmendedBy != a.ID || is.EndsOn != "2026-12-31" {
		t.Fatalf("it is %s until %s", is.Status, is.EndsOn)
	}
	h.at("2027-01-01T00:00:00Z")
	h.tick()
	if is := h.read(c); is.Status != Expired {
		t.Errorf("it is %s", is.Status)
	}
}

func TestNobodySignsAnAmendmentForTwoPartiesNorAnotherText(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.toSign(h.amend(c, secretary))
	both := secretary
	both.Holdings = append(slices.Clone(both.Holdings), teacher.Holdings...)
	for _, o := range []id.Organisation{host, school} {
		_, err := h.SignAmendment(h.as(both), SignAmendmentInput{ID: a.ID, TextHash: *h.again(a).TextHash(), Party: &o})
		if o == school {
			refuses(t, err, CodeTwoParties, "")
		} else if err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.SignAmendment(h.as(teacher), SignAmendmentInput{ID: a.ID, TextHash: *c.TextHash()})
	refuses(t, err, CodeWrongTextHash, "textHash")
	_, err = h.SignAmendment(h.as(clerk), SignAmendmentInput{ID: a.ID, TextHash: *h.again(a).TextHash()})
	refuses(t, err, CodeNoSigningRight, "")
	_, err = h.SignAmendment(h.as(teacher), SignAmendmentInput{ID: "x", TextHash: ""})
	refuses(t, err, fault.CodeWrongID, "id")
	own, _, err := h.sign(school, signing.Statement{Contract: c.ID, Version: a.Number, Party: school, Purpose: signing.PurposeSign, TextHash: *h.again(a).TextHash()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.SignAmendment(h.as(teacher), SignAmendmentInput{ID: a.ID, TextHash: *h.again(a).TextHash(), Signature: &own})
	refuses(t, err, signing.SignatureInvalid, "signature") // a signature as under a contract
	own, _, _ = h.sign(school, a.statement(school))
	if _, err = h.SignAmendment(h.as(teacher), SignAmendmentInput{ID: a.ID, TextHash: *h.again(a).TextHash(), Signature: &own}); err != nil {
		t.Error(err)
	}
}

func TestPartiesSignAnAmendmentInTheOrderItNames(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.toSign(h.amend(c, secretary, func(in *DraftAmendmentInput) { in.SigningOrder = []id.Organisation{bank, host, school} }))
	_, err := h.alters(a, AmendSign, secretary)
	if f := refuses(t, err, CodeOutOfOrder, ""); f.Params["next"] != bank {
		t.Error(f.Params)
	}
	h.altered(a, AmendSign, banker, secretary, teacher)
}

func TestThirtyTwoSignersOfAnAmendmentAreAllHeard(t *testing.T) {
	h := newHouse(t)
	in := witnessed()
	signers := []authz.Actor{secretary, teacher, banker}
	for i := range 29 {
		name := "unit" + string(rune('a'+i))
		o := id.Derived[id.Organisation](id.KindUnit, name)
		h.facts[o] = organisation.Facts{ID: o, Kind: organisation.KindResidentUnit, Name: name, Above: h.facts[school].Above}
		h.keys[o] = h.keys[school]
		in.Parties = append(in.Parties, PartyInput{Organisation: o, Part: Partner})
		signers = append(signers, person(name, authz.Liaison, o, true))
	}
	c := h.drafted(in, secretary)
	c = h.must(h.must(c, VerbPropose, secretary), VerbAgree, signers[1:]...)
	c = h.must(h.must(c, VerbOpen, secretary), VerbSign, signers...)
	h.at("2026-04-01T02:00:00Z")
	h.tick()
	a := h.altered(h.amend(c, secretary), AmendPropose, secretary)
	a = h.altered(h.altered(a, AmendAgree, signers[1:]...), AmendOpen, secretary)
	var all sync.WaitGroup
	errs := make([]error, len(signers))
	for i, who := range signers {
		all.Go(func() {
			_, errs[i] = h.SignAmendment(authz.With(context.WithoutCancel(t.Context()), who), SignAmendmentInput{ID: a.ID, TextHash: *a.TextHash()})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if a = h.again(a); a.Status != AmendmentSigned || len(a.Signatures()) != 32 {
		t.Errorf("it is %s with %d signatures", a.Status, len(a.Signatures()))
	}
}

func TestAnExportHoldsEveryAmendmentInEffectInOrder(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	for _, title := range []string{"甲", "乙", "丙"} {
		c = h.amendedWith(c, titled(title))
	}
	h.toSign(h.amend(c, secretary, titled("丁"))) // not in effect
	file, err := h.Export(h.as(secretary), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := signing.VerifyFile([]byte(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || len(r.Amendments) != 3 || r.Version != 1 || r.Amendments[2].Number != 4 || len(r.Amendments[1].Signatures) != 3 {
		t.Errorf("the file tells of %d amendments, complete: %v", len(r.Amendments), r.Complete)
	}
}

func TestAmendmentsAreListedToWhoReadsTheContract(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	a := h.amend(c, secretary, titled("甲"))
	h.at("2026-04-01T03:00:00Z")
	b := h.altered(h.amend(c, teacher, titled("乙")), AmendPropose, teacher)
	for _, who := range everybody() {
		reads := !among([]authz.Actor{doctor, operator, nobody}, who)
		l, err := h.Amendments(h.as(who), nil, nil, first(10))
		if err != nil || (len(l.Edges) == 2) != reads || (len(l.Edges) == 0) == reads {
			t.Errorf("%s is shown %d, %v", who.Name, len(l.Edges), err)
		}
		many, err := h.ManyAmendments(h.as(who), []id.Amendment{a.ID, b.ID})
		if err != nil || (many[0] != nil) != reads || (many[1] != nil) != reads {
			t.Errorf("%s finds %v, %v", who.Name, many, err)
		}
	}
	talked := &AmendmentFilter{Status: &AmendmentStatusChoice{Eq: new(AmendmentNegotiating)}, Contract: &AmendedContractChoice{Eq: &c.ID}}
	l, err := h.Amendments(h.as(secretary), talked, &AmendmentOrder{Field: AmendmentsByCreated}, first(10))
	if err != nil || !slices.Equal(ids(l.Nodes()), []id.Amendment{b.ID}) {
		t.Errorf("in negotiation: %v, %v", l, err)
	}
	l, err = h.AmendmentsOf(h.as(secretary), c, nil, first(10))
	if err != nil || !slices.Equal(ids(l.Nodes()), []id.Amendment{a.ID, b.ID}) {
		t.Errorf("of the contract: %v", err)
	}
	d, err := h.AmendmentDifferences(h.as(secretary), []*Amendment{a, b})
	if err != nil || len(d[0]) != 1 || *d[1][0].After != "乙" {
		t.Errorf("differences: %v, %v", d, err)
	}
}
