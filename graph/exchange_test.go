package graph_test

import (
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const (
	needFields     = `need { id version status left claimed contact publisher { name } category { code } claims { id status remark byName allowedActions } allowedActions }`
	resourceFields = `resource { id version status left claims { id status } allowedActions }`
	claimFields    = `claim { id status quantity reason remark need { id } resource { id } claimant { name } allowedActions }`
	categoryFields = `category { id code name parent { code } ancestors { code } children { code } depth retired version }`
)

func TestANeedGoesItsWayFromBeingCollectedToBeingConfirmed(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Person(t, "member", "MEMBER", w.Unit, false)
	for who, code := range map[string]string{"": "UNAUTHENTICATED", "outsider": "FORBIDDEN", "supervisor": "EXCHANGE_NO_PUBLISHER"} {
		in := lacking(w.House, m{"publisher": w.Community})
		if who == "supervisor" {
			delete(in, "publisher")
		}
		w.Do(t, who, "collectNeed", m{"need": in}, needFields).Is(code)
	}
	for field, bad := range map[string]m{
		"need.quantity":                  {"quantity": "0"},
		"need.category":                  {"category": "NONE"},
		"need.validUntil":                {"validUntil": "2020-01-01"},
		"need.place.point.coordinates.0": {"place": m{"point": m{"coordinates": []float64{190, 31}}}},
		"need.windows.0.endsOn":          {"windows": []m{{"startsOn": "2027-02-01", "endsOn": "2027-01-01"}}},
		"need.organisations":             {"visibility": "ORGANISATIONS", "organisations": []string{}},
		"need.text":                      {"text": "身份证 320206199003071234"},
	} {
		if a := w.Do(t, "secretary", "collectNeed", m{"need": lacking(w.House, bad)}, needFields); a.At() != field {
			t.Errorf("%s: %s", field, a.Text)
		}
	}
	in := m{"need": lacking(w.House, nil), "clientMutationId": "one"}
	a := w.Do(t, "steward", "collectNeed", in, needFields).Fine()
	key := a.Str("it.need.id")
	if again := w.Do(t, "steward", "collectNeed", in, needFields+" replayed").Fine(); again.Str("it.need.id") != key || again.Get("it.replayed") != true {
		t.Errorf("again: %s", again.Text)
	}
	step := func(who, mutation string, version int, more m) *graphtest.Answer {
		return w.Do(t, who, mutation, with(m{"id": key, "expectedVersion": version}, more), needFields)
	}
	step("steward", "verifyNeed", 1, nil).Is("FORBIDDEN")
	step("liaison", "verifyNeed", 1, nil).Is("NOT_FOUND")
	step("secretary", "publishNeed", 1, nil).Is("NEED_WRONG_STATE")
	step("steward", "changeNeed", 1, m{"need": lacking(w.House, m{"quantity": "12"})}).Fine()
	step("secretary", "verifyNeed", 1, nil).Is("CONFLICT")
	step("secretary", "verifyNeed", 2, nil).Fine()
	step("secretary", "publishNeed", 3, nil).Fine()
	step("secretary", "changeNeed", 4, m{"need": lacking(w.House, nil)}).Is("NEED_WRONG_STATE")

	claim := func(who string, more m) *graphtest.Answer {
		return w.Do(t, who, "claimNeed", with(m{"need": key, "quantity": "5"}, more), claimFields+needFields)
	}
	if a := claim("secretary", nil).Is("EXCHANGE_SELF_CLAIM"); a.At() != "need" {
		t.Error(a.Text)
	}
	claim("", nil).Is("UNAUTHENTICATED")
	claim("member", nil).Is("FORBIDDEN")
	claim("liaison", m{"quantity": "13"}).Is("EXCHANGE_TOO_LITTLE_LEFT")
	claim("liaison", m{"claimant": w.OtherUnit}).Is("CLAIMANT_NOT_YOURS")
	first := claim("liaison", m{"remark": "周六可送", "clientMutationId": "two"}).Fine()
	if first.Str("it.claim.status") != "ACCEPTED" || first.Str("it.need.left") != "7" {
		t.Errorf("claimed: %s", first.Text)
	}
	if again := claim("liaison", m{"remark": "周六可送", "clientMutationId": "two"}).Fine(); again.Str("it.claim.id") != first.Str("it.claim.id") {
		t.Errorf("claimed again: %s", again.Text)
	}
	claim("liaison", nil).Is("EXCHANGE_ALREADY_CLAIMED")
	withdrawn := w.Do(t, "liaison", "withdrawClaim", m{"id": first.Str("it.claim.id"), "reason": "人手不足"}, claimFields).Fine()
	if withdrawn.Str("it.claim.status") != "WITHDRAWN" {
		t.Error(withdrawn.Text)
	}
	second := claim("liaison", m{"quantity": "8"}).Fine()
	w.Do(t, "secretary", "reportNeedFulfilled", m{"claim": second.Str("it.claim.id")}, needFields).Is("FORBIDDEN")
	step("secretary", "closeNeed", second.Int("it.need.version"), nil).Fine()
	done := w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": second.Str("it.claim.id")}, needFields).Fine()
	if done.Str("it.need.status") != "FULFILLED" {
		t.Errorf("reported: %s", done.Text)
	}
	step("secretary", "returnNeed", done.Int("it.need.version"), m{"reason": " "}).Is("REQUIRED")
	back := step("secretary", "returnNeed", done.Int("it.need.version"), m{"reason": "少送两份"}).Fine()
	if back.Str("it.need.status") != "CLAIMED" {
		t.Errorf("returned: %s", back.Text)
	}
	done = w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": second.Str("it.claim.id")}, needFields).Fine()
	step("liaison", "confirmNeed", done.Int("it.need.version"), nil).Is("FORBIDDEN")
	step("secretary", "confirmNeed", done.Int("it.need.version"), nil).Fine()
	step("secretary", "withdrawNeed", done.Int("it.need.version")+1, nil).Is("NEED_WRONG_STATE")
	if said := w.Do(t, "secretary", "withdrawNeed", m{"id": key, "expectedVersion": done.Int("it.need.version") + 1}, needFields); said.Errors != nil || said.Len("it.errors") != 1 {
		t.Error(said.Text)
	}
	w.Settle(t)
	told := w.Ask(t, "secretary", `{ notifications(first: 20, filter: {kind: {in: [NEED_CLAIMED, NEED_CLAIM_WITHDRAWN, NEED_REPORTED]}}) { nodes { kind text } } }`).Fine()
	if told.Len("notifications.nodes") != 5 {
		t.Errorf("told: %s", told.Text)
	}
	events := w.Ask(t, "liaison", `{ events(first: 50, filter: {subject: "`+key+`"}) { nodes { type } } }`).Fine()
	if n := events.Len("events.nodes"); n < 9 {
		t.Errorf("the claimant hears of %d events: %s", n, events.Text)
	}
}

func TestAResourceIsAskedForAndGranted(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Person(t, "member", "MEMBER", w.Unit, false)
	w.Do(t, "member", "offerResource", m{"resource": offering(w.House, m{"publisher": w.Unit})}, resourceFields).Is("FORBIDDEN")
	w.Do(t, "liaison", "offerResource", m{}, resourceFields).Is("EXCHANGE_NEW_OR_EXISTING")
	drafted := w.Do(t, "liaison", "draftResource", m{"resource": offering(w.House, nil)}, resourceFields).Fine()
	key := drafted.Str("it.resource.id")
	if hidden := w.Ask(t, "secretary", `{ resource(id: "`+key+`") { id } node(id: "`+key+`") { id } }`).Fine(); hidden.Get("resource") != nil || hidden.Get("node") != nil {
		t.Errorf("a draft is seen: %s", hidden.Text)
	}
	w.Do(t, "liaison", "changeResource", m{"id": key, "expectedVersion": 1, "resource": offering(w.House, m{"quantity": "9", "publisher": w.Community})}, resourceFields).Is("EXCHANGE_FIXED")
	w.Do(t, "liaison", "changeResource", m{"id": key, "expectedVersion": 1, "resource": offering(w.House, m{"quantity": "9"})}, resourceFields).Fine()
	w.Do(t, "liaison", "offerResource", m{"id": key, "expectedVersion": 2}, resourceFields).Fine()
	if a := w.Do(t, "liaison", "claimResource", m{"resource": key, "quantity": "1"}, claimFields).Is("EXCHANGE_SELF_CLAIM"); a.At() != "resource" {
		t.Error(a.Text)
	}
	w.Do(t, "secretary", "claimResource", m{"resource": key, "quantity": "10"}, claimFields).Is("EXCHANGE_TOO_LITTLE_LEFT")
	asked := w.Do(t, "secretary", "claimResource", m{"resource": key, "quantity": "9"}, claimFields+resourceFields).Fine()
	if asked.Str("it.claim.status") != "PENDING" || asked.Str("it.resource.status") != "EXHAUSTED" {
		t.Errorf("asked: %s", asked.Text)
	}
	claim := asked.Str("it.claim.id")
	w.Do(t, "secretary", "acceptClaim", m{"id": claim}, claimFields).Is("FORBIDDEN")
	w.Do(t, "outsider", "declineClaim", m{"id": claim}, claimFields).Is("FORBIDDEN")
	w.Do(t, "liaison", "declineClaim", m{"id": claim, "reason": "场地检修"}, claimFields).Fine()
	w.Do(t, "liaison", "acceptClaim", m{"id": claim}, claimFields).Is("CLAIM_WRONG_STATE")
	again := w.Do(t, "secretary", "claimResource", m{"resource": key, "quantity": "4"}, claimFields).Fine().Str("it.claim.id")
	granted := w.Do(t, "liaison", "acceptClaim", m{"id": again}, claimFields).Fine()
	if granted.Str("it.claim.status") != "ACCEPTED" || granted.Get("it.claim.need") != nil || granted.Str("it.claim.resource.id") != key {
		t.Errorf("granted: %s", granted.Text)
	}
	w.Settle(t)
	told := w.Ask(t, "secretary", `{ notifications(first: 20, filter: {kind: {in: [RESOURCE_CLAIM_DECLINED, RESOURCE_CLAIM_ACCEPTED]}}) { nodes { text } } }`).Fine()
	if told.Len("notifications.nodes") != 2 {
		t.Errorf("told: %s", told.Text)
	}
	w.Do(t, "secretary", "withdrawResource", m{"id": key, "expectedVersion": 7}, resourceFields).Is("FORBIDDEN")
	gone := w.Do(t, "liaison", "withdrawResource", m{"id": key, "expectedVersion": 7, "reason": "装修"}, resourceFields).Fine()
	if gone.Str("it.resource.claims.1.status") != "LAPSED" {
		t.Errorf("withdrawn: %s", gone.Text)
	}
}

func TestNeedsAndResourcesAreListedWhereTheyBelong(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Person(t, "member", "MEMBER", w.Unit, false)
	w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, m{"visibility": "PUBLIC"})}, needFields).Fine()
	w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, m{"category": "HEALTH_CLINIC"})}, needFields).Fine()
	w.Do(t, "liaison", "offerResource", m{"resource": offering(w.House, nil)}, resourceFields).Fine()
	for who, want := range map[string]int{"": 1, "outsider": 2, "member": 2, "liaison": 2, "admin": 1} {
		a := w.Ask(t, who, `{ needs(filter: {status: {eq: PUBLISHED}}, orderBy: {field: VALID_UNTIL, direction: ASC}) { totalCount nodes { id } } }`).Fine()
		if a.Len("needs.nodes") != want || a.Int("needs.totalCount") != want {
			t.Errorf("%q: %s", who, a.Text)
		}
	}
	below := w.Ask(t, "liaison", `{ needs(filter: {category: {eq: "ELDERS"}, communityType: {eq: COMMERCIAL}}) { nodes { category { code ancestors { code } } communityType unitKind community { name } residentUnit { name } } } }`).Fine()
	if below.Len("needs.nodes") != 1 || below.Str("needs.nodes.0.category.ancestors.0.code") != "ELDERS" || below.Str("needs.nodes.0.communityType") != "COMMERCIAL" {
		t.Errorf("below: %s", below.Text)
	}
	edges := w.Ask(t, "liaison", `query($c: ID!, $u: ID!) {
		community(id: $c) { needs(first: 5) { totalCount } resources(first: 5) { totalCount } }
		residentUnit(id: $u) { needs(first: 5) { totalCount } resources(first: 5, filter: {category: {in: ["MEANS"]}}) { totalCount nodes { unitKind } } }
	}`, "c", w.Community, "u", w.Unit).Fine()
	for at, want := range map[string]int{"community.needs": 2, "community.resources": 0, "residentUnit.needs": 0, "residentUnit.resources": 1} {
		if got := edges.Int(at + ".totalCount"); got != want {
			t.Errorf("%s: %d", at, got)
		}
	}
	w.Ask(t, "liaison", `query($c: ID!) { community(id: $c) { needs { totalCount } } }`, "c", w.Community).Is("BAD_PAGE")
}

func TestAMicroWishTellsNothingOfItsResidentWithoutConsent(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Person(t, "member", "MEMBER", w.Unit, false)
	wish := m{"kind": "MICRO_WISH", "title": "想要一台收音机", "quantity": "1", "unit": "台", "contact": "王奶奶 13812345678"}
	for field, bad := range map[string]m{
		"need.title": {"title": "请打 138-1234-5678"}, "need.text": {"text": "wang@example.org"}, "need.place": {"place": m{"address": "花园路 1 号"}},
	} {
		if a := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, with(wish, bad))}, needFields); a.At() != field {
			t.Errorf("%s: %s", field, a.Text)
		}
	}
	a := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, wish)}, needFields).Fine()
	key := a.Str("it.need.id")
	contact := func(who string) any {
		return w.Ask(t, who, `{ need(id: "`+key+`") { contact } }`).Fine().Get("need.contact")
	}
	claim := w.Do(t, "liaison", "claimNeed", m{"need": key, "quantity": "1"}, claimFields).Fine().Str("it.claim.id")
	if contact("liaison") != nil || contact("secretary") == nil {
		t.Error("before consent the claimant is shown the contact, or its own people are not")
	}
	w.Do(t, "liaison", "consentToContact", m{"id": key, "consent": true}, needFields).Is("FORBIDDEN")
	w.Do(t, "steward", "consentToContact", m{"id": key, "consent": true}, needFields).Fine()
	if contact("liaison") != "王奶奶 13812345678" || contact("member") != nil || contact("supervisor") != nil {
		t.Error("with consent the claimant is not shown the contact, or others are")
	}
	w.Do(t, "steward", "consentToContact", m{"id": key, "consent": false}, needFields).Fine()
	if contact("liaison") != nil {
		t.Error("the consent is withdrawn, and the contact is shown")
	}
	w.Do(t, "steward", "consentToContact", m{"id": key, "consent": true}, needFields).Fine()
	w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": claim}, needFields).Fine()
	done := w.Ask(t, "secretary", `{ need(id: "`+key+`") { version } }`).Fine()
	w.Do(t, "secretary", "confirmNeed", m{"id": key, "expectedVersion": done.Int("need.version")}, needFields).Fine()
	w.Pass(t, 31*24*time.Hour)
	w.Settle(t)
	if contact("secretary") != nil {
		t.Error("a month after the end the contact is still kept")
	}
}

func TestAdministratorsExtendTheCategories(t *testing.T) {
	w := graphtest.NewTown(t)
	in := m{"code": "ELDERS_MEALS_DELIVERY", "name": "送餐上门", "nameEn": "Meals delivered", "parent": "ELDERS_MEALS", "synonyms": []string{"外送"}}
	w.Do(t, "supervisor", "addCategory", in, categoryFields).Is("FORBIDDEN")
	if a := w.Do(t, "admin", "addCategory", with(in, m{"code": "small"}), categoryFields).Is("MALFORMED"); a.At() != "code" {
		t.Error(a.Text)
	}
	a := w.Do(t, "admin", "addCategory", in, categoryFields).Fine()
	if a.Int("it.category.depth") != 3 || a.Str("it.category.ancestors.1.code") != "ELDERS_MEALS" {
		t.Errorf("added: %s", a.Text)
	}
	w.Do(t, "admin", "addCategory", in, categoryFields).Is("CATEGORY_CODE_TAKEN")
	for _, below := range []string{"ELDERS_MEALS_DELIVERY", "ELDERS"} {
		a := w.Do(t, "admin", "moveCategory", m{"code": "ELDERS", "expectedVersion": 1, "parent": below}, categoryFields).Is("CATEGORY_UNDER_ITSELF")
		if a.At() != "parent" {
			t.Error(a.Text)
		}
	}
	need := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, nil)}, needFields).Fine().Str("it.need.id")
	w.Do(t, "admin", "moveCategory", m{"code": "ELDERS_MEALS", "expectedVersion": 1, "parent": "SUPPORT"}, categoryFields).Fine()
	if found := w.Ask(t, "secretary", `{ needs(filter: {category: {eq: "SUPPORT"}}) { nodes { id } } }`).Fine(); found.Str("needs.nodes.0.id") != need {
		t.Errorf("after the move: %s", found.Text)
	}
	w.Do(t, "admin", "renameCategory", m{"code": "SUPPORT", "expectedVersion": 1, "name": "养老助老"}, categoryFields).Is("CATEGORY_NAME_TAKEN")
	w.Do(t, "admin", "renameCategory", m{"code": "SUPPORT", "expectedVersion": 1, "name": "帮困救助"}, categoryFields).Fine()
	w.Do(t, "admin", "retireCategory", m{"code": "SUPPORT", "expectedVersion": 2}, categoryFields).Fine()
	if a := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, nil)}, needFields).Is("CATEGORY_RETIRED"); a.At() != "need.category" {
		t.Error(a.Text)
	}
	w.Do(t, "admin", "restoreCategory", m{"code": "SUPPORT", "expectedVersion": 3}, categoryFields).Fine()
	w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, nil)}, needFields).Fine()
	tree := w.Ask(t, "", `{ categories(first: 3, below: true) { totalCount pageInfo { hasNextPage } nodes { code parent { code } children { code } } } category(code: "NONE") { id } }`).Fine()
	if tree.Len("categories.nodes") != 3 || tree.Str("categories.nodes.1.parent.code") != "CHILDREN" || tree.Get("category") != nil {
		t.Errorf("the tree: %s", tree.Text)
	}
	if bad := w.Ask(t, "", `{ categories(parent: "NONE") { totalCount } }`); len(bad.Errors) == 0 {
		t.Errorf("below none: %s", bad.Text)
	}
}
