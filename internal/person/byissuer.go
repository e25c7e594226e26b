package person

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// IssuerLife is how long a session lasts at most that an issuer outside has opened: whom it locks out in the morning is out
// here by the evening, though it tells nobody.
const IssuerLife = 12 * time.Hour

// freshFor is how old a session may be in which somebody without a password confirms what concerns their account.
const freshFor = 15 * time.Minute

// By says how somebody was recognised whom an issuer outside vouches for; the zero By stands for a password.
type By struct {
	Issuer   string
	Identity id.Identity
}

func (b By) life() time.Duration {
	if b.Issuer == "" {
		return SessionLife
	}
	return IssuerLife
}

// SignInBy opens a session for a person whom an issuer vouches for. That it does is for the caller to have found out.
func (s *Service) SignInBy(ctx context.Context, who id.Person, by By) (*SignedIn, error) {
	once := store.OnceFrom(ctx)
	ctx = store.WithoutOnce(ctx)
	p, err := s.people.Get(authz.AsSystem(ctx), string(who))
	if err != nil {
		return nil, err
	}
	return s.enterAs(ctx, p, once, by)
}

// enterAs opens a session for a person who has been recognised, and gives its tokens.
func (s *Service) enterAs(ctx context.Context, p *Person, once *store.Once, by By) (*SignedIn, error) {
	if p.ErasedAt != nil { // what is left of the identity is about to go as well
		return nil, fault.New(fault.Refused, CodeErased)
	}
	session := id.New[id.Session](id.KindSession, s.now(), s.Random)
	if once != nil {
		session = id.Derived[id.Session](id.KindSession, string(p.ID), once.ID)
	}
	ctx = authz.With(ctx, authz.Actor{Person: p.ID, Session: session, Name: p.Name.Clear()})
	o, refresh, err := s.begin(ctx, p, session, by)
	if err != nil {
		if once != nil && fault.Is(err, fault.CodeTaken) {
			return nil, fault.New(fault.Refused, fault.CodeAlreadyDone, "id", once.ID).At("clientMutationId")
		}
		return nil, err
	}
	kind := DeedSignedIn
	if by.Issuer != "" {
		kind = DeedSignedInByIssuer
	}
	s.Noted(ctx, Deed{Kind: kind, Person: p.ID, Session: o.ID})
	return s.signedIn(ctx, p, o, refresh)
}

// Confirm finds out whether the caller is the account's owner, and not somebody with a token of theirs: by the password,
// or where the account has none, by a session begun just now. A token that was carried off must not become a way in that
// stays.
func (s *Service) Confirm(ctx context.Context, password *string) error {
	who, err := authz.Personally(ctx)
	if err != nil {
		return err
	}
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	me, err := s.people.Get(sys, string(who))
	if err != nil {
		return err
	}
	if me.PasswordHash == "" {
		return s.fresh(sys, authz.From(ctx).Session, freshFor)
	}
	if password == nil {
		return fault.New(fault.Invalid, fault.CodeRequired).At("password")
	}
	return s.proven(ctx, me, *password, "password")
}

// fresh refuses a session that was begun longer ago than this.
func (s *Service) fresh(sys context.Context, which id.Session, at time.Duration) error {
	o, err := s.sessions.Get(sys, string(which))
	if err != nil {
		return nobody(err)
	}
	if s.now().Sub(o.CreatedAt) > at {
		return fault.New(fault.Refused, CodeSignInAgain, "minutes", int(at.Minutes()))
	}
	return nil
}

// stands says whether a session is open for a person at a moment. Whom an issuer has let in is out when the operator
// trusts it no more.
func (s *Service) stands(o *Session, p *Person, at time.Time) bool {
	return o.lasts(p, at) && (o.Issuer == "" || s.Identities.Trusted != nil && s.Identities.Trusted(o.Issuer))
}

// Exists says whether there is such a person, for the program.
func (s *Service) Exists(ctx context.Context, who id.Person) (bool, error) {
	_, err := s.people.Get(authz.AsSystem(ctx), string(who))
	if fault.Is(err, fault.CodeNotFound) {
		return false, nil
	}
	return err == nil, err
}

// HasPassword says whether a person can sign in with a name and a password, for the program.
func (s *Service) HasPassword(ctx context.Context, who id.Person) (bool, error) {
	p, err := s.people.Get(authz.AsSystem(ctx), string(who))
	if err != nil {
		return false, err
	}
	return p.PasswordHash != "" && (p.LoginName != nil || p.Email != nil), nil
}

// EndThoseBy ends the sessions of a person that were opened by an identity which is theirs no more.
func (s *Service) EndThoseBy(ctx context.Context, who id.Person, by id.Identity) error {
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	defer s.Altered(who)
	for o, err := range s.sessions.Walk(sys, byWhom.Is(who), byCreated.Desc()) {
		if err != nil {
			return err
		}
		if o.Identity != by || o.EndedAt != nil {
			continue
		}
		_, err := s.sessions.Touch(sys, access.SessionEnd, string(o.ID), func(o *Session) error {
			o.end(s.now())
			return nil
		})
		if err != nil && !fault.Is(err, fault.CodeNotFound) {
			return err
		}
	}
	return nil
}

// IdentityInput is what a newcomer brings instead of a password: the proof of having signed in at an issuer.
type IdentityInput struct {
	Code     string
	Verifier string
}

// Identities are who people are at issuers outside, as far as an invitation can be taken up with them. Nil members know
// nobody.
type Identities struct {
	// Vouch says whether a proof is good to become somebody's, and uses nothing up.
	Vouch func(ctx context.Context, proof IdentityInput, who id.Person) error
	// Bind makes it theirs.
	Bind func(ctx context.Context, proof IdentityInput, who id.Person) error
	// Trusted says whether an issuer may still say who somebody is.
	Trusted func(issuer string) bool
}

// vouched says whether what a newcomer brings instead of a password will do.
func (s *Service) vouched(ctx context.Context, in AcceptInvitationInput, who id.Person) error {
	if in.Identity == nil {
		return nil
	}
	if s.Identities.Vouch == nil {
		return fault.New(fault.Forbidden, fault.CodeForbidden).At("identity")
	}
	return at(s.Identities.Vouch(store.WithoutOnce(ctx), *in.Identity, who), "identity")
}

// bound makes an identity that of a newcomer.
func (s *Service) bound(ctx context.Context, in AcceptInvitationInput, who id.Person) error {
	if in.Identity == nil {
		return nil
	}
	return at(s.Identities.Bind(store.WithoutOnce(ctx), *in.Identity, who), "identity")
}
