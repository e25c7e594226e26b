package publication_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/publication"
)

func eventOf(c id.Contract) store.Event {
	return store.Event{ID: string(c), Type: "contract.activated", Subject: string(c)}
}

func TestNothingIsPublicBeforeTheLastHasAgreedAndThenOnlyWhatIsAgreed(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	must(t, w.propose(t, school, c, publication.Parties, publication.Title))
	equal(t, "proposed", fieldsOf(w.seen(t, c)), "nothing")
	must(t, w.agree(t, host, c))
	equal(t, "two of three", fieldsOf(w.seen(t, c)), "nothing")
	equal(t, "awaited", fmt.Sprint(w.of(t, c).Awaited()), fmt.Sprint([]id.Organisation{bank}))
	must(t, w.agree(t, bank, c))
	p := w.seen(t, c)
	equal(t, "public", fieldsOf(p), "[TITLE PARTIES]")
	equal(t, "title", *p.Title, "标题A")
	equal(t, "place", p.SubDistrict, street)
	equal(t, "parties without the witness", len(p.Parties), 3)
	if p.Purpose != nil || p.Status != nil || p.EndsOn != nil || p.EffectiveOn != nil || p.TimeZone != nil || p.Clauses != nil || p.Commitments != nil || p.Signatures != nil {
		t.Errorf("more than was agreed: %+v", p)
	}
	all, err := w.RatesOf(t.Context(), []*publication.PublishedContract{p})
	must(t, err)
	own, err := w.PartyRates(t.Context(), p.Parties)
	must(t, err)
	if all[0] != nil || slices.ContainsFunc(own, func(r *float64) bool { return r != nil }) {
		t.Error("a rate that nobody agreed to show")
	}
}

func TestWhatIsShownIsTheContractAsItIsNow(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, everything...)
	w.change(t, c, false, func(f *publication.Facts) {
		f.Title, f.Status, f.EndsOn = "变更后的标题", "SUSPENDED", "2028-03-01"
	})
	p := w.seen(t, c)
	equal(t, "title", *p.Title, "变更后的标题")
	equal(t, "state", *p.Status, "SUSPENDED")
	equal(t, "last day", *p.EndsOn, "2028-03-01")
	all, err := w.RatesOf(t.Context(), []*publication.PublishedContract{p})
	must(t, err)
	own, err := w.PartyRates(t.Context(), p.Parties[:1])
	must(t, err)
	equal(t, "rate of all", *all[0], 0.9)
	equal(t, "rate of one", *own[0], 0.6)
}

func TestWhoHasNoSayIsNotShown(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, everything...)
	p := w.seen(t, c)
	equal(t, "signatures", len(p.Signatures), 3)
	equal(t, "commitments", len(p.Commitments), 1)
	equal(t, "receivers", fmt.Sprint(p.Commitments[0].Receivers), fmt.Sprint([]id.Organisation{host}))
	must(t, w.propose(t, host, c, publication.Commitments))
	p = w.seen(t, c)
	equal(t, "provider", p.Commitments[0].Provider, "")
	equal(t, "receivers", len(p.Commitments[0].Receivers), 0)
}

func TestToShowLessNeedsNobodyElseAndToShowMoreNeedsAll(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, publication.Title, publication.Purpose)
	must(t, w.propose(t, bank, c, publication.Title))
	equal(t, "less", fieldsOf(w.seen(t, c)), "[TITLE]")
	must(t, w.propose(t, bank, c, publication.Title, publication.Purpose))
	equal(t, "what was given up is not agreed to any more", fieldsOf(w.seen(t, c)), "[TITLE]")
	must(t, w.agree(t, host, c))
	equal(t, "not all", fieldsOf(w.seen(t, c)), "[TITLE]")
	must(t, w.agree(t, school, c))
	equal(t, "all", fieldsOf(w.seen(t, c)), "[TITLE PURPOSE]")
}

func TestEachPartyWithdrawsAtAnyTimeAndItCanBeProposedAgain(t *testing.T) {
	for _, o := range []id.Organisation{host, school, bank} {
		w := open(t)
		c := w.sign("A")
		w.publish(t, c, everything...)
		must(t, w.withdraw(t, o, c))
		equal(t, "withdrawn", fieldsOf(w.seen(t, c)), "nothing")
		if p := w.of(t, c); p.Listed != nil {
			t.Errorf("facts outlive the withdrawal: %+v", p.Listed)
		}
		w.follow(t, c)
		equal(t, "an event later", fieldsOf(w.seen(t, c)), "nothing")
		p := w.of(t, c)
		if p.WithdrawnBy != o || len(p.Consents) > 0 || p.Listed != nil || p.PublishedAt != nil {
			t.Errorf("kept: %+v", p)
		}
		refused(t, w.withdraw(t, o, c), publication.CodeWrongState, "")
		refused(t, w.agree(t, o, c), publication.CodeWrongState, "")
		must(t, w.propose(t, o, c, publication.Title))
		equal(t, "the old consents are void", fieldsOf(w.seen(t, c)), "nothing")
		must(t, w.withdraw(t, school, c))
	}
}

func TestWhoHasLeftTheContractCanStillTakeItsConsentBack(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, publication.Parties, publication.Commitments)
	w.change(t, c, true, leaves(school))
	p := w.seen(t, c)
	equal(t, "its name stays", len(p.Parties), 3)
	refused(t, w.propose(t, school, c, publication.Title), fault.CodeForbidden, "")
	must(t, w.withdraw(t, school, c))
	equal(t, "withdrawn", fieldsOf(w.seen(t, c)), "nothing")
	must(t, w.propose(t, host, c, publication.Parties, publication.Commitments))
	must(t, w.agree(t, bank, c))
	p = w.seen(t, c)
	equal(t, "without it", len(p.Parties), 2)
	equal(t, "and what it promised", len(p.Commitments), 0)
	refused(t, w.withdraw(t, school, c), fault.CodeForbidden, "")
}

func TestAPartyThatIsNewInTheContractMustAgreeToo(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, publication.Title)
	w.change(t, c, false, joins(newcomer))
	equal(t, "before the event is heard", fieldsOf(w.seen(t, c)), "nothing")
	w.follow(t, c)
	equal(t, "state", w.of(t, c).Status, publication.Proposed)
	equal(t, "after", fieldsOf(w.seen(t, c)), "nothing")
	must(t, w.agree(t, newcomer, c))
	equal(t, "with its consent", fieldsOf(w.seen(t, c)), "[TITLE]")
}

func TestNothingBecomesPublicBecauseSomebodyLeaves(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	must(t, w.propose(t, host, c, publication.Title))
	must(t, w.agree(t, school, c))
	w.change(t, c, true, leaves(bank))
	equal(t, "left", fieldsOf(w.seen(t, c)), "nothing")
	must(t, w.propose(t, school, c, publication.Title))
	equal(t, "proposed again by those who are left", fieldsOf(w.seen(t, c)), "[TITLE]")
}

func TestWhoMayNotIsRefused(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	refused(t, w.propose(t, unrelated, c, publication.Title), fault.CodeNotFound, "contract")
	refused(t, w.propose(t, witness, c, publication.Title), fault.CodeForbidden, "")
	refused(t, w.propose(t, street, c, publication.Title), fault.CodeForbidden, "")
	must(t, w.propose(t, host, c, publication.Title))
	for _, o := range []id.Organisation{witness, street, district} {
		refused(t, w.agree(t, o, c), fault.CodeForbidden, "")
		refused(t, w.withdraw(t, o, c), fault.CodeForbidden, "")
	}
	refused(t, w.agree(t, unrelated, c), fault.CodeNotFound, "")
	refused(t, w.withdraw(t, unrelated, c), fault.CodeNotFound, "")
	_, err := w.Agree(as(school), publication.AgreeInput{ID: w.of(t, c).ID, Change: command.Change{ExpectedVersion: 1}, Party: &witness})
	refused(t, err, publication.CodeNoSay, "party")
	_, err = w.Agree(as(school), publication.AgreeInput{ID: w.of(t, c).ID, Change: command.Change{ExpectedVersion: 1}, Party: &bank})
	refused(t, err, fault.CodeForbidden, "")
	for _, o := range []id.Organisation{unrelated, ""} {
		if _, err := w.Publication(as(o), w.of(t, c).ID); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%q reads it: %v", o, err)
		}
	}
	for _, o := range []id.Organisation{host, school, witness, street, district} {
		p, err := w.Publication(as(o), w.of(t, c).ID)
		must(t, err)
		want := map[id.Organisation]string{host: "[PROPOSE WITHDRAW]", school: "[PROPOSE AGREE WITHDRAW]"}[o]
		if want == "" {
			want = "[]"
		}
		equal(t, string(o), fmt.Sprint(w.AllowedActions(as(o), p)), want)
	}
}

func TestBadInputIsRefusedByName(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	refused(t, w.propose(t, host, c), fault.CodeTooFew, "fields")
	refused(t, w.propose(t, host, c, publication.Title, publication.Title), fault.CodeDuplicate, "fields.1")
	_, err := w.Propose(as(host), publication.ProposeInput{Contract: c, Fields: everything, ExpectedVersion: new(3)})
	refused(t, err, fault.CodeConflict, "expectedVersion")
	must(t, w.propose(t, host, c, everything...))
	refused(t, w.propose(t, host, c, everything...), publication.CodeUnchanged, "fields")
	refused(t, w.propose(t, school, c, everything...), publication.CodeUnchanged, "fields")
	refused(t, w.agree(t, host, c), publication.CodeAgreed, "")
	_, err = w.Propose(as(host), publication.ProposeInput{Contract: c, Fields: everything[:1]})
	refused(t, err, fault.CodeConflict, "expectedVersion")
	_, err = w.Agree(as(school), publication.AgreeInput{ID: w.of(t, c).ID, Change: command.Change{ExpectedVersion: 7}})
	refused(t, err, fault.CodeConflict, "expectedVersion")
	long := string(make([]byte, 3000))
	_, err = w.Withdraw(as(school), publication.WithdrawInput{ID: w.of(t, c).ID, Reason: &long})
	refused(t, err, fault.CodeControl, "reason")
	for _, s := range []publication.ContractStatus{"DRAFT", "NEGOTIATING", "SIGNING", "DECLINED", "CANCELLED"} {
		early := w.sign(string(s))
		w.change(t, early, false, func(f *publication.Facts) { f.Status = s })
		refused(t, w.propose(t, host, early, publication.Title), publication.CodeNotSigned, "contract")
	}
	for _, s := range []publication.ContractStatus{"SIGNED", "ACTIVE", "SUSPENDED", "EXPIRED", "TERMINATED", "COMPLETED"} {
		late := w.sign(string(s))
		w.change(t, late, false, func(f *publication.Facts) { f.Status = s })
		must(t, w.propose(t, host, late, publication.Title))
	}
}

func TestAMutationSentTwiceIsDoneOnce(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	for range 2 {
		ctx := store.WithOnce(as(host), store.NewOnce("host", "mine", []byte("input")))
		p, err := w.Propose(ctx, publication.ProposeInput{Contract: c, Fields: everything})
		must(t, err)
		equal(t, "version", p.Version, 1)
	}
}

func TestTwoFirstProposalsAtOnceLeaveOne(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	var g sync.WaitGroup
	var errs [3]error
	for i, o := range []id.Organisation{host, school, bank} {
		g.Go(func() {
			_, errs[i] = w.Propose(as(o), publication.ProposeInput{Contract: c, Fields: []publication.PublicField{everything[i]}})
		})
	}
	g.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, err, fault.CodeConflict, "expectedVersion")
		}
	}
	equal(t, "proposals", won, 1)
}

func TestAWithdrawalInTheMiddleOfPagingHidesWhatComesLater(t *testing.T) {
	w := open(t)
	var all []id.Contract
	for i := range 9 {
		all = append(all, w.sign(strconv.Itoa(i)))
		w.publish(t, all[i], publication.Title)
	}
	first, err := w.PublishedContracts(context.Background(), nil, nil, page.Args{First: new(3)})
	must(t, err)
	must(t, w.withdraw(t, bank, all[4])) // of the next page
	must(t, w.withdraw(t, bank, all[6])) // the very place of the cursor
	must(t, w.withdraw(t, bank, all[8])) // of the page before
	titles := func(l *publication.Connection) (out []string) {
		for _, n := range l.Nodes() {
			out = append(out, *n.Title)
		}
		return out
	}
	next, err := w.PublishedContracts(context.Background(), nil, nil, page.Args{First: new(3), After: first.PageInfo.EndCursor})
	must(t, err)
	equal(t, "next page", fmt.Sprint(titles(next)), "[标题5 标题3 标题2]")
	n, err := next.TotalCount(context.Background())
	must(t, err)
	equal(t, "count", *n, 6)
	before, err := w.PublishedContracts(context.Background(), nil, nil, page.Args{Last: new(3), Before: next.PageInfo.StartCursor})
	must(t, err)
	equal(t, "page before", fmt.Sprint(titles(before)), "[标题7]")
}
