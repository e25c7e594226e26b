package appraisal

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// leastRest is how many days a contract must still run for an anniversary to be worth a round of its own; with fewer the
// round at its end judges that time too.
const leastRest = 30

// ContractStatus is the state of a contract, as its room names it.
type ContractStatus string

// The states that matter here: those in which a contract is in force, and those in which it has been and is over.
const (
	contractActive     ContractStatus = "ACTIVE"
	contractSuspended  ContractStatus = "SUSPENDED"
	contractExpired    ContractStatus = "EXPIRED"
	contractTerminated ContractStatus = "TERMINATED"
	contractCompleted  ContractStatus = "COMPLETED"
)

func (s ContractStatus) inForce() bool { return s == contractActive || s == contractSuspended }

func (s ContractStatus) over() bool {
	return s == contractExpired || s == contractTerminated || s == contractCompleted
}

// snapshot is what this room reads of a contract's event.
type snapshot struct {
	Status      ContractStatus    `bson:"status"`
	TimeZone    string            `bson:"timeZone"`
	EffectiveOn scalar.Date       `bson:"effectiveOn"`
	EndsOn      scalar.Date       `bson:"endsOn"`
	Host        id.Organisation   `bson:"host"`
	Partners    []id.Organisation `bson:"partners"` // among the parties; the rest are the host and witnesses
	Parties     []id.Organisation `bson:"parties"`  // that have not left
	Above       []id.Organisation `bson:"above"`
	Commitments []promise         `bson:"commitments"`
}

// promise is a commitment in it: who owes something to whom.
type promise struct {
	Provider  id.Organisation   `bson:"provider"`
	Receivers []id.Organisation `bson:"receivers"`
}

// couple is two parties that appraise each other.
type couple struct {
	A id.Organisation `bson:"a"`
	B id.Organisation `bson:"b"`
}

func (c couple) has(o id.Organisation) bool { return c.A == o || c.B == o }

// course is what this room remembers of a contract that has come into force: enough to know who appraises whom, and when.
type course struct {
	store.Meta[id.Contract] `bson:",inline"`
	Seen                    int64             `bson:"seen"` // number of the contract's latest event
	Status                  ContractStatus    `bson:"status"`
	Zone                    string            `bson:"zone"`
	EffectiveOn             scalar.Date       `bson:"effectiveOn"`
	EndsOn                  scalar.Date       `bson:"endsOn"`
	Host                    id.Organisation   `bson:"host"`
	Parties                 []id.Organisation `bson:"parties"`
	Above                   []id.Organisation `bson:"above,omitempty"`
	Couples                 []couple          `bson:"couples"` // of all who are or were parties
	Since                   scalar.Date       `bson:"since"`   // the first day that no round has judged
	Year                    int               `bson:"year"`    // the next anniversary
	Ended                   bool              `bson:"ended"`   // the round at the end is begun
	Rounds                  []*round          `bson:"rounds,omitempty"`
	WakeAt                  *time.Time        `bson:"wakeAt,omitempty"`
}

// round is one occasion, until its appraisals have been made. What they have in common is settled here first, so that
// making them again after a failure makes the same ones.
type round struct {
	Occasion Occasion      `bson:"occasion"`
	Year     int           `bson:"year,omitempty"`
	Couples  []couple      `bson:"couples"`
	From     scalar.Date   `bson:"from"`
	To       scalar.Date   `bson:"to"`
	ClosesAt time.Time     `bson:"closesAt"`
	Type     CommunityType `bson:"type,omitempty"` // with the number of its set, once that is found out
	Number   int           `bson:"number,omitempty"`
}

// take copies into the course what an event says, and begins the rounds that it is an occasion for: with whoever has
// left, and at the end with all who are left.
func (c *course) take(s snapshot, at, now time.Time) {
	if c.Since == "" {
		c.Since, c.Year = s.EffectiveOn, 1
	}
	was := c.Parties
	c.Status, c.Zone, c.EffectiveOn, c.EndsOn = s.Status, s.TimeZone, s.EffectiveOn, s.EndsOn
	c.Host, c.Parties, c.Above = s.Host, s.Parties, s.Above
	c.couple(s)
	today := scalar.DateOf(at, zone(c.Zone))
	fresh := now.Sub(at) < Window // an event of long ago, heard for the first time, is no occasion any more
	for _, o := range was {
		if fresh && !slices.Contains(c.Parties, o) {
			c.begin(&round{Occasion: Exit, Couples: c.with(o, was), To: today}, now)
		}
	}
	if c.Status.over() && !c.Ended {
		c.Ended = true
		if fresh {
			c.begin(&round{Occasion: End, Couples: c.among(c.Parties), To: min(today, c.EndsOn)}, now)
		}
	}
	c.rest(now)
}

// couple adds to the couples whoever appraises each other by the text as it is now: the host and each partner, and
// any two of which one promises the other something.
func (c *course) couple(s snapshot) {
	add := func(a, b id.Organisation) {
		if a == b || slices.ContainsFunc(c.Couples, func(x couple) bool { return x.has(a) && x.has(b) }) {
			return
		}
		c.Couples = append(c.Couples, couple{a, b})
	}
	for _, o := range s.partners() {
		add(s.Host, o)
	}
	for _, p := range s.Commitments {
		for _, r := range p.Receivers {
			add(p.Provider, r)
		}
	}
}

// partners are the parties that co-build with the host. Events of before they were told name the parties alone: then they
// are the resident units among them.
func (s snapshot) partners() []id.Organisation {
	if s.Partners != nil {
		return s.Partners
	}
	return slices.DeleteFunc(slices.Clone(s.Parties), func(o id.Organisation) bool { return !id.Is(string(o), id.KindUnit) })
}

// among are the couples of which both are among some parties.
func (c *course) among(parties []id.Organisation) []couple {
	return slices.DeleteFunc(slices.Clone(c.Couples), func(x couple) bool {
		return !slices.Contains(parties, x.A) || !slices.Contains(parties, x.B)
	})
}

// with are the couples that one of some parties is in.
func (c *course) with(o id.Organisation, parties []id.Organisation) []couple {
	return slices.DeleteFunc(c.among(parties), func(x couple) bool { return !x.has(o) })
}

// begin begins a round, if there is anybody and any day to judge.
func (c *course) begin(r *round, now time.Time) {
	r.From, r.ClosesAt = c.Since, now.Add(Window)
	if len(r.Couples) > 0 && r.To >= r.From {
		c.Rounds = append(c.Rounds, r)
	}
}

// pass begins the rounds of the anniversaries that have come. One that passed unseen so long ago that its time would be
// over is left to the next round, which judges those days too.
func (c *course) pass(now time.Time) {
	for {
		on, due := c.anniversary()
		if !due || now.Before(on.In(zone(c.Zone))) {
			break
		}
		if now.Sub(on.In(zone(c.Zone))) < Window {
			c.begin(&round{Occasion: Anniversary, Year: c.Year, Couples: c.among(c.Parties), To: on.AddDays(-1)}, now)
			c.Since = on
		}
		c.Year++
	}
	c.rest(now)
}

// anniversary is the day of the next one, while the contract is in force and has enough before it. A contract that began
// on a leap day has its anniversary on 1 March of other years.
func (c *course) anniversary() (scalar.Date, bool) {
	first := c.EffectiveOn.UTC()
	on := scalar.Date(time.Date(first.Year()+c.Year, first.Month(), first.Day(), 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	return on, c.Status.inForce() && c.EndsOn.Sub(on) >= leastRest
}

// rest sees when there is something to do next.
func (c *course) rest(now time.Time) {
	c.WakeAt = nil
	if len(c.Rounds) > 0 {
		c.WakeAt = &now
		return
	}
	if on, due := c.anniversary(); due {
		at := on.In(zone(c.Zone))
		c.WakeAt = &at
	}
}
