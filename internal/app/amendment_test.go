package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func amendStep(a *contract.Amendment) contract.AmendStepInput {
	return contract.AmendStepInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID}
}

// amendable drafts an amendment and has everybody agree to it.
func (h *house) amendable(w *town, c id.Contract, text contract.AmendedText) *contract.Amendment {
	h.t.Helper()
	a, err := h.Contracts.DraftAmendment(h.as(w.secretary), contract.DraftAmendmentInput{Contract: c, AmendedText: text})
	must(h.t, err)
	a, err = h.Contracts.ProposeAmendment(h.as(w.secretary), contract.ProposeAmendmentInput{AmendStepInput: amendStep(a)})
	must(h.t, err)
	for _, who := range w.liaisons {
		a, err = h.Contracts.AgreeToAmendment(h.as(who), contract.AgreeToAmendmentInput{AmendStepInput: amendStep(a)})
		must(h.t, err)
	}
	return a
}

func (h *house) amendment(a id.Amendment) *contract.Amendment {
	h.t.Helper()
	got, err := h.Contracts.Amendment(h.system(), a)
	must(h.t, err)
	return got
}

// Everybody signs twice, under one client's mutation id, half of them on another node; then two nodes and two clocks put
// the text in force.
func TestTwoNodesPutAnAmendmentInForceOnceAndPlanAnew(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			nodes := []*house{h, second}
			w := h.town(3)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.rhythm("FREQ=WEEKLY;BYDAY=MO")))
			h.at("2026-03-20T12:00:00+08:00")
			weekly := w.rhythm("FREQ=WEEKLY;BYDAY=TU")
			weekly.Key = &c.Commitments[0].Key
			a := h.amendable(w, c.ID, contract.AmendedText{Commitments: []contract.CommitmentInput{weekly}, EndsOn: &c.EndsOn})
			a, err := h.Contracts.OpenAmendmentForSigning(h.as(w.secretary), contract.OpenAmendmentInput{AmendStepInput: amendStep(a)})
			must(t, err)
			signers := append([]id.Person{w.secretary}, w.liaisons...)
			asks := make([]context.Context, 2*len(signers))
			for i := range asks {
				asks[i] = store.WithOnce(h.as(signers[i/2]), store.NewOnce(string(signers[i/2]), "sign", []byte(a.Frozen.Hash)))
			}
			must(t, together(len(asks), func(i int) error {
				_, err := nodes[i%2].Contracts.SignAmendment(asks[i], contract.SignAmendmentInput{ID: a.ID, TextHash: a.Frozen.Hash})
				return err
			}))
			equal(t, "state", h.amendment(a.ID).Status, contract.AmendmentSigned)
			stop := run(t, h, second)
			h.settle()
			stop()
			h.clock.add(time.Minute)
			h.settle()

			is := h.contract(c.ID)
			equal(t, "state", h.amendment(a.ID).Status, contract.AmendmentApplied)
			equal(t, "version", is.TextVersion, c.TextVersion+1)
			equal(t, "put in force", told(h.story(string(c.ID)))[contract.ToldAmended], 1)
			equal(t, "noted", told(h.story(string(a.ID)))[contract.AmendmentToldApplied], 1)
			for _, f := range h.fulfilments(c.ID) {
				monday := f.DueOn.UTC().Weekday() == time.Monday
				switch {
				case f.DueOn < "2026-03-20" && (!monday || f.Status != fulfilment.Overdue):
					t.Errorf("before: %s is %s", f.DueOn, f.Status)
				case f.DueOn >= "2026-03-20" && monday != (f.Status == fulfilment.Closed):
					t.Errorf("after: %s is %s", f.DueOn, f.Status)
				}
			}
			h.rate(c.ID, w.units[0], 0)
			file, err := h.Contracts.Export(h.as(w.auditor), c.ID)
			must(t, err)
			r, err := signing.VerifyFile([]byte(file), nil)
			must(t, err)
			equal(t, "amendments in the file", len(r.Amendments), 1)
			equal(t, "signatures under it", len(r.Amendments[0].Signatures), len(signers))
			equal(t, "complete", r.Complete, true)
		})
	}
}

func TestOfAmendmentsRacedToSigningOnTwoNodesOneTakesEffect(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			nodes := []*house{h, h.another(s.node())}
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-06-10", 1)))
			var as []*contract.Amendment
			for _, title := range []string{"甲", "乙", "丙", "丁"} {
				as = append(as, h.amendable(w, c.ID, contract.AmendedText{Title: &title}))
			}
			for tries := 0; h.open(as) == 0 && tries < 20; tries++ { // all may step back for one another: people try again
				var race sync.WaitGroup
				for i, a := range as {
					race.Go(func() {
						n := nodes[i%2]
						_, err := n.Contracts.OpenAmendmentForSigning(n.as(w.secretary), contract.OpenAmendmentInput{AmendStepInput: amendStep(a)})
						if err != nil && !fault.Is(err, contract.CodeAmendSigning) {
							t.Error(err)
						}
					})
				}
				race.Wait()
			}
			equal(t, "open", h.open(as), 1)
			for _, a := range as {
				a = h.amendment(a.ID)
				for _, who := range append([]id.Person{w.secretary}, w.liaisons...) {
					if a.Status == contract.AmendmentSigning {
						_, err := h.Contracts.SignAmendment(h.as(who), contract.SignAmendmentInput{ID: a.ID, TextHash: a.Frozen.Hash})
						must(t, err)
					}
				}
			}
			h.settle()
			equal(t, "version", h.contract(c.ID).TextVersion, c.TextVersion+1)
			_, err := h.Contracts.OpenAmendmentForSigning(h.as(w.secretary), contract.OpenAmendmentInput{AmendStepInput: amendStep(h.other(as))})
			refused(t, err, contract.CodeAmendOutdated)
			_, err = h.Contracts.Terminate(h.as(w.secretary), contract.TerminateInput{TogetherInput: contract.TogetherInput{
				StepInput: step(h.contract(c.ID)), Reason: new("到此为止"),
			}})
			must(t, err)
			for _, who := range w.liaisons {
				_, err = h.Contracts.Terminate(h.as(who), contract.TerminateInput{TogetherInput: contract.TogetherInput{StepInput: step(h.contract(c.ID))}})
				must(t, err)
			}
			h.settle()
			for _, a := range as {
				if is := h.amendment(a.ID).Status; is != contract.AmendmentApplied && is != contract.AmendmentLapsed {
					t.Errorf("it is %s", is)
				}
			}
		})
	}
}

// open counts the amendments that are open for signing.
func (h *house) open(as []*contract.Amendment) int {
	n := 0
	for _, a := range as {
		if h.amendment(a.ID).Status == contract.AmendmentSigning {
			n++
		}
	}
	return n
}

// other is an amendment that is still being negotiated.
func (h *house) other(as []*contract.Amendment) *contract.Amendment {
	h.t.Helper()
	for _, a := range as {
		if a = h.amendment(a.ID); a.Status == contract.AmendmentNegotiating {
			return a
		}
	}
	h.t.Fatal("none is left")
	return nil
}
