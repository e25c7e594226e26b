package id

type (
	// Project is what organisations do together.
	Project string
	// ProjectTemplate is the form of records of one sort of projects.
	ProjectTemplate string
	// ProjectActivity is one entry of a project's log.
	ProjectActivity string
	// ProjectMigration is the moving of a template's projects to a newer version.
	ProjectMigration string
	// ProjectProblem is what is wrong with one project that should be moved.
	ProjectProblem string
)

// The kinds of projects and what belongs to them.
const (
	KindProject          Kind = "prj"
	KindProjectTemplate  Kind = "pjt"
	KindProjectActivity  Kind = "pja"
	KindProjectMigration Kind = "pjm"
	KindProjectProblem   Kind = "pjp"
)
