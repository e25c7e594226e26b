package app_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/publication"
)

// publish makes fields of a contract of the whole town public.
func (h *house) publish(w *town, c id.Contract, fields ...publication.PublicField) *publication.Publication {
	h.t.Helper()
	p, err := h.Publications.Propose(h.as(w.secretary), publication.ProposeInput{Contract: c, Fields: fields})
	must(h.t, err)
	for _, who := range w.liaisons {
		p, err = h.Publications.Agree(h.as(who), publication.AgreeInput{Change: command.Change{ExpectedVersion: p.Version}, ID: p.ID})
		must(h.t, err)
	}
	equal(h.t, "state", p.Status, publication.Published)
	return p
}

// found are the titles that a filter finds, in order.
func (h *house) found(f *publication.Filter, o *publication.Order) (titles []string) {
	h.t.Helper()
	for _, p := range all(h.t, func(a page.Args) (*publication.Connection, error) {
		return h.Publications.PublishedContracts(h.t.Context(), f, o, a)
	}) {
		titles = append(titles, *p.Title)
	}
	return titles
}

func TestPublishedContractsAreFoundByWhatIsPublicOfThem(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			publish := func(title string, fields ...publication.PublicField) *publication.Publication {
				in := w.text("2026-03-02", "2026-06-30", w.once("2026-03-31", 1))
				in.Title = title
				return h.publish(w, h.active(w, in).ID, append(fields, publication.Title)...)
			}
			publish("只有标题")
			placed := publish("标题与签约方", publication.Parties)
			publish("标题与状态", publication.ContractState, publication.Period)
			byUnit := &publication.Filter{Party: &organisation.Choice{Eq: &w.units[1]}}
			byPlace := &publication.Filter{SubDistrict: &organisation.Choice{Eq: &w.north}}
			equal(t, "all", len(h.found(nil, nil)), 3)
			equal(t, "by last day", h.found(nil, &publication.Order{Field: publication.OrderByEndsOn, Direction: page.Descending})[0], "标题与状态")
			equal(t, "by party", h.found(byUnit, nil)[0], "标题与签约方")
			equal(t, "by place", h.found(byPlace, nil)[0], "标题与签约方")
			equal(t, "not by party", len(h.found(&publication.Filter{Not: byUnit}, nil)), 2)
			state := func(s publication.ContractStatus) *publication.Filter {
				return &publication.Filter{Status: &publication.ContractStatusChoice{Eq: &s}}
			}
			equal(t, "in force", len(h.found(state("ACTIVE"), nil)), 1)
			h.at("2026-07-01T00:00:00+08:00")
			equal(t, "contract", h.contract(placed.Contract).Status, contract.Expired)
			equal(t, "in force no more", len(h.found(state("ACTIVE"), nil)), 0)
			equal(t, "expired", h.found(state("EXPIRED"), nil)[0], "标题与状态")
			_, err := h.Publications.Withdraw(h.as(w.liaisons[1]), publication.WithdrawInput{ID: placed.ID})
			must(t, err)
			equal(t, "withdrawn", len(h.found(byUnit, nil)), 0)
			equal(t, "the others", len(h.found(nil, nil)), 2)
			h.settle()
			did := told(h.story(string(placed.ID)))
			equal(t, "told", [4]int{did[publication.ToldProposed], did[publication.ToldAgreed], did[publication.ToldPublished], did[publication.ToldWithdrawn]}, [4]int{1, 2, 1, 1})
		})
	}
}

func TestAPartyThatHasLeftAPublishedContractCanStillTakeItsConsentBack(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1))).ID
			p := h.publish(w, c, publication.Title, publication.Parties)
			_, err := h.Contracts.GiveNotice(h.as(w.liaisons[1]), contract.NoticeInput{StepInput: step(h.contract(c)), Reason: "校区搬迁"})
			must(t, err)
			h.at("2026-06-01T00:00:00+08:00")
			equal(t, "party", h.contract(c).Party(w.units[1]).State, contract.Exited)
			gone := &publication.Filter{Party: &organisation.Choice{Eq: &w.units[1]}}
			equal(t, "it goes on being named", len(h.found(gone, nil)), 1)
			_, err = h.Publications.Propose(h.as(w.liaisons[1]), publication.ProposeInput{Contract: c, ExpectedVersion: &p.Version, Fields: publication.PublicFields()})
			refused(t, err, fault.CodeForbidden)
			p, err = h.Publications.Withdraw(h.as(w.liaisons[1]), publication.WithdrawInput{ID: p.ID})
			must(t, err)
			equal(t, "public", len(h.found(nil, nil)), 0)
			p, err = h.Publications.Propose(h.as(w.secretary), publication.ProposeInput{Contract: c, ExpectedVersion: &p.Version, Fields: []publication.PublicField{publication.Title, publication.Parties}})
			must(t, err)
			p, err = h.Publications.Agree(h.as(w.liaisons[0]), publication.AgreeInput{Change: command.Change{ExpectedVersion: p.Version}, ID: p.ID})
			must(t, err)
			equal(t, "state", p.Status, publication.Published)
			equal(t, "public again", len(h.found(nil, nil)), 1)
			equal(t, "without it", len(h.found(gone, nil)), 0)
		})
	}
}

func TestConsentToShowAContractOutlivesAnAmendmentAndShowsTheTextInForce(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1)))
			h.publish(w, c.ID, publication.Title, publication.Period)
			a := h.amendable(w, c.ID, contract.AmendedText{Title: new("共建协议(二)"), EndsOn: new(c.EndsOn.AddDays(31))})
			a, err := h.Contracts.OpenAmendmentForSigning(h.as(w.secretary), contract.OpenAmendmentInput{AmendStepInput: amendStep(a)})
			must(t, err)
			equal(t, "before all have signed", h.found(nil, nil)[0], "共建协议")
			for _, who := range append([]id.Person{w.secretary}, w.liaisons...) {
				_, err = h.Contracts.SignAmendment(h.as(who), contract.SignAmendmentInput{ID: a.ID, TextHash: a.Frozen.Hash})
				must(t, err)
			}
			h.settle()
			equal(t, "amendment", h.amendment(a.ID).Status, contract.AmendmentApplied)
			equal(t, "in force", h.found(nil, nil)[0], "共建协议(二)")
			h.at("2027-01-20T12:00:00+08:00")
			active := publication.ContractStatus("ACTIVE")
			equal(t, "beyond its old end", h.contract(c.ID).Status, contract.Active)
			equal(t, "state is not public", len(h.found(&publication.Filter{Status: &publication.ContractStatusChoice{Eq: &active}}, nil)), 0)
			equal(t, "public", len(h.found(nil, nil)), 1)
		})
	}
}
