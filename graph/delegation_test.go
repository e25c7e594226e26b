package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const delegationFields = `delegation { id version from { id } to { id } role startsAt endsAt reason status inForce allowedActions acceptedAt endedAt endedBy { id } endReason } `

// lent has an organisation lend an office to the outsider's for thirty days, and the outsider accept it.
func lent(t *testing.T, w *graphtest.Town, lender, from, role string) *graphtest.Answer {
	t.Helper()
	in := m{"from": from, "to": w.OtherUnit, "role": role, "endsAt": w.Now().AddDate(0, 0, 30).Format(time.RFC3339), "reason": "没有专人"}
	d := w.Do(t, lender, "delegate", in, delegationFields).Fine()
	return w.Do(t, "outsider", "acceptDelegation", m{"id": d.Str("it.delegation.id"), "expectedVersion": 1}, delegationFields).Fine()
}

func TestAUnitActsForAnotherByDelegationUntilItEnds(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	offer := m{"from": w.Unit, "to": w.OtherUnit, "role": "LIAISON", "endsAt": "2026-04-01T00:00:00Z", "reason": "没有专人", "clientMutationId": "first"}
	w.Do(t, "", "delegate", offer, delegationFields).Is("UNAUTHENTICATED")
	for _, who := range []string{"secretary", "steward", "supervisor", "auditor", "outsider", "admin"} {
		w.Do(t, who, "delegate", offer, delegationFields).Is("FORBIDDEN")
	}
	if a := w.Do(t, "liaison", "delegate", with(offer, m{"role": "SECRETARY", "clientMutationId": "bad"}), delegationFields).Is("DELEGATION_ROLE"); a.At() != "role" || !strings.Contains(a.Text, "liaison") {
		t.Errorf("got %s", a.Text)
	}
	d := w.Do(t, "liaison", "delegate", offer, delegationFields).Fine()
	if again := w.Do(t, "liaison", "delegate", offer, delegationFields).Fine(); again.Get("it.replayed") != true || again.Get("it.delegation.id") != d.Get("it.delegation.id") {
		t.Errorf("sent again: %s", again.Text)
	}
	id := d.Str("it.delegation.id")
	accept := m{"id": id, "expectedVersion": 1}
	for who, code := range map[string]string{"": "UNAUTHENTICATED", "secretary": "NOT_FOUND", "liaison": "FORBIDDEN", "supervisor": "FORBIDDEN", "stranger": "NOT_FOUND"} {
		w.Do(t, who, "acceptDelegation", accept, delegationFields).Is(code)
	}
	const read = `query($c: ID!) { contract(id: $c) { title allowedActions } contracts(first: 5) { totalCount } fulfilments(first: 20) { totalCount } }`
	if a := w.Ask(t, "outsider", read, "c", contract).Fine(); a.Get("contract") != nil {
		t.Errorf("before it is accepted: %s", a.Text)
	}
	d = w.Do(t, "outsider", "acceptDelegation", accept, delegationFields).Fine()
	if d.Get("it.delegation.inForce") != true || d.Str("it.delegation.to.id") != w.OtherUnit {
		t.Errorf("accepted: %s", d.Text)
	}
	if a := w.Ask(t, "outsider", read, "c", contract).Fine(); a.Get("contract") == nil || a.Int("contracts.totalCount") != 1 || a.Int("fulfilments.totalCount") == 0 {
		t.Errorf("by delegation: %s", a.Text)
	}
	gift := occurrence(t, w, "2026-03-20")
	r := w.Do(t, "outsider", "reportFulfilment", m{"id": gift["id"], "expectedVersion": gift["version"], "note": "已捐", "quantityDone": "200"},
		"fulfilment { version report { party { id } personName } }").Fine()
	if r.Str("it.fulfilment.report.party.id") != w.Unit || r.Str("it.fulfilment.report.personName") != "Name of outsider" {
		t.Errorf("reported: %s", r.Text)
	}
	const by = `query($f: EventFilter) { events(first: 5, filter: $f) { nodes { type delegation { id } } } }`
	for who, sees := range map[string]any{"liaison": id, "supervisor": id, "secretary": nil} { // the host may read the report, and not who helps the unit
		a := w.Ask(t, who, by, "f", m{"subject": gift["id"], "types": []string{"fulfilment.reported"}}).Fine()
		if a.Len("events.nodes") != 1 || a.Get("events.nodes.0.delegation.id") != sees {
			t.Errorf("%s is told of the event: %s", who, a.Text)
		}
	}
	w.Do(t, "outsider", "acceptFulfilment", m{"id": gift["id"], "expectedVersion": r.Int("it.fulfilment.version")}, "fulfilment { id }").Is("FORBIDDEN")
	w.Do(t, "outsider", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit}, "code").Is("FORBIDDEN")
	w.Do(t, "outsider", "registerSigningKey", m{"organisation": w.Unit}, "signingKey { id }").Is("FORBIDDEN")
	w.Do(t, "outsider", "updateResidentUnit", m{"id": w.Unit, "expectedVersion": 1, "staff": 3}, "residentUnit { id }").Is("FORBIDDEN")
	w.Do(t, "outsider", "delegate", with(offer, m{"to": w.Community, "clientMutationId": "on"}), delegationFields).Is("FORBIDDEN")
	w.Ask(t, "outsider", `query($u: ID!) { people(organisation: $u) { totalCount } }`, "u", w.Unit).Is("FORBIDDEN")

	end := m{"id": id, "expectedVersion": d.Int("it.delegation.version")}
	for who, code := range map[string]string{"": "UNAUTHENTICATED", "stranger": "NOT_FOUND", "auditor": "FORBIDDEN", "supervisor": "REQUIRED"} {
		w.Do(t, who, "endDelegation", end, delegationFields).Is(code)
	}
	token := w.Token(t, "outsider")
	e := w.Do(t, "liaison", "endDelegation", end, delegationFields).Fine()
	if e.Str("it.delegation.endedBy.id") != w.Unit || e.Get("it.delegation.inForce") != false {
		t.Errorf("ended: %s", e.Text)
	}
	if w.Token(t, "outsider") != token {
		t.Fatal("the session is another one")
	}
	if a := w.Ask(t, "outsider", read, "c", contract).Fine(); a.Get("contract") != nil || a.Int("contracts.totalCount") != 0 || a.Int("fulfilments.totalCount") != 0 {
		t.Errorf("in the same session, after the end: %s", a.Text)
	}
	list := w.Ask(t, "liaison", `query($u: ID!) { given: delegations(organisation: $u, direction: GIVEN, filter: {status: {eq: ENDED}}) { totalCount nodes { id } }
		taken: delegations(organisation: $u, direction: TAKEN) { totalCount } }`, "u", w.Unit).Fine()
	if list.Int("given.totalCount") != 1 || list.Int("taken.totalCount") != 0 {
		t.Errorf("listed: %s", list.Text)
	}
}

func TestADelegationEndsAtItsMomentInTheMiddleOfASession(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	in := m{"from": w.Unit, "to": w.OtherUnit, "role": "LIAISON", "endsAt": w.Now().Add(5 * time.Minute).Format(time.RFC3339), "reason": "出差"}
	id := w.Do(t, "liaison", "delegate", in, delegationFields).Fine().Str("it.delegation.id")
	w.Do(t, "outsider", "acceptDelegation", m{"id": id, "expectedVersion": 1}, delegationFields).Fine()
	reads := func() bool {
		return w.Ask(t, "outsider", `query($c: ID!) { contract(id: $c) { id } }`, "c", contract).Fine().Get("contract") != nil
	}
	token := w.Token(t, "outsider")
	if !reads() {
		t.Fatal("what is lent is not there")
	}
	w.Pass(t, 5*time.Minute)
	if reads() || w.Token(t, "outsider") != token {
		t.Error("after its last moment it is still lent")
	}
	a := w.Ask(t, "supervisor", `query($d: ID!) { node(id: $d) { ... on Delegation { status endedBy { id } endedAt } } }`, "d", id).Fine()
	if a.Str("node.status") != "ENDED" || a.Get("node.endedBy") != nil || a.Get("node.endedAt") == nil {
		t.Errorf("by time: %s", a.Text)
	}
}

func TestNobodyStandsOnTwoSidesOfAContractByDelegation(t *testing.T) {
	w := graphtest.NewTown(t)
	in := draft(w)
	in["parties"] = append(in["parties"].([]m), m{"organisation": w.OtherUnit, "part": "PARTNER"})
	c := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	lent(t, w, "liaison", w.Unit, "LIAISON")
	step(t, w, "outsider", "agreeToContract", c, m{"party": w.Unit}).Is("FORBIDDEN")
	step(t, w, "outsider", "declineContract", c, m{"party": w.Unit}).Is("FORBIDDEN")
	c = step(t, w, "outsider", "agreeToContract", c, nil).Fine() // for its own unit, and no question for which
	if c.Str("it.contract.status") != "NEGOTIATING" {
		t.Errorf("agreed: %s", c.Text)
	}
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()

	lent(t, w, "secretary", w.Community, "SECRETARY")
	step(t, w, "outsider", "openContractForSigning", c, nil).Is("FORBIDDEN")
	own := w.Do(t, "outsider", "draftContract", with(in, m{"party": w.Community}), contractFields)
	if own.Code() != "FORBIDDEN" {
		t.Errorf("drafted for the host by a partner: %s", own.Text)
	}
}

func TestWhoHasBorrowedBothSidesActsForNeither(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	d := lent(t, w, "liaison", w.Unit, "LIAISON")
	lent(t, w, "secretary", w.Community, "SECRETARY")
	for _, party := range []string{w.Unit, w.Community} {
		step(t, w, "outsider", "agreeToContract", c, m{"party": party}).Is("FORBIDDEN")
	}
	seen := w.Ask(t, "outsider", `query($c: ID!) { contract(id: $c) { allowedActions } }`, "c", c.Str("it.contract.id")).Fine()
	if seen.Len("contract.allowedActions") != 0 {
		t.Errorf("they may %s", seen.Text)
	}
	w.Do(t, "liaison", "endDelegation", m{"id": d.Str("it.delegation.id"), "expectedVersion": d.Int("it.delegation.version")}, delegationFields).Fine()
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	step(t, w, "outsider", "openContractForSigning", agreedByHost(t, w, c), nil).Fine() // for the host alone
	hash := w.Ask(t, "outsider", `query($c: ID!) { contract(id: $c) { textHash } }`, "c", c.Str("it.contract.id")).Fine().Str("contract.textHash")
	w.Do(t, "secretary", "registerSigningKey", m{"organisation": w.Community}, "signingKey { id }").Fine()
	w.Do(t, "outsider", "signContract", m{"id": c.Str("it.contract.id"), "textHash": hash}, contractFields).Is("NO_SIGNING_RIGHT")
	w.Do(t, "secretary", "signContract", m{"id": c.Str("it.contract.id"), "textHash": hash}, contractFields).Fine()
}
