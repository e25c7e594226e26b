package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

func TestListsGoOutAndFilesComeInFromTheCommandLine(t *testing.T) {
	dir := demonstration(t)
	s := serving(t, "--demo", "--data", dir)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(tokensIn(t, dir)["administrator"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := func(args ...string) []string { return append(args, "--server", s.url, "--token-file", token) }

	out, errs, code := cobuild(t, "", append(to("export", "--format", "csv"), `{ communities { nodes { id name } } }`)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || lines[0] != "\uFEFFid,name" || len(lines) < 2 || !strings.HasPrefix(lines[1], "com1_") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	community, _, _ := strings.Cut(lines[1], ",")
	book := filepath.Join(t.TempDir(), "contracts.xlsx")
	if _, errs, code := cobuild(t, "", append(to("export", "--output", book), `{ contracts { nodes { id title status host { name } } } }`)...); code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	if raw, err := os.ReadFile(book); err != nil || !strings.HasPrefix(string(raw), "PK") {
		t.Errorf("the workbook: %v", err)
	}

	var b strings.Builder
	b.WriteString("单位,kind,registrations.0.community,creditCode\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "第%d小学,SCHOOL,%s,%s\n", i, community, graphtest.CreditCode(7_000_000+i))
	}
	fmt.Fprintf(&b, "又一小学,SCHOOL,%s,%s\n", community, graphtest.CreditCode(7_000_007))
	file := filepath.Join(t.TempDir(), "units.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	units := to("import", "--mutation", "registerResidentUnit", "--column", "name=单位")
	out, errs, code = cobuild(t, "", append(units, "--dry-run", file)...)
	if code != 1 || !strings.Contains(out, "1001 lines tried") || !strings.Contains(errs, "Line 1002, creditCode") {
		t.Errorf("a dry run: %d %s %s", code, out, errs)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.csv")
	out, errs, code = cobuild(t, "", append(units, "--errors", wrong, file)...)
	if code != 1 || !strings.Contains(out, "1000 done, 1 wrong") {
		t.Errorf("an import: %d %s %s", code, out, errs)
	}
	if raw, err := os.ReadFile(wrong); err != nil || !strings.Contains(string(raw), "1002,creditCode,ALREADY_TAKEN,") || !strings.Contains(string(raw), "又一小学") {
		t.Errorf("the wrong lines: %s %v", raw, err)
	}
	for name, args := range map[string][]string{
		"no query": to("export"), "no file": units, "another ending": append(to("import", "--mutation", "x"), "units.txt"),
		"no token": {"export", "{ contracts { nodes { id } } }"}, "no address": {"export", "--server", "ftp://x", "--token-file", token, "{ contracts { nodes { id } } }"},
	} {
		if _, errs, code := cobuild(t, "", args...); code != 2 || errs == "" {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
	if _, errs, code := cobuild(t, "", append(to("export"), `{ contracts { nodes { nonsense } } }`)...); code != 1 || !strings.Contains(errs, "Line 1, column 23") {
		t.Errorf("a wrong query: %d %s", code, errs)
	}
}
