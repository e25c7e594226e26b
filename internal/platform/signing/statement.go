package signing

import (
	"crypto/ed25519"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The codes of signatures and keys.
const (
	// SignatureInvalid (reason: FORM, HEADER, ALGORITHM, STATEMENT) refuses a signature that is not what it should be.
	SignatureInvalid fault.Code = "SIGNATURE_INVALID"
	// KeyMalformed refuses a public key in none of the accepted forms, or one that protects nothing.
	KeyMalformed fault.Code = "KEY_MALFORMED"
)

// PurposeSign is the purpose of a party's signature under a contract.
const PurposeSign = "sign"

// PurposeAmend is the purpose of a party's signature under an amendment of a contract.
const PurposeAmend = "amend"

// AmendmentForm names the form of an amendment's signed text.
const AmendmentForm = "cobuild-amendment/1"

// Types of what is signed, as the "typ" of a JWS names them. A signature of one type is never taken for another.
const (
	TypeContract = "cobuild-contract+jws" // a party's signature
	TypeExport   = "cobuild-export+jws"   // the server's seal on an exported contract
)

// Statement is what a party's signature says: this party signs this text of this version of this contract.
type Statement struct {
	Contract id.Contract     `json:"contract"`
	Version  int             `json:"version"` // of the contract's text; the one that an amendment makes
	Party    id.Organisation `json:"party"`
	Purpose  string          `json:"purpose"`  // PurposeSign or PurposeAmend
	TextHash string          `json:"textHash"` // as Hash makes it
}

// Payload is the statement's canonical JSON: the very bytes under the signature.
func (s Statement) Payload() ([]byte, error) { return Canonical(s) }

// Sign puts a statement under the key called kid (the key's Fingerprint) and returns the detached JWS.
func Sign(private ed25519.PrivateKey, kid string, s Statement) (string, error) {
	payload, err := s.Payload()
	if err != nil {
		return "", err
	}
	return SignBytes(private, kid, TypeContract, payload)
}

// Verify checks a detached JWS over just this statement by the public key, whose Fingerprint must be the JWS's kid.
// SIGNATURE_INVALID otherwise.
func Verify(jws string, public ed25519.PublicKey, s Statement) error {
	payload, err := s.Payload()
	if err != nil {
		return err
	}
	return VerifyBytes(jws, public, TypeContract, payload)
}
