package person

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// surelyFor is how long after signing in a session alone shows that it is the person who asks.
const surelyFor = 5 * time.Minute

// EraseInput is the input of erasePerson.
type EraseInput struct {
	command.Change
	Person   id.Person
	Password *string // the caller's own; not needed in a session begun a moment ago
}

// erasedTold is what the journal keeps of an erasure: that it was done.
type erasedTold struct {
	Roles int `bson:"roles"` // that ended by it
}

// Erase forgets who somebody is: for the person themself, or for an administrator on their behalf. Their names, address
// and password go, their sessions and roles end, and the secret is destroyed under which all of it was encrypted, so
// that no copy tells it either. What they did stays, done by somebody with this identifier.
//
// The last administrator stays, and so does the only one who signs for an organisation that is bound by a contract:
// somebody else takes over first.
func (s *Service) Erase(ctx context.Context, in EraseInput) (*Person, error) {
	me, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.erasable(ctx, in)
	if err != nil {
		return nil, err
	}
	if once := store.OnceFrom(ctx); once != nil && p.did(once.Key) {
		once.Replayed = true
		s.view(authz.From(ctx), p)
		return p, nil
	}
	if err := s.reassured(ctx, me, in.Password); err != nil {
		return nil, err
	}
	if err := in.Expect(p.Version); err != nil {
		return nil, err
	}
	if err := s.replaceable(ctx, p); err != nil {
		return nil, at(err, "person")
	}
	p, err = s.people.Change(secretly(program(ctx), string(in.Person)), access.PersonErase, string(in.Person), func(p *Person) error {
		if err := in.Expect(p.Version); err != nil {
			return err
		}
		return at(p.erase(me, s.now()), "person")
	})
	if err != nil {
		return nil, err
	}
	defer s.Altered(p.ID)
	if err := s.Forget(ctx, p.ID); err != nil {
		return nil, err
	}
	s.view(authz.From(ctx), p)
	return p, nil
}

// erasable finds the person, where the caller may erase them.
func (s *Service) erasable(ctx context.Context, in EraseInput) (*Person, error) {
	p, err := s.people.Get(authz.AsSystem(ctx), string(in.Person))
	if err != nil {
		return nil, at(err, "person")
	}
	if err := s.may(ctx, access.PersonErase, p); err != nil {
		if s.may(ctx, access.PersonReadRoles, p) != nil {
			return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", in.Person).At("person")
		}
		return nil, err
	}
	return p, nil
}

// reassured asks the caller to show once more that it is them: nothing brings back what is erased.
func (s *Service) reassured(ctx context.Context, me id.Person, password *string) error {
	sys := authz.AsSystem(ctx)
	p, err := s.people.Get(sys, string(me))
	if err != nil {
		return nobody(err)
	}
	if password != nil && p.PasswordHash != "" {
		return s.proven(ctx, p, *password, "password")
	}
	err = s.fresh(sys, authz.From(ctx).Session, surelyFor)
	if fault.Is(err, CodeSignInAgain) && p.PasswordHash != "" {
		return fault.New(fault.Refused, CodeNotFresh, "minutes", int(surelyFor.Minutes())).At("password")
	}
	return err
}

// replaceable says whether somebody else is there for what only this person could do. An administrator is struck from the
// office here, before the roles end, as when a role is revoked.
func (s *Service) replaceable(ctx context.Context, p *Person) error {
	for _, h := range p.Roles {
		if !h.Signing || !h.InForce(s.now()) {
			continue
		}
		bound, err := s.Bound(ctx, h.Organisation)
		if err != nil {
			return err
		}
		if !bound {
			continue
		}
		others, err := s.Holders(ctx, h.Organisation, []authz.Role{authz.Signer}, 2)
		if err != nil {
			return err
		}
		if len(others) < 2 {
			return fault.New(fault.Refused, CodeLastSigner, "organisation", h.Organisation)
		}
	}
	for _, h := range p.Roles {
		if !h.Over(s.now()) {
			if err := s.dismiss(ctx, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// erase takes away all that tells who the person is, and ends what they hold.
func (p *Person) erase(by id.Person, now time.Time) error {
	if p.ErasedAt != nil {
		return fault.New(fault.Refused, CodeErased)
	}
	n := 0
	for i := range p.Roles {
		h := &p.Roles[i]
		if h.Over(now) {
			continue
		}
		n++
		h.RevokedAt, h.RevokedBy = &now, by
		if err := p.Tell(EventRevoked, h.told()); err != nil {
			return err
		}
	}
	p.Name, p.LoginName, p.Email, p.Language, p.PasswordHash = "", nil, nil, nil, ""
	p.ErasedAt = &now
	p.Generation++
	p.arrange(now)
	return p.Tell(EventErased, erasedTold{n})
}

// Forget destroys what is left of somebody who was erased: the secret of theirs, and their sessions. It is done at once
// and by a follower once more, so that it is done even where the first was cut short.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	ctx = authz.AsSystem(ctx)
	if err := s.Vault.Destroy(ctx, string(who)); err != nil {
		return err
	}
	return s.sessions.PurgeAll(ctx, byWhom.Is(who))
}
