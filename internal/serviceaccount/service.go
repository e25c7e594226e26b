package serviceaccount

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// Service keeps service accounts and finds out which one is calling.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Ring    *keyring.Keyring // whose master key the pepper of secrets is made from
	Told    func()           // wakes the relay; may be nil

	Tokens   *token.Issuer
	Verifier *token.Verifier
	// Audiences are the names by which assertions may call this server.
	Audiences []string

	// Organisation tells the facts of an organisation; NOT_FOUND where there is none.
	Organisation func(context.Context, id.Organisation) (organisation.Facts, error)
	// Address is where the request comes from, for slowing down guesses; may be nil.
	Address func(context.Context) string
	// Altered is told whose token has just been taken back, for what it has open; may be nil.
	Altered func(id.ServiceAccount)

	// Noted hears of what programs come with, for the security log; may be nil.
	Noted func(context.Context, Deed)

	table    authz.Table
	accounts *store.Collection[*ServiceAccount]
	spent    *store.Collection[*spent]
	guesses  *throttle.Guard
}

// atOnce is how many requests of one account from one address may be recognised at the same moment.
const atOnce = 500

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	s.guesses = throttle.New(atOnce)
	if s.Address == nil {
		s.Address = func(context.Context) string { return "" }
	}
	if s.Altered == nil {
		s.Altered = func(id.ServiceAccount) {}
	}
	if s.Noted == nil {
		s.Noted = func(context.Context, Deed) {}
	}
	var err error
	if s.accounts, err = store.Open(ctx, db, store.Options[*ServiceAccount]{
		Schema: schema(), Read: access.ServiceRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf(s.table, access.ServiceRead, columns(), nil, view),
	}); err != nil {
		return nil, fmt.Errorf("service accounts: %w", err)
	}
	if s.spent, err = store.Open(ctx, db, store.Options[*spent]{
		Schema: spentSchema(), Read: access.ServiceUse, Now: s.Now,
		Policy: authz.PolicyOf[*spent](s.table, access.ServiceUse, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("assertions: %w", err)
	}
	return &s, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.accounts} }

// The fields by which accounts are found.
const (
	byOrganisation store.Field[id.Organisation] = "organisation"
	byAbove        store.Each[id.Organisation]  = "above"
	byStatus       store.Field[Status]          = "status"
	byCreated      store.Field[time.Time]       = "createdAt"
	byExpiry       store.Field[time.Time]       = "expiresAt"
	byRevoked      store.Field[time.Time]       = "revokedAt"
)

func schema() store.Schema {
	return store.Schema{Name: "serviceAccounts", Indexes: []store.Index{
		store.Lookup(byOrganisation.Asc(), byCreated.Desc()),
		store.Lookup(byOrganisation.Asc(), byStatus.Asc(), byCreated.Desc()),
		store.Lookup(byAbove.Asc(), byCreated.Desc()),
		store.Lookup(byCreated.Desc()),
		store.Sparse(byRevoked.Asc()),
	}}
}

func columns() authz.Columns {
	return authz.Columns{authz.Own: byOrganisation.In, authz.Above: byAbove.In}
}

// spent is an assertion that has been used: the same one is not taken again while it is good.
type spent struct {
	store.Meta[id.Assertion] `bson:",inline"`

	ExpiresAt time.Time `bson:"expiresAt"`
}

func spentSchema() store.Schema {
	return store.Schema{Name: "assertions", Expire: string(byExpiry), Indexes: []store.Index{store.Lookup(byExpiry.Asc())}}
}

// place is an organisation as the object of an action: its accounts are managed.
type place struct{ facts organisation.Facts }

// Stand says which organisations stand to the place in a relation.
func (p place) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{p.facts.ID}
	case authz.Above:
		return p.facts.Above
	}
	return nil
}

// place finds an organisation.
func (s *Service) place(ctx context.Context, o id.Organisation) (place, error) {
	facts, err := s.Organisation(ctx, o)
	if err != nil {
		return place{}, err
	}
	if !facts.Exists() {
		return place{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
	}
	return place{facts}, nil
}

func (s *Service) may(ctx context.Context, action string, on any) error {
	a := authz.From(ctx)
	if s.table.Allows(a, action, on) {
		return nil
	}
	return s.table.Refusal(a, action)
}

// who is the person who acts, nil for the program itself: no program makes another, or keys for itself.
func who(ctx context.Context) (*id.Person, error) {
	var program *id.Person
	if authz.From(ctx).IsSystem() {
		return program, nil
	}
	p, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// Resettle copies the bodies above an organisation anew to its accounts: for a follower, when a community has moved or a
// unit reports elsewhere. Doing it twice is harmless.
func (s *Service) Resettle(ctx context.Context, o id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisation(ctx, o)
	if err != nil {
		return err
	}
	for a, err := range s.accounts.Walk(ctx, byOrganisation.Is(o), byCreated.Desc()) {
		if err != nil {
			return err
		}
		_, err := s.accounts.Touch(ctx, access.ServiceUse, string(a.ID), func(a *ServiceAccount) error {
			a.Above = facts.Above
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Tick sweeps away used assertions that are over, at most some hundreds at a time.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	const most = 500
	return s.spent.Sweep(authz.AsSystem(ctx), now, most)
}

// now is the moment as the store keeps it: UTC, to the millisecond.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
