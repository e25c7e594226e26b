// Package contract is the room of co-building contracts: the agreement between one community and one or more resident
// units, from its draft through negotiation and signing to the day it ends.
//
// A contract is one document. Its text is what gets signed; around the text stand the parties, what each of them has
// said to it, and the state. Every revision of the text is a version; versions of the past are kept beside it, and a
// text that is open for signing is frozen as bytes, so that what is shown, signed and exported is one and the same.
package contract

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// What a contract may hold beside its text.
const (
	MaxVersions = 500 // versions of the text, the current one included
	MaxRemarks  = 500 // remarks kept, over all versions
	MaxOpenings = 50  // times that a contract may be opened for signing
)

// Contract is a co-building contract with all that has been said to it. The text's own fields can be read on it.
type Contract struct {
	store.Meta[id.Contract] `bson:",inline"`
	Text                    `bson:"text"`
	Status                  Status            `bson:"status"`
	TextVersion             int               `bson:"textVersion"` // number of the current text, from 1
	Revisions               []Revision        `bson:"revisions"`   // who made which version; the last is the current one
	Parties                 []*Party          `bson:"parties"`     // in the order of the text, then those that left it
	Host                    id.Organisation   `bson:"host,omitempty"`
	DraftedBy               id.Organisation   `bson:"draftedBy"`
	CoDrafted               bool              `bson:"coDrafted"` // the host has had a hand in the draft
	Keys                    Keys              `bson:"keys"`
	Turn                    id.Organisation   `bson:"turn,omitempty"` // who is asked to revise, after a request for changes
	Remarks                 []Remark          `bson:"remarks,omitempty"`
	Frozen                  *Frozen           `bson:"frozen,omitempty"` // from SIGNING on
	Openings                int               `bson:"openings,omitempty"`
	Void                    []VoidSignature   `bson:"void,omitempty"`        // signatures under texts that were reopened
	Current                 []id.Organisation `bson:"current"`               // parties that have not left, in order
	Readers                 []id.Organisation `bson:"readers"`               // those, the bodies above the host, and former parties
	Above                   []id.Organisation `bson:"above,omitempty"`       // the bodies that supervise the host
	SubDistrict             id.Organisation   `bson:"subDistrict,omitempty"` // the host's
	District                id.Organisation   `bson:"district,omitempty"`    // the host's
	SignedAt                *time.Time        `bson:"signedAt,omitempty"`    // when the last required signature came
	ActiveAt                *time.Time        `bson:"activeAt,omitempty"`    // when it came into force
	EndedAt                 *time.Time        `bson:"endedAt,omitempty"`     // when it came to its end, whatever that was
	EndReason               string            `bson:"endReason,omitempty"`   // why it was cancelled or terminated, in the words of who did
	WakeAt                  *time.Time        `bson:"wakeAt,omitempty"`      // when time itself will change it next

	Former       []id.Organisation `bson:"former,omitempty"`       // parties that had signed and have left: they go on reading
	Step         *PendingStep      `bson:"pendingStep,omitempty"`  // what waits for everybody's consent
	Pauses       []Pause           `bson:"pauses,omitempty"`       // when it rested, the last perhaps to this day
	Completion   *Completion       `bson:"completion,omitempty"`   // while partners may object to it
	Objection    *Objection        `bson:"objection,omitempty"`    // what ended the last one
	EndedOn      *scalar.Date      `bson:"endedOn,omitempty"`      // in its own zone: from this day on nothing is due
	Predecessor  id.Contract       `bson:"predecessor,omitempty"`  // the contract that it renews
	RenewalReady *time.Time        `bson:"renewalReady,omitempty"` // when time drafted the contract that follows, or found it drafted

	Origin *Origin `bson:"origin,omitempty"` // the template it was drafted from

	AmendedBy id.Amendment   `bson:"amendedBy,omitempty"` // whose text is in force; empty for the text as it was signed
	TextFrom  *scalar.Date   `bson:"textFrom,omitempty"`  // the first day of an amended text
	AmendHash string         `bson:"amendHash,omitempty"` // hash of an amended text, as its signatures name it
	Amending  []id.Amendment `bson:"amending,omitempty"`  // who has the contract's word to be signed: the last; see Service.hold

	Sources []Source `bson:"sources,omitempty"` // the matches from which commitments were drafted

	Shares *shares `bson:"shares,omitempty"` // while it is in force: by whom and with whom something is shared
}

// Keys counts the keys assigned so far, so that none is given twice, whatever was removed.
type Keys struct {
	Clauses     int `bson:"clauses"`
	Commitments int `bson:"commitments"`
	Sharing     int `bson:"sharing,omitempty"`
}

// over counts on from either of two counts.
func (k Keys) over(o Keys) Keys {
	return Keys{max(k.Clauses, o.Clauses), max(k.Commitments, o.Commitments), max(k.Sharing, o.Sharing)}
}

// Revision is the making of one version of the text.
type Revision struct {
	Number       int             `bson:"number"`
	At           time.Time       `bson:"at"`
	Organisation id.Organisation `bson:"organisation"` // the party that made it
	Person       id.Person       `bson:"person,omitempty"`
	Summary      string          `bson:"summary,omitempty"` // what was changed and why, in the reviser's words

	Amendment id.Amendment `bson:"amendment,omitempty"` // that brought it; empty while the contract was negotiated
}

// PartyState is how far a party has come with the contract.
type PartyState string

// The states of a party.
const (
	Invited   PartyState = "INVITED"  // named in the text; has not agreed to the text as it is today
	Agreed    PartyState = "AGREED"   // has agreed to the text as it is today
	HasSigned PartyState = "SIGNED"   // has signed the frozen text
	Left      PartyState = "DECLINED" // has declined and is a party no longer
	Exited    PartyState = "EXITED"   // had signed, gave notice and is a party no longer
)

// Party is an organisation in the contract: as the text names it, and what it has said.
type Party struct {
	Named     `bson:",inline"`
	Contract  id.Contract `bson:"contract"` // the contract it is a party to
	State     PartyState  `bson:"state"`
	AgreedTo  int         `bson:"agreedTo,omitempty"` // the version it agreed to last; 0 for none
	Signature *Signature  `bson:"signature,omitempty"`
	LeftAt    *time.Time  `bson:"leftAt,omitempty"`
	Reason    string      `bson:"reason,omitempty"` // why it left, in its own words
	Notice    *Notice     `bson:"notice,omitempty"` // that it will leave, or has left

	JoinedBy id.Amendment `bson:"joinedBy,omitempty"` // the amendment that took it in; empty for those of the contract as signed
}

// Required says whether the contract waits for this party's agreement, signature and consent: for every one but a witness.
func (p *Party) Required() bool { return p.Part != Witness && !p.gone() }

// gone says whether it is a party no longer.
func (p *Party) gone() bool { return p.State == Left || p.State == Exited }

// Signature is one organisation's signature under a frozen text.
type Signature struct {
	Organisation id.Organisation `bson:"organisation"`
	Key          string          `bson:"key"` // identifier of the key, as in the signature's header
	JWS          string          `bson:"jws"` // detached, compact (RFC 7515)
	TextHash     string          `bson:"textHash"`
	SignedAt     time.Time       `bson:"signedAt"`
	Person       id.Person       `bson:"person,omitempty"` // who signed for it
}

// VoidSignature is a signature that lost its force when the contract was reopened.
type VoidSignature struct {
	Signature   `bson:",inline"`
	TextVersion int       `bson:"textVersion"`
	VoidAt      time.Time `bson:"voidAt"`
}

// Remark is what a party wants changed, about the whole text, one clause or one commitment.
type Remark struct {
	Organisation  id.Organisation `bson:"organisation"`
	TextVersion   int             `bson:"textVersion"`
	ClauseKey     *string         `bson:"clauseKey,omitempty"`
	CommitmentKey *string         `bson:"commitmentKey,omitempty"`
	Body          string          `bson:"body"`
	At            time.Time       `bson:"at"`
	Person        id.Person       `bson:"person,omitempty"`
}

// Frozen is the text as it lies open for signing: its canonical bytes and their hash.
type Frozen struct {
	Bytes []byte    `bson:"bytes"`
	Hash  string    `bson:"hash"` // "sha256:" and 64 hexadecimal digits
	At    time.Time `bson:"at"`
}

// IsNode marks a contract as an object that the API finds by its identifier alone.
func (*Contract) IsNode() {}

// TextHash is the hash that a signature must name; nil while the text is not frozen.
func (c *Contract) TextHash() *string {
	if c.Frozen == nil {
		return nil
	}
	return &c.Frozen.Hash
}

// CanonicalText is the frozen text itself, the very bytes that are signed; nil while the text is not frozen.
func (c *Contract) CanonicalText() *string {
	if c.Frozen == nil {
		return nil
	}
	s := string(c.Frozen.Bytes)
	return &s
}

// Signatures are those in force, in the order of the parties.
func (c *Contract) Signatures() []*Signature {
	out := []*Signature{}
	for _, p := range c.Parties {
		if p.Signature != nil {
			out = append(out, p.Signature)
		}
	}
	return out
}

// Party finds an organisation among the parties, also one that left; nil where it is none.
func (c *Contract) Party(o id.Organisation) *Party {
	i := slices.IndexFunc(c.Parties, func(p *Party) bool { return p.Organisation == o })
	if i < 0 {
		return nil
	}
	return c.Parties[i]
}

// Stand tells how organisations stand to the contract.
func (c *Contract) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Hosting:
		if p := c.Party(c.Host); p != nil && !p.gone() {
			return []id.Organisation{c.Host}
		}
	case authz.Partying:
		return c.Current
	case authz.Drafting:
		return c.drafters()
	case authz.Above:
		return c.Above
	case authz.Former:
		return c.Former
	}
	return nil
}

// Audience lists the organisations that may read the contract, for its events.
func (c *Contract) Audience() []string {
	out := make([]string, len(c.Readers))
	for i, o := range c.Readers {
		out[i] = string(o)
	}
	return out
}

// drafters are the parties that draft: whoever began, and of a unit's draft the host too.
func (c *Contract) drafters() []id.Organisation {
	ds := []id.Organisation{c.DraftedBy}
	if c.Host != "" && c.Host != c.DraftedBy {
		ds = append(ds, c.Host)
	}
	return slices.DeleteFunc(ds, func(o id.Organisation) bool { return !slices.Contains(c.Current, o) })
}

// settle brings what is derived up to date: who is a party today, who may read, and when time will change it next.
func (c *Contract) settle() {
	c.Current, c.Readers, c.Former = []id.Organisation{}, []id.Organisation{}, nil
	for _, p := range c.Parties {
		switch {
		case p.State == Exited:
			c.Former = append(c.Former, p.Organisation)
		case !p.gone():
			c.Current = append(c.Current, p.Organisation)
		}
	}
	for _, o := range slices.Concat(c.Current, c.Above, c.Former) {
		if !slices.Contains(c.Readers, o) {
			c.Readers = append(c.Readers, o)
		}
	}
	c.Shares = c.kept()
	c.WakeAt = nil
	if a := c.alarm(); a != nil {
		c.WakeAt = &a.at
	}
}
