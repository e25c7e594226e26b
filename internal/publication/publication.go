// Package publication is the room of what the parties of a contract let everybody see of it (公示).
//
// Nothing of a contract is public by itself. One of its parties proposes which fields should be, the others agree, and
// with the last of them just those fields are public. Each may take its consent back at any time: with that one write
// nothing is public any more, on any path. No copy of the contract is kept here: what is shown is read from the
// contract when it is asked for, so that nothing outlives the consent.
package publication

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// PublicField is a part of a contract that its parties can make public.
type PublicField string

// The parts. None of them holds a person: neither who answers for a party nor who signed for it.
const (
	Title          PublicField = "TITLE"
	Purpose        PublicField = "PURPOSE"
	Parties        PublicField = "PARTIES" // who they are, and with the host where it is
	Period         PublicField = "PERIOD"  // the first and the last day
	ContractState  PublicField = "STATUS"
	Clauses        PublicField = "CLAUSES"
	Commitments    PublicField = "COMMITMENTS"
	FulfilmentRate PublicField = "FULFILMENT_RATE"
	Signatures     PublicField = "SIGNATURES" // of which organisation, with which key, when
)

// PublicFields are all of them, in the order in which they are kept.
func PublicFields() []PublicField {
	return []PublicField{Title, Purpose, Parties, Period, ContractState, Clauses, Commitments, FulfilmentRate, Signatures}
}

// Publication is what the parties of one contract have said about showing it.
type Publication struct {
	store.Meta[id.Publication] `bson:",inline"`
	Contract                   id.Contract     `bson:"contract"`
	Status                     Status          `bson:"status"`
	ProposedFields             []PublicField   `bson:"proposedFields"` // what is to be public once all have agreed
	ProposedBy                 id.Organisation `bson:"proposedBy"`
	ProposedAt                 time.Time       `bson:"proposedAt"`
	PublicFields               []PublicField   `bson:"publicFields"` // what is public now: nothing that somebody has not agreed to
	Consents                   []*Consent      `bson:"consents"`     // that stand, also of parties that have left the contract since
	PublishedAt                *time.Time      `bson:"publishedAt,omitempty"`
	WithdrawnBy                id.Organisation `bson:"withdrawnBy,omitempty"`
	WithdrawnAt                *time.Time      `bson:"withdrawnAt,omitempty"`
	Reason                     string          `bson:"reason,omitempty"` // why it was withdrawn, in the words of who did

	Deciding []id.Organisation `bson:"deciding"`         // the contract's host and partners
	Parties  []id.Organisation `bson:"parties"`          // those and the witnesses
	Former   []id.Organisation `bson:"former,omitempty"` // that had signed the contract and have left it
	Above    []id.Organisation `bson:"above,omitempty"`
	Seen     int64             `bson:"seen"` // number of the contract's event that was followed last
	Listed   *listed           `bson:"listed,omitempty"`
}

// Consent is a party's word that fields may be public.
type Consent struct {
	Organisation id.Organisation `bson:"organisation"`
	Fields       []PublicField   `bson:"fields"` // those of the fields proposed now to which it has agreed
	At           time.Time       `bson:"at"`
	Person       id.Person       `bson:"person,omitempty"`
}

// IsNode marks a publication as an object that the API finds by its identifier alone.
func (*Publication) IsNode() {}

// publicationID is the identifier of a contract's publication: each contract has one.
func publicationID(c id.Contract) id.Publication {
	return id.Derived[id.Publication](id.KindPublication, string(c))
}

// Stand tells how organisations stand to the publication. Who has left the contract still stands by its consent.
func (p *Publication) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Deciding:
		return p.Deciding
	case authz.Consenting:
		return p.consenting()
	case authz.Partying:
		return p.Parties
	case authz.Former:
		return p.Former
	case authz.Above:
		return p.Above
	}
	return nil
}

// Audience lists the organisations that may read it, for its events.
func (p *Publication) Audience() []string {
	var out []string
	for _, o := range slices.Concat(p.Parties, p.Former, p.Above) {
		if !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

func (p *Publication) consenting() []id.Organisation {
	out := make([]id.Organisation, len(p.Consents))
	for i, c := range p.Consents {
		out[i] = c.Organisation
	}
	return out
}

// consentOf are the fields to which an organisation has agreed; none where it has not.
func (p *Publication) consentOf(o id.Organisation) []PublicField {
	i := slices.IndexFunc(p.Consents, func(c *Consent) bool { return c.Organisation == o })
	if i < 0 {
		return nil
	}
	return p.Consents[i].Fields
}

// Awaited are the parties that have not agreed to all that is proposed.
func (p *Publication) Awaited() []id.Organisation {
	out := []id.Organisation{}
	for _, o := range p.Deciding {
		if p.Status != Withdrawn && len(p.consentOf(o)) < len(p.ProposedFields) {
			out = append(out, o)
		}
	}
	return out
}

// shows says whether a field is public.
func (p *Publication) shows(f PublicField) bool { return slices.Contains(p.PublicFields, f) }

// common are the fields that both lists hold, in the order of the first.
func common(a, b []PublicField) []PublicField {
	out := []PublicField{}
	for _, f := range a {
		if slices.Contains(b, f) {
			out = append(out, f)
		}
	}
	return out
}
