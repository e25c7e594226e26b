package lifetable_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/lifetable"
)

func page(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestATableIsReadAsPeopleReadIt(t *testing.T) {
	rows, err := lifetable.Read(page(t, "# Life\n\n## One\n\n| State | Verb | Who | To |\n|---|---|---|---|\n"+
		"| `A` | `GO` | host; partner | `A`, `B` |\nWords.\n\n## Two\n\n| `B` | `GO` | time | `A` |\n"), "One")
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	r := lifetable.Find(rows, "A", "GO")
	if r == nil || !slices.Equal(r.Who, []string{"host", "partner"}) || !slices.Equal(r.To, []string{"A", "B"}) {
		t.Errorf("%+v", r)
	}
	if lifetable.Find(rows, "B", "GO") != nil {
		t.Error("it reads on into the next part")
	}
}

func TestATableThatIsMissingOrSaysAThingTwiceIsNone(t *testing.T) {
	const line = "| `A` | `GO` | host | `B` |\n"
	for name, text := range map[string]string{"no heading": line, "no table": "\n## One\nWords.\n", "twice": "\n## One\n" + line + line} {
		if rows, err := lifetable.Read(page(t, text), "One"); err == nil {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	if _, err := lifetable.Read(filepath.Join(t.TempDir(), "none.md"), "One"); err == nil {
		t.Error("no page, and no error")
	}
}
