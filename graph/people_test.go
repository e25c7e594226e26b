package graph_test

import (
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

func TestPeopleAreInvitedAndTakeUpTheirRoles(t *testing.T) {
	w := graphtest.NewTown(t)
	invite := m{"role": "MEMBER", "organisation": w.Unit, "name": "小王"}
	w.Do(t, "outsider", "invitePerson", invite, "code").Is("FORBIDDEN")
	w.Do(t, "", "invitePerson", invite, "code").Is("UNAUTHENTICATED")
	w.Do(t, "secretary", "invitePerson", m{"role": "SECRETARY", "organisation": w.Unit}, "code").Is("ROLE_DOES_NOT_FIT")
	sent := w.Do(t, "liaison", "invitePerson", invite, "code invitation { id version status name organisation { name } sentBy { name } }").Fine()
	if sent.Str("it.invitation.sentBy.name") != "Name of liaison" {
		t.Errorf("sent: %s", sent.Text)
	}
	seen := w.Ask(t, "liaison", `{ invitations(first: 10, filter: {status: {eq: SENT}}) { totalCount nodes { id status role } } }`).Fine()
	if seen.Int("invitations.totalCount") != 1 {
		t.Errorf("invitations: %s", seen.Text)
	}
	if a := w.Ask(t, "outsider", `{ invitations(first: 10, filter: {status: {eq: SENT}}) { totalCount nodes { id } } }`).Fine(); a.Int("invitations.totalCount") != 0 {
		t.Errorf("the outsider sees invitations: %s", a.Text)
	}
	w.Do(t, "", "acceptInvitation", m{"code": "AAAAA-AAAAA-AAAAA-AAAAA", "loginName": "wang", "password": graphtest.Password}, "person { id }").
		Is("INVITATION_NOT_VALID")
	code := sent.Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "wang", "password": "short"}, "person { id }").Is("TOO_SHORT")
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "wang", "password": graphtest.Password}, "person { name roles { role } }").Fine()
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "wang2", "password": graphtest.Password}, "person { id }").Is("INVITATION_USED")
	me := w.Ask(t, "wang", `{ viewer { loginName name roles { role organisation { id __typename } grantedBy { name } } } }`).Fine()
	if me.Str("viewer.name") != "小王" || me.Str("viewer.roles.0.organisation.id") != w.Unit {
		t.Errorf("viewer: %s", me.Text)
	}
	again := w.Do(t, "liaison", "invitePerson", invite, "invitation { id version }").Fine()
	revoke := m{"id": again.Str("it.invitation.id"), "expectedVersion": again.Int("it.invitation.version")}
	w.Do(t, "outsider", "revokeInvitation", revoke, "invitation { status }").Is("NOT_FOUND")
	if a := w.Do(t, "liaison", "revokeInvitation", revoke, "invitation { status }").Fine(); a.Str("it.invitation.status") != "REVOKED" {
		t.Errorf("revoked: %s", a.Text)
	}
}

func TestRolesAreGrantedAndRevoked(t *testing.T) {
	w := graphtest.NewTown(t)
	steward := w.Ask(t, "steward", `{ viewer { id } }`).Str("viewer.id")
	grant := m{"person": steward, "role": "MEMBER", "organisation": w.Community}
	w.Do(t, "outsider", "grantRole", grant, "person { id }").Is("NOT_FOUND")
	w.Do(t, "auditor", "grantRole", grant, "person { id }").Is("FORBIDDEN")
	a := w.Do(t, "secretary", "grantRole", grant, "person { id version roles { id role } }").Fine()
	if a.Len("it.person.roles") != 2 {
		t.Errorf("roles: %s", a.Text)
	}
	revoke := m{"role": a.Str("it.person.roles.1.id")}
	w.Do(t, "outsider", "revokeRole", revoke, "person { id }").Is("NOT_FOUND")
	w.Do(t, "secretary", "revokeRole", revoke, "person { roles { id revokedAt } }").Fine()
	w.Do(t, "secretary", "revokeRole", m{"role": w.Unit}, "person { id }").Is("WRONG_ID")

	people := w.Ask(t, "secretary", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { name loginName email } } }`, "o", w.Community).Fine()
	if people.Len("people.nodes") != 2 || people.Get("people.nodes.0.loginName") != nil && people.Get("people.nodes.1.loginName") != nil {
		t.Errorf("people: %s", people.Text)
	}
	w.Ask(t, "outsider", `query($o: ID!) { people(organisation: $o) { nodes { name } } }`, "o", w.Community).Is("FORBIDDEN")
}

func TestSessionsBeginAndEnd(t *testing.T) {
	w := graphtest.NewTown(t)
	signIn := func(login, password string) *graphtest.Answer {
		return w.Do(t, "", "signIn", m{"login": login, "password": password}, "token expiresAt person { name }")
	}
	unknown, wrong := signIn("nobody", "wrong password"), signIn("liaison", "wrong password")
	if unknown.Text != wrong.Text {
		t.Errorf("an unknown login answers %s, a wrong password %s", unknown.Text, wrong.Text)
	}
	wrong.Is("INVALID_CREDENTIALS")
	if wrong.Get("it.token") != nil {
		t.Errorf("a token: %s", wrong.Text)
	}
	signIn("liaison", graphtest.Password).Fine()

	w.Do(t, "", "changePassword", m{"oldPassword": graphtest.Password, "newPassword": "another good password"}, "person { id }").Is("UNAUTHENTICATED")
	w.Do(t, "liaison", "changePassword", m{"oldPassword": "not this one", "newPassword": "another good password"}, "person { id }").Is("PASSWORD_WRONG")
	w.Do(t, "liaison", "changePassword", m{"oldPassword": graphtest.Password, "newPassword": "another good password"}, "person { id }").Fine()
	signIn("liaison", graphtest.Password).Is("INVALID_CREDENTIALS")
	signIn("liaison", "another good password").Fine()

	request := w.Request(t, "secretary", `{ viewer { name } }`)
	w.Do(t, "secretary", "signOut", m{}, "").Fine()
	if a := w.Send(t, request); a.Status != 401 || a.Code() != "UNAUTHENTICATED" {
		t.Errorf("after signing out: %d %s", a.Status, a.Text)
	}
	w.Do(t, "", "signOut", m{}, "").Is("UNAUTHENTICATED")

	request = w.Request(t, "outsider", `{ viewer { name } }`)
	w.Pass(t, 11*time.Minute)
	if a := w.Send(t, request); a.Status != 401 || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("with an old token: %d %s", a.Status, a.Text)
	}
	if a := w.Ask(t, "", `{ viewer { name } }`).Fine(); a.Get("viewer") != nil {
		t.Errorf("nobody is somebody: %s", a.Text)
	}
}

func TestSigningKeysAreRegisteredAndRevoked(t *testing.T) {
	w := graphtest.NewTown(t)
	const ask = "signingKey { id version kid held publicKey revokedAt reason organisation { id } registeredBy }"
	w.Do(t, "outsider", "registerSigningKey", m{"organisation": w.Unit}, ask).Is("FORBIDDEN")
	w.Do(t, "supervisor", "registerSigningKey", m{"organisation": w.Unit}, ask).Is("FORBIDDEN")
	k := w.Do(t, "liaison", "registerSigningKey", m{"organisation": w.Unit}, ask).Fine()
	w.Do(t, "liaison", "registerSigningKey", m{"organisation": w.Unit}, ask).Is("KEY_HELD_ALREADY")
	w.Do(t, "liaison", "registerSigningKey", m{"organisation": w.Unit, "publicKey": "no key"}, ask).Is("KEY_MALFORMED")
	public := w.Ask(t, "", `query($o: ID!, $k: ID!) { signingKeys(organisation: $o) { nodes { kid registeredBy } } node(id: $k) { ... on SigningKey { kid } } }`,
		"o", w.Unit, "k", k.Str("it.signingKey.id")).Fine()
	if public.Len("signingKeys.nodes") != 1 || public.Get("signingKeys.nodes.0.registeredBy") != nil || public.Get("node.kid") == nil {
		t.Errorf("in public: %s", public.Text)
	}
	revoke := m{"id": k.Str("it.signingKey.id"), "expectedVersion": k.Int("it.signingKey.version"), "reason": "人员变动"}
	w.Do(t, "outsider", "revokeSigningKey", revoke, ask).Is("FORBIDDEN")
	if a := w.Do(t, "liaison", "revokeSigningKey", revoke, ask).Fine(); a.Get("it.signingKey.revokedAt") == nil {
		t.Errorf("revoked: %s", a.Text)
	}
}
