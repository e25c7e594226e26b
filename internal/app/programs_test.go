package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

func at(version int) command.Change { return command.Change{ExpectedVersion: version} }

func TestAServiceAccountLivesFromItsFirstKeyToItsEndOnEitherStore(t *testing.T) {
	for name, where := range both() {
		t.Run(name, func(t *testing.T) {
			s := where(t)
			h := open(t, s.node())
			other := h.another(s.node())
			w := h.town(1)
			by := h.as(w.secretary)
			account, secret := h.account(w.secretary, w.community, authz.Secretary, authz.ScopeContractsRead, authz.ScopeContractsWrite)
			proof := serviceaccount.Proof{ID: string(account), Secret: secret}
			key, err := h.ServiceAccounts.CreateKey(by, serviceaccount.CreateKeyInput{ServiceAccount: account, Name: "server"})
			must(t, err)
			grant, err := other.ServiceAccounts.Grant(t.Context(), proof, "CONTRACTS_READ")
			must(t, err)
			comes := func(bearer string, scopes ...string) {
				t.Helper()
				for _, node := range []*house{h, other} {
					a, err := node.Authenticate(t.Context(), bearer)
					must(t, err)
					equal(t, "account", a.Service, account)
					equal(t, "role", fmt.Sprint(a.Holdings), fmt.Sprint([]authz.Holding{{Role: authz.Secretary, Organisation: w.community, Within: a.Holdings[0].Within}}))
					equal(t, "scopes", fmt.Sprint(a.Scopes), fmt.Sprint(scopes))
				}
			}
			gone := func(bearer string) {
				t.Helper()
				for _, node := range []*house{h, other} {
					_, err := node.Authenticate(t.Context(), bearer)
					refused(t, err, fault.CodeUnauthenticated)
				}
			}
			comes(key.Text, "CONTRACTS_READ", "CONTRACTS_WRITE")
			comes(grant.Token, "CONTRACTS_READ")

			found := func(status serviceaccount.Status, want int) *serviceaccount.ServiceAccount {
				t.Helper()
				f := &serviceaccount.Filter{Status: &serviceaccount.StatusChoice{Eq: &status}}
				c, err := other.ServiceAccounts.ServiceAccounts(by, w.community, f, page.Args{First: new(10)})
				must(t, err)
				equal(t, string(status), len(c.Edges), want)
				is, err := other.ServiceAccounts.ServiceAccount(by, account)
				must(t, err)
				return is
			}
			_, err = other.ServiceAccounts.ServiceAccount(h.as(w.liaisons[0]), account)
			refused(t, err, fault.CodeNotFound)
			_, err = other.ServiceAccounts.Disable(by, serviceaccount.StopInput{Change: at(found(serviceaccount.Active, 1).Version), ID: account, Reason: "轮休"})
			must(t, err)
			gone(key.Text)
			gone(grant.Token)
			_, err = h.ServiceAccounts.Enable(by, serviceaccount.EnableInput{Change: at(found(serviceaccount.Disabled, 1).Version), ID: account})
			must(t, err)
			comes(key.Text, "CONTRACTS_READ", "CONTRACTS_WRITE")
			gone(grant.Token) // tokens from before stay worthless

			grant, err = h.ServiceAccounts.Grant(t.Context(), proof, "")
			must(t, err)
			must(t, other.ServiceAccounts.Revoke(t.Context(), proof, grant.Token))
			gone(grant.Token)
			_, err = other.ServiceAccounts.RevokeKey(by, serviceaccount.RevokeKeyInput{ID: key.Key.ID})
			must(t, err)
			gone(key.Text)
			_, err = h.ServiceAccounts.End(by, serviceaccount.StopInput{Change: at(found(serviceaccount.Active, 1).Version), ID: account, Reason: "停用"})
			must(t, err)
			found(serviceaccount.Ended, 1)
			_, err = other.ServiceAccounts.Grant(t.Context(), proof, "")
			refused(t, err, serviceaccount.CodeClient)
			h.settle()
			for what, n := range map[string]int{
				serviceaccount.ToldDisabled: 1, serviceaccount.ToldEnabled: 1, serviceaccount.ToldEnded: 1,
			} {
				equal(t, what, told(h.story(string(account)))[what], n)
			}
		})
	}
}

func TestAnOfficeIsLentAndTakenBackOnEitherStore(t *testing.T) {
	for name, where := range both() {
		t.Run(name, func(t *testing.T) {
			s := where(t)
			h := open(t, s.node())
			other := h.another(s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1))).ID
			stranger := h.unit(9, h.community(w.south, "远方社区"))
			h.enrol("manager", authz.Liaison, stranger, true)
			token := h.signIn("manager")
			reads := func(want bool) {
				t.Helper()
				for _, node := range []*house{h, other} {
					_, err := node.Contracts.Contract(node.with(token), c)
					if want {
						must(t, err)
					} else {
						refused(t, err, fault.CodeNotFound)
					}
				}
			}
			lend := func(days int) *delegation.Delegation {
				t.Helper()
				d, err := h.Delegations.Offer(h.as(w.liaisons[0]), delegation.OfferInput{
					From: w.units[0], To: stranger, Role: authz.Liaison, EndsAt: h.clock.now().AddDate(0, 0, days), Reason: "没有专人",
				})
				must(t, err)
				_, err = h.Delegations.Offer(h.as(w.liaisons[0]), delegation.OfferInput{
					From: w.units[0], To: stranger, Role: authz.Liaison, EndsAt: h.clock.now().AddDate(0, 0, days), Reason: "再来一次",
				})
				refused(t, err, delegation.CodeOpen)
				reads(false)
				d, err = other.Delegations.Accept(other.with(token), delegation.AcceptInput{Change: at(d.Version), ID: d.ID})
				must(t, err)
				reads(true)
				return d
			}
			first := lend(30)
			_, err := other.Delegations.End(h.as(w.liaisons[0]), delegation.EndInput{Change: at(first.Version), ID: first.ID})
			must(t, err)
			reads(false)

			second := lend(30)
			h.clock.set(second.EndsAt) // its last moment needs no event to be heard
			token = h.signIn("manager")
			reads(false)
			h.settle()
			status := func(of id.Organisation, way delegation.Direction, want ...delegation.Status) {
				t.Helper()
				var all []delegation.Status
				l, err := other.Delegations.Delegations(h.as(w.liaisons[0]), of, &way, nil, page.Args{First: new(10)})
				must(t, err)
				for _, d := range l.Nodes() {
					all = append(all, d.Status)
				}
				equal(t, string(way), fmt.Sprint(all), fmt.Sprint(want))
			}
			status(w.units[0], delegation.Given, delegation.Ended, delegation.Ended)
			status(w.units[0], delegation.Taken)
			if d, err := other.Delegations.Delegation(h.as(w.secretary), second.ID); err == nil {
				t.Errorf("the host reads %+v", d)
			}
			h.clock.add(time.Hour)
			equal(t, "ended once", told(h.story(string(second.ID)))[delegation.ToldEnded], 1)
		})
	}
}
