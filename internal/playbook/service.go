package playbook

import (
	"context"
	"fmt"
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
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	Shelf   *Shelf // nil for what comes with the program
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
	Make          Makers
}

// Makers make what a community takes from a playbook, each in its own room and by the caller's own right there; language
// is en or zh-CN. The context carries a name for the making, so that doing it again finds what was made.
type Makers struct {
	Need             func(ctx context.Context, of id.Organisation, language string, n *Need) (made string, err error)
	ContractTemplate func(ctx context.Context, of id.Organisation, t *ContractTemplate, suits CommunityType) (made string, err error)
	ProjectTemplate  func(ctx context.Context, of id.Organisation, t *ProjectTemplate, suits CommunityType) (made string, err error)
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table        authz.Table
	applications *store.Collection[*Application]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	if s.Shelf == nil {
		if s.Shelf, err = Shipped(); err != nil {
			return nil, err
		}
	}
	if s.applications, err = store.Open(ctx, db, store.Options[*Application]{
		Schema: schema(), Read: access.PlaybookApplicationRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Application](s.table, access.PlaybookApplicationRead, columns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("applications of playbooks: %w", err)
	}
	return s, nil
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.applications} }

// Moved copies the bodies above a community anew to its applications: for a follower. Doing it twice is harmless.
func (s *Service) Moved(ctx context.Context, community id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisations(ctx, []id.Organisation{community})
	if err != nil {
		return err
	}
	for a, err := range s.applications.Walk(ctx, byCommunity.Is(community), byCreated.Asc()) {
		if err != nil {
			return err
		}
		if _, err := s.applications.Touch(ctx, access.PlaybookKeep, string(a.ID), func(a *Application) error {
			a.Above = facts[0].Above
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
