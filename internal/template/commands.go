package template

import (
	"context"
	"reflect"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Create keeps a new template.
func (s *Service) Create(ctx context.Context, in CreateInput) (*Template, error) {
	owner, err := s.owner(ctx, in.Owner, organisation.KindDistrict, organisation.KindSubDistrict, organisation.KindCommunity)
	if err != nil {
		return nil, err
	}
	t := &Template{Head: s.head(owner)}
	if t.Body, err = s.write(ctx, owner, in.Text); err != nil {
		return nil, err
	}
	t.ID = store.NewID[id.Template](ctx, id.KindTemplate, s.now(), s.Random)
	if err := t.Tell(ToldCreated, t.told()); err != nil {
		return nil, err
	}
	return s.templates.Add(ctx, access.TemplateCreate, t)
}

// Revise makes a new version of a template's text. What was drafted from older ones stays as it is.
func (s *Service) Revise(ctx context.Context, in ReviseInput) (*Template, error) {
	summary, err := said(in.Summary)
	if err != nil {
		return nil, err
	}
	return s.templates.Change(ctx, access.TemplateRevise, string(in.ID), func(t *Template) error {
		if err := in.Expect(t.Version); err != nil {
			return err
		}
		if err := t.inForce(CodeRetired); err != nil {
			return err
		}
		body, err := s.write(ctx, t.Owner, in.Text)
		if err != nil {
			return err
		}
		if reflect.DeepEqual(body, t.Body) {
			return fault.New(fault.Refused, CodeUnchangedText)
		}
		if err := s.versions.keep(ctx, string(t.ID), t.Head, t.RevisedAt, t.Body); err != nil {
			return err
		}
		t.Body = body
		if err := t.revised(s, summary, 0); err != nil {
			return err
		}
		return t.Tell(ToldRevised, t.told())
	})
}

// Retire ends a template: it stays to be read, but no draft begins from it.
func (s *Service) Retire(ctx context.Context, in RetireInput) (*Template, error) {
	return s.templates.Change(ctx, access.TemplateRetire, string(in.ID), func(t *Template) error {
		if err := in.Expect(t.Version); err != nil {
			return err
		}
		if err := t.inForce(CodeRetired); err != nil {
			return err
		}
		t.Status = Retired
		return t.Tell(ToldRetired, t.told())
	})
}

// owner is the body for which the caller keeps texts: the one that is named; none for an administrator who names none;
// for a supervisor the only one in which they are. A community is always named. kinds are those that keep such texts.
func (s *Service) owner(ctx context.Context, named *id.Organisation, kinds ...organisation.Kind) (id.Organisation, error) {
	a := authz.From(ctx)
	switch in := a.In(authz.Supervisor); {
	case !a.Known():
		return "", fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	case named != nil:
		return *named, s.keeps(ctx, *named, kinds)
	case a.IsSystem() || a.Holds(authz.Administrator, ""):
		return "", nil
	case len(in) == 1:
		return in[0], nil
	case len(in) > 1:
		return "", fault.New(fault.Invalid, fault.CodeRequired).At("owner")
	}
	return "", nil // who may not will be told by the table
}

// keeps refuses an owner that is of none of the kinds.
func (s *Service) keeps(ctx context.Context, o id.Organisation, kinds []organisation.Kind) error {
	found, err := s.Organisations(ctx, []id.Organisation{o})
	switch {
	case err != nil:
		return err
	case !found[0].Exists():
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", o).At("owner")
	case !slices.Contains(kinds, found[0].Kind):
		return fault.New(fault.Invalid, CodeNoSupervision).At("owner")
	}
	return nil
}

func (s *Service) head(owner id.Organisation) Head {
	return Head{Owner: owner, Status: Active, TextVersion: 1, RevisedAt: s.now()}
}

// inForce refuses what was retired.
func (h *Head) inForce(code fault.Code) error {
	if h.Status == Active {
		return nil
	}
	return fault.New(fault.Refused, code)
}

// revised notes a new version of the text. shipped is the edition that came with the program, 0 for people's own.
func (h *Head) revised(s *Service, summary string, shipped int) error {
	if h.TextVersion >= MaxVersions {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxVersions)
	}
	h.TextVersion++
	h.RevisedAt, h.Summary, h.Shipped = s.now(), summary, shipped
	return nil
}

func said(summary *string) (string, error) {
	var f fault.List
	t := text.Block(&f, "summary", or(summary, ""), 0, maxSummary)
	return t, f.Err()
}
