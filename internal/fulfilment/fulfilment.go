// Package fulfilment is the room of what was promised and what was done: when each commitment of a contract in force is
// due, what its provider reports and proves, and what the receivers say to it.
//
// It follows contracts by their events and keeps a Plan for each commitment. Of a plan's days those of the next weeks
// exist as documents of their own, the Fulfilments, so that reporting never contends with the contract. Time makes an
// unreported one overdue and takes long silence for acceptance.
package fulfilment

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// What time does.
const (
	HorizonDays  = 90                  // so long before its day an occurrence comes into being
	SilentFor    = 14 * 24 * time.Hour // silence for so long after a report counts as acceptance
	ReviewNoLess = 30                  // days that a standing commitment has run before it is reviewed, except at the end
)

// Fulfilment is one occurrence of a commitment, and what was done for it.
type Fulfilment struct {
	store.Meta[id.Fulfilment] `bson:",inline"`
	Contract                  id.Contract       `bson:"contract"`
	Commitment                id.Commitment     `bson:"commitment"`
	Provider                  id.Organisation   `bson:"provider"`
	Receivers                 []id.Organisation `bson:"receivers"`
	DueOn                     scalar.Date       `bson:"dueOn"`  // the last day on which it is in time
	Zone                      string            `bson:"zone"`   // IANA name: where that day ends
	Weight                    int               `bson:"weight"` // 1 to 100, in the rate of fulfilment
	EvidenceRequired          []EvidenceKind    `bson:"evidenceRequired,omitempty"`
	Status                    Status            `bson:"status"`
	Late                      bool              `bson:"late"` // reported after its day, or its day is over unreported
	Report                    *Report           `bson:"report,omitempty"`
	Answers                   []*Answer         `bson:"answers,omitempty"`   // of the receivers
	Proposals                 []*Proposal       `bson:"proposals,omitempty"` // how a dispute should end
	Resolution                *Resolution       `bson:"resolution,omitempty"`
	AnswerBy                  *time.Time        `bson:"answerBy,omitempty"` // while reported: from then on silence is acceptance
	AcceptedBySilence         bool              `bson:"acceptedBySilence"`
	Parties                   []id.Organisation `bson:"parties"` // of the contract
	Above                     []id.Organisation `bson:"above,omitempty"`
	Host                      id.Organisation   `bson:"host"`             // of the contract
	Unit                      string            `bson:"unit"`             // that quantities done are counted in; may be empty
	Seen                      int64             `bson:"seen"`             // number of the contract's event that Parties and Above are from
	Counted                   bool              `bson:"counted"`          // is among those due so far
	WakeAt                    *time.Time        `bson:"wakeAt,omitempty"` // when time itself will change it next

	Waivers   []*Waiver `bson:"waivers,omitempty"`   // of the receivers that do without it
	Replanned bool      `bson:"replanned,omitempty"` // closed because an amended text has no such day; a later one may have it again

	Former []id.Organisation `bson:"former,omitempty"` // parties that have left since its day, or have a part in it: they go on reading

	Soon int `bson:"soon,omitempty"` // that it is due soon was told so many days ahead; 0 for not yet
}

// Waiver is a receiver's word that it does without.
type Waiver struct {
	Party  id.Organisation `bson:"party"`
	Reason *string         `bson:"reason,omitempty"`
	At     time.Time       `bson:"at"`
	Person id.Person       `bson:"person,omitempty"`
}

// Report is what the provider says it has done.
type Report struct {
	Party        id.Organisation `bson:"party"`
	Note         string          `bson:"note"`
	QuantityDone *scalar.Decimal `bson:"quantityDone,omitempty"`
	Evidence     []*Evidence     `bson:"evidence,omitempty"`
	At           time.Time       `bson:"at"`
	Person       id.Person       `bson:"person,omitempty"`
}

// Answer is what a receiver says to the report: accepted, or disputed with a reason.
type Answer struct {
	Party    id.Organisation `bson:"party"`
	Accepted bool            `bson:"accepted"`
	Reason   *string         `bson:"reason,omitempty"`
	At       time.Time       `bson:"at"`
	Person   id.Person       `bson:"person,omitempty"`
}

// Outcome is how a dispute ended.
type Outcome string

// The outcomes.
const (
	Kept     Outcome = "KEPT"      // done in time after all
	KeptLate Outcome = "KEPT_LATE" // done, but late
	Partly   Outcome = "PARTLY"    // done in part
	NotKept  Outcome = "NOT_KEPT"  // not done
)

// Outcomes are all of them, the best first.
func Outcomes() []Outcome { return []Outcome{Kept, KeptLate, Partly, NotKept} }

// Proposal is the outcome that one side of a dispute holds right. When all sides hold the same one, that is it.
type Proposal struct {
	Party   id.Organisation `bson:"party"`
	Outcome Outcome         `bson:"outcome"`
	Reason  *string         `bson:"reason,omitempty"`
	At      time.Time       `bson:"at"`
	Person  id.Person       `bson:"person,omitempty"`
}

// Resolution is the end of a dispute.
type Resolution struct {
	Outcome Outcome          `bson:"outcome"`
	Body    *id.Organisation `bson:"body,omitempty"` // the supervising body that decided; absent where both sides agreed
	Reason  *string          `bson:"reason,omitempty"`
	At      time.Time        `bson:"at"`
}

// IsNode marks a fulfilment as an object that the API finds by its identifier alone.
func (*Fulfilment) IsNode() {}

// Stand tells how organisations stand to the fulfilment.
func (f *Fulfilment) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Providing:
		return []id.Organisation{f.Provider}
	case authz.Receiving:
		return f.Receivers
	case authz.Partying:
		return f.Parties
	case authz.Above:
		return f.Above
	case authz.Former:
		return f.Former
	}
	return nil
}

// Audience lists the organisations that may read it, for its events.
func (f *Fulfilment) Audience() []string {
	var out []string
	for _, o := range slices.Concat(f.Parties, f.Above, f.Former) {
		if !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

// answer is what a receiver has said; nil where it has said nothing.
func (f *Fulfilment) answer(o id.Organisation) *Answer {
	i := slices.IndexFunc(f.Answers, func(a *Answer) bool { return a.Party == o })
	if i < 0 {
		return nil
	}
	return f.Answers[i]
}

// dayEnds is the instant at which the day it is due on is over.
func (f *Fulfilment) dayEnds() time.Time { return f.DueOn.End(zone(f.Zone)) }

// zone is a time zone by its IANA name; UTC where this machine does not know it, though contracts are checked for that.
func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return z
}
