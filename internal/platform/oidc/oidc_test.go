package oidc

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func wants(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestAnIssuerSaysWhoSomebodyIs(t *testing.T) {
	d := newDesk(t, "town")
	sealed, at := d.setOut("town")
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "cobuild", "scope": "openid", "code_challenge_method": "S256",
		"redirect_uri": "https://cobuild.example.org/oidc/town/callback",
	} {
		if at.Get(name) != want {
			t.Errorf("%s is %q", name, at.Get(name))
		}
	}
	for _, secret := range []string{at.Get("state"), at.Get("nonce"), at.Get("code_challenge"), back} {
		if secret == "" || strings.Contains(sealed, secret) {
			t.Errorf("the browser can read %q", secret)
		}
	}
	if who, err := d.comeBack("town", sealed, d.permit("town", at)); who != "li" || err != nil {
		t.Errorf("it is %q, %v", who, err)
	}
}

// Every token here is what an issuer, or somebody between, could send in the place of an honest one.
func TestAttackForgedIDTokens(t *testing.T) {
	d := newDesk(t, "town")
	c := d.issue["town"]
	foreign := newIssuer(t, d.now)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ours := func() []byte { raw, _ := json.Marshal(c.keySet().Keys[0]); return raw }()
	claim := func(over m) func(*crooked) { return func(c *crooked) { c.claims = over } }
	head := func(over m) func(*crooked) { return func(c *crooked) { c.head = over } }
	by := func(sign func(head, body m) string) func(*crooked) { return func(c *crooked) { c.sign = sign } }
	for name, as := range map[string]func(*crooked){
		"nonce of another":                 claim(m{"nonce": "another"}),
		"no nonce":                         claim(m{"nonce": nil}),
		"another audience":                 claim(m{"aud": "somebody"}),
		"no audience":                      claim(m{"aud": nil}),
		"several audiences, no azp":        claim(m{"aud": []string{"cobuild", "somebody"}}),
		"another azp":                      claim(m{"azp": "somebody"}),
		"another issuer":                   claim(m{"iss": "https://elsewhere.example.org"}),
		"no issuer":                        claim(m{"iss": nil}),
		"no subject":                       claim(m{"sub": nil}),
		"an endless subject":               claim(m{"sub": strings.Repeat("x", 256)}),
		"expired":                          claim(m{"iat": -15 * time.Minute, "exp": -time.Minute}),
		"no exp":                           claim(m{"exp": nil}),
		"no iat":                           claim(m{"iat": nil}),
		"made in the future":               claim(m{"iat": 2 * time.Minute, "exp": 5 * time.Minute}),
		"good in the future":               claim(m{"nbf": 2 * time.Minute}),
		"ten years":                        claim(m{"exp": 10 * 365 * 24 * time.Hour}),
		"another access token":             claim(m{"at_hash": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}),
		"no token at all":                  by(func(m, m) string { return "" }),
		"crit":                             head(m{"crit": []string{"exp"}}),
		"a key of the sender's, jwk":       head(m{"jwk": json.RawMessage(ours)}),
		"a key of the sender's, jku":       head(m{"jku": foreign.URL + "/keys"}),
		"a key of the sender's, x5u":       head(m{"x5u": foreign.URL + "/keys"}),
		"a logout token":                   head(m{"typ": "logout+jwt"}),
		"an access token":                  head(m{"typ": "at+jwt"}),
		"kid in another folder":            head(m{"kid": "../first"}),
		"foreign kid":                      by(func(h, b m) string { h["kid"] = "theirs"; return signed(t, foreign.keys[0].private, h, b) }),
		"foreign key under our kid":        by(func(h, b m) string { return signed(t, foreign.keys[0].private, h, b) }),
		"alg RS256 with a key for EdDSA":   by(func(h, b m) string { h["alg"] = "RS256"; return signed(t, small, h, b) }),
		"none":                             by(func(h, b m) string { h["alg"] = "none"; return part(h) + "." + part(b) + "." }),
		"NoNe":                             by(func(h, b m) string { h["alg"] = "NoNe"; return part(h) + "." + part(b) + "." }),
		"HS256 with the client's secret":   by(func(h, b m) string { h["alg"] = "HS256"; return hmacked([]byte(clientSecret), h, b) }),
		"HS256 with the public key":        by(func(h, b m) string { h["alg"] = "HS256"; return hmacked(ours, h, b) }),
		"written in another way":           by(func(h, b m) string { return signed(t, c.keys[0].private, h, b) + "\n" }),
		"a signature torn off":             by(func(h, b m) string { return part(h) + "." + part(b) + "." }),
		"as long as a book":                claim(m{"more": strings.Repeat("x", maxToken)}),
		"five parts":                       by(func(h, b m) string { return signed(t, c.keys[0].private, h, b) + ".x.x" }),
		"claims that are none":             by(func(h, _ m) string { return signed(t, c.keys[0].private, h, nil) }),
		"a body changed after the signing": by(func(h, b m) string { return swapped(signed(t, c.keys[0].private, h, b), b) }),
	} {
		c.be(func(c *crooked) { c.claims, c.head, c.sign = nil, nil, nil; as(c) })
		d.pass(time.Minute) // invented names of keys are looked up three times a minute
		who, err := d.signIn("town")
		if wants(t, name, err, CodeUnproven); who != "" {
			t.Errorf("%s: it is %q", name, who)
		}
	}
	c.be(func(c *crooked) {
		c.claims, c.head, c.sign = m{"aud": []string{"cobuild"}, "azp": "cobuild"}, m{"x5t": "abc"}, nil
	})
	if who, err := d.signIn("town"); who != "li" || err != nil {
		t.Errorf("and the honest one: %q, %v", who, err)
	}
}

// swapped is a token with another body under the same signature.
func swapped(text string, body m) string {
	parts := strings.Split(text, ".")
	body["sub"] = "wang"
	return parts[0] + "." + part(body) + "." + parts[2]
}

func TestAttackSmallRSAKeysOfAnIssuer(t *testing.T) {
	d := newDesk(t, "town")
	for bits, want := range map[int]fault.Code{1024: CodeAway, 2048: ""} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		d.issue["town"].be(func(c *crooked) {
			c.keys = []signer{{strconv.Itoa(bits), key}}
			c.head = m{"alg": "RS256"}
		})
		d.pass(25 * time.Hour)
		who, err := d.signIn("town")
		if want == "" && (err != nil || who != "li") || want != "" && !fault.Is(err, want) {
			t.Errorf("%d bits: %q, %v", bits, who, err)
		}
	}
}

func TestAttackWrongState(t *testing.T) {
	d := newDesk(t, "town")
	sealed, at := d.setOut("town")
	for name, state := range map[string]string{"none": "", "another": strings.Repeat("x", 43), "nearly": at.Get("state")[1:]} {
		_, err := d.Resume("town", sealed, state)
		wants(t, name, err, CodeElsewhere)
	}
}

func TestAttackMissingAndTamperedCookies(t *testing.T) {
	d := newDesk(t, "town")
	sealed, at := d.setOut("town")
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	for name, cookie := range map[string]string{
		"missing": "", "not ours": "eyJzIjoieCJ9", "no base64": "%%%", "a byte changed": base64.RawURLEncoding.EncodeToString(raw),
		"endless": strings.Repeat("A", maxSealed+4),
	} {
		_, err := d.Resume("town", cookie, at.Get("state"))
		wants(t, name, err, CodeElsewhere)
	}
	d.pass(FlowLife)
	_, err = d.Resume("town", sealed, at.Get("state"))
	wants(t, "too late", err, CodeElsewhere)
}

// An answer of one issuer is taken to the door of another, which would have us show the one's code to the other.
func TestAttackMixUpOfIssuers(t *testing.T) {
	d := newDesk(t, "town", "evil")
	sealed, at := d.setOut("town")
	_, err := d.Resume("evil", sealed, at.Get("state"))
	wants(t, "what was begun at one and comes back from the other", err, CodeElsewhere)

	answer := d.permit("town", at)
	answer.Set("iss", d.issue["evil"].URL)
	_, err = d.comeBack("town", sealed, answer)
	wants(t, "an answer that says it is of the other", err, CodeUnproven)

	d.issue["town"].be(func(c *crooked) { c.meta = m{"authorization_response_iss_parameter_supported": true} })
	d.pass(2 * time.Hour)
	sealed, at = d.setOut("town")
	answer = d.permit("town", at)
	_, err = d.comeBack("town", sealed, answer)
	wants(t, "no word of whose it is, from one who always says it", err, CodeUnproven)
	if n := d.issue["town"].count("/token") + d.issue["evil"].count("/token"); n != 0 {
		t.Errorf("a code was shown %d times", n)
	}
	answer.Set("iss", d.issue["town"].URL)
	if who, err := d.comeBack("town", sealed, answer); who != "li" || err != nil {
		t.Errorf("and the honest one: %q, %v", who, err)
	}
	evil := newDesk(t, "town")
	evil.issue["town"].be(func(c *crooked) { c.meta = m{"issuer": d.issue["town"].URL} })
	_, _, err = evil.Begin(t.Context(), "town", back, challenge)
	wants(t, "an issuer that calls itself another", err, CodeAway)
}

func TestAttackOpenRedirect(t *testing.T) {
	d := newDesk(t, "town")
	for _, bad := range []string{
		"", "/after", "//evil.example.org", "https://evil.example.org/", "https://app.example.org.evil.org/", "https://app.example.org@evil.org/",
		"https://evil.org\\@app.example.org/", "http://app.example.org/", "https://app.example.org:8443/", "javascript:alert(1)", "data:text/html,x",
		"https://app.example.org/#x", "https://app.example.org/#", "https://app.example.org/\r\nSet-Cookie: x", "https://app.example.org/ ", "https:app.example.org",
		"https://user@app.example.org/", "https://app.example.org/" + strings.Repeat("x", MaxReturn), "\thttps://app.example.org/", "https://app.example.org/共建",
	} {
		_, _, err := d.Begin(t.Context(), "town", bad, challenge)
		wants(t, bad, err, CodeReturn)
	}
	for _, good := range []string{"https://app.example.org/after?tab=1", "https://cobuild.example.org/explorer", "https://app.example.org"} {
		if _, _, err := d.Begin(t.Context(), "town", good, challenge); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "short", challenge + "x", challenge[1:] + "="} {
		_, _, err := d.Begin(t.Context(), "town", back, bad)
		wants(t, "challenge "+bad, err, CodeChallenge)
	}
	_, _, err := d.Begin(t.Context(), "nobody", back, challenge)
	wants(t, "an issuer that is none", err, CodeUnknown)
}

func TestAttackUnknownKeysDoNotHammerTheIssuer(t *testing.T) {
	d := newDesk(t, "town")
	c := d.issue["town"]
	c.be(func(c *crooked) { c.head = m{"kid": "invented"} })
	for range 20 {
		_, err := d.signIn("town")
		wants(t, "an invented kid", err, CodeUnproven)
	}
	if n := c.count("/keys"); n > fetches {
		t.Errorf("the keys were fetched %d times in a minute", n)
	}
	if n := c.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("the metadata were fetched %d times", n)
	}
}

func TestAnIssuerThatHasANewKeyIsBelievedAtOnce(t *testing.T) {
	d := newDesk(t, "town")
	for _, kid := range []string{"first", "second", "third"} {
		d.issue["town"].rotate(kid)
		if who, err := d.signIn("town"); who != "li" || err != nil {
			t.Errorf("%s: %q, %v", kid, who, err)
		}
	}
	if n := d.issue["town"].count("/keys"); n != 3 {
		t.Errorf("the keys were fetched %d times", n)
	}
	gone := d.issue["town"].keys[0]
	d.issue["town"].rotate("fourth")
	d.issue["town"].be(func(c *crooked) {
		c.sign = func(h, b m) string { h["kid"] = gone.kid; return signed(t, gone.private, h, b) }
	})
	d.pass(2 * time.Hour)
	_, err := d.signIn("town")
	wants(t, "a key that was taken back", err, CodeUnproven)
}

func TestAnIssuerThatIsAwayHindersNobodyElse(t *testing.T) {
	d := newDesk(t, "town", "other")
	town := d.issue["town"]
	town.be(func(c *crooked) { c.down = true })
	for range 10 {
		_, _, err := d.Begin(t.Context(), "town", back, challenge)
		wants(t, "while it is away", err, CodeAway)
		if fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("it is no passing failure: %v", err)
		}
	}
	if n := town.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("it was asked %d times at once", n)
	}
	if who, err := d.signIn("other"); who != "li" || err != nil {
		t.Errorf("meanwhile at the other: %q, %v", who, err)
	}
	town.be(func(c *crooked) { c.down = false })
	d.pass(restFor)
	if who, err := d.signIn("town"); who != "li" || err != nil {
		t.Errorf("when it is back: %q, %v", who, err)
	}
	sealed, at := d.setOut("town")
	answer := d.permit("town", at)
	town.be(func(c *crooked) { c.down = true })
	_, err := d.comeBack("town", sealed, answer)
	wants(t, "away in the middle", err, CodeAway)
	d.pass(2 * time.Hour)
	if _, _, err := d.Begin(t.Context(), "town", back, challenge); err != nil {
		t.Errorf("what is known of it is forgotten after two hours: %v", err)
	}
}

func TestWhatAnIssuerAnswersIsBounded(t *testing.T) {
	for name, as := range map[string]func(*crooked){
		"endless metadata":   func(c *crooked) { c.meta = m{"more": strings.Repeat("x", largest)} },
		"endless keys":       func(c *crooked) { c.set = []byte(`{"keys":[` + strings.Repeat(" ", largest) + `]}`) },
		"too many keys":      func(c *crooked) { c.set = []byte(`{"keys":[{}` + strings.Repeat(`,{}`, maxKeys) + `]}`) },
		"no keys":            func(c *crooked) { c.set = []byte(`{"keys":[]}`) },
		"keys that are none": func(c *crooked) { c.set = []byte(`<html>`) },
		"an open endpoint":   func(c *crooked) { c.meta = m{"token_endpoint": "http://id.example.org/token"} },
		"keys elsewhere":     func(c *crooked) { c.meta = m{"jwks_uri": "file:///etc/passwd"} },
		"no way to sign":     func(c *crooked) { c.meta = m{"id_token_signing_alg_values_supported": []string{"HS256", "none"}} },
	} {
		d := newDesk(t, "town")
		d.issue["town"].be(as)
		to, sealed, err := d.Begin(t.Context(), "town", back, challenge)
		if err == nil {
			u, _ := url.Parse(to)
			_, err = d.comeBack("town", sealed, d.permit("town", u.Query()))
		}
		wants(t, name, err, CodeAway)
	}
}

func TestManyWhoComeAtOnceAskTheIssuerOnce(t *testing.T) {
	d := newDesk(t, "town")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, _, err := d.Begin(context.WithoutCancel(t.Context()), "town", back, challenge); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := d.issue["town"].count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestAnIssuerSaysNo(t *testing.T) {
	d := newDesk(t, "town")
	sealed, at := d.setOut("town")
	_, err := d.comeBack("town", sealed, url.Values{"state": {at.Get("state")}, "error": {"access_denied"}, "error_description": {"<script>"}})
	if wants(t, "denied", err, CodeDenied); strings.Contains(err.Error(), "script") {
		t.Errorf("what the issuer says is passed on: %v", err)
	}
	_, err = d.comeBack("town", sealed, url.Values{"state": {at.Get("state")}, "code": {"invented"}})
	wants(t, "a code that the issuer does not know", err, CodeUnproven)
}

func TestEveryMistakeInTheFileIsNamedByItsPlace(t *testing.T) {
	good := entryText("town", "https://id.example.org")
	with := func(member, value string) string {
		var e map[string]any
		if err := json.Unmarshal([]byte(good), &e); err != nil {
			t.Fatal(err)
		}
		e[member] = json.RawMessage(value)
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return `{"issuers": [` + string(raw) + `]}`
	}
	for place, texts := range map[string][]string{
		"":                       {``, `{"issuers": [`, `no JSON`, `{"issuers": [` + good + `]} more`, `{"issuer": []}`, with("surprise", `1`)},
		"issuers":                {`{}`, `{"issuers": []}`, `{"issuers": 1}`, `{"issuers": [` + strings.Repeat(good+",", 20) + good + `]}`},
		"issuers[0].name":        {with("name", `""`), with("name", `"Town"`), with("name", `"a/b"`), with("name", `"`+strings.Repeat("a", 33)+`"`)},
		"issuers[0].title.en":    {with("title", `{"zh-CN": "某区"}`), with("title", `{"en": " ", "zh-CN": "某区"}`)},
		"issuers[0].title.zh-CN": {with("title", `{"en": "Town"}`), with("title", `{"en": "Town", "zh-CN": "`+strings.Repeat("区", 61)+`"}`)},
		"issuers[0].issuer": {
			with("issuer", `""`), with("issuer", `"http://id.example.org"`), with("issuer", `"https://u:p@id.example.org"`), with("issuer", `"https://id.example.org?x"`),
			with("issuer", `"https://id.example.org#x"`), with("issuer", `"ftp://127.0.0.1"`), with("issuer", `"id.example.org"`),
		},
		"issuers[0].clientId":     {with("clientId", `""`)},
		"issuers[0].clientSecret": {with("clientSecret", `""`), with("clientSecret", `"a\nb"`)},
		"issuers[0].scopes[1]":    {with("scopes", `["openid", "two words"]`)},
		"issuers[1].name":         {`{"issuers": [` + good + `,` + entryText("town", "https://other.example.org") + `]}`},
		"issuers[1].issuer":       {`{"issuers": [` + good + `,` + entryText("other", "https://id.example.org") + `]}`},
	} {
		for _, text := range texts {
			file := write(t, text)
			_, err := Read(file)
			bad, ok := errors.AsType[*FileError](err)
			if !ok || bad.Place != place || bad.File != file || strings.Contains(err.Error(), clientSecret) {
				t.Errorf("%.80s: got %v, want %q", text, err, place)
			}
		}
	}
	all, err := Read(write(t, with("scopes", `["profile", "openid"]`)))
	if err != nil || len(all) != 1 || strings.Join(all[0].Scopes, " ") != "openid profile" || all[0].Title.In("zh-CN") != "某区" || all[0].Title.In("en") != "The town" {
		t.Errorf("a good one: %+v, %v", all, err)
	}
	if _, err := Read("/there/is/none"); err == nil {
		t.Error("a file that is not there")
	}
}

func TestAnExposedFileOfIssuersIsRefused(t *testing.T) {
	file := write(t, `{"issuers": [`+entryText("town", "https://id.example.org")+`]}`)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
}

func TestIssuersAreReadAgainAndOneThatIsGoneSignsNobodyIn(t *testing.T) {
	d := newDesk(t, "town", "other")
	if _, err := d.signIn("town"); err != nil {
		t.Fatal(err)
	}
	sealed, at := d.setOut("other")
	answer := d.permit("other", at)
	rewrite := func(text string) error {
		if err := os.WriteFile(d.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return d.Reload()
	}
	if rewrite("{") == nil || len(d.All()) != 2 {
		t.Error("a broken file takes the issuers with it")
	}
	if err := rewrite(`{"issuers": [` + entryText("town", d.issue["town"].URL) + `]}`); err != nil {
		t.Fatal(err)
	}
	_, err := d.comeBack("other", sealed, answer)
	wants(t, "one that is gone", err, CodeUnknown)
	if _, err := d.signIn("town"); err != nil || d.issue["town"].count("/keys") != 1 {
		t.Errorf("one that stays is asked anew: %v", err)
	}
	var none *Issuers
	if len(none.All()) != 0 {
		t.Error("without a file there are issuers")
	}
}

func TestAFlowBegunUnderAnEarlierKeyIsFinished(t *testing.T) {
	d := newDesk(t, "town")
	sealed, at := d.setOut("town")
	fresh := bytes.Repeat([]byte{1}, 32)
	d.o.Keys = func() [][]byte { return [][]byte{fresh, make([]byte, 32)} }
	if who, err := d.comeBack("town", sealed, d.permit("town", at)); who != "li" || err != nil {
		t.Errorf("%q, %v", who, err)
	}
	d.o.Keys = func() [][]byte { return [][]byte{fresh} }
	_, err := d.Resume("town", sealed, at.Get("state"))
	wants(t, "under a key that is gone", err, CodeElsewhere)
}

func TestAClientSecretIsNeverPrinted(t *testing.T) {
	d := newDesk(t, "town")
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("issuers", "all", d.All(), "one", d.All()[0].ClientSecret)
	raw, err := json.Marshal(d.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb, d.All())
	}
	if text := out.String() + string(raw); strings.Contains(text, clientSecret) || strings.Contains(text, hex.EncodeToString([]byte(clientSecret))) {
		t.Errorf("it is printed: %s", text)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(part(m{"alg": "EdDSA", "kid": "x"}) + ".e30.x")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if plainHeader(text) != nil {
			return
		}
		if _, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{"none"}); err == nil {
			t.Fatalf("%q is taken without a signature", text)
		}
	})
}
