package project

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of templates.
const (
	MaxVersions   = 100
	MaxSections   = 20
	MaxFormFields = 200 // of a whole form
	MaxLabel      = 60
	MaxHelp       = 300
)

// Words are a text in both languages.
type Words = text.Both

// TemplateStatus is whether projects begin from a template.
type TemplateStatus string

// The states of templates.
const (
	Draft     TemplateStatus = "DRAFT"     // no version is published yet
	Published TemplateStatus = "PUBLISHED" // projects begin from its latest version
	Retired   TemplateStatus = "RETIRED"   // readable for ever, but no project begins from it
)

// CommunityType is a type of community for which a template is made.
type CommunityType string

// CommunityTypes are all of them.
func CommunityTypes() []CommunityType {
	return []CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"}
}

// Template is the form of the records of one sort of projects.
type Template struct {
	store.Meta[id.ProjectTemplate] `bson:",inline"`

	Owner          id.Organisation `bson:"owner"` // whose; empty for the platform's own
	Status         TemplateStatus  `bson:"status"`
	Name           Words           `bson:"name"`
	Description    Words           `bson:"description"`
	CommunityTypes []CommunityType `bson:"communityTypes"` // of communities that lead
	Draft          *Body           `bson:"draft,omitempty"`
	Versions       []VersionRef    `bson:"versions,omitempty"` // published, the oldest first
	Slots          []Slot          `bson:"slots,omitempty"`
}

// Body is one version of a template.
type Body struct {
	Schema  record.JSON    `bson:"schema"`
	Fields  []record.Field `bson:"fields,omitempty"` // by which projects are found and sorted
	Form    []*FormSection `bson:"form,omitempty"`
	Steps   []record.Step  `bson:"steps,omitempty"` // by which records of the version before become records of this one
	Summary string         `bson:"summary,omitempty"`
}

// VersionRef says where a published version is kept.
type VersionRef struct {
	Number int       `bson:"number"`
	Key    versionID `bson:"key"`
	At     time.Time `bson:"at"`
}

// Slot is where projects keep what a declared field holds: there are so many in every project, and an index on each. A
// field keeps its slot from version to version as long as its type stays, so that projects of several versions are found
// together.
type Slot struct {
	record.Field `bson:",inline"`
	Number       int `bson:"number"`
}

func slotName(n int) string { return "s" + strconv.Itoa(n) }

// IsNode marks what can be found by its identifier alone.
func (*Template) IsNode() {}

// Stand tells how organisations stand to it: the platform's own belong to none.
func (t *Template) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own {
		return some(t.Owner)
	}
	return nil
}

// Audience is recorded on its events: everybody may read it.
func (t *Template) Audience() []string {
	if t.Owner == "" {
		return []string{authz.Everybody}
	}
	return []string{authz.Everybody, string(t.Owner)}
}

// Latest is the number of the latest published version; 0 where there is none.
func (t *Template) Latest() int {
	if len(t.Versions) == 0 {
		return 0
	}
	return t.Versions[len(t.Versions)-1].Number
}

// LatestVersion is Latest for readers, who are told nothing where there is none.
func (t *Template) LatestVersion() *int {
	if n := t.Latest(); n > 0 {
		return &n
	}
	return nil
}

// ref finds a published version.
func (t *Template) ref(number int) (VersionRef, bool) {
	i := slices.IndexFunc(t.Versions, func(v VersionRef) bool { return v.Number == number })
	if i < 0 {
		return VersionRef{}, false
	}
	return t.Versions[i], true
}

// usable refuses a template from which no new project of this organisation begins.
func (t *Template) usable(lead id.Organisation, over []id.Organisation, communityType string) error {
	switch {
	case t.Status == Retired:
		return fault.New(fault.Refused, CodeTemplateRetired)
	case t.Latest() == 0:
		return fault.New(fault.Refused, CodeTemplateDraft)
	case t.Owner != "" && t.Owner != lead && !slices.Contains(over, t.Owner):
		return fault.New(fault.Refused, CodeTemplateElse, "owner", t.Owner)
	case communityType != "" && !slices.Contains(t.CommunityTypes, CommunityType(communityType)):
		return fault.New(fault.Refused, CodeTemplateUnfit, "type", communityType)
	}
	return nil
}

// field finds the declared field at a path; the newest where its type was changed.
func (t *Template) field(path record.Pointer) (Slot, error) {
	for _, s := range slices.Backward(t.Slots) {
		if s.Path == path {
			return s, nil
		}
	}
	var all []record.Pointer
	for _, s := range t.Slots {
		if !slices.Contains(all, s.Path) {
			all = append(all, s.Path)
		}
	}
	slices.Sort(all)
	return Slot{}, fault.New(fault.Invalid, record.CodeNotDeclared, "path", text.Clip(string(path), record.MaxKey), "declared", joined(all))
}

func joined(all []record.Pointer) string {
	var out strings.Builder
	for i, p := range all {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(string(p))
	}
	return out.String()
}

// slotsOf are what a record keeps in its slots. A field without a slot, which an older version had declared, is not found
// by any more.
func (t *Template) slotsOf(b *Body, r *record.Record) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range b.Fields {
		i := slices.IndexFunc(t.Slots, func(s Slot) bool { return s.Field == f })
		if i < 0 {
			continue
		}
		key, ok, err := r.Key(f)
		if err != nil {
			return nil, err
		}
		if ok {
			out[slotName(t.Slots[i].Number)] = key
		}
	}
	return out, nil
}

// TemplateTold is what events say of a template.
type TemplateTold struct {
	Owner   id.Organisation `bson:"owner,omitempty"`
	Version int             `bson:"version,omitempty"` // the latest published one
}

// The events of templates. Each carries a TemplateTold.
const (
	ToldTemplateCreated   = "projectTemplate.created"
	ToldTemplateRevised   = "projectTemplate.revised"
	ToldTemplatePublished = "projectTemplate.published"
	ToldTemplateRetired   = "projectTemplate.retired"
)

func (t *Template) tell(what string) error {
	return t.Tell(what, TemplateTold{Owner: t.Owner, Version: t.Latest()})
}

// Filterable are the fields by which projects can be found now.
func (t *Template) Filterable() []record.Field {
	out := make([]record.Field, len(t.Slots))
	for i, s := range t.Slots {
		out[i] = s.Field
	}
	return out
}
