package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
)

const profileFields = `cooperationProfile { id version organisation { id } dutyPhone officeEmail openingHours facilities { name capacity note }
	sharedParking volunteers yearlyBudget { amount currency } hidden sharedBy { contract { id } reader { id } fields purpose until } } `

// telling is all that a profile can tell.
func telling(of string) m {
	return m{
		"organisation": of, "expectedVersion": 0, "dutyPhone": "0510-83590000", "officeEmail": "office@example.org", "openingHours": "周一至周五 9:00–17:00",
		"facilities": []m{{"name": "礼堂", "capacity": 200, "note": "须预约"}}, "sharedParking": 12, "volunteers": 40,
		"yearlyBudget": m{"amount": "50000", "currency": "CNY"},
	}
}

// sharingDraft is a contract by which the unit lets the community call its duty room, until the end of May.
func sharingDraft(w *graphtest.Town) m {
	return with(draft(w), m{"sharing": []m{{
		"subject": w.Unit, "fields": []string{"DUTY_PHONE", "FACILITIES"}, "purpose": "防汛值守时联系", "until": "2026-05-31",
	}}})
}

func TestAProfileIsToldByWhoLeadsTheOrganisationAndReadByItsPeopleAndTheBodiesAbove(t *testing.T) {
	w := graphtest.NewTown(t)
	in := with(telling(w.Unit), m{"clientMutationId": "first"})
	w.Do(t, "", "updateCooperationProfile", in, profileFields).Is("UNAUTHENTICATED")
	for _, who := range []string{"secretary", "steward", "supervisor", "auditor", "outsider", "stranger", "admin"} {
		w.Do(t, who, "updateCooperationProfile", in, profileFields).Is("FORBIDDEN")
	}
	for at, bad := range map[string]m{
		"dutyPhone": {"dutyPhone": "call me"}, "officeEmail": {"officeEmail": "x"}, "facilities.0.name": {"facilities": []m{{"name": ""}}},
		"yearlyBudget.currency": {"yearlyBudget": m{"amount": "1", "currency": "yuan"}}, "organisation": {"organisation": "nonsense"},
	} {
		if a := w.Do(t, "liaison", "updateCooperationProfile", with(with(in, bad), m{"clientMutationId": at}), profileFields); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	made := w.Do(t, "liaison", "updateCooperationProfile", in, profileFields).Fine()
	if made.Str("it.cooperationProfile.dutyPhone") != "0510-83590000" || made.Len("it.cooperationProfile.hidden") != 0 || made.Int("it.cooperationProfile.version") != 1 {
		t.Errorf("told: %s", made.Text)
	}
	if again := w.Do(t, "liaison", "updateCooperationProfile", in, profileFields).Fine(); again.Get("it.replayed") != true || again.Int("it.cooperationProfile.version") != 1 {
		t.Errorf("sent again: %s", again.Text)
	}
	w.Do(t, "liaison", "updateCooperationProfile", with(in, m{"clientMutationId": "second"}), profileFields).Is("CONFLICT")
	for _, who := range []string{"liaison", "supervisor", "auditor"} {
		if a := seeProfile(t, w, who, made.Str("it.cooperationProfile.id"), w.Unit).Fine(); a.Get("root.officeEmail") != "office@example.org" {
			t.Errorf("%s: %s", who, a.Text)
		}
	}
	for _, who := range []string{"secretary", "steward", "outsider", "stranger", "admin"} {
		nothingOf(t, seeProfile(t, w, who, made.Str("it.cooperationProfile.id"), w.Unit).Fine(), who)
	}
	nobody := w.Ask(t, "", `query($p: ID!, $u: ID!) { node(id: $p) { id } residentUnit(id: $u) { cooperationProfile { id } } whoCanSee(id: $p) { rule } }`,
		"p", made.Str("it.cooperationProfile.id"), "u", w.Unit).Fine()
	if nobody.Get("node") != nil || nobody.Get("residentUnit.cooperationProfile") != nil || nobody.Get("whoCanSee") != nil {
		t.Errorf("nobody: %s", nobody.Text)
	}
}

// seeProfile asks for a profile by every way that leads to it.
func seeProfile(t *testing.T, w *graphtest.Town, who, id, of string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($p: ID!, $o: ID!) {
		root: cooperationProfile(organisation: $o) { ...all }
		again: cooperationProfile(organisation: $o) { phone: dutyPhone mail: officeEmail }
		asNode: node(id: $p) { ...all }
		several: nodes(ids: [$p, $p]) { ...all }
		organisation(id: $o) { ... on Community { cooperationProfile { ...all } } ... on ResidentUnit { cooperationProfile { ...all } } }
		residentUnits(first: 10) { nodes { cooperationProfile { ...all } } }
		contracts(first: 10) { nodes { parties { organisation { ... on ResidentUnit { cooperationProfile { ...all } } } } sharing { subject { ... on ResidentUnit { cooperationProfile { ...all } } } } } }
	}
	fragment all on CooperationProfile { version dutyPhone officeEmail openingHours facilities { name } sharedParking volunteers yearlyBudget { amount } hidden }`, "p", id, "o", of)
}

// nothingOf fails where an answer tells anything of the profile.
func nothingOf(t *testing.T, a *graphtest.Answer, who string) {
	t.Helper()
	for _, secret := range []string{"8359", "office@", "礼堂", "9:00", "50000", `"version"`, `"hidden"`} {
		if strings.Contains(a.Text, secret) {
			t.Errorf("%s was told %s: %s", who, secret, a.Text)
		}
	}
}

func TestAContractOpensJustWhatItSharesByEveryWayAndOnlyWhileItIsInForce(t *testing.T) {
	w := graphtest.NewTown(t)
	id := w.Do(t, "liaison", "updateCooperationProfile", telling(w.Unit), profileFields).Fine().Str("it.cooperationProfile.id")
	c := w.Do(t, "secretary", "draftContract", sharingDraft(w), contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	nothingOf(t, seeProfile(t, w, "secretary", id, w.Unit).Fine(), "before it is signed the host")
	c = step(t, w, "liaison", "agreeToContract", c, nil).Fine()
	c = step(t, w, "secretary", "openContractForSigning", agreedByHost(t, w, c), nil).Fine()
	for who, org := range map[string]string{"secretary": w.Community, "liaison": w.Unit} {
		w.Do(t, who, "registerSigningKey", m{"organisation": org}, "signingKey { id }").Fine()
		step(t, w, who, "signContract", c, m{"textHash": c.Str("it.contract.textHash")}).Fine()
	}
	contract := c.Str("it.contract.id")
	shown := func(a *graphtest.Answer, who string) {
		t.Helper()
		for _, at := range []string{"root", "asNode", "several.1", "organisation.cooperationProfile", "contracts.nodes.0.parties.1.organisation.cooperationProfile", "contracts.nodes.0.sharing.0.subject.cooperationProfile"} {
			if a.Get(at+".dutyPhone") != "0510-83590000" || a.Str(at+".facilities.0.name") != "礼堂" || a.Get(at+".officeEmail") != nil || a.Int(at+".version") != 0 || a.Len(at+".hidden") != 5 {
				t.Errorf("%s, %s: %s", who, at, a.Text)
			}
		}
		for _, secret := range []string{"office@", "9:00", "50000"} {
			if strings.Contains(a.Text, secret) {
				t.Errorf("%s was told %s: %s", who, secret, a.Text)
			}
		}
	}
	for _, who := range []string{"secretary", "steward"} {
		shown(seeProfile(t, w, who, id, w.Unit).Fine(), who)
	}
	for _, who := range []string{"outsider", "stranger", "admin"} {
		nothingOf(t, seeProfile(t, w, who, id, w.Unit).Fine(), who)
	}
	hosts(t, w, "reader", "CONTRACTS_READ")
	hosts(t, w, "bare")
	shown(seeProfile(t, w, "reader", id, w.Unit).Fine(), "a program")
	bare := w.Ask(t, "bare", `query($p: ID!, $u: ID!) { node(id: $p) { id } residentUnit(id: $u) { cooperationProfile { dutyPhone } } }`, "p", id, "u", w.Unit).Fine()
	if bare.Get("node") != nil || bare.Get("residentUnit.cooperationProfile") != nil {
		t.Errorf("a program without the scope: %s", bare.Text)
	}
	w.Ask(t, "bare", `query($u: ID!) { cooperationProfile(organisation: $u) { id } }`, "u", w.Unit).Is("SCOPE_MISSING")

	token := w.Token(t, "secretary")
	lives(t, w, "supervisor", "suspendContract", contract, m{"reason": "整改"}).Fine()
	nothingOf(t, seeProfile(t, w, "secretary", id, w.Unit).Fine(), "while it rests the host")
	lives(t, w, "supervisor", "resumeContract", contract, m{"reason": "整改完成"}).Fine()
	shown(seeProfile(t, w, "secretary", id, w.Unit).Fine(), "again")
	lives(t, w, "supervisor", "terminateContract", contract, m{"reason": "辖区调整"}).Fine()
	nothingOf(t, seeProfile(t, w, "secretary", id, w.Unit).Fine(), "after its end the host")
	if w.Token(t, "secretary") != token {
		t.Fatal("the session is another one")
	}
}

func TestSharingEndsWithItsLastDayInTheMiddleOfASession(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "liaison", "updateCooperationProfile", telling(w.Unit), profileFields).Fine()
	inForce(t, w, with(sharingDraft(w), m{"sharing": []m{{"subject": w.Unit, "fields": []string{"DUTY_PHONE"}, "purpose": "值守", "until": "2026-03-02"}}}))
	reads := func() any {
		return w.Ask(t, "secretary", `query($u: ID!) { cooperationProfile(organisation: $u) { dutyPhone } }`, "u", w.Unit).Fine().Get("cooperationProfile.dutyPhone")
	}
	if reads() != "0510-83590000" {
		t.Fatal("what is shared is not there")
	}
	w.Pass(t, 14*time.Hour) // midnight in Shanghai
	if reads() != nil {
		t.Error("after its last day it is still shared")
	}
}

func TestWhatIsSharedIsToldToOpenSubscriptionsOnlyWhileItIs(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	w.Do(t, "liaison", "updateCooperationProfile", telling(w.Unit), profileFields).Fine()
	contract := inForce(t, w, sharingDraft(w))
	l := w.Hear(t, on, "secretary", `subscription($c: ID) { it: contractChanged(contract: $c) { type contract { parties { organisation { ... on ResidentUnit { cooperationProfile { dutyPhone } } } } } } }`, "c", contract)
	lives(t, w, "secretary", "terminateContract", contract, m{"reason": "另有安排"}).Fine()
	if a := l.Next().Fine(); a.Get("it.contract.parties.1.organisation.cooperationProfile.dutyPhone") != "0510-83590000" {
		t.Errorf("while it is shared: %s", a.Text)
	}
	lives(t, w, "liaison", "terminateContract", contract, nil).Fine()
	if a := l.Next().Fine(); a.Str("it.type") != "contract.terminated" || a.Get("it.contract.parties.1.organisation.cooperationProfile") != nil {
		t.Errorf("after the end: %s", a.Text)
	}
}

func TestAGatewayReadsOfAProfileWhatItsCallerReads(t *testing.T) {
	w := gatewayed(t)
	w.Do(t, "liaison", "updateCooperationProfile", telling(w.Unit), profileFields).Fine()
	contract := inForce(t, w, sharingDraft(w))
	ask := func(who string) *graphtest.Answer {
		r := w.Request(t, who, `query($r: [_Any!]!) { _entities(representations: $r) { ... on ResidentUnit { cooperationProfile { dutyPhone officeEmail } } } }`, "r", reps("ResidentUnit", w.Unit))
		r.Header.Set(gateway.Header, gatewayKey)
		return w.Send(t, r).Fine()
	}
	if a := ask("secretary"); a.Get("_entities.0.cooperationProfile.dutyPhone") != "0510-83590000" || a.Get("_entities.0.cooperationProfile.officeEmail") != nil {
		t.Errorf("in the host's name: %s", a.Text)
	}
	nothingOf(t, ask("outsider"), "in an outsider's name the gateway")
	lives(t, w, "supervisor", "terminateContract", contract, m{"reason": "辖区调整"}).Fine()
	nothingOf(t, ask("secretary"), "after the end the gateway")
}

func TestWhatIsSharedStandsInOnePlaceForWhoSharesIt(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := inForce(t, w, sharingDraft(w))
	const list = `query($o: ID!, $d: SharingDirection) { sharing(organisation: $o, direction: $d, first: 5) { totalCount nodes {
		contract { id sharing { key subject { id } fields with { id } purpose until } } shares { key subject { id } fields with { id } purpose until } } pageInfo { hasNextPage } } }`
	w.Ask(t, "", list, "o", w.Unit).Is("UNAUTHENTICATED")
	for _, who := range []string{"secretary", "outsider", "stranger", "admin"} {
		w.Ask(t, who, list, "o", w.Unit).Is("FORBIDDEN")
	}
	w.Ask(t, "liaison", list, "o", "nonsense").Is("WRONG_ID")
	for _, who := range []string{"liaison", "supervisor"} {
		a := w.Ask(t, who, list, "o", w.Unit, "d", "GIVEN").Fine()
		for at, want := range map[string]any{
			"totalCount": 1.0, "nodes.0.contract.id": contract, "nodes.0.shares.0.with.0.id": w.Community, "nodes.0.shares.0.until": "2026-05-31", "nodes.0.shares.0.fields.1": "FACILITIES",
			"nodes.0.contract.sharing.0.key": "s1", "nodes.0.contract.sharing.0.subject.id": w.Unit, "nodes.0.shares.0.purpose": "防汛值守时联系",
		} {
			if got := a.Get("sharing." + at); got != want {
				t.Errorf("%s, %s: got %v, want %v", who, at, got, want)
			}
		}
	}
	if a := w.Ask(t, "liaison", list, "o", w.Unit, "d", "TAKEN").Fine(); a.Int("sharing.totalCount") != 0 {
		t.Errorf("what it reads itself: %s", a.Text)
	}
	if a := w.Ask(t, "secretary", list, "o", w.Community, "d", "TAKEN").Fine(); a.Str("sharing.nodes.0.shares.0.subject.id") != w.Unit {
		t.Errorf("what the host reads: %s", a.Text)
	}
	w.Pass(t, 91*24*time.Hour)
	if a := w.Ask(t, "liaison", list, "o", w.Unit).Fine(); a.Len("sharing.nodes") != 0 {
		t.Errorf("after the last day: %s", a.Text)
	}
}

func TestABadEntryOfWhatIsSharedNamesTheFieldAndTheWayOut(t *testing.T) {
	w := graphtest.NewTown(t)
	entry := m{"subject": w.Unit, "fields": []string{"DUTY_PHONE"}, "purpose": "值守"}
	for code, c := range map[string]struct {
		bad m
		at  string
	}{
		"SHARING_NOT_A_PARTY":        {m{"subject": w.OtherUnit}, "sharing.0.subject"},
		"SHARING_READER_NOT_A_PARTY": {m{"with": []string{w.OtherUnit}}, "sharing.0.with.0"},
		"SHARING_WITH_ITSELF":        {m{"with": []string{w.Unit}}, "sharing.0.with.0"},
		"SHARING_BY_WITNESS":         {m{"subject": w.SubDistrict}, "sharing.0.subject"},
		"OUTSIDE_CONTRACT_PERIOD":    {m{"until": "2030-01-01"}, "sharing.0.until"},
		"REQUIRED":                   {m{"purpose": ""}, "sharing.0.purpose"},
		"WRONG_ID":                   {m{"subject": "nonsense"}, "sharing.0.subject"},
	} {
		in := with(draft(w), m{"sharing": []m{with(entry, c.bad)}})
		in["parties"] = append(in["parties"].([]m), m{"organisation": w.SubDistrict, "part": "WITNESS"})
		a := w.Do(t, "secretary", "draftContract", in, contractFields)
		if a.Is(code); a.At() != c.at {
			t.Errorf("%s: %s", code, a.Text)
		}
	}
	twice := w.Do(t, "secretary", "draftContract", with(draft(w), m{"sharing": []m{entry, entry}}), contractFields).Is("SHARING_TWICE")
	if twice.At() != "sharing.1.fields" || !strings.Contains(twice.Text, "duty telephone") {
		t.Errorf("twice: %s", twice.Text)
	}
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	c = step(t, w, "secretary", "reviseContract", c, m{"sharing": []m{entry}}).Fine()
	v := w.Ask(t, "secretary", `query($c: ID!) { contract(id: $c) { versions(last: 1) { nodes { text { sharing { key until with { id } } } differences { path kind } } } } }`, "c", c.Str("it.contract.id")).Fine()
	if v.Str("contract.versions.nodes.0.text.sharing.0.key") != "s1" || fmt.Sprint(v.Get("contract.versions.nodes.0.differences.0.path")) != "[sharing s1]" {
		t.Errorf("the version: %s", v.Text)
	}
}
