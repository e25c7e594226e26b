package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAReportIsPrintedWhetherAServerRunsOrNot(t *testing.T) {
	dir := demonstration(t)
	s := serving(t, "--data", dir, "--demo")
	data, errs := s.ask(t, tokensIn(t, dir)["supervisor"], `{ viewer { roles { organisation { id } } } }`, nil)
	roles, _ := at(data, "viewer", "roles").([]any)
	if errs != nil || len(roles) == 0 {
		t.Fatal(errs)
	}
	of, _ := at(roles[0], "organisation", "id").(string)
	file := filepath.Join(t.TempDir(), "r.pdf")
	out, problem, code := cobuild(t, "", "report", "--scope", of, "--period", "2026", "--language", "zh-CN", "-o", file, "--data", dir)
	if code != 0 || !strings.Contains(out, file) {
		t.Fatalf("%d %s %s", code, out, problem)
	}
	if raw, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(raw, []byte("%PDF-")) {
		t.Errorf("%v %.40q", err, raw)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
	page, problem, code := cobuild(t, "", "report", "--scope", of, "--period", "2026", "--format", "html", "--language", "en", "--output", "-", "--data", dir)
	if code != 0 || !strings.Contains(page, "Annual co-building report 2026") {
		t.Errorf("%d %s", code, problem)
	}
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--period", "2026"}, 2, "--scope"},
		{[]string{"--scope", of}, 2, "--period"},
		{[]string{"--scope", of, "--period", "2026", "--format", "doc"}, 2, "pdf, html"},
		{[]string{"--scope", of, "--period", "2026", "--language", "fr"}, 2, "zh-CN, en"},
		{[]string{"--scope", of, "--period", "soon"}, 1, "2026-Q1"},
		{[]string{"--scope", of, "--period", "2099"}, 1, "2099-01-01"},
		{[]string{"--scope", "com1_00000000000000000000000000", "--period", "2026"}, 1, "cobuild: "},
	} {
		_, problem, code := cobuild(t, "", append([]string{"report", "--data", dir}, tt.args...)...)
		if code != tt.code || !strings.Contains(problem, tt.says) {
			t.Errorf("%v: %d %s", tt.args, code, problem)
		}
	}
}
