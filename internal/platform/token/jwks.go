package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// jwk is a public key by RFC 8037.
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS is the document of /.well-known/jwks.json (RFC 7517): the keys with which tokens alive at a moment may be
// signed. A retired key stays listed until the last token of any class signed by it has ended.
func JWKS(keys *keyring.Keyring, now time.Time) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range keys.All(keyring.Token) {
		if !trusted(k, Demo, now) {
			continue
		}
		x := base64.RawURLEncoding.EncodeToString(k.Public())
		set.Keys = append(set.Keys, jwk{"OKP", "Ed25519", x, k.ID, "sig", "EdDSA"})
	}
	raw, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	return raw, nil
}
