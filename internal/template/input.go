package template

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// BodyInput is a template's whole text. A revision gives it whole as well.
type BodyInput struct {
	Title          Words
	Purpose        Words
	CommunityTypes []CommunityType
	Partners       []RoleInput
	Clauses        []ArticleInput
	Commitments    []PromiseInput
	NoticeDays     *int // 30 where absent
	Months         *int // 12 where absent
	AutoRenew      *bool
}

// RoleInput is a partner's place.
type RoleInput struct {
	Key       string
	Label     Words
	UnitKinds []UnitKind
}

// ArticleInput is a clause: written out, or taken from the library as it stands now.
type ArticleInput struct {
	Heading       *Words
	Body          *Words
	LibraryClause *id.LibraryClause
}

// PromiseInput is a commitment by role.
type PromiseInput struct {
	Provider         string
	Receivers        []string
	Action           Words
	Quantity         *scalar.Decimal
	Unit             *Words
	Recurrence       *string
	DueAfterDays     *int
	Standing         *bool
	EvidenceRequired []EvidenceKind
	EvidenceNote     *Words
	Weight           *int // 1 where absent
}

// CreateInput is the input of createContractTemplate. Without an owner it is the platform's, or the body's for which
// the caller supervises.
type CreateInput struct {
	command.Once
	Owner *id.Organisation
	Text  BodyInput
}

// ReviseInput is the input of reviseContractTemplate.
type ReviseInput struct {
	command.Change
	ID      id.Template
	Summary *string
	Text    BodyInput
}

// RetireInput is the input of retireContractTemplate.
type RetireInput struct {
	command.Change
	ID id.Template
}

// ClauseBodyInput is a standard clause's whole text.
type ClauseBodyInput struct {
	Topic          Topic
	Heading        Words
	Body           Words
	CommunityTypes []CommunityType // all where absent
}

// CreateClauseInput is the input of createLibraryClause.
type CreateClauseInput struct {
	command.Once
	Owner *id.Organisation
	Text  ClauseBodyInput
}

// ReviseClauseInput is the input of reviseLibraryClause.
type ReviseClauseInput struct {
	command.Change
	ID      id.LibraryClause
	Summary *string
	Text    ClauseBodyInput
}

// RetireClauseInput is the input of retireLibraryClause.
type RetireClauseInput struct {
	command.Change
	ID id.LibraryClause
}

// DraftInput is the input of draftContractFromTemplate. What the template says is said by what is given here instead.
type DraftInput struct {
	command.Once
	Template       id.Template
	Version        *int    // of the text; the current one where absent
	Language       *string // zh-CN where absent
	Party          *id.Organisation
	Host           ActorInput
	Partners       []PlayerInput
	EffectiveOn    scalar.Date
	EndsOn         *scalar.Date
	Title          *string
	Purpose        *string
	NoticeDays     *int
	TimeZone       *string
	SigningOrder   []id.Organisation
	LibraryClauses []id.LibraryClause // besides the template's own
}

// ActorInput is the organisation that hosts, with who answers and who speaks for it.
type ActorInput struct {
	Organisation    id.Organisation
	ResponsibleHead *string
	Liaison         *string
}

// PlayerInput is a unit in a partner's role; the role may be left out where the template has one alone.
type PlayerInput struct {
	Role            *string
	Organisation    id.Organisation
	ResponsibleHead *string
	Liaison         *string
}

// or is the value, or what stands for it where it is absent.
func or[V any](v *V, absent V) V {
	if v == nil {
		return absent
	}
	return *v
}
