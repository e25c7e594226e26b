package project

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// AddMilestoneInput is the input of addMilestone.
type AddMilestoneInput struct {
	command.Change
	ID    id.Project
	Title string
	DueOn scalar.Date
}

// CompleteMilestoneInput is the input of completeMilestone.
type CompleteMilestoneInput struct {
	command.Change
	ID   id.Project
	Key  string
	On   scalar.Date
	Note *string
}

// RemoveMilestoneInput is the input of removeMilestone.
type RemoveMilestoneInput struct {
	command.Change
	ID  id.Project
	Key string
}

// RecordSpendingInput is the input of recordSpending.
type RecordSpendingInput struct {
	command.Change
	ID       id.Project
	Amount   scalar.Decimal
	Currency *string
	On       scalar.Date
	Purpose  string
}

// VoidSpendingInput is the input of voidSpending.
type VoidSpendingInput struct {
	command.Change
	ID     id.Project
	Key    string
	Reason string
}

// key makes the name of a part of a project.
func (p *Project) key(letter string) string {
	p.Made++
	return letter + strconv.Itoa(p.Made)
}

// AddMilestone adds what shall be reached on a day. Milestones come in the order of their days.
func (s *Service) AddMilestone(ctx context.Context, in AddMilestoneInput) (*Project, error) {
	return s.change(ctx, VerbKeepMilestones, in.ID, in.Change, func(p *Project) (string, error) {
		if len(p.Milestones) >= MaxMilestones {
			return "", fault.New(fault.Refused, fault.CodeTooMany, "max", MaxMilestones)
		}
		var f fault.List
		m := &Milestone{Title: text.Line(&f, "title", in.Title, 2, MaxTitle), DueOn: in.DueOn}
		if err := f.Err(); err != nil {
			return "", err
		}
		m.Key = p.key("m")
		p.Milestones = append(slices.Clone(p.Milestones), m)
		slices.SortStableFunc(p.Milestones, func(a, b *Milestone) int { return a.DueOn.Sub(b.DueOn) })
		return ToldMilestoneAdded, nil
	})
}

// CompleteMilestone notes that a milestone was reached.
func (s *Service) CompleteMilestone(ctx context.Context, in CompleteMilestoneInput) (*Project, error) {
	return s.change(ctx, VerbKeepMilestones, in.ID, in.Change, func(p *Project) (string, error) {
		var f fault.List
		note := ""
		if in.Note != nil {
			note = text.Block(&f, "note", *in.Note, 0, MaxNote)
		}
		f.Add(s.past(in.On), "on")
		if err := f.Err(); err != nil {
			return "", err
		}
		return ToldMilestoneCompleted, p.milestone(in.Key, func(m *Milestone) { m.DoneOn, m.Note = &in.On, note })
	})
}

// RemoveMilestone takes away a milestone that was not reached.
func (s *Service) RemoveMilestone(ctx context.Context, in RemoveMilestoneInput) (*Project, error) {
	return s.change(ctx, VerbKeepMilestones, in.ID, in.Change, func(p *Project) (string, error) {
		err := p.milestone(in.Key, func(m *Milestone) {
			p.Milestones = slices.DeleteFunc(slices.Clone(p.Milestones), func(had *Milestone) bool { return had.Key == m.Key })
		})
		return ToldMilestoneRemoved, err
	})
}

// milestone does something to a milestone that is still open.
func (p *Project) milestone(key string, do func(*Milestone)) error {
	i := slices.IndexFunc(p.Milestones, func(m *Milestone) bool { return m.Key == key })
	switch {
	case i < 0:
		return fault.New(fault.Invalid, CodeNoSuchPart, "key", text.Clip(key, MaxLabel)).At("key")
	case p.Milestones[i].DoneOn != nil:
		return fault.New(fault.Refused, CodeMilestoneDone, "key", key).At("key")
	}
	do(p.Milestones[i])
	return nil
}

// RecordSpending notes a payment, in the project's one currency.
func (s *Service) RecordSpending(ctx context.Context, in RecordSpendingInput) (*Project, error) {
	return s.change(ctx, VerbRecordSpending, in.ID, in.Change, func(p *Project) (string, error) {
		var f fault.List
		one := &Spending{On: in.On, Purpose: text.Line(&f, "purpose", in.Purpose, 1, MaxPurpose), Currency: usualCurrency}
		switch {
		case in.Currency != nil:
			one.Currency = *in.Currency
		case p.Currency != "":
			one.Currency = p.Currency
		}
		f.Add(s.past(in.On), "on")
		if in.Amount.Sign() <= 0 {
			f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", "0.01", "max", decimalOf(maxUnits, one.Currency)), "amount")
		}
		var err error
		one.Units, err = unitsOf(in.Amount, one.Currency)
		f.Add(err)
		if err := f.Err(); err != nil {
			return "", err
		}
		one.Key = p.key("s")
		return ToldSpent, p.spend(one)
	})
}

// VoidSpending takes a payment that was noted in error out of the sum. It stays to be seen.
func (s *Service) VoidSpending(ctx context.Context, in VoidSpendingInput) (*Project, error) {
	return s.change(ctx, VerbRecordSpending, in.ID, in.Change, func(p *Project) (string, error) {
		var f fault.List
		reason := text.Line(&f, "reason", in.Reason, 2, MaxPurpose)
		if err := f.Err(); err != nil {
			return "", err
		}
		return ToldSpendingVoided, p.void(in.Key, reason)
	})
}

// past refuses a day that has not come anywhere on earth.
func (s *Service) past(on scalar.Date) error {
	today := scalar.DateOf(s.now(), farEast())
	if on > today {
		return fault.New(fault.Invalid, CodeFuture, "today", today)
	}
	return nil
}
