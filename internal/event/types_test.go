package event_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/event"
)

func TestTheTypesAreThoseThatTheDocsList(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## All types\n")
	var named []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)` \\|").FindAllStringSubmatch(table, -1) {
		named = append(named, m[1])
	}
	if have := event.Types(); !slices.Equal(have, named) {
		t.Errorf("types.go has %d types, and docs/events.md %d, in another order or others: run make generate", len(have), len(named))
	}
}
