package contract

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// RenewInput renews a contract. Its days are moved behind its end where the input names none.
type RenewInput struct {
	command.Once
	ID          id.Contract
	Party       *id.Organisation
	EffectiveOn *scalar.Date
	EndsOn      *scalar.Date
}

// renewed is the text in force as the input that drafts its renewal: its days moved, without those who have left and
// the promises that hang on them.
func (c *Contract) renewed(in RenewInput, today scalar.Date) TextInput {
	t := c.input()
	m := c.moved(in, today)
	t.EffectiveOn, t.EndsOn = m.from, m.until
	stays := func(o id.Organisation) bool { p := c.Party(o); return p != nil && !p.gone() }
	t.Parties = slices.DeleteFunc(t.Parties, func(p PartyInput) bool { return !stays(p.Organisation) })
	t.SigningOrder = slices.DeleteFunc(slices.Clone(t.SigningOrder), func(o id.Organisation) bool { return !stays(o) })
	var kept []CommitmentInput
	for _, k := range t.Commitments {
		k.Receivers = slices.DeleteFunc(slices.Clone(k.Receivers), func(o id.Organisation) bool { return !stays(o) })
		if !stays(k.Provider) || len(k.Receivers) == 0 {
			continue
		}
		k.StartsOn, k.DueOn = m.day(k.StartsOn), m.day(k.DueOn)
		kept = append(kept, k)
	}
	t.Commitments = kept
	t.Sharing = m.sharing(t.Sharing, stays)
	return t
}

// removal moves days from one period to another: by whole months where the periods lie so, else by days.
type removal struct {
	was, from, until scalar.Date
	months           int // 0 where they are no whole months apart
}

// moved says where the contract's days go. A renewal begins behind the last day, and not in the past, and lasts as long
// as the contract did.
func (c *Contract) moved(in RenewInput, today scalar.Date) removal {
	m := removal{was: c.EffectiveOn, from: max(c.EndsOn.AddDays(1), today)}
	if in.EffectiveOn != nil {
		m.from = *in.EffectiveOn
	}
	switch {
	case in.EndsOn != nil:
		m.until = *in.EndsOn
	case !m.from.Valid(): // said by whoever checks the text
		m.until = m.from
	default:
		m.until = m.from.AddDays(c.EndsOn.Sub(c.EffectiveOn))
		if n := apart(c.EffectiveOn, c.EndsOn.AddDays(1)); n > 0 {
			m.until = addMonths(m.from, n).AddDays(-1)
		}
	}
	if m.from.Valid() && m.until.Valid() {
		m.months = apart(m.was, m.from)
	}
	return m
}

// day moves one day, and keeps it within the new period.
func (m removal) day(d *scalar.Date) *scalar.Date {
	if d == nil || !m.from.Valid() || !m.until.Valid() {
		return d
	}
	to := d.AddDays(m.from.Sub(m.was))
	if m.months > 0 {
		to = addMonths(*d, m.months)
	}
	to = max(m.from, min(to, m.until))
	return &to
}

// sharing is what the renewal shares: what was shared, between those who stay, until its day moved.
func (m removal) sharing(was []SharingInput, stays func(id.Organisation) bool) []SharingInput {
	var kept []SharingInput
	for _, s := range was {
		named := len(s.With) > 0
		s.With = slices.DeleteFunc(slices.Clone(s.With), func(o id.Organisation) bool { return !stays(o) })
		if !stays(s.Subject) || named && len(s.With) == 0 {
			continue
		}
		s.Until = m.day(s.Until)
		kept = append(kept, s)
	}
	return kept
}

// apart counts the whole months from one day to a later one; 0 where it is no whole number of them.
func apart(from, to scalar.Date) int {
	a, b := from.UTC(), to.UTC()
	n := (b.Year()-a.Year())*12 + int(b.Month()-a.Month())
	if n > 0 && addMonths(from, n) == to {
		return n
	}
	return 0
}

// addMonths is the same day so many months on; the last of the month where that has no such day.
func addMonths(d scalar.Date, n int) scalar.Date {
	t := d.UTC()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return scalar.Date(first.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly))
}
