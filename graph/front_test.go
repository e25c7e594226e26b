package graph_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

func TestAnAPIKeyOverItsBudgetIsToldWhenToComeAgain(t *testing.T) {
	w := graphtest.NewTown(t)
	account(t, w, "erp", "CONTRACTS_READ")
	w.App.Budgets = limit.New(limit.Rates{limit.Organisation: {Burst: 100, Refill: time.Minute}}, w.Now, nil)
	const ask = `{ contracts(first: 10) { nodes { id title status } } }`
	for range 100 {
		a := w.Ask(t, "erp", ask)
		if a.Status == http.StatusOK {
			a.Fine()
			continue
		}
		a.Is("RATE_LIMITED")
		after, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if a.Status != http.StatusTooManyRequests || err != nil || after < 1 || after > 60 || !a.Errors[0].Extensions.Retryable ||
			!strings.HasPrefix(a.Header.Get("RateLimit"), `"organisation";r=`) || a.Header.Get("RateLimit-Policy") != `"organisation";q=100;qu="points";w=60` {
			t.Errorf("%d %v %s", a.Status, a.Header, a.Text)
		}
		w.Ask(t, "secretary", ask).Fine() // another organisation has its own
		w.Pass(t, time.Duration(after)*time.Second)
		w.Ask(t, "erp", ask).Fine()
		return
	}
	t.Error("the budget has no end")
}

// asserted is a client that proves itself by a key of its own.
type asserted struct {
	t      *testing.T
	w      *graphtest.Town
	of     string
	kid    string
	secret ed25519.PrivateKey
	made   int
}

func newAsserted(t *testing.T) *asserted {
	t.Helper()
	w := graphtest.NewTown(t)
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of, _ := account(t, w, "erp", "CONTRACTS_READ")
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	k := w.Do(t, "liaison", "addClientKey", m{"serviceAccount": of, "name": "server", "publicKey": jwk}, "serviceAccount { clientKeys { kid } }").Fine()
	return &asserted{t: t, w: w, of: of, kid: k.Str("it.serviceAccount.clientKeys.0.kid"), secret: secret}
}

// assertion is a good one, altered.
func (c *asserted) assertion(alter func(*jwt.Token, jwt.MapClaims)) string {
	c.t.Helper()
	c.made++
	now := c.w.Now()
	claims := jwt.MapClaims{
		"iss": c.of, "sub": c.of, "aud": "https://cobuild.test/oauth/token", "jti": fmt.Sprint("assertion ", c.made),
		"iat": now.Unix(), "exp": now.Add(4 * time.Minute).Unix(),
	}
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["kid"] = c.kid
	if alter != nil {
		alter(made, claims)
	}
	text, err := made.SignedString(c.secret)
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// grant asks for a token. Each comes from an address of its own, so that no guess slows down another.
func (c *asserted) grant(text string, more ...string) (*httptest.ResponseRecorder, m) {
	c.t.Helper()
	c.made++
	v := url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {text},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	from := fmt.Sprintf("[2001:db8:%x::1]:1", c.made)
	return form(c.t, c.w, "/oauth/token", v, func(r *http.Request) { r.RemoteAddr = from })
}

func TestAProgramGetsATokenByAnAssertionOfItsOwnKey(t *testing.T) {
	c := newAsserted(t)
	rec, body := c.grant(c.assertion(nil), "scope", "CONTRACTS_READ")
	token, _ := body["access_token"].(string)
	if rec.Code != http.StatusOK || body["token_type"] != "Bearer" || body["expires_in"] != 600.0 || body["scope"] != "CONTRACTS_READ" || token == "" {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	c.w.Lend("token", token)
	c.w.Ask(t, "token", `{ thisServiceAccount { id } contracts(first: 1) { totalCount } }`).Fine()
	plain := c.assertion(func(j *jwt.Token, _ jwt.MapClaims) { delete(j.Header, "kid") }) // its only key needs no name
	if rec, _ := c.grant(plain); rec.Code != http.StatusOK {
		t.Errorf("without a kid: %d %s", rec.Code, rec.Body)
	}
	issuer := c.assertion(func(_ *jwt.Token, b jwt.MapClaims) { b["aud"] = "https://cobuild.test" })
	if rec, _ := c.grant(issuer, "client_id", c.of); rec.Code != http.StatusOK {
		t.Errorf("to the issuer, with a client_id: %d %s", rec.Code, rec.Body)
	}
	if rec, body := c.grant(c.assertion(nil), "scope", "CONTRACTS_WRITE"); rec.Code != http.StatusBadRequest || body["error"] != "invalid_scope" {
		t.Errorf("a scope not had: %d %s", rec.Code, rec.Body)
	}
}

func TestForgedAssertionsAreRefusedAtTheTokenAddress(t *testing.T) {
	c := newAsserted(t)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, v any) func() string {
		return func() string {
			return c.assertion(func(_ *jwt.Token, b jwt.MapClaims) {
				if b[name] = v; v == nil {
					delete(b, name)
				}
			})
		}
	}
	header := func(name string, v any) func() string {
		return func() string { return c.assertion(func(j *jwt.Token, _ jwt.MapClaims) { j.Header[name] = v }) }
	}
	now := c.w.Now()
	used := c.assertion(nil)
	if rec, _ := c.grant(used); rec.Code != http.StatusOK {
		t.Fatalf("the first time: %d", rec.Code)
	}
	for name, text := range map[string]func() string{
		"used before":            func() string { return used },
		"no subject":             claim("sub", nil),
		"another subject":        claim("sub", "sva1_00000000000000000000000000"),
		"no issuer":              claim("iss", nil),
		"another issuer":         claim("iss", "https://evil.example"),
		"no audience":            claim("aud", nil),
		"another audience":       claim("aud", "https://evil.example/oauth/token"),
		"several audiences":      claim("aud", []string{"https://cobuild.test/oauth/token", "https://evil.example"}),
		"no name":                claim("jti", nil),
		"a giant name":           claim("jti", strings.Repeat("x", 1000)),
		"no end":                 claim("exp", nil),
		"over":                   claim("exp", now.Add(-time.Minute).Unix()),
		"ten years":              claim("exp", now.AddDate(10, 0, 0).Unix()),
		"from the future":        claim("iat", now.Add(time.Hour).Unix()),
		"not yet":                claim("nbf", now.Add(time.Hour).Unix()),
		"an embedded key":        header("jwk", m{"kty": "OKP"}),
		"a key elsewhere":        header("jku", "https://evil.example/keys"),
		"a chain elsewhere":      header("x5u", "https://evil.example/chain"),
		"an extension":           header("crit", []string{"exp"}),
		"another type":           header("typ", "at+jwt"),
		"another key's name":     header("kid", "../../keys"),
		"an injected name":       header("kid", "' OR 1=1 --"),
		"no algorithm":           func() string { return unsigned(c.assertion(nil), "none") },
		"the public key as HMAC": func() string { return unsigned(c.assertion(nil), "HS256") },
		"another signature": func() string {
			text := c.assertion(nil)
			return text[:strings.LastIndex(text, ".")+1] + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
		},
		"altered": func() string {
			parts := strings.Split(c.assertion(nil), ".")
			return parts[0] + "." + strings.Split(c.assertion(nil), ".")[1] + "." + parts[2]
		},
		"another's key": func() string {
			own := c.secret
			c.secret = foreign
			defer func() { c.secret = own }()
			return c.assertion(nil)
		},
		"padded":  func() string { return c.assertion(nil) + "==" },
		"nothing": func() string { return ".." },
		"no form": func() string { return "a.b" },
	} {
		t.Run(name, func(t *testing.T) {
			rec, body := c.grant(text())
			if rec.Code != http.StatusUnauthorized || body["error"] != "invalid_client" || body["access_token"] != nil {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
		})
	}
	if rec, body := c.grant(c.assertion(nil), "client_id", "sva1_00000000000000000000000000"); rec.Code != http.StatusUnauthorized || body["error"] != "invalid_client" {
		t.Errorf("in another's name: %d %s", rec.Code, rec.Body)
	}
	if rec, body := c.grant(c.assertion(nil), "client_secret", "cbs_x"); rec.Code != http.StatusBadRequest || body["error"] != "invalid_request" {
		t.Errorf("with two proofs: %d %s", rec.Code, rec.Body)
	}
	if rec, body := c.grant(c.assertion(nil), "client_assertion_type", "urn:example:saml"); rec.Code != http.StatusBadRequest || body["error"] != "invalid_request" {
		t.Errorf("of another type: %d %s", rec.Code, rec.Body)
	}
	if rec, _ := c.grant(c.assertion(nil)); rec.Code != http.StatusOK {
		t.Errorf("a good one, after all of those: %d %s", rec.Code, rec.Body)
	}
}

// unsigned is a token whose header names another algorithm, with a signature that this takes.
func unsigned(text, algorithm string) string {
	_, body, _ := strings.Cut(text, ".")
	body, _, _ = strings.Cut(body, ".")
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + algorithm + `","typ":"JWT"}`))
	if algorithm == "none" {
		return head + "." + body + "."
	}
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 32))
}

func TestAProgramNeverAcceptsWhatItsOwnSideHasReported(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ", "CONTRACTS_WRITE")
	account(t, w, "other", "CONTRACTS_READ", "CONTRACTS_WRITE")
	hosts(t, w, "host's", "CONTRACTS_READ", "CONTRACTS_WRITE")
	active(t, w)
	w.Pass(t, 18*24*time.Hour)
	gift := occurrence(t, w, "2026-03-20")
	report := m{"id": gift["id"], "expectedVersion": gift["version"], "note": "已捐", "quantityDone": "200", "clientMutationId": "report"}
	r := w.Do(t, "erp", "reportFulfilment", report, "fulfilment { version status report { party { id } personName } }").Fine()
	if r.Str("it.fulfilment.report.party.id") != w.Unit || r.Str("it.fulfilment.report.personName") != "erp" {
		t.Errorf("reported: %s", r.Text)
	}
	const may = `query($id: ID!) { node(id: $id) { ... on Fulfilment { allowedActions } } }`
	for _, who := range []string{"erp", "other", "liaison"} { // neither itself, nor another of the same organisation, nor its administrator
		for _, verb := range []string{"acceptFulfilment", "disputeFulfilment"} {
			in := m{"id": gift["id"], "expectedVersion": r.Int("it.fulfilment.version"), "clientMutationId": who + verb}
			if verb == "disputeFulfilment" {
				in["reason"] = "数量不符"
			}
			w.Do(t, who, verb, in, "fulfilment { id }").Is("FORBIDDEN")
		}
		if a := w.Ask(t, who, may, "id", gift["id"]).Fine(); strings.Contains(a.Text, "ACCEPT") {
			t.Errorf("%s is told that it may: %s", who, a.Text)
		}
	}
	community := m{"id": gift["id"], "expectedVersion": r.Int("it.fulfilment.version"), "clientMutationId": "c", "party": w.Community}
	w.Do(t, "erp", "acceptFulfilment", community, "fulfilment { id }").Is("FORBIDDEN")
	accept := m{"id": gift["id"], "expectedVersion": r.Int("it.fulfilment.version"), "clientMutationId": "accept"}
	if a := w.Do(t, "host's", "acceptFulfilment", accept, "fulfilment { status }").Fine(); a.Str("it.fulfilment.status") != "ACCEPTED" {
		t.Errorf("the receiver's own program: %s", a.Text)
	}
	if a := w.Ask(t, "liaison", `query($i: ID!) { serviceAccount(id: $i) { status } }`, "i", of).Fine(); a.Str("serviceAccount.status") != "ACTIVE" {
		t.Errorf("the account: %s", a.Text)
	}
}
