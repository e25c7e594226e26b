package fulfilment

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Plan is what this room knows of one commitment of a contract, in whatever state the contract is: what is promised,
// on which days it falls due, and how far those days have fulfilments. Its identifier is the commitment's.
type Plan struct {
	store.Meta[id.Commitment] `bson:",inline"`
	Contract                  id.Contract       `bson:"contract"`
	Seen                      int64             `bson:"seen"` // number of the contract's event that this is from
	ContractStatus            ContractStatus    `bson:"contractStatus"`
	Gone                      bool              `bson:"gone"` // the text has it no more
	ShortKey                  string            `bson:"key"`  // the commitment's, in every version of the text
	Provider                  id.Organisation   `bson:"provider"`
	Receivers                 []id.Organisation `bson:"receivers"`
	Parties                   []id.Organisation `bson:"parties"`         // of the contract
	Above                     []id.Organisation `bson:"above,omitempty"` // bodies that supervise its host
	Host                      id.Organisation   `bson:"host,omitempty"`
	Action                    string            `bson:"action"`
	Quantity                  *scalar.Decimal   `bson:"quantity,omitempty"`
	Unit                      string            `bson:"unit,omitempty"`
	Weight                    int               `bson:"weight"`
	EvidenceRequired          []EvidenceKind    `bson:"evidenceRequired,omitempty"`
	Zone                      string            `bson:"zone"`     // IANA name
	StartsOn                  scalar.Date       `bson:"startsOn"` // first possible day
	EndsOn                    scalar.Date       `bson:"endsOn"`   // the contract's last day
	Recurrence                *string           `bson:"recurrence,omitempty"`
	DueOn                     *scalar.Date      `bson:"dueOn,omitempty"`
	Standing                  bool              `bson:"standing"`
	PlannedUntil              *scalar.Date      `bson:"plannedUntil,omitempty"` // up to this day fulfilments exist
	SpreadFrom                *scalar.Date      `bson:"spreadFrom,omitempty"`   // those behind this day have not heard the contract's news
	EndedOn                   *scalar.Date      `bson:"endedOn,omitempty"`      // what is not due before this day is closed
	WakeAt                    *time.Time        `bson:"wakeAt,omitempty"`       // when there is something to do

	TextVersion int               `bson:"textVersion,omitempty"` // number of the contract's text that this is from
	Exits       []exit            `bson:"exits,omitempty"`       // parties that have left the contract
	Pauses      []pause           `bson:"pauses,omitempty"`      // when it rested
	Former      []id.Organisation `bson:"former,omitempty"`      // those parties: they go on reading

	From *scalar.Date  `bson:"from,omitempty"` // the first day of an amended text, which this is from; absent for the text as it was signed
	days []scalar.Date // its Dates, once they have been asked for
}

// Stand tells how organisations stand to the plan.
func (p *Plan) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Providing:
		return []id.Organisation{p.Provider}
	case authz.Receiving:
		return p.Receivers
	case authz.Partying:
		return p.Parties
	case authz.Above:
		return p.Above
	case authz.Former:
		return p.Former
	}
	return nil
}

// Dates are the days on which the commitment is due, in order, at most recurrence.Most:
//   - with a rhythm, the days that the rule hits from the first possible day to the contract's last;
//   - due once, that day, or the contract's last where it names none;
//   - standing without a rhythm, the days of its reviews: the last day of each quarter of the calendar and the contract's
//     last day. A quarter in which it has run for less than ReviewNoLess days is reviewed with the next; one that ends
//     less than ReviewNoLess days before the contract does, with the contract's last day.
//
// Where the text has been amended, they are those from its first day on: the days before went by another text.
func (p *Plan) Dates() ([]scalar.Date, error) {
	all, err := p.dates()
	return slices.DeleteFunc(all, func(d scalar.Date) bool { return p.From != nil && d < *p.From }), err
}

func (p *Plan) dates() ([]scalar.Date, error) {
	switch {
	case p.Recurrence != nil:
		rule, err := recurrence.Parse(*p.Recurrence)
		if err != nil {
			return nil, err
		}
		return recurrence.Dates(rule, p.StartsOn, p.EndsOn)
	case p.DueOn != nil:
		return []scalar.Date{*p.DueOn}, nil
	case p.Standing:
		return reviews(p.StartsOn, p.EndsOn), nil
	}
	return []scalar.Date{p.EndsOn}, nil
}

func reviews(from, until scalar.Date) []scalar.Date {
	var out []scalar.Date
	for end := quarterEnd(from); end < until && len(out) < recurrence.Most-1; end = quarterEnd(end.AddDays(1)) {
		if end.Sub(from)+1 >= ReviewNoLess && until.Sub(end) >= ReviewNoLess {
			out = append(out, end)
		}
	}
	return append(out, until)
}

// quarterEnd is the last day of the quarter of the calendar in which a day lies.
func quarterEnd(d scalar.Date) scalar.Date {
	t := d.UTC()
	month := (t.Month()-1)/3*3 + 4 // the first of the next quarter
	return scalar.Date(time.Date(t.Year(), month, 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// running says whether its days get fulfilments: those of a contract that is in force, or was to its last day, while its
// text has the commitment.
func (p *Plan) running() bool {
	return !p.Gone && (p.ContractStatus == contractActive || p.ContractStatus == contractExpired)
}

// ended says whether what was to come is closed: the contract has ended before its time, or the commitment is gone.
func (p *Plan) ended() bool {
	switch p.ContractStatus {
	case contractTerminated, contractCompleted, contractCancelled, contractDeclined:
		return true
	}
	return p.Gone
}

// fulfilment makes the occurrence of a day. Its identifier is made of the contract's, the commitment's key and the day,
// so that making it twice makes it once.
func (p *Plan) fulfilment(on scalar.Date, now time.Time) (*Fulfilment, error) {
	f := &Fulfilment{
		Contract: p.Contract, Commitment: p.ID, Provider: p.Provider, Receivers: p.receiversOn(on), DueOn: on, Zone: p.Zone,
		Weight: p.Weight, EvidenceRequired: p.EvidenceRequired, Status: Due,
		Parties: p.Parties, Above: p.Above, Former: p.formerOf(on, p.Provider, p.Receivers), Seen: p.Seen,
		Host: p.Host, Unit: p.Unit,
	}
	f.ID = id.Within[id.Fulfilment](id.KindFulfilment, string(p.Contract), p.ShortKey+"."+string(on))
	f.begins(now)
	f.rouse()
	return f, f.tell(ToldPlanned, "", Share{})
}
