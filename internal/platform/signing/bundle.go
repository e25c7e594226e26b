package signing

import (
	"crypto/ed25519"
	"encoding/json"
	"slices"
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
	Amendments []Amendment     `json:"amendments,omitempty"` // that have taken effect, in order
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
	JWS      string          `json:"jws,omitempty"` // over the Statement with PurposeSign, or PurposeAmend
	SignedAt *time.Time      `json:"signedAt,omitempty"`
	By       string          `json:"by,omitempty"`   // the person who signed for the party, by their identifier: an export names nobody
	Left     bool            `json:"left,omitempty"` // had left the contract, so that an amendment did not wait for it
}

// Amendment is a signed change of an exported contract's text. Its own text says which contract it changes and, by number
// and hash, which text; so the amendments of a file hang together like the links of a chain.
type Amendment struct {
	Amendment id.Amendment    `json:"amendment"`
	Number    int             `json:"number"`    // of the version of the contract's text that it made
	AppliesOn string          `json:"appliesOn"` // its first day, by the server's word
	Text      json.RawMessage `json:"text"`      // the frozen canonical object, as it was signed
	TextHash  string          `json:"textHash"`
	Parties   []Party         `json:"parties"` // their JWS are over the Statement with PurposeAmend
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
	for i, a := range b.Amendments {
		if a.Parties == nil {
			b.Amendments[i].Parties = []Party{}
		}
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

// Signers are the parties of the contract and of its amendments, with what each of them has signed.
func (b *Bundle) Signers() []Party {
	all := b.Parties
	for _, a := range b.Amendments {
		all = slices.Concat(all, a.Parties)
	}
	return all
}
