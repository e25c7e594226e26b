package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/keyring"
)

func TestTheKeysOfPersonalDataRotateWhetherAServerRunsOrNot(t *testing.T) {
	dir := t.TempDir()
	if _, errs, code := cobuild(t, "", "admin", "create", "--login", "ops", "--name", "Somebody in Operations", "--data", dir); code != 0 {
		t.Fatal(errs)
	}
	if out, errs, code := cobuild(t, "", "personal", "rotate", "--data", dir); code != 0 || !strings.Contains(out, "Key 2 is in use") {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	if out, errs, code := cobuild(t, "", "personal", "status", "--data", dir); code != 0 ||
		!strings.Contains(out, "Key 1") || !strings.Contains(out, "Key 2, in use") || !strings.Contains(out, "Everything is under the key in use") {
		t.Errorf("%d: %s%s", code, out, errs)
	}
	s := serving(t, "--data", dir)
	if out, errs, code := cobuild(t, "", "personal", "rotate", "--data", dir); code != 0 || !strings.Contains(out, "Key 3 is in use") {
		t.Errorf("while it runs: %d: %s%s", code, out, errs)
	}
	if out, errs, code := cobuild(t, "", "personal", "status", "--data", dir); code != 0 || !strings.Contains(out, "Key 3, in use") {
		t.Errorf("while it runs: %d: %s%s", code, out, errs)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "cobuild.db"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "Somebody in Operations") {
		t.Error("the file holds the administrator's name")
	}
}

func TestAKeyringThatIsNotTheStoresIsRefused(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "keyring.json")
	if _, errs, code := cobuild(t, "", "admin", "create", "--login", "ops", "--data", dir); code != 0 {
		t.Fatal(errs)
	}
	if _, err := keyring.Create(other, time.Now(), zeros{}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"personal", "status"}} {
		if _, errs, code := cobuild(t, "", append(args, "--data", dir, "--keyring", other)...); code != 1 || !strings.Contains(errs, "not the one that this store was written with") {
			t.Errorf("%v: %d: %s", args, code, errs)
		}
	}
	if _, errs, code := cobuild(t, "", "personal", "status", "--data", dir); code != 0 {
		t.Errorf("with its own again: %s", errs)
	}
}

// zeros is no randomness: the keys that are made of it are nobody's.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
