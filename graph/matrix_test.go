package graph_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// caller is somebody of whom the matrix tells what they get: a column.
type caller struct {
	title string
	login string // with which they are signed in
	is    string

	program bool // which names what it does
}

func callers() []caller {
	return []caller{
		{title: "nobody", login: "", is: "not signed in"},
		{title: "outsider", login: "outsider", is: "liaison of a unit that has nothing to do with any of it"},
		{title: "stranger", login: "stranger", is: "secretary of another community of the sub-district"},
		{title: "member", login: "member", is: "member of the partner, without an office"},
		{title: "steward", login: "steward", is: "grid steward of the host"},
		{title: "host", login: "secretary", is: "secretary of the host, with its signing right"},
		{title: "partner", login: "liaison", is: "liaison of the partner, with its signing right"},
		{title: "borrower", login: "manager", is: "liaison of a property manager to which the partner has lent its office"},
		{title: "former", login: "third", is: "liaison of a unit that has left the contract in force and is in no other"},
		{title: "supervisor", login: "supervisor", is: "officer of the sub-district above the host"},
		{title: "chief", login: "chief", is: "officer of the district above that"},
		{title: "auditor", login: "auditor", is: "auditor of that district"},
		{title: "administrator", login: "admin", is: "operates the platform"},
		{title: "program", login: "program", is: "service account of the partner in the role of its liaison, with every scope that one can have", program: true},
		{title: "bare program", login: "bare", is: "likewise, with no scope", program: true},
	}
}

const preface = `# Who gets what

Written by ` + "`go test ./graph -run Matrix -update`" + `, which asks a town with one of everything for every field as each of the callers,
and tries every mutation. Whoever changes what somebody gets changes this table.

A cell says what the caller gets of a field: **yes**, a value; a number, so many members of a list; **null**, nothing, or
an empty list; **–**, the object itself is hidden and answers as if it were not there; a code, the field is refused. Of a mutation
it says **done**; **may:** with the code of the rule that stood against it, where the caller may do it but not now; or
the code with which it is refused. Of a subscription and what it tells it is the first event. *FORBIDDEN* and *NOT_FOUND* are refusals; an object that is hidden is not found.
Fields below another are named with it, and left out where they are as that.

`

// TestTheMatrixOfWhoGetsWhatIsTheGoldenOne asks for everything as everybody.
func TestTheMatrixOfWhoGetsWhatIsTheGoldenOne(t *testing.T) {
	w := newMatrixTown(t)
	all, a := callers(), newAsker(published(t), w)
	titles := make([]string, len(all))
	text := &strings.Builder{}
	text.WriteString(preface)
	for i, c := range all {
		titles[i] = c.title
		text.WriteString("- **" + c.title + "**: " + c.is + "\n")
	}
	roots(t, w, a, all, titles).print(text)
	subscriptions(w, a, all, titles).print(text)
	changed := mutations(t, w, a, all, titles)
	changed.print(text)
	samplesOf(t, w, a, all, titles, text)
	everyFieldIsIn(t, a)
	everyMutationIsDone(t, changed)
	compare(t, text.String())
}

func scopeOf(f *ast.FieldDefinition) string {
	if d := f.Directives.ForName("scope"); d != nil {
		return d.Arguments.ForName("needs").Value.Raw
	}
	return "none"
}

func roots(t *testing.T, w *matrixTown, a *asker, all []caller, titles []string) *table {
	t.Helper()
	out := newTable("Queries", titles)
	out.scopes = map[string]string{}
	for _, f := range a.schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		out.scopes[f.Name] = scopeOf(f)
		for _, c := range all {
			out.set(f.Name, c.title, a.root(t, w, c.login, f))
		}
	}
	return out
}

func subscriptions(w *matrixTown, a *asker, all []caller, titles []string) *table {
	out := newTable("Subscriptions", titles)
	out.scopes = map[string]string{}
	for _, f := range a.schema.Subscription.Fields {
		out.scopes[f.Name] = scopeOf(f)
		for _, c := range all {
			out.set(f.Name, c.title, a.heard(w, c.login, f))
		}
	}
	return out
}

func mutations(t *testing.T, w *matrixTown, a *asker, all []caller, titles []string) *table {
	t.Helper()
	w.moves()
	out := newTable("Mutations", titles)
	out.scopes = map[string]string{}
	for _, f := range a.schema.Mutation.Fields {
		out.scopes[f.Name] = scopeOf(f)
		w.tries(t, a, f, all, out)
	}
	return out
}

func samplesOf(t *testing.T, w *matrixTown, a *asker, all []caller, titles []string, text *strings.Builder) {
	t.Helper()
	for _, s := range w.samples {
		title := s.typ
		if s.name != "" {
			title += ": " + s.name
		}
		section := newTable(title, titles)
		for _, c := range all {
			cells := a.sampled(t, w, c.login, s)
			for _, row := range sorted(a, s, cells) {
				section.set(row, c.title, cells[row])
			}
		}
		section.print(text)
	}
}

// sorted are the rows in the order of the schema.
func sorted(a *asker, s sample, cells map[string]string) []string {
	var rows []string
	var walk func(d *ast.Definition, under string)
	walk = func(d *ast.Definition, under string) {
		for _, f := range d.Fields {
			path := under + f.Name
			if _, ok := cells[path]; !ok {
				continue
			}
			rows = append(rows, path)
			walk(a.schema.Types[f.Type.Name()], path+".")
		}
	}
	walk(a.schema.Types[s.typ], "")
	return rows
}

// everyFieldIsIn fails for each field of an object type that no row is about, and for each that is empty for everybody:
// such a row says nothing of who may see it.
func everyFieldIsIn(t *testing.T, a *asker) {
	t.Helper()
	for _, d := range own(a.schema) {
		if d.Kind != ast.Object {
			continue
		}
		for _, f := range d.Fields {
			switch name := d.Name + "." + f.Name; {
			case strings.HasPrefix(f.Name, "__"):
			case !a.seen[name]:
				t.Errorf("nobody is asked for %s: add a sample of %s to graph/matrix_list_test.go, and run go test ./graph -run Matrix -update", name, d.Name)
			case !a.filled[name] && !bare(d, name):
				t.Errorf("nobody is given anything in %s: add a sample of %s that has it to graph/matrix_list_test.go", name, d.Name)
			}
		}
	}
}

// bare says of a field that it holds nothing in this town, or that what it holds is looked at where it stands: the parts
// of a page, and of an error.
func bare(d *ast.Definition, name string) bool {
	switch {
	case d.Name == "Query", d.Name == "Mutation", d.Name == "PageInfo", strings.HasSuffix(d.Name, "Connection"), strings.HasSuffix(d.Name, "Edge"), strings.HasSuffix(d.Name, "Error"):
		return true
	case strings.HasSuffix(name, "Payload.errors"), strings.HasSuffix(name, "Payload.clientMutationId"):
		return true
	}
	if name == "Event.delegation" { // nobody has acted by one here; delegation_test.go tells who sees it
		return true
	}
	if name == "BulkJob.estimatedAt" { // every job here is over, or has not begun
		return true
	}
	if name == "ProjectMigration.estimatedAt" { // likewise; what it tells on the way is told in the room's own tests
		return true
	}
	if noNewer(name) {
		return true
	}
	return d.Name == "MailRefusal" || name == "NotificationSettings.mailRefused" // no server takes or refuses mail here
}

// everyMutationIsDone fails for each mutation that none of the callers can do: a row that says nothing of those who may.
func everyMutationIsDone(t *testing.T, of *table) {
	t.Helper()
	for _, row := range of.rows {
		if !strings.Contains(of.pattern(row), done) {
			t.Errorf("nobody can do %s as it is tried: say in graph/matrix_input_test.go with what it is done; got %s", row, of.pattern(row))
		}
	}
}

func compare(t *testing.T, got string) {
	t.Helper()
	golden := filepath.Join("testdata", "matrix.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v: run go test ./graph -run Matrix -update", err)
	}
	if string(want) == got {
		return
	}
	for _, c := range changes(string(want), got) {
		t.Error(c)
	}
	t.Error("who gets what has changed; if that is meant, run go test ./graph -run Matrix -update and look at the difference")
}
