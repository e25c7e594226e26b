package notification

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

var update = flag.Bool("update", false, "write the table of kinds in docs/notifications.md anew") // a flag of the test

// table is what people read of the rules.
func table(t *testing.T) string {
	t.Helper()
	v, err := loadVocabulary()
	must(t, err)
	where := map[Circle]string{
		Parties: "every party", Others: "the other parties", TheHost: "the host", Provider: "who promised", Receivers: "who was promised",
		BothSides: "who promised and who was promised", Appraiser: "who judges", Appraised: "who is judged", ThePerson: "the person", TheOwner: "the organisation whose it is", Publisher: "who published it", Claimants: "who claimed it",
	}
	var b strings.Builder
	b.WriteString("| Kind | In words | 中文 | Event | Whose people | In mail |\n|---|---|---|---|---|---|\n")
	for _, r := range Rules() {
		event, whose, mailed := "a day comes near", where[r.To], ""
		if r.Event != "" {
			event = "`" + r.Event + "`"
		}
		if len(r.Roles) == 1 && r.Roles[0] == authz.Signer {
			whose += ", who sign"
		}
		if r.Kind.usual().Mail {
			mailed = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Kind, v[English][string(r.Kind)], v[Chinese][string(r.Kind)], event, whose, mailed)
	}
	return b.String()
}

func TestTheTableOfKindsInTheDocsIsThatOfTheRules(t *testing.T) {
	const file, from, to = "../../docs/notifications.md", "<!-- kinds -->\n", "<!-- end of kinds -->\n"
	page, err := os.ReadFile(file)
	must(t, err)
	before, rest, found := strings.Cut(string(page), from)
	was, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", file)
	}
	is := table(t)
	if *update {
		must(t, os.WriteFile(file, []byte(before+from+is+to+after), 0o644))
	} else if was != is {
		t.Error("the table differs from the rules: run go test ./internal/notification -run TableOfKinds -update")
	}
}
