package token_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/token"
)

var account = id.Derived[id.ServiceAccount](id.KindServiceAccount, "a")

// forger makes access tokens of a service account, good ones and others.
type forger struct {
	*bench
	key     keyring.Key
	private ed25519.PrivateKey // somebody else's
	public  ed25519.PublicKey
}

func newForger(t *testing.T) forger {
	t.Helper()
	b := newBench(t)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := forger{b, b.keys.Current(keyring.Token), private, public}
	b.verifier.AllowDemo = true
	if c, err := b.verifier.Verify(f.forge(t, nil, nil, f.ours)); err != nil || c.Service != account || c.Scope != "CONTRACTS_READ" {
		t.Fatalf("the pattern itself is no good: %+v, %v", c, err)
	}
	return f
}

func (f forger) ours(m []byte) []byte   { return ed25519.Sign(f.key.Private(), m) }
func (f forger) theirs(m []byte) []byte { return ed25519.Sign(f.private, m) }

func (f forger) mac(secret []byte) func([]byte) []byte {
	return func(m []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(m)
		return h.Sum(nil)
	}
}

func (f forger) theirJWK() object {
	return object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(f.public)}
}

func nothing([]byte) []byte { return nil }

// set is one member to be set; nil takes it away.
func set(name string, value any) object { return object{name: value} }

func (f forger) forge(t *testing.T, header, body object, sign func([]byte) []byte) string {
	t.Helper()
	return forge(t, with(object{"alg": "EdDSA", "typ": "at+jwt", "kid": f.key.ID}, header), with(object{
		"iss": issuer, "aud": audience, "sub": string(account), "client_id": string(account), "scope": "CONTRACTS_READ",
		"jti": "j", "via": "v", "iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
	}, body), sign)
}

func (f forger) refused(t *testing.T, header, body object, sign func([]byte) []byte) {
	t.Helper()
	if c, err := f.verifier.Verify(f.forge(t, header, body, sign)); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAServiceAccountsTokenSaysWhichAccountAndItsScopes(t *testing.T) {
	b := newBench(t)
	want := token.Claims{
		Class: token.Access, Service: account, ID: "j", Scope: "PEOPLE_READ CONTRACTS_READ", Via: "v", Generation: 3,
		IssuedAt: noon, ExpiresAt: noon.Add(10 * time.Minute),
	}
	signed, err := b.issuer.Service(want)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := b.verifier.Verify(signed.Text); err != nil || c != want {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAnAccountsTokenIsWrittenInOneWayOnly(t *testing.T) {
	f := newForger(t)
	text := f.forge(t, nil, nil, f.ours)
	parts := strings.Split(text, ".")
	for _, other := range []string{text + "=", text + "\n", parts[0] + "=." + parts[1] + "." + parts[2], text[:20] + "\n" + text[20:], text + "."} {
		if _, err := f.verifier.Verify(other); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%q: %v", other, err)
		}
	}
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if byte(c) == text[len(text)-1] {
			continue
		}
		if _, err := f.verifier.Verify(text[:len(text)-1] + string(c)); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("ending in %c: %v", c, err)
		}
	}
}

func TestAnAccessTokenWithoutAnAlgorithmIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("alg", "none"), nil, nothing)
}

func TestAnAccessTokenIsNotSignedWithThePublicKeyAsASecret(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("alg", "HS256"), nil, f.mac(f.key.Public()))
}

func TestAnAccessTokenUnderAnotherAlgorithmsNameIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("alg", "RS256"), nil, f.ours)
}

func TestAnAccessTokensAlgorithmIsNotSwapped(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("alg", "ES256"), nil, f.ours)
}

func TestAKidThatIsAPathFindsNoKey(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("kid", "../../../../dev/null"), nil, f.mac(nil))
}

func TestAKidThatIsAQueryFindsNoKey(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("kid", "x' OR 1=1 --"), nil, f.theirs)
}

func TestAKeyInTheHeaderIsNeverRead(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("jwk", f.theirJWK()), nil, f.theirs)
}

func TestAnAddressOfKeysIsNeverRead(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("jku", "https://evil.example/jwks.json"), nil, f.theirs)
}

func TestAnAddressOfACertificateIsNeverRead(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("x5u", "https://evil.example/c.pem"), nil, f.theirs)
}

func TestAnAccessTokenWithoutAnEndIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("exp", nil), f.ours)
}

func TestAnAccessTokenThatHasEndedIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("exp", noon.Add(-time.Minute).Unix()), f.ours)
}

func TestAnAccessTokenOfTenYearsIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("exp", noon.AddDate(10, 0, 0).Unix()), f.ours)
}

func TestAnAccessTokenForNobodyIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("aud", nil), f.ours)
}

func TestAnAccessTokenForAnotherServerIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("aud", "https://other.example"), f.ours)
}

func TestAnAccessTokenOfNoIssuerIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("iss", nil), f.ours)
}

func TestAnAccessTokenOfAnotherIssuerIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("iss", "https://evil.example"), f.ours)
}

func TestAnAccessTokenOfNobodyIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("sub", nil), f.ours)
}

func TestAnAccessTokenOfAnotherClientIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("client_id", string(id.Derived[id.ServiceAccount](id.KindServiceAccount, "other"))), f.ours)
}

func TestAnAccountsTokenIsNotTurnedIntoAPersons(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("sub", string(person)), f.ours)
}

func TestAPersonsTokenIsNotGivenScopes(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, object{"sub": string(person), "sid": string(session), "client_id": nil, "via": nil}, f.ours)
}

func TestAnAccessTokenOfNoTypeIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("typ", nil), nil, f.ours)
}

func TestAnAccessTokenOfAnotherTypeIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("typ", "client-authentication+jwt"), nil, f.ours)
}

func TestAnAccountHasNoDemoToken(t *testing.T) {
	f := newForger(t)
	f.refused(t, set("typ", "demo+jwt"), nil, f.ours)
}

func TestAnExtensionThatMustBeUnderstoodIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, object{"crit": []string{"b64"}, "b64": false}, nil, f.ours)
}

func TestAnAccessTokenFromTheFutureIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("iat", noon.Add(2*time.Minute).Unix()), f.ours)
}

func TestAnAccessTokenThatNothingProvedIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("via", nil), f.ours)
}

func TestAnAccessTokenWithoutANameIsRefused(t *testing.T) {
	f := newForger(t)
	f.refused(t, nil, set("jti", nil), f.ours)
}
