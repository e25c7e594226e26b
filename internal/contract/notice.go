package contract

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Notice is a party's word that it leaves, with the day from which it is a party no longer.
type Notice struct {
	EffectiveOn scalar.Date `bson:"effectiveOn"`
	Reason      string      `bson:"reason"`
	At          time.Time   `bson:"at"`
	Person      id.Person   `bson:"person,omitempty"`
}

// GiveNotice gives a party's notice to leave, on the earliest day that the text allows or a later one. What comes of it
// is decided on that day, by who is still there.
func (c *Contract) GiveNotice(by By, on *scalar.Date, reason string) error {
	if err := c.ready(VerbNotice, by.Party); err != nil {
		return err
	}
	if reason == "" {
		return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
	}
	earliest := scalar.DateOf(by.At, c.zone()).AddDays(c.NoticeDays)
	leaves := or(on, earliest)
	switch {
	case leaves < earliest:
		return fault.New(fault.Invalid, CodeNoticeTooShort, "earliest", earliest, "days", c.NoticeDays).At("effectiveOn")
	case leaves > c.EndsOn:
		return fault.New(fault.Invalid, CodeNoticeAfterEnd, "endsOn", c.EndsOn).At("effectiveOn")
	}
	if err := c.move(VerbNotice, c.Status); err != nil {
		return err
	}
	c.Party(by.Party).Notice = &Notice{EffectiveOn: leaves, Reason: reason, At: by.At, Person: by.Person}
	c.settle()
	return c.tell(ToldNoticeGiven, by.Party)
}

// leaves is the instant at which a party's notice takes effect; nil where it has given none, or is gone.
func (c *Contract) leaves(p *Party) *time.Time {
	if p.Notice == nil || p.gone() {
		return nil
	}
	at := p.Notice.EffectiveOn.In(c.zone()).UTC()
	return &at
}

// depart lets the notices take effect whose day has begun at an instant. Who leaves, leaves alone as long as the host and
// a partner remain; otherwise the contract ends with that day.
func (c *Contract) depart(at, now time.Time) error {
	var leaving []*Party
	for _, p := range c.Parties {
		if t := c.leaves(p); t != nil && !t.After(at) {
			leaving = append(leaving, p)
		}
	}
	stays := func(part Part) bool {
		return slices.ContainsFunc(c.Parties, func(p *Party) bool {
			return p.Part == part && !p.gone() && !slices.Contains(leaving, p)
		})
	}
	if !stays(Host) || !stays(Partner) {
		return c.dissolve(leaving, now)
	}
	if err := c.move(VerbExit, c.Status); err != nil {
		return err
	}
	for _, p := range leaving {
		p.State, p.LeftAt, p.Reason = Exited, &now, p.Notice.Reason
		c.Step = nil // who would have to consent has changed
		c.settle()
		if err := c.tell(ToldExited, p.Organisation); err != nil {
			return err
		}
	}
	return nil
}

// dissolve ends the contract because without those who leave there is none.
func (c *Contract) dissolve(leaving []*Party, now time.Time) error {
	if err := c.move(VerbExit, Terminated); err != nil {
		return err
	}
	why := slices.IndexFunc(leaving, func(p *Party) bool { return p.Part != Witness })
	c.ends(now, leaving[why].Notice.EffectiveOn, leaving[why].Notice.Reason)
	c.settle()
	return c.tell(ToldTerminated, leaving[why].Organisation)
}
