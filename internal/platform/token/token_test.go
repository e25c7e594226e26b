package token_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/token"
)

const (
	issuer   = "https://cobuild.example"
	audience = "https://cobuild.example/graphql"
)

var (
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	person  = id.Derived[id.Person](id.KindPerson, "p")
	session = id.Derived[id.Session](id.KindSession, "s")
)

type bench struct {
	now      time.Time
	keys     *keyring.Keyring
	issuer   *token.Issuer
	verifier *token.Verifier
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	keys, err := keyring.Create(filepath.Join(tb.TempDir(), "keyring.json"), noon.Add(-time.Hour), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	b := &bench{now: noon, keys: keys}
	clock := func() time.Time { return b.now }
	b.issuer = &token.Issuer{Keys: keys, Name: issuer, Audience: audience, Now: clock}
	b.verifier = &token.Verifier{Keys: keys, Name: issuer, Audience: audience, Now: clock}
	return b
}

func TestATokenSaysWhoCameAndLivesTenMinutes(t *testing.T) {
	b := newBench(t)
	signed, err := b.issuer.Access(person, session)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.verifier.Verify(signed.Text)
	want := token.Claims{Class: token.Access, Person: person, Session: session, IssuedAt: noon, ExpiresAt: noon.Add(10 * time.Minute)}
	if err != nil || c != want || !signed.ExpiresAt.Equal(want.ExpiresAt) {
		t.Fatalf("got %+v, %v", c, err)
	}
	b.now = noon.Add(10*time.Minute + 29*time.Second)
	if _, err := b.verifier.Verify(signed.Text); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	b.now = noon.Add(10*time.Minute + 31*time.Second)
	if _, err := b.verifier.Verify(signed.Text); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("after its end: %v", err)
	}
}

func TestADemoTokenIsOnlyGoodOnADemoServer(t *testing.T) {
	b := newBench(t)
	signed, err := b.issuer.Demo(person, session)
	if err != nil {
		t.Fatal(err)
	}
	b.now = noon.Add(11 * time.Hour)
	if _, err := b.verifier.Verify(signed.Text); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("on another server: %v", err)
	}
	b.verifier.AllowDemo = true
	if c, err := b.verifier.Verify(signed.Text); err != nil || c.Class != token.Demo {
		t.Errorf("on a demo server: %+v, %v", c, err)
	}
	b.now = noon.Add(12*time.Hour + time.Minute)
	if _, err := b.verifier.Verify(signed.Text); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("after its end: %v", err)
	}
}

// forge signs whatever header and claims with a key.
func forge(tb testing.TB, header, claims map[string]any, sign func([]byte) []byte) string {
	tb.Helper()
	part := func(v map[string]any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

type object = map[string]any

// with is an object with some members set; nil takes one away.
func with(o object, set object) object {
	out := maps.Clone(o)
	for k, v := range set {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func TestForgedTokensAreRefused(t *testing.T) {
	b := newBench(t)
	key := b.keys.Current(keyring.Token)
	ours := func(m []byte) []byte { return ed25519.Sign(key.Private(), m) }
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	theirs := func(m []byte) []byte { return ed25519.Sign(private, m) }
	hs := func(secret []byte) func([]byte) []byte {
		return func(m []byte) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write(m)
			return h.Sum(nil)
		}
	}
	nothing := func([]byte) []byte { return nil }
	header := object{"alg": "EdDSA", "typ": "at+jwt", "kid": key.ID}
	claims := object{
		"iss": issuer, "aud": audience, "sub": string(person), "sid": string(session),
		"iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
	}
	if _, err := b.verifier.Verify(forge(t, header, claims, ours)); err != nil {
		t.Fatalf("the pattern itself is no good: %v", err)
	}
	theirJWK := object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}
	for name, tt := range map[string]struct {
		header, claims object
		sign           func([]byte) []byte
	}{
		"no algorithm":                    {object{"alg": "none"}, nil, nothing},
		"no algorithm, in other letters":  {object{"alg": "nOnE"}, nil, nothing},
		"no signature":                    {nil, nil, nothing},
		"HMAC with the public key":        {object{"alg": "HS256"}, nil, hs(key.Public())},
		"HMAC with nothing":               {object{"alg": "HS256"}, nil, hs(nil)},
		"another algorithm's name":        {object{"alg": "ES256"}, nil, ours},
		"no algorithm's name":             {object{"alg": nil}, nil, ours},
		"an algorithm that is no word":    {object{"alg": 7}, nil, ours},
		"somebody else's key":             {nil, nil, theirs},
		"unknown kid":                     {object{"kid": "unknown"}, nil, theirs},
		"no kid":                          {object{"kid": nil}, nil, ours},
		"kid that is no word":             {object{"kid": []string{key.ID}}, nil, ours},
		"kid of a path":                   {object{"kid": "../../../../dev/null"}, nil, hs(nil)},
		"kid of a query":                  {object{"kid": "' OR 1=1 --"}, nil, theirs},
		"kid of the server's seal":        {object{"kid": b.keys.Current(keyring.Seal).ID}, nil, func(m []byte) []byte { return ed25519.Sign(b.keys.Current(keyring.Seal).Private(), m) }},
		"kid of a symmetric key":          {object{"kid": b.keys.Current(keyring.Cursor).ID}, nil, theirs},
		"embedded jwk":                    {object{"jwk": theirJWK}, nil, theirs},
		"embedded jwk, no kid":            {object{"jwk": theirJWK, "kid": nil}, nil, theirs},
		"jwk on a good token":             {object{"jwk": theirJWK}, nil, ours},
		"jku":                             {object{"jku": "https://evil.example/jwks.json"}, nil, ours},
		"x5u":                             {object{"x5u": "https://evil.example/cert.pem"}, nil, ours},
		"x5c":                             {object{"x5c": []string{"MIIB"}}, nil, ours},
		"unknown crit":                    {object{"crit": []string{"b64"}, "b64": false}, nil, ours},
		"empty crit":                      {object{"crit": []string{}}, nil, ours},
		"no typ":                          {object{"typ": nil}, nil, ours},
		"plain typ":                       {object{"typ": "JWT"}, nil, ours},
		"typ in other letters":            {object{"typ": "AT+JWT"}, nil, ours},
		"typ of a contract's signature":   {object{"typ": "cobuild-contract+jws"}, nil, ours},
		"demo token on a non-demo server": {object{"typ": "demo+jwt"}, nil, ours},
		"no exp":                          {nil, object{"exp": nil}, ours},
		"exp in the past":                 {nil, object{"exp": noon.Add(-time.Minute).Unix(), "iat": noon.Add(-time.Hour / 12).Unix()}, ours},
		"exp before iat":                  {nil, object{"exp": noon.Unix(), "iat": noon.Add(20 * time.Second).Unix()}, ours},
		"exp that is no number":           {nil, object{"exp": "tomorrow"}, ours},
		"ten years":                       {nil, object{"exp": noon.AddDate(10, 0, 0).Unix()}, ours},
		"eleven minutes":                  {nil, object{"exp": noon.Add(11 * time.Minute).Unix()}, ours},
		"no iat":                          {nil, object{"iat": nil}, ours},
		"future iat":                      {nil, object{"iat": noon.Add(time.Minute).Unix()}, ours},
		"not yet":                         {nil, object{"nbf": noon.Add(time.Minute).Unix()}, ours},
		"no aud":                          {nil, object{"aud": nil}, ours},
		"another aud":                     {nil, object{"aud": "https://other.example"}, ours},
		"no iss":                          {nil, object{"iss": nil}, ours},
		"another iss":                     {nil, object{"iss": "https://evil.example"}, ours},
		"no sub":                          {nil, object{"sub": nil}, ours},
		"empty sub":                       {nil, object{"sub": ""}, ours},
		"sub of another kind":             {nil, object{"sub": string(session)}, ours},
		"no sid":                          {nil, object{"sid": nil}, ours},
		"sid of another kind":             {nil, object{"sid": string(person)}, ours},
	} {
		text := forge(t, with(header, tt.header), with(claims, tt.claims), tt.sign)
		if c, err := b.verifier.Verify(text); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
}

func TestATokenIsWrittenInOneWayOnly(t *testing.T) {
	b := newBench(t)
	signed, err := b.issuer.Access(person, session)
	if err != nil {
		t.Fatal(err)
	}
	text := signed.Text
	parts := strings.Split(text, ".")
	last := text[len(text)-1]
	texts := []string{
		"", ".", "..", "...", text + ".", "." + text, text + "=", text + "\n", " " + text, text[:20] + "\n" + text[20:], text[:20] + "\r" + text[20:],
		parts[0] + "." + parts[1], parts[0] + "=." + parts[1] + "." + parts[2], text + "A", "Bearer " + text,
		strings.NewReplacer("-", "+", "_", "/").Replace(text) + "/", strings.Repeat("a", token.MaxLength) + "." + text,
	}
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if byte(c) != last {
			texts = append(texts, text[:len(text)-1]+string(c))
		}
	}
	for _, other := range texts {
		if _, err := b.verifier.Verify(other); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

func TestARotatedKeyVerifiesForAsLongAsItsTokensLive(t *testing.T) {
	b := newBench(t)
	b.verifier.AllowDemo = true
	before, err := b.issuer.Access(person, session)
	if err != nil {
		t.Fatal(err)
	}
	old := b.keys.Current(keyring.Token)
	if _, err := b.keys.Rotate(keyring.Token, noon, rand.Reader); err != nil {
		t.Fatal(err)
	}
	after, err := b.issuer.Access(person, session)
	if err != nil {
		t.Fatal(err)
	}
	for _, signed := range []token.Signed{before, after} {
		if _, err := b.verifier.Verify(signed.Text); err != nil {
			t.Errorf("right after the rotation: %v", err)
		}
	}
	b.now = noon.Add(time.Hour)
	late := forge(t, object{"alg": "EdDSA", "typ": "at+jwt", "kid": old.ID}, object{
		"iss": issuer, "aud": audience, "sub": string(person), "sid": string(session),
		"iat": b.now.Unix(), "exp": b.now.Add(time.Minute).Unix(),
	}, func(m []byte) []byte { return ed25519.Sign(old.Private(), m) })
	if _, err := b.verifier.Verify(late); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("a retired key still makes tokens: %v", err)
	}
	for at, want := range map[time.Time]int{noon: 2, noon.Add(12 * time.Hour): 2, noon.Add(13 * time.Hour): 1} {
		if n := len(listed(t, b.keys, at).Keys); n != want {
			t.Errorf("%s later %d keys are listed, want %d", at.Sub(noon), n, want)
		}
	}
}

func listed(t *testing.T, keys *keyring.Keyring, at time.Time) jose.JSONWebKeySet {
	t.Helper()
	raw, err := token.JWKS(keys, at)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnotherLibraryVerifiesATokenByThePublishedKeys(t *testing.T) {
	b := newBench(t)
	signed, err := b.issuer.Access(person, session)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := jose.ParseSignedCompact(signed.Text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	set := listed(t, b.keys, noon)
	key := set.Key(jws.Signatures[0].Header.KeyID)
	if len(key) != 1 || !key[0].Valid() || !key[0].IsPublic() {
		t.Fatalf("the keys are %+v", set.Keys)
	}
	if body, err := jws.Verify(key[0]); err != nil || !bytes.Contains(body, []byte(person)) {
		t.Fatalf("%s, %v", body, err)
	}
}

// FuzzVerify looks for a text that is accepted without having been issued.
func FuzzVerify(f *testing.F) {
	b := newBench(f)
	signed, err := b.issuer.Access(person, session)
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(signed.Text, ".")
	f.Add(parts[0], parts[1], parts[2])
	f.Add("eyJhbGciOiJub25lIn0", "e30", "")
	f.Add(parts[0], "eyJleHAiOjFlNDAwfQ", parts[2])
	f.Add("bnVsbA", "bnVsbA", "AA")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, header, claims, signature string) {
		text := header + "." + claims + "." + signature
		if _, err := b.verifier.Verify(text); (err == nil) != (text == signed.Text) {
			t.Fatalf("%q: %v", text, err)
		}
		resigned := header + "." + claims // as if the key had signed it: nothing but our own form may pass
		sum := ed25519.Sign(b.keys.Current(keyring.Token).Private(), []byte(resigned))
		c, err := b.verifier.Verify(resigned + "." + base64.RawURLEncoding.EncodeToString(sum))
		if err == nil && ((c.Person == "" || c.Session == "") && (c.Service == "" || c.Via == "") || c.ExpiresAt.Sub(c.IssuedAt) > token.AccessLife) {
			t.Fatalf("%q gives %+v", resigned, c)
		}
	})
}
