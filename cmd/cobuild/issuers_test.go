package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	atTheIssuer = "the password at the issuer"
	ownPassword = "a password of this server alone"
)

// provider is a real OpenID provider in a process of its own.
type provider struct {
	t      *testing.T
	bin    string
	back   string // to where its users return
	issuer string
	stop   func()
}

// newProvider builds the provider and starts it.
func newProvider(t *testing.T, back string) *provider {
	t.Helper()
	p := &provider{t: t, bin: filepath.Join(t.TempDir(), "provider"), back: back}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.bin, ".")
	build.Dir = "../../deploy/test/provider"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.start("127.0.0.1:0")
	return p
}

// start starts the provider at an address, and waits until it answers.
func (p *provider) start(addr string) {
	p.t.Helper()
	run := exec.CommandContext(p.t.Context(), p.bin, "-addr", addr, "-secret", "the client's secret", "-redirect", p.back)
	out, err := run.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.stop = sync.OnceFunc(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
	})
	p.t.Cleanup(p.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	issuer, ok := strings.CutPrefix(strings.TrimSpace(line), "Issuer ")
	if err != nil || !ok {
		p.t.Fatalf("the provider says %q, %v", line, err)
	}
	p.issuer = issuer
}

// again starts the provider where it was, with a new key.
func (p *provider) again() {
	p.t.Helper()
	addr := strings.TrimPrefix(p.issuer, "http://")
	p.start(addr)
}

func (p *provider) rotate() {
	p.t.Helper()
	resp, err := http.Post(p.issuer+"/test/rotate", "", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// browser keeps cookies, and follows where it is led only as far as it is told to.
type browser struct {
	t *testing.T
	*http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// open asks for an address, or sends a form there: where it is led, and the page otherwise.
func (b *browser) open(address string, form url.Values) (to, page string, status int) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, http.NoBody)
	if form != nil {
		r, err = http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if l, err := resp.Location(); err == nil {
		return l.String(), "", resp.StatusCode
	}
	return "", string(raw), resp.StatusCode
}

// website is where people begin to sign in, and to where they return.
type website struct {
	t     *testing.T
	s     *server
	front string // the server's address for people
}

// start is the address at which a sign-in begins that belongs to a verifier.
func (w *website) start(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"return": {w.front + "/after"}, "challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	return w.front + "/oidc/town/start?" + q.Encode()
}

var requestShape = regexp.MustCompile(`name="id" value="([^"]+)"`)

// to goes from the start to the provider's page, signs in there, and stops before coming back: at the callback's address.
func (w *website) to(b *browser, verifier, who string) (callback string) {
	w.t.Helper()
	at := w.start(verifier)
	for range 10 {
		to, page, status := b.open(at, nil)
		switch {
		case strings.HasPrefix(to, w.front+"/oidc/town/callback"):
			return to
		case to != "":
			at = to
			continue
		}
		id := requestShape.FindStringSubmatch(page)
		if id == nil {
			w.t.Fatalf("%d at %s: %s", status, at, page)
		}
		u, err := url.Parse(at)
		if err != nil {
			w.t.Fatal(err)
		}
		u.RawQuery = ""
		to, page, status = b.open(u.String(), url.Values{"id": {id[1]}, "username": {who}, "password": {atTheIssuer}})
		if to == "" {
			w.t.Fatalf("%d: %s", status, page)
		}
		if at = to; strings.HasPrefix(to, "/") {
			at = u.Scheme + "://" + u.Host + to
		}
	}
	w.t.Fatal("led in circles")
	return ""
}

// back comes back from the provider: the one-time code, or what went wrong.
func (w *website) back(b *browser, callback string) (code, wrong string) {
	w.t.Helper()
	to, page, status := b.open(callback, nil)
	if to == "" {
		return "", fmt.Sprintf("%d %s", status, page)
	}
	_, fragment, _ := strings.Cut(to, "#")
	if q, err := url.ParseQuery(fragment); err == nil && strings.HasPrefix(to, w.front+"/after#") {
		return q.Get("code"), q.Get("error")
	}
	w.t.Fatalf("led to %s", to)
	return "", ""
}

// signIn goes the whole way.
func (w *website) signIn(b *browser, verifier, who string) (code string) {
	w.t.Helper()
	code, wrong := w.back(b, w.to(b, verifier, who))
	if code == "" {
		w.t.Fatalf("no code but %s", wrong)
	}
	return code
}

// do asks for a mutation as somebody; the payload, and the code of its first error.
func (w *website) do(token, mutation, ask string, input map[string]any) (payload any, code any) {
	w.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	data, errs := w.s.ask(w.t, token, "mutation($in: "+kind+"!) { "+mutation+"(input: $in) { "+ask+" errors { code path } } }", map[string]any{"in": input})
	if errs != nil {
		return nil, at(errs[0], "extensions", "code")
	}
	if wrong, _ := at(data, mutation, "errors").([]any); len(wrong) > 0 {
		return nil, at(wrong[0], "code")
	}
	return data[mutation], nil
}

func (w *website) exchange(code, verifier string) (token string, wrong any) {
	w.t.Helper()
	got, wrong := w.do("", "signInWithIssuer", "token person { name }", map[string]any{"code": code, "verifier": verifier})
	token, _ = at(got, "token").(string)
	return token, wrong
}

// trusting serves a town whose operator trusts a real provider.
func trusting(t *testing.T) (w *website, p *provider, issuers string) {
	t.Helper()
	var inside *httputil.ReverseProxy
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { inside.ServeHTTP(rw, r) }))
	t.Cleanup(front.Close)
	p = newProvider(t, front.URL+"/oidc/town/callback")
	dir := t.TempDir()
	issuers = filepath.Join(dir, "issuers.json")
	entry := fmt.Sprintf(`{"issuers": [{"name": "town", "title": {"en": "The town", "zh-CN": "本区"}, "issuer": %q, "clientId": "cobuild", "clientSecret": "the client's secret"}]}`, p.issuer)
	if err := os.WriteFile(issuers, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := cobuild(t, ownPassword, "admin", "create", "--login", "li.wei", "--name", "Li Wei", "--password-stdin", "--data", dir); code != 0 {
		t.Fatal(errs)
	}
	s := serving(t, "--data", dir, "--issuers", issuers, "--public-url", front.URL)
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	inside = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	return &website{t: t, s: s, front: front.URL}, p, issuers
}

func verifier() string { return rand.Text() + rand.Text() }

func TestPeopleSignInAtARealProvider(t *testing.T) {
	w, p, issuers := trusting(t)
	data, errs := w.s.ask(t, "", `{ identityIssuers { name title start } }`, nil)
	if errs != nil || at(data, "identityIssuers").([]any)[0].(map[string]any)["start"] != w.front+"/oidc/town/start" {
		t.Fatalf("the page for signing in is told %v, %v", data, errs)
	}

	b, v := newBrowser(t), verifier()
	code := w.signIn(b, v, "li")
	if _, wrong := w.exchange(code, v); wrong != "IDENTITY_UNKNOWN" {
		t.Fatalf("an identity that is nobody's: %v", wrong)
	}
	own, codes := signIn(t, w.s, "li.wei", ownPassword)
	if codes != nil {
		t.Fatal(codes)
	}
	link := map[string]any{"code": code, "verifier": v}
	if _, wrong := w.do(own, "linkIdentity", "identity { id }", link); wrong != "REQUIRED" {
		t.Errorf("linked by a token alone: %v", wrong)
	}
	link["password"] = "not the password"
	if _, wrong := w.do(own, "linkIdentity", "identity { id }", link); wrong != "PASSWORD_WRONG" {
		t.Errorf("linked with a wrong password: %v", wrong)
	}
	link["password"] = ownPassword
	if got, wrong := w.do(own, "linkIdentity", "identity { id issuer { name title } lastUsedAt }", link); wrong != nil || at(got, "identity", "issuer", "title") != "The town" {
		t.Fatalf("linked: %v, %v", got, wrong)
	}

	v = verifier()
	code = w.signIn(b, v, "li")
	token, wrong := w.exchange(code, v)
	if token == "" {
		t.Fatalf("signed in: %v", wrong)
	}
	if _, wrong := w.exchange(code, v); wrong != "SIGN_IN_CODE_NOT_VALID" {
		t.Errorf("a one-time code used twice: %v", wrong)
	}
	data, errs = w.s.ask(t, token, `{ viewer { name identities { lastUsedAt issuer { name } } } sessions(first: 1) { nodes { current issuer { name } } } }`, nil)
	if errs != nil || at(data, "viewer", "name") != "Li Wei" || !strings.Contains(fmt.Sprint(data), "issuer:map[name:town]]] ") && !strings.Contains(fmt.Sprint(data["sessions"]), "map[name:town]") {
		t.Errorf("the session: %v, %v", data, errs)
	}

	p.rotate()
	v = verifier()
	if token, wrong := w.exchange(w.signIn(newBrowser(t), v, "li"), v); token == "" {
		t.Errorf("after a rotation of the provider's keys: %v", wrong)
	}
	w.newcomer(token)
	w.downAndBack(p)
	w.unlinked(token)
	w.withdrawn(issuers, p)
}

// newcomer takes up an invitation with an identity, and needs no password.
func (w *website) newcomer(token string) {
	t := w.t
	t.Helper()
	sent, wrong := w.do(token, "invitePerson", "code", map[string]any{"role": "ADMINISTRATOR"})
	if wrong != nil {
		t.Fatal(wrong)
	}
	v := verifier()
	taken := map[string]any{"code": at(sent, "code"), "name": "Wang Fang", "identity": map[string]any{"code": w.signIn(newBrowser(t), v, "li"), "verifier": v}}
	if _, wrong := w.do("", "acceptInvitation", "person { id }", taken); wrong != "IDENTITY_TAKEN" {
		t.Errorf("with somebody else's identity: %v", wrong)
	}
	v = verifier()
	taken["identity"] = map[string]any{"code": w.signIn(newBrowser(t), v, "wang"), "verifier": v}
	if got, wrong := w.do("", "acceptInvitation", "person { name loginName identities { id } }", taken); wrong != nil || at(got, "person", "name") != "Wang Fang" {
		t.Fatalf("taken up: %v, %v", got, wrong)
	}
	v = verifier()
	theirs, wrong := w.exchange(w.signIn(newBrowser(t), v, "wang"), v)
	if theirs == "" {
		t.Fatalf("the newcomer signs in: %v", wrong)
	}
	data, errs := w.s.ask(t, theirs, `{ viewer { name loginName identities { id } } }`, nil)
	mine, _ := at(data, "viewer", "identities").([]any)
	if errs != nil || len(mine) != 1 || at(data, "viewer", "loginName") != nil {
		t.Fatalf("the newcomer is %v, %v", data, errs)
	}
	if _, wrong := w.do(theirs, "unlinkIdentity", "identity { id }", map[string]any{"id": at(mine[0], "id")}); wrong != "LAST_WAY_TO_SIGN_IN" {
		t.Errorf("the last way to sign in is taken away: %v", wrong)
	}
}

// downAndBack has the provider go in the middle of a sign-in, and come back with a new key.
func (w *website) downAndBack(p *provider) {
	t := w.t
	t.Helper()
	b, v := newBrowser(t), verifier()
	callback := w.to(b, v, "li")
	p.stop()
	if code, wrong := w.back(b, callback); code != "" || wrong != "ISSUER_AWAY" {
		t.Errorf("while the provider is down: %s %s", code, wrong)
	}
	if _, codes := signIn(t, w.s, "li.wei", ownPassword); codes != nil {
		t.Errorf("meanwhile by password: %v", codes)
	}
	p.again()
	v = verifier()
	if token, wrong := w.exchange(w.signIn(newBrowser(t), v, "li"), v); token == "" {
		t.Errorf("when the provider is back: %v", wrong)
	}
}

// unlinked ends what an identity has opened.
func (w *website) unlinked(token string) {
	t := w.t
	t.Helper()
	data, _ := w.s.ask(t, token, `{ viewer { identities { id } } }`, nil)
	which := at(at(data, "viewer", "identities").([]any)[0], "id")
	own, _ := signIn(t, w.s, "li.wei", ownPassword)
	if _, wrong := w.do(own, "unlinkIdentity", "identity { id }", map[string]any{"id": which}); wrong != nil {
		t.Fatalf("unlinked: %v", wrong)
	}
	if _, errs := w.s.ask(t, token, `{ viewer { id } }`, nil); errs == nil {
		t.Error("a session that the identity has opened goes on")
	}
	if data, errs := w.s.ask(t, own, `{ viewer { id } }`, nil); errs != nil || at(data, "viewer", "id") == nil {
		t.Errorf("a session that the password has opened has ended: %v", errs)
	}
	v := verifier()
	if _, wrong := w.exchange(w.signIn(newBrowser(t), v, "li"), v); wrong != "IDENTITY_UNKNOWN" {
		t.Errorf("an identity that was unlinked: %v", wrong)
	}
}

// withdrawn has the operator trust the provider no more: it lets nobody in, and whom it had let in is out.
func (w *website) withdrawn(issuers string, p *provider) {
	t := w.t
	t.Helper()
	v := verifier()
	open, wrong := w.do("", "signInWithIssuer", "token refreshToken", map[string]any{"code": w.signIn(newBrowser(t), v, "wang"), "verifier": v})
	if wrong != nil {
		t.Fatalf("before: %v", wrong)
	}
	token, refresh := at(open, "token").(string), at(open, "refreshToken")
	own := make(chan os.Signal, 1) // so that the signal is not the end of this program, whoever else listens
	signal.Notify(own, syscall.SIGHUP)
	defer signal.Stop(own)
	entry := fmt.Sprintf(`{"issuers": [{"name": "other", "title": {"en": "Another", "zh-CN": "另一个"}, "issuer": %q, "clientId": "x", "clientSecret": "y"}]}`, p.issuer+"/other")
	if err := os.WriteFile(issuers, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 5*time.Minute; time.Sleep(50 * time.Millisecond) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if _, page, status := newBrowser(t).open(w.start(verifier()), nil); status == http.StatusNotFound && strings.Contains(page, "ISSUER_UNKNOWN") {
			if data, errs := w.s.ask(t, token, `{ viewer { id } }`, nil); errs == nil {
				t.Errorf("a session that the provider has opened goes on: %v", data)
			}
			if _, wrong := w.do("", "refreshSession", "token", map[string]any{"refreshToken": refresh}); wrong != "REFRESH_NOT_VALID" {
				t.Errorf("a session that the provider has opened is refreshed: %v", wrong)
			}
			return
		}
	}
	t.Error("the provider is trusted on")
}

func TestAttacksOnASignInAtARealProvider(t *testing.T) {
	w, _, _ := trusting(t)
	b, v := newBrowser(t), verifier()
	callback := w.to(b, v, "li")

	t.Run("missing cookie", func(t *testing.T) {
		if code, wrong := w.back(newBrowser(t), callback); code != "" || !strings.Contains(wrong, "SIGN_IN_NOT_BEGUN") {
			t.Errorf("%s %s", code, wrong)
		}
	})
	t.Run("the answer to somebody else's question", func(t *testing.T) { // the attacker's own answer, in the victim's browser
		victim := newBrowser(t)
		if to, _, _ := victim.open(w.start(verifier()), nil); to == "" {
			t.Fatal("the victim cannot begin")
		}
		if code, wrong := w.back(victim, callback); code != "" || !strings.Contains(wrong, "SIGN_IN_NOT_BEGUN") {
			t.Errorf("%s %s", code, wrong)
		}
	})
	t.Run("a parameter twice", func(t *testing.T) {
		if code, wrong := w.back(w.with(t, b), callback+"&state=x"); code != "" || !strings.Contains(wrong, "SIGN_IN_ADDRESS") {
			t.Errorf("%s %s", code, wrong)
		}
	})
	b = newBrowser(t)
	callback = w.to(b, v, "li")
	replay := w.with(t, b)
	code, wrong := w.back(b, callback)
	if code == "" {
		t.Fatal(wrong)
	}
	t.Run("replayed code of the provider", func(t *testing.T) { // with the cookie, which a browser has let go
		if code, wrong := w.back(replay, callback); code != "" || wrong != "SIGN_IN_ARRIVED" {
			t.Errorf("%s %s", code, wrong)
		}
	})
	t.Run("one-time code carried to another browser", func(t *testing.T) {
		if token, wrong := w.exchange(code, verifier()); token != "" || wrong != "SIGN_IN_CODE_NOT_VALID" {
			t.Errorf("%s %v", token, wrong)
		}
		if token, wrong := w.exchange(code, v); token != "" || wrong != "SIGN_IN_CODE_NOT_VALID" {
			t.Errorf("afterwards it is good for its owner: %s %v", token, wrong)
		}
	})
	t.Run("open redirect", func(t *testing.T) {
		for _, evil := range []string{"https://evil.example.org/", "//evil.example.org", w.front + "@evil.example.org/", "javascript:alert(1)"} {
			address := w.start(v)
			at, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			q := at.Query()
			q.Set("return", evil)
			at.RawQuery = q.Encode()
			if to, page, status := newBrowser(t).open(at.String(), nil); to != "" || status != http.StatusBadRequest || !strings.Contains(page, "RETURN_NOT_ALLOWED") {
				t.Errorf("%s: %d, led to %q", evil, status, to)
			}
		}
	})
	t.Run("what the browser keeps", func(t *testing.T) {
		resp, err := newBrowser(t).Get(w.start(v))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		c := resp.Cookies()
		if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].MaxAge != 600 || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%+v", c)
		}
	})
}

// with is another browser that keeps what this one keeps.
func (w *website) with(t *testing.T, b *browser) *browser {
	t.Helper()
	u, err := url.Parse(w.front)
	if err != nil {
		t.Fatal(err)
	}
	other := newBrowser(t)
	other.Jar.SetCookies(u, b.Jar.Cookies(u))
	return other
}

func TestAFileOfIssuersThatDoesNotHoldIsRefusedAtTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(file, []byte(`{"issuers": [{"name": "town", "title": {"en": "The town"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--issuers", file}
	for _, step := range []struct {
		more []string
		says string
	}{
		{nil, "--public-url is needed"},
		{[]string{"--public-url", "http://cobuild.example.org"}, "--public-url is an address as https://"},
		{[]string{"--public-url", "https://cobuild.example.org"}, "issuers[0].title.zh-CN"},
	} {
		if _, errs, code := cobuild(t, "", append(serve, step.more...)...); code == 0 || !strings.Contains(errs, step.says) {
			t.Errorf("%v: %d %s", step.more, code, errs)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil && !errors.Is(err, os.ErrPermission) {
		t.Fatal(err)
	}
	if _, errs, code := cobuild(t, "", append(serve, "--public-url", "https://cobuild.example.org")...); code == 0 || !strings.Contains(errs, "chmod 600") {
		t.Errorf("exposed: %d %s", code, errs)
	}
}
