package signing

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// maxJWS bounds a signature's length in characters before anything of it is read.
const maxJWS = 2048

// SignBytes signs a payload as a detached JWS (RFC 7515, appendix F) of the given type: header..signature.
func SignBytes(private ed25519.PrivateKey, kid, typ string, payload []byte) (string, error) {
	key := jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: kid}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return signed.DetachedCompactSerialize()
}

// VerifyBytes checks a detached JWS of the given type over a payload: SIGNATURE_INVALID with the reason FORM (not one
// strict compact form), HEADER (another header than alg, kid and typ), ALGORITHM (none that is allowed) or STATEMENT
// (well formed, but another key, text, party or purpose).
func VerifyBytes(jws string, public ed25519.PublicKey, typ string, payload []byte) error {
	h, err := readHeader(jws)
	if err != nil {
		return err
	}
	alg, ok := algorithmOf(h["alg"])
	if !ok {
		return invalid("ALGORITHM", nil)
	}
	if h["typ"] != typ || h["kid"] != Fingerprint(public) {
		return invalid("STATEMENT", nil)
	}
	parsed, err := jose.ParseDetached(jws, payload, []jose.SignatureAlgorithm{alg})
	if err != nil {
		return invalid("FORM", err)
	}
	if err := parsed.DetachedVerify(payload, public); err != nil {
		return invalid("STATEMENT", err)
	}
	return nil
}

// KeyID is the kid that a JWS names. The JWS is not checked beyond its form.
func KeyID(jws string) (string, error) {
	h, err := readHeader(jws)
	if err != nil {
		return "", err
	}
	return h["kid"], nil
}

// algorithmOf is the registry of the algorithms that signatures may use. Another one, SM2 say, is added here, in
// ParsePublicKey (its key's form and thumbprint) and in SignBytes; the types above stay as they are, because a
// signature names its algorithm itself.
func algorithmOf(name string) (jose.SignatureAlgorithm, bool) {
	if name == string(jose.EdDSA) {
		return jose.EdDSA, true
	}
	return "", false
}

func invalid(reason string, err error) error {
	return fault.New(fault.Refused, SignatureInvalid, "reason", reason).Because(err)
}

// readHeader takes a detached JWS's header, which must be written in the one strict way: no line ends, no padding, no
// loose bits, no payload, and just the members alg, kid and typ.
func readHeader(jws string) (map[string]string, error) {
	if len(jws) > maxJWS {
		return nil, invalid("FORM", nil)
	}
	parts := strings.Split(jws, ".")
	if len(parts) != 3 || parts[1] != "" || parts[2] == "" {
		return nil, invalid("FORM", nil)
	}
	head, err := strict(parts[0])
	if err != nil {
		return nil, invalid("FORM", err)
	}
	if _, err := strict(parts[2]); err != nil {
		return nil, invalid("FORM", err)
	}
	h, err := readMembers(head)
	if err != nil {
		return nil, invalid("HEADER", err)
	}
	return h, nil
}

// strict decodes base64url and refuses every way of writing the bytes but one.
func strict(s string) ([]byte, error) {
	out, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, err
	}
	if base64.RawURLEncoding.EncodeToString(out) != s {
		return nil, errors.New("not in the one form of base64url")
	}
	return out, nil
}

// readMembers reads a JSON object of just the three strings alg, kid and typ, each once.
func readMembers(doc []byte) (map[string]string, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, errors.New("no object")
	}
	h := map[string]string{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		value, err := dec.Token()
		if err != nil {
			return nil, err
		}
		k, _ := name.(string)
		v, ok := value.(string)
		if _, twice := h[k]; !ok || twice || k != "alg" && k != "kid" && k != "typ" {
			return nil, fmt.Errorf("member %q is not allowed", k)
		}
		h[k] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || len(h) != 3 {
		return nil, errors.New("want alg, kid and typ alone")
	}
	return h, nil
}
