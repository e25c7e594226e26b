package serviceaccount

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// ClientKey is a public key by which an account proves who it is (RFC 7523). Its private half never reaches us.
type ClientKey struct {
	ID        id.ClientKey `bson:"id"`
	Name      string       `bson:"name"`      // where its private half is
	Kid       string       `bson:"kid"`       // as assertions name it: the JWK's own kid, or its thumbprint (RFC 7638)
	Algorithm string       `bson:"algorithm"` // the only one it is good for
	JWK       string       `bson:"jwk"`       // in JSON
	CreatedAt time.Time    `bson:"createdAt"`
	CreatedBy *id.Person   `bson:"createdBy,omitempty"`
}

// The bounds of a key.
const (
	maxKeyText = 8192 // bytes
	minRSA     = 2048 // bits
	maxRSA     = 4096 // bits: a larger one would make us work for whoever sends assertions
	maxKid     = 128  // characters
)

// readClientKey reads a public key as a JWK or as PEM. A private one pasted by mistake is refused, and so is what could be
// broken.
func readClientKey(text string) (*ClientKey, error) {
	bad := fault.New(fault.Invalid, CodeClientKey)
	text = strings.TrimSpace(text)
	if len(text) > maxKeyText {
		return nil, bad
	}
	var k jose.JSONWebKey
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &k); err != nil {
			return nil, bad.Because(err)
		}
	} else {
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, bad
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, bad.Because(err)
		}
		k.Key = public
	}
	algorithm := algorithmOf(k)
	if algorithm == "" || !k.Valid() || !k.IsPublic() || k.Use != "" && k.Use != "sig" {
		return nil, bad
	}
	return newClientKey(k, algorithm)
}

func newClientKey(k jose.JSONWebKey, algorithm string) (*ClientKey, error) {
	bad := fault.New(fault.Invalid, CodeClientKey)
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, bad.Because(err)
	}
	if k.KeyID == "" {
		k.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	}
	if len(k.KeyID) > maxKid || strings.ContainsFunc(k.KeyID, func(r rune) bool { return r < '!' || r > '~' }) {
		return nil, bad
	}
	plain := jose.JSONWebKey{Key: k.Key, KeyID: k.KeyID, Algorithm: algorithm, Use: "sig"} // nothing else of what was sent
	doc, err := plain.MarshalJSON()
	if err != nil {
		return nil, bad.Because(err)
	}
	return &ClientKey{Kid: k.KeyID, Algorithm: algorithm, JWK: string(doc)}, nil
}

// algorithmOf is the one algorithm that a key is good for; empty where it is good for none of ours.
func algorithmOf(k jose.JSONWebKey) string {
	var fit []string
	switch key := k.Key.(type) {
	case ed25519.PublicKey:
		if _, err := signing.ParsePublicKey(base64.RawURLEncoding.EncodeToString(key)); err == nil { // none of small order
			fit = []string{"EdDSA"}
		}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			fit = []string{"ES256"}
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= minRSA && bits <= maxRSA && key.E >= 65537 && key.E%2 == 1 {
			fit = []string{"RS256", "PS256"}
		}
	}
	switch {
	case len(fit) == 0:
		return ""
	case k.Algorithm == "":
		return fit[0]
	case slices.Contains(fit, k.Algorithm):
		return k.Algorithm
	}
	return ""
}

// public is the key as assertions are checked by it.
func (k *ClientKey) public() (token.ClientKey, error) {
	var j jose.JSONWebKey
	if err := json.Unmarshal([]byte(k.JWK), &j); err != nil {
		return token.ClientKey{}, err
	}
	return token.ClientKey{ID: string(k.ID), Kid: k.Kid, Algorithm: k.Algorithm, Public: j.Key}, nil
}
