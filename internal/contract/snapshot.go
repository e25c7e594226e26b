package contract

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The events that a contract tells. Each carries a Snapshot.
const (
	ToldDrafted          = "contract.drafted"
	ToldRevised          = "contract.revised"
	ToldProposed         = "contract.proposed"
	ToldChangesRequested = "contract.changesRequested"
	ToldAgreed           = "contract.agreed"
	ToldDeclined         = "contract.declined"
	ToldCancelled        = "contract.cancelled"
	ToldOpened           = "contract.opened"
	ToldReopened         = "contract.reopened"
	ToldSigned           = "contract.signed" // by one party
	ToldSealed           = "contract.sealed" // by the last one that had to
	ToldActivated        = "contract.activated"
	ToldExpired          = "contract.expired"
	ToldAmended          = "contract.amended" // a signed amendment's text is in force
	ToldMoved            = "contract.moved"   // its host has come under other bodies

	ToldSuspended           = "contract.suspended"
	ToldResumed             = "contract.resumed"
	ToldTerminated          = "contract.terminated"
	ToldStepProposed        = "contract.stepProposed"  // or consented to, and not by all yet
	ToldStepWithdrawn       = "contract.stepWithdrawn" // by a party; by time where it has lapsed
	ToldNoticeGiven         = "contract.noticeGiven"
	ToldExited              = "contract.exited"
	ToldCompletionAnnounced = "contract.completionAnnounced"
	ToldCompletionObjected  = "contract.completionObjected" // by a party; by time where something had opened again
	ToldCompleted           = "contract.completed"
)

// Snapshot is what an event says of a contract after what happened: enough for later readers to plan what was
// promised without reading the contract itself.
type Snapshot struct {
	Status      Status            `bson:"status"`
	Title       string            `bson:"title"`
	Party       id.Organisation   `bson:"party,omitempty"`    // the party that acted; empty where time did
	TextVersion int               `bson:"textVersion"`        // number of the text
	TextHash    string            `bson:"textHash,omitempty"` // from SIGNING on
	TimeZone    string            `bson:"timeZone"`           // IANA name
	EffectiveOn scalar.Date       `bson:"effectiveOn"`
	EndsOn      scalar.Date       `bson:"endsOn"` // the last day
	Host        id.Organisation   `bson:"host,omitempty"`
	SubDistrict id.Organisation   `bson:"subDistrict,omitempty"`
	District    id.Organisation   `bson:"district,omitempty"`
	Parties     []id.Organisation `bson:"parties"` // those that have not left, in the order of the text
	Above       []id.Organisation `bson:"above"`   // the bodies that supervise the host
	Readers     []id.Organisation `bson:"readers"` // the parties, those bodies, and former parties
	Commitments []Promise         `bson:"commitments"`

	Exits       []Exit       `bson:"exits,omitempty"`   // parties that had signed and have left
	Pauses      []Pause      `bson:"pauses,omitempty"`  // when it rested
	EndedOn     *scalar.Date `bson:"endedOn,omitempty"` // from this day on nothing is due any more
	Predecessor id.Contract  `bson:"predecessor,omitempty"`

	Partners []id.Organisation `bson:"partners"` // those of the parties that co-build with the host

	TextFrom *scalar.Date `bson:"textFrom,omitempty"` // from this day on the text holds; absent for the text as it was signed
}

// Exit is a party that has left a contract in force.
type Exit struct {
	Organisation id.Organisation `bson:"organisation"`
	On           scalar.Date     `bson:"on"` // what it had promised for this day or later, it promised no more
}

// Promise is a commitment as events tell it.
type Promise struct {
	ID           id.Commitment     `bson:"id"`
	Key          string            `bson:"key"`
	Provider     id.Organisation   `bson:"provider"`
	Receivers    []id.Organisation `bson:"receivers"`
	Action       string            `bson:"action"`
	Quantity     *scalar.Decimal   `bson:"quantity,omitempty"`
	Unit         string            `bson:"unit,omitempty"`
	Recurrence   *string           `bson:"recurrence,omitempty"` // RFC 5545 RRULE
	StartsOn     *scalar.Date      `bson:"startsOn,omitempty"`   // first possible day; the contract's first where absent
	DueOn        *scalar.Date      `bson:"dueOn,omitempty"`      // of a promise that is kept once
	Standing     bool              `bson:"standing"`             // reviewed quarterly where it has no rhythm
	Evidence     []EvidenceKind    `bson:"evidence,omitempty"`
	EvidenceNote string            `bson:"evidenceNote,omitempty"`
	Weight       int               `bson:"weight"` // 1 to 100
}

// snapshot is the contract as its events tell it.
func (c *Contract) snapshot(party id.Organisation) Snapshot {
	s := Snapshot{
		Status: c.Status, Title: c.Title, Party: party, TextVersion: c.TextVersion, TimeZone: c.TimeZone,
		EffectiveOn: c.EffectiveOn, EndsOn: c.EndsOn, Host: c.Host, SubDistrict: c.SubDistrict, District: c.District,
		Parties: c.Current, Above: c.Above, Readers: c.Readers, Commitments: make([]Promise, len(c.Commitments)),
	}
	s.Pauses, s.EndedOn, s.Predecessor = c.Pauses, c.EndedOn, c.Predecessor
	for _, p := range c.Parties {
		if p.State == Exited {
			s.Exits = append(s.Exits, Exit{p.Organisation, p.Notice.EffectiveOn})
		}
	}
	s.TextHash, s.TextFrom = c.hashInForce(), c.TextFrom
	for i, m := range c.Commitments {
		s.Commitments[i] = Promise{
			ID: m.ID, Key: m.Key, Provider: m.Provider, Receivers: m.Receivers, Action: m.Action, Quantity: m.Quantity,
			Unit: m.Unit, Recurrence: m.Recurrence, StartsOn: m.StartsOn, DueOn: m.DueOn, Standing: m.Standing,
			Evidence: m.EvidenceRequired, EvidenceNote: m.EvidenceNote, Weight: m.Weight,
		}
	}
	s.Partners = c.partners()
	return s
}

// partners are the parties that co-build with the host and have not left.
func (c *Contract) partners() []id.Organisation {
	out := []id.Organisation{}
	for _, p := range c.Parties {
		if p.Part == Partner && slices.Contains(c.Current, p.Organisation) {
			out = append(out, p.Organisation)
		}
	}
	return out
}

// tell notes an event with the contract as it is now.
func (c *Contract) tell(what string, party id.Organisation) error {
	return c.Tell(what, c.snapshot(party))
}
