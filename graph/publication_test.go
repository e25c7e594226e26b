package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const publicationFields = `publication { id version status allowedActions proposedFields publicFields publishedAt proposedBy { id } awaited { id }
	consents { organisation { id } fields personName } contract { id publication { id } } published { id title } withdrawnBy { name } withdrawnAt reason } `

const publishedFields = `id publicFields title purpose parties { organisation { id } part name fulfilmentRate } community { name } subDistrict { name } district { name }
	effectiveOn endsOn timeZone status clauses { key heading body } commitments { key action quantity unit recurrence startsOn dueOn standing provider { name } receivers { name } }
	fulfilmentRate signatures { organisation { name } key signedAt }`

// madePublic is a contract of which its two parties have made fields public, and the identifier of what is.
func madePublic(t *testing.T, w *graphtest.Town, contract string, fields ...string) (publication, public string) {
	t.Helper()
	p := w.Do(t, "secretary", "proposePublication", m{"contract": contract, "fields": fields}, publicationFields).Fine()
	a := w.Do(t, "liaison", "agreeToPublication", m{"id": p.Str("it.publication.id"), "expectedVersion": p.Int("it.publication.version")}, publicationFields).Fine()
	return a.Str("it.publication.id"), a.Str("it.publication.published.id")
}

func TestTheFieldsThatBothPartiesAgreeToArePublicUntilOneWithdraws(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	propose := m{"contract": contract, "fields": []string{"STATUS", "TITLE", "FULFILMENT_RATE"}, "clientMutationId": "first"}
	w.Do(t, "", "proposePublication", propose, publicationFields).Is("UNAUTHENTICATED")
	for who, code := range map[string]string{
		"steward": "FORBIDDEN", "supervisor": "FORBIDDEN", "auditor": "FORBIDDEN", "outsider": "NOT_FOUND", "stranger": "NOT_FOUND", "admin": "NOT_FOUND",
	} {
		w.Do(t, who, "proposePublication", propose, publicationFields).Is(code)
	}
	for at, change := range map[string]m{
		"fields": {"fields": []string{}}, "fields.1": {"fields": []string{"TITLE", "TITLE"}}, "contract": {"contract": w.Unit},
		"expectedVersion": {"expectedVersion": 4}, "party": {"party": w.OtherUnit},
	} {
		bad := maps.Clone(propose)
		maps.Copy(bad, change)
		delete(bad, "clientMutationId")
		if a := w.Do(t, "secretary", "proposePublication", bad, publicationFields); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	p := w.Do(t, "secretary", "proposePublication", propose, publicationFields).Fine()
	for path, want := range map[string]any{
		"it.publication.status": "PROPOSED", "it.publication.proposedFields.0": "TITLE", "it.publication.awaited.0.id": w.Unit, "it.publication.published": nil,
		"it.publication.consents.0.personName": "Name of secretary", "it.publication.contract.publication.id": p.Str("it.publication.id"),
	} {
		if got := p.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if again := w.Do(t, "secretary", "proposePublication", propose, publicationFields).Fine(); again.Get("it.replayed") != true {
		t.Errorf("sent again: %s", again.Text)
	}
	agree := m{"id": p.Str("it.publication.id"), "expectedVersion": p.Int("it.publication.version"), "clientMutationId": "second"}
	w.Do(t, "", "agreeToPublication", agree, publicationFields).Is("UNAUTHENTICATED")
	for who, code := range map[string]string{
		"secretary": "PUBLICATION_ALREADY_AGREED", "steward": "FORBIDDEN", "supervisor": "FORBIDDEN", "auditor": "FORBIDDEN", "outsider": "NOT_FOUND", "admin": "NOT_FOUND",
	} {
		w.Do(t, who, "agreeToPublication", agree, publicationFields).Is(code)
	}
	for at, change := range map[string]m{"id": {"id": contract}, "expectedVersion": {"expectedVersion": 9}, "party": {"party": w.OtherUnit}} {
		bad := maps.Clone(agree)
		maps.Copy(bad, change)
		if a := w.Do(t, "liaison", "agreeToPublication", bad, publicationFields); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	done := w.Do(t, "liaison", "agreeToPublication", agree, publicationFields).Fine()
	if done.Str("it.publication.status") != "PUBLISHED" || done.Len("it.publication.awaited") != 0 || done.Get("it.publication.publishedAt") == nil {
		t.Errorf("with the last: %s", done.Text)
	}
	if again := w.Do(t, "liaison", "agreeToPublication", agree, publicationFields).Fine(); again.Get("it.replayed") != true {
		t.Errorf("sent again: %s", again.Text)
	}
	withdraw := m{"id": agree["id"], "reason": "暂不公示", "clientMutationId": "third"}
	w.Do(t, "", "withdrawPublication", withdraw, publicationFields).Is("UNAUTHENTICATED")
	for who, code := range map[string]string{"steward": "FORBIDDEN", "supervisor": "FORBIDDEN", "auditor": "FORBIDDEN", "outsider": "NOT_FOUND", "admin": "NOT_FOUND"} {
		w.Do(t, who, "withdrawPublication", withdraw, publicationFields).Is(code)
	}
	for at, change := range map[string]m{"id": {"id": contract}, "reason": {"reason": strings.Repeat("长", 2001)}} {
		bad := maps.Clone(withdraw)
		maps.Copy(bad, change)
		if a := w.Do(t, "liaison", "withdrawPublication", bad, publicationFields); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	gone := w.Do(t, "liaison", "withdrawPublication", withdraw, publicationFields).Fine()
	if gone.Str("it.publication.withdrawnBy.name") != "恒远机械有限公司" || gone.Str("it.publication.reason") != "暂不公示" || gone.Len("it.publication.consents") != 0 {
		t.Errorf("withdrawn: %s", gone.Text)
	}
	w.Do(t, "secretary", "withdrawPublication", m{"id": agree["id"]}, publicationFields).Is("PUBLICATION_WRONG_STATE")
}

func TestAContractThatIsNotSignedCannotBeMadePublic(t *testing.T) {
	w := graphtest.NewTown(t)
	c := negotiated(t, w).Str("it.contract.id")
	if a := w.Do(t, "secretary", "proposePublication", m{"contract": c, "fields": []string{"TITLE"}}, publicationFields).Is("PUBLICATION_BEFORE_SIGNING"); a.At() != "contract" {
		t.Errorf("got %s", a.Text)
	}
}

// looking is every path that leads to a published contract.
const looking = `query($p: ID!, $b: ID!, $c: ID!, $u: ID!, $s: ID!) {
	publishedContract(id: $p) { ` + publishedFields + ` }
	node(id: $p) { id ... on PublishedContract { ` + publishedFields + ` } }
	nodes(ids: [$p, $b, $c]) { id ... on PublishedContract { ...shown } ... on ContractPublication { consents { personName } } ... on CoBuildingContract { whole: title } }
	publishedContracts(first: 10) { totalCount nodes { ...shown } edges { cursor node { title } } pageInfo { endCursor } }
	sorted: publishedContracts(first: 10, orderBy: {field: ENDS_ON, direction: DESC}) { totalCount nodes { title } }
	byParty: publishedContracts(first: 10, filter: {party: {eq: $u}}) { totalCount nodes { id } }
	byPlace: publishedContracts(first: 10, filter: {subDistrict: {eq: $s}, communityType: {eq: COMMERCIAL}}) { totalCount }
	byState: publishedContracts(first: 10, filter: {status: {in: [ACTIVE]}}) { totalCount }
	byPeriod: publishedContracts(first: 10, filter: {endsOn: {lte: "2027-03-01"}}) { totalCount }
	notBy: publishedContracts(first: 10, filter: {not: {or: [{party: {eq: $u}}, {status: {eq: ACTIVE}}]}}) { totalCount }
} fragment shown on PublishedContract { ` + publishedFields + ` }`

func TestEverybodySeesWhatIsAgreedAndNothingElseOnEveryPath(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	w.Pass(t, 20*24*time.Hour)
	publication, public := madePublic(t, w, contract, "TITLE", "PURPOSE", "PARTIES", "PERIOD", "STATUS", "CLAUSES", "COMMITMENTS", "FULFILMENT_RATE", "SIGNATURES")
	look := func(who string) *graphtest.Answer {
		return w.Ask(t, who, looking, "p", public, "b", publication, "c", contract, "u", w.Unit, "s", w.SubDistrict).Fine()
	}
	a := look("")
	for path, want := range map[string]any{
		"publishedContract.title": "长安社区与恒远机械共建契约", "publishedContract.community.name": "长安社区", "publishedContract.subDistrict.name": "堰桥街道",
		"publishedContract.district.name": "惠山区", "publishedContract.parties.1.organisation.id": w.Unit, "publishedContract.parties.1.fulfilmentRate": 0.0,
		"publishedContract.fulfilmentRate": 0.0, "publishedContract.endsOn": "2027-03-01", "publishedContract.status": "ACTIVE", "publishedContract.clauses.0.body": "双方自愿共建。",
		"publishedContract.commitments.0.provider.name": "恒远机械有限公司", "publishedContract.commitments.0.receivers.0.name": "长安社区", "publishedContract.signatures.1.organisation.name": "恒远机械有限公司",
		"node.title": "长安社区与恒远机械共建契约", "nodes.0.timeZone": "Asia/Shanghai", "nodes.1": nil, "nodes.2": nil, "publishedContracts.totalCount": 1.0,
		"sorted.totalCount": 1.0, "byParty.totalCount": 1.0, "byPlace.totalCount": 1.0, "byState.totalCount": 1.0, "byPeriod.totalCount": 1.0, "notBy.totalCount": 0.0,
	} {
		if got := a.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	for _, secret := range []string{"社区书记", "单位联络员", "Name of", contract, publication, "活动场地"} {
		if strings.Contains(a.Text, secret) {
			t.Errorf("everybody is told %s: %s", secret, a.Text)
		}
	}
	for _, mutation := range []string{"secretary", "liaison"} { // less and less, down to the title
		fields := map[string][]string{"secretary": {"TITLE", "PERIOD"}, "liaison": {"TITLE"}}[mutation]
		v := w.Ask(t, mutation, `query($c: ID!) { contract(id: $c) { publication { version } } }`, "c", contract).Fine().Int("contract.publication.version")
		w.Do(t, mutation, "proposePublication", m{"contract": contract, "fields": fields, "expectedVersion": v}, publicationFields).Fine()
	}
	for _, who := range []string{"", "outsider", "admin", "liaison"} {
		a = look(who)
		for path, want := range map[string]any{
			"publishedContract.title": "长安社区与恒远机械共建契约", "publishedContract.purpose": nil, "publishedContract.parties": nil, "publishedContract.community": nil,
			"publishedContract.subDistrict": nil, "publishedContract.district": nil, "publishedContract.endsOn": nil, "publishedContract.timeZone": nil, "publishedContract.status": nil,
			"publishedContract.clauses": nil, "publishedContract.commitments": nil, "publishedContract.fulfilmentRate": nil, "publishedContract.signatures": nil,
			"publishedContracts.totalCount": 1.0, "sorted.totalCount": 1.0, "byParty.totalCount": 0.0, "byPlace.totalCount": 0.0, "byState.totalCount": 0.0, "byPeriod.totalCount": 0.0, "notBy.totalCount": 1.0,
		} {
			if got := a.Get(path); got != want {
				t.Errorf("%q, %s: got %v, want %v", who, path, got, want)
			}
		}
	}
	w.Do(t, "liaison", "withdrawPublication", m{"id": publication}, "publication { status }").Fine()
	for _, who := range []string{"", "outsider", "secretary"} {
		a = look(who)
		for path, want := range map[string]any{"publishedContract": nil, "node": nil, "nodes.0": nil, "publishedContracts.totalCount": 0.0, "sorted.totalCount": 0.0, "notBy.totalCount": 0.0} {
			if got := a.Get(path); got != want {
				t.Errorf("withdrawn, %q, %s: got %v, want %v", who, path, got, want)
			}
		}
	}
	if a := w.Ask(t, "supervisor", `query($c: ID!) { contract(id: $c) { publication { status published { title } } } }`, "c", contract).Fine(); a.Str("contract.publication.status") != "WITHDRAWN" || a.Get("contract.publication.published") != nil {
		t.Errorf("on the contract: %s", a.Text)
	}
	absent := "pbc1_01k9x3c7m2h0v5t8w4qg6znbyd"
	const read = `query($p: ID!) { publishedContract(id: $p) { id } node(id: $p) { id } }`
	if a, b := w.Ask(t, "", read, "p", public), w.Ask(t, "", read, "p", absent); a.Text != b.Text {
		t.Errorf("withdrawn: %s, absent: %s", a.Text, b.Text)
	}
	w.Ask(t, "", `query($p: ID!) { publishedContract(id: $p) { id } }`, "p", publication).Is("WRONG_ID")
	for _, field := range []string{"title", "purpose", "fulfilmentRate"} { // there is no such filter and no such order
		w.Ask(t, "", `{ publishedContracts(filter: {`+field+`: {eq: 1}}) { totalCount } }`).Is("GRAPHQL_VALIDATION_FAILED")
	}
}

func TestAWithdrawalBetweenTwoPagesHidesWhatIsOnTheSecond(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w) // with the keys of both
	var publications []string
	for i := range 3 {
		in := draft(w)
		in["title"] = fmt.Sprint("第", i, "份契约")
		c := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
		c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
		c = agreedByHost(t, w, step(t, w, "liaison", "agreeToContract", c, nil).Fine())
		c = step(t, w, "secretary", "openContractForSigning", c, nil).Fine()
		text := m{"textHash": c.Str("it.contract.textHash")}
		step(t, w, "secretary", "signContract", c, text).Fine()
		step(t, w, "liaison", "signContract", c, text).Fine()
		p, _ := madePublic(t, w, c.Str("it.contract.id"), "TITLE")
		publications = append(publications, p)
		w.Pass(t, time.Minute)
	}
	const pageOf = `query($a: String) { publishedContracts(first: 1, after: $a) { totalCount nodes { title } pageInfo { endCursor hasNextPage } } }`
	first := w.Ask(t, "", pageOf).Fine()
	if first.Str("publishedContracts.nodes.0.title") != "第2份契约" || first.Int("publishedContracts.totalCount") != 3 {
		t.Fatalf("first page: %s", first.Text)
	}
	w.Do(t, "liaison", "withdrawPublication", m{"id": publications[1]}, "publication { status }").Fine()
	next := w.Ask(t, "", pageOf, "a", first.Str("publishedContracts.pageInfo.endCursor")).Fine()
	if next.Str("publishedContracts.nodes.0.title") != "第0份契约" || next.Int("publishedContracts.totalCount") != 2 || next.Get("publishedContracts.pageInfo.hasNextPage") != false {
		t.Errorf("second page: %s", next.Text)
	}
}
