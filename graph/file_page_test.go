package graph_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// commands are the shell commands of a page that send and fetch a file.
func commands(t *testing.T, page string) []string {
	t.Helper()
	raw, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, found := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		out = append(out, found[1])
	}
	if len(out) != 3 {
		t.Fatalf("%s has %d blocks of commands", page, len(out))
	}
	return out[:2] // the last one is for operators
}

// TestThePageOfFilesSendsAndFetchesOne runs the commands of the page as they stand there.
func TestThePageOfFilesSendsAndFetchesOne(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	run := commands(t, "files.md")
	if !slices.Equal(run, commands(t, "files.zh-CN.md")) {
		t.Error("the pages have other commands")
	}
	shell := exec.CommandContext(t.Context(), "bash", "-e", "-c", run[0]+run[1]+"echo $FILE") //nolint:gosec // our own page
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "COBUILD_URL="+on.URL, "COBUILD_TOKEN="+w.Token(t, "liaison"), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id := regexp.MustCompile(`fil1_[0-9a-z]{26}`).FindString(string(out))
	if a := fileOf(t, w.House, "liaison", id); a.Str("node.status") != "READY" || a.Str("node.name") != "hours.csv" || a.Str("node.mediaType") != "text/csv" {
		t.Errorf("%s: %s", out, a.Text)
	}
}
