package serviceaccount

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// CreateInput is the input of createServiceAccount.
type CreateInput struct {
	command.Once
	Organisation id.Organisation
	Name         string
	Purpose      string
	Role         authz.Role
	Scopes       []authz.Scope
	ExpiresAt    *time.Time // in a year where absent
}

// Create makes an account of an organisation. Whoever makes it holds the role it acts in, or may give that role to people.
func (s *Service) Create(ctx context.Context, in CreateInput) (*ServiceAccount, error) {
	by, err := who(ctx)
	if err != nil {
		return nil, err
	}
	at, err := s.place(ctx, in.Organisation)
	if err != nil {
		return nil, below(err, "organisation")
	}
	var f fault.List
	a := &ServiceAccount{
		Organisation: in.Organisation, Role: in.Role, Status: Active, CreatedBy: by, Above: at.facts.Above,
		Name:      text.Line(&f, "name", in.Name, 1, MaxName),
		Purpose:   text.Block(&f, "purpose", in.Purpose, 1, MaxPurpose),
		Scopes:    scopes(&f, in.Scopes),
		ExpiresAt: s.until(&f, in.ExpiresAt, s.now().AddDate(1, 0, 0)),
	}
	if !fits(in.Role, at.facts.Kind) {
		f.Add(fault.New(fault.Refused, CodeRole, "role", in.Role, "kind", at.facts.Kind), "role")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	a.ID = store.NewID[id.ServiceAccount](ctx, id.KindServiceAccount, s.now(), s.Random)
	if err := a.tell(ToldCreated, ""); err != nil {
		return nil, err
	}
	return s.accounts.Add(ctx, access.ServiceGive(in.Role), a)
}

// Grantable says whether an account can be given a scope: what everybody may needs none, and no account signs.
func Grantable(s authz.Scope) bool {
	return s != authz.ScopePublic && s != authz.ScopeContractsSign && slices.Contains(authz.Scopes(), s)
}

// scopes checks what an account is to be used for, and gives it in the schema's order.
func scopes(f *fault.List, asked []authz.Scope) []authz.Scope {
	for i, one := range asked {
		switch {
		case !Grantable(one):
			f.Add(fault.New(fault.Refused, CodeScope, "scope", one), "scopes", strconv.Itoa(i))
		case slices.Contains(asked[:i], one):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", one), "scopes", strconv.Itoa(i))
		}
	}
	return slices.DeleteFunc(authz.Scopes(), func(s authz.Scope) bool { return !slices.Contains(asked, s) })
}

// until checks the end of an account or a key: to come, and at most a year away.
func (s *Service) until(f *fault.List, asked *time.Time, otherwise time.Time) time.Time {
	if asked == nil {
		return otherwise
	}
	at, now := asked.UTC().Truncate(time.Millisecond), s.now()
	latest := now.AddDate(1, 0, 0)
	if !at.After(now) || at.After(latest) {
		f.Add(fault.New(fault.Refused, CodeExpiry, "latest", latest), "expiresAt")
	}
	return at
}

// UpdateInput is the input of updateServiceAccount. What is absent stays as it is.
type UpdateInput struct {
	command.Change
	ID        id.ServiceAccount
	Name      *string
	Purpose   *string
	Scopes    []authz.Scope // nil stays
	ExpiresAt *time.Time
}

// Update changes an account: its name, what it is there for, its scopes, its end. A scope that is taken is gone from
// tokens under way too.
func (s *Service) Update(ctx context.Context, in UpdateInput) (*ServiceAccount, error) {
	var f fault.List
	if in.Name != nil {
		in.Name = new(text.Line(&f, "name", *in.Name, 1, MaxName))
	}
	if in.Purpose != nil {
		in.Purpose = new(text.Block(&f, "purpose", *in.Purpose, 1, MaxPurpose))
	}
	asked := in.Scopes
	if asked != nil {
		in.Scopes = scopes(&f, asked)
	}
	end := s.until(&f, in.ExpiresAt, time.Time{})
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.give(ctx, in.ID, func(a *ServiceAccount) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		if err := a.move(VerbUse); err != nil {
			return err
		}
		if in.Name != nil {
			a.Name = *in.Name
		}
		if in.Purpose != nil {
			a.Purpose = *in.Purpose
		}
		if asked != nil {
			a.Scopes = in.Scopes
		}
		if in.ExpiresAt != nil {
			a.ExpiresAt = end
		}
		return a.tell(ToldUpdated, "")
	})
}

// StopInput is the input of disableServiceAccount and endServiceAccount.
type StopInput struct {
	command.Change
	ID     id.ServiceAccount
	Reason string
}

// Disable stops an account for a while: nothing it brings is accepted any more.
func (s *Service) Disable(ctx context.Context, in StopInput) (*ServiceAccount, error) {
	return s.halt(ctx, in, VerbDisable, ToldDisabled)
}

// End stops an account for good.
func (s *Service) End(ctx context.Context, in StopInput) (*ServiceAccount, error) {
	return s.halt(ctx, in, VerbEnd, ToldEnded)
}

func (s *Service) halt(ctx context.Context, in StopInput, v Verb, what string) (*ServiceAccount, error) {
	var f fault.List
	reason := text.Block(&f, "reason", in.Reason, 1, MaxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.stop(ctx, in.ID, func(a *ServiceAccount) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		if err := a.move(v); err != nil {
			return err
		}
		a.Reason = &reason
		return a.tell(what, "")
	})
}

// EnableInput is the input of enableServiceAccount.
type EnableInput struct {
	command.Change
	ID id.ServiceAccount
}

// Enable lets a disabled account act again, with the keys and secrets it had. Access tokens from before stay worthless.
func (s *Service) Enable(ctx context.Context, in EnableInput) (*ServiceAccount, error) {
	return s.give(ctx, in.ID, func(a *ServiceAccount) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		if err := a.move(VerbEnable); err != nil {
			return err
		}
		a.Reason = nil
		return a.tell(ToldEnabled, "")
	})
}

// give changes what an account acts with, for a person who may act in its role or give that role.
func (s *Service) give(ctx context.Context, of id.ServiceAccount, fn func(*ServiceAccount) error) (*ServiceAccount, error) {
	if _, err := who(ctx); err != nil {
		return nil, err
	}
	a, err := s.accounts.Get(ctx, string(of))
	if err != nil {
		return nil, err
	}
	return s.accounts.Change(ctx, access.ServiceGive(a.Role), string(of), fn) // the role is never another one
}

// stop takes from an account, for a person who manages the organisation's.
func (s *Service) stop(ctx context.Context, of id.ServiceAccount, fn func(*ServiceAccount) error) (*ServiceAccount, error) {
	if _, err := who(ctx); err != nil {
		return nil, err
	}
	return s.accounts.Change(ctx, access.ServiceStop, string(of), fn)
}

// onceOnly refuses to answer a repeat whose answer was a secret.
func onceOnly(ctx context.Context) error {
	if once := store.OnceFrom(ctx); once != nil && once.Replayed {
		return fault.New(fault.Refused, fault.CodeAlreadyDone, "id", once.ID).At("clientMutationId")
	}
	return nil
}

// below puts a fault below an input field; other errors stay as they are.
func below(err error, path ...string) error {
	if fault.Of(err).Code == fault.CodeInternal {
		return err
	}
	return fault.Of(err).At(path...)
}
