package match

import (
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// when says at which times a promise is kept: by the rhythm in which it is offered, else by that in which it is needed; else
// by the last day of such a time; else by the contract's last.
func (c *FilledCommitment) when(p *pair, from, until scalar.Date) {
	if !from.Valid() || !until.Valid() || until < from {
		return // said of the contract's own days by whoever checks them
	}
	for _, w := range append(append([]Window{}, p.resource.Windows...), p.need.Windows...) {
		if c.by(w, from, until) {
			return
		}
	}
	c.DueOn = &until
}

// by takes up one window, as far as it lies within the contract.
func (c *FilledCommitment) by(w Window, from, until scalar.Date) bool {
	if w.From > from {
		from = w.From
	}
	if w.Until != "" && w.Until < until {
		until = w.Until
	}
	if until < from {
		return false
	}
	if w.Recurrence == "" {
		if w.Until == "" {
			return false // always: that says nothing of a day
		}
		c.StartsOn, c.DueOn = &from, &until
		return true
	}
	rule, err := recurrence.Parse(w.Recurrence)
	if err != nil {
		return false
	}
	if _, err := recurrence.Dates(rule, from, until); err != nil {
		return false
	}
	if rule.Count == 0 && (rule.Until == "" || rule.Until > until) && w.Until != "" {
		rule.Until = until
	}
	said := rule.String()
	c.Recurrence, c.StartsOn = &said, &from
	return true
}
