package main

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// gardens is a form of records with one field, which has another name in its second version.
func gardens(key string) map[string]any {
	return map[string]any{
		"schema": map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{key: map[string]any{"type": "string"}}},
		"fields": []any{map[string]any{"path": "/" + key, "type": "STRING"}},
	}
}

// The server is killed while it moves projects to a newer version of their template. The next one on the same data moves
// the rest, and every project was moved once. COBUILD_MIGRATION_SIZE has it happen to more of them, 50,000 for example;
// then it fails where the kill came too late to leave a rest.
func TestAMigrationGoesOnAfterItsServerWasKilled(t *testing.T) {
	many, err := strconv.Atoi(cmp.Or(os.Getenv("COBUILD_MIGRATION_SIZE"), "600"))
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := demonstration(t), free(t)
	kill, s := killable(t, dir, addr), &server{url: "http://" + addr}
	tokens := tokensIn(t, dir)
	ask := func(who, query string, variables map[string]any) map[string]any {
		data, errs := s.ask(t, tokens[who], query, variables)
		if wrong, _ := at(data, "it", "errors").([]any); len(errs)+len(wrong) > 0 {
			t.Errorf("%s: %v %v", query, errs, wrong)
		}
		return data
	}
	do := func(who, mutation, fields string, in map[string]any) map[string]any {
		name := string(mutation[0]-'a'+'A') + mutation[1:]
		return ask(who, "mutation($in: "+name+"Input!) { it: "+mutation+"(input: $in) { "+fields+" errors { code message } } }", map[string]any{"in": in})
	}
	const template = "projectTemplate { id version }"
	made := do("administrator", "createProjectTemplate", template, map[string]any{"name": map[string]any{"zh": "花园", "en": "Gardens"}, "version": gardens("site")})
	of := at(made, "it", "projectTemplate", "id")
	do("administrator", "publishProjectTemplateVersion", template, map[string]any{"id": of, "expectedVersion": 1})
	lead := at(ask("secretary", `{ viewer { roles { organisation { id } } } }`, nil), "viewer", "roles").([]any)[0]
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := n; i < many; i += 16 {
				do("secretary", "createProject", "project { id }", map[string]any{
					"lead": at(lead, "organisation", "id"), "title": fmt.Sprintf("第%d处花园", i), "template": of, "record": map[string]any{"site": strconv.Itoa(i)},
				})
			}
		})
	}
	wg.Wait()
	second := gardens("place")
	second["steps"] = []any{map[string]any{"do": "RENAME", "path": "/site", "key": "place"}}
	do("administrator", "reviseProjectTemplate", template, map[string]any{"id": of, "expectedVersion": 2, "version": second})
	do("administrator", "publishProjectTemplateVersion", template, map[string]any{"id": of, "expectedVersion": 3})

	move := at(do("administrator", "migrateProjects", "projectMigration { id }", map[string]any{"template": of}), "it", "projectMigration", "id")
	progress := func() map[string]any {
		is, _ := at(ask("administrator", `query($id: ID!) { it: projectMigration(id: $id) { status total moved failed } }`, map[string]any{"id": move}), "it").(map[string]any)
		return is
	}
	moved := func() float64 { // as many as can be counted, and beyond that, what is told of it
		data := ask("secretary", `query($of: ID!) { projects(filter: {template: {eq: $of}, record: [{path: "/place", exists: true}]}) { totalCount } }`, map[string]any{"of": of})
		n, counted := at(data, "projects", "totalCount").(float64)
		if !counted {
			n, _ = progress()["moved"].(float64)
		}
		return n
	}
	asked := time.Now()
	for moved() <= float64(many-600)/3 && time.Since(asked) < 10*time.Minute && !t.Failed() { // of few the first, of many a third
		time.Sleep(time.Duration(many) * 2 * time.Microsecond)
	}
	kill()
	killable(t, dir, addr)
	rest := moved()
	t.Logf("%v of %d were moved when the next server had begun", rest, many)
	if many > 600 && int(rest) == many {
		t.Error("the kill came too late")
	}

	var is map[string]any
	told := map[any]bool{}
	for began := time.Now(); at(is, "status") != "DONE" && time.Since(began) < 10*time.Minute && !t.Failed(); time.Sleep(20 * time.Millisecond) {
		told[at(is, "moved")] = true
		is = progress()
	}
	t.Logf("done %v after it was asked for; while it went on, its progress was told in %d steps", time.Since(asked).Round(time.Second), len(told))
	if fmt.Sprint(is["total"], is["moved"], is["failed"]) != fmt.Sprint(many, many, 0) {
		t.Errorf("the migration tells %v", is)
	}
	seen := 0
	for after, more := any(nil), any(true); more == true; {
		list := at(ask("secretary", `query($of: ID!, $after: String) { projects(first: 100, after: $after, filter: {template: {eq: $of}}) {
			nodes { version templateVersion title record } pageInfo { hasNextPage endCursor } } }`, map[string]any{"of": of, "after": after}), "projects")
		nodes, _ := at(list, "nodes").([]any)
		for _, p := range nodes {
			seen++
			if at(p, "version") != 2.0 || at(p, "templateVersion") != 2.0 || fmt.Sprintf("第%v处花园", at(p, "record", "place")) != at(p, "title") {
				t.Errorf("moved to %v", p)
			}
		}
		after, more = at(list, "pageInfo", "endCursor"), at(list, "pageInfo", "hasNextPage")
	}
	if seen != many {
		t.Errorf("%d of %d are there", seen, many)
	}
}
