package graph_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/personal"
)

const accesses = `{ personalAccesses(first: 10) { totalCount nodes { id field role count day firstAt lastAt organisation { id } serviceAccount { id } } } }`

func TestEverybodySeesInWhichOfficesTheirNameWasRead(t *testing.T) {
	w := graphtest.NewTown(t)
	for range 2 {
		w.Ask(t, "supervisor", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { id name } } }`, "o", w.Community).Fine()
	}
	w.Ask(t, "secretary", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { id name } } }`, "o", w.Community).Fine()
	w.Ask(t, "auditor", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { id } } }`, "o", w.Community).Fine() // no name
	w.Settle(t)
	got := w.Ask(t, "secretary", accesses).Fine()
	if got.Int("personalAccesses.totalCount") != 1 || got.Str("personalAccesses.nodes.0.field") != "Person.name" || got.Int("personalAccesses.nodes.0.count") != 2 ||
		got.Str("personalAccesses.nodes.0.role") != "SUPERVISOR" || got.Str("personalAccesses.nodes.0.organisation.id") != w.SubDistrict {
		t.Errorf("the secretary sees %s", got.Text)
	}
	got = w.Ask(t, "steward", accesses).Fine()
	if got.Int("personalAccesses.totalCount") != 2 {
		t.Errorf("the steward sees %s", got.Text)
	}
	entry := got.Str("personalAccesses.nodes.0.id")
	if a := w.Ask(t, "steward", `query($i: ID!) { node(id: $i) { id } }`, "i", entry).Fine(); a.Str("node.id") != entry {
		t.Errorf("their own: %s", a.Text)
	}
	for _, who := range []string{"secretary", "supervisor", "admin", ""} {
		if a := w.Ask(t, who, `query($i: ID!) { node(id: $i) { id } }`, "i", entry).Fine(); a.Get("node") != nil {
			t.Errorf("%s sees who read another's: %s", who, a.Text)
		}
	}
	w.Ask(t, "", accesses).Is("UNAUTHENTICATED")
}

func TestWhoIsErasedLeavesNothingButAnIdentifier(t *testing.T) {
	w := graphtest.NewTown(t)
	me := w.Ask(t, "steward", `{ viewer { id version name loginName } }`).Fine()
	id, version := me.Str("viewer.id"), me.Int("viewer.version")
	const ask = "person { id name loginName email erasedAt roles { revokedAt } }"
	erase := m{"person": id, "expectedVersion": version, "password": graphtest.Password}
	w.Do(t, "", "erasePerson", erase, ask).Is("UNAUTHENTICATED")
	w.Do(t, "secretary", "erasePerson", erase, ask).Is("FORBIDDEN")
	w.Do(t, "outsider", "erasePerson", erase, ask).Is("NOT_FOUND")
	w.Do(t, "steward", "erasePerson", m{"person": w.Unit, "expectedVersion": version}, ask).Is("WRONG_ID")
	w.Do(t, "steward", "erasePerson", m{"person": id, "expectedVersion": version + 7, "password": graphtest.Password}, ask).Is("CONFLICT")
	w.Do(t, "steward", "erasePerson", m{"person": id, "expectedVersion": version, "password": "not this one"}, ask).Is("PASSWORD_WRONG")
	admin := w.Ask(t, "admin", `{ viewer { id version } }`).Fine()
	w.Do(t, "admin", "erasePerson", m{"person": admin.Str("viewer.id"), "expectedVersion": admin.Int("viewer.version"), "password": graphtest.Password}, ask).
		Is("LAST_ADMINISTRATOR")
	w.Ask(t, "secretary", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { name } } }`, "o", w.Community).Fine()
	w.Settle(t)
	gone := w.Do(t, "steward", "erasePerson", erase, ask).Fine()
	if gone.Str("it.person.id") != id || gone.Get("it.person.name") != nil || gone.Get("it.person.loginName") != nil || gone.Get("it.person.erasedAt") == nil {
		t.Errorf("left: %s", gone.Text)
	}
	w.Ask(t, "steward", `{ viewer { id } }`).Is("UNAUTHENTICATED")
	w.Do(t, "", "signIn", m{"login": "steward", "password": graphtest.Password}, "token").Is("INVALID_CREDENTIALS")
	w.Settle(t)
	if left := w.About(t, "person", id, "notifications", "personal_accesses", "security_log", "sessions"); len(left) > 0 {
		t.Errorf("there is something about them in %v", left)
	}
	seen := w.Ask(t, "admin", `query($i: ID!) { node(id: $i) { ... on Person { id name erasedAt roles { revokedAt } } } }`, "i", id).Fine()
	if seen.Get("node.name") != nil || seen.Get("node.erasedAt") == nil && seen.Get("node") != nil {
		t.Errorf("the administrator sees %s", seen.Text)
	}
	w.Do(t, "admin", "erasePerson", m{"person": id, "expectedVersion": version + 1, "password": graphtest.Password}, ask).Is("PERSON_ERASED")
}

func TestTheLastSignerOfABoundOrganisationNamesASuccessorFirst(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	me := w.Ask(t, "liaison", `{ viewer { id version } }`).Fine()
	erase := m{"person": me.Str("viewer.id"), "expectedVersion": me.Int("viewer.version"), "password": graphtest.Password}
	w.Do(t, "liaison", "erasePerson", erase, "person { id }").Is("LAST_SIGNER")
	w.Person(t, "successor", "LIAISON", w.Unit, true)
	w.Do(t, "liaison", "erasePerson", erase, "person { id }").Fine()
	a := w.Ask(t, "secretary", `{ contracts(first: 1) { nodes { title parties { signature { personName signedAt } } } } }`).Fine()
	if strings.Contains(a.Text, "Name of liaison") || !strings.Contains(a.Text, "Name of secretary") {
		t.Errorf("the signatures say %s", a.Text)
	}
}

// TestNothingPersonalIsAnywhereButWhereItIsShown lets a town live for a while and looks at everything that it left.
func TestNothingPersonalIsAnywhereButWhereItIsShown(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	w.Do(t, "admin", "invitePerson", m{"role": "MEMBER", "organisation": w.Unit, "name": "Name of somebody"}, "code").Fine()
	w.Do(t, "", "signIn", m{"login": "Name of somebody", "password": "Name of somebody"}, "token").Is("INVALID_CREDENTIALS")
	w.Ask(t, "supervisor", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { name } } }`, "o", w.Community).Fine()
	out := w.Ask(t, "secretary", `{ contracts(first: 1) { nodes { export } } }`).Fine()
	w.Settle(t)
	for what, text := range map[string][]byte{"the file": w.File(t), "the log": []byte(w.Log()), "the export": []byte(out.Text)} {
		if bytes.Contains(text, []byte("Name of ")) {
			i := bytes.Index(text, []byte("Name of "))
			t.Errorf("%s says %q", what, text[max(0, i-60):min(len(text), i+60)])
		}
	}
}

func TestTheMarkOfTheSchemaAndTheTypeOfTheRoomAgree(t *testing.T) {
	s := published(t)
	marked := map[string]bool{}
	for _, d := range own(s) {
		for _, f := range d.Fields {
			if f.Directives.ForName("personal") != nil {
				marked[d.Name+"."+f.Name] = true
			}
		}
	}
	for name, kept := range map[string]reflect.Type{
		"Person": reflect.TypeFor[person.Person](), "Invitation": reflect.TypeFor[person.Invitation](),
		"File": reflect.TypeFor[file.File](),
	} {
		fields, err := personal.Fields(kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Types[name].Fields {
			if is := slices.Contains(fields, f.Name) || f.Name == "personName"; is != marked[name+"."+f.Name] {
				t.Errorf("%s.%s: marked %v, kept as personal %v", name, f.Name, !is, is)
			}
		}
	}
	for _, d := range own(s) {
		for _, f := range d.Fields {
			if f.Name == "personName" && !marked[d.Name+"."+f.Name] {
				t.Errorf("%s.personName is not marked", d.Name)
			}
		}
	}
}

// TestNoRoomKeepsTheNameOfAPersonAsPlainText looks at the source: a copied name is a name that cannot be erased.
func TestNoRoomKeepsTheNameOfAPersonAsPlainText(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "internal", "*", "*.go"))
	if err != nil || len(files) < 100 {
		t.Fatal(err, len(files))
	}
	for _, f := range files {
		raw, err := os.ReadFile(f) //nolint:gosec // the sources of this program
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"bson:\"personName", "bson:\"email", "bson:\"loginName"} {
			for line := range strings.Lines(string(raw)) {
				if strings.Contains(line, word) && !strings.Contains(line, "personal.Text") {
					t.Errorf("%s keeps %s", f, strings.TrimSpace(line))
				}
			}
		}
	}
}
