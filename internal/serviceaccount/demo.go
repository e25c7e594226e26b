package serviceaccount

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// DemoKey gives an API key of the demonstration's account in an organisation, which is made where it is not there. The key
// that was handed out before is given again for as long as it holds, so that what somebody copied goes on working.
func (s *Service) DemoKey(ctx context.Context, in CreateInput, had string) (string, error) {
	ctx = authz.AsSystem(ctx)
	a := id.Derived[id.ServiceAccount](id.KindServiceAccount, "demo", string(in.Organisation))
	if c, ok := readSecret(keyPrefix, had); ok {
		if found, _, err := s.keyed(ctx, c); err == nil && found.ID == a && found.usable(s.now()) {
			return had, nil
		}
	}
	if err := s.demoAccount(ctx, a, in); err != nil {
		return "", err
	}
	key, err := s.CreateKey(ctx, CreateKeyInput{ServiceAccount: a, Name: in.Name})
	if err != nil {
		return "", err
	}
	return key.Text, nil
}

// demoAccount makes the account, or makes it usable once more and ends the keys that nobody has any more.
func (s *Service) demoAccount(ctx context.Context, of id.ServiceAccount, in CreateInput) error {
	now := s.now()
	_, err := s.accounts.Change(ctx, access.ServiceGive(in.Role), string(of), func(a *ServiceAccount) error {
		for _, k := range a.APIKeys {
			if err := a.revokeKey(k.ID, now); err != nil {
				return err
			}
		}
		a.Status, a.ExpiresAt = Active, now.AddDate(1, 0, 0)
		return nil
	})
	if !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	at, err := s.place(ctx, in.Organisation)
	if err != nil {
		return err
	}
	a := &ServiceAccount{
		Organisation: in.Organisation, Name: in.Name, Purpose: in.Purpose, Role: in.Role, Scopes: in.Scopes,
		Status: Active, ExpiresAt: now.AddDate(1, 0, 0), Above: at.facts.Above,
	}
	a.ID = of
	if err := a.tell(ToldCreated, ""); err != nil {
		return err
	}
	_, err = s.accounts.Add(ctx, access.ServiceGive(in.Role), a)
	return err
}
