package project

import (
	"context"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lease"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MigrationStatus is how far a migration is.
type MigrationStatus string

// The states of migrations.
const (
	MigrationQueued    MigrationStatus = "QUEUED"
	MigrationRunning   MigrationStatus = "RUNNING"
	MigrationDone      MigrationStatus = "DONE" // all were looked at; some may not have been moved
	MigrationCancelled MigrationStatus = "CANCELLED"
)

func (s MigrationStatus) over() bool { return s == MigrationDone || s == MigrationCancelled }

// Migration moves the projects of a template to a newer version, in the background and piece by piece.
type Migration struct {
	store.Meta[id.ProjectMigration] `bson:",inline"`

	Template  id.ProjectTemplate `bson:"template"`
	Owner     id.Organisation    `bson:"owner"` // of the template
	ToVersion int                `bson:"toVersion"`
	DryRun    bool               `bson:"dryRun"`
	Status    MigrationStatus    `bson:"status"`

	Total  int `bson:"total"`  // projects that were of an older version at the beginning
	Moved  int `bson:"moved"`  // in a dry run: that could be moved
	Failed int `bson:"failed"` // that do not fit the new version

	StartedAt   *time.Time `bson:"startedAt,omitempty"`
	EstimatedAt *time.Time `bson:"estimatedAt,omitempty"` // when it will be done at the pace so far
	EndedAt     *time.Time `bson:"endedAt,omitempty"`

	lease.Lease `bson:",inline"`
	After       id.Project `bson:"after,omitempty"`    // up to which project all were looked at
	AfterOf     int        `bson:"afterOf,omitempty"`  // and of which version that one was
	UnderWay    *bool      `bson:"underWay,omitempty"` // there is one of a template at a time
}

// Problem is what is wrong with one project that should be moved.
type Problem struct {
	store.Meta[id.ProjectProblem] `bson:",inline"`

	Migration   id.ProjectMigration `bson:"migration"`
	Project     id.Project          `bson:"project"`
	FromVersion int                 `bson:"fromVersion"`
	Faults      []*ProblemFault     `bson:"faults"`
}

// ProblemFault is one thing that is wrong with a record, at its place.
type ProblemFault struct {
	Code   fault.Code     `bson:"code"`
	Path   []string       `bson:"path"`
	Params map[string]any `bson:"params,omitempty"`
}

// IsNode marks what can be found by its identifier alone.
func (*Migration) IsNode() {}

// Stand tells how organisations stand to it: as they do to the template.
func (m *Migration) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own {
		return some(m.Owner)
	}
	return nil
}

// Audience is who keeps the template.
func (m *Migration) Audience() []string {
	if m.Owner == "" {
		return nil
	}
	return []string{string(m.Owner)}
}

// The events of migrations. Each carries a MigrationTold.
const (
	ToldMigrationStarted   = "projectMigration.started"
	ToldMigrationEnded     = "projectMigration.ended"
	ToldMigrationCancelled = "projectMigration.cancelled"
)

// MigrationTold is what events say of a migration.
type MigrationTold struct {
	Template  id.ProjectTemplate `bson:"template"`
	ToVersion int                `bson:"toVersion"`
	DryRun    bool               `bson:"dryRun,omitempty"`
	Moved     int                `bson:"moved"`
	Failed    int                `bson:"failed"`
}

func (m *Migration) tell(what string) error {
	return m.Tell(what, MigrationTold{Template: m.Template, ToVersion: m.ToVersion, DryRun: m.DryRun, Moved: m.Moved, Failed: m.Failed})
}

const (
	migrationOf     = store.Field[id.ProjectTemplate]("template")
	migrationOwner  = store.Field[id.Organisation]("owner")
	migrationMade   = store.Field[time.Time]("createdAt")
	migrationDue    = store.Field[time.Time]("dueAt")
	migrationActive = store.Field[bool]("underWay")

	problemOf      = store.Field[id.ProjectMigration]("migration")
	problemProject = store.Field[id.Project]("project")
)

func (s *Service) openMigrations(ctx context.Context, db store.Backend) error {
	var err error
	if s.migrations, err = store.Open(ctx, db, store.Options[*Migration]{
		Schema: store.Schema{Name: "project_migrations", Indexes: []store.Index{
			store.Lookup(migrationOwner.Asc(), migrationMade.Desc()), store.Lookup(migrationMade.Desc()),
			store.Lookup(migrationOf.Asc(), migrationMade.Desc()),
			store.Sparse(migrationDue.Asc()), store.Unique(migrationOf.Asc(), migrationActive.Asc()),
		}},
		Read: access.ProjectMigrationRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Migration](s.table, access.ProjectMigrationRead, authz.Columns{authz.Own: migrationOwner.In}, nil, nil),
	}); err != nil {
		return fmt.Errorf("migrations of projects: %w", err)
	}
	if s.problems, err = store.Open(ctx, db, store.Options[*Problem]{
		Schema: store.Schema{Name: "project_problems", Indexes: []store.Index{store.Lookup(problemOf.Asc(), problemProject.Asc())}},
		Read:   access.ProjectMigrationRead, Now: s.Now, Policy: authz.ProgramOnly[*Problem](),
	}); err != nil {
		return fmt.Errorf("problems of migrations: %w", err)
	}
	return nil
}

// MigrateInput is the input of migrateProjects.
type MigrateInput struct {
	command.Once
	Template  id.ProjectTemplate
	ToVersion *int // the latest where absent
	DryRun    *bool
}

// CancelMigrationInput is the input of cancelProjectMigration.
type CancelMigrationInput struct {
	command.Once
	ID id.ProjectMigration
}

// Migrate begins to move the projects of a template to a newer version.
func (s *Service) Migrate(ctx context.Context, in MigrateInput) (*Migration, error) {
	t, err := s.Template(ctx, in.Template)
	if err != nil {
		return nil, under(err, "template")
	}
	m := &Migration{Template: t.ID, Owner: t.Owner, ToVersion: t.Latest(), Status: MigrationQueued, DryRun: in.DryRun != nil && *in.DryRun}
	if a := authz.From(ctx); !s.table.Allows(a, access.ProjectMigrationStart, m) {
		return nil, s.table.Refusal(a, access.ProjectMigrationStart)
	}
	if in.ToVersion != nil {
		m.ToVersion = *in.ToVersion
	}
	if _, ok := t.ref(m.ToVersion); !ok {
		return nil, fault.New(fault.Invalid, CodeVersionUnknown, "version", m.ToVersion, "latest", t.Latest()).At("toVersion")
	}
	now := s.now()
	m.ID = store.NewID[id.ProjectMigration](ctx, id.KindProjectMigration, now, s.Random)
	m.DueAt, m.UnderWay = &now, new(true)
	if m.Total, err = s.older(ctx, m); err != nil {
		return nil, err
	}
	if err := m.tell(ToldMigrationStarted); err != nil {
		return nil, err
	}
	kept, err := s.migrations.Add(ctx, access.ProjectMigrationStart, m)
	if fault.Is(err, fault.CodeTaken) {
		return nil, fault.New(fault.Refused, CodeMigrating).At("template").Because(err)
	}
	if err == nil {
		s.Wake()
	}
	return kept, err
}

// countMost is the most projects of one template that a migration counts.
const countMost = 10_000_000

// older counts the projects that are of an older version than a migration leads to.
func (s *Service) older(ctx context.Context, m *Migration) (int, error) {
	n, _, err := s.projects.Count(authz.AsSystem(ctx), m.waiting(), countMost)
	return n, err
}

// waiting are the projects that a migration is about.
func (m *Migration) waiting() store.Filter {
	return store.And(byTemplate.Is(m.Template), byTemplateVersion.Lt(m.ToVersion))
}

// CancelMigration ends a migration. What it has moved stays moved.
func (s *Service) CancelMigration(ctx context.Context, in CancelMigrationInput) (*Migration, error) {
	return s.migrations.Change(ctx, access.ProjectMigrationCancel, string(in.ID), func(m *Migration) error {
		if m.Status.over() {
			return fault.New(fault.Refused, CodeMigrationOver, "status", m.Status)
		}
		m.end(MigrationCancelled, s.now())
		return m.tell(ToldMigrationCancelled)
	})
}

// end is the one place where a migration comes to its end.
func (m *Migration) end(as MigrationStatus, now time.Time) {
	m.Status, m.EndedAt, m.DueAt, m.EstimatedAt, m.UnderWay, m.Worker = as, &now, nil, nil, nil, ""
}

// Migration finds a migration that the caller may read.
func (s *Service) Migration(ctx context.Context, m id.ProjectMigration) (*Migration, error) {
	return s.migrations.Get(ctx, string(m))
}

// ManyMigrations finds migrations in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) ManyMigrations(ctx context.Context, ids []id.ProjectMigration) ([]*Migration, error) {
	return s.migrations.GetMany(ctx, plain(ids))
}

// The names under which the API binds pages of migrations.
type (
	// MigrationConnection is a page of migrations.
	MigrationConnection = page.Connection[*Migration]
	// MigrationEdge is a migration of a page.
	MigrationEdge = page.Edge[*Migration]
	// ProblemConnection is a page of problems.
	ProblemConnection = page.Connection[*Problem]
	// ProblemEdge is a problem of a page.
	ProblemEdge = page.Edge[*Problem]
)

// Migrations lists the migrations that the caller may read, of one template or of all, the latest first.
func (s *Service) Migrations(ctx context.Context, of *id.ProjectTemplate, a page.Args) (*MigrationConnection, error) {
	where := store.Filter{}
	if of != nil {
		where = migrationOf.Is(*of)
	}
	return page.List(ctx, s.migrations, s.Cursors, where, page.Descending.Sort(migrationMade.Asc()), a)
}

// ProblemsOf lists what a migration could not move. It is a list within lists: a needs first or last.
func (s *Service) ProblemsOf(ctx context.Context, m *Migration, a page.Args) (*ProblemConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(authz.AsSystem(ctx), s.problems, s.Cursors, problemOf.Is(m.ID), []store.Order{problemProject.Asc()}, a)
}

// stepsBetween are the versions from one to another, each with its steps, the first one left out.
func (s *Service) stepsBetween(ctx context.Context, t *Template, from, to int) ([]record.Step, error) {
	var out []record.Step
	for n := from + 1; n <= to; n++ {
		v, err := s.version(ctx, t, n)
		if err != nil {
			return nil, err
		}
		out = append(out, v.Steps...)
	}
	return out, nil
}
