package graph_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

const amendmentFields = `amendment { id version status textHash number baseVersion effectiveOn appliesOn appliedAt allowedActions
	endReason turn { id } remarks { body } signatures { organisation { id } } differences { path kind after } text { title } } `

// amends is a mutation of an amendment at the version of the answer before.
func amends(t *testing.T, w *graphtest.Town, who, mutation string, was *graphtest.Answer, more m) *graphtest.Answer {
	t.Helper()
	in := m{"id": was.Str("it.amendment.id")}
	if mutation != "signAmendment" {
		in["expectedVersion"] = was.Int("it.amendment.version")
	}
	maps.Copy(in, more)
	return w.Do(t, who, mutation, in, amendmentFields)
}

// amendable is a contract in force in the town, and the input of an amendment of it.
func amendable(t *testing.T) (w *graphtest.Town, contract string, in m) {
	t.Helper()
	w = graphtest.NewTown(t)
	contract = active(t, w).Str("it.contract.id")
	w.Settle(t)
	return w, contract, m{"contract": contract, "summary": "演出改为每周一次", "title": "长安社区与恒远机械共建契约(修订)"}
}

// proposed is an amendment before the parties, drafted by the host.
func proposed(t *testing.T, w *graphtest.Town, in m) *graphtest.Answer {
	t.Helper()
	a := w.Do(t, "secretary", "draftAmendment", in, amendmentFields).Fine()
	return amends(t, w, "secretary", "proposeAmendment", a, nil).Fine()
}

// inSigning is an amendment open for signing.
func inSigning(t *testing.T, w *graphtest.Town, in m) *graphtest.Answer {
	t.Helper()
	a := amends(t, w, "liaison", "agreeToAmendment", proposed(t, w, in), nil).Fine()
	return amends(t, w, "secretary", "openAmendmentForSigning", a, nil).Fine()
}

func TestAnAmendmentLivesFromItsDraftToTheTextInForceAndTheExport(t *testing.T) {
	w, contract, in := amendable(t)
	weekly := draft(w)["commitments"].([]m)
	weekly[0]["recurrence"] = "FREQ=WEEKLY;BYDAY=SA"
	in["commitments"], in["effectiveOn"] = weekly, "2026-03-16"
	a := w.Do(t, "liaison", "draftAmendment", in, amendmentFields).Fine()
	a = amends(t, w, "liaison", "proposeAmendment", a, nil).Fine()
	a = amends(t, w, "secretary", "requestAmendmentChanges", a, m{"remarks": []m{{"commitmentKey": "show", "body": "隔周即可"}}}).Fine()
	if a.Str("it.amendment.turn.id") != w.Unit || a.Str("it.amendment.remarks.0.body") != "隔周即可" {
		t.Errorf("asked for changes: %s", a.Text)
	}
	weekly[0]["recurrence"] = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"
	a = amends(t, w, "liaison", "reviseAmendment", a, m{"commitments": weekly}).Fine()
	a = amends(t, w, "secretary", "agreeToAmendment", a, nil).Fine()
	a = amends(t, w, "secretary", "openAmendmentForSigning", a, nil).Fine()
	hash := m{"textHash": a.Str("it.amendment.textHash")}
	a = amends(t, w, "secretary", "signAmendment", a, hash).Fine()
	a = amends(t, w, "liaison", "signAmendment", a, hash).Fine()
	if a.Str("it.amendment.status") != "SIGNED" || a.Str("it.amendment.appliesOn") != "2026-03-16" {
		t.Fatalf("signed: %s", a.Text)
	}
	w.Settle(t)
	const ask = `query($id: ID!) { contract(id: $id) { title textVersion textHash textFrom export
		amendedBy { id status contract { id } draftedBy { id } parties { name state signature { jws } } signingStatement(party: "` + "%" + `") canonicalText baseHash }
		amendments(first: 5, status: {in: [APPLIED, SIGNED]}) { totalCount edges { cursor node { number status summary createdAt updatedAt signedAt endedAt } } pageInfo { hasNextPage } }
		versions(last: 1) { nodes { number amendment { id } differences { path } } }
		fulfilments(first: 50) { nodes { dueOn status commitment { key } } } } }`
	query := strings.ReplaceAll(ask, "%", w.Unit)
	before := w.Ask(t, "liaison", query, "id", contract).Fine()
	if before.Get("contract.amendedBy") != nil || before.Str("contract.amendments.edges.0.node.status") != "SIGNED" {
		t.Errorf("before its day: %s", before.Text)
	}
	w.Pass(t, 14*24*time.Hour) // the 16th of March
	after := w.Ask(t, "liaison", query, "id", contract).Fine()
	for path, want := range map[string]any{
		"contract.title": in["title"], "contract.textVersion": before.Get("contract.textVersion").(float64) + 1,
		"contract.textHash": before.Get("contract.textHash"), "contract.textFrom": "2026-03-16",
		"contract.amendedBy.status": "APPLIED", "contract.amendedBy.contract.id": contract, "contract.amendedBy.parties.0.state": "SIGNED",
		"contract.versions.nodes.0.amendment.id": a.Str("it.amendment.id"), "contract.amendedBy.baseHash": before.Get("contract.textHash"),
	} {
		if got := after.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	days := map[string]string{}
	for i := range after.Len("contract.fulfilments.nodes") {
		at := "contract.fulfilments.nodes." + string(rune('0'+i%10))
		if i < 10 {
			days[after.Str(at+".commitment.key")+" "+after.Str(at+".dueOn")] = after.Str(at + ".status")
		}
	}
	if days["show 2026-03-15"] != "OVERDUE" || days["show 2026-04-15"] != "CLOSED" && days["show 2026-04-15"] != "" {
		t.Errorf("planned: %v", days)
	}
	r, err := signing.VerifyFile([]byte(after.Str("contract.export")), nil)
	if err != nil || !r.Complete || len(r.Amendments) != 1 || len(r.Amendments[0].Signatures) != 2 {
		t.Errorf("the file: %+v, %v", r, err)
	}
}

func TestAnAmendmentIsReadByWhomTheContractIsReadBy(t *testing.T) {
	w, contract, in := amendable(t)
	a := proposed(t, w, in).Str("it.amendment.id")
	const ask = `query($id: ID!, $of: ID!) { amendment(id: $id) { id } node(id: $id) { id }
		amendments(first: 5, filter: {contract: {eq: $of}, status: {eq: NEGOTIATING}}, orderBy: {field: CREATED_AT, direction: ASC}) { totalCount nodes { id } } }`
	for who, reads := range map[string]bool{
		"secretary": true, "liaison": true, "steward": true, "supervisor": true, "auditor": true, "outsider": false, "stranger": false, "admin": false,
	} {
		got := w.Ask(t, who, ask, "id", a, "of", contract).Fine()
		if (got.Get("amendment") != nil) != reads || (got.Get("node") != nil) != reads || (got.Len("amendments.nodes") == 1) != reads ||
			(got.Get("amendments.totalCount") == 1.0) != reads {
			t.Errorf("%s sees %s", who, got.Text)
		}
	}
	if got := w.Ask(t, "secretary", ask, "id", contract, "of", contract); len(got.Errors) == 0 || got.Errors[0].Extensions.Code != "WRONG_ID" {
		t.Errorf("a contract's identifier: %s", got.Text)
	}
}

func TestAnAmendmentCanBeDeclinedCancelledAndReopened(t *testing.T) {
	w, _, in := amendable(t)
	a := proposed(t, w, in)
	amends(t, w, "secretary", "declineAmendment", a, nil).Is("AMENDMENT_DRAFTER_CANCELS")
	amends(t, w, "liaison", "declineAmendment", a, m{"reason": strings.Repeat("长", 2001)}).Is("TOO_LONG")
	a = amends(t, w, "liaison", "declineAmendment", a, m{"reason": "人手不足"}).Fine()
	if a.Str("it.amendment.status") != "DECLINED" || a.Str("it.amendment.endReason") != "人手不足" || a.Len("it.amendment.allowedActions") != 0 {
		t.Errorf("declined: %s", a.Text)
	}
	amends(t, w, "liaison", "agreeToAmendment", a, nil).Is("AMENDMENT_WRONG_STATE")
	a = inSigning(t, w, in)
	amends(t, w, "liaison", "cancelAmendment", a, nil).Is("AMENDMENT_NOT_DRAFTER")
	a = amends(t, w, "liaison", "reopenAmendment", a, m{"reason": "日期有误"}).Fine()
	if a.Str("it.amendment.status") != "NEGOTIATING" || a.Get("it.amendment.textHash") != nil {
		t.Errorf("reopened: %s", a.Text)
	}
	if a = amends(t, w, "secretary", "cancelAmendment", a, nil).Fine(); a.Str("it.amendment.status") != "CANCELLED" {
		t.Errorf("cancelled: %s", a.Text)
	}
}

func TestWhoMayNotIsRefusedAtEachStepOfAnAmendment(t *testing.T) {
	w, _, in := amendable(t)
	w.Do(t, "", "draftAmendment", in, amendmentFields).Is("UNAUTHENTICATED")
	w.Do(t, "outsider", "draftAmendment", in, amendmentFields).Is("NOT_FOUND")
	w.Do(t, "supervisor", "draftAmendment", in, amendmentFields).Is("FORBIDDEN")
	a := w.Do(t, "secretary", "draftAmendment", in, amendmentFields).Fine()
	amends(t, w, "liaison", "proposeAmendment", a, nil).Is("AMENDMENT_NOT_DRAFTER")
	amends(t, w, "liaison", "reviseAmendment", a, m{"title": "别的"}).Is("AMENDMENT_NOT_DRAFTER")
	a = amends(t, w, "secretary", "proposeAmendment", a, nil).Fine()
	for _, verb := range []string{"reviseAmendment", "agreeToAmendment", "declineAmendment", "cancelAmendment", "openAmendmentForSigning", "requestAmendmentChanges"} {
		more := m{}
		if verb == "requestAmendmentChanges" {
			more["remarks"] = []m{{"body": "改"}}
		}
		amends(t, w, "outsider", verb, a, more).Is("NOT_FOUND")
		amends(t, w, "steward", verb, a, more).Is("FORBIDDEN")
	}
	amends(t, w, "liaison", "openAmendmentForSigning", a, nil).Is("FORBIDDEN")
	amends(t, w, "secretary", "openAmendmentForSigning", a, nil).Is("AMENDMENT_NOT_AGREED")
	amends(t, w, "secretary", "requestAmendmentChanges", a, m{"remarks": []m{{"body": "改"}}}).Is("CONTRACT_OWN_TEXT")
	amends(t, w, "liaison", "requestAmendmentChanges", a, m{"remarks": []m{{"body": "改", "clauseKey": "none"}}}).Is("NO_SUCH_PART_OF_TEXT")
	a = amends(t, w, "liaison", "agreeToAmendment", a, nil).Fine()
	amends(t, w, "liaison", "agreeToAmendment", a, nil).Is("ALREADY_AGREED")
	a = amends(t, w, "secretary", "openAmendmentForSigning", a, nil).Fine()
	hash := m{"textHash": a.Str("it.amendment.textHash")}
	amends(t, w, "outsider", "signAmendment", a, hash).Is("NOT_FOUND")
	amends(t, w, "outsider", "reopenAmendment", a, nil).Is("NOT_FOUND")
	amends(t, w, "steward", "signAmendment", a, hash).Is("NO_SIGNING_RIGHT")
	amends(t, w, "secretary", "signAmendment", a, m{"textHash": "sha256:" + strings.Repeat("0", 64)}).Is("WRONG_TEXT_HASH")
	amends(t, w, "secretary", "signAmendment", a, m{"textHash": hash["textHash"], "signature": "e30..e30"}).Is("SIGNATURE_INVALID")
	amends(t, w, "secretary", "signAmendment", a, hash).Fine()
	amends(t, w, "secretary", "signAmendment", a, hash).Is("ALREADY_SIGNED")
	amends(t, w, "secretary", "reopenAmendment", a, nil).Is("CONFLICT")
}

func TestBadInputOfAnAmendmentNamesTheFieldAndTheWayOut(t *testing.T) {
	w, contract, in := amendable(t)
	with := func(more m) m {
		all := maps.Clone(in)
		maps.Copy(all, more)
		return all
	}
	for _, bad := range []struct {
		code, at string
		more     m
	}{
		{"WRONG_ID", "contract", m{"contract": w.Unit}},
		{"OUT_OF_RANGE", "effectiveOn", m{"effectiveOn": "2026-03-01"}},
		{"OUT_OF_RANGE", "effectiveOn", m{"effectiveOn": "2027-03-02"}},
		{"ENDS_BEFORE_START", "endsOn", m{"endsOn": "2026-03-01"}},
		{"TOO_LONG", "summary", m{"summary": strings.Repeat("长", 1001)}},
		{"REQUIRED", "title", m{"title": ""}},
		{"OUT_OF_RANGE", "noticeDays", m{"noticeDays": 366}},
		{"AMENDMENT_KEEPS_PARTIES", "parties", m{"parties": []m{
			{"organisation": w.Community, "part": "HOST"}, {"organisation": w.Unit, "part": "PARTNER"}, {"organisation": w.OtherUnit, "part": "PARTNER"},
		}}},
		{"NOT_A_PARTY", "party", m{"party": w.OtherUnit}},
		{"OUTSIDE_CONTRACT_PERIOD", "commitments.1.dueOn", m{"endsOn": "2026-03-19"}},
	} {
		a := w.Do(t, "secretary", "draftAmendment", with(bad.more), amendmentFields).Is(bad.code)
		if a.At() != bad.at {
			t.Errorf("%s at %q, not %q", bad.code, a.At(), bad.at)
		}
	}
	w.Do(t, "secretary", "draftAmendment", m{"contract": contract}, amendmentFields).Is("AMENDMENT_UNCHANGED")
	once := with(m{"clientMutationId": "once"})
	first := w.Do(t, "secretary", "draftAmendment", once, amendmentFields+"replayed").Fine()
	again := w.Do(t, "secretary", "draftAmendment", once, amendmentFields+"replayed").Fine()
	if again.Str("it.amendment.id") != first.Str("it.amendment.id") || again.Get("it.replayed") != true {
		t.Errorf("drafted twice: %s", again.Text)
	}
	w.Do(t, "secretary", "draftAmendment", with(m{"clientMutationId": "once", "title": "另一个"}), amendmentFields).Is("IDEMPOTENCY_MISMATCH")
	amends(t, w, "secretary", "proposeAmendment", first, m{"expectedVersion": 9}).Is("CONFLICT")
	draftOfContract := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	w.Do(t, "secretary", "draftAmendment", with(m{"contract": draftOfContract.Str("it.contract.id")}), amendmentFields).Is("CONTRACT_NOT_IN_FORCE")
}

func TestAnAmendmentForAnOutdatedVersionIsRefusedAndRevised(t *testing.T) {
	w, _, in := amendable(t)
	late := proposed(t, w, m{"contract": in["contract"], "noticeDays": 60})
	a := inSigning(t, w, in)
	agreed := amends(t, w, "liaison", "agreeToAmendment", late, nil).Fine()
	amends(t, w, "secretary", "openAmendmentForSigning", agreed, nil).Is("AMENDMENT_IN_SIGNING")
	hash := m{"textHash": a.Str("it.amendment.textHash")}
	amends(t, w, "secretary", "signAmendment", a, hash).Fine()
	amends(t, w, "liaison", "signAmendment", a, hash).Fine()
	w.Settle(t)
	if got := amends(t, w, "secretary", "openAmendmentForSigning", agreed, nil).Is("AMENDMENT_OUTDATED"); !strings.Contains(got.Text, "version 1") && !strings.Contains(got.Text, "第 1 版") {
		t.Errorf("it says %s", got.Text)
	}
	late = amends(t, w, "secretary", "reviseAmendment", agreed, nil).Fine()
	if late.Get("it.amendment.baseVersion") != 2.0 || late.Str("it.amendment.text.title") != in["title"] || late.Len("it.amendment.differences") != 1 {
		t.Errorf("written anew: %s", late.Text)
	}
}
