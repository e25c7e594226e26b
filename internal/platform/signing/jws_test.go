package signing_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// key makes the same key for the same number.
func key(n byte) (ed25519.PublicKey, ed25519.PrivateKey) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
	return private.Public().(ed25519.PublicKey), private
}

func statement() signing.Statement {
	return signing.Statement{
		Contract: id.Derived[id.Contract](id.KindContract, "c"), Version: 3,
		Party: id.Derived[id.Organisation](id.KindUnit, "u"), Purpose: signing.PurposeSign,
		TextHash: signing.Hash([]byte("{}")),
	}
}

func signed(t *testing.T, n byte, s signing.Statement) string {
	t.Helper()
	public, private := key(n)
	jws, err := signing.Sign(private, signing.Fingerprint(public), s)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func TestASignatureIsGoodForItsStatementAlone(t *testing.T) {
	public, _ := key(1)
	jws := signed(t, 1, statement())
	if err := signing.Verify(jws, public, statement()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*signing.Statement){
		"another contract": func(s *signing.Statement) { s.Contract = id.Derived[id.Contract](id.KindContract, "d") },
		"another version":  func(s *signing.Statement) { s.Version++ },
		"another party":    func(s *signing.Statement) { s.Party = id.Derived[id.Organisation](id.KindUnit, "v") },
		"another purpose":  func(s *signing.Statement) { s.Purpose = "terminate" },
		"another text":     func(s *signing.Statement) { s.TextHash = signing.Hash([]byte("[]")) },
	} {
		s := statement()
		change(&s)
		if err := signing.Verify(jws, public, s); !fault.Is(err, signing.SignatureInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	other, _ := key(2)
	if err := signing.Verify(jws, other, statement()); !fault.Is(err, signing.SignatureInvalid) {
		t.Errorf("by another key: got %v", err)
	}
}

func TestAnyJOSELibraryCanCheckASignature(t *testing.T) {
	public, _ := key(1)
	jws := signed(t, 1, statement())
	payload, err := statement().Payload()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseDetached(jws, payload, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.DetachedVerify(payload, &jose.JSONWebKey{Key: public}); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherWritingOfASignatureIsRefused(t *testing.T) {
	public, private := key(1)
	kid := signing.Fingerprint(public)
	good := signed(t, 1, statement())
	head, tail, _ := strings.Cut(good, "..")
	payload, err := statement().Payload()
	if err != nil {
		t.Fatal(err)
	}
	with := func(header string) string {
		h := base64.RawURLEncoding.EncodeToString([]byte(header))
		sig := ed25519.Sign(private, []byte(h+"."+base64.RawURLEncoding.EncodeToString(payload)))
		return h + ".." + base64.RawURLEncoding.EncodeToString(sig)
	}
	if err := signing.Verify(with(`{"typ":"cobuild-contract+jws","kid":"`+kid+`","alg":"EdDSA"}`), public, statement()); err != nil {
		t.Fatalf("members in another order: %v", err)
	}
	last := tail[len(tail)-1]
	loose := tail[:len(tail)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", last)|1])
	for name, tt := range map[string]struct{ jws, reason string }{
		"nothing":               {"", "FORM"},
		"with its payload":      {head + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + tail, "FORM"},
		"with loose bits":       {head + ".." + loose, "FORM"},
		"with padding":          {good + "==", "FORM"},
		"with a line end":       {good + "\n", "FORM"},
		"with another part":     {good + ".x", "FORM"},
		"as JSON":               {`{"payload":"","protected":"` + head + `","signature":"` + tail + `"}`, "FORM"},
		"without a signature":   {head + "..", "FORM"},
		"endless":               {head + ".." + strings.Repeat("A", 4096), "FORM"},
		"with another header":   {with(`{"alg":"EdDSA","kid":"` + kid + `","typ":"cobuild-contract+jws","crit":["b64"]}`), "HEADER"},
		"with a key of its own": {with(`{"alg":"EdDSA","jwk":{},"kid":"` + kid + `","typ":"cobuild-contract+jws"}`), "HEADER"},
		"with a member twice":   {with(`{"alg":"none","alg":"EdDSA","kid":"` + kid + `","typ":"cobuild-contract+jws"}`), "HEADER"},
		"with other letters":    {with(`{"ALG":"EdDSA","kid":"` + kid + `","typ":"cobuild-contract+jws"}`), "HEADER"},
		"without a kid":         {with(`{"alg":"EdDSA","typ":"cobuild-contract+jws"}`), "HEADER"},
		"with something behind": {with(`{"alg":"EdDSA","kid":"` + kid + `","typ":"cobuild-contract+jws"} {}`), "HEADER"},
		"with no algorithm":     {with(`{"alg":"none","kid":"` + kid + `","typ":"cobuild-contract+jws"}`), "ALGORITHM"},
		"with HMAC":             {with(`{"alg":"HS256","kid":"` + kid + `","typ":"cobuild-contract+jws"}`), "ALGORITHM"},
		"of another type":       {with(`{"alg":"EdDSA","kid":"` + kid + `","typ":"cobuild-export+jws"}`), "STATEMENT"},
		"with another kid":      {with(`{"alg":"EdDSA","kid":"x","typ":"cobuild-contract+jws"}`), "STATEMENT"},
	} {
		err := signing.Verify(tt.jws, public, statement())
		if !fault.Is(err, signing.SignatureInvalid) || fault.Of(err).Params["reason"] != tt.reason {
			t.Errorf("%s: got %v, %v", name, err, fault.Of(err).Params)
		}
	}
}

func TestAPublicKeyIsReadInEveryFormPeopleHave(t *testing.T) {
	public, private := key(7)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	jwk := signing.JWKOf(public).String()
	raw := base64.RawURLEncoding.EncodeToString(public)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for name, in := range map[string]string{
		"JWK": jwk, "raw": raw, "PEM": text, "JWK with more in it": `{"use":"sig","kid":"mine",` + jwk[1:], "with spaces around": " " + raw + "\n",
	} {
		if got, err := signing.ParsePublicKey(in); err != nil || !got.Equal(public) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	weak := make([]byte, 32)
	weak[0] = 1
	for name, in := range map[string]string{
		"nothing": "", "words": "my key", "too short": raw[:40], "with padding": raw + "=",
		"a private JWK":           `{"d":"x",` + jwk[1:],
		"a private PEM":           string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
		"two PEMs":                text + text,
		"a PEM of something else": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})),
		"another curve":           strings.Replace(jwk, "Ed25519", "X25519", 1),
		"an RSA key":              `{"kty":"RSA","n":"AQAB","e":"AQAB"}`,
		"two JWKs":                jwk + jwk,
		"endless":                 strings.Repeat("A", 5000),
	} {
		if got, err := signing.ParsePublicKey(in); !fault.Is(err, signing.KeyMalformed) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestAKeyUnderWhichAnybodyCouldSignIsRefused(t *testing.T) {
	forged := make([]byte, ed25519.SignatureSize) // needs no private key
	forged[0] = 1
	for _, point := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	} {
		raw, err := hex.DecodeString(point)
		if err != nil {
			t.Fatal(err)
		}
		weak := false
		for m := range 200 { // good for one message in eight
			weak = weak || ed25519.Verify(raw, []byte{byte(m)}, forged)
		}
		if !weak {
			t.Errorf("%s is no weak key", point)
		}
		if _, err := signing.ParsePublicKey(base64.RawURLEncoding.EncodeToString(raw)); !fault.Is(err, signing.KeyMalformed) {
			t.Errorf("%s: got %v", point, err)
		}
	}
}

func TestAFingerprintIsTheThumbprintOfRFC8037(t *testing.T) {
	public, err := signing.JWK{Kty: "OKP", Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}.Public()
	if err != nil || signing.Fingerprint(public) != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Fatalf("got %s, %v", signing.Fingerprint(public), err)
	}
}

func FuzzASignatureIsReadWithoutHarm(f *testing.F) {
	public, private := key(1)
	jws, err := signing.Sign(private, signing.Fingerprint(public), statement())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(jws)
	f.Add("..")
	f.Add("e30..AA")
	f.Fuzz(func(t *testing.T, s string) {
		if err := signing.Verify(s, public, statement()); (err == nil) != (s == jws) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func TestEveryChangedCharacterOfASignatureIsNoticed(t *testing.T) {
	public, _ := key(1)
	jws := signed(t, 1, statement())
	r := rand.New(rand.NewPCG(1, 2))
	for i := range len(jws) {
		for range 4 {
			b := []byte(jws)
			b[i] ^= byte(1 + r.IntN(255))
			if err := signing.Verify(string(b), public, statement()); err == nil {
				t.Fatalf("%q passed for %q", b, jws)
			}
		}
	}
}
