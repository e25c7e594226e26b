package person

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// SignInInput is the input of signIn.
type SignInInput struct {
	command.Once
	Login    string // an e-mail address or a login name
	Password string
}

// SignedIn is what signing in gives.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time // of the token, UTC
	Person    *Person
	Session   id.Session

	RefreshToken     string
	RefreshExpiresAt time.Time // UTC
}

// SignIn opens a session. Whether there is no such account or the password is wrong, the answer is the same and takes
// as long. Under a client's own mutation id it is done once: its token is not shown again.
func (s *Service) SignIn(ctx context.Context, in SignInInput) (*SignedIn, error) {
	once := store.OnceFrom(ctx)
	ctx = store.WithoutOnce(ctx) // nothing made from a password may be remembered
	login := folded(in.Login)
	p, err := s.guess(ctx, "login:"+login, func() (*Person, error) { return s.recognise(ctx, login, in.Password) })
	if err != nil {
		s.refused(ctx, DeedSignInRefused, p, err)
		return nil, err
	}
	return s.enterAs(ctx, p, once, By{})
}

// recognise finds the person with this login and password; where the password is wrong, whose it is not.
func (s *Service) recognise(ctx context.Context, login, password string) (*Person, error) {
	p, err := s.byLogin(ctx, login)
	if err != nil && !fault.Is(err, fault.CodeNotFound) {
		return nil, err
	}
	var h hash
	if err == nil {
		h = p.PasswordHash
	}
	ok, stale, err := s.Passwords.matches(ctx, password, h)
	if err != nil {
		return nil, err
	}
	if !ok {
		return p, fault.New(fault.Refused, CodeCredentials)
	}
	if stale {
		s.renew(ctx, p, password)
	}
	return p, nil
}

// renew makes the hash anew with today's parameters. Where that fails, the old one serves until the next time.
func (s *Service) renew(ctx context.Context, p *Person, password string) {
	h, err := s.Passwords.hash(ctx, password)
	if err != nil {
		return
	}
	was := p.PasswordHash
	_, _ = s.people.Touch(authz.AsSystem(ctx), access.PersonUpdate, string(p.ID), func(p *Person) error {
		if p.PasswordHash == was {
			p.PasswordHash = h
		}
		return nil
	})
}

// guess lets somebody try a secret, counted by what they try it on and by where they come from.
func (s *Service) guess(ctx context.Context, on string, try func() (*Person, error)) (*Person, error) {
	var p *Person
	err := s.guesses.Try(on, s.Address(ctx), s.now, func() error {
		var err error
		p, err = try()
		return err
	})
	return p, err
}

// begin keeps a session of a person, which the caller names, and gives its first refresh token.
func (s *Service) begin(ctx context.Context, p *Person, session id.Session, by By) (*Session, string, error) {
	now := s.now()
	o := &Session{
		Person: p.ID, Generation: p.Generation, EndsAt: now.Add(by.life()), Client: s.Client(ctx), Issuer: by.Issuer, Identity: by.Identity,
	}
	o.ID = session
	o.prolong(now)
	refresh, err := s.arm(o)
	if err != nil {
		return nil, "", err
	}
	o, err = s.sessions.Add(ctx, access.SessionStart, o)
	return o, refresh, err
}

// Actor is who comes with a token: the person with the roles in force at this moment. A session that has ended, by
// time, by signing out or by a new password, is refused as UNAUTHENTICATED.
func (s *Service) Actor(ctx context.Context, who id.Person, session id.Session) (authz.Actor, error) {
	ctx = authz.AsSystem(ctx)
	open, err := s.sessions.Get(ctx, string(session))
	if err != nil {
		return authz.Actor{}, nobody(err)
	}
	p, err := s.people.Get(ctx, string(who))
	if err != nil {
		return authz.Actor{}, nobody(err)
	}
	now := s.now()
	if !s.stands(open, p, now) {
		return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	s.noted(ctx, open, now)
	return authz.Actor{Person: p.ID, Session: open.ID, Name: p.Name.Clear(), Holdings: p.Holdings(now)}, nil
}

// nobody turns the absence of somebody into not being signed in; other failures stay what they are.
func nobody(err error) error {
	if fault.Is(err, fault.CodeNotFound) {
		return fault.New(fault.Unauthenticated, fault.CodeUnauthenticated).Because(err)
	}
	return err
}

// SignOutInput is the input of signOut.
type SignOutInput struct {
	command.Once
	Everywhere *bool // every session of the person, not this one alone
}

// SignOut ends the caller's session, or all of the caller's sessions. Its tokens are worth nothing from then on.
func (s *Service) SignOut(ctx context.Context, in SignOutInput) (*Session, error) {
	a := authz.From(ctx)
	if _, err := authz.Personally(ctx); err != nil {
		return nil, err
	}
	if in.Everywhere != nil && *in.Everywhere {
		_, err := s.people.Touch(ctx, access.PersonUpdate, string(a.Person), func(p *Person) error {
			p.expel(s.now())
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	defer s.Altered(a.Person)
	return s.ended(ctx, a.Session)
}

// byLogin finds the person with a folded login name or e-mail address.
func (s *Service) byLogin(ctx context.Context, login string) (*Person, error) {
	if login == "" || len(login) > 4*MaxEmail || !utf8.ValidString(login) {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound)
	}
	l, err := s.people.List(authz.AsSystem(ctx), store.Query{
		Where: store.Or(byLogin.Is(s.Vault.Blind("loginName", login)), byEmail.Is(s.Vault.Blind("email", login))), Sort: []store.Order{ByID.Asc()}, Limit: 2,
	})
	if err != nil {
		return nil, err
	}
	if len(l.Items) != 1 {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound)
	}
	return l.Items[0], nil
}
