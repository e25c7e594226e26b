//go:build !race

// A whole life takes the race detector a quarter of an hour on each store, and shows it nothing that shorter stories do not:
// it is told without (make check).

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

func TestARealThreePartyAgreementLivesItsWholeLife(t *testing.T) {
	clock, life := built(t, "cmd/cobuild"), built(t, "docs/examples/whole-life")
	for name, args := range stores() {
		t.Run("on "+name, func(t *testing.T) {
			dir, papers := t.TempDir(), t.TempDir()
			s := serving(t, append(args(t, dir), "--demo")...)
			out, err := exec.CommandContext(t.Context(), life, "--url", s.url, "--tokens", filepath.Join(dir, tokensFile),
				"--clock", clock+" demo clock --data "+dir+" --to", "--out", papers).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range []string{
				"signs: SIGNED", "kept in part: RESOLVED", "text version 3 is in force", "has left", "the renewed one is ACTIVE",
				"the first one is EXPIRED", "and nothing more", "the seal is open", "RESOLVED_PARTLY", "APPRAISALS_OPENED      2",
			} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the story does not tell %q: %s", want, out)
				}
			}
			reports, err := filepath.Glob(filepath.Join(papers, "report-*.pdf"))
			if err != nil || len(reports) == 0 {
				t.Fatalf("no report was printed (%v)", err)
			}
			for _, r := range reports {
				if raw, err := os.ReadFile(r); err != nil || !strings.HasPrefix(string(raw), "%PDF-") {
					t.Errorf("%s is no PDF: %v", r, err)
				}
			}
		})
	}
}

// stores are the arguments that put a server on each of the two stores.
func stores() map[string]func(t *testing.T, dir string) []string {
	return map[string]func(*testing.T, string) []string{
		"the embedded store": func(_ *testing.T, dir string) []string { return []string{"--data", dir} },
		"MongoDB": func(t *testing.T, dir string) []string {
			t.Helper()
			uri, database := mongotest.Database(t)
			ring := filepath.Join(dir, "keyring.json")
			if _, errs, code := cobuild(t, "", "keyring", "create", "--keyring", ring); code != 0 {
				t.Fatal(errs)
			}
			return []string{"--mongodb", uri, "--database", database, "--keyring", ring, "--data", dir}
		},
	}
}
