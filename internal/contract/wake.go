package contract

import "time"

// Deeds are what time needs of the house to do its part.
type Deeds struct {
	Undone func() (Undone, error) // what in the contract is not done yet; asked at the moment of completion alone
	Renew  func() error           // drafts the contract that follows; doing it twice does it once
}

// Wake does what time does, in the order in which it fell due: a signed contract comes into force with its first day;
// in one that is in force notices take effect, steps that nobody carried lapse, a completion to which nobody objected
// comes true; when its last day is over it expires, at rest or not. All in the contract's own zone. done is false where
// nothing is due.
func (c *Contract) Wake(now time.Time, deeds Deeds) (done bool, err error) {
	for c.WakeAt != nil && !c.WakeAt.After(now) {
		a := c.alarm()
		if a == nil { // the next change of the contract has been undone since
			c.WakeAt = nil
			return true, nil
		}
		if a.at.After(now) {
			c.WakeAt = &a.at
			return true, nil
		}
		if err := c.ring(a, now, deeds); err != nil {
			return false, err
		}
		done = true
	}
	return done, nil
}

// alarm is one thing that time will do, and when.
type alarm struct {
	at time.Time
	do Verb
}

// alarm is the next thing that time will do to the contract; nil where there is none.
func (c *Contract) alarm() *alarm {
	var next *alarm
	set := func(at time.Time, do Verb) {
		if next == nil || at.Before(next.at) {
			next = &alarm{at.UTC(), do}
		}
	}
	switch c.Status {
	case Signed:
		set(c.starts(), VerbActivate)
	case Active, Suspended:
		set(c.over(), VerbExpire)
		for _, p := range c.Parties {
			if at := c.leaves(p); at != nil {
				set(*at, VerbExit)
			}
		}
		if c.Step != nil {
			set(c.Step.LapsesAt, VerbLapse)
		}
		if c.Completion != nil {
			set(c.Completion.CompletesAt, VerbFinish)
		}
		if c.renewsItself() {
			set(c.EndsOn.AddDays(1-RenewAhead).In(c.zone()), VerbPrepare)
		}
	}
	return next
}

// ring does what time has come for.
func (c *Contract) ring(a *alarm, now time.Time, deeds Deeds) error {
	switch a.do {
	case VerbActivate:
		return c.activate(now)
	case VerbExit:
		return c.depart(a.at, now)
	case VerbLapse:
		return c.lapse()
	case VerbFinish:
		open, err := deeds.Undone()
		if err != nil {
			return err
		}
		return c.finish(now, open)
	case VerbPrepare:
		if err := deeds.Renew(); err != nil {
			return err
		}
		return c.prepared(now)
	default:
		return c.expire(now)
	}
}

func (c *Contract) activate(now time.Time) error {
	if err := c.move(VerbActivate, Active); err != nil {
		return err
	}
	c.ActiveAt = &now
	c.settle()
	return c.tell(ToldActivated, "")
}

func (c *Contract) expire(now time.Time) error {
	if err := c.move(VerbExpire, Expired); err != nil {
		return err
	}
	c.ends(now, c.EndsOn.AddDays(1), "")
	c.settle()
	return c.tell(ToldExpired, "")
}

// lapse drops a step that not everybody has consented to in time.
func (c *Contract) lapse() error {
	if err := c.move(VerbLapse, c.Status); err != nil {
		return err
	}
	c.Step = nil
	c.settle()
	return c.tell(ToldStepWithdrawn, "")
}

// starts is the first instant of the first day, in the contract's zone.
func (c *Contract) starts() time.Time { return c.EffectiveOn.In(c.zone()).UTC() }

// over is the instant at which the last day has passed, in the contract's zone.
func (c *Contract) over() time.Time { return c.EndsOn.End(c.zone()).UTC() }

// zone is the text's time zone. A text is only taken with a zone that exists; UTC stands in should the machine
// have lost it since.
func (t *Text) zone() *time.Location {
	zone, err := zoneOf(t.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
