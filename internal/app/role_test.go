package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// signIn gives a person's token, as a client has it.
func (h *house) signIn(login string) string {
	h.t.Helper()
	_, err := h.People.ResetPassword(h.t.Context(), login, password)
	must(h.t, err)
	in, err := h.People.SignIn(h.t.Context(), person.SignInInput{Login: login, Password: password})
	must(h.t, err)
	return in.Token
}

// with is a context of a request that comes with a token.
func (h *house) with(token string) context.Context {
	h.t.Helper()
	a, err := h.Authenticate(h.t.Context(), token)
	must(h.t, err)
	return authz.With(h.t.Context(), a)
}

func TestARoleThatHasEndedIsWorthNothingFromTheNextRequestOn(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			other := h.another(s.node())
			w := h.town(1)
			c := h.opened(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1)))
			sign := contract.SignInput{ID: c.ID, TextHash: c.Frozen.Hash}
			stranger := h.enrol("stranger", authz.Secretary, h.community(w.south, "远方社区"), true)
			token := h.signIn("stranger")
			_, err := other.Contracts.Contract(h.with(token), c.ID)
			refused(t, err, fault.CodeNotFound)

			until := h.clock.now().Add(5 * time.Minute)
			_, err = h.People.GrantRole(h.system(), person.GrantRoleInput{
				Person: stranger, Role: authz.Liaison, Organisation: &w.units[0], Signing: new(true), Until: &until,
			})
			must(t, err)
			for _, node := range []*house{h, other} { // no event need be heard, and no time be kept, for a right to begin
				_, err = node.Contracts.Contract(node.with(token), c.ID)
				must(t, err)
			}
			h.clock.set(until.Add(-moment))
			_, err = h.Contracts.Contract(h.with(token), c.ID)
			must(t, err)
			h.clock.set(until) // or to end
			for _, node := range []*house{h, other} {
				_, err = node.Contracts.Contract(node.with(token), c.ID)
				refused(t, err, fault.CodeNotFound)
				_, err = node.Contracts.Sign(node.with(token), sign)
				refused(t, err, fault.CodeNotFound)
				equal(t, "listed", len(all(t, func(a page.Args) (*contract.Connection, error) {
					return node.Contracts.Contracts(node.with(token), nil, nil, a)
				})), 0)
			}

			token = h.signIn("liaison1")
			_, err = h.Contracts.Contract(h.with(token), c.ID)
			must(t, err)
			liaison, err := h.People.Person(h.system(), w.liaisons[0])
			must(t, err)
			_, err = h.People.RevokeRole(h.as(w.northern), person.RevokeRoleInput{Role: liaison.Roles[0].ID})
			must(t, err)
			for _, node := range []*house{other, h} {
				_, err = node.Contracts.Sign(node.with(token), sign)
				refused(t, err, fault.CodeNotFound)
				_, err = node.Contracts.Contract(node.with(token), c.ID)
				refused(t, err, fault.CodeNotFound)
			}
			equal(t, "signatures", len(h.contract(c.ID).Signatures()), 0)
		})
	}
}

// The house goes down with its events untold, its contract signed but not in force, and its clock standing still.
func TestARestartLosesNothingThatWasAcknowledged(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			c := h.signed(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-02", 1)))
			token := h.signIn("secretary")
			invitation := h.invite(w.secretary, w.community)

			h = h.another(s.restart())
			got, err := h.Contracts.Contract(h.with(token), c.ID)
			must(t, err)
			equal(t, "state", got.Status, contract.Signed)
			equal(t, "version", got.Version, c.Version)
			equal(t, "signatures", len(got.Signatures()), 3)
			if !seen(h.People.Invitation(h.with(token), invitation)) {
				t.Fatal("the invitation is lost")
			}
			h.story("")
			equal(t, "events before anybody told them", len(h.heard), 0)
			h.settle()
			events := told(h.story(string(c.ID)))
			for what, n := range map[string]int{
				contract.ToldDrafted: 1, contract.ToldProposed: 1, contract.ToldAgreed: 2, contract.ToldOpened: 1,
				contract.ToldSigned: 3, contract.ToldSealed: 1, contract.ToldActivated: 1,
			} {
				equal(t, what, events[what], n)
			}
			f := h.fulfilments(c.ID)[0].ID
			h.does(h.report(w.liaisons[0], f))

			h = h.another(s.restart()) // the report is not told of yet
			equal(t, "reported", h.fulfilment(f).Status, fulfilment.Reported)
			equal(t, "accepted", h.does(h.accept(w.secretary, f)).Status, fulfilment.Accepted)
			h = h.another(s.restart())
			h.clock.add(time.Minute) // until the leases of the one before have run out
			h.rate(c.ID, w.units[0], 1)
			verifies(t, h, w, c.ID, 3)
		})
	}
}
