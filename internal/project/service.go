package project

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	// Now is the clock, Random where identifiers come from, Cursors what seals places in lists.
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	// Told wakes the relay after a write that left events. May be nil.
	Told func()
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
	// Contract tells of a contract that the caller may read; NOT_FOUND for any other.
	Contract func(context.Context, id.Contract) (Contract, error)
	// Wake has migrations looked at now; may be nil.
	Wake func()
	// Alone says that no other node works on this store: a migration that an earlier program left is taken up at once.
	Alone bool
}

// Contract is what this room wants to know of one.
type Contract struct {
	Parties []id.Organisation // that have not left it
	Over    string            // its state, where nothing begins from it any more; empty while it goes on
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table      authz.Table
	projects   *store.Collection[*Project]
	activities *store.Collection[*Activity]
	templates  *store.Collection[*Template]
	versions   *store.Collection[*Version]
	migrations *store.Collection[*Migration]
	problems   *store.Collection[*Problem]
	schemas    schemas
	leases     *leases
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	if c.Wake == nil {
		c.Wake = func() {}
	}
	s := &Service{Config: c, table: access.Table(), leases: &leases{worker: rand.Text()}}
	var err error
	if s.projects, err = store.Open(ctx, db, store.Options[*Project]{
		Schema: schema(), Read: access.ProjectRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Project](s.table, access.ProjectRead, columns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("projects: %w", err)
	}
	if s.activities, err = store.Open(ctx, db, store.Options[*Activity]{
		Schema: activitySchema(), Read: access.ProjectRead, Now: c.Now, Policy: authz.ProgramOnly[*Activity](),
	}); err != nil {
		return nil, fmt.Errorf("activities of projects: %w", err)
	}
	if s.templates, err = store.Open(ctx, db, store.Options[*Template]{
		Schema: templateSchema(), Read: access.ProjectTemplateRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Template](s.table, access.ProjectTemplateRead, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("templates of projects: %w", err)
	}
	if s.versions, err = openVersions(ctx, db, c); err != nil {
		return nil, fmt.Errorf("versions of templates of projects: %w", err)
	}
	return s, s.openMigrations(ctx, db)
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox {
	return []store.Outbox{s.projects, s.templates, s.migrations}
}

// Project finds one project that the caller may read.
func (s *Service) Project(ctx context.Context, p id.Project) (*Project, error) {
	return s.projects.Get(ctx, string(p))
}

// Many finds projects in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Project) ([]*Project, error) {
	return s.projects.GetMany(ctx, plain(ids))
}

// Template finds a template.
func (s *Service) Template(ctx context.Context, t id.ProjectTemplate) (*Template, error) {
	return s.templates.Get(ctx, string(t))
}

// ManyTemplates finds templates in the order of ids; nil where there is none.
func (s *Service) ManyTemplates(ctx context.Context, ids []id.ProjectTemplate) ([]*Template, error) {
	return s.templates.GetMany(ctx, plain(ids))
}

// AllowedActions are the verbs that the caller may do to the project as it is now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, p *Project) []Verb {
	a, out := authz.From(ctx), []Verb{}
	for _, v := range Verbs() {
		if s.ready(v, p, a) != nil || !s.table.Allows(a, v.Action(), p) {
			continue
		}
		if v == VerbLeave && !a.IsSystem() && !slices.ContainsFunc(s.table.For(a, v.Action(), p), func(o id.Organisation) bool { return o != p.Lead }) {
			continue
		}
		out = append(out, v)
	}
	return out
}

// by finds out in whose name the caller does an action: the organisation that is named, or the only one, or of several the
// one that leads.
func (s *Service) by(ctx context.Context, action string, p *Project, named *id.Organisation) (id.Organisation, error) {
	a := authz.From(ctx)
	mine := s.table.For(a, action, p)
	switch {
	case named != nil && slices.Contains(mine, *named):
		return *named, nil
	case named != nil:
		return "", fault.New(fault.Forbidden, fault.CodeForbidden, "action", action).At("organisation")
	case len(mine) == 1:
		return mine[0], nil
	case slices.Contains(mine, p.Lead):
		return p.Lead, nil
	case len(mine) > 1:
		return "", fault.New(fault.Invalid, CodeAmbiguous, "organisations", mine).At("organisation")
	}
	return "", s.table.Refusal(a, action)
}

func plain[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, v := range ids {
		out[i] = string(v)
	}
	return out
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
