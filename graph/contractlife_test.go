package graph_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const (
	oneDay     = 24 * time.Hour
	lifeFields = `contract { id version status allowedActions endReason endedAt autoRenew effectiveOn endsOn
		pendingStep { verb proposedBy { name } reason consents { organisation { id } at personName } lapsesAt }
		pauses { from until } completion { organisation { id } at personName completesAt }
		objection { organisation { id } reason at personName }
		parties { part state leftAt reason notice { effectiveOn reason at personName } }
		predecessor { id } successor { id } renewalChain { id } } `
)

// lives is a mutation on the contract in force, at its version of now.
func lives(t *testing.T, w *graphtest.Town, who, mutation, id string, more m) *graphtest.Answer {
	t.Helper()
	now := w.Ask(t, "supervisor", `query($id: ID!) { contract(id: $id) { version } }`, "id", id).Fine()
	in := m{"id": id, "expectedVersion": now.Int("contract.version")}
	maps.Copy(in, more)
	return w.Do(t, who, mutation, in, lifeFields)
}

// now is what somebody sees of a contract.
func now(t *testing.T, w *graphtest.Town, who, id string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($id: ID!) { it: node(id: $id) { ... on CoBuildingContract { __typename status } ... on Node { id } } contract(id: $id) { status } }`, "id", id).Fine()
}

func TestAContractIsSuspendedAndResumedByBothSides(t *testing.T) {
	w := graphtest.NewTown(t)
	id := active(t, w).Str("it.contract.id")
	why := m{"reason": "礼堂修缮"}
	for who, code := range map[string]string{"outsider": "NOT_FOUND", "steward": "FORBIDDEN", "auditor": "FORBIDDEN", "admin": "NOT_FOUND"} {
		lives(t, w, who, "suspendContract", id, why).Is(code)
	}
	lives(t, w, "secretary", "resumeContract", id, why).Is("CONTRACT_WRONG_STATE")
	if a := lives(t, w, "secretary", "suspendContract", id, nil).Is("REQUIRED"); a.At() != "reason" {
		t.Errorf("at %s", a.At())
	}
	lives(t, w, "secretary", "suspendContract", id, m{"reason": "x", "expectedVersion": 1}).Is("CONFLICT")
	lives(t, w, "secretary", "suspendContract", id, m{"reason": strings.Repeat("长", 2001)}).Is("TOO_LONG")
	a := lives(t, w, "secretary", "suspendContract", id, why).Fine()
	if a.Str("it.contract.status") != "ACTIVE" || a.Str("it.contract.pendingStep.verb") != "SUSPEND" || a.Str("it.contract.pendingStep.consents.0.personName") != "Name of secretary" {
		t.Fatalf("proposed: %s", a.Text)
	}
	again := lives(t, w, "secretary", "suspendContract", id, why)
	again.Is("ALREADY_CONSENTED")
	lives(t, w, "liaison", "terminateContract", id, why).Is("STEP_PENDING")
	lives(t, w, "liaison", "withdrawContractStep", id, nil).Is("NOT_CONSENTED")
	lives(t, w, "outsider", "withdrawContractStep", id, nil).Is("NOT_FOUND")
	if a = lives(t, w, "secretary", "withdrawContractStep", id, nil).Fine(); a.Get("it.contract.pendingStep") != nil {
		t.Errorf("withdrawn: %s", a.Text)
	}
	lives(t, w, "secretary", "withdrawContractStep", id, nil).Is("NO_STEP_PENDING")
	lives(t, w, "liaison", "suspendContract", id, why).Fine()
	if a = lives(t, w, "secretary", "suspendContract", id, nil).Fine(); a.Str("it.contract.status") != "SUSPENDED" || a.Str("it.contract.pauses.0.from") != "2026-03-02" {
		t.Fatalf("suspended: %s", a.Text)
	}
	w.Settle(t)
	if f := due(t, w, "liaison").Fine(); f.Str("fulfilments.nodes.0.status") != "SUSPENDED" {
		t.Errorf("what is due does not rest: %s", f.Text)
	}
	lives(t, w, "secretary", "completeContract", id, nil).Is("CONTRACT_WRONG_STATE")
	lives(t, w, "liaison", "resumeContract", id, why).Fine()
	if a = lives(t, w, "secretary", "resumeContract", id, nil).Fine(); a.Str("it.contract.status") != "ACTIVE" || a.Str("it.contract.pauses.0.until") != "2026-03-02" {
		t.Fatalf("resumed: %s", a.Text)
	}
	if f := due(t, w, "liaison").Fine(); f.Str("fulfilments.nodes.0.status") != "DUE" {
		t.Errorf("what is due still rests: %s", f.Text)
	}
}

func TestAContractIsTerminatedByAllOrFromAbove(t *testing.T) {
	w := graphtest.NewTown(t)
	id := active(t, w).Str("it.contract.id")
	lives(t, w, "supervisor", "terminateContract", id, nil).Is("REQUIRED")
	lives(t, w, "outsider", "terminateContract", id, m{"reason": "x"}).Is("NOT_FOUND")
	a := lives(t, w, "supervisor", "terminateContract", id, m{"reason": "辖区调整"}).Fine()
	if a.Str("it.contract.status") != "TERMINATED" || a.Str("it.contract.endReason") != "辖区调整" || a.Len("it.contract.allowedActions") != 0 {
		t.Fatalf("terminated: %s", a.Text)
	}
	f := due(t, w, "liaison").Fine()
	for i := range f.Len("fulfilments.nodes") {
		if at := "fulfilments.nodes." + string(rune('0'+i)); f.Str(at+".status") != "CLOSED" {
			t.Errorf("left open: %s", f.Text)
		}
	}
	lives(t, w, "secretary", "terminateContract", id, m{"reason": "x"}).Is("CONTRACT_WRONG_STATE")
}

func TestOfTwoANoticeEndsTheContractOnItsDay(t *testing.T) {
	w := graphtest.NewTown(t)
	id := active(t, w).Str("it.contract.id")
	why := m{"reason": "公司迁址"}
	lives(t, w, "outsider", "giveContractNotice", id, why).Is("NOT_FOUND")
	lives(t, w, "steward", "giveContractNotice", id, why).Is("FORBIDDEN")
	lives(t, w, "liaison", "giveContractNotice", id, m{"reason": ""}).Is("REQUIRED")
	if a := lives(t, w, "liaison", "giveContractNotice", id, m{"reason": "x", "effectiveOn": "2026-03-31"}).Is("NOTICE_TOO_SHORT"); a.At() != "effectiveOn" || !strings.Contains(a.Text, "2026-04-01") {
		t.Errorf("%s", a.Text)
	}
	lives(t, w, "liaison", "giveContractNotice", id, m{"reason": "x", "effectiveOn": "2027-03-02"}).Is("NOTICE_AFTER_END")
	a := lives(t, w, "liaison", "giveContractNotice", id, why).Fine()
	if a.Str("it.contract.parties.1.notice.effectiveOn") != "2026-04-01" || a.Str("it.contract.status") != "ACTIVE" {
		t.Fatalf("given: %s", a.Text)
	}
	lives(t, w, "liaison", "giveContractNotice", id, why).Is("ALREADY_LEAVING")
	w.Pass(t, 31*oneDay)
	if got := now(t, w, "liaison", id); got.Str("contract.status") != "TERMINATED" {
		t.Errorf("%s", got.Text)
	}
}

func TestACompletionIsAnnouncedObjectedToAndComesTrue(t *testing.T) {
	w := graphtest.NewTown(t)
	id := active(t, w).Str("it.contract.id")
	lives(t, w, "liaison", "completeContract", id, nil).Is("FORBIDDEN")
	lives(t, w, "outsider", "completeContract", id, nil).Is("NOT_FOUND")
	if a := lives(t, w, "secretary", "completeContract", id, nil).Is("CONTRACT_STILL_OPEN"); !strings.Contains(a.Text, "ful1_") {
		t.Errorf("it points at nothing: %s", a.Text)
	}
	lives(t, w, "liaison", "objectToCompletion", id, m{"reason": "x"}).Is("COMPLETION_NOT_ANNOUNCED")
	w.Pass(t, 300*oneDay) // all of the year's days have come into sight
	const ask = "fulfilment { id version status waivers { party { id } reason personName } allowedActions }"
	for range 4 {
		f := w.Ask(t, "secretary", `{ fulfilments(first: 50, filter: {status: {in: [DUE, OVERDUE]}}) { nodes { id version allowedActions } } }`).Fine()
		for i := range f.Len("fulfilments.nodes") {
			at := "fulfilments.nodes." + strconv.Itoa(i)
			in := m{"id": f.Str(at + ".id"), "expectedVersion": f.Int(at + ".version")}
			w.Do(t, "liaison", "waiveFulfilment", in, ask).Is("FORBIDDEN")
			w.Do(t, "outsider", "waiveFulfilment", in, ask).Is("NOT_FOUND")
			stale := maps.Clone(in)
			stale["expectedVersion"] = 99
			w.Do(t, "secretary", "waiveFulfilment", stale, ask).Is("CONFLICT")
			in["reason"] = "今年不再需要"
			if got := w.Do(t, "secretary", "waiveFulfilment", in, ask).Fine(); got.Str("it.fulfilment.status") != "WAIVED" || got.Str("it.fulfilment.waivers.0.reason") != "今年不再需要" {
				t.Fatalf("%s", got.Text)
			}
		}
		if f.Len("fulfilments.nodes") == 0 {
			break
		}
	}
	a := lives(t, w, "secretary", "completeContract", id, nil).Fine()
	if a.Get("it.contract.completion.completesAt") == nil {
		t.Fatalf("announced: %s", a.Text)
	}
	lives(t, w, "secretary", "completeContract", id, nil).Is("COMPLETION_ANNOUNCED")
	lives(t, w, "secretary", "objectToCompletion", id, m{"reason": "x"}).Is("OWN_ANNOUNCEMENT")
	lives(t, w, "liaison", "objectToCompletion", id, m{"reason": ""}).Is("REQUIRED")
	lives(t, w, "outsider", "objectToCompletion", id, m{"reason": "x"}).Is("NOT_FOUND")
	if a = lives(t, w, "liaison", "objectToCompletion", id, m{"reason": "尾款未结"}).Fine(); a.Str("it.contract.objection.reason") != "尾款未结" {
		t.Fatalf("objected: %s", a.Text)
	}
	lives(t, w, "secretary", "completeContract", id, nil).Fine()
	w.Pass(t, 7*oneDay)
	if got := now(t, w, "liaison", id); got.Str("contract.status") != "COMPLETED" {
		t.Errorf("%s", got.Text)
	}
}

func TestAContractIsRenewedOnce(t *testing.T) {
	w := graphtest.NewTown(t)
	id := active(t, w).Str("it.contract.id")
	renew := func(who string, more m) *graphtest.Answer {
		in := m{"id": id}
		maps.Copy(in, more)
		return w.Do(t, who, "renewContract", in, lifeFields)
	}
	renew("outsider", nil).Is("NOT_FOUND")
	renew("supervisor", nil).Is("FORBIDDEN")
	if a := renew("secretary", m{"effectiveOn": "2027-04-01", "endsOn": "2027-03-31"}).Is("ENDS_BEFORE_START"); a.At() != "endsOn" {
		t.Errorf("at %s", a.At())
	}
	a := renew("liaison", m{"clientMutationId": "r1"}).Fine()
	next := a.Str("it.contract.id")
	if a.Str("it.contract.status") != "DRAFT" || a.Str("it.contract.effectiveOn") != "2027-03-02" || a.Str("it.contract.endsOn") != "2028-03-01" || a.Str("it.contract.predecessor.id") != id {
		t.Fatalf("renewed: %s", a.Text)
	}
	if b := renew("liaison", m{"clientMutationId": "r1"}).Fine(); b.Str("it.contract.id") != next || b.Get("it.replayed") != true {
		t.Errorf("sent again: %s", b.Text)
	}
	if b := renew("secretary", nil).Is("CONTRACT_ALREADY_RENEWED"); !strings.Contains(b.Text, next) {
		t.Errorf("it does not say by which: %s", b.Text)
	}
	chain := w.Ask(t, "auditor", `query($id: ID!) { contract(id: $id) { successor { id } predecessor { id } renewalChain { id } } }`, "id", id).Fine()
	if chain.Str("contract.successor.id") != next || chain.Get("contract.predecessor") != nil || chain.Len("contract.renewalChain") != 2 {
		t.Errorf("%s", chain.Text)
	}
}
