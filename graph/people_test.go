package graph_test

import (
	"strings"
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

func TestASessionIsRefreshedListedAndEnded(t *testing.T) {
	w := graphtest.NewTown(t)
	const tokens = "token refreshToken expiresAt refreshExpiresAt person { id }"
	sign := func() *graphtest.Answer {
		return w.Do(t, "", "signIn", m{"login": "liaison", "password": graphtest.Password}, tokens).Fine()
	}
	first := sign()
	w.Do(t, "", "refreshSession", m{"refreshToken": "cbr_nonsense"}, tokens).Is("MALFORMED")
	second := w.Do(t, "", "refreshSession", m{"refreshToken": first.Str("it.refreshToken"), "clientMutationId": "r1"}, tokens).Fine()
	w.Do(t, "", "refreshSession", m{"refreshToken": first.Str("it.refreshToken"), "clientMutationId": "r1"}, tokens).Is("ALREADY_DONE")
	ask := func(token, query string, vars ...any) *graphtest.Answer {
		r := w.Request(t, "", query, vars...)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		return w.Send(t, r)
	}
	const list = `{ sessions(first: 10) { totalCount nodes { id client current createdAt lastUsedAt expiresAt } } }`
	seen := ask(second.Str("it.token"), list).Fine()
	if n := seen.Get("sessions.totalCount"); n != 1.0 || seen.Get("sessions.nodes.0.current") != true {
		t.Errorf("sessions: %s", seen.Text)
	}
	mine := seen.Str("sessions.nodes.0.id")
	for _, who := range []string{"secretary", "supervisor", "admin"} {
		w.Do(t, who, "endSession", m{"id": mine}, "session { id }").Is("NOT_FOUND")
		if got := w.Ask(t, who, `query($id: ID!) { node(id: $id) { id } }`, "id", mine).Fine(); got.Get("node") != nil {
			t.Errorf("%s sees it: %s", who, got.Text)
		}
	}
	w.Do(t, "", "refreshSession", m{"refreshToken": first.Str("it.refreshToken")}, tokens).Is("REFRESH_TOKEN_REUSED")
	if got := ask(second.Str("it.token"), list); got.Code() != "UNAUTHENTICATED" {
		t.Errorf("the family lives on: %s", got.Text)
	}
	w.Do(t, "", "refreshSession", m{"refreshToken": second.Str("it.refreshToken")}, tokens).Is("REFRESH_NOT_VALID")

	third, fourth := sign(), sign()
	other := ask(fourth.Str("it.token"), list).Fine()
	for i := range 2 {
		id := other.Str("sessions.nodes." + string(rune('0'+i)) + ".id")
		if other.Get("sessions.nodes."+string(rune('0'+i))+".current") == true {
			continue
		}
		ended := ask(fourth.Str("it.token"), `mutation($id: ID!) { endSession(input: {id: $id}) { session { id } errors { code } } }`, "id", id).Fine()
		if ended.Str("endSession.session.id") != id {
			t.Errorf("ended: %s", ended.Text)
		}
	}
	if got := ask(third.Str("it.token"), list); got.Code() != "UNAUTHENTICATED" {
		t.Errorf("the ended session lives on: %s", got.Text)
	}
	if got := w.Ask(t, "", list); got.Code() != "UNAUTHENTICATED" {
		t.Errorf("nobody lists sessions: %s", got.Text)
	}
	for _, token := range []string{first.Str("it.refreshToken"), second.Str("it.refreshToken"), third.Str("it.token")} {
		if strings.Contains(w.Log(), token) {
			t.Error("a token stands in the log")
		}
	}
}
