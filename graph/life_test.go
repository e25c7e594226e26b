package graph_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

type m = graphtest.M

// draft is the input of a contract between the town's community and its unit: a performance each month, reported with a
// photograph, and one donation.
func draft(w *graphtest.Town) m {
	return m{
		"title": "长安社区与恒远机械共建契约", "purpose": "让居民的生活更丰富",
		"parties": []m{
			{"organisation": w.Community, "part": "HOST", "responsibleHead": "社区书记"},
			{"organisation": w.Unit, "part": "PARTNER", "liaison": "单位联络员"},
		},
		"clauses": []m{{"heading": "总则", "body": "双方自愿共建。"}},
		"commitments": []m{
			{
				"key": "show", "provider": w.Unit, "receivers": []string{w.Community}, "action": "文艺演出", "quantity": "1", "unit": "场",
				"recurrence": "FREQ=MONTHLY;BYMONTHDAY=15", "evidenceRequired": []string{"PHOTO"},
			},
			{"key": "gift", "provider": w.Unit, "receivers": []string{w.Community}, "action": "捐赠图书", "quantity": "200", "unit": "册", "dueOn": "2026-03-20"},
		},
		"effectiveOn": "2026-03-02", "endsOn": "2027-03-01", "terms": m{"活动场地": "社区礼堂"},
	}
}

const contractFields = "contract { id version status textVersion textHash allowedActions } "

// step is a mutation of a contract at the version of the answer before.
func step(t *testing.T, w *graphtest.Town, who, mutation string, was *graphtest.Answer, more m) *graphtest.Answer {
	t.Helper()
	in := m{"id": was.Str("it.contract.id")}
	if mutation != "signContract" {
		in["expectedVersion"] = was.Int("it.contract.version")
	}
	maps.Copy(in, more)
	return w.Do(t, who, mutation, in, contractFields)
}

// negotiated is a contract to which both parties have agreed.
func negotiated(t *testing.T, w *graphtest.Town) *graphtest.Answer {
	t.Helper()
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	return agreedByHost(t, w, c)
}

func agreedByHost(t *testing.T, w *graphtest.Town, c *graphtest.Answer) *graphtest.Answer {
	t.Helper()
	if again := step(t, w, "secretary", "agreeToContract", c, nil); again.Code() == "" {
		return again
	}
	return c
}

// active is a contract that both parties have signed with keys held for them, in force.
func active(t *testing.T, w *graphtest.Town) *graphtest.Answer {
	t.Helper()
	c := step(t, w, "secretary", "openContractForSigning", negotiated(t, w), nil).Fine()
	for who, org := range map[string]string{"secretary": w.Community, "liaison": w.Unit} {
		w.Do(t, who, "registerSigningKey", m{"organisation": org}, "signingKey { id kid held }").Fine()
	}
	hash := m{"textHash": c.Str("it.contract.textHash")}
	step(t, w, "secretary", "signContract", c, hash).Fine()
	return step(t, w, "liaison", "signContract", c, hash).Fine()
}

// due are the contract's fulfilments by day.
func due(t *testing.T, w *graphtest.Town, who string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `{ fulfilments(first: 20) { totalCount nodes {
		id version status dueOn late provider { name } receivers { id } commitment { key action } contract { title status }
	} } }`)
}

func TestAContractLivesFromDraftToAnAcceptedFulfilment(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	if got := c.Str("it.contract.status"); got != "DRAFT" {
		t.Fatalf("a draft is %s", got)
	}
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	c = step(t, w, "liaison", "requestContractChanges", c, m{"remarks": []m{{"commitmentKey": "gift", "body": "请改为一百册"}}}).Fine()
	revised := draft(w)["commitments"].([]m)
	revised[1]["quantity"] = "100"
	c = step(t, w, "secretary", "reviseContract", c, m{"commitments": revised, "summary": "按意见调整"}).Fine()
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	c = agreedByHost(t, w, c)
	c = step(t, w, "secretary", "openContractForSigning", c, nil).Fine()
	w.Do(t, "secretary", "registerSigningKey", m{"organisation": w.Community}, "signingKey { id }").Fine()
	w.Do(t, "liaison", "registerSigningKey", m{"organisation": w.Unit}, "signingKey { id }").Fine()
	hash := m{"textHash": c.Str("it.contract.textHash")}
	step(t, w, "secretary", "signContract", c, hash).Fine()
	step(t, w, "liaison", "signContract", c, hash).Fine()

	seen := w.Ask(t, "liaison", `query($id: ID!) { contract(id: $id) {
		status textVersion host { __typename name } signingOrder { id } draftedBy { id } turn { id } subDistrict { name } district { name }
		parties { organisation { __typename name } part state fulfilmentRate signature { key jws organisation { id } } }
		versions(first: 10) { totalCount nodes { number summary organisation { name } differences { path kind before after } text { parties { organisation { id } } } } }
		remarks { organisation { name } body commitmentKey }
		commitments { key provider { id } receivers { id } contract { id } fulfilments(first: 2) { nodes { dueOn } } }
		fulfilments(first: 5) { totalCount nodes { dueOn status } }
		export canonicalText terms allowedActions
	} }`, "id", c.Str("it.contract.id")).Fine()
	for path, want := range map[string]any{
		"contract.status": "ACTIVE", "contract.textVersion": 2.0, "contract.host.__typename": "CommercialCommunity",
		"contract.parties.1.organisation.__typename": "ResidentUnit", "contract.parties.1.state": "SIGNED",
		"contract.parties.1.fulfilmentRate": nil, "contract.versions.totalCount": 2.0, "contract.district.name": "惠山区",
		"contract.versions.nodes.1.differences.0.kind": "CHANGED", "contract.remarks.0.commitmentKey": "gift",
		"contract.terms.活动场地": "社区礼堂", "contract.draftedBy.id": w.Community,
	} {
		if got := seen.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if file := seen.Str("contract.export"); !strings.Contains(file, "textHash") && len(file) < 500 {
		t.Errorf("export: %s", file)
	}

	w.Pass(t, 13*24*time.Hour) // the 15th of March
	f := due(t, w, "liaison").Fine()
	if f.Str("fulfilments.nodes.0.commitment.key") != "show" || f.Str("fulfilments.nodes.0.dueOn") != "2026-03-15" {
		t.Fatalf("due: %s", f.Text)
	}
	show := m{"id": f.Str("fulfilments.nodes.0.id"), "expectedVersion": f.Int("fulfilments.nodes.0.version")}
	report := m{"id": show["id"], "expectedVersion": show["expectedVersion"], "note": "演出一场", "quantityDone": "1"}
	w.Do(t, "liaison", "reportFulfilment", report, "fulfilment { status }").Is("EVIDENCE_MISSING")
	report["evidence"] = []m{{"kind": "PHOTO", "description": "现场照片"}}
	const done = "fulfilment { id version status late report { note party { name } evidence { kind } } answers { party { id } accepted } }"
	r := w.Do(t, "liaison", "reportFulfilment", report, done).Fine()
	w.Do(t, "liaison", "acceptFulfilment", m{"id": show["id"], "expectedVersion": r.Int("it.fulfilment.version")}, done).Is("FORBIDDEN")
	r = w.Do(t, "secretary", "acceptFulfilment", m{"id": show["id"], "expectedVersion": r.Int("it.fulfilment.version")}, done).Fine()
	if r.Str("it.fulfilment.status") != "ACCEPTED" {
		t.Errorf("got %s", r.Text)
	}
	rate := w.Ask(t, "secretary", `query($id: ID!) { contract(id: $id) { parties { part fulfilmentRate } } }`, "id", c.Str("it.contract.id")).Fine()
	if rate.Get("contract.parties.1.fulfilmentRate") != 1.0 || rate.Get("contract.parties.0.fulfilmentRate") != nil {
		t.Errorf("rates: %s", rate.Text)
	}
}

func TestADisputeIsResolvedByTheSupervisingBody(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	w.Pass(t, 18*24*time.Hour) // the 20th of March
	var gift m
	f := due(t, w, "liaison").Fine()
	for i := range f.Len("fulfilments.nodes") {
		at := "fulfilments.nodes." + string(rune('0'+i))
		if f.Str(at+".commitment.key") == "gift" {
			gift = m{"id": f.Str(at + ".id"), "expectedVersion": f.Int(at + ".version")}
			break
		}
	}
	const ask = "fulfilment { version status resolution { outcome reason body { name } } proposals { party { id } outcome } }"
	with := func(was *graphtest.Answer, more m) m {
		in := m{"id": gift["id"], "expectedVersion": gift["expectedVersion"]}
		if was != nil {
			in["expectedVersion"] = was.Int("it.fulfilment.version")
		}
		maps.Copy(in, more)
		return in
	}
	r := w.Do(t, "liaison", "reportFulfilment", with(nil, m{"note": "已捐一百五十册", "quantityDone": "150"}), ask).Fine()
	w.Do(t, "secretary", "disputeFulfilment", with(nil, m{"reason": "不足"}), ask).Is("CONFLICT")
	w.Do(t, "outsider", "disputeFulfilment", with(r, m{"reason": "不足"}), ask).Is("NOT_FOUND")
	r = w.Do(t, "secretary", "disputeFulfilment", with(r, m{"reason": "只收到一百册"}), ask).Fine()
	w.Do(t, "steward", "resolveFulfilment", with(r, m{"outcome": "PARTLY"}), ask).Is("FORBIDDEN")
	r = w.Do(t, "supervisor", "resolveFulfilment", with(r, m{"outcome": "PARTLY", "reason": "核对签收单"}), ask).Fine()
	if r.Str("it.fulfilment.status") != "RESOLVED" || r.Str("it.fulfilment.resolution.body.name") != "堰桥街道" {
		t.Errorf("got %s", r.Text)
	}
}

func TestAContractCanBeDeclinedCancelledAndReopened(t *testing.T) {
	w := graphtest.NewTown(t)
	propose := func() *graphtest.Answer {
		c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
		return step(t, w, "secretary", "proposeContract", c, nil).Fine()
	}
	c := propose()
	step(t, w, "outsider", "declineContract", c, nil).Is("NOT_FOUND")
	step(t, w, "steward", "declineContract", c, nil).Is("FORBIDDEN")
	if c = step(t, w, "liaison", "declineContract", c, m{"reason": "本年无力承担"}).Fine(); c.Str("it.contract.status") != "DECLINED" {
		t.Errorf("declined: %s", c.Text)
	}
	c = propose()
	step(t, w, "liaison", "cancelContract", c, nil).Is("FORBIDDEN")
	if c = step(t, w, "secretary", "cancelContract", c, m{"reason": "重拟"}).Fine(); c.Str("it.contract.status") != "CANCELLED" {
		t.Errorf("cancelled: %s", c.Text)
	}
	c = negotiated(t, w)
	step(t, w, "liaison", "openContractForSigning", c, nil).Is("FORBIDDEN")
	c = step(t, w, "secretary", "openContractForSigning", c, nil).Fine()
	step(t, w, "outsider", "reopenContract", c, nil).Is("NOT_FOUND")
	if c = step(t, w, "liaison", "reopenContract", c, m{"reason": "日期有误"}).Fine(); c.Str("it.contract.status") != "NEGOTIATING" {
		t.Errorf("reopened: %s", c.Text)
	}
}

func TestWhoMayNotIsRefusedAtEachStepOfAContract(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "outsider", "draftContract", draft(w), contractFields).Is("FORBIDDEN")
	w.Do(t, "", "draftContract", draft(w), contractFields).Is("UNAUTHENTICATED")
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	for _, who := range []string{"outsider", "stranger"} {
		step(t, w, who, "proposeContract", c, nil).Is("NOT_FOUND")
		step(t, w, who, "reviseContract", c, m{"title": "别的契约"}).Is("NOT_FOUND")
	}
	step(t, w, "supervisor", "proposeContract", c, nil).Is("FORBIDDEN")
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	step(t, w, "outsider", "requestContractChanges", c, m{"remarks": []m{{"body": "改"}}}).Is("NOT_FOUND")
	step(t, w, "outsider", "agreeToContract", c, nil).Is("NOT_FOUND")
	step(t, w, "supervisor", "agreeToContract", c, nil).Is("FORBIDDEN")
	step(t, w, "liaison", "signContract", c, m{"textHash": "sha256:0"}).Is("CONTRACT_WRONG_STATE")
	c = agreedByHost(t, w, step(t, w, "liaison", "agreeToContract", c, nil).Fine())
	c = step(t, w, "secretary", "openContractForSigning", c, nil).Fine()
	hash := c.Str("it.contract.textHash")
	step(t, w, "outsider", "signContract", c, m{"textHash": hash}).Is("NOT_FOUND")
	step(t, w, "steward", "signContract", c, m{"textHash": hash}).Is("NO_SIGNING_RIGHT")
	step(t, w, "secretary", "signContract", c, m{"textHash": "sha256:" + strings.Repeat("0", 64)}).Is("WRONG_TEXT_HASH")
}
