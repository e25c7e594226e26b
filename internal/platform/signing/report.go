package signing

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The codes of exported files.
const (
	// FileMalformed refuses a file that is no exported contract in its one exact form.
	FileMalformed fault.Code = "FILE_MALFORMED"
	// FileAltered (part: textHash, parties, keys, amendments, seal) refuses a file whose parts do not belong together.
	FileAltered fault.Code = "FILE_ALTERED"
)

// Voucher is who stands for a key belonging to its organisation.
type Voucher string

// The vouchers.
const (
	Trusted     Voucher = "TRUSTED"      // the reader: the key's fingerprint is among those given
	ServersWord Voucher = "SERVERS_WORD" // nobody but the server that exported the file
)

// witness is the part whose signature nothing waits for.
const witness = "WITNESS"

// Report is what checking an exported contract found: who signed what with which key, and who vouches for the keys.
type Report struct {
	Contract   id.Contract
	Version    int
	TextHash   string
	Issuer     string
	ExportedAt time.Time
	Seal       SealReport
	Signatures []SignatureReport
	Unsigned   []Party           // parties that have not signed
	Amendments []AmendmentReport // in order, each changing the text before it
	Sharing    []Sharing         // what its text lets parties read of each other
	Complete   bool              // every HOST and PARTNER has signed, with a key in force, the contract and each amendment
}

// AmendmentReport is who signed an amendment.
type AmendmentReport struct {
	Amendment  id.Amendment
	Number     int
	AppliesOn  string
	TextHash   string
	Signatures []SignatureReport
	Unsigned   []Party
	Complete   bool
	Sharing    []Sharing // as its text has it
}

// SealReport is the server's key that sealed the file.
type SealReport struct {
	Fingerprint string
	Voucher     Voucher // SERVERS_WORD: the key stands in the file itself, and nobody else vouches for it
}

// SignatureReport is one good signature.
type SignatureReport struct {
	Party        id.Organisation
	Name         string
	Part         string
	By           string
	SignedAt     time.Time // by the server's clock
	Fingerprint  string
	Held         bool // the server holds the private key: it could have signed itself
	RegisteredAt time.Time
	RevokedAt    *time.Time
	InForce      bool // the key was registered and not yet revoked when it signed, by the server's clock
	Voucher      Voucher
}

// VerifyFile checks an exported contract. A file that is not exactly the canonical bytes, or of which anything does not
// fit, is refused: FILE_MALFORMED, FILE_ALTERED, SIGNATURE_INVALID. trust are fingerprints of keys that the reader knows
// from elsewhere.
func VerifyFile(file []byte, trust []string) (*Report, error) {
	b, err := readBundle(file)
	if err != nil {
		return nil, err
	}
	if err := b.checkSeal(); err != nil {
		return nil, err
	}
	text, err := Canonical(b.Text)
	if err != nil {
		return nil, err
	}
	if Hash(text) != b.TextHash || !bytes.HasPrefix(text, []byte("{")) {
		return nil, altered("textHash", nil)
	}
	keys, err := b.keyring()
	if err != nil {
		return nil, err
	}
	return b.report(keys, trust)
}

// readBundle reads the one exact form: what the bundle read would be written as must be the file itself. So unknown
// and repeated members, other spellings and spaces are all refused at once.
func readBundle(file []byte) (*Bundle, error) {
	doc := bytes.TrimSuffix(file, []byte("\n"))
	var b Bundle
	if err := json.Unmarshal(doc, &b); err != nil {
		return nil, fault.New(fault.Invalid, FileMalformed).Because(err)
	}
	again, err := Canonical(b)
	if err != nil {
		return nil, fault.New(fault.Invalid, FileMalformed).Because(err)
	}
	if b.Format != Format || !bytes.Equal(again, doc) {
		return nil, fault.New(fault.Invalid, FileMalformed)
	}
	return &b, nil
}

func (b *Bundle) checkSeal() error {
	public, err := b.SealKey.Public()
	if err != nil {
		return altered("seal", err)
	}
	open := *b
	open.Seal = ""
	payload, err := Canonical(open)
	if err != nil {
		return altered("seal", err)
	}
	if err := VerifyBytes(b.Seal, public, TypeExport, payload); err != nil {
		return altered("seal", err)
	}
	return nil
}

// keyring finds the keys by their fingerprint, each once and under its own.
func (b *Bundle) keyring() (map[string]Key, error) {
	keys := map[string]Key{}
	for _, k := range b.Keys {
		public, err := k.JWK.Public()
		if err != nil {
			return nil, altered("keys", err)
		}
		if _, twice := keys[k.Kid]; twice || Fingerprint(public) != k.Kid {
			return nil, altered("keys", nil)
		}
		keys[k.Kid] = k
	}
	return keys, nil
}

func (b *Bundle) report(keys map[string]Key, trust []string) (*Report, error) {
	public, _ := b.SealKey.Public()
	seal := Fingerprint(public)
	r := &Report{
		Contract: b.Contract, Version: b.Version, TextHash: b.TextHash, Issuer: b.Issuer, ExportedAt: b.ExportedAt,
		Seal: SealReport{Fingerprint: seal, Voucher: voucher(seal, trust)}, Sharing: sharingOf(b.Text),
	}
	said := Statement{Contract: b.Contract, Version: b.Version, Purpose: PurposeSign, TextHash: b.TextHash}
	var err error
	if r.Signatures, r.Unsigned, r.Complete, err = signatures(b.Parties, said, keys, trust); err != nil {
		return nil, err
	}
	if r.Amendments, err = b.amended(keys, trust); err != nil {
		return nil, err
	}
	for _, a := range r.Amendments {
		r.Complete = r.Complete && a.Complete
	}
	return r, nil
}

// signatures checks what parties have signed, each by a key of its own, and says who has not signed and whether that
// makes it incomplete.
func signatures(parties []Party, said Statement, keys map[string]Key, trust []string) (signed []SignatureReport, unsigned []Party, complete bool, err error) {
	complete = len(parties) > 0
	seen := map[id.Organisation]bool{}
	for _, p := range parties {
		if seen[p.Party] {
			return nil, nil, false, altered("parties", nil)
		}
		seen[p.Party] = true
		if p.JWS == "" && p.Kid == "" && p.SignedAt == nil {
			unsigned = append(unsigned, p)
			complete = complete && (p.Part == witness || p.Left)
			continue
		}
		said.Party = p.Party
		s, err := signature(p, said, keys)
		if err != nil {
			return nil, nil, false, err
		}
		s.Voucher = voucher(s.Fingerprint, trust)
		complete = complete && (s.InForce || p.Part == witness)
		signed = append(signed, s)
	}
	return signed, unsigned, complete, nil
}

// signature checks one party's signature: by a key of that party, over just this statement.
func signature(p Party, said Statement, keys map[string]Key) (SignatureReport, error) {
	k, ok := keys[p.Kid]
	if !ok || k.Organisation != p.Party || p.SignedAt == nil {
		return SignatureReport{}, altered("parties", nil)
	}
	public, err := k.JWK.Public()
	if err != nil {
		return SignatureReport{}, err
	}
	if err := Verify(p.JWS, public, said); err != nil {
		return SignatureReport{}, err
	}
	return SignatureReport{
		Party: p.Party, Name: p.Name, Part: p.Part, By: p.By, SignedAt: *p.SignedAt, Fingerprint: k.Kid,
		Held: k.Held, RegisteredAt: k.RegisteredAt, RevokedAt: k.RevokedAt, InForce: k.inForce(*p.SignedAt),
	}, nil
}

func (k Key) inForce(at time.Time) bool {
	return !at.Before(k.RegisteredAt) && (k.RevokedAt == nil || at.Before(*k.RevokedAt))
}

func voucher(fingerprint string, trust []string) Voucher {
	if slices.Contains(trust, fingerprint) {
		return Trusted
	}
	return ServersWord
}

func altered(part string, err error) error {
	return fault.New(fault.Refused, FileAltered, "part", part).Because(err)
}
