package project

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// TurnInput is the input of the verbs that move a project on: with a note, where there is something to say.
type TurnInput struct {
	command.Change
	ID   id.Project
	Note *string
}

// ReasonInput is the input of the verbs that need a reason.
type ReasonInput struct {
	command.Change
	ID     id.Project
	Reason string
}

// ReviseInput is the input of reviseProject. What is absent stays.
type ReviseInput struct {
	command.Change
	ID            id.Project
	Title         *string
	Summary       *string
	Partners      []id.Organisation
	StartsOn      *scalar.Date
	EndsOn        *scalar.Date
	Budget        *scalar.Decimal
	Currency      *string
	Beneficiaries *BeneficiariesInput
}

// LeaveInput is the input of leaveProject.
type LeaveInput struct {
	command.Change
	ID           id.Project
	Organisation *id.Organisation
}

// Revise changes what was planned.
func (s *Service) Revise(ctx context.Context, in ReviseInput) (*Project, error) {
	return s.change(ctx, VerbRevise, in.ID, in.Change, func(p *Project) (string, error) {
		if !s.leads(VerbRevise, p, authz.From(ctx)) {
			return ToldRevised, s.amend(ctx, p, in)
		}
		var f fault.List
		was := *p
		p.describe(&f, in.Title, in.Summary, in.Beneficiaries)
		f.Add(p.plan(in.StartsOn, in.EndsOn))
		f.Add(p.fund(in.Budget, in.Currency))
		if in.Partners != nil {
			f.Add(s.join(ctx, p, in.Partners))
		}
		f.Add(p.kept(&was))
		return ToldRevised, f.Err()
	})
}

// change does something to a project whose state has the verb, in the version that the caller has read. fn says what is
// told.
func (s *Service) change(ctx context.Context, v Verb, of id.Project, c command.Change, fn func(*Project) (string, error)) (*Project, error) {
	return s.projects.Change(ctx, v.Action(), string(of), func(p *Project) error {
		if err := c.Expect(p.Version); err != nil {
			return err
		}
		if err := s.ready(v, p, authz.From(ctx)); err != nil {
			return err
		}
		by, err := s.by(ctx, v.Action(), p, nil)
		if err != nil {
			return err
		}
		told, err := fn(p)
		if err != nil {
			return err
		}
		p.settle()
		return p.tell(told, by)
	})
}

// turn moves a project on in its life.
func (s *Service) turn(ctx context.Context, v Verb, told string, in TurnInput) (*Project, error) {
	return s.turned(ctx, v, told, in.ID, in.Change, func(f *fault.List) string {
		if in.Note == nil {
			return ""
		}
		return text.Block(f, "note", *in.Note, 0, MaxNote)
	})
}

// reasoned moves a project on with a reason.
func (s *Service) reasoned(ctx context.Context, v Verb, told string, in ReasonInput) (*Project, error) {
	return s.turned(ctx, v, told, in.ID, in.Change, func(f *fault.List) string { return text.Block(f, "reason", in.Reason, 2, MaxNote) })
}

func (s *Service) turned(ctx context.Context, v Verb, told string, of id.Project, c command.Change, note func(*fault.List) string) (*Project, error) {
	var f fault.List
	said := note(&f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.change(ctx, v, of, c, func(p *Project) (string, error) {
		by, err := s.by(ctx, v.Action(), p, nil)
		if err != nil {
			return "", err
		}
		return told, p.move(v, Turn{At: s.now(), Organisation: by, Note: said})
	})
}

// Start begins a project that was planned or approved.
func (s *Service) Start(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbStart, ToldStarted, in)
}

// Pause lets a project rest.
func (s *Service) Pause(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbPause, ToldPaused, in)
}

// Resume goes on with a project that rested.
func (s *Service) Resume(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbResume, ToldResumed, in)
}

// Finish ends a project as planned.
func (s *Service) Finish(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbFinish, ToldFinished, in)
}

// Cancel gives a project up.
func (s *Service) Cancel(ctx context.Context, in ReasonInput) (*Project, error) {
	return s.reasoned(ctx, VerbCancel, ToldCancelled, in)
}

// Resubmit brings a secretary's project that was returned before the sub-district again.
func (s *Service) Resubmit(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbResubmit, ToldApplied, in)
}

// Approve lets a secretary's project begin.
func (s *Service) Approve(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbApprove, ToldApproved, in)
}

// Return sends a secretary's project back to its community.
func (s *Service) Return(ctx context.Context, in ReasonInput) (*Project, error) {
	return s.reasoned(ctx, VerbReturn, ToldReturned, in)
}

// CheckMidterm notes what the sub-district found half-way.
func (s *Service) CheckMidterm(ctx context.Context, in FindingsInput) (*Project, error) {
	return s.turned(ctx, VerbCheckMidterm, ToldChecked, in.ID, in.Change, func(f *fault.List) string {
		return text.Block(f, "findings", in.Findings, 2, MaxNote)
	})
}

// FindingsInput is the input of checkProjectMidterm.
type FindingsInput struct {
	command.Change
	ID       id.Project
	Findings string
}

// Accept takes a secretary's project as done.
func (s *Service) Accept(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbAccept, ToldAccepted, in)
}

// Commend names an accepted project as an example.
func (s *Service) Commend(ctx context.Context, in TurnInput) (*Project, error) {
	return s.turn(ctx, VerbCommend, ToldCommended, in)
}

// Terminate ends a secretary's project before its end.
func (s *Service) Terminate(ctx context.Context, in ReasonInput) (*Project, error) {
	return s.reasoned(ctx, VerbTerminate, ToldTerminated, in)
}

// Leave takes a partner out, in its own name. It reads the project no more.
func (s *Service) Leave(ctx context.Context, in LeaveInput) (*Project, error) {
	return s.projects.Change(ctx, access.ProjectLeave, string(in.ID), func(p *Project) error {
		if err := in.Expect(p.Version); err != nil {
			return err
		}
		if err := p.can(VerbLeave); err != nil {
			return err
		}
		by, err := s.leaving(ctx, p, in.Organisation)
		if err != nil {
			return err
		}
		p.Partners = slices.DeleteFunc(slices.Clone(p.Partners), func(o id.Organisation) bool { return o == by })
		p.settle()
		return p.tell(ToldLeft, by)
	})
}

// leaving is the partner in whose name the caller leaves.
func (s *Service) leaving(ctx context.Context, p *Project, named *id.Organisation) (id.Organisation, error) {
	if named != nil && *named == p.Lead {
		return "", fault.New(fault.Refused, CodeLeadStays).At("organisation")
	}
	if named != nil && !slices.Contains(p.Partners, *named) {
		return "", fault.New(fault.Invalid, CodeNotPartner, "organisation", *named).At("organisation")
	}
	by, err := s.by(ctx, access.ProjectLeave, p, named)
	if err == nil && by == p.Lead {
		return "", fault.New(fault.Refused, CodeLeadStays)
	}
	return by, err
}
