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
