package bind

import (
	"github.com/cobuild/cobuild/graph/payload" //nolint:depguard // this is a part of the GraphQL face, not a room
	"github.com/cobuild/cobuild/internal/project"
)

// The payloads of projects, their templates and migrations.
type (
	// ProjectPayload answers every change of a project.
	ProjectPayload = payload.Of[*project.Project]
	// ProjectTemplatePayload answers every change of a template of projects.
	ProjectTemplatePayload = payload.Of[*project.Template]
	// ProjectMigrationPayload answers every change of a migration.
	ProjectMigrationPayload = payload.Of[*project.Migration]
)
