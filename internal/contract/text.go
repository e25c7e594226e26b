package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// What a text may hold.
const (
	MaxTitle       = 200    // characters
	MaxPurpose     = 4000   // characters
	MaxBody        = 20_000 // characters of a clause
	MaxAction      = 1000   // characters of a commitment
	MaxParties     = 64
	MaxClauses     = 200
	MaxCommitments = 200
	MaxNotice      = 365       // days
	MaxYears       = 30        // from the first day to the last
	MaxText        = 256 << 10 // bytes of the whole text as it is signed
)

// DefaultZone is the time zone of a contract that names none.
const DefaultZone = "Asia/Shanghai"

// Text is what is signed: everything that the parties agree on.
type Text struct {
	Title        string            `bson:"title" json:"title"`
	Purpose      string            `bson:"purpose,omitempty" json:"purpose,omitempty"`
	Named        []Named           `bson:"parties" json:"parties"` // in the order of the contract
	Clauses      []*Clause         `bson:"clauses" json:"clauses"`
	Commitments  []*Commitment     `bson:"commitments" json:"commitments"`
	EffectiveOn  scalar.Date       `bson:"effectiveOn" json:"effectiveOn"` // the first day
	EndsOn       scalar.Date       `bson:"endsOn" json:"endsOn"`           // the last day
	TimeZone     string            `bson:"timeZone" json:"timeZone"`       // IANA name
	NoticeDays   int               `bson:"noticeDays" json:"noticeDays"`   // from a notice to the exit
	SigningOrder []id.Organisation `bson:"signingOrder,omitempty" json:"signingOrder,omitempty"`
	Language     string            `bson:"language" json:"language"` // BCP 47
	Terms        scalar.JSON       `bson:"terms,omitempty" json:"terms,omitempty"`
	AutoRenew    bool              `bson:"autoRenew,omitempty" json:"autoRenew,omitempty"` // its renewal is drafted by time

	Sharing []*Sharing `bson:"sharing,omitempty" json:"sharing,omitempty"` // what parties let each other read; a text without any is as before
}

// Part is what an organisation is in a contract.
type Part string

// The parts.
const (
	Host    Part = "HOST"    // the community; one in each contract
	Partner Part = "PARTNER" // a resident unit
	Witness Part = "WITNESS" // any organisation; may sign, nothing waits for it
)

// Named is a party as the text names it.
type Named struct {
	Organisation    id.Organisation `bson:"organisation" json:"organisation"`
	Part            Part            `bson:"part" json:"part"`
	Name            string          `bson:"name" json:"name"`
	CreditCode      string          `bson:"creditCode,omitempty" json:"creditCode,omitempty"`
	ResponsibleHead string          `bson:"responsibleHead,omitempty" json:"responsibleHead,omitempty"`
	Liaison         string          `bson:"liaison,omitempty" json:"liaison,omitempty"`
}

// Clause is one article of the text. Its key stays the same through all versions.
type Clause struct {
	Key     string `bson:"key" json:"key"`
	Heading string `bson:"heading" json:"heading"`
	Body    string `bson:"body" json:"body"`
}

// EvidenceKind is a kind of proof that a commitment asks for.
type EvidenceKind string

// The kinds of evidence.
const (
	Photo          EvidenceKind = "PHOTO"
	Document       EvidenceKind = "DOCUMENT"
	AttendanceList EvidenceKind = "ATTENDANCE_LIST"
	Receipt        EvidenceKind = "RECEIPT"
	Link           EvidenceKind = "LINK"
	OtherEvidence  EvidenceKind = "OTHER"
)

// Commitment is one promise: what the provider does for the receivers, how much, and when. It is kept once (DueOn),
// by a rhythm (Recurrence), or all the time (Standing). Its key stays the same through all versions.
type Commitment struct {
	ID               id.Commitment     `bson:"id" json:"-"` // the contract's identifier and the key
	Key              string            `bson:"key" json:"key"`
	Provider         id.Organisation   `bson:"provider" json:"provider"`
	Receivers        []id.Organisation `bson:"receivers" json:"receivers"`
	Action           string            `bson:"action" json:"action"`
	Quantity         *scalar.Decimal   `bson:"quantity,omitempty" json:"quantity,omitempty"`
	Unit             string            `bson:"unit,omitempty" json:"unit,omitempty"`
	Recurrence       *string           `bson:"recurrence,omitempty" json:"recurrence,omitempty"` // RFC 5545 RRULE
	StartsOn         *scalar.Date      `bson:"startsOn,omitempty" json:"startsOn,omitempty"`
	DueOn            *scalar.Date      `bson:"dueOn,omitempty" json:"dueOn,omitempty"`
	Standing         bool              `bson:"standing" json:"standing"`
	EvidenceRequired []EvidenceKind    `bson:"evidenceRequired,omitempty" json:"evidenceRequired,omitempty"`
	EvidenceNote     string            `bson:"evidenceNote,omitempty" json:"evidenceNote,omitempty"`
	Weight           int               `bson:"weight" json:"weight"` // 1 to 100, for the rate of fulfilment
}

// IsNode marks a commitment as an object that the API finds by its identifier alone.
func (*Commitment) IsNode() {}

// Contract is the contract that the commitment is a part of.
func (m *Commitment) Contract() id.Contract {
	c, _, _ := id.Whole[id.Contract](string(m.ID), id.KindContract)
	return c
}
