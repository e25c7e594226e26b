package identity

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// abandoned is after how long an identity is free again that was linked with somebody who then never came to be.
const abandoned = time.Hour

// SignInInput is the input of signInWithIssuer.
type SignInInput struct {
	command.Once
	Code     string
	Verifier string
}

// Proof is what was brought.
func (in SignInInput) Proof() Proof { return Proof{in.Code, in.Verifier} }

// LinkInput is the input of linkIdentity.
type LinkInput struct {
	command.Once
	Code     string
	Verifier string
	Password *string // needed where the account has one
}

// Link links somebody's identity at an issuer with the caller's account. That the caller is the account's owner, and not
// somebody with a token of theirs, is for whoever calls this to have found out. Linking again what is linked changes
// nothing.
func (s *Service) Link(ctx context.Context, in LinkInput) (*Identity, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.arrived(ctx, Proof{in.Code, in.Verifier})
	if err != nil {
		return nil, err
	}
	return s.bind(ctx, a, who)
}

// Vouch says whether a proof is good to become somebody's: it holds, and opens nobody else's account.
func (s *Service) Vouch(ctx context.Context, p Proof, who id.Person) error {
	a, err := s.arrived(ctx, p)
	if err != nil {
		return err
	}
	_, err = s.free(ctx, a.Identity, who)
	return err
}

// Bind links an identity with somebody who is coming to be by an invitation.
func (s *Service) Bind(ctx context.Context, p Proof, who id.Person) error {
	a, err := s.arrived(ctx, p)
	if err != nil {
		return err
	}
	_, err = s.bind(ctx, a, who)
	return err
}

// free finds an identity that is nobody else's; nil where it is not linked at all.
func (s *Service) free(ctx context.Context, which id.Identity, who id.Person) (*Identity, error) {
	var none *Identity
	was, err := s.identities.Get(authz.AsSystem(ctx), string(which))
	if fault.Is(err, fault.CodeNotFound) {
		return none, nil
	}
	if err != nil || was.Person == who {
		return was, err
	}
	there, err := s.Exists(ctx, was.Person)
	if err != nil {
		return nil, err
	}
	if there || s.now().Sub(was.LinkedAt) < abandoned {
		return nil, fault.New(fault.Refused, CodeTaken).At("code")
	}
	return was, nil
}

// bind uses a code up and links its identity with a person. Of two who link the same identity at once, one is refused.
func (s *Service) bind(ctx context.Context, a *arrival, who id.Person) (*Identity, error) {
	was, err := s.free(ctx, a.Identity, who)
	if err != nil {
		return nil, err
	}
	if err := s.room(ctx, who, a.Identity); err != nil {
		return nil, err
	}
	if err := s.spend(ctx, a); err != nil {
		return nil, err
	}
	sys := store.WithActor(authz.AsSystem(store.WithoutOnce(ctx)), string(who))
	i := was
	switch {
	case was == nil:
		i = &Identity{Person: who, Issuer: a.Issuer, LinkedAt: s.now()}
		i.ID = a.Identity
		i, err = s.identities.Add(sys, access.IdentityKeep, i)
	case was.Person != who:
		i, err = s.identities.Change(sys, access.IdentityKeep, string(was.ID), func(i *Identity) error {
			if i.Person != was.Person {
				return fault.New(fault.Refused, CodeTaken).At("code")
			}
			i.Person, i.LinkedAt, i.LastUsedAt = who, s.now(), nil
			return nil
		})
	}
	if fault.Is(err, fault.CodeTaken) {
		return nil, fault.New(fault.Refused, CodeTaken).At("code")
	}
	if err != nil {
		return nil, err
	}
	if err := s.listed(sys, i); err != nil {
		return nil, err
	}
	if was == nil || was.Person != who {
		s.Noted(ctx, Deed{Person: who, Linked: true})
	}
	return i, nil
}

// room says whether a person can have one identity more.
func (s *Service) room(ctx context.Context, who id.Person, one id.Identity) error {
	w, err := s.ways.Get(authz.AsSystem(ctx), string(waysOf(who)))
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	if err == nil && len(w.Identities) >= Most && !slices.Contains(w.Identities, one) {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", Most)
	}
	return err
}

// listed notes a linked identity among its person's ways to sign in; noting it again changes nothing.
func (s *Service) listed(sys context.Context, i *Identity) error {
	w := &ways{Person: i.Person, Identities: []id.Identity{i.ID}}
	w.ID = waysOf(i.Person)
	_, err := s.ways.Add(sys, access.IdentityKeep, w)
	if !fault.Is(err, fault.CodeTaken) {
		return err
	}
	_, err = s.ways.Touch(sys, access.IdentityKeep, string(w.ID), func(w *ways) error {
		if !slices.Contains(w.Identities, i.ID) {
			w.Identities = append(w.Identities, i.ID)
		}
		return nil
	})
	return err
}

// UnlinkInput is the input of unlinkIdentity.
type UnlinkInput struct {
	command.Once
	ID id.Identity
}

// Unlink takes one of the caller's identities away: it opens their account no more. The last way to sign in stays.
func (s *Service) Unlink(ctx context.Context, in UnlinkInput) (*Identity, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	i, err := s.identities.Get(ctx, string(in.ID))
	if fault.Is(err, fault.CodeNotFound) {
		return nil, fault.Of(err).At("id")
	}
	if err != nil {
		return nil, err
	}
	if err := s.strike(ctx, i, who); err != nil {
		return nil, err
	}
	if err := s.identities.Remove(ctx, access.IdentityUnlink, string(i.ID)); err != nil && !fault.Is(err, fault.CodeNotFound) {
		return nil, err
	}
	s.Noted(ctx, Deed{Person: who})
	return i, nil
}

// strike takes an identity from a person's ways to sign in, unless it is the last.
func (s *Service) strike(ctx context.Context, i *Identity, who id.Person) error {
	password, err := s.HasPassword(ctx, who)
	if err != nil {
		return err
	}
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	_, err = s.ways.Touch(sys, access.IdentityKeep, string(waysOf(who)), func(w *ways) error {
		rest := slices.DeleteFunc(slices.Clone(w.Identities), func(one id.Identity) bool { return one == i.ID })
		if len(rest) == 0 && !password {
			return fault.New(fault.Refused, CodeLast)
		}
		w.Identities = rest
		return nil
	})
	if fault.Is(err, fault.CodeNotFound) && password { // linking it was cut short
		return nil
	}
	if fault.Is(err, fault.CodeNotFound) {
		return fault.New(fault.Refused, CodeLast)
	}
	return err
}

// Forget takes all identities of a person away, who is to be forgotten altogether: for the program.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	for i, err := range s.identities.Walk(sys, byPerson.Is(who), byLinked.Asc()) {
		if err != nil {
			return err
		}
		if err := s.identities.Remove(sys, access.IdentityKeep, string(i.ID)); err != nil && !fault.Is(err, fault.CodeNotFound) {
			return err
		}
	}
	err := s.ways.Remove(sys, access.IdentityKeep, string(waysOf(who)))
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
