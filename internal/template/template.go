// Package template keeps the templates of contracts (契约模板) and the library of standard clauses (条款库), in both
// languages, so that a community and its units begin from what has served others and not from an empty page.
//
// A template is a text with places left open: who hosts, who the partners are, from which day. Filling them makes the
// draft of a contract, which is negotiated and signed as any other; a template changed later changes no contract. Each
// revision is a version, and older ones stay readable. A first set comes with the program.
package template

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of templates and clauses, in characters where nothing else is said. They lie below those of contracts, so
// that names put into a text do not make it too long.
const (
	MaxTitle       = 120
	MaxPurpose     = 2000
	MaxBody        = 6000
	MaxAction      = 500
	MaxLabel       = 40  // name of a role
	MaxUnit        = 20  // of a quantity
	MaxRoles       = 8   // partners
	MaxParts       = 60  // clauses, and commitments as many
	MaxMonths      = 120 // duration
	MaxNotice      = 365 // days
	MaxVersions    = 500
	maxSummary     = 500
	maxWhole       = 512 << 10 // bytes of a whole text, in both languages
	daysOfAMonth   = 28        // that every month has
	mostWeight     = 100
	mostAfterStart = 3650 // days
)

// Status is whether new drafts begin from a text.
type Status string

// The states.
const (
	Active  Status = "ACTIVE"
	Retired Status = "RETIRED" // readable for ever, but no draft begins from it
)

// CommunityType is a type of community for which a text is made.
type CommunityType string

// CommunityTypes are all of them.
func CommunityTypes() []CommunityType {
	return []CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"}
}

// UnitKind is a kind of resident unit for which a partner's role is made.
type UnitKind string

// UnitKinds are all of them.
func UnitKinds() []UnitKind {
	return []UnitKind{
		"SCHOOL", "HOSPITAL", "ENTERPRISE", "GOVERNMENT_AGENCY", "BANK", "PROPERTY_MANAGER", "SOCIAL_ORGANISATION",
		"MILITARY", "RESEARCH_INSTITUTE", "OTHER",
	}
}

// EvidenceKind is a kind of proof that a commitment asks for.
type EvidenceKind string

// EvidenceKinds are all of them.
func EvidenceKinds() []EvidenceKind {
	return []EvidenceKind{"PHOTO", "DOCUMENT", "ATTENDANCE_LIST", "RECEIPT", "LINK", "OTHER"}
}

// Head is what templates and clauses of the library have in common: whose they are, and where they stand.
type Head struct {
	Owner       id.Organisation `bson:"owner"` // the district, sub-district or community that keeps it; empty for the platform's own
	Status      Status          `bson:"status"`
	TextVersion int             `bson:"textVersion"`       // number of the current text, from 1
	RevisedAt   time.Time       `bson:"revisedAt"`         // when the current text was made
	Summary     string          `bson:"summary,omitempty"` // what it changed and why
	Shipped     int             `bson:"shipped,omitempty"` // edition of what came with the program, while nobody has revised it
	BuiltIn     bool            `bson:"builtIn,omitempty"` // came with the program
}

// Stand tells how organisations stand to it: what a body keeps is its own; the platform's belongs to none.
func (h *Head) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own && h.Owner != "" {
		return []id.Organisation{h.Owner}
	}
	return nil
}

// Audience is recorded on its events.
func (h *Head) Audience() []string {
	if h.Owner == "" {
		return []string{authz.Everybody}
	}
	return []string{authz.Everybody, string(h.Owner)}
}

// usedIn says whether it may be used by whom these owners serve: of a community itself and the bodies above it.
func (h *Head) usedIn(owners []id.Organisation) bool {
	return h.Owner == "" || slices.Contains(owners, h.Owner)
}

// Template is a template of contracts. The current text's own fields can be read on it.
type Template struct {
	store.Meta[id.Template] `bson:",inline"`
	Head                    `bson:",inline"`
	Body                    `bson:"text"`
}

// IsNode marks what can be found by its identifier alone.
func (*Template) IsNode() {}

// Body is one version of a template's text.
type Body struct {
	Title          Words           `bson:"title"`
	Purpose        Words           `bson:"purpose"`
	CommunityTypes []CommunityType `bson:"communityTypes"` // for which it is made
	UnitKinds      []UnitKind      `bson:"unitKinds"`      // of all roles together
	Roles          []*Role         `bson:"roles"`          // the partners, in the order of the contract
	Articles       []*Article      `bson:"articles"`
	Promises       []*Promise      `bson:"promises"`
	NoticeDays     int             `bson:"noticeDays"`
	Months         int             `bson:"months"` // from the first day to the last
	AutoRenew      bool            `bson:"autoRenew"`
}

// Role is a partner's place in a template.
type Role struct {
	Key       string     `bson:"key"` // names it in the text, as {manager}, and in drafts
	Label     Words      `bson:"label"`
	UnitKinds []UnitKind `bson:"unitKinds"` // which units can take it
}

// Article is one clause of a template, written out: also where it was taken from the library.
type Article struct {
	Heading Words             `bson:"heading"`
	Text    Words             `bson:"body"`
	Clause  *id.LibraryClause `bson:"clause,omitempty"` // where it was taken from
	Version *int              `bson:"version,omitempty"`
}

// Promise is a commitment of a template: by role, and by days after the first where it is due once.
type Promise struct {
	Provider         string          `bson:"provider"` // "host", or the key of a role
	Receivers        []string        `bson:"receivers"`
	Action           Words           `bson:"action"`
	Quantity         *scalar.Decimal `bson:"quantity,omitempty"`
	Unit             Words           `bson:"unit"`
	Recurrence       *string         `bson:"recurrence,omitempty"` // RFC 5545 rule
	DueAfterDays     *int            `bson:"dueAfterDays,omitempty"`
	Standing         bool            `bson:"standing,omitempty"`
	EvidenceRequired []EvidenceKind  `bson:"evidenceRequired,omitempty"`
	EvidenceNote     Words           `bson:"evidenceNote"`
	Weight           int             `bson:"weight"`
}

// Told is what events say of a template or a clause.
type Told struct {
	Owner   id.Organisation `bson:"owner,omitempty"`
	Version int             `bson:"version"` // of the text
}

// The events of this room. Each carries a Told. What comes with the program is nobody's doing and tells nothing.
const (
	ToldCreated       = "template.created"
	ToldRevised       = "template.revised"
	ToldRetired       = "template.retired"
	ToldClauseCreated = "library.created"
	ToldClauseRevised = "library.revised"
	ToldClauseRetired = "library.retired"
)

func (h *Head) told() Told { return Told{Owner: h.Owner, Version: h.TextVersion} }
