package signing

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// JWK is a public Ed25519 key as RFC 8037 writes it: an octet key pair.
type JWK struct {
	Kty string `json:"kty" bson:"kty"` // OKP
	Crv string `json:"crv" bson:"crv"` // Ed25519
	X   string `json:"x" bson:"x"`     // 32 bytes in base64url
}

// JWKOf writes a public key as a JWK.
func JWKOf(public ed25519.PublicKey) JWK {
	return JWK{Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public)}
}

// Public reads the key: KEY_MALFORMED where it is no Ed25519 key.
func (k JWK) Public() (ed25519.PublicKey, error) {
	if k.Kty != "OKP" || k.Crv != "Ed25519" {
		return nil, malformed(nil)
	}
	raw, err := strict(k.X)
	if err != nil {
		return nil, malformed(err)
	}
	return usable(raw)
}

// String is the JWK as JSON.
func (k JWK) String() string {
	return `{"crv":"` + k.Crv + `","kty":"` + k.Kty + `","x":"` + k.X + `"}`
}

// Fingerprint names a public key: its RFC 7638 thumbprint, SHA-256 in base64url, 43 characters. It is the kid of what
// the key signs.
func Fingerprint(public ed25519.PublicKey) string {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil { // a slice of another length; no such key gets past ParsePublicKey
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// maxKey bounds a public key's text in characters.
const maxKey = 4096

// ParsePublicKey reads an Ed25519 public key in any form in which people have one: a JWK, 32 bytes in base64url, or PEM
// (SubjectPublicKeyInfo). A private key pasted by mistake is refused, as is a key of small order, under which anybody
// could sign: KEY_MALFORMED.
func ParsePublicKey(s string) (ed25519.PublicKey, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > maxKey:
		return nil, malformed(nil)
	case strings.HasPrefix(s, "{"):
		return parseJWK([]byte(s))
	case strings.HasPrefix(s, "-----BEGIN"):
		return parsePEM([]byte(s))
	}
	raw, err := strict(s)
	if err != nil {
		return nil, malformed(err)
	}
	return usable(raw)
}

func parseJWK(doc []byte) (ed25519.PublicKey, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	members := map[string]any{}
	if err := dec.Decode(&members); err != nil || dec.More() {
		return nil, malformed(err)
	}
	if _, private := members["d"]; private {
		return nil, malformed(nil)
	}
	text := func(name string) string { s, _ := members[name].(string); return s }
	return JWK{Kty: text("kty"), Crv: text("crv"), X: text("x")}.Public()
}

func parsePEM(text []byte) (ed25519.PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, malformed(nil)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, malformed(err)
	}
	public, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, malformed(nil)
	}
	return usable(public)
}

func usable(raw []byte) (ed25519.PublicKey, error) {
	if len(raw) != ed25519.PublicKeySize || smallOrder(raw) {
		return nil, malformed(nil)
	}
	return raw, nil
}

// smallOrder says whether the public key is a point of small order, under which a signature can be made without any
// private key. There are eight such points; their bytes, without the sign, are these, the last two in a second writing.
func smallOrder(public ed25519.PublicKey) bool {
	y := hex.EncodeToString(append(slices.Clone(public[:31]), public[31]&0x7f))
	return slices.Contains([]string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}, y)
}

func malformed(err error) error {
	return fault.New(fault.Invalid, KeyMalformed).Because(err)
}
