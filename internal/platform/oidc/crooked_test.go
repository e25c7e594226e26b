package oidc

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	clientSecret = "a secret of the client's own"
	back         = "https://app.example.org/after"
	challenge    = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
)

type m = map[string]any

// signer is a key by which an issuer signs, or pretends to.
type signer struct {
	kid     string
	private crypto.Signer
}

// crooked is an issuer that answers whatever a test wants it to. Left alone, it is honest.
type crooked struct {
	*httptest.Server
	t testing.TB

	mu     sync.Mutex
	keys   []signer
	nonces map[string]string // of the question that a code answers
	claims m                 // put over the honest ones; nil values leave one out
	head   m
	sign   func(head, body m) string // instead of an honest signature
	meta   m
	down   bool
	asked  map[string]int // by path
	set    []byte         // instead of the key set
	now    func() time.Time
}

func newIssuer(t testing.TB, now func() time.Time) *crooked {
	t.Helper()
	c := &crooked{t: t, nonces: map[string]string{}, asked: map[string]int{}, now: now}
	c.rotate("first")
	c.Server = httptest.NewServer(http.HandlerFunc(c.answer))
	t.Cleanup(c.Close)
	return c
}

// rotate gives the issuer a new key, and leaves it no other.
func (c *crooked) rotate(kid string) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = []signer{{kid, private}}
}

// be makes the issuer another one for the rest of a test.
func (c *crooked) be(what func(*crooked)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what(c)
}

func (c *crooked) count(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[path]
}

func (c *crooked) answer(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[r.URL.Path]++
	if c.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		doc := m{
			"issuer": c.URL, "authorization_endpoint": c.URL + "/auth", "token_endpoint": c.URL + "/token", "jwks_uri": c.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"EdDSA", "RS256", "HS256", "none"},
		}
		maps.Copy(doc, c.meta)
		_ = json.NewEncoder(w).Encode(doc)
	case "/keys":
		if c.set != nil {
			_, _ = w.Write(c.set)
			return
		}
		_ = json.NewEncoder(w).Encode(c.keySet())
	case "/token":
		c.token(w, r)
	}
}

func (c *crooked) keySet() jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for _, k := range c.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Use: "sig"})
	}
	return set
}

func (c *crooked) token(w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	nonce, known := c.nonces[r.PostFormValue("code")]
	if unescaped, _ := url.QueryUnescape(secret); unescaped != clientSecret || !known || r.PostFormValue("code_verifier") == "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	now := c.now()
	body := m{
		"iss": c.URL, "sub": "li", "aud": "cobuild", "nonce": nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	overlay(body, c.claims)
	for name, v := range body {
		if from, ok := v.(time.Duration); ok { // so long from now
			body[name] = now.Add(from).Unix()
		}
	}
	head := m{"alg": "EdDSA", "kid": c.keys[0].kid, "typ": "JWT"}
	overlay(head, c.head)
	sign := c.sign
	if sign == nil {
		sign = func(head, body m) string { return signed(c.t, c.keys[0].private, head, body) }
	}
	_ = json.NewEncoder(w).Encode(m{"access_token": "at", "token_type": "Bearer", "id_token": sign(head, body), "expires_in": 300})
}

func overlay(on, with m) {
	for k, v := range with {
		if on[k] = v; v == nil {
			delete(on, k)
		}
	}
}

func part(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// signed is a token signed by a key, whatever its header says.
func signed(t testing.TB, key crypto.Signer, head, body m) string {
	t.Helper()
	text := part(head) + "." + part(body)
	var sig []byte
	var err error
	switch k := key.(type) {
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(text))
	case *rsa.PrivateKey:
		sum := sha256.Sum256([]byte(text))
		sig, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// hmacked is a token signed with a secret.
func hmacked(secret []byte, head, body m) string {
	text := part(head) + "." + part(body)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// desk is a server that trusts some issuers.
type desk struct {
	*Issuers
	t     testing.TB
	mu    sync.Mutex
	at    time.Time
	issue map[string]*crooked
	file  string
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// newDesk trusts issuers of these names.
func newDesk(t testing.TB, names ...string) *desk {
	t.Helper()
	d := &desk{t: t, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), issue: map[string]*crooked{}}
	var entries []string
	for _, name := range names {
		c := newIssuer(t, d.now)
		d.issue[name] = c
		entries = append(entries, entryText(name, c.URL))
	}
	d.file = write(t, `{"issuers": [`+strings.Join(entries, ",")+`]}`)
	var err error
	d.Issuers, err = Open(Options{
		File: d.file, PublicURL: "https://cobuild.example.org/", Origins: []string{"https://app.example.org"},
		Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }, Now: d.now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func entryText(name, address string) string {
	return fmt.Sprintf(`{"name": %q, "title": {"en": "The %s", "zh-CN": "某区"}, "issuer": %q, "clientId": "cobuild", "clientSecret": %q}`,
		name, name, address, clientSecret)
}

func write(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// setOut begins a sign-in: what the browser keeps, and the address at the issuer.
func (d *desk) setOut(name string) (sealed string, at url.Values) {
	d.t.Helper()
	to, sealed, err := d.Begin(d.t.Context(), name, back, challenge)
	if err != nil {
		d.t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, d.issue[name].URL+"/auth?") {
		d.t.Fatalf("led to %s, %v", to, err)
	}
	return sealed, u.Query()
}

// permit has the issuer answer a question by a code.
func (d *desk) permit(name string, at url.Values) url.Values {
	code := rand.Text()
	d.issue[name].be(func(c *crooked) { c.nonces[code] = at.Get("nonce") })
	return url.Values{"state": {at.Get("state")}, "code": {code}}
}

// signIn goes the whole way.
func (d *desk) signIn(name string) (string, error) {
	d.t.Helper()
	sealed, at := d.setOut(name)
	return d.comeBack(name, sealed, d.permit(name, at))
}

func (d *desk) comeBack(name, sealed string, answer url.Values) (string, error) {
	d.t.Helper()
	f, err := d.Resume(name, sealed, answer.Get("state"))
	if err != nil {
		return "", err
	}
	return d.Finish(d.t.Context(), name, f, answer)
}
