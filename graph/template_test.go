package graph_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const templateFields = `contractTemplate { id version status textVersion builtIn owner { name } title { zh en } partners { key unitKinds }
	clauses { heading { zh } libraryClause { id } libraryVersion } commitments { provider receivers quantity recurrence dueAfterDays standing weight } }`

const libraryFields = `libraryClause { id version status textVersion owner { name } topic heading { zh } body { en } }`

func words(zh, en string) m { return m{"zh": zh, "en": en} }

// templateText is a text that nothing is wrong with, for an enterprise in a commercial estate.
func templateText() m {
	return m{
		"title": words("{host}读书契约", "Reading in {host}"), "purpose": words("{host}与{partner}共建书屋", "{host} and {partner} share a library"),
		"communityTypes": []string{"COMMERCIAL"},
		"partners":       []m{{"key": "partner", "label": words("企业", "Enterprise"), "unitKinds": []string{"ENTERPRISE"}}},
		"clauses":        []m{{"heading": words("借阅", "Lending"), "body": words("由{host}登记", "{host} keeps the register")}},
		"commitments": []m{
			{"provider": "partner", "receivers": []string{"host"}, "action": words("赠书", "Give books"), "quantity": "200", "unit": words("册", "books"), "dueAfterDays": 30, "evidenceRequired": []string{"RECEIPT"}},
			{"provider": "host", "receivers": []string{"partner"}, "action": words("开放书屋", "Open the library"), "recurrence": "FREQ=WEEKLY;BYDAY=SA", "weight": 2},
		},
		"noticeDays": 45, "months": 6,
	}
}

func with(base m, more m) m {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func TestATemplateIsMadeRevisedAndRetired(t *testing.T) {
	w := graphtest.NewTown(t)
	for _, who := range []string{"secretary", "liaison", "steward", "auditor", "outsider"} {
		w.Do(t, who, "createContractTemplate", m{"text": templateText()}, templateFields).Is("FORBIDDEN")
	}
	w.Do(t, "", "createContractTemplate", m{"text": templateText()}, templateFields).Is("UNAUTHENTICATED")
	w.Do(t, "supervisor", "createContractTemplate", m{"text": templateText(), "owner": w.District}, templateFields).Is("FORBIDDEN")
	bad := w.Do(t, "admin", "createContractTemplate", m{"text": with(templateText(), m{"title": words("{mayor}", "x")})}, templateFields).Is("TEMPLATE_PLACEHOLDER_UNKNOWN")
	if bad.At() != "text.title.zh" {
		t.Errorf("at %s", bad.At())
	}
	in := m{"text": templateText(), "clientMutationId": "one"}
	a := w.Do(t, "supervisor", "createContractTemplate", in, templateFields).Fine()
	if a.Str("it.contractTemplate.owner.name") != "堰桥街道" || a.Int("it.contractTemplate.textVersion") != 1 {
		t.Errorf("got %s", a.Text)
	}
	if again := w.Do(t, "supervisor", "createContractTemplate", in, templateFields).Fine(); again.Str("it.contractTemplate.id") != a.Str("it.contractTemplate.id") || again.Get("it.replayed") != true {
		t.Errorf("again: %s", again.Text)
	}
	key := a.Str("it.contractTemplate.id")
	next := func(a *graphtest.Answer, more m) m {
		return with(m{"id": key, "expectedVersion": a.Int("it.contractTemplate.version")}, more)
	}
	w.Do(t, "secretary", "reviseContractTemplate", next(a, m{"text": templateText()}), templateFields).Is("FORBIDDEN")
	w.Do(t, "supervisor", "reviseContractTemplate", next(a, m{"text": templateText()}), templateFields).Is("TEMPLATE_UNCHANGED")
	b := w.Do(t, "supervisor", "reviseContractTemplate", next(a, m{"summary": "改期限", "text": with(templateText(), m{"months": 12})}), templateFields).Fine()
	w.Do(t, "supervisor", "reviseContractTemplate", next(a, m{"text": templateText()}), templateFields).Is("CONFLICT")

	r := w.Ask(t, "", `query($id: ID!) { node(id: $id) { ... on ContractTemplate { textVersion months versions(first: 5) { totalCount nodes { number summary text { months title { en } } } } } } }`, "id", key).Fine()
	if r.Int("node.months") != 12 || r.Int("node.versions.nodes.0.text.months") != 6 || r.Str("node.versions.nodes.1.summary") != "改期限" {
		t.Errorf("got %s", r.Text)
	}
	w.Ask(t, "", `query($id: ID!) { contractTemplate(id: $id) { versions { totalCount } } }`, "id", key).Is("BAD_PAGE")
	w.Do(t, "stranger", "retireContractTemplate", next(b, nil), templateFields).Is("FORBIDDEN")
	c := w.Do(t, "supervisor", "retireContractTemplate", next(b, nil), templateFields).Fine()
	if c.Str("it.contractTemplate.status") != "RETIRED" {
		t.Errorf("got %s", c.Text)
	}
	w.Do(t, "supervisor", "retireContractTemplate", next(c, nil), templateFields).Is("TEMPLATE_RETIRED")
	w.Do(t, "secretary", "draftContractFromTemplate", fromTemplate(w, key), contractFields).Is("TEMPLATE_RETIRED")
}

func TestAStandardClauseIsMadeRevisedRetiredAndTakenUp(t *testing.T) {
	w := graphtest.NewTown(t)
	text := m{"topic": "COSTS", "heading": words("费用", "Costs"), "body": words("{partners}自理", "{partners} pay for themselves")}
	w.Do(t, "secretary", "createLibraryClause", m{"text": text}, libraryFields).Is("FORBIDDEN")
	w.Do(t, "", "createLibraryClause", m{"text": text}, libraryFields).Is("UNAUTHENTICATED")
	w.Do(t, "admin", "createLibraryClause", m{"text": with(text, m{"heading": words("", "Costs")})}, libraryFields).Is("REQUIRED")
	w.Do(t, "admin", "createLibraryClause", m{"text": text, "owner": w.Community}, libraryFields).Is("OWNER_NOT_SUPERVISING")
	a := w.Do(t, "supervisor", "createLibraryClause", m{"text": text}, libraryFields).Fine()
	key := a.Str("it.libraryClause.id")
	next := func(a *graphtest.Answer, more m) m {
		return with(m{"id": key, "expectedVersion": a.Int("it.libraryClause.version")}, more)
	}
	w.Do(t, "secretary", "reviseLibraryClause", next(a, m{"text": text}), libraryFields).Is("FORBIDDEN")
	text["body"] = words("均摊", "Shared evenly")
	b := w.Do(t, "supervisor", "reviseLibraryClause", next(a, m{"text": text}), libraryFields).Fine()
	r := w.Ask(t, "", `query($id: ID!) { libraryClause(id: $id) { textVersion owner { name } versions(last: 1) { nodes { number text { body { en } } } } } }`, "id", key).Fine()
	if r.Int("libraryClause.versions.nodes.0.number") != 2 || r.Str("libraryClause.owner.name") != "堰桥街道" {
		t.Errorf("got %s", r.Text)
	}
	c := w.Do(t, "supervisor", "createContractTemplate", m{"text": with(templateText(), m{"clauses": []m{{"libraryClause": key}}})}, templateFields).Fine()
	if c.Str("it.contractTemplate.clauses.0.libraryClause.id") != key || c.Int("it.contractTemplate.clauses.0.libraryVersion") != 2 {
		t.Errorf("got %s", c.Text)
	}
	w.Do(t, "outsider", "retireLibraryClause", next(b, nil), libraryFields).Is("FORBIDDEN")
	w.Do(t, "supervisor", "retireLibraryClause", next(b, nil), libraryFields).Fine()
	w.Do(t, "secretary", "draftContractFromTemplate", with(fromTemplate(w, c.Str("it.contractTemplate.id")), m{"libraryClauses": []string{key}}), contractFields).
		Is("LIBRARY_CLAUSE_RETIRED")
}

func fromTemplate(w *graphtest.Town, template string) m {
	return m{
		"template": template, "host": m{"organisation": w.Community, "responsibleHead": "书记"}, "partners": []m{{"organisation": w.Unit}},
		"effectiveOn": "2026-04-01",
	}
}

const originFields = `contract { id version status title purpose effectiveOn endsOn noticeDays language
	parties { name part responsibleHead } clauses { heading body } commitments { action quantity unit dueOn recurrence weight provider { name } receivers { name } evidenceRequired }
	origin { version template { id title { zh } } } }`

func TestADraftBegunFromATemplateIsAContractLikeAnyOther(t *testing.T) {
	w := graphtest.NewTown(t)
	key := w.Do(t, "supervisor", "createContractTemplate", m{"text": templateText()}, templateFields).Fine().Str("it.contractTemplate.id")
	in := with(fromTemplate(w, key), m{"clientMutationId": "draft"})
	a := w.Do(t, "secretary", "draftContractFromTemplate", in, originFields).Fine()
	for path, want := range map[string]string{
		"it.contract.title": "长安社区读书契约", "it.contract.purpose": "长安社区与恒远机械有限公司共建书屋", "it.contract.endsOn": "2026-09-30",
		"it.contract.status": "DRAFT", "it.contract.parties.0.responsibleHead": "书记", "it.contract.clauses.0.body": "由长安社区登记",
		"it.contract.commitments.0.provider.name": "恒远机械有限公司", "it.contract.commitments.0.receivers.0.name": "长安社区",
		"it.contract.commitments.0.dueOn": "2026-05-01", "it.contract.commitments.1.recurrence": "FREQ=WEEKLY;BYDAY=SA", "it.contract.origin.template.id": key,
	} {
		if got := a.Str(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if again := w.Do(t, "secretary", "draftContractFromTemplate", in, originFields).Fine(); again.Str("it.contract.id") != a.Str("it.contract.id") || again.Get("it.replayed") != true {
		t.Errorf("again: %s", again.Text)
	}
	w.Do(t, "supervisor", "reviseContractTemplate", m{"id": key, "expectedVersion": 1, "text": with(templateText(), m{"title": words("新题", "New")})}, templateFields).Fine()
	old := w.Do(t, "secretary", "draftContractFromTemplate", with(fromTemplate(w, key), m{"version": 1, "language": "en"}), originFields).Fine()
	if old.Str("it.contract.title") != "Reading in 长安社区" || old.Int("it.contract.origin.version") != 1 {
		t.Errorf("got %s", old.Text)
	}
	c := w.Do(t, "liaison", "draftContractFromTemplate", fromTemplate(w, key), originFields).Fine()
	if c.Str("it.contract.title") != "新题" || c.Int("it.contract.origin.version") != 2 {
		t.Errorf("a unit's draft: %s", c.Text)
	}
	step(t, w, "secretary", "proposeContract", a, nil).Fine()
	plain := w.Do(t, "secretary", "draftContract", draft(w), originFields).Fine()
	if plain.Get("it.contract.origin") != nil {
		t.Errorf("a free draft: %s", plain.Text)
	}
}

func TestWhoMayNotDraftOrDoesNotFitIsRefusedATemplate(t *testing.T) {
	w := graphtest.NewTown(t)
	key := w.Do(t, "admin", "createContractTemplate", m{"text": templateText()}, templateFields).Fine().Str("it.contractTemplate.id")
	base := fromTemplate(w, key)
	for _, who := range []string{"outsider", "stranger", "supervisor", "steward", "admin"} {
		w.Do(t, who, "draftContractFromTemplate", base, originFields).Is("FORBIDDEN")
	}
	w.Do(t, "", "draftContractFromTemplate", base, originFields).Is("UNAUTHENTICATED")
	for name, tt := range map[string]struct {
		more m
		code string
		at   string
	}{
		"another type of community": {m{"host": m{"organisation": w.OtherCommunity}}, "TEMPLATE_UNFIT", "host.organisation"},
		"a unit as host":            {m{"host": m{"organisation": w.Unit}}, "TEMPLATE_HOST_NOT_COMMUNITY", "host.organisation"},
		"a community as partner":    {m{"partners": []m{{"organisation": w.OtherCommunity}}}, "TEMPLATE_UNFIT", "partners.0.organisation"},
		"nobody as partner":         {m{"partners": []m{}}, "TEMPLATE_ROLE_MISSING", "partners"},
		"an unknown version":        {m{"version": 2}, "TEXT_VERSION_UNKNOWN", "version"},
		"another language":          {m{"language": "fr"}, "TEMPLATE_LANGUAGE", "language"},
		"an end before the start":   {m{"endsOn": "2026-03-01"}, "ENDS_BEFORE_START", "endsOn"},
		"no such zone":              {m{"timeZone": "Moon/Sea"}, "UNKNOWN_TIME_ZONE", "timeZone"},
		"too long a head's name":    {m{"partners": []m{{"organisation": w.Unit, "liaison": strings.Repeat("长", 101)}}}, "TOO_LONG", "partners.0.liaison"},
		"an order of others":        {m{"signingOrder": []string{w.OtherUnit}}, "SIGNING_ORDER", "signingOrder.0"},
		"another kind of id":        {m{"template": w.Unit}, "WRONG_ID", "template"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.Do(t, "secretary", "draftContractFromTemplate", with(base, tt.more), originFields).Is(tt.code); got.At() != tt.at {
				t.Errorf("at %q, want %q", got.At(), tt.at)
			}
		})
	}
}

func TestAnybodyFindsTheTemplatesAndClausesThatServeACommunity(t *testing.T) {
	w := graphtest.NewTown(t)
	const ask = `query($c: ID, $f: ContractTemplateFilter) { contractTemplates(usableBy: $c, filter: $f, first: 100, orderBy: {field: REVISED_AT, direction: DESC}) {
		totalCount nodes { builtIn status communityTypes unitKinds partners { key label { zh } } } } }`
	all := w.Ask(t, "", ask).Fine()
	if n := all.Int("contractTemplates.totalCount"); n < 12 {
		t.Errorf("%d templates", n)
	}
	school := w.Ask(t, "", ask, "c", w.Community, "f", m{"unitKind": m{"eq": "SCHOOL"}, "status": m{"eq": "ACTIVE"}}).Fine()
	if n := school.Int("contractTemplates.totalCount"); n < 2 || n >= all.Int("contractTemplates.totalCount") {
		t.Errorf("%d for a school", n)
	}
	w.Ask(t, "", ask, "c", w.Unit).Is("WRONG_ID")
	clauses := w.Ask(t, "", `query($c: ID!) { libraryClauses(usableBy: $c, first: 100, filter: {topic: {in: [PERSONAL_DATA, MINORS]}, communityType: {eq: COMMERCIAL}}) {
		totalCount nodes { id topic heading { zh en } builtIn } } }`, "c", w.Community).Fine()
	if clauses.Int("libraryClauses.totalCount") != 3 {
		t.Errorf("got %s", clauses.Text)
	}
	node := w.Ask(t, "", `query($id: ID!) { node(id: $id) { ... on LibraryClause { topic } } contractTemplate(id: "tpl1_00000000000000000000000009") { id } }`,
		"id", clauses.Str("libraryClauses.nodes.0.id")).Fine()
	if node.Get("node.topic") == nil || node.Get("contractTemplate") != nil {
		t.Errorf("got %s", node.Text)
	}
}

// Every template that comes with the program makes a draft without a fault, and the three-party one lives on to be in
// force.
func TestWhatComesWithTheProgramDraftsContractsOfEveryType(t *testing.T) {
	w := graphtest.NewTown(t)
	list := w.Ask(t, "", `{ contractTemplates(first: 100, filter: {status: {eq: ACTIVE}}) { nodes { id communityTypes partners { key unitKinds } } } }`).Fine()
	host := map[string]string{"COMMERCIAL": w.Community, "RESETTLEMENT": w.OtherCommunity}
	for _, kind := range []string{"RURAL", "OLD_ESTATE"} {
		host[kind] = w.Do(t, "admin", "registerCommunity", m{"type": kind, "name": "社区" + kind, "subDistrict": w.SubDistrict}, "community { id }").Fine().Str("it.community.id")
	}
	officer := map[string]string{w.Community: "secretary", w.OtherCommunity: "stranger"}
	units, n := map[string]string{}, 10
	for _, t0 := range list.Get("contractTemplates.nodes").([]any) {
		row := t0.(m)
		of := host[row["communityTypes"].([]any)[0].(string)]
		var partners []m
		for _, p := range row["partners"].([]any) {
			kind := p.(m)["unitKinds"].([]any)[0].(string)
			if units[of+kind] == "" {
				n++
				in := m{"kind": kind, "name": "单位" + kind, "registrations": []m{{"community": of}}}
				if kind != "MILITARY" {
					in["creditCode"] = graphtest.CreditCode(n)
				}
				units[of+kind] = w.Do(t, "admin", "registerResidentUnit", in, "residentUnit { id }").Fine().Str("it.residentUnit.id")
			}
			partners = append(partners, m{"role": p.(m)["key"], "organisation": units[of+kind]})
		}
		if officer[of] == "" {
			officer[of] = "head" + row["communityTypes"].([]any)[0].(string)
			code := w.Do(t, "admin", "invitePerson", m{"role": "SECRETARY", "organisation": of, "signing": true}, "code").Fine().Str("it.code")
			w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": officer[of], "password": graphtest.Password, "name": "书记"}, "person { id }").Fine()
		}
		for _, language := range []string{"zh-CN", "en"} {
			a := w.Do(t, officer[of], "draftContractFromTemplate", m{
				"template": row["id"], "language": language, "host": m{"organisation": of}, "partners": partners, "effectiveOn": "2026-05-01",
			}, originFields).Fine()
			if a.Len("it.contract.commitments") < 3 || a.Len("it.contract.clauses") < 10 {
				t.Errorf("%s: %d commitments, %d clauses", a.Str("it.contract.title"), a.Len("it.contract.commitments"), a.Len("it.contract.clauses"))
			}
		}
		w.Pass(t, time.Minute)
	}
}
