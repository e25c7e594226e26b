package graph_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestARepeatIsDoneOnce(t *testing.T) {
	w := graphtest.NewTown(t)
	in := draft(w)
	in["clientMutationId"] = "first-draft"
	first := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	again := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	if again.Str("it.contract.id") != first.Str("it.contract.id") || again.Get("it.replayed") != true || first.Get("it.replayed") != false {
		t.Errorf("first %s, again %s", first.Text, again.Text)
	}
	if again.Str("it.clientMutationId") != "first-draft" {
		t.Errorf("echo: %s", again.Text)
	}
	in["title"] = "另一份契约"
	if a := w.Do(t, "secretary", "draftContract", in, contractFields).Is("IDEMPOTENCY_MISMATCH"); a.At() != "clientMutationId" {
		t.Errorf("at %q", a.At())
	}
	if a := w.Do(t, "liaison", "draftContract", in, contractFields).Fine(); a.Str("it.contract.id") == first.Str("it.contract.id") {
		t.Error("two callers share an identifier")
	}
	in["clientMutationId"] = "second-draft"
	w.Do(t, "secretary", "draftContract", in, contractFields).Fine()

	propose := m{"clientMutationId": "p1", "expectedVersion": 1}
	p := step(t, w, "secretary", "proposeContract", first, propose).Fine()
	q := step(t, w, "secretary", "proposeContract", first, propose).Fine()
	if q.Get("it.replayed") != true || q.Int("it.contract.version") != p.Int("it.contract.version") {
		t.Errorf("a repeated change: %s", q.Text)
	}
	invite := m{"role": "MEMBER", "organisation": w.Unit, "clientMutationId": "i1"}
	w.Do(t, "liaison", "invitePerson", invite, "code").Fine()
	w.Do(t, "liaison", "invitePerson", invite, "code").Is("ALREADY_DONE")
	for id, code := range map[string]string{"": "REQUIRED", "  ": "REQUIRED", strings.Repeat("x", 129): "TOO_LONG"} {
		in["clientMutationId"] = id
		if a := w.Do(t, "secretary", "draftContract", in, contractFields).Is(code); a.At() != "clientMutationId" {
			t.Errorf("%q: at %q", id, a.At())
		}
	}
}

func TestARepeatByNobodyNeedsTheSameWords(t *testing.T) {
	w := graphtest.NewTown(t)
	invite := func() string {
		return w.Do(t, "liaison", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit}, "code").Fine().Str("it.code")
	}
	accept := func(code, login string) *graphtest.Answer {
		return w.Do(t, "", "acceptInvitation", m{
			"clientMutationId": "1", "code": code, "loginName": login, "password": graphtest.Password, "name": login,
		}, "person { id name }")
	}
	code := invite()
	first := accept(code, "anna").Fine()
	again := accept(code, "anna").Fine()
	if again.Get("it.replayed") != true || again.Str("it.person.id") != first.Str("it.person.id") {
		t.Errorf("repeated: %s", again.Text)
	}
	other := accept(invite(), "berta").Fine()
	if other.Get("it.replayed") != false || other.Str("it.person.id") == first.Str("it.person.id") {
		t.Errorf("two strangers share an identifier: %s", other.Text)
	}
}

func TestTwoMutationsOfOneRequestAreToldApart(t *testing.T) {
	w := graphtest.NewTown(t)
	a := w.Ask(t, "admin", `mutation { a: registerDistrict(input: {name: "甲区", clientMutationId: "x"}) { district { id } replayed }
		b: registerDistrict(input: {name: "乙区", clientMutationId: "y"}) { district { id } replayed }
		c: registerDistrict(input: {name: "甲区", clientMutationId: "x"}) { district { id } replayed } }`).Fine()
	if a.Str("a.district.id") == a.Str("b.district.id") || a.Str("a.district.id") != a.Str("c.district.id") || a.Get("c.replayed") != true {
		t.Errorf("got %s", a.Text)
	}
}

func TestTextsAreNormalisedAndDamagedOnesRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	a := w.Do(t, "admin", "registerDistrict", m{"name": "Cafe\u0301 区"}, "district { name }").Fine()
	if a.Str("it.district.name") != "Caf\u00e9 区" {
		t.Errorf("not NFC: %q", a.Str("it.district.name"))
	}
	for name, c := range map[string]struct{ text, code string }{
		"a bell":             {"区\a", "CONTROL_CHARACTER"},
		"a NUL":              {"区\x00", "CONTROL_CHARACTER"},
		"an escape":          {"区\x1b[31m", "CONTROL_CHARACTER"},
		"a C1 control":       {"区\u0085", "CONTROL_CHARACTER"},
		"a replacement sign": {"区\ufffd", "NOT_UTF8"},
		"a line feed":        {"甲\n区", "CONTROL_CHARACTER"}, // allowed by the scalar, refused by a name
		"a hidden direction": {"甲\u202e区", "CONTROL_CHARACTER"},
		"too long":           {strings.Repeat("区", 101), "TOO_LONG"},
		"nothing":            {"", "REQUIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			w.Do(t, "admin", "registerDistrict", m{"name": c.text}, "district { name }").Is(c.code)
		})
	}
	bell := w.Do(t, "admin", "registerDistrict", m{"name": "区\a"}, "district { name }")
	if len(bell.Errors) != 1 || dotted(bell.Errors[0].Path) != "it" || dotted(bell.Errors[0].Extensions.InputPath) != "input.name" {
		t.Errorf("not at the field of the input: %s", bell.Text)
	}
	w.Ask(t, "admin", `mutation { it: registerDistrict(input: {name: "half \uD83D"}) { district { id } errors { code } } }`).Is("NOT_UTF8")
}

func TestValuesOutOfRangeAreTheCallersFault(t *testing.T) {
	w := graphtest.NewTown(t)
	for query, code := range map[string]string{
		`{ districts(first: 101) { totalCount } }`:                                                             "BAD_PAGE",
		`{ districts(first: -1) { totalCount } }`:                                                              "BAD_PAGE",
		`{ districts(first: 1, last: 1) { totalCount } }`:                                                      "BAD_PAGE",
		`{ districts(first: 99999999999) { totalCount } }`:                                                     "QUERY_TOO_COSTLY",
		`mutation { it: updateCommunity(input: {id: "x", expectedVersion: 99999999999}) { errors { code } } }`: "OUT_OF_RANGE",
		`{ districts(after: "nonsense") { totalCount } }`:                                                      "BAD_CURSOR",
		`{ nodes(ids: [` + strings.Repeat(`"x",`, 101) + `]) { id } }`:                                         "TOO_MANY",
		`{ districts { nodes { subDistricts { totalCount } } } }`:                                              "BAD_PAGE",
		`mutation { it: registerDistrict(input: {}) { errors { code } } }`:                                     "GRAPHQL_VALIDATION_FAILED",
		`mutation { it: registerDistrict(input: {name: 5}) { errors { code } } }`:                              "GRAPHQL_VALIDATION_FAILED",
		`{ contracts(filter: {endsOn: {eq: "2026-02-30"}}) { totalCount } }`:                                   "MALFORMED",
		`{ contracts(filter: {updatedAt: {gt: "yesterday"}}) { totalCount } }`:                                 "MALFORMED",
		`{ contracts(filter: {and: [{and: [{and: [{}]}]}]}) { totalCount } }`:                                  "TOO_DEEP",
		`{ communities(filter: {name: {in: []}, type: {eq: RURAL}}) { totalCount } }`:                          "",
	} {
		w.Ask(t, "secretary", query).Is(code)
	}
	cursor := w.Ask(t, "", `{ communities(first: 1) { pageInfo { endCursor } } }`).Fine().Str("communities.pageInfo.endCursor")
	w.Ask(t, "", `query($c: String) { communities(first: 1, after: $c) { nodes { id } } }`, "c", cursor).Fine()
	w.Ask(t, "", `query($c: String) { residentUnits(first: 1, after: $c) { nodes { id } } }`, "c", cursor).Is("BAD_CURSOR")
	w.Ask(t, "", `query($c: String) { communities(first: 1, after: $c, filter: {type: {eq: RURAL}}) { nodes { id } } }`, "c", cursor).Is("BAD_CURSOR")
}

// dotted joins the steps of a path.
func dotted[S any](path []S) string {
	var all []string
	for _, s := range path {
		all = append(all, fmt.Sprint(s))
	}
	return strings.Join(all, ".")
}

func TestAnErrorPointsIntoTheResponseAndIntoTheInput(t *testing.T) {
	w := graphtest.NewTown(t)
	days := strings.Repeat(`"2026-03-01",`, 101)
	for _, c := range []struct{ query, code, path, in string }{
		{`mutation { it: draftContract(input: {title: "甲", parties: [], effectiveOn: "2026-02-30", endsOn: "2027-03-01"}) { errors { code } } }`, "MALFORMED", "it", "input.effectiveOn"},
		{`mutation { it: draftContract(input: {title: "甲", parties: [], clauses: [{heading: "一", body: "区\u0007"}], effectiveOn: "2026-03-01", endsOn: "2027-03-01"}) { errors { code } } }`, "CONTROL_CHARACTER", "it", "input.clauses.0.body"},
		{`{ all: contracts(filter: {endsOn: {eq: "2026-02-30"}}) { totalCount } }`, "MALFORMED", "all", "filter.endsOn.eq"},
		{`{ contracts(first: 101) { totalCount } }`, "BAD_PAGE", "contracts", "first"},
		{`{ nodes(ids: [` + strings.Repeat(`"x",`, 101) + `]) { id } }`, "TOO_MANY", "nodes", "ids"},
		{`{ contracts(filter: {endsOn: {in: [` + days + `]}}) { totalCount } }`, "TOO_MANY", "contracts", "filter.endsOn.in"},
		{`{ contracts(filter: {or: [{status: {eq: DRAFT}}, {endsOn: {in: [` + days + `]}}]}) { totalCount } }`, "TOO_MANY", "contracts", "filter.or.1.endsOn.in"},
		{`{ communities(first: 1, filter: {or: [` + strings.Repeat(`{type: {eq: RURAL}}, `, 11) + `]}) { nodes { id } } }`, "TOO_MANY", "communities", "filter.or"},
		{`query($f: ContractFilter = {endsOn: {in: [` + days + `]}}) { contracts(filter: $f) { totalCount } }`, "TOO_MANY", "contracts", "filter.endsOn.in"},
	} {
		a := w.Ask(t, "secretary", c.query).Is(c.code)
		if len(a.Errors) == 0 {
			continue
		}
		if e := a.Errors[0]; dotted(e.Path) != c.path || dotted(e.Extensions.InputPath) != c.in {
			t.Errorf("%.100s: at %v and %v, want %s and %s", c.query, e.Path, e.Extensions.InputPath, c.path, c.in)
		}
	}
	a := w.Ask(t, "secretary", `query($f: Int) { contracts(first: $f) { totalCount } }`, "f", 1.5).Is("BAD_USER_INPUT")
	if e := a.Errors[0]; e.Path != nil || dotted(e.Extensions.InputPath) != "f" || !strings.Contains(e.Message, "1.5 is not a valid Int, which is a whole number") {
		t.Errorf("got %s", a.Text)
	}
	b := w.Do(t, "secretary", "proposeContract", m{"id": w.Unit, "expectedVersion": 1.5}, "contract { id }").Is("BAD_USER_INPUT")
	if e := b.Errors[0]; e.Path != nil || dotted(e.Extensions.InputPath) != "in.expectedVersion" || !strings.Contains(e.Message, "1.5") {
		t.Errorf("got %s", b.Text)
	}
}

func TestWhatWasNotFoundIsNamedByItsField(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	if a := step(t, w, "outsider", "proposeContract", c, nil).Is("NOT_FOUND"); a.At() != "id" {
		t.Errorf("at %q: %s", a.At(), a.Text)
	}
	if a := step(t, w, "outsider", "signContract", c, m{"textHash": "x"}).Is("NOT_FOUND"); a.At() != "id" {
		t.Errorf("at %q: %s", a.At(), a.Text)
	}
}

func TestARefusedListLeavesTheRestOfTheAnswer(t *testing.T) {
	w := graphtest.NewTown(t)
	a := w.Ask(t, "outsider", `query($o: ID!) {
		people(organisation: $o) { nodes { name } }
		invitations(organisation: $o, first: 101) { nodes { name } }
		nodes(ids: [`+strings.Repeat(`"x",`, 101)+`]) { id }
		viewer { name }
	}`, "o", w.Community)
	if len(a.Errors) != 3 || a.Get("viewer.name") != "Name of outsider" {
		t.Errorf("got %s", a.Text)
	}
}

func TestAQueryThatManyWouldSendIsAffordableAndOneThatNobodyNeedsIsNot(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Ask(t, "secretary", `{
		contracts(first: 100, filter: {status: {in: [DRAFT, NEGOTIATING, SIGNING]}, party: {eq: "`+w.Unit+`"}}) {
			nodes {
				id version createdAt updatedAt status allowedActions textVersion title purpose effectiveOn endsOn timeZone
				noticeDays language terms coDrafted textHash signedAt activeAt endedAt
				host { id name } subDistrict { name } district { name }
				parties { part name state fulfilmentRate organisation { id name } }
				fulfilments(first: 1) { totalCount }
			}
			pageInfo { hasNextPage endCursor } totalCount
		}
		communities(first: 100, filter: {type: {in: [RURAL, COMMERCIAL]}}) { nodes { id name type residentUnits(first: 5) { nodes { name } totalCount } } totalCount }
		viewer { name roles { role organisation { id name } } }
	}`).Fine()
	or := make([]m, 10)
	for i := range or {
		or[i] = m{"or": slices.Repeat([]m{{"type": m{"eq": "RURAL"}}}, 10)}
	}
	var q strings.Builder
	for i := range 59 {
		fmt.Fprintf(&q, "a%d: communities(filter: $f) { totalCount } ", i)
	}
	w.Ask(t, "", "query($f: CommunityFilter) { "+q.String()+"}", "f", m{"or": or}).Is("QUERY_TOO_COSTLY")
}

func TestAPartyAloneHasAStatementToSign(t *testing.T) {
	w := graphtest.NewTown(t)
	c := step(t, w, "secretary", "openContractForSigning", negotiated(t, w), nil).Fine()
	a := w.Ask(t, "secretary", `query($c: ID!, $u: ID!, $o: ID!) { contract(id: $c) { party: signingStatement(party: $u) none: signingStatement(party: $o) } }`,
		"c", c.Str("it.contract.id"), "u", w.Unit, "o", w.OtherUnit).Fine()
	if a.Get("contract.party") == nil || a.Get("contract.none") != nil {
		t.Errorf("got %s", a.Text)
	}
}

func TestErrorsOfAPayloadSpeakTheCallersLanguage(t *testing.T) {
	w := graphtest.NewTown(t)
	ask := func(accept string) string {
		r := w.Request(t, "admin", `mutation { it: registerDistrict(input: {name: ""}) { errors { code message path } } }`)
		r.Header.Set("Accept-Language", accept)
		return w.Send(t, r).Is("REQUIRED").Str("it.errors.0.message")
	}
	if zh, en := ask("zh-CN"), ask("fr"); zh != "此处必须填写。" || en != "A value is required here." {
		t.Errorf("zh %q, en %q", zh, en)
	}
}

func TestIntrospectionIsForThoseWhoAreSignedIn(t *testing.T) {
	w := graphtest.NewTown(t)
	const q = `{ __schema { queryType { name } } }`
	w.Ask(t, "", q).Is("INTROSPECTION_DISABLED")
	w.Ask(t, "outsider", q).Fine()
	open := graphtest.New(t, func(c *app.Config) { c.Introspection = true })
	open.Ask(t, "", q).Fine()
}

// failing is a store that can be made to fail.
type failing struct {
	store.Backend
	fail atomic.Pointer[error]
}

func (f *failing) Get(ctx context.Context, coll, id string) (bson.Raw, error) {
	if err := f.fail.Load(); err != nil {
		return nil, *err
	}
	return f.Backend.Get(ctx, coll, id)
}

func (f *failing) Find(ctx context.Context, s store.Scan) iter.Seq2[bson.Raw, error] {
	if err := f.fail.Load(); err != nil {
		return func(yield func(bson.Raw, error) bool) { yield(nil, *err) }
	}
	return f.Backend.Find(ctx, s)
}

func (f *failing) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if err := f.fail.Load(); err != nil {
		return *err
	}
	return f.Backend.Insert(ctx, coll, doc)
}

func TestAFailingStoreIsRetryableAndAnUnknownFailureIsNotTold(t *testing.T) {
	var f *failing
	h := graphtest.New(t, func(c *app.Config) {
		f = &failing{Backend: c.Backend}
		c.Backend = f
	})
	query, change := h.Request(t, "", `{ districts { nodes { id } } }`), h.Request(t, "admin", `mutation { it: registerDistrict(input: {name: "甲区"}) { errors { code } } viewer: registerDistrict(input: {name: "乙区"}) { errors { code } } }`)
	change.Header.Del("Authorization")
	down := errors.Join(store.ErrUnavailable, errors.New("the secret of the house"))
	f.fail.Store(&down)
	a := h.Send(t, query).Is("UNAVAILABLE")
	if !a.Errors[0].Extensions.Retryable || a.Errors[0].Extensions.RequestID == "" || a.Errors[0].Path[0] != "districts" {
		t.Errorf("got %s", a.Text)
	}
	odd := errors.New("the secret of the house")
	f.fail.Store(&odd)
	b := h.Send(t, h.Request(t, "", `{ districts { nodes { id } } }`)).Is("INTERNAL")
	if strings.Contains(a.Text+b.Text, "secret") || strings.Count(h.Log(), "level=ERROR") != 1 || !strings.Contains(h.Log(), "secret") {
		t.Errorf("told %s %s, logged %s", a.Text, b.Text, h.Log())
	}
	f.fail.Store(nil)
	h.Ask(t, "admin", `mutation { it: registerDistrict(input: {name: "甲区"}) { errors { code } } }`).Fine()
}
