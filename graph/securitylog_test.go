package graph_test

import (
	"net/http"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const entryFields = `{ nodes { id kind count code operation network client person { id } organisation { id } subject { id } } totalCount }`

// logged is what somebody reads of one kind in the security log.
func logged(t *testing.T, w *graphtest.Town, who, kind string) *graphtest.Answer {
	t.Helper()
	w.Settle(t)
	return w.Ask(t, who, `query($k: SecurityKind!) { securityLog(filter: {kind: {eq: $k}}) `+entryFields+` }`, "k", kind).Fine()
}

func TestPeopleReadWhatHappenedAtTheDoorOfTheirAccount(t *testing.T) {
	w := graphtest.NewTown(t)
	me := w.Ask(t, "liaison", `{ viewer { id } }`).Str("viewer.id")
	for range 2 {
		w.Do(t, "", "signIn", m{"login": "liaison", "password": "wrong password"}, "token").Is("INVALID_CREDENTIALS")
	}
	a := logged(t, w, "liaison", "SIGN_IN_REFUSED")
	if a.Int("securityLog.totalCount") != 1 || a.Int("securityLog.nodes.0.count") != 2 || a.Str("securityLog.nodes.0.code") != "INVALID_CREDENTIALS" ||
		a.Str("securityLog.nodes.0.person.id") != me {
		t.Errorf("refused: %s", a.Text)
	}
	if a := logged(t, w, "liaison", "SIGNED_IN"); a.Int("securityLog.totalCount") == 0 || a.Get("securityLog.nodes.0.subject.id") == nil {
		t.Errorf("signed in: %s", a.Text)
	}
	entry := a.Str("securityLog.nodes.0.id")
	for _, who := range []string{"outsider", "secretary", "auditor"} {
		if other := logged(t, w, who, "SIGN_IN_REFUSED"); other.Int("securityLog.totalCount") != 0 {
			t.Errorf("%s reads %s", who, other.Text)
		}
		if other := w.Ask(t, who, `query($e: ID!) { node(id: $e) { id } }`, "e", entry).Fine(); other.Get("node") != nil {
			t.Errorf("%s finds %s", who, other.Text)
		}
	}
	w.Ask(t, "", `{ securityLog { totalCount } }`).Is("UNAUTHENTICATED")
}

func TestWhatSomebodyMayNotDoIsLoggedByItsNameAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "outsider", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit, "name": "小王"}, "code").Is("FORBIDDEN")
	a := logged(t, w, "outsider", "ACTION_REFUSED")
	if a.Int("securityLog.totalCount") != 1 || a.Str("securityLog.nodes.0.operation") != "mutation invitePerson" || a.Str("securityLog.nodes.0.code") != "FORBIDDEN" {
		t.Errorf("refused: %s", a.Text)
	}
}

func TestATokenThatDoesNotHoldIsLoggedForWhoRunsThePlatform(t *testing.T) {
	w := graphtest.NewTown(t)
	r := w.Request(t, "", `{ viewer { id } }`)
	r.Header.Set("Authorization", "Bearer cooked")
	if a := w.Send(t, r); a.Status != http.StatusUnauthorized {
		t.Errorf("answered %d", a.Status)
	}
	if a := logged(t, w, "admin", "TOKEN_REFUSED"); a.Int("securityLog.totalCount") != 1 || a.Get("securityLog.nodes.0.person") != nil {
		t.Errorf("refused: %s", a.Text)
	}
	if a := logged(t, w, "liaison", "TOKEN_REFUSED"); a.Int("securityLog.totalCount") != 0 {
		t.Errorf("a liaison reads %s", a.Text)
	}
}

func TestWhoLeadsAnOrganisationSeesItsKeyBeingUsed(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	for who, n := range map[string]int{"secretary": 1, "liaison": 1, "outsider": 0} {
		a := logged(t, w, who, "SIGNING_KEY_USED")
		if a.Int("securityLog.totalCount") < n || n == 0 && a.Int("securityLog.totalCount") > 0 {
			t.Errorf("%s reads %s", who, a.Text)
		}
	}
}
