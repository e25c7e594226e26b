package person

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// ChangePasswordInput is the input of changePassword.
type ChangePasswordInput struct {
	command.Once
	OldPassword string
	NewPassword string
}

// ChangePassword gives the caller a new password and ends all of the caller's other sessions. The one it was changed in
// goes on for as long as an access token lasts: a copied refresh token must not outlive the password.
func (s *Service) ChangePassword(ctx context.Context, in ChangePasswordInput) (*Person, error) {
	a := authz.From(ctx)
	if _, err := authz.Personally(ctx); err != nil {
		return nil, err
	}
	me, err := s.people.Get(authz.AsSystem(ctx), string(a.Person))
	if err != nil {
		return nil, err
	}
	if done, err := s.changed(ctx, me, in.NewPassword); done || err != nil {
		s.view(a, me)
		return me, err
	}
	var f fault.List
	f.Add(s.Passwords.check(in.NewPassword, me.names()...), "newPassword")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := s.proven(ctx, me, in.OldPassword, "oldPassword"); err != nil {
		return nil, err
	}
	if me, err = s.setPassword(secretly(ctx, ""), me, in.NewPassword, a.Session); err == nil {
		s.Noted(ctx, Deed{Kind: DeedPasswordChanged, Person: a.Person, Session: a.Session})
	}
	return me, err
}

// proven asks somebody who is signed in for their password once more: guesses at it are slowed down and noted.
func (s *Service) proven(ctx context.Context, me *Person, password, field string) error {
	_, err := s.guess(ctx, "change:"+string(me.ID), func() (*Person, error) {
		ok, _, err := s.Passwords.matches(ctx, password, me.PasswordHash)
		if err == nil && !ok {
			err = fault.New(fault.Refused, CodePasswordWrong).At(field)
		}
		return me, err
	})
	if err != nil {
		s.refused(ctx, DeedPasswordRefused, me, err)
	}
	return err
}

// changed says whether this very change was made before. What was sent then is not remembered, because it held
// passwords; so a repeat is told by the new password being the person's.
func (s *Service) changed(ctx context.Context, me *Person, password string) (bool, error) {
	once := store.OnceFrom(ctx)
	if once == nil || !me.did(once.Key) {
		return false, nil
	}
	ok, _, err := s.Passwords.matches(ctx, password, me.PasswordHash)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, fault.New(fault.Refused, fault.CodeMismatch, "id", once.ID).At("clientMutationId")
	}
	once.Replayed = true
	return true, nil
}

// setPassword keeps a new password and ends all sessions but one, which is not refreshed any more. What the old password
// was is compared again in the write itself, so that of two changes at once the later one fails.
func (s *Service) setPassword(ctx context.Context, me *Person, password string, stays id.Session) (*Person, error) {
	h, err := s.Passwords.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	was := me.PasswordHash
	p, err := s.people.Change(ctx, access.PersonUpdate, string(me.ID), func(p *Person) error {
		if p.PasswordHash != was {
			return fault.New(fault.Conflict, fault.CodeConflict, "current", p.Version)
		}
		p.PasswordHash = h
		p.expel(s.now())
		return nil
	})
	defer s.Altered(me.ID)
	if err != nil || stays == "" {
		return p, err
	}
	_, err = s.sessions.Touch(authz.AsSystem(ctx), access.SessionStart, string(stays), func(o *Session) error {
		o.Generation = p.Generation
		o.disarm(s.now().Add(token.AccessLife))
		return nil
	})
	return p, err
}

// secretly keeps the client's own identifier of the mutation but nothing made from a password or a name in its input: a fast
// hash of that would be a gift to whoever steals the store. rest is the input without them.
func secretly(ctx context.Context, rest string) context.Context {
	once := store.OnceFrom(ctx)
	if once == nil {
		return ctx
	}
	bare := *once
	bare.Hash = store.NewOnce("", once.ID, []byte(rest)).Hash
	return store.WithOnce(ctx, &bare)
}

// did says whether the person's document remembers a mutation.
func (p *Person) did(key string) bool {
	for _, r := range p.Replays {
		if r.Key == key {
			return true
		}
	}
	return false
}

// names are those that no password of the person may be.
func (p *Person) names() []string {
	all := []string{p.Name.Clear()}
	for _, n := range []*personal.Text{p.LoginName, p.Email} {
		if n != nil {
			all = append(all, n.Clear())
		}
	}
	return all
}
