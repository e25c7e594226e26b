package graph_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const (
	hearAll = `subscription($after: Long) { it: contractChanged(after: $after) { seq type at contract { id title status allowedActions } } }`
	hearOne = `subscription($c: ID, $after: Long) { it: contractChanged(contract: $c, after: $after) { seq type contract { id status } } }`
)

func TestWhatHappensToAContractIsToldToWhomMayReadIt(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	secretary, supervisor := w.Hear(t, on, "secretary", hearAll), w.Hear(t, on, "supervisor", hearAll)
	outsider := w.Hear(t, on, "outsider", hearAll)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	id := c.Str("it.contract.id")
	one := w.Hear(t, on, "liaison", hearOne, "c", id)
	step(t, w, "secretary", "proposeContract", c, nil).Fine()
	for who, l := range map[string]*graphtest.Hearing{"secretary": secretary, "supervisor": supervisor} {
		drafted, proposed := l.Next().Fine(), l.Next().Fine()
		if drafted.Str("it.type") != "contract.drafted" || proposed.Str("it.type") != "contract.proposed" || proposed.Str("it.contract.id") != id {
			t.Errorf("%s heard %s, %s", who, drafted.Text, proposed.Text)
		}
		if may := proposed.Len("it.contract.allowedActions"); (may > 0) != (who == "secretary") {
			t.Errorf("%s may do %d things", who, may)
		}
	}
	if a := one.Next().Fine(); a.Str("it.type") != "contract.proposed" || a.Str("it.contract.status") != "NEGOTIATING" {
		t.Errorf("of the one contract: %s", a.Text)
	}
	other := draft(w) // the first thing that the outsider may know of
	other["parties"] = []m{{"organisation": w.OtherCommunity, "part": "HOST"}, {"organisation": w.OtherUnit, "part": "PARTNER"}}
	other["commitments"] = []m{{"key": "gift", "provider": w.OtherUnit, "receivers": []string{w.OtherCommunity}, "action": "捐赠图书", "dueOn": "2026-03-20"}}
	own := w.Do(t, "stranger", "draftContract", other, contractFields).Fine()
	if a := outsider.Next().Fine(); a.Str("it.contract.id") != own.Str("it.contract.id") {
		t.Errorf("the outsider heard %s", a.Text)
	}
}

func TestASubscriptionThatCannotBeIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	id := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine().Str("it.contract.id")
	unknown := id[:len(id)-1] + "0"
	if unknown == id {
		unknown = id[:len(id)-1] + "1"
	}
	for _, c := range []struct{ who, contract, after, code string }{
		{"", id, "0", "UNAUTHENTICATED"},
		{"outsider", id, "0", "NOT_FOUND"},
		{"admin", id, "0", "NOT_FOUND"},
		{"secretary", unknown, "0", "NOT_FOUND"},
		{"secretary", w.Community, "0", "WRONG_ID"},
		{"secretary", "nonsense", "0", "WRONG_ID"},
		{"secretary", id, "99999", "SEQ_NOT_REACHED"},
		{"secretary", id, "-1", "SEQ_NOT_REACHED"},
		{"secretary", id, "many", "MALFORMED"},
	} {
		l := w.Hear(t, on, c.who, hearOne, "c", c.contract, "after", c.after)
		a := l.Next()
		if a == nil || a.Code() != c.code {
			t.Errorf("%s of %s after %s: got %v, want %s", c.who, c.contract, c.after, a, c.code)
		}
		l.Ended()
	}
	if a := w.Ask(t, "secretary", hearAll); a.Code() != "SUBSCRIPTION_TRANSPORT" {
		t.Errorf("over plain HTTP: %s", a.Text)
	}
}

func TestARightThatEndsEndsAtOnceOnOpenSubscriptions(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	id := c.Str("it.contract.id")
	one, all := w.Hear(t, on, "liaison", hearOne, "c", id), w.Hear(t, on, "liaison", hearAll)
	step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	for _, l := range []*graphtest.Hearing{one, all} {
		l.Next().Fine()
	}
	role := w.Ask(t, "liaison", `{ viewer { roles { id } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "admin", "revokeRole", m{"role": role}, "person { id }").Fine()
	one.Next().Is("NOT_FOUND") // nothing happened to the contract: the right alone has ended
	one.Ended()
	// a member of the unit acts for nobody, so what happens next is not told
	w.Do(t, "admin", "grantRole", m{"person": w.Ask(t, "liaison", `{ viewer { id } }`).Str("viewer.id"), "role": "MEMBER", "organisation": w.Unit}, "person { id }").Fine()
	now := w.Ask(t, "secretary", `query($id: ID!) { it: contract(id: $id) { id version } }`, "id", id).Fine()
	w.Do(t, "secretary", "cancelContract", m{"id": id, "expectedVersion": now.Int("it.version")}, contractFields).Fine()
	w.Do(t, "liaison", "signOut", m{}, "").Fine()
	all.Next().Is("UNAUTHENTICATED")
	all.Ended()
}

func TestASubscriptionEndsWithItsSession(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	l := w.Hear(t, on, "secretary", hearAll)
	w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	l.Next().Fine()
	w.Do(t, "secretary", "changePassword", m{"oldPassword": graphtest.Password, "newPassword": "another good long password"}, "person { id }").Fine()
	w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine() // the session in which it was changed lasts
	l.Next().Fine()
	w.Do(t, "secretary", "signOut", m{"everywhere": true}, "").Fine()
	l.Next().Is("UNAUTHENTICATED")
	l.Ended()
}

func TestASubscriptionResumesWithoutLossOrRepeat(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	var ids []string
	for range 5 {
		ids = append(ids, w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine().Str("it.contract.id"))
	}
	after := "0"
	var heard []string
	for range 5 {
		l := w.Hear(t, on, "secretary", hearAll, "after", after)
		a := l.Next().Fine()
		after, heard = a.Str("it.seq"), append(heard, a.Str("it.contract.id"))
		l.Leave()
	}
	if strings.Join(heard, " ") != strings.Join(ids, " ") {
		t.Errorf("heard %v, want %v", heard, ids)
	}
	if n, err := strconv.ParseInt(after, 10, 64); err != nil || n < 5 {
		t.Errorf("the last place is %s", after)
	}
}

func TestASocketHearsContractsToo(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c, resp, err := websocket.Dial(t.Context(), on.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		defer resp.Body.Close()
	}
	say := func(text string) {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		if _, raw, err := c.Read(t.Context()); err != nil || !strings.Contains(string(raw), want) {
			t.Fatalf("heard %s (%v), want %s", raw, err, want)
		}
	}
	say(`{"type":"connection_init","payload":{"token":"` + w.Token(t, "secretary") + `"}}`)
	hear("connection_ack")
	say(`{"id":"1","type":"subscribe","payload":{"query":"subscription { contractChanged(after: \"0\") { type contract { title } } }"}}`)
	w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	hear(`"type":"contract.drafted"`)
	w.Do(t, "secretary", "signOut", m{}, "").Fine()
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != 4403 {
		t.Fatal(err)
	}
}

func TestAForeignPageOpensNoSocket(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	for origin, want := range map[string]int{"https://evil.example": 403, "null": 403, on.URL: 101, "": 101} {
		h := map[string][]string{}
		if origin != "" {
			h["Origin"] = []string{origin}
		}
		c, resp, err := websocket.Dial(t.Context(), on.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: h})
		if resp == nil || resp.StatusCode != want {
			t.Errorf("%q: %v %v", origin, resp, err)
		}
		if err == nil {
			_ = c.CloseNow()
		}
	}
}
