// Package playbook keeps what communities of each type typically need and do (共建套件): a rural area that sells its rice
// and watches over its collective property, an old estate without a property manager, a commercial one where neighbours
// never met, a resettlement estate that looks for work and for title deeds.
//
// A playbook comes as a file: needs, resources, templates of contracts and of projects, service posts, indicators and a
// year's calendar, all in Chinese and English. It is versioned and never changed; a better one is the next version. A
// secretary applies what suits the community: needs and templates are made there, once, as that community's own.
// Nothing in a playbook is about a person.
package playbook

import (
	"bytes"
	"encoding/json"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// CommunityType is the type of community that a playbook is for.
type CommunityType string

// CommunityTypes are all of them.
func CommunityTypes() []CommunityType {
	return []CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"}
}

// Strategy is what co-building is above all for in communities of a type.
type Strategy string

// The strategies, one for each type.
const (
	Development Strategy = "DEVELOPMENT"
	Governance  Strategy = "GOVERNANCE"
	Integration Strategy = "INTEGRATION"
	Advancement Strategy = "ADVANCEMENT"
)

// Audience is for whom something is lacking.
type Audience string

// UnitKind is a kind of resident unit.
type UnitKind string

// EvidenceKind is a kind of proof that a commitment asks for.
type EvidenceKind string

// Words are one text in both languages of the house.
type Words = text.Both

// Playbook is one version of what is typical of communities of a type.
type Playbook struct {
	ID                id.Playbook `json:"-"`
	Type              CommunityType
	Version           int
	IssuedOn          scalar.Date
	Strategy          Strategy
	Title             Words
	Summary           Words
	Needs             []*Need
	Resources         []*Resource
	ContractTemplates []*ContractTemplate
	ProjectTemplates  []*ProjectTemplate
	Posts             []*Post
	Indicators        []*Indicator
	Calendar          []*Entry

	parts []*Part
}

// IsNode marks what can be found by its identifier alone.
func (*Playbook) IsNode() {}

// Basis names the reported examples of co-building on which a part rests. It stays in the file, for whoever revises it.
type Basis struct {
	Basis []string `json:"basis,omitempty"`
}

// Need is something that communities of the type typically lack.
type Need struct {
	Key       string
	Category  string // code of the tree of categories
	Audiences []Audience
	Title     Words
	Text      Words
	Quantity  int // what is usual
	Unit      Words
	Basis
}

// Resource is something that units near such communities typically can offer.
type Resource struct {
	Key      string
	Category string // code of the tree of categories
	Provider UnitKind
	Title    Words
	Text     *Words
	Quantity int // what is usual
	Unit     Words
	Basis
}

// ContractTemplate is a text of a contract with its commitments.
type ContractTemplate struct {
	Key            string
	Title          Words // may name {host}, {partners} and partners by their keys
	Purpose        Words
	Partners       []*Partner
	LibraryClauses []string // keys of standard clauses that come with the program
	Clauses        []*Clause
	Commitments    []*Commitment
	Months         int
	NoticeDays     int
	AutoRenew      bool
	Basis
}

// Partner is a unit's place in a contract.
type Partner struct {
	Key       string
	Label     Words
	UnitKinds []UnitKind
}

// Clause is an article of a contract's own.
type Clause struct{ Heading, Body Words }

// Commitment is what one party promises others.
type Commitment struct {
	Provider     string // "host", or a partner's key
	Receivers    []string
	Action       Words
	Quantity     *scalar.Decimal
	Unit         *Words
	Recurrence   *string // RFC 5545 rule
	DueAfterDays *int    // from the contract's first day
	Standing     bool
	Evidence     []EvidenceKind
	EvidenceNote *Words
	Weight       *int
}

// ProjectTemplate is a kind of project with the form of its record.
type ProjectTemplate struct {
	Key        string
	Name       Words
	Purpose    Words
	Schema     schemaText
	Filterable []*record.Field // by which projects can be filtered and sorted
	Form       []*FormSection
	Basis
}

// schemaText is a JSON Schema (2020-12), as its file has it, without needless space.
type schemaText string

// UnmarshalJSON keeps it as it stands.
func (s *schemaText) UnmarshalJSON(raw []byte) error {
	var b bytes.Buffer
	err := json.Compact(&b, raw)
	*s = schemaText(b.String())
	return err
}

// MarshalJSON gives it back.
func (s schemaText) MarshalJSON() ([]byte, error) { return []byte(s), nil }

// RecordSchema is the schema as the API shows it.
func (t *ProjectTemplate) RecordSchema() record.JSON { return record.JSON(t.Schema) }

// MaxSections is how many parts the form of a project template may have: the schema of playbooks says so too.
const MaxSections = 4

// FormSection is a part of a form.
type FormSection struct {
	Title  Words
	Fields []*FormField
}

// FormField is how a value of the record is asked for.
type FormField struct {
	Path    record.Pointer
	Widget  Widget
	Label   Words
	Options []*FormOption
}

// Widget is with what people fill in a field, as the room of projects knows it.
type Widget string

// FormOption is a value to choose, and what people call it.
type FormOption struct {
	Value string
	Label Words
}

// Post is a service post that residents or units fill: a number of places, never names.
type Post struct {
	Key       string
	Kind      PostKind
	Title     Words
	Text      Words
	Frequency Frequency
	Headcount *int
	Holder    Words // who usually takes it on
	Basis
}

// PostKind is what a service post is about.
type PostKind string

// Frequency is how often something is done.
type Frequency string

// Indicator is a measure of how co-building goes: of organisations and what they do, never of persons.
type Indicator struct {
	Key      string
	Title    Words
	Measures Words
	Unit     Words
	Computed Words
	Source   IndicatorSource
}

// IndicatorSource is what an indicator is computed from.
type IndicatorSource string

// Entry is something that comes round in a year.
type Entry struct {
	Key        string
	Frequency  Frequency
	Months     []int // 1 to 12; none where it comes in every month
	When       Words
	Title      Words
	Recurrence *string // RFC 5545 rule; nil where the day follows the lunar calendar, or is settled each time
	Basis
}
