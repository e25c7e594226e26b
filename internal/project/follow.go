package project

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// errNothing leaves a project as it is.
var errNothing = errors.New("project: nothing to do")

// Moved follows an organisation that has come under other bodies: they read the projects that it leads from now on, those
// it has left do not. It may be told the same thing twice.
func (s *Service) Moved(ctx context.Context, o id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	found, err := s.Organisations(ctx, []id.Organisation{o})
	if err != nil || !found[0].Exists() {
		return err
	}
	for p, err := range s.projects.Walk(ctx, byLead.Is(o)) {
		if err != nil {
			return err
		}
		if err := s.rehouse(ctx, p.ID, found[0]); err != nil {
			return fmt.Errorf("project %s: %w", p.ID, err)
		}
	}
	return nil
}

// Begun looks once more where the organisation lies that leads a project just begun: one that moved in that very moment
// did not find the project among those it had to tell. It may be told the same thing twice.
func (s *Service) Begun(ctx context.Context, which id.Project) error {
	ctx = authz.AsSystem(ctx)
	p, err := s.Project(ctx, which)
	if err != nil {
		return err
	}
	found, err := s.Organisations(ctx, []id.Organisation{p.Lead})
	if err != nil || !found[0].Exists() {
		return err
	}
	return s.rehouse(ctx, which, found[0])
}

func (s *Service) rehouse(ctx context.Context, which id.Project, lead organisation.Facts) error {
	_, err := s.projects.Touch(ctx, access.ProjectTime, string(which), func(p *Project) error {
		if p.SubDistrict == lead.SubDistrict && p.District == lead.District && slices.Equal(p.Above, lead.Above) {
			return errNothing
		}
		p.house(lead)
		p.settle()
		return p.tell(ToldMoved, "")
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
