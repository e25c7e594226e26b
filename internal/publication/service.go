package publication

import (
	"context"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	Now     func() time.Time
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Contract tells the facts of a contract as it is now; NOT_FOUND where there is none or the caller may not read it.
	Contract func(context.Context, id.Contract) (*Facts, error)
	// Contracts tells those of several in the order of ids, whoever asks; nil where there is none.
	Contracts func(context.Context, []id.Contract) ([]*Facts, error)
	// Rates tells how far parties have kept what they promised, taken together, in the order asked and whoever asks;
	// nil where nothing was due.
	Rates func(context.Context, []RateOf) ([]*float64, error)
}

// RateOf names parties of a contract.
type RateOf struct {
	Contract id.Contract
	Parties  []id.Organisation
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table authz.Table
	// publications are read by who reads the contracts, one by one; public by everybody: the same documents behind two
	// doors.
	publications *store.Collection[*Publication]
	public       *store.Collection[*Publication]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	if s.publications, err = store.Open(ctx, db, store.Options[*Publication]{
		Schema: schema(), Read: access.PublicationRead, Now: c.Now, Told: c.Told,
		Policy: authz.PolicyOf[*Publication](s.table, access.PublicationRead, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("publications: %w", err)
	}
	if s.public, err = store.Open(ctx, db, store.Options[*Publication]{
		Schema: schema(), Read: access.PublishedRead, Now: c.Now, Policy: s.open(),
	}); err != nil {
		return nil, fmt.Errorf("published contracts: %w", err)
	}
	return s, nil
}

// open is the policy of the door for everybody: only what is published can be seen through it, also by the program.
func (s *Service) open() store.Policy[*Publication] {
	p := authz.PolicyOf[*Publication](s.table, access.PublishedRead, nil, nil, nil)
	return store.Policy[*Publication]{
		May: func(ctx context.Context, action string, t *Publication) error {
			if t.Status != Published {
				return fault.New(fault.NotFound, fault.CodeNotFound, "id", t.ID)
			}
			return p.May(ctx, action, t)
		},
		Filter: func(ctx context.Context) store.Filter { return store.And(byStatus.Is(Published), p.Filter(ctx)) },
	}
}

// Outboxes are the collections of the room that tell events, as the relay sees them.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.publications} }

// Publication finds one publication that the caller may read.
func (s *Service) Publication(ctx context.Context, p id.Publication) (*Publication, error) {
	return s.publications.Get(ctx, string(p))
}

// Many finds publications in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Publication) ([]*Publication, error) {
	return s.publications.GetMany(ctx, plain(ids))
}

// OfContracts finds the publications of contracts, in their order; nil where nothing was ever proposed.
func (s *Service) OfContracts(ctx context.Context, of []id.Contract) ([]*Publication, error) {
	ids := make([]id.Publication, len(of))
	for i, c := range of {
		ids[i] = publicationID(c)
	}
	return s.Many(ctx, ids)
}

func plain[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, v := range ids {
		out[i] = string(v)
	}
	return out
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
