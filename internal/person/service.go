package person

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
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

// Service signs people in and out, invites them, and gives and takes their roles.
type Service struct {
	Now       func() time.Time
	Random    io.Reader
	Cursors   *page.Cursors
	Tokens    *token.Issuer
	Passwords *Passwords
	Told      func()       // wakes the relay; may be nil
	Vault     *vault.Vault // encrypts what is personal

	// Organisation tells the facts of an organisation; NOT_FOUND where there is none.
	Organisation func(context.Context, id.Organisation) (organisation.Facts, error)
	// Address is where the request comes from, for slowing down guesses; may be nil.
	Address func(context.Context) string
	// Client is in what program the request was made, roughly, for its owner's list of sessions; may be nil.
	Client func(context.Context) string
	// Noted hears what happens at the door, for the security log; may be nil.
	Noted func(context.Context, Deed)
	// Bound says whether an organisation is a party to a contract that is being signed or is in force; nil says of none.
	Bound func(context.Context, id.Organisation) (bool, error)
	// Altered is told whose roles or sessions have just ended, for what they have open; may be nil.
	Altered func(id.Person)

	// Identities are who people are at issuers outside.
	Identities Identities

	table       authz.Table
	people      *store.Collection[*Person]
	sessions    *store.Collection[*Session]
	invitations *store.Collection[*Invitation]
	offices     *store.Collection[*office]
	guesses     *throttle.Guard
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	s.guesses = throttle.New(0)
	if s.Address == nil {
		s.Address = func(context.Context) string { return "" }
	}
	if s.Client == nil {
		s.Client = func(context.Context) string { return "" }
	}
	if s.Noted == nil {
		s.Noted = func(context.Context, Deed) {}
	}
	if s.Bound == nil {
		s.Bound = func(context.Context, id.Organisation) (bool, error) { return false, nil }
	}
	if s.Altered == nil {
		s.Altered = func(id.Person) {}
	}
	var err error
	if s.people, err = store.Open(ctx, db, store.Options[*Person]{
		Schema: peopleSchema(), Read: access.PersonReadRoles, Now: s.Now, Told: s.Told, Sealer: s.Vault.Sealer(peopleSealed()),
		Policy: authz.PolicyOf(s.table, access.PersonReadRoles, peopleColumns(), ByID.Is, s.view),
	}); err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	if s.sessions, err = store.Open(ctx, db, store.Options[*Session]{
		Schema: sessionsSchema(), Read: access.SessionRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Session](s.table, access.SessionRead, nil, byWhom.Is, hideSecrets),
	}); err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	if s.invitations, err = store.Open(ctx, db, store.Options[*Invitation]{
		Schema: invitationsSchema(), Read: access.InvitationRead, Now: s.Now, Told: s.Told, Sealer: s.Vault.Sealer(invitationsSealed()),
		Policy: authz.PolicyOf[*Invitation](s.table, access.InvitationRead, invitationColumns(), nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("invitations: %w", err)
	}
	if s.offices, err = store.Open(ctx, db, officeOptions(&s)); err != nil {
		return nil, fmt.Errorf("offices: %w", err)
	}
	return &s, s.sealed(ctx)
}

// sealed encrypts what was written before anything was encrypted, so that nobody is looked for in vain.
func (s *Service) sealed(ctx context.Context) error {
	for _, c := range s.Sealed() {
		for {
			n, err := c.Reseal(ctx, 1, 100) // no key has a number below: only what is in clear
			if err != nil {
				return fmt.Errorf("%s: encrypt: %w", c.Name(), err)
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}

// Sealed are the collections with personal texts, as the vault sees them.
func (s *Service) Sealed() []vault.Moving { return []vault.Moving{s.people, s.invitations} }

// view blanks what this actor may not see of a person: of others there are the name and those roles that are in
// organisations whose people the actor may see.
func (s *Service) view(a authz.Actor, p *Person) {
	if a.IsSystem() {
		return
	}
	p.PasswordHash = ""
	if s.table.Allows(a, access.PersonRead, p) {
		return
	}
	p.LoginName, p.Email, p.Language = nil, nil, nil
	var seen []RoleHolding
	for _, h := range p.Roles {
		if s.table.Allows(a, access.PersonReadRoles, h) {
			seen = append(seen, h)
		}
	}
	p.Roles, p.Organisations, p.Under, p.Posts = seen, nil, nil, nil
}

// may asks the table; the answer to somebody who is not signed in is another one.
func (s *Service) may(ctx context.Context, action string, on any) error {
	a := authz.From(ctx)
	if s.table.Allows(a, action, on) {
		return nil
	}
	return s.table.Refusal(a, action)
}

// program is a context in which the program does what the caller has been allowed to, in the caller's name and under
// the caller's own identifier of the mutation.
func program(ctx context.Context) context.Context {
	return store.WithActor(authz.With(ctx, authz.System()), store.ActorFrom(ctx))
}

// place finds an organisation as the object of an action; none stands for no organisation.
func (s *Service) place(ctx context.Context, o id.Organisation) (place, error) {
	if o == "" {
		return place{}, nil
	}
	facts, err := s.Organisation(ctx, o)
	if err != nil {
		return place{}, err
	}
	if !facts.Exists() {
		return place{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
	}
	return place{facts}, nil
}

// now is the moment as the store keeps it: UTC, to the millisecond.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
