package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestADemonstrationsClockGoesAheadAndNeverBack(t *testing.T) {
	dir := demonstration(t)
	s := serving(t, "--data", dir, "--demo")
	first := tokensIn(t, dir)
	before := statesSeen(t, s, first)["secretary"]
	if !before["SIGNED"] || before["EXPIRED"] {
		t.Fatalf("the demonstration begins with %v", before)
	}
	if out, errs, code := cobuild(t, "", "demo", "clock", "--days", "400", "--data", dir); code != 0 || !strings.Contains(out, tokensFile) {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	if _, errs := s.ask(t, first["secretary"], `{ viewer { id } }`, nil); errs == nil {
		t.Error("a token of a year ago is still good")
	}
	after := statesSeen(t, s, tokensIn(t, dir))["secretary"]
	if after["SIGNED"] || !after["EXPIRED"] {
		t.Errorf("after 400 days there are %v", after)
	}
	if _, errs, code := cobuild(t, "", "demo", "clock", "--to", "2020-01-01", "--data", dir); code != 1 || !strings.Contains(errs, "to:") {
		t.Errorf("back to 2020: %d %s", code, errs)
	}
	s.stop()
	kept, err := clockIn(dir)
	if err != nil || kept.Now().Before(time.Now().AddDate(0, 0, 399)) {
		t.Errorf("after a stop the clock says %v (%v)", kept.Now(), err)
	}
	again := serving(t, "--data", dir, "--demo")
	if states := statesSeen(t, again, tokensIn(t, dir))["secretary"]; !states["EXPIRED"] {
		t.Errorf("after a restart there are %v", states)
	}
}

func TestAClockIsOnlySetWhereADemonstrationRuns(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"nothing runs":       {"demo", "clock", "--days", "1", "--data", dir},
		"no day":             {"demo", "clock", "--data", dir},
		"two ways to say it": {"demo", "clock", "--days", "1", "--to", "2030-01-01", "--data", dir},
	} {
		if _, errs, code := cobuild(t, "", args...); code != 2 || errs == "" {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
	serving(t, "--data", dir)
	if _, errs, code := cobuild(t, "", "demo", "clock", "--days", "1", "--data", dir); code != 2 || !strings.Contains(errs, "--demo") {
		t.Errorf("a server that is no demonstration: %d %s", code, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "demo-clock"), []byte("soon"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := clockIn(dir); err == nil {
		t.Error("a damaged clock is taken")
	}
}
