package person

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// CreateAdministrator makes a person who operates the platform: for the command line, where nobody is signed in yet.
func (s *Service) CreateAdministrator(ctx context.Context, login, name, password string) (*Person, error) {
	var f fault.List
	acc := accountOf(&f, login, name, nil, nil)
	f.Add(s.Passwords.check(password, acc.names()...), "password")
	if err := f.Err(); err != nil {
		return nil, err
	}
	ctx = authz.AsSystem(ctx)
	p := acc.person()
	p.ID = id.New[id.Person](id.KindPerson, s.now(), s.Random)
	h, err := s.standing(ctx, p.ID, Standing{Role: authz.Administrator})
	if err != nil {
		return nil, err
	}
	if p, err = s.make(ctx, p, password, h); err != nil {
		return nil, err
	}
	return p, s.install(ctx, h)
}

// ResetPassword gives a person a new password and ends all of their sessions: for the command line.
func (s *Service) ResetPassword(ctx context.Context, login, password string) (*Person, error) {
	ctx = authz.AsSystem(ctx)
	p, err := s.byLogin(ctx, folded(login))
	if err != nil {
		return nil, at(err, "login")
	}
	if err := s.Passwords.check(password, p.names()...); err != nil {
		return nil, at(err, "password")
	}
	return s.setPassword(ctx, p, password, "")
}

// Standing is a role of somebody who is enrolled: in force from now on, without an end.
type Standing struct {
	Role         authz.Role
	Organisation id.Organisation // empty for an ADMINISTRATOR
	Signing      bool
}

// Enrolment is a person as an import brings them.
type Enrolment struct {
	LoginName string
	Name      string
	Email     *string
	Language  *Language
	Roles     []Standing
}

// Enrol makes a person with roles and without a password, for seeding: they get one by ResetPassword. Enrolling the
// same login name again finds the person, and adds those of the roles that they have never held.
func (s *Service) Enrol(ctx context.Context, in Enrolment) (*Person, error) {
	var f fault.List
	acc := accountOf(&f, in.LoginName, in.Name, in.Email, in.Language)
	if err := f.Err(); err != nil {
		return nil, err
	}
	ctx = authz.AsSystem(ctx)
	who := id.Derived[id.Person](id.KindPerson, "enrolled", acc.login)
	roles := make([]RoleHolding, len(in.Roles))
	for i, r := range in.Roles {
		var err error
		if roles[i], err = s.standing(ctx, who, r); err != nil {
			return nil, at(err, "roles")
		}
	}
	p, err := s.people.Get(ctx, string(who))
	switch {
	case fault.Is(err, fault.CodeNotFound):
		p = acc.person()
		p.ID = who
		p, err = s.make(ctx, p, "", roles...)
	case err == nil && p.ErasedAt != nil:
		return nil, fault.New(fault.Refused, CodeErased).At("loginName")
	case err == nil:
		p, err = s.complete(ctx, p, roles)
	}
	if err != nil {
		return nil, err
	}
	for _, h := range roles {
		if err := s.install(ctx, h); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// complete adds roles that the person never held.
func (s *Service) complete(ctx context.Context, p *Person, roles []RoleHolding) (*Person, error) {
	for _, h := range roles {
		if _, had := p.Role(h.ID); had {
			continue
		}
		var err error
		p, err = s.people.Change(ctx, access.PersonEnrol, string(p.ID), func(p *Person) error { return p.Grant(h, s.now()) })
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// standing is a role without an end, given by the program itself; the same one of the same person has the same
// identifier.
func (s *Service) standing(ctx context.Context, who id.Person, r Standing) (RoleHolding, error) {
	where, err := s.place(ctx, r.Organisation)
	if err != nil {
		return RoleHolding{}, err
	}
	var f fault.List
	from, _ := term{role: r.Role, at: where, signing: r.Signing}.check(&f, s.now())
	if err := f.Err(); err != nil {
		return RoleHolding{}, err
	}
	key := string(id.Derived[id.Role](id.KindRole, string(r.Role), string(r.Organisation)))[len("rol1_"):]
	return RoleHolding{
		ID:   id.Within[id.Role](id.KindRole, string(who), key),
		Role: r.Role, Organisation: r.Organisation, Signing: r.Signing, From: from, GrantedAt: from,
		Above: where.facts.Above,
	}, nil
}

// DemoToken opens a session for an actor of the demonstration and gives its token.
func (s *Service) DemoToken(ctx context.Context, who id.Person) (token.Signed, error) {
	ctx = authz.AsSystem(ctx)
	p, err := s.people.Get(ctx, string(who))
	if err != nil {
		return token.Signed{}, err
	}
	session := id.New[id.Session](id.KindSession, s.now(), s.Random)
	if _, _, err := s.begin(ctx, p, session, By{}); err != nil {
		return token.Signed{}, err
	}
	return s.Tokens.Demo(p.ID, session)
}

// Tick brings people up to the moment whose roles have ended by time, and sweeps away sessions and invitations that
// are over. It says how many; at most some hundreds at a time.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	const most = 200
	ctx = authz.AsSystem(ctx)
	due, err := s.people.List(ctx, query(byWake.Lte(now), most))
	if err != nil {
		return 0, err
	}
	n := 0
	var bad error
	for _, p := range due.Items {
		if err := s.rearrange(ctx, p.ID, now); err != nil { // the others need not wait for this one
			bad = errors.Join(bad, fmt.Errorf("person %s: %w", p.ID, err))
			continue
		}
		n++
	}
	for _, sweep := range []func(context.Context, time.Time, int) (int, error){s.sessions.Sweep, s.invitations.Sweep} {
		swept, err := sweep(ctx, now, most)
		n, bad = n+swept, errors.Join(bad, err)
	}
	return n, bad
}

func (s *Service) rearrange(ctx context.Context, who id.Person, now time.Time) error {
	_, err := s.people.Touch(ctx, access.PersonEnrol, string(who), func(p *Person) error {
		p.arrange(now)
		return nil
	})
	return err
}

// Resettle copies the bodies above an organisation anew to the people and invitations of that organisation: for a
// follower, when a community has moved or a unit reports elsewhere. Doing it twice is harmless.
func (s *Service) Resettle(ctx context.Context, o id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisation(ctx, o)
	if err != nil {
		return err
	}
	for p, err := range s.people.Walk(ctx, byOrganisation.Is(o), byCreated.Asc()) {
		if err != nil {
			return err
		}
		if err := s.resettle(ctx, p.ID, facts); err != nil {
			return err
		}
	}
	for v, err := range s.invitations.Walk(ctx, byInviting.Is(o), byCreated.Desc()) {
		if err != nil {
			return err
		}
		_, err := s.invitations.Touch(ctx, access.InvitationSend, string(v.ID), func(v *Invitation) error {
			v.Above, v.Hosts = facts.Above, facts.Communities
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) resettle(ctx context.Context, who id.Person, facts organisation.Facts) error {
	_, err := s.people.Touch(ctx, access.PersonEnrol, string(who), func(p *Person) error {
		for i := range p.Roles {
			if p.Roles[i].Organisation == facts.ID {
				p.Roles[i].Above = facts.Above
			}
		}
		p.arrange(s.now())
		return nil
	})
	return err
}
