package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

func TestBothLanguagesSayEverything(t *testing.T) {
	say := map[string]words{}
	for _, lang := range []string{"en", "zh"} {
		w, err := speak(func(name string) string {
			if name == "LANG" {
				return lang
			}
			return ""
		})
		if err != nil {
			t.Fatal(err)
		}
		say[w.lang] = w
	}
	braces := regexp.MustCompile(`\{\w+\}`)
	for key, en := range say["en"].say {
		zh, ok := say["zh-CN"].say[key]
		a, b := braces.FindAllString(en, -1), braces.FindAllString(zh, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !ok || !slices.Equal(a, b) {
			t.Errorf("%s: %q and %q do not say the same", key, en, zh)
		}
	}
	if len(say["en"].say) != len(say["zh-CN"].say) {
		t.Error("one language says more than the other")
	}
}

func TestEveryCommandTeachesByExampleAndEveryFlagHasItsVariable(t *testing.T) {
	w, err := speak(english)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{words: w}
	var walk func(c *cli.Command)
	walk = func(c *cli.Command) {
		if len(c.Commands) == 0 && c.Name != "version" && c.Name != "list" && !strings.Contains(c.Description, "cobuild "+c.Name) && !strings.Contains(c.Description, c.Name+" --") {
			t.Errorf("%s does not teach by example", c.Name)
		}
		for _, f := range c.Flags {
			env, ok := f.(interface{ GetEnvVars() []string })
			if !ok || len(env.GetEnvVars()) == 0 || !strings.HasPrefix(env.GetEnvVars()[0], "COBUILD_") {
				t.Errorf("%s --%s has no environment variable", c.Name, f.Names()[0])
			}
		}
		for _, sub := range c.Commands {
			walk(sub)
		}
	}
	walk(p.commands())
}

func TestHelpIsInTheReadersLanguage(t *testing.T) {
	var out, errs screen
	code := run(t.Context(), []string{"cobuild", "serve", "--help"}, func(name string) string {
		if name == "LC_ALL" {
			return "zh_CN.UTF-8"
		}
		return ""
	}, strings.NewReader(""), &out, &errs)
	if code != 0 || !strings.Contains(out.String(), "选项：") || !strings.Contains(out.String(), "监听地址") || !strings.Contains(out.String(), "COBUILD_ADDR") || strings.Contains(out.String(), "OPTIONS") {
		t.Fatalf("%d: %s%s", code, &out, &errs)
	}
}

func TestACommandAskedWronglySaysHowItIsAsked(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--demo", "--addr", "0.0.0.0:8080"}, "loopback"},
		{[]string{"serve", "--demo", "--addr", ":8080"}, "loopback"},
		{[]string{"serve", "--demo", "--addr", "example.org:8080"}, "loopback"},
		{[]string{"serve", "--addr", "nonsense"}, "HOST:PORT"},
		{[]string{"serve", "--log-format", "poem"}, "text, json"},
		{[]string{"serve", "--log-level", "shout"}, "debug, info, warn, error"},
		{[]string{"serve", "--mongodb", "mongodb://127.0.0.1:1/"}, "keyring create"},
		{[]string{"serve", "--mongodb", "mongodb://127.0.0.1:1/", "--keyring", "nowhere.json"}, "keyring create"},
		{[]string{"serve", "--mongodb", "mongodb://127.0.0.1:1/", "--data", "x", "--keyring", "y"}, "leave one out"},
		{[]string{"serve", "--nonsense"}, "nonsense"},
		{[]string{"serve", "--rate-address", "-1"}, "--rate-address is from 0"},
		{[]string{"serve", "--rate-organisation", "99999999"}, "to 10000000"},
		{[]string{"serve", "--max-running", "-3"}, "--max-running is from 0"},
		{[]string{"serve", "--operation-timeout", "1ms"}, "from 100ms to 1m"},
		{[]string{"serve", "--personal-key-age", "1m"}, "from 1h to 87600h"},
		{[]string{"serve", "--cors-origin", "*"}, "https://app.example.org"},
		{[]string{"serve", "--cors-origin", "https://*.example.org"}, "https://app.example.org"},
		{[]string{"serve", "--cors-origin", "https://app.example.org/"}, "https://app.example.org"},
		{[]string{"serve", "--cors-origin", "null"}, "https://app.example.org"},
		{[]string{"serve", "--trusted-proxy", "the-proxy"}, "10.0.0.0/8"},
		{[]string{"serve", "--tls-cert", "cert.pem"}, "--tls-key is needed"},
		{[]string{"serve", "--tls-key", "key.pem"}, "--tls-cert is needed"},
		{[]string{"serve", "--trusted-only"}, "--trusted-documents is needed"},
		{[]string{"admin", "create"}, "--login"},
		{[]string{"seed"}, "--from"},
		{[]string{"verify"}, "one file"},
		{[]string{"verify", "a", "b"}, "one file"},
		{[]string{"keyring", "rotate", "--kind", "king"}, "token, cursor"},
		{[]string{"dance"}, "dance"},
	} {
		if out, errs, code := cobuild(t, "", tt.args...); code != 2 || !strings.Contains(errs, tt.want) {
			t.Errorf("%v: %d %s%s", tt.args, code, out, errs)
		}
	}
}

func TestAMissingOrForeignFileIsRefused(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(foreign, []byte("dear friends"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{foreign, filepath.Join(t.TempDir(), "missing")} {
		if out, errs, code := cobuild(t, "", "verify", path); code != 1 || errs == "" {
			t.Errorf("%s: %d %s%s", path, code, out, errs)
		}
	}
}

// signIn signs in through GraphQL and gives back the token, or the codes of the refusal.
func signIn(t *testing.T, s *server, login, password string) (token string, codes []any) {
	t.Helper()
	data, errs := s.ask(t, "", `mutation($input: SignInInput!) { signIn(input: $input) { token errors { code } } }`,
		map[string]any{"input": map[string]any{"login": login, "password": password}})
	if errs != nil {
		t.Fatal(errs)
	}
	refused, _ := at(data, "signIn", "errors").([]any)
	for _, r := range refused {
		codes = append(codes, at(r, "code"))
	}
	token, _ = at(data, "signIn", "token").(string)
	return token, codes
}

func TestAnAdministratorIsMadeWhetherAServerRunsOrNot(t *testing.T) {
	dir := t.TempDir()
	out, errs, code := cobuild(t, "", "admin", "create", "--login", "first", "--name", "First", "--data", dir)
	first := regexp.MustCompile(`once: (\S+)`).FindStringSubmatch(out)
	if code != 0 || first == nil {
		t.Fatalf("%d: %s%s", code, out, errs)
	}
	s := serving(t, "--data", dir)
	if token, codes := signIn(t, s, "first", first[1]); token == "" {
		t.Errorf("the first cannot sign in: %v", codes)
	}
	if out, errs, code := cobuild(t, "a very long secret\n", "admin", "create", "--login", "second", "--password-stdin", "--data", dir); code != 0 {
		t.Fatalf("while the server runs: %d %s%s", code, out, errs)
	}
	token, codes := signIn(t, s, "second", "a very long secret")
	if token == "" {
		t.Fatalf("the second cannot sign in: %v", codes)
	}
	if out, errs, code := cobuild(t, "another long secret\n", "admin", "reset-password", "--login", "second", "--password-stdin", "--data", dir); code != 0 {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if _, errs := s.ask(t, token, `{ viewer { id } }`, nil); errs == nil {
		t.Error("the session outlives the password")
	}
	if token, codes := signIn(t, s, "second", "a very long secret"); token != "" || len(codes) != 1 || codes[0] != "INVALID_CREDENTIALS" {
		t.Errorf("the old password still opens: %v", codes)
	}
	for _, args := range [][]string{
		{"admin", "create", "--login", "second", "--data", dir},
		{"admin", "reset-password", "--login", "nobody", "--data", dir},
	} {
		if out, errs, code := cobuild(t, "", args...); code != 1 || errs == "" {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	if out, errs, code := cobuild(t, "short\n", "admin", "create", "--login", "third", "--password-stdin", "--data", dir); code != 1 || !strings.Contains(errs, "password") {
		t.Errorf("a short password: %d %s%s", code, out, errs)
	}
}

func TestAFileIsImportedOnceHoweverOftenItIsGiven(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join("..", "..", "internal", "demo", "data", "co-building.seed.json")
	out, errs, code := cobuild(t, "", "seed", "--from", file, "--data", dir)
	if code != 0 || !strings.Contains(out, " 0 refused") || strings.HasPrefix(out, "0 new") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	s := serving(t, "--data", dir) // the second time through the running server
	if out, errs, code := cobuild(t, "", "seed", "--from", file, "--data", dir); code != 0 || !strings.HasPrefix(out, "0 new") {
		t.Fatalf("again: %d %s%s", code, out, errs)
	}
	data, gqlErrs := s.ask(t, "", `{ communities(first: 1) { totalCount } residentUnits(first: 1) { totalCount } }`, nil)
	if gqlErrs != nil || at(data, "communities", "totalCount") != 108.0 || at(data, "residentUnits", "totalCount") != 167.0 {
		t.Errorf("got %v %v", data, gqlErrs)
	}
}

func TestABadRecordIsRefusedWithItsPlaceAndNothingIsImported(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "internal", "demo", "data", "co-building.seed.json"))
	if err != nil {
		t.Fatal(err)
	}
	code18 := regexp.MustCompile(`"creditCode": "([0-9A-Z]{18})"`).FindStringSubmatch(string(raw))
	wrong := "1" + code18[1][1:17] + "!"
	bad := filepath.Join(t.TempDir(), "bad.json")
	text := strings.Replace(string(raw), code18[1], wrong, 1)
	before, _, _ := strings.Cut(text, wrong)
	line := 1 + strings.Count(before, "\n")
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out, errs, code := cobuild(t, "", "seed", "--from", bad, "--data", dir)
	place := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(errs)
	if code != 1 || place == nil || !strings.Contains(errs, "Nothing was imported") || !strings.Contains(errs, "creditCode") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if at, err := strconv.Atoi(place[1]); err != nil || at > line || line-at > 20 { // where the record begins
		t.Errorf("what is wrong in line %d is reported at line %s", line, place[1])
	}
	if out, errs, code := cobuild(t, "", "seed", "--from", bad, "--data", dir, "--keep-going"); code != 1 || strings.HasPrefix(out, "0 new") || !strings.Contains(errs, "creditCode") {
		t.Fatalf("with --keep-going: %d %s%s", code, out, errs)
	}
}

func TestAnExposedKeyringIsRefused(t *testing.T) {
	dir := t.TempDir()
	if out, errs, code := cobuild(t, "", "keyring", "create", "--data", dir); code != 0 {
		t.Fatal(out, errs)
	}
	out, _, _ := cobuild(t, "", "keyring", "rotate", "--kind", "token", "--data", dir)
	if !strings.Contains(out, "SIGHUP") {
		t.Error(out)
	}
	if out, _, code := cobuild(t, "", "keyring", "list", "--data", dir); code != 0 || strings.Count(out, "token") != 2 {
		t.Errorf("after rotation: %s", out)
	}
	ring := filepath.Join(dir, "keyring.json")
	if err := os.Chmod(ring, 0o644); err != nil { // being readable by others is what is refused
		t.Fatal(err)
	}
	if out, errs, code := cobuild(t, "", "seed", "--from", os.DevNull, "--data", dir); code != 1 || errs == "" {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

func TestThePrintedSchemaIsTheServersOwn(t *testing.T) {
	out, _, code := cobuild(t, "", "schema")
	s := serving(t, "--data", t.TempDir())
	_, body, err := s.get(t, "/schema.graphqls")
	if err != nil || code != 0 || body != out || strings.Contains(out, "goField") {
		t.Errorf("they differ, or show what only the generator reads (%v)", err)
	}
}
