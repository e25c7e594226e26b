package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// childVar has the test binary be the program itself, so that a real process can be killed.
const childVar = "COBUILD_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childVar); args != "" {
		os.Exit(run(context.Background(), strings.Split(args, "\n"), func(string) string { return "" }, os.Stdin, os.Stdout, os.Stderr))
	}
	code := m.Run()
	forgetDemonstration()
	os.Exit(code)
}

func TestABackupMovesBetweenTheStores(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	in := func(name string) string { return filepath.Join(out, name) }
	fine := func(args ...string) string {
		t.Helper()
		said, errs, code := cobuild(t, "", args...)
		if code != 0 {
			t.Fatalf("%v: %d %s%s", args, code, said, errs)
		}
		return said
	}
	seed := filepath.Join("..", "..", "internal", "demo", "data", "co-building.seed.json")
	fine("seed", "--from", seed, "--data", dir)
	s := serving(t, "--data", dir)
	said := fine("backup", in("running"), "--data", dir)
	if !regexp.MustCompile(`^Backup .*: seq [1-9]\d*, [1-9]\d* documents, [1-9]\d* bytes, \d+\.\d s\. The keyring is not in it: .*\n$`).MatchString(said) {
		t.Errorf("it says %q", said)
	}
	if info, err := os.Stat(in("running")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v", info, err)
	}
	if said, errs, code := cobuild(t, "", "backup", in("running"), "--data", dir); code != 2 || !strings.Contains(errs, "already") {
		t.Errorf("over another one: %d %s%s", code, said, errs)
	}
	if said := fine("store", "status", "--data", dir); !strings.Contains(said, "communities: 108 documents") || !strings.Contains(said, "cobuild.db") || strings.Contains(said, "seq 0") {
		t.Errorf("the store: %s", said)
	}
	s.stop()
	fine("backup", in("stopped"), "--data", dir, "--compress", "none")

	ring := filepath.Join(dir, "keyring.json")
	uri, name := mongotest.Database(t)
	onMongo := []string{"--mongodb", uri, "--database", name, "--keyring", ring}
	fine(append([]string{"restore", in("stopped")}, onMongo...)...)
	fine(append([]string{"backup", in("mongodb")}, onMongo...)...)
	if said, errs, code := cobuild(t, "", append([]string{"restore", in("stopped")}, onMongo...)...); code != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("into a full one: %d %s%s", code, said, errs)
	}
	if said := fine(append([]string{"store", "status"}, onMongo...)...); !strings.Contains(said, "communities: 108 documents") || !strings.Contains(said, "Restored") {
		t.Errorf("the restored store: %s", said)
	}
	back := t.TempDir()
	fine("restore", in("mongodb"), "--data", back, "--keyring", ring)
	contents := func(name string) string {
		return strings.Join(strings.Split(fine("restore", "--check", in(name)), "\n")[1:], "\n")
	}
	if a, b := contents("stopped"), contents("mongodb"); a != b {
		t.Errorf("on the way to MongoDB and back: %s\n%s", a, b)
	}
	whole := serving(t, "--data", back, "--keyring", ring)
	data, errs := whole.ask(t, "", `{ communities(first: 1) { totalCount } residentUnits(first: 1) { totalCount } }`, nil)
	if errs != nil || at(data, "communities", "totalCount") != 108.0 || at(data, "residentUnits", "totalCount") != 167.0 {
		t.Errorf("got %v %v", data, errs)
	}
	if left, err := filepath.Glob(in("*.part*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	refusesWhatIsWrong(t, in("stopped"), dir)
	killedBackup(t, dir)
	killedRestore(t, in("stopped"), ring)
	halfInMongoDB(t, in("stopped"), ring)
}

// refusesWhatIsWrong asks in every wrong way.
func refusesWhatIsWrong(t *testing.T, good, dir string) {
	t.Helper()
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(out, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := bytes.Clone(raw)
	bad[len(bad)/2] ^= 1
	newer := bytes.Replace(raw, []byte("\x10form\x00\x01"), []byte("\x10form\x00\x02"), 1)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"backup"}, 2, "one file"},
		{[]string{"backup", filepath.Join(out, "x"), "--compress", "zip"}, 2, "zstd, none"},
		{[]string{"backup", filepath.Join(out, "x"), "--data", filepath.Join(out, "nowhere")}, 2, "no store"},
		{[]string{"store", "status", "--data", filepath.Join(out, "nowhere")}, 2, "no store"},
		{[]string{"backup", filepath.Join(out, "no", "where"), "--data", dir}, 1, "no such"},
		{[]string{"restore"}, 2, "one file"},
		{[]string{"restore", filepath.Join(out, "nothing"), "--check"}, 1, "no such"},
		{[]string{"restore", out, "--check"}, 1, "not a backup"},
		{[]string{"restore", file("letter", []byte("dear friends")), "--check"}, 1, "not a backup"},
		{[]string{"restore", file("flipped", bad), "--data", filepath.Join(out, "a")}, 1, "changed or damaged"},
		{[]string{"restore", file("short", raw[:len(raw)/2]), "--data", filepath.Join(out, "a")}, 1, "too early"},
		{[]string{"restore", file("newer", newer), "--data", filepath.Join(out, "a")}, 1, "newer program"},
		{[]string{"restore", good, "--data", dir}, 1, "not empty"},
		{[]string{"restore", good, "--data", "x", "--mongodb", "mongodb://127.0.0.1:1/"}, 2, "leave one out"},
	} {
		if said, errs, code := cobuild(t, "", c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d %s%s", c.args, code, said, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "a")); err == nil {
		t.Error("something was made of a bad file")
	}
	keyringsAreLookedAt(t, good, out)
}

// keyringsAreLookedAt restores without a keyring, and with another one.
func keyringsAreLookedAt(t *testing.T, good, out string) {
	t.Helper()
	if _, errs, code := cobuild(t, "", "restore", good, "--data", filepath.Join(out, "bare")); code != 0 || !strings.Contains(errs, "WARNING: there is no keyring") {
		t.Errorf("without a keyring: %d %s", code, errs)
	}
	other := filepath.Join(out, "keyring.json")
	if _, err := keyring.Create(other, time.Now(), zeros{}); err != nil {
		t.Fatal(err)
	}
	_, errs, code := cobuild(t, "", "restore", good, "--data", filepath.Join(out, "other"), "--keyring", other)
	if code != 0 || !strings.Contains(errs, "lacks keys") || !strings.Contains(errs, "signed with a key") {
		t.Errorf("with another keyring: %d %s", code, errs)
	}
}

// child starts the program as a process of its own and kills it as soon as a file of a pattern is there. Whole says that
// it was faster.
func child(t *testing.T, pattern string, args ...string) (whole bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+strings.Join(append([]string{"cobuild"}, args...), "\n"))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			_ = cmd.Process.Kill()
		}
		select {
		case err := <-ended:
			if err != nil && len(found) == 0 {
				t.Fatalf("%v ended by itself: %v %s", args, err, &said)
			}
			return err == nil
		case <-time.After(time.Millisecond):
		}
	}
}

// killedBackup finds no file of a backup whose process was killed, and makes the next one.
func killedBackup(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup")
	if !child(t, file+".*.part", "backup", file, "--data", dir) {
		if _, err := os.Stat(file); err == nil {
			if said, errs, code := cobuild(t, "", "restore", file, "--check"); code != 0 {
				t.Fatalf("a half file has the name: %s%s", said, errs)
			}
			return
		}
		if said, errs, code := cobuild(t, "", "backup", file, "--data", dir); code != 0 {
			t.Fatalf("after the killed one: %s%s", said, errs)
		}
	}
}

// killedRestore finds that no server starts on what a killed restore has left, and begins again.
func killedRestore(t *testing.T, file, ring string) {
	t.Helper()
	to := t.TempDir()
	child(t, filepath.Join(to, "cobuild.db.restoring"), "restore", file, "--data", to, "--keyring", ring)
	if _, err := os.Stat(filepath.Join(to, "cobuild.db")); err != nil {
		for _, args := range [][]string{
			{"serve", "--addr", "127.0.0.1:0", "--data", to, "--keyring", ring},
			{"serve", "--demo", "--addr", "127.0.0.1:0", "--data", to, "--keyring", ring},
			{"backup", filepath.Join(to, "another"), "--data", to, "--keyring", ring},
			{"restore", file, "--data", to, "--keyring", ring},
		} {
			if said, errs, code := cobuild(t, "", args...); code != 1 || !strings.Contains(errs, "--again") {
				t.Errorf("%v: %d %s%s", args, code, said, errs)
			}
		}
		if said, errs, code := cobuild(t, "", "restore", file, "--data", to, "--keyring", ring, "--again"); code != 0 {
			t.Fatalf("begun again: %s%s", said, errs)
		}
	}
	if said, errs, code := cobuild(t, "", "personal", "status", "--data", to, "--keyring", ring); code != 0 {
		t.Errorf("restored: %s%s", said, errs)
	}
}

// halfInMongoDB finds a database as a killed restore leaves it.
func halfInMongoDB(t *testing.T, file, ring string) {
	t.Helper()
	uri, name := mongotest.Database(t)
	db := mongotest.Connect(t, uri, name)
	on := []string{"--mongodb", uri, "--database", name, "--keyring", ring}
	for coll, doc := range map[string]bson.D{
		"restores": {{Key: "_id", Value: "restore"}, {Key: "rev", Value: int64(1)}, {Key: "file", Value: "x"}},
		"people":   {{Key: "_id", Value: "half"}, {Key: "rev", Value: int64(1)}},
	} {
		raw, err := bson.Marshal(doc)
		if err == nil {
			err = db.Insert(t.Context(), coll, raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"restore", file}, {"personal", "status"}} {
		if said, errs, code := cobuild(t, "", slices.Concat(args, on)...); code != 1 || !strings.Contains(errs, "--again") {
			t.Errorf("%v: %d %s%s", args, code, said, errs)
		}
	}
	if said, errs, code := cobuild(t, "", slices.Concat([]string{"restore", file, "--again"}, on)...); code != 0 {
		t.Fatalf("begun again: %s%s", said, errs)
	}
	if said, errs, code := cobuild(t, "", slices.Concat([]string{"personal", "status"}, on)...); code != 0 {
		t.Errorf("restored: %s%s", said, errs)
	}
}
