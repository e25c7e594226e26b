package contract

import (
	"time"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// today is the day of an instant in the text's zone.
func (t *Text) today(at time.Time) scalar.Date { return scalar.DateOf(at, t.zone()) }

// dated settles the first day of an amendment that all have signed: the one it names, but never before the signing.
func (a *Amendment) dated(at time.Time, c *Contract) {
	on := c.today(at)
	if d := a.EffectiveOn; d != nil && *d > on {
		on = *d
	}
	starts := on.In(c.zone()).UTC()
	a.SignedAt, a.AppliesOn, a.WakeAt = &at, &on, &starts
}

// seal makes an amendment SIGNED that waited only for who has left the contract since.
func (a *Amendment) seal(at time.Time, c *Contract) error {
	if err := a.move(AmendSeal, AmendmentSigned); err != nil {
		return err
	}
	a.dated(at, c)
	return a.tell(AmendmentToldSealed, "")
}

// lapse ends an amendment whose contract has ended.
func (a *Amendment) lapse(at time.Time) error {
	if err := a.move(AmendLapse, AmendmentLapsed); err != nil {
		return err
	}
	a.EndedAt, a.WakeAt, a.Turn = &at, nil, ""
	return a.tell(AmendmentToldCancelled, "")
}

// applied notes that the text has taken the old one's place.
func (a *Amendment) applied(at time.Time) error {
	if err := a.move(AmendApply, AmendmentApplied); err != nil {
		return err
	}
	a.AppliedAt, a.WakeAt = &at, nil
	return a.tell(AmendmentToldApplied, "")
}

// Amend puts a signed amendment's text in force. The contract as it was signed, its bytes and its signatures, stays
// untouched: signed text is superseded, never edited. Parties keep their place; witnesses join.
func (c *Contract) Amend(a *Amendment, at time.Time) error {
	if err := a.outdated(c); err != nil {
		return err
	}
	if err := c.move(VerbAmend, c.Status); err != nil {
		return err
	}
	c.Text, c.TextVersion = a.Text, a.Number
	c.Revisions = append(c.Revisions, Revision{
		Number: a.Number, At: at, Organisation: a.Made.Organisation, Person: a.Made.Person,
		Summary: a.Summary, Amendment: a.ID,
	})
	for _, n := range a.Text.Named {
		if p := c.Party(n.Organisation); p != nil {
			p.Named = n
			continue
		}
		p := &Party{Named: n, Contract: c.ID, State: Invited, JoinedBy: a.ID}
		if a.Party(n.Organisation).Signature != nil {
			p.State = HasSigned
		}
		c.Parties = append(c.Parties, p)
	}
	c.Keys = c.Keys.over(a.Keys)
	c.AmendedBy, c.TextFrom, c.AmendHash, c.Amending = a.ID, a.AppliesOn, a.Frozen.Hash, nil
	c.settle()
	return c.tell(ToldAmended, "")
}
