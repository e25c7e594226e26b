package explorer_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/web/explorer"
)

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	h, err := explorer.New("Price-Of-The-Test")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// parts are the addresses that the page names.
func parts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text(t, get(t, "/explorer").Body), -1) {
		if m[1] != "data:," {
			all = append(all, m[1])
		}
	}
	return all
}

func TestThePageNeedsNothingFromAnyOtherAddress(t *testing.T) {
	all := parts(t)
	if len(all) != 2 {
		t.Fatalf("the page has %v", all)
	}
	for _, p := range all {
		a := get(t, p)
		if !strings.HasPrefix(p, "/explorer/explorer-") || a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
		if strings.HasSuffix(p, ".css") && regexp.MustCompile(`@import|url\((["']?)(https?:)?//`).MatchString(text(t, a.Body)) {
			t.Error("the style fetches something")
		}
	}
}

// Addresses within the script are names and places to read about errors; the page's policy would let none be fetched.
func TestThePagesPolicyLetsNothingInFromElsewhere(t *testing.T) {
	for _, p := range append(parts(t), "/explorer", "/explorer/", "/explorer/examples.json", "/explorer/LICENCES.txt") {
		policy := get(t, p).Header.Get("Content-Security-Policy")
		var can []string
		for part := range strings.SplitSeq(policy, ";") {
			can = append(can, strings.TrimSpace(part))
		}
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !slices.Contains(can, want) {
				t.Errorf("%s: %q lacks %s", p, policy, want)
			}
		}
		if regexp.MustCompile(`http|\*|unsafe-eval|script-src[^;]*unsafe`).MatchString(policy) {
			t.Errorf("%s: %q lets too much in", p, policy)
		}
	}
}

func TestWhatChangesItsNameWithItsContentIsKeptAndTheRestIsAskedForAnew(t *testing.T) {
	for _, p := range parts(t) {
		if got := get(t, p).Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: %s", p, got)
		}
	}
	for _, p := range []string{"/explorer", "/explorer/examples.json"} {
		a := get(t, p)
		tag := a.Header.Get("ETag")
		if a.Header.Get("Cache-Control") != "no-cache" || tag == "" || get(t, p, "If-None-Match", tag).StatusCode != http.StatusNotModified {
			t.Errorf("%s: %v", p, a.Header)
		}
	}
}

func TestWhoTakesGzipGetsTheSameFileSmaller(t *testing.T) {
	for _, p := range parts(t) {
		plain, zipped := get(t, p), get(t, p, "Accept-Encoding", "br, gzip")
		if zipped.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
			t.Fatalf("%s: %v", p, zipped.Header)
		}
		z, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		whole, again := text(t, plain.Body), text(t, z)
		if whole != again {
			t.Errorf("%s is another file in gzip", p)
		}
		if strings.HasSuffix(p, ".js") && len(whole) > 2_000_000 {
			t.Errorf("the script has grown to %d bytes", len(whole))
		}
	}
	if get(t, "/explorer", "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding") != "" {
		t.Error("gzip for who refuses it")
	}
}

func TestThePageKnowsHowToAskForAPrice(t *testing.T) {
	if !strings.Contains(text(t, get(t, "/explorer").Body), `data-price="Price-Of-The-Test"`) {
		t.Error("the page does not name the header")
	}
}

func TestThereIsNothingElse(t *testing.T) {
	for _, p := range []string{"/explorer/../explorer.go", "/explorer/dist/index.html", "/explorer/none.js", "/explorer//etc/passwd"} {
		if a := get(t, p); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
	}
}

func TestTheLicencesOfWhatIsInItLieBeside(t *testing.T) {
	raw, err := os.ReadFile("dist/LICENCES.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"graphiql", "@graphiql/react", "codemirror", "graphql", "react", "react-dom", "graphql-sse"} {
		if !regexp.MustCompile(`(?m)^` + name + ` \d[^ ]* \((MIT|BSD|ISC|Apache|0BSD)`).Match(raw) {
			t.Errorf("no licence of %s", name)
		}
	}
}

func TestEveryExampleSaysWhatItIsInBothLanguages(t *testing.T) {
	all, err := explorer.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		if e.Title["en"] == "" || !regexp.MustCompile(`\p{Han}`).MatchString(e.Title["zh-CN"]) || len(e.Title) != 2 || e.Role == "" {
			t.Errorf("%d: %+v", i, e)
		}
	}
}
