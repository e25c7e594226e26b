package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// projectTown is a town with a published template of the platform.
func projectTown(t *testing.T) (w *graphtest.Town, template string) {
	t.Helper()
	w = graphtest.NewTown(t)
	a := w.Do(t, "admin", "createProjectTemplate", m{"name": words("小区花园", "Gardens"), "version": gardens()}, projectTemplateFields).Fine()
	template = a.Str("it.projectTemplate.id")
	w.Do(t, "admin", "publishProjectTemplateVersion", m{"id": template, "expectedVersion": 1}, projectTemplateFields).Fine()
	return w, template
}

// nextOf is the input of a further mutation on a project.
func nextOf(a *graphtest.Answer, more m) m {
	return with(m{"id": a.Str("it.project.id"), "expectedVersion": a.Int("it.project.version")}, more)
}

func TestAProjectLivesThroughGraphQL(t *testing.T) {
	w, template := projectTown(t)
	plan := m{"lead": w.Community, "title": "口袋公园", "partners": []string{w.Unit}, "template": template, "record": m{"site": "东门", "area": 12.5}, "budget": "100.50", "clientMutationId": "one"}
	for _, who := range []string{"liaison", "steward", "auditor", "outsider", "stranger", "admin"} {
		w.Do(t, who, "createProject", plan, projectFields).Is("FORBIDDEN")
	}
	w.Do(t, "", "createProject", plan, projectFields).Is("UNAUTHENTICATED")
	a := w.Do(t, "secretary", "createProject", plan, projectFields).Fine()
	if a.Str("it.project.status") != "PLANNED" || a.Get("it.project.budget") != "100.5" || a.Str("it.project.currency") != "CNY" {
		t.Errorf("got %s", a.Text)
	}
	if again := w.Do(t, "secretary", "createProject", plan, projectFields).Fine(); again.Str("it.project.id") != a.Str("it.project.id") || again.Get("it.replayed") != true {
		t.Errorf("again: %s", again.Text)
	}
	w.Do(t, "liaison", "startProject", nextOf(a, nil), projectFields).Is("FORBIDDEN")
	w.Do(t, "outsider", "startProject", nextOf(a, nil), projectFields).Is("NOT_FOUND")
	wrong := w.Do(t, "secretary", "pauseProject", nextOf(a, nil), projectFields).Is("PROJECT_WRONG_STATE")
	if got := wrong.Str("it.errors.0.message"); !strings.Contains(got, "being prepared") || !strings.Contains(got, "letting it rest") {
		t.Errorf("it says %s", got)
	}
	a = w.Do(t, "secretary", "startProject", nextOf(a, m{"note": "开工"}), projectFields).Fine()
	w.Do(t, "secretary", "pauseProject", nextOf(a, m{"expectedVersion": 1}), projectFields).Is("CONFLICT")
	w.Do(t, "secretary", "resumeProject", nextOf(a, nil), projectFields).Is("PROJECT_WRONG_STATE")
	a = w.Do(t, "secretary", "pauseProject", nextOf(a, m{"note": "雨季停工"}), projectFields).Fine()
	w.Do(t, "liaison", "resumeProject", nextOf(a, nil), projectFields).Is("FORBIDDEN")
	if a = w.Do(t, "secretary", "resumeProject", nextOf(a, nil), projectFields).Fine(); a.Str("it.project.status") != "RUNNING" {
		t.Errorf("taken up again: %s", a.Text)
	}
	day := w.Now().Format("2006-01-02")
	a = w.Do(t, "secretary", "addMilestone", nextOf(a, m{"title": "竣工", "dueOn": day}), projectFields).Fine()
	a = w.Do(t, "secretary", "completeMilestone", nextOf(a, m{"key": a.Str("it.project.milestones.0.key"), "on": day, "note": "如期"}), projectFields).Fine()
	a = w.Do(t, "secretary", "recordSpending", nextOf(a, m{"amount": "100.51", "on": day, "purpose": "苗木"}), projectFields).Fine()
	if a.Get("it.project.overBudget") != true || a.Str("it.project.spent") != "100.51" {
		t.Errorf("got %s", a.Text)
	}
	if mix := w.Do(t, "secretary", "recordSpending", nextOf(a, m{"amount": "1", "currency": "USD", "on": day, "purpose": "苗木"}), projectFields).Is("CURRENCY_MIX"); mix.At() != "currency" {
		t.Errorf("at %s", mix.At())
	}
	a = w.Do(t, "secretary", "voidSpending", nextOf(a, m{"key": a.Str("it.project.spendings.0.key"), "reason": "重复登记"}), projectFields).Fine()
	w.Do(t, "liaison", "logProjectActivity", m{"id": a.Str("it.project.id"), "on": day, "title": "种树", "participants": 20}, projectFields).Fine()
	read := w.Ask(t, "steward", `query($id: ID!) { project(id: $id) { activities(first: 5) { totalCount nodes { id title participants organisation { name } } } template { name { zh } } lead { ... on Community { projects(first: 3) { totalCount nodes { title } } } } } }`, "id", a.Str("it.project.id")).Fine()
	if read.Str("project.activities.nodes.0.organisation.name") != "恒远机械有限公司" || read.Int("project.lead.projects.totalCount") != 1 {
		t.Errorf("got %s", read.Text)
	}
	w.Ask(t, "steward", `query($id: ID!) { project(id: $id) { activities { totalCount } } }`, "id", a.Str("it.project.id")).Is("BAD_PAGE")
	for _, who := range []string{"", "outsider", "stranger", "admin"} {
		if got := w.Ask(t, who, `query($id: ID!) { node(id: $id) { id } projects { nodes { id } } }`, "id", a.Str("it.project.id")); got.Get("node") != nil || got.Get("projects.nodes.0") != nil {
			t.Errorf("%s reads it: %s", who, got.Text)
		}
	}
	a = w.Do(t, "secretary", "finishProject", nextOf(w.Do(t, "secretary", "reviseProject", m{"id": a.Str("it.project.id"), "expectedVersion": a.Int("it.project.version") + 1, "title": "街角公园"}, projectFields).Fine(), nil), projectFields).Fine()
	if a.Str("it.project.status") != "DONE" || a.Len("it.project.allowedActions") != 0 {
		t.Errorf("got %s", a.Text)
	}
}

func TestASecretarysProjectIsApprovedCheckedAcceptedAndCommended(t *testing.T) {
	w := graphtest.NewTown(t)
	in := m{"community": w.Community, "title": "一老一小", "partners": []string{w.Unit}}
	for _, who := range []string{"liaison", "supervisor", "stranger", "admin"} {
		w.Do(t, who, "applySecretaryProject", in, projectFields).Is("FORBIDDEN")
	}
	a := w.Do(t, "secretary", "applySecretaryProject", in, projectFields).Fine()
	for _, who := range []string{"secretary", "liaison", "auditor"} {
		w.Do(t, who, "approveProject", nextOf(a, nil), projectFields).Is("FORBIDDEN")
	}
	w.Do(t, "supervisor", "returnProject", nextOf(a, m{"reason": ""}), projectFields).Is("REQUIRED")
	a = w.Do(t, "supervisor", "returnProject", nextOf(a, m{"reason": "请补充预算"}), projectFields).Fine()
	a = w.Do(t, "secretary", "resubmitSecretaryProject", nextOf(a, nil), projectFields).Fine()
	a = w.Do(t, "supervisor", "approveProject", nextOf(a, nil), projectFields).Fine()
	a = w.Do(t, "secretary", "startProject", nextOf(a, nil), projectFields).Fine()
	a = w.Do(t, "supervisor", "checkProjectMidterm", nextOf(a, m{"findings": "进度正常"}), projectFields).Fine()
	a = w.Do(t, "supervisor", "acceptProject", nextOf(a, nil), projectFields).Fine()
	w.Do(t, "supervisor", "commendProject", nextOf(a, nil), projectFields).Is("FORBIDDEN")
	officer(t, w)
	a = w.Do(t, "chief", "commendProject", nextOf(a, m{"note": "全区推广"}), projectFields).Fine()
	if a.Str("it.project.status") != "COMMENDED" || a.Str("it.project.turns.0.note") != "请补充预算" || a.Str("it.project.turns.0.organisation.name") != "堰桥街道" {
		t.Errorf("got %s", a.Text)
	}
	w.Do(t, "supervisor", "terminateProject", nextOf(a, m{"reason": "晚了"}), projectFields).Is("PROJECT_WRONG_STATE")
	w.Settle(t)
	told := w.Ask(t, "supervisor", `{ notifications(first: 5, filter: {kind: {eq: PROJECT_APPLIED}}) { nodes { kind text(language: ZH_CN) subject { id } } } }`).Fine()
	if told.Len("notifications.nodes") == 0 || !strings.Contains(told.Str("notifications.nodes.0.text"), "长安社区申报了书记项目") {
		t.Errorf("the sub-district is told %s", told.Text)
	}
	if told := w.Ask(t, "secretary", `{ notifications(first: 5, filter: {kind: {eq: PROJECT_COMMENDED}}) { nodes { text(language: EN) } } }`).Fine(); told.Len("notifications.nodes") != 1 {
		t.Errorf("the secretary is told %s", told.Text)
	}
}

// officer is a supervisor of the district.
func officer(t *testing.T, w *graphtest.Town) {
	t.Helper()
	code := w.Do(t, "admin", "invitePerson", m{"role": "SUPERVISOR", "organisation": w.District}, "code").Fine().Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "chief", "password": graphtest.Password, "name": "Chief"}, "person { id }").Fine()
}

func TestRecordsArePatchedFoundAndRefusedThroughGraphQL(t *testing.T) {
	w, template := projectTown(t)
	text := "{ \"notes\": {\"z\": 1, \"a\": 2}, \"site\": \"东门\", \"area\": 1.50 }"
	a := w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "口袋公园", "partners": []string{w.Unit}, "template": template, "record": text}, projectFields).Fine()
	if want := `"record":{"notes":{"z":1,"a":2},"site":"东门","area":1.50}`; !strings.Contains(a.Text, want) {
		t.Errorf("the order of keys and the form of numbers are lost: %s", a.Text)
	}
	id := a.Str("it.project.id")
	for name, tt := range map[string]struct {
		in       m
		code, at string
	}{
		"a dollar":        {m{"merge": m{"$inc": m{"area": 1}}}, "KEY_NOT_ALLOWED", "merge"},
		"a dot":           {m{"merge": m{"notes": m{"a.b": 1}}}, "KEY_NOT_ALLOWED", "merge.notes"},
		"beyond a double": {m{"merge": m{"area": json.Number("9007199254740993")}}, "RECORD_NUMBER_INEXACT", "merge.area"},
		"not a number":    {m{"merge": `{"area":NaN}`}, "RECORD_NOT_JSON", "merge.area"},
		"twice the same":  {m{"merge": `{"area":1,"area":2}`}, "DUPLICATE", "merge.area"},
		"outside":         {m{"merge": m{"sight": "x"}}, "RECORD_FIELD_UNKNOWN", "merge.sight"},
		"of another type": {m{"merge": m{"area": "x"}}, "RECORD_FIELD_TYPE", "merge.area"},
		"a broken rule":   {m{"merge": m{"area": -1}}, "RECORD_RULE_BROKEN", "merge.area"},
		"a patch nowhere": {m{"patch": []m{{"op": "remove", "path": "/nowhere"}}}, "RECORD_PATCH_FAILED", "patch.0"},
		"both":            {m{"merge": m{}, "patch": []m{}}, "PATCH_ONE_OF_TWO", ""},
		"too deep":        {m{"merge": strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)}, "TOO_DEEP", strings.TrimSuffix("merge."+strings.Repeat("a.", 16), ".")},
		"300 KiB of text": {m{"merge": m{"site": strings.Repeat("x", 300<<10)}}, "RECORD_TOO_LARGE", "merge"},
	} {
		got := w.Do(t, "liaison", "patchRecord", with(m{"id": id}, tt.in), projectFields)
		if got.Code() != tt.code || got.At() != tt.at {
			t.Errorf("%s: got %s at %s, want %s at %s", name, got.Code(), got.At(), tt.code, tt.at)
		}
	}
	huge := w.Send(t, w.Request(t, "secretary", `mutation($r: JSON!) { it: patchRecord(input: {id: "`+id+`", merge: $r}) { errors { code } } }`, "r", m{"site": strings.Repeat("x", 17<<20)}))
	if huge.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("17 MB are answered %d", huge.Status)
	}
	w.Do(t, "outsider", "patchRecord", m{"id": id, "merge": m{"area": 1}}, projectFields).Is("NOT_FOUND")
	w.Do(t, "supervisor", "patchRecord", m{"id": id, "merge": m{"area": 1}}, projectFields).Is("FORBIDDEN")
	a = w.Do(t, "liaison", "patchRecord", m{"id": id, "patch": []m{{"op": "replace", "path": "/area", "value": 9.5}}}, projectFields).Fine()
	w.Do(t, "secretary", "setRecord", nextOf(a, m{"record": m{"site": "西门", "area": 9.5, "on": "2026-05-01"}}), projectFields).Fine()
	ask := `query($f: ProjectFilter!, $o: ProjectOrder) { projects(filter: $f, orderBy: $o, first: 5) { totalCount nodes { id } } }`
	found := func(cond m) *graphtest.Answer {
		return w.Ask(t, "liaison", ask, "f", m{"template": m{"eq": template}, "record": []m{cond}})
	}
	for _, cond := range []m{{"path": "/area", "eq": 9.5}, {"path": "/area", "gte": 9, "lt": json.Number("9.51")}, {"path": "/site", "in": []string{"西门"}}, {"path": "/on", "lte": "2026-05-01"}, {"path": "/on", "exists": true}} {
		if got := found(cond).Fine(); got.Int("projects.totalCount") != 1 {
			t.Errorf("%v finds %s", cond, got.Text)
		}
	}
	bad := found(m{"path": "/notes", "eq": 1}).Is("FIELD_NOT_DECLARED")
	if !strings.Contains(bad.Text, "/area, /on, /site") {
		t.Errorf("it says %s", bad.Text)
	}
	found(m{"path": "/area", "eq": "x"}).Is("FIELD_VALUE")
	w.Ask(t, "liaison", ask, "f", m{"record": []m{{"path": "/area", "eq": 1}}}).Is("RECORD_FILTER_TEMPLATE")
	w.Ask(t, "liaison", ask, "f", m{"template": m{"eq": template}}, "o", m{"field": "RECORD", "path": "/area", "direction": "DESC"}).Fine()
}

// Many write into the same record at once through GraphQL, some without and some with a client's own identifier: every
// field is there in the end.
func TestPatchesAtOnceLoseNothing(t *testing.T) {
	const many = 24
	w, template := projectTown(t)
	a := w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "口袋公园", "partners": []string{w.Unit}, "template": template, "record": m{"site": "东门", "notes": m{}}}, projectFields).Fine()
	w.Token(t, "liaison")
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			in := m{"id": a.Str("it.project.id"), "merge": m{"notes": m{fmt.Sprintf("n%d", i): i}}}
			if i%2 == 1 {
				in["clientMutationId"] = strconv.Itoa(i)
			}
			if got := w.Do(t, []string{"secretary", "liaison"}[i%2], "patchRecord", in, "errors { code }"); got.Code() != "" {
				t.Errorf("patch %d: %s", i, got.Text)
			}
		})
	}
	wg.Wait()
	now := w.Ask(t, "secretary", `query($id: ID!) { project(id: $id) { record } }`, "id", a.Str("it.project.id")).Fine()
	for i := range many {
		if now.Get(fmt.Sprintf("project.record.notes.n%d", i)) == nil {
			t.Errorf("field %d is lost: %s", i, now.Text)
		}
	}
}

func TestTemplatesArePublishedAndProjectsMoved(t *testing.T) {
	w, template := projectTown(t)
	for _, who := range []string{"steward", "auditor"} {
		w.Do(t, who, "createProjectTemplate", m{"name": words("甲", "A"), "version": gardens()}, projectTemplateFields).Is("FORBIDDEN")
	}
	remote := gardens()
	remote["schema"] = m{"type": "object", "additionalProperties": false, "properties": m{"a": m{"$ref": "file:///etc/passwd"}}}
	if bad := w.Do(t, "admin", "createProjectTemplate", m{"name": words("甲", "A"), "version": remote}, projectTemplateFields).Is("SCHEMA_REMOTE_REFERENCE"); bad.At() != "version.schema.properties.a.$ref" {
		t.Errorf("at %s", bad.At())
	}
	made := func(record m) string {
		return w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "口袋公园", "template": template, "record": record}, projectFields).Fine().Str("it.project.id")
	}
	good, bad := made(m{"site": "东门", "area": 12}), made(m{"site": "西门", "area": 12.5})
	second := gardens()
	second["schema"] = m{"type": "object", "additionalProperties": false, "required": []string{"place"}, "properties": m{"place": m{"type": "string"}, "area": m{"type": "integer"}, "state": m{"enum": []string{"new"}}}}
	second["fields"], second["form"] = []m{{"path": "/place", "type": "STRING"}}, nil
	second["steps"] = []m{{"do": "RENAME", "path": "/site", "key": "place"}, {"do": "CONVERT", "path": "/area", "type": "INTEGER"}, {"do": "SET_DEFAULT", "path": "/state", "value": "new"}}
	w.Do(t, "secretary", "reviseProjectTemplate", m{"id": template, "expectedVersion": 2, "version": second}, projectTemplateFields).Is("FORBIDDEN")
	mistyped := with(second, m{"steps": []m{{"do": "RENAME", "path": "/site", "key": "place"}, {"do": "REMOVE", "path": "/aria"}}})
	if bad := w.Do(t, "admin", "reviseProjectTemplate", m{"id": template, "expectedVersion": 2, "version": mistyped}, projectTemplateFields).Is("MIGRATION_PATH_EMPTY"); bad.At() != "version.steps.1.path" {
		t.Errorf("at %s", bad.At())
	}
	a := w.Do(t, "admin", "reviseProjectTemplate", m{"id": template, "expectedVersion": 2, "version": second}, projectTemplateFields).Fine()
	w.Do(t, "secretary", "publishProjectTemplateVersion", m{"id": template, "expectedVersion": 3}, projectTemplateFields).Is("FORBIDDEN")
	a = w.Do(t, "admin", "publishProjectTemplateVersion", m{"id": template, "expectedVersion": a.Int("it.projectTemplate.version")}, projectTemplateFields).Fine()
	if a.Int("it.projectTemplate.latest.number") != 2 || a.Str("it.projectTemplate.latest.steps.0.do") != "RENAME" {
		t.Errorf("got %s", a.Text)
	}
	w.Do(t, "secretary", "migrateProjects", m{"template": template}, projectMigrationFields).Is("FORBIDDEN")
	w.Do(t, "", "migrateProjects", m{"template": template}, projectMigrationFields).Is("UNAUTHENTICATED")
	move := w.Do(t, "admin", "migrateProjects", m{"template": template}, projectMigrationFields).Fine()
	w.Settle(t)
	w.Do(t, "admin", "cancelProjectMigration", m{"id": move.Str("it.projectMigration.id")}, projectMigrationFields).Is("MIGRATION_OVER")
	done := w.Ask(t, "admin", `query($id: ID!) { projectMigration(id: $id) { status total moved failed endedAt problems(first: 5) { totalCount nodes { projectId project { id } fromVersion faults { code path message } } } }
		projectMigrations(first: 3) { nodes { id } } }`, "id", move.Str("it.projectMigration.id")).Fine()
	if done.Str("projectMigration.status") != "DONE" || done.Int("projectMigration.moved") != 1 || done.Str("projectMigration.problems.nodes.0.projectId") != bad ||
		done.Get("projectMigration.problems.nodes.0.project") != nil || done.Str("projectMigration.problems.nodes.0.faults.0.path.0") != "area" ||
		!strings.Contains(done.Str("projectMigration.problems.nodes.0.faults.0.message"), "Step 2 cannot be done at /area") {
		t.Errorf("got %s", done.Text)
	}
	now := w.Ask(t, "secretary", `query($id: ID!) { project(id: $id) { record templateVersion } }`, "id", good).Fine()
	if !strings.Contains(now.Text, `"record":{"area":12,"place":"东门","state":"new"}`) || now.Int("project.templateVersion") != 2 {
		t.Errorf("it became %s", now.Text)
	}
	w.Ask(t, "secretary", `query($id: ID!) { projectMigration(id: $id) { id } }`, "id", move.Str("it.projectMigration.id")).Fine()
	r := w.Do(t, "admin", "retireProjectTemplate", m{"id": template, "expectedVersion": a.Int("it.projectTemplate.version")}, projectTemplateFields).Fine()
	if r.Str("it.projectTemplate.status") != "RETIRED" {
		t.Errorf("got %s", r.Text)
	}
	if late := w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "迟到", "template": template}, projectFields).Is("PROJECT_TEMPLATE_RETIRED"); late.At() != "template" {
		t.Errorf("at %s", late.At())
	}
	list := w.Ask(t, "", `query($o: ID!) { all: projectTemplates { totalCount } usable: projectTemplates(usableBy: $o) { totalCount } projectTemplate(id: "`+template+`") { versions(first: 5) { nodes { number publishedAt summary } } } }`, "o", w.Community).Fine()
	if list.Int("all.totalCount") != 1 || list.Int("usable.totalCount") != 0 || list.Len("projectTemplate.versions.nodes") != 2 {
		t.Errorf("got %s", list.Text)
	}
}

func TestAFileIsAttachedToAProject(t *testing.T) {
	w := graphtest.NewTown(t)
	a := w.Do(t, "secretary", "createProject", m{"lead": w.Community, "title": "口袋公园", "partners": []string{w.Unit}}, projectFields).Fine()
	id := a.Str("it.project.id")
	mine, theirs := brought(t, w.House, "liaison", w.Unit, photograph), brought(t, w.House, "outsider", w.OtherUnit, photograph+"2")
	w.Do(t, "liaison", "attachFile", m{"id": mine, "expectedVersion": 2}, "file { id }").Is("FILE_ONE_SUBJECT")
	w.Do(t, "outsider", "attachFile", m{"id": theirs, "expectedVersion": 2, "project": id}, "file { id }").Is("NOT_FOUND")
	w.Do(t, "liaison", "attachFile", m{"id": mine, "expectedVersion": 2, "project": id}, "file { id attachedTo { id } }").Fine()
	got := w.Ask(t, "supervisor", `query($id: ID!) { project(id: $id) { attachments(first: 5) { nodes { id name attachedTo { id } address { url } } } } }`, "id", id).Fine()
	if got.Str("project.attachments.nodes.0.attachedTo.id") != id {
		t.Errorf("got %s", got.Text)
	}
	if hidden := fileOf(t, w.House, "outsider", mine); hidden.Get("node") != nil {
		t.Errorf("a stranger reads it: %s", hidden.Text)
	}
	left := w.Do(t, "liaison", "leaveProject", m{"id": id, "expectedVersion": 1}, "project { partners { id } }").Fine()
	if left.Len("it.project.partners") != 0 {
		t.Errorf("got %s", left.Text)
	}
	if hidden := fileOf(t, w.House, "liaison", mine); hidden.Get("node") != nil {
		t.Errorf("who left reads it: %s", hidden.Text)
	}
}
