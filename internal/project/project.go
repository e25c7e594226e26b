// Package project is the room of projects (项目): what communities and units do together, from the plan to the last day,
// and of secretary-led projects (书记项目), which a sub-district approves, checks and accepts and a district commends.
//
// What a project is about differs from one sort to the next. So each sort has a template whose author describes the form
// of its records by a JSON Schema, names the fields by which projects are found, and says how records of one version
// become records of the next. A project holds one record, which fits its version of its template at every moment.
package project

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of projects, in characters where nothing else is said.
const (
	MaxTitle      = 120
	MaxSummary    = 2000
	MaxNote       = 1000
	MaxAudience   = 200
	MaxPurpose    = 200 // of one spending
	MaxPartners   = 20
	MaxMilestones = 50
	MaxSpendings  = 300
	MaxTurns      = 100 // changes of state; with so many it is neither paused nor sent back again
	MaxActivities = 2000
	MaxPeople     = 10_000_000 // beneficiaries
)

// Kind is which of the two lives a project has.
type Kind string

// The kinds.
const (
	Ordinary     Kind = "ORDINARY"
	SecretaryLed Kind = "SECRETARY_LED"
)

// Project is what organisations do together.
type Project struct {
	store.Meta[id.Project] `bson:",inline"`

	Kind    Kind   `bson:"kind"`
	Status  Status `bson:"status"`
	Title   string `bson:"title"`
	Summary string `bson:"summary,omitempty"`

	Contract id.Contract       `bson:"contract,omitempty"` // from which it came
	Lead     id.Organisation   `bson:"lead"`
	Partners []id.Organisation `bson:"partners,omitempty"`

	StartsOn *scalar.Date `bson:"startsOn,omitempty"` // as planned
	EndsOn   *scalar.Date `bson:"endsOn,omitempty"`

	Milestones    []*Milestone `bson:"milestones,omitempty"`
	Money         `bson:",inline"`
	Beneficiaries *Beneficiaries `bson:"beneficiaries,omitempty"`
	Turns         []*Turn        `bson:"turns,omitempty"`
	Made          int            `bson:"made,omitempty"`       // milestones and spendings so far, for their keys
	Activities    int            `bson:"activities,omitempty"` // in the log
	Unfiled       []*Activity    `bson:"unfiled,omitempty"`    // of them, those that are not with the others yet

	Template        id.ProjectTemplate `bson:"template,omitempty"`
	TemplateVersion int                `bson:"templateVersion,omitempty"`
	Record          record.JSON        `bson:"record"`
	Slots           map[string]string  `bson:"slots,omitempty"` // what is found by, see Slot

	SubDistrict id.Organisation   `bson:"subDistrict,omitempty"` // of who leads
	District    id.Organisation   `bson:"district,omitempty"`
	Above       []id.Organisation `bson:"above,omitempty"`
	Parties     []id.Organisation `bson:"parties"`
	Readers     []Reader          `bson:"readers"`
}

// Reader is an organisation whose people read a project, with how it stands to it: both in one word, so that one index
// serves whoever asks.
type Reader string

func partying(o id.Organisation) Reader { return "p:" + Reader(o) }
func above(o id.Organisation) Reader    { return "a:" + Reader(o) }

// Milestone is what shall be reached on a day.
type Milestone struct {
	Key    string       `bson:"key"` // names it within the project
	Title  string       `bson:"title"`
	DueOn  scalar.Date  `bson:"dueOn"`
	DoneOn *scalar.Date `bson:"doneOn,omitempty"`
	Note   string       `bson:"note,omitempty"`
}

// Beneficiaries are for whom it is: how many, and who they are as a group. Nobody is named.
type Beneficiaries struct {
	Count    *int   `bson:"count,omitempty"`
	Audience string `bson:"audience,omitempty"`
}

// Turn is one change of state.
type Turn struct {
	Verb         Verb            `bson:"verb"`
	From         Status          `bson:"from"`
	To           Status          `bson:"to"`
	At           time.Time       `bson:"at"`
	Organisation id.Organisation `bson:"organisation,omitempty"` // in whose name
	Note         string          `bson:"note,omitempty"`
}

// IsNode marks what can be found by its identifier alone.
func (*Project) IsNode() {}

// Stand tells how organisations stand to the project.
func (p *Project) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{p.Lead}
	case authz.Partying:
		return p.Parties
	case authz.Above:
		return p.Above
	case authz.Approving:
		return some(p.SubDistrict)
	case authz.Commending:
		return some(p.District)
	}
	return nil
}

func some(o id.Organisation) []id.Organisation {
	if o == "" {
		return nil
	}
	return []id.Organisation{o}
}

// Audience lists the organisations that may read the project, for its events.
func (p *Project) Audience() []string {
	var out []string
	for _, o := range slices.Concat(p.Parties, p.Above) {
		if !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

// settle brings what is derived up to date: who takes part, and who may read.
func (p *Project) settle() {
	p.Parties = append([]id.Organisation{p.Lead}, p.Partners...)
	p.Readers = nil
	for _, o := range p.Parties {
		p.Readers = append(p.Readers, partying(o))
	}
	for _, o := range p.Above {
		p.Readers = append(p.Readers, above(o))
	}
}

// Told is what events say of a project: never what its record holds.
type Told struct {
	Kind            Kind               `bson:"kind"`
	Status          Status             `bson:"status"`
	Party           id.Organisation    `bson:"party,omitempty"` // in whose name
	Host            id.Organisation    `bson:"host"`            // who leads
	Parties         []id.Organisation  `bson:"parties"`
	SubDistrict     id.Organisation    `bson:"subDistrict,omitempty"`
	Contract        id.Contract        `bson:"contract,omitempty"`
	Template        id.ProjectTemplate `bson:"template,omitempty"`
	TemplateVersion int                `bson:"templateVersion,omitempty"`
}

// The events of projects. Each carries a Told.
const (
	ToldCreated   = "project.created"
	ToldApplied   = "project.applied"
	ToldRevised   = "project.revised"
	ToldStarted   = "project.started"
	ToldPaused    = "project.paused"
	ToldResumed   = "project.resumed"
	ToldFinished  = "project.finished"
	ToldCancelled = "project.cancelled"

	ToldApproved   = "project.approved"
	ToldReturned   = "project.returned"
	ToldChecked    = "project.checked"
	ToldAccepted   = "project.accepted"
	ToldCommended  = "project.commended"
	ToldTerminated = "project.terminated"

	ToldMilestoneAdded     = "project.milestoneAdded"
	ToldMilestoneCompleted = "project.milestoneCompleted"
	ToldMilestoneRemoved   = "project.milestoneRemoved"
	ToldSpent              = "project.spent"
	ToldSpendingVoided     = "project.spendingVoided"
	ToldActivityLogged     = "project.activityLogged"
	ToldRecordChanged      = "project.recordChanged"
	ToldMigrated           = "project.migrated"
	ToldLeft               = "project.left"
	ToldMoved              = "project.moved" // who leads it has come under other bodies
)

func (p *Project) tell(what string, by id.Organisation) error {
	return p.Tell(what, Told{
		Kind: p.Kind, Status: p.Status, Party: by, Host: p.Lead, Parties: p.Parties, SubDistrict: p.SubDistrict, Contract: p.Contract,
		Template: p.Template, TemplateVersion: p.TemplateVersion,
	})
}

// CurrencyCode is the currency of all amounts; nil while no money is spoken of.
func (p *Project) CurrencyCode() *string {
	if p.Currency == "" {
		return nil
	}
	return &p.Currency
}

// VersionOfTemplate is the version of the template that the record fits; nil where there is no template.
func (p *Project) VersionOfTemplate() *int {
	if p.Template == "" {
		return nil
	}
	return &p.TemplateVersion
}
