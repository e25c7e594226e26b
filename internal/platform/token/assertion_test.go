package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// client makes assertions of a service account that has an Ed25519 and a P-256 key.
type client struct {
	forger
	own  ed25519.PrivateKey
	ec   *ecdsa.PrivateKey
	rsa  *rsa.PrivateKey
	keys []token.ClientKey
}

func newClient(t *testing.T) client {
	t.Helper()
	a := client{forger: newForger(t)}
	var err error
	if a.public, a.own, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if a.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.keys = []token.ClientKey{
		{ID: "1", Kid: "ed", Algorithm: "EdDSA", Public: a.public},
		{ID: "2", Kid: "ec", Algorithm: "ES256", Public: &a.ec.PublicKey},
	}
	if said, err := a.check(a.assert(t, nil, nil, a.ours)); err != nil || said.Key != "1" || said.ID != "j" {
		t.Fatalf("the pattern itself is no good: %+v, %v", said, err)
	}
	return a
}

// withRSA gives the account a key that takes long to make.
func (a client) withRSA(t *testing.T) client {
	t.Helper()
	var err error
	if a.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	a.keys = append(a.keys, token.ClientKey{ID: "3", Kid: "rsa", Algorithm: "RS256", Public: &a.rsa.PublicKey})
	return a
}

func (a client) ours(m []byte) []byte { return ed25519.Sign(a.own, m) }

func (a client) pss(m []byte) []byte {
	sum := sha256.Sum256(m)
	sig, err := rsa.SignPSS(rand.Reader, a.rsa, crypto.SHA256, sum[:], nil)
	if err != nil {
		panic(err)
	}
	return sig
}

func (a client) assert(t *testing.T, header, body object, sign func([]byte) []byte) string {
	t.Helper()
	return forge(t, with(object{"alg": "EdDSA", "kid": "ed"}, header), with(object{
		"iss": string(account), "sub": string(account), "aud": issuer, "jti": "j",
		"iat": noon.Unix(), "exp": noon.Add(2 * time.Minute).Unix(),
	}, body), sign)
}

func (a client) check(text string) (token.Assertion, error) {
	v := token.Assertions{Audiences: []string{issuer, issuer + "/oauth/token"}, Now: func() time.Time { return noon }}
	return v.Verify(text, account, a.keys)
}

func (a client) refused(t *testing.T, header, body object, sign func([]byte) []byte) {
	t.Helper()
	if said, err := a.check(a.assert(t, header, body, sign)); err == nil {
		t.Errorf("got %+v", said)
	}
}

func TestAClientProvesItselfByAnyOfItsKeys(t *testing.T) {
	a := newClient(t).withRSA(t)
	for want, how := range map[string]struct {
		method jwt.SigningMethod
		key    any
		header map[string]any
	}{
		"1": {jwt.SigningMethodEdDSA, a.own, map[string]any{"kid": "ed"}},
		"2": {jwt.SigningMethodES256, a.ec, map[string]any{"typ": "client-authentication+jwt"}}, // no kid: there is one such key
		"3": {jwt.SigningMethodRS256, a.rsa, map[string]any{"kid": "rsa", "typ": "JWT"}},
	} {
		t.Run(want, func(t *testing.T) {
			made := jwt.NewWithClaims(how.method, jwt.MapClaims{
				"iss": string(account), "sub": string(account), "aud": issuer + "/oauth/token", "jti": "x",
				"exp": noon.Add(time.Minute).Unix(),
			})
			delete(made.Header, "typ")
			maps.Copy(made.Header, how.header)
			text, err := made.SignedString(how.key)
			if err != nil {
				t.Fatal(err)
			}
			if said, err := a.check(text); err != nil || said.Key != want {
				t.Errorf("got %+v, %v", said, err)
			}
			if got := (token.Assertions{}).Client(text); got != account {
				t.Errorf("it is said to be of %q", got)
			}
		})
	}
}

func TestAnAssertionWithoutAKidNeedsOneKeyOfItsAlgorithm(t *testing.T) {
	a := newClient(t)
	a.keys = append(a.keys, token.ClientKey{ID: "4", Kid: "ed2", Algorithm: "EdDSA", Public: a.keys[0].Public})
	a.refused(t, set("kid", nil), nil, a.ours)
}

func TestAnAssertionIsWrittenInOneWayOnly(t *testing.T) {
	a := newClient(t)
	text := a.assert(t, nil, nil, a.ours)
	parts := strings.Split(text, ".")
	for _, other := range []string{"", text + "=", text + "\n", parts[0] + "=." + parts[1] + "." + parts[2], text + ".", parts[0] + "." + parts[1]} {
		if said, err := a.check(other); err == nil {
			t.Errorf("%q: %+v", other, said)
		}
	}
	if got := (token.Assertions{}).Client("a.b.c"); got != "" {
		t.Errorf("nonsense is of %q", got)
	}
}

func TestAnAssertionWithoutAnAlgorithmIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("alg", "none"), nil, nothing)
}

func TestAnAssertionIsNotSignedWithThePublicKeyAsASecret(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("alg", "HS256"), nil, a.mac(a.public))
}

func TestAnAssertionsAlgorithmIsTheKeysOwn(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("alg", "ES256"), nil, a.ours)
}

func TestAnAssertionByAnRSAKeyUnderAnotherRSAAlgorithmIsRefused(t *testing.T) {
	a := newClient(t).withRSA(t)
	a.refused(t, object{"alg": "PS256", "kid": "rsa"}, nil, a.pss)
}

func TestAnAssertionsKidThatIsAPathFindsNoKey(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("kid", "../../../../dev/null"), nil, a.mac(nil))
}

func TestAnAssertionsKidThatIsAQueryFindsNoKey(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("kid", "x' OR 1=1 --"), nil, a.ours)
}

func TestAnAssertionsOwnKeyIsNeverRead(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("jwk", a.theirJWK()), nil, a.theirs)
}

func TestAnAssertionsAddressOfKeysIsNeverRead(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("jku", "https://evil.example/jwks.json"), nil, a.ours)
}

func TestAnAssertionsAddressOfACertificateIsNeverRead(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("x5u", "https://evil.example/c.pem"), nil, a.ours)
}

func TestAnAssertionWithAnExtensionThatMustBeUnderstoodIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, object{"crit": []string{"b64"}, "b64": false}, nil, a.ours)
}

func TestAnAssertionOfAnotherTypeIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, set("typ", "at+jwt"), nil, a.ours)
}

func TestAnAssertionByAnotherKeyIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, nil, a.theirs)
}

func TestAnAssertionWithoutAnEndIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("exp", nil), a.ours)
}

func TestAnAssertionThatHasEndedIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("exp", noon.Add(-time.Minute).Unix()), a.ours)
}

func TestAnAssertionOfTenYearsIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, object{"exp": noon.AddDate(10, 0, 0).Unix(), "iat": nil}, a.ours)
}

func TestAnAssertionOfSixMinutesIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, object{"exp": noon.Add(6 * time.Minute).Unix(), "iat": nil}, a.ours)
}

func TestAnAssertionThatWasMadeLongAgoIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("iat", noon.Add(-time.Hour).Unix()), a.ours)
}

func TestAnAssertionFromTheFutureIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("iat", noon.Add(2*time.Minute).Unix()), a.ours)
}

func TestAnAssertionForNobodyIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("aud", nil), a.ours)
}

func TestAnAssertionForAnotherServerIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("aud", "https://other.example"), a.ours)
}

func TestAnAssertionForSeveralServersIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("aud", []string{issuer, "https://other.example"}), a.ours)
}

func TestAnAssertionOfNoIssuerIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("iss", nil), a.ours)
}

func TestAnAssertionThatAnotherIssuedIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("iss", "https://evil.example"), a.ours)
}

func TestAnAssertionOfNobodyIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("sub", nil), a.ours)
}

func TestAnAssertionOfAnotherClientIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("sub", string(id.Derived[id.ServiceAccount](id.KindServiceAccount, "other"))), a.ours)
}

func TestAnAssertionWithoutANameIsRefused(t *testing.T) {
	a := newClient(t)
	a.refused(t, nil, set("jti", nil), a.ours)
}
