package graph_test

import (
	"fmt"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const playbookFields = `playbook { version } application { id playbookVersion made { key kind playbookVersion object { __typename id } } rounds { made failed role playbookVersion } newer { from } }
	outcomes { part { key kind title { text zh en } } state object { __typename id } errors { __typename code path message } }`

func TestAPlaybookIsReadByEverybodyInTheirOwnLanguage(t *testing.T) {
	w := graphtest.NewTown(t)
	const q = `{ playbook(type: RURAL) {
		id type version issuedOn strategy title { text zh en } summary { text }
		needs { key category audiences title { text } text { text } quantity unit { text } }
		resources { key category provider title { text } text { text } quantity unit { text } }
		contractTemplates { key title { text } purpose { text } partners { key label { text } unitKinds } libraryClauses clauses { heading { text } body { text } }
			commitments { provider receivers action { text } quantity unit { text } recurrence dueAfterDays standing evidence evidenceNote { text } weight } months noticeDays autoRenew }
		projectTemplates { key name { text } purpose { text } schema filterable { path type } form { title { text } fields { path widget label { text } options { value label { text } } } } }
		posts { key kind title { text } text { text } frequency headcount holder { text } }
		indicators { key title { text } measures { text } unit { text } computed { text } source }
		calendar { key frequency months when { text } title { text } recurrence }
		changesSince(version: 1) { from }
	} }`
	a := w.Ask(t, "", q).Fine()
	if a.Str("playbook.strategy") != "DEVELOPMENT" || a.Str("playbook.title.text") != a.Str("playbook.title.en") || a.Len("playbook.needs") < 15 || a.Get("playbook.changesSince") != nil {
		t.Errorf("got %.2000s", a.Text)
	}
	if a.Str("playbook.projectTemplates.0.schema.type") != "object" {
		t.Errorf("the schema is %v", a.Get("playbook.projectTemplates.0.schema"))
	}
	r := w.Request(t, "", `{ playbook(type: RURAL) { title { text zh } } }`)
	r.Header.Set("Accept-Language", "zh-CN")
	if z := w.Send(t, r).Fine(); z.Str("playbook.title.text") != z.Str("playbook.title.zh") {
		t.Errorf("in Chinese: %s", z.Text)
	}
	if none := w.Ask(t, "", `{ playbook(type: RURAL, version: 77) { id } }`).Fine(); none.Get("playbook") != nil {
		t.Errorf("got %s", none.Text)
	}
	list := w.Ask(t, "", `{ playbooks(first: 2) { totalCount nodes { id type version } pageInfo { endCursor hasNextPage } } }`).Fine()
	next := w.Ask(t, "", `query($a: String) { playbooks(first: 2, after: $a) { nodes { type } } of: playbooks(type: RESETTLEMENT) { totalCount nodes { type } } }`, "a", list.Str("playbooks.pageInfo.endCursor")).Fine()
	if list.Int("playbooks.totalCount") != 4 || next.Str("playbooks.nodes.0.type") != "COMMERCIAL" || next.Int("of.totalCount") != 1 {
		t.Errorf("%s, then %s", list.Text, next.Text)
	}
	w.Ask(t, "", `{ playbooks(first: 101) { totalCount } }`).Is("BAD_PAGE")
	w.Ask(t, "", `{ playbooks(after: "nonsense") { totalCount } }`).Is("BAD_CURSOR")
	node := w.Ask(t, "", `query($id: ID!) { node(id: $id) { ... on Playbook { type version } } }`, "id", a.Str("playbook.id")).Fine()
	if node.Str("node.type") != "RURAL" {
		t.Errorf("got %s", node.Text)
	}
}

func TestAPlaybookIsAppliedByTheSecretaryOnce(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Person(t, "member", "MEMBER", w.Community, false)
	in := m{"community": w.Community, "type": "COMMERCIAL", "kinds": []string{"PROJECT_TEMPLATE"}, "parts": []string{"dogs", "contract-parking"}}
	for _, who := range []string{"liaison", "steward", "member", "supervisor", "auditor", "outsider", "admin", "stranger"} {
		w.Do(t, who, "applyPlaybook", in, playbookFields).Is("FORBIDDEN")
	}
	w.Do(t, "", "applyPlaybook", in, playbookFields).Is("UNAUTHENTICATED")

	dry := w.Do(t, "secretary", "applyPlaybook", with(in, m{"dryRun": true}), playbookFields).Fine()
	if dry.Get("it.application") != nil || dry.Str("it.outcomes.0.state") != "WOULD_BE_MADE" || dry.Get("it.outcomes.0.object") != nil {
		t.Errorf("dry: %s", dry.Text)
	}
	a := w.Do(t, "secretary", "applyPlaybook", with(in, m{"clientMutationId": "one", "language": "en"}), playbookFields).Fine()
	first := map[string]string{}
	for i := range a.Len("it.outcomes") {
		at := fmt.Sprint("it.outcomes.", i, ".")
		if a.Str(at+"state") != "MADE" || a.Len(at+"errors") != 0 {
			t.Errorf("%s: %s", a.Str(at+"part.key"), a.Str(at+"state"))
		}
		first[a.Str(at+"part.key")] = a.Str(at + "object.id")
	}
	if a.Str("it.outcomes.0.object.__typename") != "Need" || a.Str("it.outcomes.1.object.__typename") != "ContractTemplate" || a.Str("it.outcomes.2.object.__typename") != "ProjectTemplate" {
		t.Errorf("got %s", a.Text)
	}
	made := w.Ask(t, "secretary", `query($id: ID!) { need(id: $id) { title status quantity audiences } }`, "id", first["dogs"]).Fine()
	if made.Str("need.status") != "COLLECTED" || made.Str("need.title") != "Dogs in good order" {
		t.Errorf("got %s", made.Text)
	}
	again := w.Do(t, "secretary", "applyPlaybook", with(in, m{"clientMutationId": "one", "language": "en"}), playbookFields).Fine()
	if again.Get("it.replayed") != true || again.Str("it.outcomes.0.state") != "MADE_BEFORE" || again.Str("it.outcomes.0.object.id") != first["dogs"] {
		t.Errorf("again: %s", again.Text)
	}
	if again.Len("it.application.made") != len(first) || again.Len("it.application.rounds") != 1 || again.Str("it.application.rounds.0.role") != "SECRETARY" {
		t.Errorf("noted: %s", again.Text)
	}
	w.Do(t, "secretary", "applyPlaybook", with(in, m{"clientMutationId": "one"}), playbookFields).Is("IDEMPOTENCY_MISMATCH")

	const q = `query($c: ID!) { playbookApplications(community: $c) { totalCount nodes { community { name } type playbookVersion made { key object { id } } newer { from } } } }`
	for who, sees := range map[string]int{"secretary": 1, "steward": 1, "supervisor": 1, "auditor": 1, "admin": 1, "liaison": 0, "member": 0, "stranger": 0} {
		if got := w.Ask(t, who, q, "c", w.Community).Fine(); got.Len("playbookApplications.nodes") != sees {
			t.Errorf("%s sees %s", who, got.Text)
		}
	}
	w.Ask(t, "", q, "c", w.Community).Is("UNAUTHENTICATED")
	w.Ask(t, "secretary", q, "c", w.Unit).Is("WRONG_ID")
}

func TestWhatIsWrongWithAnApplicationIsToldAtItsField(t *testing.T) {
	w := graphtest.NewTown(t)
	sound := m{"community": w.Community, "type": "COMMERCIAL"}
	for name, tt := range map[string]struct {
		more     m
		code, at string
	}{
		"another type":         {m{"type": "RURAL"}, "PLAYBOOK_OF_ANOTHER_TYPE", "type"},
		"no such version":      {m{"playbookVersion": 9}, "PLAYBOOK_VERSION_UNKNOWN", "playbookVersion"},
		"no such part":         {m{"parts": []string{"moon"}}, "PLAYBOOK_PART_UNKNOWN", "parts.0"},
		"a part to be read":    {m{"parts": []string{"guards"}}, "PLAYBOOK_PART_ONLY_READ", "parts.0"},
		"a kind to be read":    {m{"kinds": []string{"CALENDAR"}}, "PLAYBOOK_PART_ONLY_READ", "kinds.0"},
		"a unit":               {m{"community": w.Unit}, "PLAYBOOK_NOT_COMMUNITY", "community"},
		"nothing chosen":       {m{"parts": []string{}}, "TOO_FEW", "parts"},
		"in another language":  {m{"language": "fr"}, "PLAYBOOK_LANGUAGE", "language"},
		"of no such community": {m{"community": "com1_00000000000000000000000000"}, "NOT_FOUND", "community"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := w.Do(t, "secretary", "applyPlaybook", with(sound, tt.more), playbookFields).Is(tt.code); a.At() != tt.at {
				t.Errorf("at %s", a.At())
			}
		})
	}
}

// A category that nobody may file under any more stops one need and no other part.
func TestOnePartThatCannotBeMadeIsToldAtThePart(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Ask(t, "admin", `{ category(code: "ENVIRONMENT_PETS") { id version } }`).Fine()
	w.Do(t, "admin", "retireCategory", m{"code": "ENVIRONMENT_PETS", "expectedVersion": c.Int("category.version")}, "category { code }").Fine()
	a := w.Do(t, "secretary", "applyPlaybook", m{"community": w.Community, "type": "COMMERCIAL", "parts": []string{"dogs", "lifts"}}, playbookFields).Fine()
	states := map[string]int{}
	for i := range a.Len("it.outcomes") {
		at := fmt.Sprint("it.outcomes.", i, ".")
		states[a.Str(at+"state")]++
		if a.Str(at+"state") == "NOT_MADE" && (a.Str(at+"part.key") != "dogs" || a.Str(at+"errors.0.code") != "CATEGORY_RETIRED") {
			t.Errorf("got %s", a.Text)
		}
	}
	if states["MADE"] != 1 || states["NOT_MADE"] != 1 || a.Int("it.application.rounds.0.failed") != 1 {
		t.Errorf("%v in %s", states, a.Text)
	}
}

// The community's own template is drafted from as any other.
func TestASecretaryKeepsTemplatesOfTheOwnCommunity(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "secretary", "createContractTemplate", m{"text": templateText(), "owner": w.OtherCommunity}, templateFields).Is("FORBIDDEN")
	w.Do(t, "steward", "createContractTemplate", m{"text": templateText(), "owner": w.Community}, templateFields).Is("FORBIDDEN")
	w.Do(t, "secretary", "createLibraryClause", m{"owner": w.Community, "text": m{"topic": "COSTS", "heading": words("费用", "Costs"), "body": words("各自承担", "Each bears its own")}}, libraryFields).Is("OWNER_NOT_SUPERVISING")
	a := w.Do(t, "secretary", "createContractTemplate", m{"text": templateText(), "owner": w.Community}, templateFields).Fine()
	key, version := a.Str("it.contractTemplate.id"), a.Int("it.contractTemplate.version")
	in := m{"id": key, "expectedVersion": version, "text": with(templateText(), m{"months": 9})}
	w.Do(t, "stranger", "reviseContractTemplate", in, templateFields).Is("FORBIDDEN")
	w.Do(t, "secretary", "reviseContractTemplate", in, templateFields).Fine()
}
