package fulfilment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// exit is a party that has left the contract: what it had promised, or was promised, for that day or later, is promised
// no more.
type exit struct {
	Organisation id.Organisation `bson:"organisation"`
	On           scalar.Date     `bson:"on"`
}

// pause is a time in which the contract rested; until is absent while it does.
type pause struct {
	From  scalar.Date  `bson:"from"`
	Until *scalar.Date `bson:"until,omitempty"`
}

// fate is what becomes of an open occurrence of a day, as far as the contract goes: it is DUE, rests with the contract
// (SUSPENDED), or will not come to its day (CLOSED).
func (p *Plan) fate(on scalar.Date) Status {
	if p.EndedOn != nil && on >= *p.EndedOn || p.leftBy(p.Provider, on) || len(p.receiversOn(on)) == 0 {
		return Closed
	}
	for _, w := range p.Pauses {
		switch {
		case on < w.From:
		case w.Until != nil && on < *w.Until:
			return Closed
		case w.Until == nil && p.ended():
			return Closed
		case w.Until == nil:
			return Suspended
		}
	}
	return Due
}

// leftBy says whether an organisation has left the contract by a day.
func (p *Plan) leftBy(o id.Organisation, on scalar.Date) bool {
	return slices.ContainsFunc(p.Exits, func(e exit) bool { return e.Organisation == o && e.On <= on })
}

// receiversOn are those to whom the promise still holds on a day.
func (p *Plan) receiversOn(on scalar.Date) []id.Organisation {
	return slices.DeleteFunc(slices.Clone(p.Receivers), func(o id.Organisation) bool { return p.leftBy(o, on) })
}

// formerOf are the parties that have left and go on reading what is due on a day: what was due while they were there, and
// what they have a part in.
func (p *Plan) formerOf(on scalar.Date, provider id.Organisation, receivers []id.Organisation) []id.Organisation {
	var out []id.Organisation
	for _, e := range p.Exits {
		if on < e.On || e.Organisation == provider || slices.Contains(receivers, e.Organisation) {
			out = append(out, e.Organisation)
		}
	}
	return out
}

// spread tells a plan's fulfilments the contract's news: who reads them now, and whether they are due, rest, or will not
// come.
func (s *Service) spread(ctx context.Context, p *Plan, now time.Time) (func(*Plan), error) {
	found, err := s.fulfilments.List(ctx, store.Query{
		Where: store.And(byCommitment.Is(p.ID), byDueOn.Gt(*p.SpreadFrom)), Sort: []store.Order{byDueOn.Asc()}, Limit: atOnce,
	})
	if err != nil {
		return nil, err
	}
	for _, f := range found.Items {
		if err := s.tellOne(ctx, p, f, now); err != nil {
			return nil, err
		}
	}
	if n := len(found.Items); n > 0 && found.HasMore {
		return func(p *Plan) { p.SpreadFrom = &found.Items[n-1].DueOn }, nil
	}
	return func(p *Plan) { p.SpreadFrom = nil }, nil
}

// tellOne tells one fulfilment the news. That others read it is no change that its readers must know of; that its state
// changes, or who was promised, is.
func (s *Service) tellOne(ctx context.Context, p *Plan, f *Fulfilment, now time.Time) error {
	change, changes := s.fulfilments.Touch, f.turns(p)
	if changes {
		change = s.fulfilments.Change
	}
	_, err := change(ctx, access.FulfilmentTime, string(f.ID), func(f *Fulfilment) error {
		if f.Seen >= p.Seen && !f.turns(p) {
			return errNothing
		}
		f.Parties, f.Above, f.Seen = p.Parties, p.Above, max(f.Seen, p.Seen)
		f.Former = p.formerOf(f.DueOn, f.Provider, f.Receivers)
		return f.follow(p, now)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// open says whether nothing has been reported of it, and nothing ended it.
func (f *Fulfilment) open() bool {
	return f.Status == Due || f.Status == Overdue || f.Status == Suspended
}

// turns says whether the contract's news change more than its readers.
func (f *Fulfilment) turns(p *Plan) bool {
	if !f.open() {
		return f.returns(p)
	}
	fate := p.fate(f.DueOn)
	return fate == Closed || p.dropped(f.DueOn) || f.reterms(p) || (fate == Suspended) != (f.Status == Suspended) || len(f.lost(p)) > 0
}

// lost are its receivers that have left the contract before its day.
func (f *Fulfilment) lost(p *Plan) []id.Organisation {
	return slices.DeleteFunc(slices.Clone(f.Receivers), func(o id.Organisation) bool { return !p.leftBy(o, f.DueOn) })
}

// follow does what the contract's news call for.
func (f *Fulfilment) follow(p *Plan, now time.Time) error {
	back := f.returns(p)
	if !f.open() && !back {
		return nil
	}
	fate := p.fate(f.DueOn)
	switch {
	case p.dropped(f.DueOn):
		return f.drop(now)
	case fate == Closed:
		return f.end(now)
	}
	if back || f.reterms(p) {
		if err := f.replan(p, now); err != nil {
			return err
		}
	}
	switch {
	case fate == Suspended && f.Status != Suspended:
		if err := f.rest(now); err != nil {
			return err
		}
	case fate == Due && f.Status == Suspended:
		if err := f.wake(now); err != nil {
			return err
		}
	}
	return f.forget(f.lost(p), now)
}
