package signing

import (
	"encoding/json"

	"github.com/cobuild/cobuild/internal/id"
)

// link is what an amendment's signed text says of itself: what it is, and which text it changes.
type link struct {
	Form        string       `json:"form"`
	Contract    id.Contract  `json:"contract"`
	Amendment   id.Amendment `json:"amendment"`
	Number      int          `json:"number"`
	BaseVersion int          `json:"baseVersion"`
	BaseHash    string       `json:"baseHash"`
}

// amended checks the amendments: each is whole, names the text before it by number and hash, and bears the parties'
// signatures. One that is missing in the middle, or in another place, breaks the chain.
func (b *Bundle) amended(keys map[string]Key, trust []string) ([]AmendmentReport, error) {
	var out []AmendmentReport
	version, hash := b.Version, b.TextHash
	for _, a := range b.Amendments {
		text, err := Canonical(a.Text)
		if err != nil {
			return nil, err
		}
		if Hash(text) != a.TextHash {
			return nil, altered("textHash", nil)
		}
		var is link
		if err := json.Unmarshal(text, &is); err != nil {
			return nil, altered("amendments", err)
		}
		want := link{
			Form: AmendmentForm, Contract: b.Contract, Amendment: a.Amendment, Number: a.Number, BaseVersion: version, BaseHash: hash,
		}
		if is != want || a.Number != version+1 {
			return nil, altered("amendments", nil)
		}
		r := AmendmentReport{Amendment: a.Amendment, Number: a.Number, AppliesOn: a.AppliesOn, TextHash: a.TextHash, Sharing: sharingOf(amendedText(text))}
		said := Statement{Contract: b.Contract, Version: a.Number, Purpose: PurposeAmend, TextHash: a.TextHash}
		if r.Signatures, r.Unsigned, r.Complete, err = signatures(a.Parties, said, keys, trust); err != nil {
			return nil, err
		}
		out = append(out, r)
		version, hash = a.Number, a.TextHash
	}
	return out, nil
}
