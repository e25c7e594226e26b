package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/project"
)

// projectsOf lists for each of several organisations the projects in which it takes part.
func projectsOf[O organisation.Organisation](ctx context.Context, r Rooms, of []O, a page.Args) ([]*project.Connection, error) {
	return each(of, func(o O) (*project.Connection, error) { return r.Projects.OfOrganisation(ctx, o.Facts().ID, a) })
}

// projectTemplates lists templates, of an organisation only those from which it can begin a project.
func (r Rooms) projectTemplates(ctx context.Context, usableBy *string, f *project.TemplateFilter, a page.Args) (*project.TemplateConnection, error) {
	by, err := wire.NamedOrNone[id.Organisation]("usableBy", usableBy, wire.Organisation())
	if err != nil {
		return nil, err
	}
	return r.Projects.Templates(ctx, by, f, a)
}

// projectMigrations lists migrations, of one template or of all.
func (r Rooms) projectMigrations(ctx context.Context, of *string, a page.Args) (*project.MigrationConnection, error) {
	template, err := wire.NamedOrNone[id.ProjectTemplate]("template", of, wire.ProjectTemplate())
	if err != nil {
		return nil, err
	}
	return r.Projects.Migrations(ctx, template, a)
}
