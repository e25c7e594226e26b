package contract

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MaxPending bounds how many amendments of one contract are under way at a time.
const MaxPending = 20

// Amendment is a change of the text of a contract in force: a whole new text, written for one version of the old one,
// negotiated and signed like the contract itself. The old text holds until the new one's first day.
type Amendment struct {
	store.Meta[id.Amendment] `bson:",inline"`
	Contract                 id.Contract       `bson:"contract"`
	Status                   AmendmentStatus   `bson:"status"`
	Number                   int               `bson:"number"`      // of the version of the contract's text that it makes
	BaseVersion              int               `bson:"baseVersion"` // of the version that it changes
	BaseHash                 string            `bson:"baseHash"`    // of that version's signed text
	Text                     Text              `bson:"text"`
	EffectiveOn              *scalar.Date      `bson:"effectiveOn,omitempty"` // the new text's first day; nil for the day on which the last party signs
	Summary                  string            `bson:"summary,omitempty"`     // what it changes and why, in the words of who drafted it
	Made                     Revision          `bson:"made"`                  // who made the text as it is now, and its number from 1
	Parties                  []*Party          `bson:"parties"`               // in the order of the text
	Host                     id.Organisation   `bson:"host"`
	DraftedBy                id.Organisation   `bson:"draftedBy"`
	Keys                     Keys              `bson:"keys"`
	Turn                     id.Organisation   `bson:"turn,omitempty"` // who is asked to revise, after a request for changes
	Remarks                  []Remark          `bson:"remarks,omitempty"`
	Frozen                   *Frozen           `bson:"frozen,omitempty"` // from SIGNING on
	Openings                 int               `bson:"openings,omitempty"`
	Void                     []VoidSignature   `bson:"void,omitempty"` // signatures under texts that were reopened
	Current                  []id.Organisation `bson:"current"`        // the contract's parties that have not left, and witnesses to join
	Above                    []id.Organisation `bson:"above,omitempty"`
	Former                   []id.Organisation `bson:"former,omitempty"`    // parties that have left the contract and go on reading it
	SignedAt                 *time.Time        `bson:"signedAt,omitempty"`  // when the last required signature came
	AppliesOn                *scalar.Date      `bson:"appliesOn,omitempty"` // the first day of the new text, known when all have signed
	AppliedAt                *time.Time        `bson:"appliedAt,omitempty"` // when it took the old text's place
	EndedAt                  *time.Time        `bson:"endedAt,omitempty"`   // when it was declined, cancelled or lapsed
	EndReason                string            `bson:"endReason,omitempty"` // why, in the words of who declined or cancelled it
	WakeAt                   *time.Time        `bson:"wakeAt,omitempty"`    // while SIGNED: when its first day begins
}

// IsNode marks an amendment as an object that the API finds by its identifier alone.
func (*Amendment) IsNode() {}

// Party finds an organisation among the parties; nil where it is none.
func (a *Amendment) Party(o id.Organisation) *Party { return find(a.Parties, o) }

// Stand tells how organisations stand to the amendment: as they stand to the contract.
func (a *Amendment) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Hosting:
		if slices.Contains(a.Current, a.Host) {
			return []id.Organisation{a.Host}
		}
	case authz.Partying:
		return a.Current
	case authz.Above:
		return a.Above
	case authz.Former:
		return a.Former
	}
	return nil
}

// Audience lists the organisations that may read the amendment, for its events.
func (a *Amendment) Audience() []string {
	var out []string
	for _, o := range slices.Concat(a.Current, a.Above, a.Former) {
		if !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

// TextHash is the hash that a signature must name; nil while the text is not frozen.
func (a *Amendment) TextHash() *string {
	if a.Frozen == nil {
		return nil
	}
	return &a.Frozen.Hash
}

// CanonicalText is what is signed, byte by byte; nil while the text is not frozen.
func (a *Amendment) CanonicalText() *string {
	if a.Frozen == nil {
		return nil
	}
	s := string(a.Frozen.Bytes)
	return &s
}

// Signatures are those in force, in the order of the parties.
func (a *Amendment) Signatures() []*Signature {
	out := []*Signature{}
	for _, p := range a.Parties {
		if p.Signature != nil {
			out = append(out, p.Signature)
		}
	}
	return out
}

// SigningStatement is the payload that a party with a key of its own signs, as canonical JSON; nil while the text is
// not frozen, and for an organisation that is no party.
func (a *Amendment) SigningStatement(party id.Organisation) (*string, error) {
	var none *string
	if p := a.Party(party); a.Frozen == nil || p == nil || p.gone() {
		return none, nil
	}
	payload, err := a.statement(party).Payload()
	if err != nil {
		return none, err
	}
	said := string(payload)
	return &said, nil
}

// statement is what a party's signature under the amendment says.
func (a *Amendment) statement(party id.Organisation) signing.Statement {
	return signing.Statement{
		Contract: a.Contract, Version: a.Number, Party: party, Purpose: signing.PurposeAmend, TextHash: a.Frozen.Hash,
	}
}

// amendable is an amendment as it is signed: the whole new text, and what it is the amendment of.
type amendable struct {
	Form        string       `json:"form"`
	Contract    id.Contract  `json:"contract"`
	Amendment   id.Amendment `json:"amendment"`
	Number      int          `json:"number"`
	BaseVersion int          `json:"baseVersion"`
	BaseHash    string       `json:"baseHash"`
	EffectiveOn *scalar.Date `json:"effectiveOn,omitempty"`
	Summary     string       `json:"summary,omitempty"`
	Text        Text         `json:"text"`
}

func (a *Amendment) canonical() ([]byte, error) {
	return signing.Canonical(amendable{
		Form: signing.AmendmentForm, Contract: a.Contract, Amendment: a.ID, Number: a.Number, BaseVersion: a.BaseVersion,
		BaseHash: a.BaseHash, EffectiveOn: a.EffectiveOn, Summary: a.Summary, Text: a.Text,
	})
}

// meets brings the amendment up to date with its contract: who is still a party to it, and who reads it.
func (a *Amendment) meets(c *Contract) {
	a.stands(c)
	for _, p := range a.Parties {
		if is := c.Party(p.Organisation); is != nil && is.gone() {
			p.State, p.LeftAt = is.State, is.LeftAt
		}
	}
	if a.Turn != "" && !slices.Contains(a.Current, a.Turn) {
		a.Turn = ""
	}
}

// stands takes over from the contract who is a party to it and who reads it. It says whether that has changed.
func (a *Amendment) stands(c *Contract) bool {
	was := slices.Concat(a.Current, a.Above, a.Former)
	a.Host, a.Above, a.Former, a.Current = c.Host, c.Above, c.Former, slices.Clone(c.Current)
	for _, p := range a.Parties {
		if c.Party(p.Organisation) == nil { // a witness that would join
			a.Current = append(a.Current, p.Organisation)
		}
	}
	return !slices.Equal(was, slices.Concat(a.Current, a.Above, a.Former))
}

// outdated refuses an amendment of a text that is no longer the one in force.
func (a *Amendment) outdated(c *Contract) error {
	if a.BaseVersion == c.TextVersion {
		return nil
	}
	return fault.New(fault.Refused, CodeAmendOutdated, "base", a.BaseVersion, "current", c.TextVersion)
}

// inForce refuses what only a contract in force allows.
func (c *Contract) inForce() error {
	if c.Status == Active || c.Status == Suspended {
		return nil
	}
	return fault.New(fault.Refused, CodeAmendNotInForce, "status", c.Status)
}

// signedVersion is the number of the text that was signed as the contract, before any amendment.
func (c *Contract) signedVersion() int {
	for _, r := range slices.Backward(c.Revisions) {
		if r.Amendment == "" {
			return r.Number
		}
	}
	return c.TextVersion
}

// hashInForce is the hash of the text in force, as its signatures name it; empty while none is frozen.
func (c *Contract) hashInForce() string {
	switch {
	case c.AmendHash != "":
		return c.AmendHash
	case c.Frozen != nil:
		return c.Frozen.Hash
	}
	return ""
}
