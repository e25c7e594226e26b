package contract

import "time"

// Wake does what time does: a signed contract comes into force with its first day, one in force expires when its last
// day is over, both in the contract's own zone. done is false where nothing is due.
func (c *Contract) Wake(now time.Time) (done bool, err error) {
	for c.WakeAt != nil && !c.WakeAt.After(now) {
		switch c.Status {
		case Signed:
			err = c.activate(now)
		case Active:
			err = c.expire(now)
		default:
			c.WakeAt = nil
		}
		if err != nil {
			return false, err
		}
		done = true
	}
	return done, nil
}

func (c *Contract) activate(now time.Time) error {
	if err := c.move(VerbActivate, Active); err != nil {
		return err
	}
	over := c.over()
	c.ActiveAt, c.WakeAt = &now, &over
	return c.tell(ToldActivated, "")
}

func (c *Contract) expire(now time.Time) error {
	if err := c.move(VerbExpire, Expired); err != nil {
		return err
	}
	c.EndedAt, c.WakeAt = &now, nil
	return c.tell(ToldExpired, "")
}

// starts is the first instant of the first day, in the contract's zone.
func (c *Contract) starts() time.Time { return c.EffectiveOn.In(c.zone()).UTC() }

// over is the instant at which the last day has passed, in the contract's zone.
func (c *Contract) over() time.Time { return c.EndsOn.End(c.zone()).UTC() }

// zone is the contract's time zone. A text is only taken with a zone that exists; UTC stands in should the machine
// have lost it since.
func (c *Contract) zone() *time.Location {
	zone, err := zoneOf(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
