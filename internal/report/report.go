// Package report is the room of reports: what was promised, kept, proven and appraised in a quarter or a year, of one
// contract, a community, a unit, or everything that a sub-district or district supervises.
//
// Nothing is typed twice. The room follows the events of contracts and fulfilments and adds them up by contract and
// quarter; a report gathers those sums when it is asked for. Every figure that counts fulfilments also says which: its
// Choice finds just the counted ones. What a figure counts is therefore settled once, in figure.go.
//
// Figures belong to the bodies that supervise a contract today. When a community moves, its whole history moves with it,
// as its contracts and fulfilments do, so that nobody reads a sum of what they may not read; a printed report stays as
// it was printed.
package report

import (
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Scope is what a report is about: one contract, or one organisation. Exactly one is named.
type Scope struct {
	Contract     *id.Contract
	Organisation *id.Organisation
}

// about is the identifier of what the scope names.
func (s Scope) about() string {
	if s.Contract != nil {
		return string(*s.Contract)
	}
	return string(*s.Organisation)
}

// Report is a report as it is asked for. What costs work is compiled when it is first read.
type Report struct {
	Scope
	Span
	CompiledAt time.Time
	Complete   bool   // the period is over
	Title      string // of a contract; empty for an organisation
	body       *organisation.Facts
	only       id.Organisation // of a contract, whose part alone it shows: that of a party which has left

	mu   sync.Mutex
	made *compiled
}

// SectionKey names a part of a report.
type SectionKey string

// The sections, in their order.
const (
	Contracts   SectionKey = "CONTRACTS"
	Fulfilments SectionKey = "FULFILMENTS"
	Evidence    SectionKey = "EVIDENCE"
	Quantities  SectionKey = "QUANTITIES"
	Appraisal   SectionKey = "APPRAISAL"
)

// Section is a part of a report.
type Section struct {
	Key     SectionKey
	Figures []*Figure
}

// Group is the part of a report that the communities of one type have.
type Group struct {
	CommunityType string
	Sections      []*Section
}

// Contract is a contract's part of a report.
type Contract struct {
	ID        id.Contract
	Title     string
	Status    string       // as of now
	StartedOn *scalar.Date // the first day in force
	EndedOn   *scalar.Date // the last day in force; nil while it is
	Sections  []*Section
	Parties   []*Party
}

// Party is what one party has promised in a contract, and what became of it.
type Party struct {
	Organisation id.Organisation
	Sections     []*Section
}

// These are the names under which the API binds pages.
type (
	// Connection is a page of a report's contracts.
	Connection = page.Connection[*Contract]
	// Edge is a contract of a page, with its cursor.
	Edge = page.Edge[*Contract]
)

// Figures are those of all sections.
func (g *Group) Figures() []*Figure { return every(g.Sections) }

// Figures are those of all sections.
func (c *Contract) Figures() []*Figure { return every(c.Sections) }

// Figures are those of all sections.
func (p *Party) Figures() []*Figure { return every(p.Sections) }

func every(of []*Section) []*Figure {
	var out []*Figure
	for _, s := range of {
		out = append(out, s.Figures...)
	}
	return out
}

// subject is an organisation as the rule of reading sees it.
type subject organisation.Facts

// Stand tells how organisations stand to it.
func (s subject) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{s.ID}
	case authz.Above:
		return s.Above
	}
	return nil
}

// supervises says whether the organisation is reported on by what lies below it.
func (s subject) supervises() bool {
	return s.Kind == organisation.KindDistrict || s.Kind == organisation.KindSubDistrict
}
