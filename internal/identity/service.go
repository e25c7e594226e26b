package identity

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/throttle"
)

// Service keeps identities and recognises them.
type Service struct {
	Now    func() time.Time
	Random io.Reader

	// Exists says whether there is such a person.
	Exists func(context.Context, id.Person) (bool, error)
	// HasPassword says whether a person can sign in without any issuer.
	HasPassword func(context.Context, id.Person) (bool, error)
	// Address is where a request comes from, for slowing down guesses; may be nil.
	Address func(context.Context) string
	// Noted hears of what was linked and unlinked, for the security log; may be nil.
	Noted func(context.Context, Deed)

	identities *store.Collection[*Identity]
	ways       *store.Collection[*ways]
	arrivals   *store.Collection[*arrival]
	guesses    *throttle.Guard
}

// Deed is what became of an identity.
type Deed struct {
	Person id.Person
	Linked bool // and not unlinked
}

// The fields by which identities and arrivals are found, and end.
const (
	byPerson store.Field[id.Person] = "person"
	byLinked store.Field[time.Time] = "linkedAt"
	byExpiry store.Field[time.Time] = "expiresAt"
)

// atOnce is how many may come back from one address at the same moment: a whole office may sit behind it.
const atOnce = 200

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.guesses = throttle.New(atOnce)
	if s.Address == nil {
		s.Address = func(context.Context) string { return "" }
	}
	if s.Noted == nil {
		s.Noted = func(context.Context, Deed) {}
	}
	table := access.Table()
	var err error
	if s.identities, err = store.Open(ctx, db, store.Options[*Identity]{
		Schema: store.Schema{Name: "identities", Indexes: []store.Index{store.Lookup(byPerson.Asc(), byLinked.Asc())}},
		Read:   access.IdentityRead, Now: s.Now,
		Policy: authz.PolicyOf[*Identity](table, access.IdentityRead, nil, byPerson.Is, nil),
	}); err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	if s.ways, err = store.Open(ctx, db, store.Options[*ways]{
		Schema: store.Schema{Name: "waysToSignIn"}, Read: access.IdentityKeep, Now: s.Now,
		Policy: authz.PolicyOf[*ways](table, access.IdentityKeep, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("ways to sign in: %w", err)
	}
	if s.arrivals, err = store.Open(ctx, db, store.Options[*arrival]{
		Schema: store.Schema{Name: "arrivals", Expire: string(byExpiry), Indexes: []store.Index{store.Lookup(byExpiry.Asc())}},
		Read:   access.IdentityKeep, Now: s.Now,
		Policy: authz.PolicyOf[*arrival](table, access.IdentityKeep, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("arrivals: %w", err)
	}
	return &s, nil
}

// Tick sweeps away arrivals that are over.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	return s.arrivals.Sweep(authz.AsSystem(ctx), now, 200)
}

// Of lists the identities of people in the order of ids, the first linked first. Nobody sees another person's.
func (s *Service) Of(ctx context.Context, people []id.Person) ([][]*Identity, error) {
	out := make([][]*Identity, len(people))
	for i, p := range people {
		if p == "" || p != authz.From(ctx).Person {
			continue
		}
		l, err := s.identities.List(ctx, store.Query{Where: byPerson.Is(p), Sort: []store.Order{byLinked.Asc()}, Limit: 2 * Most})
		if err != nil {
			return nil, err
		}
		out[i] = append([]*Identity{}, l.Items...) // none is a list too
	}
	return out, nil
}

// Recognised is who has signed in at an issuer.
type Recognised struct {
	Person   id.Person
	Issuer   string
	Identity id.Identity
}

// Recognise finds whose account somebody opens who has signed in at an issuer, and uses the code up. Where it opens none,
// the code stays good for the rest of its time: to take up an invitation with, or to be linked after signing in otherwise.
func (s *Service) Recognise(ctx context.Context, p Proof) (Recognised, error) {
	a, err := s.arrived(ctx, p)
	if err != nil {
		return Recognised{}, err
	}
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	unknown := fault.New(fault.Refused, CodeUnknown)
	i, err := s.identities.Get(sys, string(a.Identity))
	if fault.Is(err, fault.CodeNotFound) {
		return Recognised{}, unknown
	}
	if err != nil {
		return Recognised{}, err
	}
	if there, err := s.Exists(ctx, i.Person); err != nil || !there {
		return Recognised{}, cmp.Or(err, error(unknown))
	}
	if err := s.spend(ctx, a); err != nil {
		return Recognised{}, err
	}
	now := s.now()
	_, _ = s.identities.Touch(sys, access.IdentityKeep, string(i.ID), func(i *Identity) error { // signing in goes on without it
		i.LastUsedAt = &now
		return nil
	})
	return Recognised{Person: i.Person, Issuer: i.Issuer, Identity: i.ID}, nil
}

// now is the moment as the store keeps it: UTC, to the millisecond.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
