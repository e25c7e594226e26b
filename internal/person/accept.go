package person

import (
	"context"
	"errors"
	"fmt"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// AcceptInvitation takes up an invitation: whoever is signed in gets its role besides their others, anybody else
// becomes a person with it.
//
// Two documents change, each on its own: first the invitation goes to the person who is to be, then the person gets
// the role. Where the second step was cut short, the same code finishes it; nobody else can.
func (s *Service) AcceptInvitation(ctx context.Context, in AcceptInvitationInput) (*Person, error) {
	v, err := s.found(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	if v.Status != InvitationAccepted { // whose it is then, and whether this is a repeat, is told below
		if err := v.open(s.now()); err != nil {
			return nil, at(err, "code")
		}
	}
	once := store.OnceFrom(ctx)
	ctx = secretly(ctx, in.open())
	defer func() {
		if once != nil {
			once.Replayed = store.OnceFrom(ctx).Replayed
		}
	}()
	a := authz.From(ctx)
	if a.Known() {
		return s.takeUp(ctx, a, v, in)
	}
	return s.enter(ctx, v, in)
}

// takeUp gives the invitation's role to the caller.
func (s *Service) takeUp(ctx context.Context, a authz.Actor, v *Invitation, in AcceptInvitationInput) (*Person, error) {
	if _, err := authz.Personally(ctx); err != nil {
		return nil, err
	}
	if !in.bare() {
		return nil, fault.New(fault.Refused, CodeSignedIn)
	}
	switch {
	case v.SentBy == a.Person && v.Signing:
		return nil, fault.New(fault.Refused, CodeSigningOwn).At("code")
	case v.SentBy == a.Person:
		return nil, fault.New(fault.Refused, CodeRoleToOneself).At("code")
	}
	me, err := s.people.Get(authz.AsSystem(ctx), string(a.Person))
	if err != nil {
		return nil, err
	}
	h, err := s.holdingOf(ctx, v, a.Person)
	if err != nil {
		return nil, err
	}
	_, done := me.Role(h.ID)
	if !done {
		if err := me.room(h); err != nil {
			return nil, err
		}
	}
	if err := s.claim(ctx, v, a.Person, done); err != nil {
		return nil, err
	}
	p, err := s.people.Change(store.WithoutOnce(program(ctx)), access.PersonEnrol, string(a.Person), func(p *Person) error {
		if _, done := p.Role(h.ID); done {
			return nil
		}
		return p.Grant(h, s.now())
	})
	if err != nil {
		return nil, err
	}
	s.view(a, p)
	return p, errors.Join(s.install(ctx, h), s.unname(ctx, v))
}

// enter makes a new person with the invitation's role.
func (s *Service) enter(ctx context.Context, v *Invitation, in AcceptInvitationInput) (*Person, error) {
	who := id.Derived[id.Person](id.KindPerson, "invitation", string(v.ID))
	was, err := s.people.Get(authz.AsSystem(ctx), string(who))
	if err != nil && !fault.Is(err, fault.CodeNotFound) {
		return nil, err
	}
	done := err == nil
	meant := v.Name
	if done { // the invitation has no name any more
		meant = &was.Name
	}
	acc, password, err := s.newcomer(in, meant)
	if err != nil {
		return nil, err
	}
	ctx = store.WithActor(ctx, string(who))
	h, err := s.holdingOf(ctx, v, who)
	if err != nil {
		return nil, err
	}
	if !done {
		if err := s.free(ctx, acc); err != nil {
			return nil, err
		}
		if err := s.vouched(ctx, in, who); err != nil {
			return nil, err
		}
	}
	if err := s.claim(ctx, v, who, done); err != nil {
		return nil, err
	}
	if !done {
		if err := s.bound(ctx, in, who); err != nil {
			return nil, err
		}
		p := acc.person()
		p.ID = who
		if was, err = s.make(ctx, p, password, h); err != nil {
			return nil, err
		}
	}
	s.view(authz.Actor{Person: who}, was)
	return was, errors.Join(s.install(ctx, h), s.unname(ctx, v))
}

// unname takes the name from an invitation that was taken up: the person has one now, and it is kept in one place.
func (s *Service) unname(ctx context.Context, v *Invitation) error {
	if v.Name == nil {
		return nil
	}
	_, err := s.invitations.Touch(program(ctx), access.InvitationAccept, string(v.ID), func(v *Invitation) error {
		v.Name = nil
		return nil
	})
	return err
}

// newcomer checks what a new person brings, all faults at once. meant is the name they are known by where they bring none.
func (s *Service) newcomer(in AcceptInvitationInput, meant *personal.Text) (account, string, error) {
	var f fault.List
	name := in.Name
	if name == nil {
		name = personal.Opened(meant)
	}
	secret := in.Identity == nil || in.Password != nil // who signs in elsewhere alone needs none
	for _, field := range []struct {
		name   string
		given  *string
		needed bool
	}{{"loginName", in.LoginName, secret}, {"password", in.Password, secret}, {"name", name, true}} {
		if field.given == nil && field.needed {
			f.Add(fault.New(fault.Invalid, fault.CodeRequired), field.name)
		}
	}
	if err := f.Err(); err != nil {
		return account{}, "", err
	}
	if in.LoginName == nil {
		return guestOf(&f, *name, in.Email, in.Language), "", f.Err()
	}
	acc := accountOf(&f, *in.LoginName, *name, in.Email, in.Language)
	if in.Password == nil {
		return acc, "", f.Err()
	}
	f.Add(s.Passwords.check(*in.Password, acc.names()...), "password")
	return acc, *in.Password, f.Err()
}

// free says, before anything is changed, whether an account's names are still to be had. The store says it again.
func (s *Service) free(ctx context.Context, a account) error {
	var f fault.List
	names := []struct {
		name  *string
		field string
	}{{&a.login, "loginName"}, {a.email, "email"}}
	for _, n := range names {
		if n.name == nil {
			continue
		}
		_, err := s.byLogin(ctx, *n.name)
		switch {
		case err == nil:
			f.Add(fault.New(fault.Refused, fault.CodeTaken, "value", *n.name), n.field)
		case !fault.Is(err, fault.CodeNotFound):
			return err
		}
	}
	return f.Err()
}

// claim gives the invitation to a person. done says that they have its role already: then only a repeat of the very
// same mutation is answered.
func (s *Service) claim(ctx context.Context, v *Invitation, by id.Person, done bool) error {
	_, err := s.invitations.Change(program(ctx), access.InvitationAccept, string(v.ID), func(v *Invitation) error {
		if done {
			return fault.New(fault.Refused, CodeInvitationUsed)
		}
		return v.accept(by, s.now())
	})
	return at(err, "code")
}

// holdingOf is the invitation's role for a person, with what is true of the organisation today.
func (s *Service) holdingOf(ctx context.Context, v *Invitation, to id.Person) (RoleHolding, error) {
	where, err := s.place(ctx, v.Organisation)
	if err != nil {
		return RoleHolding{}, err
	}
	return v.holding(to, s.now(), where.facts.Above), nil
}

// make keeps a new person with a password and roles.
func (s *Service) make(ctx context.Context, p *Person, password string, roles ...RoleHolding) (*Person, error) {
	if password != "" {
		h, err := s.Passwords.hash(ctx, password)
		if err != nil {
			return nil, err
		}
		p.PasswordHash = h
	}
	if err := p.Tell(EventEnrolled, nil); err != nil {
		return nil, err
	}
	for _, h := range roles {
		if err := p.Grant(h, s.now()); err != nil {
			return nil, err
		}
	}
	kept, err := s.people.Add(store.WithoutOnce(program(ctx)), access.PersonEnrol, p)
	if fault.Is(err, fault.CodeTaken) {
		return nil, taken(err, p)
	}
	if err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	return kept, nil
}

// taken says which field of a new person somebody else has.
func taken(err error, p *Person) error {
	switch fault.Of(err).Params["value"] {
	case "_id": // two came with the same code at once
		return fault.New(fault.Refused, CodeInvitationUsed).At("code").Because(err)
	case uniqueLogin().Name():
		return fault.New(fault.Refused, fault.CodeTaken, "value", p.LoginName.Clear()).At("loginName").Because(err)
	case uniqueEmail().Name():
		return fault.New(fault.Refused, fault.CodeTaken, "value", p.Email.Clear()).At("email").Because(err)
	}
	return err
}
