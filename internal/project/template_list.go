package project

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	byTemplateStatus  = store.Field[TemplateStatus]("status")
	byTemplateOwner   = store.Field[id.Organisation]("owner")
	byTemplateType    = store.Each[CommunityType]("communityTypes")
	byTemplateCreated = store.Field[time.Time]("createdAt")
)

func templateSchema() store.Schema {
	by := byTemplateCreated.Asc()
	return store.Schema{Name: "project_templates", Indexes: []store.Index{
		store.Lookup(by), store.Lookup(byTemplateStatus.Asc(), by), store.Lookup(byTemplateOwner.Asc(), by), store.Lookup(byTemplateType.Asc(), by),
	}}
}

// The names under which the API binds pages and filters of templates.
type (
	// TemplateConnection is a page of templates.
	TemplateConnection = page.Connection[*Template]
	// TemplateEdge is a template of a page.
	TemplateEdge = page.Edge[*Template]
	// TemplateStatusChoice chooses by state.
	TemplateStatusChoice = page.Choice[TemplateStatus]
	// TypeChoice chooses by type of community.
	TypeChoice = page.Choice[CommunityType]
)

// TemplateFilter chooses among templates. What it names must all hold.
type TemplateFilter struct {
	Status        *TemplateStatusChoice
	Owner         *organisation.Choice
	CommunityType *TypeChoice
	And           []*TemplateFilter
	Or            []*TemplateFilter
	Not           *TemplateFilter
}

func (f *TemplateFilter) where(depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.Status.Filter(byTemplateStatus), f.Owner.Filter(byTemplateOwner), f.CommunityType.Filter(byTemplateType)}
	return page.Combine(own, f.And, f.Or, f.Not, depth, (*TemplateFilter).where)
}

// Templates lists templates, the oldest first; with an organisation, only those from which it can begin a project.
func (s *Service) Templates(ctx context.Context, usableBy *id.Organisation, f *TemplateFilter, a page.Args) (*TemplateConnection, error) {
	where, err := f.where(0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	usable, err := s.usableBy(ctx, usableBy)
	if err != nil {
		return nil, err
	}
	return page.List(ctx, s.templates, s.Cursors, store.And(usable, where), []store.Order{byTemplateCreated.Asc()}, a)
}

// usableBy is what an organisation can begin a project from: published, the platform's or its own or of a body above it,
// and made for its type where it is a community. One that does not exist can use nothing.
func (s *Service) usableBy(ctx context.Context, o *id.Organisation) (store.Filter, error) {
	if o == nil {
		return store.Filter{}, nil
	}
	found, err := s.Organisations(ctx, []id.Organisation{*o})
	if err != nil {
		return store.Filter{}, err
	}
	if !found[0].Exists() {
		return store.Filter{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", *o).At("usableBy")
	}
	owners := append([]id.Organisation{"", *o}, found[0].Above...)
	usable := store.And(byTemplateStatus.Is(Published), byTemplateOwner.In(owners...))
	if t := found[0].CommunityType; t != "" {
		usable = store.And(usable, byTemplateType.Is(CommunityType(t)))
	}
	return usable, nil
}
