package gateway_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/web/gateway"
)

const (
	one = "0123456789abcdef0123456789abcdef"
	two = "fedcba9876543210fedcba9876543210"
)

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestKeysHoldFromTheMomentTheyStandInTheFileUntilTheyAreGoneFromIt(t *testing.T) {
	file := written(t, "# the first gateway\n\n  "+one+"  \r\n")
	keys, err := gateway.Open(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !keys.Knows(one) || keys.Knows(two) || keys.Knows("") || keys.Knows("# the first gateway") {
		t.Error("another key holds than the file names")
	}
	for _, step := range []struct {
		text       string
		first, sec bool
	}{{one + "\n" + two, true, true}, {two, false, true}, {"", false, false}} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := keys.Reload(); err != nil {
			t.Fatal(err)
		}
		if keys.Knows(one) != step.first || keys.Knows(two) != step.sec {
			t.Errorf("%q: other keys hold", step.text)
		}
	}
}

func TestAFileWithAKeyThatIsNoneIsRefusedByItsLineAndTheOldKeysStay(t *testing.T) {
	file := written(t, one)
	keys, err := gateway.Open(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"short":    two + "\n" + one[1:],
		"long":     two + "\n" + strings.Repeat("x", 201),
		"a space":  two + "\n" + one + " " + one,
		"no ASCII": two + "\n" + one + "共建",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := keys.Reload()
		if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), one[2:]) {
			t.Errorf("%s: got %v", name, err)
		}
		if !keys.Knows(one) || keys.Knows(two) {
			t.Errorf("%s: the old keys are gone", name)
		}
	}
	if err := os.WriteFile(file, bytes.Repeat([]byte(one+"\n"), 101), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys.Reload() == nil {
		t.Error("there is no bound")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if keys.Reload() == nil || !keys.Knows(one) {
		t.Error("a file that is gone takes the keys with it unnoticed")
	}
}

func TestWithoutAFileThereIsNoGateway(t *testing.T) {
	var none *gateway.Keys
	if none.Knows(one) || gateway.In(t.Context()) || !gateway.In(gateway.With(t.Context())) {
		t.Error("somebody is a gateway")
	}
}
