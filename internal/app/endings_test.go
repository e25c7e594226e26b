package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

// openThing is something that stays open at a node, as a socket does that nobody says anything on.
type openThing struct {
	ctx    context.Context
	looked chan struct{}
}

// stays opens something at a node for the bearer of a token or key.
func (h *house) stays(bearer string) openThing {
	h.t.Helper()
	ctx, err := web.LoginWith(h.Authenticate)(h.t.Context(), bearer)
	must(h.t, err)
	o := openThing{ctx, make(chan struct{}, 1)}
	leave := h.Feed.Attend(ctx, func() {
		select {
		case o.looked <- struct{}{}:
		default:
		}
	})
	h.t.Cleanup(leave)
	return o
}

// ends waits until a node has looked at something that is open and found that its right has ended.
func (o openThing) ends(t *testing.T, at *app.App, what string) {
	t.Helper()
	for {
		select {
		case <-o.looked:
		case <-time.After(2 * time.Minute):
			t.Fatalf("%s: nobody has looked", what)
		}
		_, err := at.Feed.Again(o.ctx)
		if fault.Is(err, fault.CodeUnauthenticated) {
			return
		}
		must(t, err)
	}
}

func TestWhatIsOpenAtOneNodeEndsSoonAfterItsSessionOrTokenHasEndedAtAnother(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			other := h.another(s.node())
			w := h.town(1)
			one, everywhere, renewed := h.signIn("secretary"), h.signIn("liaison1"), h.signIn("auditor")
			stays := h.signIn("northern")
			account, secret := h.account(w.secretary, w.community, authz.Secretary, authz.ScopeContractsRead)
			grant, err := h.ServiceAccounts.Grant(t.Context(), serviceaccount.Proof{ID: string(account), Secret: secret}, "")
			must(t, err)

			h.settle() // so that no event from before has anything looked at
			running, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- other.Run(running) }()

			out, all, past, program := other.stays(one), other.stays(everywhere), other.stays(renewed), other.stays(grant.Token)
			lasting := other.stays(stays)
			_, err = h.People.SignOut(h.with(one), person.SignOutInput{})
			must(t, err)
			_, err = h.People.SignOut(h.with(everywhere), person.SignOutInput{Everywhere: new(true)})
			must(t, err)
			_, err = h.People.ResetPassword(t.Context(), "auditor", "another good long password")
			must(t, err)
			must(t, h.ServiceAccounts.Revoke(t.Context(), serviceaccount.Proof{ID: string(account), Secret: secret}, grant.Token))

			out.ends(t, other.App, "signed out")
			all.ends(t, other.App, "signed out everywhere")
			past.ends(t, other.App, "given a new password")
			program.ends(t, other.App, "a token taken back")
			_, err = other.Feed.Again(lasting.ctx)
			must(t, err)
			stop()
			must(t, <-ended)
		})
	}
}

// account makes a service account with a client secret.
func (h *house) account(by id.Person, of id.Organisation, role authz.Role, scopes ...authz.Scope) (account id.ServiceAccount, secret string) {
	h.t.Helper()
	a, err := h.ServiceAccounts.Create(h.as(by), serviceaccount.CreateInput{
		Organisation: of, Name: "对账", Purpose: "brings what our own system knows", Role: role, Scopes: scopes,
	})
	must(h.t, err)
	made, err := h.ServiceAccounts.Rotate(h.as(by), serviceaccount.RotateInput{ServiceAccount: a.ID})
	must(h.t, err)
	return a.ID, made.Text
}
