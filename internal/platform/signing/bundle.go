package signing

import (
	"crypto/ed25519"
	"encoding/json"
	"time"

	"github.com/cobuild/cobuild/internal/id"
)

// Format is the form of an exported contract.
const Format = "cobuild-contract/1"

// Bundle is an exported contract: one canonical JSON object that anybody can read and check without the server.
type Bundle struct {
	Format     string          `json:"format"` // Format
	Contract   id.Contract     `json:"contract"`
	Version    int             `json:"version"`
	Text       json.RawMessage `json:"text"`     // the frozen canonical object, as it was signed
	TextHash   string          `json:"textHash"` // as Hash makes it from Text
	Parties    []Party         `json:"parties"`
	Keys       []Key           `json:"keys"`
	ExportedAt time.Time       `json:"exportedAt"` // UTC, to the millisecond
	Issuer     string          `json:"issuer"`     // the server that exported it, as it calls itself
	SealKey    JWK             `json:"sealKey"`    // Export fills it in
	Seal       string          `json:"seal,omitempty"`
}

// Party is one party of an exported contract, with its signature where it has signed.
type Party struct {
	Party    id.Organisation `json:"party"`
	Name     string          `json:"name"`
	Part     string          `json:"part"` // HOST, PARTNER or WITNESS
	Kid      string          `json:"kid,omitempty"`
	JWS      string          `json:"jws,omitempty"` // over the Statement with PurposeSign
	SignedAt *time.Time      `json:"signedAt,omitempty"`
	By       string          `json:"by,omitempty"` // the person who signed for the party, by name
}

// Key is a key that signed, with what the server knows of it.
type Key struct {
	Kid          string          `json:"kid"`
	JWK          JWK             `json:"jwk"`
	Organisation id.Organisation `json:"organisation"`
	Held         bool            `json:"held"` // the server holds the private key for the organisation
	RegisteredAt time.Time       `json:"registeredAt"`
	RevokedAt    *time.Time      `json:"revokedAt,omitempty"`
}

// Export seals a bundle with the server's key and writes it: canonical JSON and one line end. Verify accepts what
// Export writes; a bundle that would not be accepted is refused here already.
func Export(b Bundle, seal ed25519.PrivateKey) ([]byte, error) {
	public, _ := seal.Public().(ed25519.PublicKey)
	b.Format, b.SealKey, b.Seal = Format, JWKOf(public), ""
	b.ExportedAt = b.ExportedAt.UTC().Truncate(time.Millisecond)
	if b.Parties == nil {
		b.Parties = []Party{}
	}
	if b.Keys == nil {
		b.Keys = []Key{}
	}
	open, err := Canonical(b)
	if err != nil {
		return nil, err
	}
	if b.Seal, err = SignBytes(seal, Fingerprint(public), TypeExport, open); err != nil {
		return nil, err
	}
	file, err := Canonical(b)
	if err != nil {
		return nil, err
	}
	file = append(file, '\n')
	if _, err := VerifyFile(file, nil); err != nil {
		return nil, err
	}
	return file, nil
}
