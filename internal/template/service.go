package template

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
}

// Service is the room's commands and queries.
type Service struct {
	Config
	templates *store.Collection[*Template]
	clauses   *store.Collection[*LibraryClause]
	versions  *shelf[Body]
	editions  *shelf[ClauseBody]
}

// Open makes the room ready on a back end, with what comes with the program.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c}
	var err error
	if s.templates, err = store.Open(ctx, db, store.Options[*Template]{
		Schema: templateSchema(), Read: access.TemplateRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Template](access.Table(), access.TemplateRead, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if s.clauses, err = store.Open(ctx, db, store.Options[*LibraryClause]{
		Schema: clauseSchema(), Read: access.LibraryRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*LibraryClause](access.Table(), access.LibraryRead, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("library of clauses: %w", err)
	}
	if s.versions, err = openShelf[Body](ctx, db, "template_texts", access.TemplateRead, access.TemplateRevise, c); err != nil {
		return nil, err
	}
	if s.editions, err = openShelf[ClauseBody](ctx, db, "library_texts", access.LibraryRead, access.LibraryRevise, c); err != nil {
		return nil, err
	}
	if err := s.ship(ctx); err != nil {
		return nil, fmt.Errorf("templates that come with the program: %w", err)
	}
	return s, nil
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.templates, s.clauses} }

// Template finds a template.
func (s *Service) Template(ctx context.Context, t id.Template) (*Template, error) {
	return s.templates.Get(ctx, string(t))
}

// Many finds templates in the order of ids; nil where there is none.
func (s *Service) Many(ctx context.Context, ids []id.Template) ([]*Template, error) {
	return s.templates.GetMany(ctx, plain(ids))
}

// Clause finds a clause of the library.
func (s *Service) Clause(ctx context.Context, c id.LibraryClause) (*LibraryClause, error) {
	return s.clauses.Get(ctx, string(c))
}

// ManyClauses finds clauses of the library in the order of ids; nil where there is none.
func (s *Service) ManyClauses(ctx context.Context, ids []id.LibraryClause) ([]*LibraryClause, error) {
	return s.clauses.GetMany(ctx, plain(ids))
}

func plain[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, v := range ids {
		out[i] = string(v)
	}
	return out
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
