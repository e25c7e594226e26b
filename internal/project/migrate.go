package project

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lease"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The size of a piece of a migration: so much may be looked at again after the end of the program.
const (
	pieceSize = 500
	atOnce    = 16 // projects moved at the same time: the store commits them together
)

// leases are who this node is, and whether it has taken up what an earlier program left.
type leases struct {
	worker string
	mu     sync.Mutex
	took   bool
}

// Tick does one piece of the migration that has waited longest, and says whether there was one.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	if err := s.takeOver(ctx); err != nil {
		return 0, err
	}
	found, err := s.migrations.List(ctx, store.Query{Where: migrationDue.Lte(now), Sort: []store.Order{migrationDue.Asc()}, Limit: 1})
	if err != nil || len(found.Items) == 0 {
		return 0, err
	}
	m, err := s.touch(ctx, found.Items[0].ID, func(m *Migration) error {
		if err := m.Take(s.leases.worker, s.now()); err != nil {
			return err
		}
		m.Status = MigrationRunning
		if m.StartedAt == nil {
			m.StartedAt = new(s.now())
		}
		return nil
	})
	if err != nil {
		return 1, lost(err)
	}
	return 1, s.piece(ctx, m)
}

// takeOver frees, once, what an earlier program has left under way, where no other node can be at it.
func (s *Service) takeOver(ctx context.Context) error {
	s.leases.mu.Lock()
	first := s.Alone && !s.leases.took
	s.leases.took = true
	s.leases.mu.Unlock()
	if !first {
		return nil
	}
	now := s.now()
	for m, err := range s.migrations.Walk(ctx, migrationDue.Gt(now), migrationDue.Asc()) {
		if err != nil {
			return err
		}
		if m.Held(s.leases.worker) {
			continue
		}
		if _, err := s.touch(ctx, m.ID, func(m *Migration) error { m.DueAt = &now; return nil }); err != nil {
			return lost(err)
		}
	}
	return nil
}

func (s *Service) touch(ctx context.Context, of id.ProjectMigration, fn func(*Migration) error) (*Migration, error) {
	return s.migrations.Touch(ctx, access.ProjectMigrationKeep, string(of), func(m *Migration) error {
		if m.Status.over() {
			return lease.ErrTaken // it was cancelled meanwhile
		}
		return fn(m)
	})
}

// lost says of a migration that is somebody else's or nobody's that there is nothing to do.
func lost(err error) error {
	if errors.Is(err, lease.ErrTaken) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}

// outcome is what became of a piece.
type outcome struct {
	mu            sync.Mutex
	moved, failed int
}

func (o *outcome) count(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.failed++
	} else {
		o.moved++
	}
}

// piece moves the next projects and notes how far it came. Whoever takes the migration up after the end of the program
// begins behind what was noted: what was moved since then is of the new version and not found again.
func (s *Service) piece(ctx context.Context, m *Migration) error {
	stop := lease.Beat(ctx, func(ctx context.Context) {
		_, _ = s.touch(ctx, m.ID, func(m *Migration) error {
			if !m.Held(s.leases.worker) {
				return lease.ErrTaken
			}
			m.Keep(s.now())
			return nil
		})
	})
	defer stop()
	t, err := s.Template(ctx, m.Template)
	if err != nil {
		return err
	}
	page, err := s.projects.List(ctx, m.nextPage())
	if err != nil {
		return err
	}
	var out outcome
	plan := &path{s: s, t: t, to: m.ToVersion, steps: map[int][]record.Step{}}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, p := range page.Items {
		g.Go(func() error { return s.bring(within, m, plan, p.ID, &out) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("migration %s: %w", m.ID, err)
	}
	if !page.HasMore {
		return s.finish(ctx, m)
	}
	_, err = s.touch(ctx, m.ID, func(m *Migration) error { return m.note(s, page.Reached, &out) })
	return lost(err)
}

// nextPage are the projects behind what was looked at, by version and identifier.
func (m *Migration) nextPage() store.Query {
	q := store.Query{Where: m.waiting(), Sort: []store.Order{byTemplateVersion.Asc()}, Limit: pieceSize}
	if m.After != "" {
		q.After = &store.Position{Values: []any{int64(m.AfterOf)}, ID: string(m.After)}
	}
	return q
}

// note keeps how far a piece came, unless the migration was taken away meanwhile.
func (m *Migration) note(s *Service, reached *store.Position, out *outcome) error {
	if !m.Held(s.leases.worker) {
		return lease.ErrTaken
	}
	now := s.now()
	m.Moved, m.Failed = m.Moved+out.moved, m.Failed+out.failed
	if reached != nil {
		of, _ := reached.Values[0].(int64)
		m.After, m.AfterOf = id.Project(reached.ID), int(of)
	}
	m.DueAt = &now
	m.EstimatedAt = lease.Estimate(m.StartedAt, now, m.Moved+m.Failed, &m.Total)
	return nil
}

// finish ends a migration. What was moved is reckoned up from what is left, so that it is right also where a piece was
// done and not noted.
func (s *Service) finish(ctx context.Context, of *Migration) error {
	failed, _, err := s.problems.Count(ctx, problemOf.Is(of.ID), countMost)
	if err != nil {
		return err
	}
	left := failed
	if !of.DryRun {
		if left, err = s.older(ctx, of); err != nil {
			return err
		}
	}
	_, err = s.migrations.Change(ctx, access.ProjectMigrationKeep, string(of.ID), func(m *Migration) error {
		if m.Status.over() || !m.Held(s.leases.worker) {
			return lease.ErrTaken
		}
		m.Failed, m.Moved = failed, max(m.Total-left, 0)
		m.end(MigrationDone, s.now())
		return m.tell(ToldMigrationEnded)
	})
	return lost(err)
}

// path is the way from each older version to the one that a migration leads to, found once.
type path struct {
	s     *Service
	t     *Template
	to    int
	mu    sync.Mutex
	steps map[int][]record.Step
}

func (w *path) from(ctx context.Context, version int) ([]record.Step, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if found, ok := w.steps[version]; ok {
		return found, nil
	}
	found, err := w.s.stepsBetween(ctx, w.t, version, w.to)
	if err == nil {
		w.steps[version] = found
	}
	return found, err
}

// errThere ends the moving of a project that is of the version already. Nothing is written and nobody is told.
var errThere = errors.New("project: there already")

// bring moves one project, or says what is in the way. What is wrong with a record is no failure of the migration.
func (s *Service) bring(ctx context.Context, m *Migration, w *path, of id.Project, out *outcome) error {
	within := ctx
	if m.DryRun {
		within = store.WithTrial(ctx, store.NewTrial())
	}
	version := 0
	_, err := s.projects.Change(within, access.ProjectTime, string(of), func(p *Project) error {
		version = p.TemplateVersion
		if p.TemplateVersion >= m.ToVersion {
			return errThere
		}
		return s.advance(ctx, p, w)
	})
	switch f := fault.Of(err); {
	case errors.Is(err, errThere), err != nil && f.Code == fault.CodeNotFound:
		return nil
	case err != nil && f.Kind != fault.Invalid && f.Kind != fault.Refused:
		return err
	case err != nil:
		if kerr := s.keepProblem(ctx, m, of, version, err); kerr != nil {
			return kerr
		}
	}
	out.count(err)
	return nil
}

// advance takes a project's record through the steps to the new version, which it must fit.
func (s *Service) advance(ctx context.Context, p *Project, w *path) error {
	steps, err := w.from(ctx, p.TemplateVersion)
	if err != nil {
		return err
	}
	had, err := record.Parse(p.Record)
	if err != nil {
		return err
	}
	next, err := had.Migrate(steps)
	if err != nil {
		return err
	}
	p.TemplateVersion = w.to
	if err := s.hold(ctx, p, w.t, next); err != nil {
		return err
	}
	return p.tell(ToldMigrated, "")
}

// keepProblem notes what is wrong with a project, once for each migration.
func (s *Service) keepProblem(ctx context.Context, m *Migration, of id.Project, version int, err error) error {
	one := &Problem{Migration: m.ID, Project: of, FromVersion: version}
	for _, f := range fault.All(err) {
		one.Faults = append(one.Faults, &ProblemFault{Code: f.Code, Path: append([]string{}, f.Path...), Params: f.Params})
	}
	one.ID = id.Derived[id.ProjectProblem](id.KindProjectProblem, string(m.ID), string(of))
	_, err = s.problems.Add(ctx, access.ProjectMigrationKeep, one)
	if fault.Is(err, fault.CodeTaken) {
		return nil
	}
	return err
}
