package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// built builds one of the repository's programs.
func built(t *testing.T, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/cobuild/cobuild/"+pkg)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

// story is the repository's example program: it takes a real agreement from draft to an accepted fulfilment.
func story(t *testing.T, s *server, tokens, export string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), built(t, "docs/examples/first-contract"), "--url", s.url, "--tokens", tokens, "--export", export).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "accepted by the community: ACCEPTED") {
		t.Fatalf("%v: %s", err, out)
	}
}

// wholeWay is the example program that goes from a need over a match, a contract and accepted evidence to the trace of it all.
func wholeWay(t *testing.T, s *server, tokens string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), built(t, "docs/examples/need-to-result"), "--url", s.url, "--tokens", tokens).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range []string{
		"accepted by the community: ACCEPTED", "the need is CONFIRMED",
		"from the need:     NEED → RESOURCE → CONTRACT → COMMITMENT → EVIDENCE → PROJECT",
		"from the evidence: NEED → RESOURCE → CONTRACT → COMMITMENT → EVIDENCE",
		"to an outsider:    NEED\n", "by a match of 0.",
	} {
		if !strings.Contains(string(out), line) {
			t.Errorf("%q is not told:\n%s", line, out)
		}
	}
}

func TestARealAgreementLivesFromDraftToAnAcceptedFulfilment(t *testing.T) {
	for name, on := range map[string]func(t *testing.T, dir string) []string{
		"the embedded store": func(_ *testing.T, dir string) []string { return []string{"--data", dir} },
		"MongoDB":            moved,
	} {
		t.Run("on "+name, func(t *testing.T) {
			dir := demonstration(t)
			s := serving(t, append(on(t, dir), "--demo")...)
			wholeWay(t, s, filepath.Join(dir, "demo-tokens.json"))
			export := filepath.Join(t.TempDir(), "contract.json")
			story(t, s, filepath.Join(dir, "demo-tokens.json"), export)
			if code := s.stop(); code != 0 {
				t.Errorf("the server ended with %d", code)
			}
			verified(t, export)
		})
	}
}

// moved brings the data in a directory into MongoDB, and says how a server serves them from there.
func moved(t *testing.T, dir string) []string {
	t.Helper()
	uri, database := mongotest.Database(t)
	file, on := filepath.Join(t.TempDir(), "backup"), []string{"--mongodb", uri, "--database", database, "--keyring", filepath.Join(dir, "keyring.json")}
	for _, args := range [][]string{{"backup", file, "--data", dir}, append([]string{"restore", file}, on...)} {
		if out, errs, code := cobuild(t, "", args...); code != 0 {
			t.Fatalf("%v: %d %s%s", args, code, out, errs)
		}
	}
	return append(on, "--data", dir)
}

// verified checks the exported file with the server off, and that it is refused after any of some changed bytes; that
// every byte counts is proven in the signing package.
func verified(t *testing.T, export string) {
	t.Helper()
	out, errs, code := cobuild(t, "", "verify", export)
	if code != 0 || !strings.Contains(out, "genuine") || strings.Count(out, "Signed  ") != 2 || !strings.Contains(out, "server's word alone") {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	key := regexp.MustCompile(`with key (\S+),`).FindStringSubmatch(out)[1]
	if out, _, code := cobuild(t, "", "verify", "--trust", key, export); code != 0 || !strings.Contains(out, "vouched for by you") {
		t.Errorf("%d: %s", code, out)
	}
	good, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 1 + len(good)/150 {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		path := filepath.Join(t.TempDir(), "bad.json")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, _, code := cobuild(t, "", "verify", path); code != 1 {
			t.Errorf("byte %d changed from %q to %q, and yet: %s", i, good[i], bad[i], out)
		}
	}
}

func TestTheDemoIsReadyWhenThePortOpensAndKeepsItsData(t *testing.T) {
	dir := demonstration(t) // by the first server
	second := serving(t, "--data", dir, "--demo")
	tokens := tokensIn(t, dir)
	for _, who := range []string{"secretary", "liaison", "supervisor", "auditor", "administrator", "outsider"} {
		if data, errs := second.ask(t, tokens[who], `{ viewer { id } }`, nil); errs != nil || at(data, "viewer", "id") == nil {
			t.Errorf("the %s is not known: %v", who, errs)
		}
	}
	if data, errs := second.ask(t, tokens["service"], `{ viewer { id } thisServiceAccount { role } contracts(first: 1) { totalCount } }`, nil); errs != nil ||
		at(data, "viewer") != nil || at(data, "thisServiceAccount", "role") != "LIAISON" || at(data, "contracts", "totalCount") == 0.0 {
		t.Errorf("the program is not known: %v %v", data, errs)
	}
	theCurlAnswers(t, second)
	seen := statesSeen(t, second, tokens)
	for _, who := range []string{"secretary", "liaison"} {
		if len(seen[who]) < 4 {
			t.Errorf("the %s is party of contracts in the states %v only", who, seen[who])
		}
	}
	if tokens["secretary"] == filled.tokens["secretary"] {
		t.Error("the tokens are not made anew")
	}
	if tokens["service"] != filled.tokens["service"] {
		t.Error("an API key that holds is replaced")
	}
	if n := allContracts(t, second, tokens["supervisor"]); n != filled.contracts || n == 0 {
		t.Errorf("there were %v contracts, now there are %v", filled.contracts, n)
	}
	second.stop()
	third := serving(t, "--data", dir) // no demo: its tokens are worth nothing
	if _, errs := third.ask(t, tokens["administrator"], `{ viewer { id } }`, nil); errs == nil {
		t.Error("a demo's token is accepted by a server that is none")
	}
}

// theCurlAnswers runs what the server prints to try.
func theCurlAnswers(t *testing.T, s *server) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is needed to try what the server prints")
	}
	line := regexp.MustCompile(`Try +(curl .*)`).FindStringSubmatch(s.out.String())
	if line == nil {
		t.Fatalf("nothing to try: %s", s.out)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data   struct{ Contracts struct{ Nodes []any } }
		Errors []any
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.Errors != nil || len(answer.Data.Contracts.Nodes) == 0 {
		t.Errorf("%s\nanswers %s (%v)", line[1], out, err)
	}
}

func statesSeen(t *testing.T, s *server, tokens map[string]string) map[string]map[any]bool {
	t.Helper()
	seen := map[string]map[any]bool{}
	for who, token := range tokens {
		seen[who] = map[any]bool{}
		data, errs := s.ask(t, token, `{ contracts(first: 100) { nodes { status } } }`, nil)
		if errs != nil {
			t.Fatal(errs)
		}
		nodes, _ := at(data, "contracts", "nodes").([]any)
		for _, n := range nodes {
			seen[who][at(n, "status")] = true
		}
	}
	return seen
}

func allContracts(t *testing.T, s *server, token string) float64 {
	t.Helper()
	data, errs := s.ask(t, token, `{ contracts(first: 1) { totalCount } }`, nil)
	n, ok := at(data, "contracts", "totalCount").(float64)
	if errs != nil || !ok {
		t.Fatal(data, errs)
	}
	return n
}

func TestAnOutsiderGetsNothingOfAContract(t *testing.T) {
	dir := demonstration(t)
	s := serving(t, "--data", dir, "--demo")
	tokens := tokensIn(t, dir)
	data, _ := s.ask(t, tokens["secretary"], `{ contracts(first: 1) { nodes { id commitments { id } fulfilments(first: 1) { nodes { id } } host { id } } } }`, nil)
	nodes, _ := at(data, "contracts", "nodes").([]any)
	if len(nodes) == 0 {
		t.Fatal("the secretary has no contract")
	}
	secret, _ := at(nodes[0], "id").(string)
	for _, who := range []string{"outsider", "administrator", ""} {
		data, errs := s.ask(t, tokens[who], `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }`, map[string]any{"id": secret})
		if errs != nil || at(data, "node") != nil || at(data, "nodes").([]any)[0] != nil {
			t.Errorf("%q sees the contract by its identifier: %v %v", who, data, errs)
		}
	}
	data, errs := s.ask(t, tokens["outsider"], `query($id: ID!) { contract(id: $id) { id } contracts(first: 100) { totalCount nodes { id } } commitments(first: 100) { nodes { contract { id } } } fulfilments(first: 100) { nodes { contract { id } } } }`, map[string]any{"id": secret})
	want := map[string]any{
		"contract": nil, "contracts": map[string]any{"totalCount": 0.0, "nodes": []any{}},
		"commitments": map[string]any{"nodes": []any{}}, "fulfilments": map[string]any{"nodes": []any{}},
	}
	if errs != nil || !reflect.DeepEqual(data, want) {
		t.Errorf("the outsider sees %v, %v", data, errs)
	}
}

func TestTheFewAddressesBesideGraphQLAnswer(t *testing.T) {
	s := serving(t, "--data", t.TempDir())
	for path, want := range map[string]string{
		"/": "Cobuild", "/schema.graphqls": "type CoBuildingContract", "/healthz": "ok", "/readyz": "", "/.well-known/jwks.json": "Ed25519",
	} {
		resp, body, err := s.get(t, path)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %s %.200s (%v)", path, resp.Status, body, err)
		}
	}
}
