package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const linkedFields = "identity { id linkedAt lastUsedAt issuer { name title start } }"

// linked links somebody's identity with their account.
func linked(t *testing.T, w *graphtest.Town, who, subject string) (identity string) {
	t.Helper()
	in := with(w.Arrive(t, subject), m{"password": graphtest.Password})
	return w.Do(t, who, "linkIdentity", in, linkedFields).Fine().Str("it.identity.id")
}

// asToken asks with a token.
func asToken(t *testing.T, w *graphtest.Town, token, query string) *graphtest.Answer {
	t.Helper()
	r := w.Request(t, "", query)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.Send(t, r)
}

func TestAnIdentityIsLinkedByItsOwnerAndOpensTheirAccount(t *testing.T) {
	w := graphtest.NewTown(t)
	seen := w.Ask(t, "", `{ identityIssuers { name title start } }`).Fine()
	if seen.Len("identityIssuers") != 1 || seen.Str("identityIssuers.0.title") != "The town" || seen.Str("identityIssuers.0.start") != "https://cobuild.test/oidc/town/start" {
		t.Errorf("the page for signing in is told %s", seen.Text)
	}
	in := w.Arrive(t, "li")
	w.Do(t, "", "signInWithIssuer", in, "token").Is("IDENTITY_UNKNOWN")
	w.Do(t, "", "linkIdentity", in, linkedFields).Is("UNAUTHENTICATED")
	w.Do(t, "liaison", "linkIdentity", in, linkedFields).Is("REQUIRED")
	if a := w.Do(t, "liaison", "linkIdentity", with(in, m{"password": "not the password"}), linkedFields); a.Code() != "PASSWORD_WRONG" || a.At() != "password" {
		t.Errorf("with a wrong password: %s", a.Text)
	}
	w.Do(t, "liaison", "linkIdentity", m{"code": "cbi_nothing", "verifier": in["verifier"], "password": graphtest.Password}, linkedFields).Is("SIGN_IN_CODE_NOT_VALID")
	w.Do(t, "liaison", "linkIdentity", with(in, m{"verifier": "short", "password": graphtest.Password}), linkedFields).Is("MALFORMED")
	a := w.Do(t, "liaison", "linkIdentity", with(in, m{"password": graphtest.Password}), linkedFields).Fine()
	if a.Str("it.identity.issuer.name") != "town" || a.Get("it.identity.lastUsedAt") != nil {
		t.Errorf("linked: %s", a.Text)
	}
	w.Do(t, "outsider", "linkIdentity", with(w.Arrive(t, "li"), m{"password": graphtest.Password}), linkedFields).Is("IDENTITY_TAKEN")

	in = with(w.Arrive(t, "li"), m{"clientMutationId": "once"})
	open := w.Do(t, "", "signInWithIssuer", in, "token refreshToken refreshExpiresAt person { name loginName }").Fine()
	me := asToken(t, w, open.Str("it.token"), `{ viewer { identities { lastUsedAt } } }`).Fine()
	if open.Str("it.person.loginName") != "liaison" || me.Get("viewer.identities.0.lastUsedAt") == nil {
		t.Errorf("signed in: %s, %s", open.Text, me.Text)
	}
	w.Do(t, "", "signInWithIssuer", in, "token").Is("ALREADY_DONE")
	w.Do(t, "", "signInWithIssuer", m{"code": in["code"], "verifier": in["verifier"]}, "token").Is("SIGN_IN_CODE_NOT_VALID")
	list := asToken(t, w, open.Str("it.token"), `{ sessions(first: 10) { nodes { current issuer { name title } } } }`).Fine()
	for i := range list.Len("sessions.nodes") {
		at := "sessions.nodes." + string(rune('0'+i))
		if current := list.Get(at+".current") == true; current != (list.Get(at+".issuer.name") == "town") {
			t.Errorf("sessions: %s", list.Text)
		}
	}
	w.Pass(t, 13*time.Hour)
	w.Do(t, "", "refreshSession", m{"refreshToken": open.Str("it.refreshToken")}, "token").Is("REFRESH_NOT_VALID")
	for kind, n := range map[string]int{"IDENTITY_LINKED": 1, "SIGNED_IN_BY_ISSUER": 1, "IDENTITY_UNLINKED": 0} {
		if a := logged(t, w, "liaison", kind); a.Int("securityLog.totalCount") != n {
			t.Errorf("%s: %s", kind, a.Text)
		}
	}
	if a := logged(t, w, "admin", "ISSUER_SIGN_IN_REFUSED"); a.Int("securityLog.totalCount") == 0 {
		t.Errorf("refused: %s", a.Text)
	}
}

func TestAnUnlinkedIdentityOpensNothingAndEndsWhatItHadOpened(t *testing.T) {
	w := graphtest.NewTown(t)
	identity := linked(t, w, "liaison", "li")
	token := w.Do(t, "", "signInWithIssuer", w.Arrive(t, "li"), "token").Fine().Str("it.token")
	for _, who := range []string{"outsider", "secretary", "supervisor", "admin"} {
		if a := w.Do(t, who, "unlinkIdentity", m{"id": identity}, "identity { id }"); a.Code() != "NOT_FOUND" || a.At() != "id" {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	w.Do(t, "", "unlinkIdentity", m{"id": identity}, "identity { id }").Is("UNAUTHENTICATED")
	w.Do(t, "liaison", "unlinkIdentity", m{"id": w.Unit}, "identity { id }").Is("WRONG_ID")
	w.Do(t, "liaison", "unlinkIdentity", m{"id": identity}, "identity { id issuer { name } }").Fine()
	if a := asToken(t, w, token, `{ viewer { id } }`); a.Status != http.StatusUnauthorized {
		t.Errorf("what it had opened goes on: %d %s", a.Status, a.Text)
	}
	w.Do(t, "", "signInWithIssuer", w.Arrive(t, "li"), "token").Is("IDENTITY_UNKNOWN")
	if a := w.Ask(t, "liaison", `{ viewer { identities { id } } }`).Fine(); a.Len("viewer.identities") != 0 {
		t.Errorf("it is listed: %s", a.Text)
	}
}

func TestAnInvitationIsTakenUpWithAnIdentityAndNoPassword(t *testing.T) {
	w := graphtest.NewTown(t)
	invite := func() string {
		return w.Do(t, "liaison", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit, "name": "小王"}, "code").Fine().Str("it.code")
	}
	code := invite()
	accept := func(more m) *graphtest.Answer {
		return w.Do(t, "", "acceptInvitation", with(m{"code": code}, more), "person { name loginName }")
	}
	accept(m{}).Is("REQUIRED")
	if a := accept(m{"identity": m{"code": "cbi_x", "verifier": strings.Repeat("x", 43)}}); a.Code() != "SIGN_IN_CODE_NOT_VALID" || a.At() != "identity.code" {
		t.Errorf("with a code that is none: %s", a.Text)
	}
	linked(t, w, "liaison", "li")
	accept(m{"identity": w.Arrive(t, "li")}).Is("IDENTITY_TAKEN")
	if a := accept(m{"identity": w.Arrive(t, "wang")}).Fine(); a.Str("it.person.name") != "小王" || a.Get("it.person.loginName") != nil {
		t.Errorf("taken up: %s", a.Text)
	}
	accept(m{"identity": w.Arrive(t, "zhao")}).Is("INVITATION_USED")
	w.Do(t, "", "signInWithIssuer", w.Arrive(t, "zhao"), "token").Is("IDENTITY_UNKNOWN")

	open := w.Do(t, "", "signInWithIssuer", w.Arrive(t, "wang"), "token").Fine().Str("it.token")
	me := asToken(t, w, open, `{ viewer { loginName roles { role } identities { id issuer { title } } } }`).Fine()
	if me.Str("viewer.roles.0.role") != "MEMBER" || me.Len("viewer.identities") != 1 {
		t.Errorf("the newcomer: %s", me.Text)
	}
	w.Lend("wang", open)
	w.Do(t, "wang", "unlinkIdentity", m{"id": me.Str("viewer.identities.0.id")}, "identity { id }").Is("LAST_WAY_TO_SIGN_IN")
	w.Do(t, "wang", "linkIdentity", w.Arrive(t, "wang too"), linkedFields).Fine() // the session is fresh
	w.Do(t, "wang", "acceptInvitation", m{"code": invite(), "identity": w.Arrive(t, "wang three")}, "person { id }").Is("ALREADY_SIGNED_IN")

	code = invite()
	both := m{"identity": w.Arrive(t, "zhao"), "loginName": "zhao", "password": graphtest.Password, "name": "小赵"}
	if a := accept(both).Fine(); a.Str("it.person.loginName") != "zhao" {
		t.Errorf("with both: %s", a.Text)
	}
	w.Do(t, "", "signIn", m{"login": "zhao", "password": graphtest.Password}, "token").Fine()
	w.Do(t, "", "signInWithIssuer", w.Arrive(t, "zhao"), "token").Fine()
}

func TestWhoHasNoPasswordConfirmsByAFreshSession(t *testing.T) {
	w := graphtest.NewTown(t)
	code := w.Do(t, "liaison", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit, "name": "小王"}, "code").Fine().Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "identity": w.Arrive(t, "wang")}, "person { id }").Fine()
	open := w.Do(t, "", "signInWithIssuer", w.Arrive(t, "wang"), "token refreshToken").Fine()
	w.Pass(t, 16*time.Minute)
	again := w.Do(t, "", "refreshSession", m{"refreshToken": open.Str("it.refreshToken")}, "token").Fine()
	w.Lend("wang", again.Str("it.token"))
	w.Do(t, "wang", "linkIdentity", w.Arrive(t, "another"), linkedFields).Is("SIGN_IN_AGAIN")
}

func TestWhoHasNoPasswordIsErasedByAFreshSessionAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	code := w.Do(t, "liaison", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit, "name": "小王"}, "code").Fine().Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "identity": w.Arrive(t, "wang")}, "person { id }").Fine()
	open := w.Do(t, "", "signInWithIssuer", w.Arrive(t, "wang"), "token refreshToken").Fine()
	w.Pass(t, 16*time.Minute)
	w.Lend("wang", w.Do(t, "", "refreshSession", m{"refreshToken": open.Str("it.refreshToken")}, "token").Fine().Str("it.token"))
	me := w.Ask(t, "wang", `{ viewer { id version } }`).Fine()
	erase := m{"person": me.Str("viewer.id"), "expectedVersion": me.Int("viewer.version")}
	if a := w.Do(t, "wang", "erasePerson", erase, "person { id }").Is("SIGN_IN_AGAIN"); !strings.Contains(a.Text, "5 minutes") {
		t.Errorf("it is not said how fresh the session must be: %s", a.Text)
	}
	w.Do(t, "wang", "erasePerson", with(erase, m{"password": graphtest.Password}), "person { id }").Is("SIGN_IN_AGAIN") // there is none to be right
	if a := w.Ask(t, "wang", `{ viewer { name } }`).Fine(); a.Str("viewer.name") != "小王" {
		t.Errorf("refused, and yet: %s", a.Text)
	}
	w.Lend("wang", w.Do(t, "", "signInWithIssuer", w.Arrive(t, "wang"), "token").Fine().Str("it.token"))
	w.Do(t, "wang", "erasePerson", erase, "person { id }").Fine()
	w.Do(t, "", "signInWithIssuer", w.Arrive(t, "wang"), "token").Is("IDENTITY_UNKNOWN")
}

func TestNobodySeesWhereAnotherPersonSignsIn(t *testing.T) {
	w := graphtest.NewTown(t)
	identity := linked(t, w, "liaison", "li")
	for _, who := range []string{"secretary", "supervisor", "admin"} {
		a := w.Ask(t, who, `query($o: ID!) { people(organisation: $o, first: 10) { nodes { name identities { id } } } }`, "o", w.Unit)
		if strings.Contains(a.Text, identity) {
			t.Errorf("%s sees %s", who, a.Text)
		}
	}
}

func TestEachUseOfAProgramsKeyIsCountedForItsOrganisation(t *testing.T) {
	w := graphtest.NewTown(t)
	of, key := account(t, w, "program", "CONTRACTS_READ")
	_, other := account(t, w, "another", "CONTRACTS_READ")
	for range 3 {
		asToken(t, w, key, `{ thisServiceAccount { id } }`).Fine()
	}
	asToken(t, w, other, `{ thisServiceAccount { id } }`).Fine()
	const ask = `{ securityLog(filter: {kind: {eq: API_KEY_USED}}) { totalCount nodes { count credential network organisation { id } subject { id } person { id } } } }`
	w.Settle(t)
	a := w.Ask(t, "liaison", ask).Fine()
	if a.Int("securityLog.totalCount") != 2 {
		t.Fatalf("used: %s", a.Text)
	}
	for _, at := range []string{"securityLog.nodes.0.", "securityLog.nodes.1."} {
		mine := a.Get(at+"subject.id") == of
		if want := map[bool]float64{true: 3, false: 1}[mine]; a.Get(at+"count") != want || a.Str(at+"organisation.id") != w.Unit || a.Str(at+"credential") == "" {
			t.Errorf("used: %s", a.Text)
		}
	}
	for _, who := range []string{"outsider", "secretary", "steward"} {
		if a := w.Ask(t, who, ask).Fine(); a.Int("securityLog.totalCount") != 0 {
			t.Errorf("%s reads %s", who, a.Text)
		}
	}
	keys := w.Ask(t, "liaison", `query($i: ID!) { serviceAccount(id: $i) { apiKeys { id } } }`, "i", of).Fine()
	w.Do(t, "liaison", "revokeApiKey", m{"id": keys.Str("serviceAccount.apiKeys.0.id")}, "serviceAccount { id }").Fine()
	if a := asToken(t, w, key, `{ thisServiceAccount { id } }`); a.Status != http.StatusUnauthorized {
		t.Fatalf("a revoked key: %d", a.Status)
	}
	if a := logged(t, w, "liaison", "API_KEY_REFUSED"); a.Int("securityLog.totalCount") != 1 || a.Str("securityLog.nodes.0.subject.id") != of {
		t.Errorf("refused: %s", a.Text)
	}
}

func TestWhatComesToTheTokenEndpointIsLoggedForItsOrganisation(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "program", "CONTRACTS_READ")
	secret := w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret").Fine().Str("it.secret")
	ask := func(client, secret string) int {
		body := "grant_type=client_credentials&client_id=" + client + "&client_secret=" + secret
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return w.Send(t, r).Status
	}
	for range 2 {
		if code := ask(of, secret); code != http.StatusOK {
			t.Fatalf("a good secret: %d", code)
		}
	}
	if code := ask(of, "wrong"); code != http.StatusUnauthorized {
		t.Fatalf("a wrong secret: %d", code)
	}
	if code := ask("nobody", "wrong"); code != http.StatusUnauthorized {
		t.Fatalf("nobody's secret: %d", code)
	}
	if a := logged(t, w, "liaison", "TOKEN_ISSUED"); a.Int("securityLog.totalCount") != 1 || a.Int("securityLog.nodes.0.count") != 2 || a.Str("securityLog.nodes.0.subject.id") != of {
		t.Errorf("issued: %s", a.Text)
	}
	for who, n := range map[string]int{"liaison": 1, "outsider": 0, "admin": 2} {
		if a := logged(t, w, who, "CLIENT_REFUSED"); a.Int("securityLog.totalCount") != n {
			t.Errorf("%s reads %s", who, a.Text)
		}
	}
}
