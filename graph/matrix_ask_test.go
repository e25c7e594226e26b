package graph_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// asker makes questions of the schema: every field of a type, and all below it that is no object with a life of its own.
type asker struct {
	schema *ast.Schema
	args   map[string]string // an argument as it is written, by its name or by "Type.field.argument"
	seen   map[string]bool   // the fields that were asked for, as "Type.field"
	filled map[string]bool   // those of them that held something for somebody
}

func newAsker(s *ast.Schema, w *matrixTown) *asker {
	quoted := func(id string) string { return `"` + id + `"` }
	return &asker{schema: s, seen: map[string]bool{}, filled: map[string]bool{}, args: map[string]string{
		"first": "3", "party": quoted(w.Unit), "type": "COMMERCIAL", "organisation": quoted(w.Community),
		"ids": "[" + quoted(w.Community) + ", " + quoted(w.at["inForce"]) + "]", "Query.node.id": quoted(w.at["inForce"]),
		"Query.amendment.id": quoted(w.at["applied amendment"]), "Query.appraisal.id": quoted(w.at["opened appraisal"]),
		"Query.community.id": quoted(w.Community), "Query.contract.id": quoted(w.at["inForce"]), "Query.organisation.id": quoted(w.Community),
		"Query.publishedContract.id": quoted(w.at["public contract"]), "Query.contractTemplate.id": quoted(w.at["template"]),
		"Query.libraryClause.id": quoted(w.at["libraryClause"]), "Query.residentUnit.id": quoted(w.Unit),
		"Query.cooperationRecord.organisation": quoted(w.Unit), "Query.serviceAccounts.organisation": quoted(w.Unit),
		"Query.serviceAccount.id": quoted(w.at["program"]), "Query.invitations.organisation": "null",
		"Query.whoCanSee.id": quoted(w.at["inForce"]),
		"Query.report.scope": `{contract: ` + quoted(w.at["inForce"]) + `}`, "Query.report.period": "{year: 2026}",
		"Subscription.contractChanged.contract": quoted(w.at["inForce"]), "Subscription.contractChanged.after": `"0"`,
		"Subscription.commitmentDue.contract": quoted(w.at["inForce"]), "Subscription.commitmentDue.after": `"0"`,
		"Query.bulkJob.id": quoted(w.at["export"]), "Subscription.bulkJobChanged.id": quoted(w.at["export"]),
		"Subscription.eventsPublished.after": `"0"`, // the first is public
		"Query._entities.representations":    `[{__typename: "Community", id: ` + quoted(w.Community) + `}]`,
		"Query.webhooks.organisation":        quoted(w.Unit), "Query.webhook.id": quoted(w.at["webhook"]), "Query.webhookDeliveries.webhook": quoted(w.at["webhook"]),
		"Query.playbookApplications.community": quoted(w.Community),
		"Query.need.id":                        quoted(w.at["open need"]), "Query.resource.id": quoted(w.at["public resource"]), "Query.category.code": `"ELDERS_MEALS"`,
		"Query.project.id": quoted(w.at["project"]), "Query.projectTemplate.id": quoted(w.at["project template"]), "Query.projectMigration.id": quoted(w.at["migration"]),
		"Query.matches.need": quoted(w.at["open need"]), "Query.matches.nearMisses": "true",
		"Query.auditTrail.subject": quoted(w.at["inForce"]), "Query.inclusionProof.event": quoted(w.at["signed event"]), "Query.consistencyProof.from": `"1"`,

		"Query.search.text": `"共建"`, "Query.trace.id": quoted(w.at["inForce"]),
	}}
}

func (a *asker) alone(d *ast.Definition) bool {
	return d.Name == "Node" || slices.Contains(d.Interfaces, "Node")
}

func (a *asker) pages(d *ast.Definition) bool { return strings.HasSuffix(d.Name, "Connection") }

// field asks for one field of a type: what it needs as arguments, and what is below it.
func (a *asker) field(of *ast.Definition, f *ast.FieldDefinition, above []string) string {
	a.seen[of.Name+"."+f.Name] = true
	return f.Name + a.arguments(of, f) + a.below(a.schema.Types[f.Type.Name()], above)
}

func (a *asker) arguments(of *ast.Definition, f *ast.FieldDefinition) string {
	var args []string
	for _, g := range f.Arguments {
		v, ok := a.args[of.Name+"."+f.Name+"."+g.Name]
		if !ok && (g.Type.NonNull && g.DefaultValue == nil || g.Name == "first") {
			v, ok = a.args[g.Name]
			if !ok {
				v, ok = a.any(g.Type), true
			}
		}
		if ok {
			args = append(args, g.Name+": "+v)
		}
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// any is some value of an argument's type, as it is written.
func (a *asker) any(t *ast.Type) string {
	d := a.schema.Types[t.Name()]
	v := `"x"`
	switch {
	case d.Kind == ast.Enum:
		v = d.EnumValues[0].Name
	case d.Kind == ast.InputObject:
		v = "{}"
	case d.Name == "Int":
		v = "1"
	case d.Name == "Boolean":
		v = "true"
	}
	if t.Elem != nil {
		return "[" + v + "]"
	}
	return v
}

// below asks for what a composite field holds. Of an object with a life of its own it is enough that it is there: it has
// a section to itself.
func (a *asker) below(d *ast.Definition, above []string) string {
	switch {
	case d == nil || d.IsLeafType():
		return ""
	case a.alone(d):
		return " { __typename id }"
	case d.IsAbstractType():
		var all []string
		for _, p := range a.schema.GetPossibleTypes(d) {
			all = append(all, "... on "+p.Name+a.below(p, above))
		}
		return " { __typename " + strings.Join(all, " ") + " }"
	case slices.Contains(above, d.Name):
		return " { __typename }"
	}
	var all []string
	for _, f := range d.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			all = append(all, a.field(d, f, append(slices.Clone(above), d.Name)))
		}
	}
	return " { " + strings.Join(all, " ") + " }"
}

// sampled asks somebody for every field of a sample: all at once, and one by one where that is refused.
func (a *asker) sampled(t *testing.T, w *matrixTown, who string, s sample) map[string]string {
	t.Helper()
	d, cells := a.schema.Types[s.typ], map[string]string{}
	whole := make([]string, len(d.Fields))
	for i, f := range d.Fields {
		whole[i] = a.field(d, f, []string{d.Name})
	}
	ask := func(fields string) *graphtest.Answer {
		if s.hear != "" {
			return w.listen(who, "it: "+s.hear+" { "+fields+" }")
		}
		return w.Ask(t, who, s.query(fields))
	}
	got := ask(strings.Join(whole, " "))
	for _, f := range d.Fields {
		each := got
		if len(got.Errors) > 0 {
			each = ask(a.field(d, f, []string{d.Name}))
		}
		it, there := each.Get("it").(map[string]any)
		all, many := each.Get("it").([]any)
		switch {
		case len(each.Errors) > 0:
			cells[f.Name] = each.Errors[0].Extensions.Code
		case many: // as one, in which whatever stands in any of them
			for _, e := range all {
				one, _ := e.(map[string]any)
				a.fill(d, f, one[f.Name])
				a.cells(t, cells, f.Name, f, one[f.Name])
			}
		case !there:
			cells[f.Name] = hidden
		default:
			a.fill(d, f, it[f.Name])
			a.cells(t, cells, f.Name, f, it[f.Name])
		}
	}
	return cells
}

func (s sample) query(fields string) string {
	if s.ask != "" {
		return "{ it: " + s.ask + " { " + fields + " } }"
	}
	return `{ it: node(id: "` + s.id + `") { ... on ` + s.typ + " { " + fields + " } } }"
}

// What a cell says.
const (
	hidden = "–"
	empty  = "null"
	given  = "yes"
)

// cells notes what a field holds, and below it the fields of what has no life of its own.
func (a *asker) cells(t *testing.T, cells map[string]string, path string, f *ast.FieldDefinition, v any) {
	t.Helper()
	was := cells[path]
	if list, ok := v.([]any); ok {
		if len(list) == 0 && was == "" {
			cells[path] = empty
		}
		for _, e := range list {
			a.cells(t, cells, path, f, e)
		}
		return
	}
	if v == nil {
		if was == "" {
			cells[path] = empty
		}
		return
	}
	cells[path] = given
	object, _ := v.(map[string]any)
	d := a.schema.Types[f.Type.Name()]
	switch {
	case object == nil || d.Name == "JSON" || a.alone(d):
		return
	case a.pages(d):
		cells[path] = listed(t, path, object)
		nodes := d.Fields.ForName("nodes")
		if a.alone(a.schema.Types[nodes.Type.Name()]) {
			return
		}
		a.cells(t, cells, path+".nodes", nodes, object["nodes"])
		return
	}
	for _, g := range d.Fields {
		if value, asked := object[g.Name]; asked {
			a.fill(d, g, value)
			a.cells(t, cells, path+"."+g.Name, g, value)
		}
	}
}

func (a *asker) fill(d *ast.Definition, f *ast.FieldDefinition, v any) {
	if list, ok := v.([]any); v != nil && (!ok || len(list) > 0) {
		a.filled[d.Name+"."+f.Name] = true
	}
}

// fillAll is fill for a field and all that was asked for below it.
func (a *asker) fillAll(d *ast.Definition, f *ast.FieldDefinition, v any) {
	a.fill(d, f, v)
	parts, ok := v.([]any)
	if !ok {
		parts = []any{v}
	}
	of := a.schema.Types[f.Type.Name()]
	for _, p := range parts {
		part, _ := p.(map[string]any)
		for name, held := range part {
			if g := of.Fields.ForName(name); g != nil {
				a.fillAll(of, g, held)
			}
		}
	}
}

// listed says how many members a list has for somebody. All that a list tells must say the same.
func listed(t *testing.T, path string, page map[string]any) string {
	t.Helper()
	nodes, edges, info := page["nodes"].([]any), page["edges"].([]any), page["pageInfo"].(map[string]any)
	total, _ := page["totalCount"].(float64)
	if _, counts := page["totalCount"]; !counts { // a feed goes on, and is not counted
		if len(nodes) != len(edges) || len(nodes) > 0 && (info["startCursor"] == nil || info["endCursor"] == nil) {
			t.Errorf("%s: a page contradicts itself: %d nodes, %d edges, %v", path, len(nodes), len(edges), info)
		}
		if len(nodes) == 0 {
			return empty
		}
		return given
	}
	if len(nodes) != len(edges) || (len(nodes) == 0) != (total == 0) || (total == 0) != (info["endCursor"] == nil) || (total == 0) != (info["startCursor"] == nil) ||
		(info["hasNextPage"] == true) != (int(total) > len(nodes)) {
		t.Errorf("%s: a page contradicts itself: %d nodes, %d edges, %v in all, %v", path, len(nodes), len(edges), total, info)
	}
	if total == 0 {
		return empty
	}
	return strconv.Itoa(int(total))
}

// heard has somebody listen to a subscription: what they get of its first event.
func (a *asker) heard(w *matrixTown, who string, f *ast.FieldDefinition) string {
	a.seen["Subscription."+f.Name] = true
	got := w.listen(who, f.Name+a.arguments(a.schema.Subscription, f)+" { __typename }")
	if len(got.Errors) > 0 {
		return got.Errors[0].Extensions.Code
	}
	a.fill(a.schema.Subscription, f, got.Get(f.Name))
	return given
}

// root asks somebody for a field of the query, with all that is below it.
func (a *asker) root(t *testing.T, w *matrixTown, who string, f *ast.FieldDefinition) string {
	t.Helper()
	ask := a.field(a.schema.Query, f, nil)
	if d := a.schema.Types[f.Type.Name()]; d.Kind == ast.Object && !a.pages(d) { // has a section to itself
		ask = f.Name + a.arguments(a.schema.Query, f) + " { __typename }"
	}
	got := w.Ask(t, who, "{ "+ask+" }")
	if len(got.Errors) > 0 {
		return got.Errors[0].Extensions.Code
	}
	cells := map[string]string{}
	if list, ok := got.Get(f.Name).([]any); ok { // nodes: each is there or not
		found := slices.DeleteFunc(slices.Clone(list), func(e any) bool { return e == nil })
		return fmt.Sprintf("%d of %d", len(found), len(list))
	}
	a.cells(t, cells, f.Name, f, got.Get(f.Name))
	return cells[f.Name]
}
