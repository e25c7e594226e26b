package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Project is what organisations do together.
func Project() Kind { return Kind{"Project", []id.Kind{id.KindProject}} }

// ProjectTemplate is the form of records of one sort of projects.
func ProjectTemplate() Kind { return Kind{"ProjectTemplate", []id.Kind{id.KindProjectTemplate}} }

// ProjectMigration is the moving of a template's projects to a newer version.
func ProjectMigration() Kind { return Kind{"ProjectMigration", []id.Kind{id.KindProjectMigration}} }

// MarshalProjectID writes the identifier of a project.
func MarshalProjectID(i id.Project) graphql.ContextMarshaler { return write(i) }

// UnmarshalProjectID reads the identifier of a project; one of another kind is refused.
func UnmarshalProjectID(ctx context.Context, v any) (id.Project, error) {
	return read[id.Project](ctx, v, Project())
}

// MarshalProjectTemplateID writes the identifier of a template of projects.
func MarshalProjectTemplateID(i id.ProjectTemplate) graphql.ContextMarshaler { return write(i) }

// UnmarshalProjectTemplateID reads the identifier of a template of projects; one of another kind is refused.
func UnmarshalProjectTemplateID(ctx context.Context, v any) (id.ProjectTemplate, error) {
	return read[id.ProjectTemplate](ctx, v, ProjectTemplate())
}

// MarshalProjectActivityID writes the identifier of an entry of a project's log.
func MarshalProjectActivityID(i id.ProjectActivity) graphql.ContextMarshaler { return write(i) }

// UnmarshalProjectActivityID reads the identifier of an entry of a project's log; one of another kind is refused.
func UnmarshalProjectActivityID(ctx context.Context, v any) (id.ProjectActivity, error) {
	return read[id.ProjectActivity](ctx, v, Kind{"ProjectActivity", []id.Kind{id.KindProjectActivity}})
}

// MarshalProjectMigrationID writes the identifier of a migration.
func MarshalProjectMigrationID(i id.ProjectMigration) graphql.ContextMarshaler { return write(i) }

// UnmarshalProjectMigrationID reads the identifier of a migration; one of another kind is refused.
func UnmarshalProjectMigrationID(ctx context.Context, v any) (id.ProjectMigration, error) {
	return read[id.ProjectMigration](ctx, v, ProjectMigration())
}
