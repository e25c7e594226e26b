package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var eventType = regexp.MustCompile(`^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$`)

// declared are the types of events that a Go file declares: its constants Told…, Event… and …Registered.
func declared(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if !strings.Contains(name.Name, "Told") && !strings.HasPrefix(name.Name, "Event") && !strings.HasSuffix(name.Name, "Registered") || i >= len(spec.Values) {
				continue
			}
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && eventType.MatchString(s) {
					all = append(all, s)
				}
			}
		}
		return true
	})
	return all
}

func TestThePageOfEventsNamesAllThatAreTold(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## All types\n")
	var named []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(table, -1) {
		named = append(named, m[1])
	}
	var all []string
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			all = append(all, declared(t, path)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range all {
		if !slices.Contains(named, kind) {
			t.Errorf("%s is told, and docs/events.md does not name it", kind)
		}
	}
	for i, kind := range named {
		if !slices.Contains(all, kind) || slices.Contains(named[:i], kind) {
			t.Errorf("docs/events.md names %s, which nothing tells or which it names twice", kind)
		}
	}
	if len(all) < 80 {
		t.Errorf("only %d types were found: does the test look in the right place?", len(all))
	}
}
