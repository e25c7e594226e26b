package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// copied is a copy of a folder as it is now.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "keyring.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// found is the first part of a pattern in a text.
func found(t *testing.T, pattern, in string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(in)
	if m == nil {
		t.Fatalf("no %s in %s", pattern, in)
	}
	return m[1]
}

func TestTheLogIsExportedCheckedAndWitnessed(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	state, file := filepath.Join(out, "witness.json"), filepath.Join(out, "log.audit")
	fine := func(args ...string) string {
		t.Helper()
		said, errs, code := cobuild(t, "", args...)
		if code != 0 {
			t.Fatalf("%v: %d %s%s", args, code, said, errs)
		}
		return said
	}
	admin := func(login string) { fine("admin", "create", "--login", login, "--data", dir) }
	watch := func(s *server) (string, string, int) {
		t.Helper()
		return cobuild(t, "", "witness", "--url", s.url, "--state", state, "--witness-name", "witness.example.net", "--once")
	}
	admin("first")
	young := copied(t, dir) // what the log's owner will go back to
	s := serving(t, "--data", dir)
	said, errs, code := watch(s)
	if code != 1 || !strings.Contains(errs, "did not take") {
		t.Fatalf("an unregistered witness: %d %s%s", code, said, errs)
	}
	key := found(t, `This witness: (\S+)`, said)
	s.stop()
	s = serving(t, "--data", dir, "--witness", key)
	admin("second") // through the running server
	if said, errs, code = watch(s); code != 0 || !strings.Contains(said, "counter-signed") {
		t.Fatalf("a registered witness: %d %s%s", code, said, errs)
	}
	if said := fine("audit", "export", file, "--data", dir); !strings.Contains(said, "events written") {
		t.Errorf("exported: %s", said)
	}
	if said, errs, code = watch(s); code != 0 { // the export has brought everything into a checkpoint
		t.Fatalf("a registered witness: %d %s%s", code, said, errs)
	}
	said = fine("audit", "verify", file, "--trust", key)
	log := found(t, `Signed +(\S+)`, said)
	if !strings.Contains(said, "The log is whole") || !strings.Contains(said, "witness.example.net") || strings.Count(said, "vouched for by you") != 1 {
		t.Errorf("checked: %s", said)
	}
	fine("audit", "verify", "--trust", log, file)
	s.stop()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)*2/3] ^= 1
	bad := filepath.Join(out, "bad.audit")
	if err := os.WriteFile(bad, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := cobuild(t, "", "audit", "verify", bad); code != 1 || !strings.Contains(errs, "NOT whole at event") {
		t.Errorf("a flipped byte: %d %s", code, errs)
	}
	said = fine("audit", "export", filepath.Join(out, "stopped.audit"), "--data", dir) // with no server
	if !strings.Contains(said, "events written") {
		t.Errorf("exported: %s", said)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"audit", "export", file, "--data", dir}, 2, "already"},
		{[]string{"audit", "export", "--data", dir}, 2, "one file"},
		{[]string{"audit", "export", filepath.Join(out, "no", "where"), "--data", dir}, 1, "no such"},
		{[]string{"audit", "verify", filepath.Join(out, "nothing")}, 1, "no such"},
		{[]string{"audit", "verify", state}, 1, "NOT whole at the head"},
		{[]string{"audit", "verify", "--trust", "x", file}, 2, "name+hash+base64"},
		{[]string{"audit", "verify", "--trust", strings.ReplaceAll(key, "witness", "nobody"), file}, 2, "name+hash+base64"},
		{[]string{"serve", "--witness", "x", "--data", dir}, 2, "name+hash+base64"},
		{[]string{"witness"}, 2, "--url"},
		{[]string{"witness", "--url", "ftp://x"}, 2, "--url"},
		{[]string{"witness", "--url", "http://127.0.0.1:1", "--witness-name", "a b"}, 2, "a b"},
		{[]string{"witness", "--url", "http://127.0.0.1:1", "--log-key", "x"}, 2, "name+hash+base64"},
		{[]string{"witness", "--url", "http://127.0.0.1:1", "--state", filepath.Join(out, "w2"), "--once"}, 1, "not this time"},
	} {
		if said, errs, code := cobuild(t, "", c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d %s%s", c.args, code, said, errs)
		}
	}
	s = serving(t, "--data", young, "--witness", key)
	if _, errs, code := watch(s); code != alarm || !strings.Contains(errs, "ALARM") {
		t.Errorf("a log that has gone back: %d %s", code, errs)
	}
}
