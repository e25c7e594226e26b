package serviceaccount

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// CreateKeyInput is the input of createApiKey.
type CreateKeyInput struct {
	command.Once
	ServiceAccount id.ServiceAccount
	Name           string
	ExpiresAt      *time.Time // in 90 days where absent
}

// NewKey is an API key with its text, which is shown this once.
type NewKey struct {
	Account *ServiceAccount
	Key     *APIKey
	Text    string
}

// CreateKey makes an API key. Two of an account can be good at the same time, so that one follows the other without a
// gap.
func (s *Service) CreateKey(ctx context.Context, in CreateKeyInput) (*NewKey, error) {
	var f fault.List
	now := s.now()
	name := text.Line(&f, "name", in.Name, 1, MaxName)
	end := s.until(&f, in.ExpiresAt, now.Add(KeyLife))
	if err := f.Err(); err != nil {
		return nil, err
	}
	by, err := who(ctx)
	if err != nil {
		return nil, err
	}
	part, err := s.part()
	if err != nil {
		return nil, err
	}
	k := &APIKey{
		ID: id.Within[id.APIKey](id.KindAPIKey, string(in.ServiceAccount), part), Name: name,
		CreatedAt: now, CreatedBy: by, ExpiresAt: end,
	}
	c, seen, err := s.draw(keyPrefix, keyOf(k.ID))
	if err != nil {
		return nil, err
	}
	k.Hint, k.Print = c.prefix+c.of+"_"+letters(c.raw)[:4], seen
	a, err := s.give(ctx, in.ServiceAccount, func(a *ServiceAccount) error { return a.addKey(k, now) })
	if err == nil {
		err = onceOnly(ctx)
	}
	if err != nil {
		return nil, named(err, "serviceAccount")
	}
	return &NewKey{Account: a, Key: a.apiKey(k.ID), Text: c.String()}, nil
}

// addKey gives the account a key. Of those that have ended, the oldest are let go.
func (a *ServiceAccount) addKey(k *APIKey, now time.Time) error {
	if err := a.move(VerbUse); err != nil {
		return err
	}
	live := 0
	for _, had := range a.APIKeys {
		if had.live(now) {
			live++
		}
	}
	if live >= LiveKeys {
		return fault.New(fault.Refused, CodeLiveKeys, "max", LiveKeys)
	}
	a.APIKeys = append(a.APIKeys, k)
	for len(a.APIKeys) > keptKeys {
		i := slices.IndexFunc(a.APIKeys, func(k *APIKey) bool { return !k.live(now) })
		a.APIKeys = slices.Delete(a.APIKeys, i, i+1)
	}
	return a.tell(ToldKeyCreated, string(k.ID))
}

func (a *ServiceAccount) apiKey(k id.APIKey) *APIKey {
	i := slices.IndexFunc(a.APIKeys, func(had *APIKey) bool { return had.ID == k })
	if i < 0 {
		return nil
	}
	return a.APIKeys[i]
}

// RevokeKeyInput is the input of revokeApiKey.
type RevokeKeyInput struct {
	command.Once
	ID id.APIKey
}

// RevokeKey ends an API key at once. Ending one that has ended is no mistake.
func (s *Service) RevokeKey(ctx context.Context, in RevokeKeyInput) (*ServiceAccount, error) {
	account, _, _ := id.Whole[id.ServiceAccount](string(in.ID), id.KindServiceAccount)
	return s.stop(ctx, account, func(a *ServiceAccount) error { return a.revokeKey(in.ID, s.now()) })
}

func (a *ServiceAccount) revokeKey(key id.APIKey, now time.Time) error {
	k := a.apiKey(key)
	if k == nil {
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", key)
	}
	if !k.live(now) {
		return nil
	}
	k.RevokedAt = &now
	return a.tell(ToldKeyRevoked, string(key))
}

// AddClientKeyInput is the input of addClientKey.
type AddClientKeyInput struct {
	command.Once
	ServiceAccount id.ServiceAccount
	Name           string
	PublicKey      string
}

// AddClientKey registers a public key by which the account proves who it is.
func (s *Service) AddClientKey(ctx context.Context, in AddClientKeyInput) (*ServiceAccount, error) {
	var f fault.List
	name := text.Line(&f, "name", in.Name, 1, MaxName)
	k, err := readClientKey(in.PublicKey)
	f.Add(err, "publicKey")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if k.CreatedBy, err = who(ctx); err != nil {
		return nil, err
	}
	part, err := s.part()
	if err != nil {
		return nil, err
	}
	k.ID, k.Name, k.CreatedAt = id.Within[id.ClientKey](id.KindClientKey, string(in.ServiceAccount), part), name, s.now()
	a, err := s.give(ctx, in.ServiceAccount, func(a *ServiceAccount) error { return a.addClientKey(k) })
	return a, named(err, "serviceAccount")
}

func (a *ServiceAccount) addClientKey(k *ClientKey) error {
	if err := a.move(VerbUse); err != nil {
		return err
	}
	if slices.ContainsFunc(a.ClientKeys, func(had *ClientKey) bool { return had.Kid == k.Kid }) {
		return fault.New(fault.Refused, CodeKeyTwice, "kid", k.Kid).At("publicKey")
	}
	if len(a.ClientKeys) >= MaxKeys {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxKeys).At("publicKey")
	}
	a.ClientKeys = append(a.ClientKeys, k)
	return a.tell(ToldClientKey, string(k.ID))
}

// RemoveClientKeyInput is the input of removeClientKey.
type RemoveClientKeyInput struct {
	command.Once
	ID id.ClientKey
}

// RemoveClientKey takes a public key away, and with it the access tokens that were got by it.
func (s *Service) RemoveClientKey(ctx context.Context, in RemoveClientKeyInput) (*ServiceAccount, error) {
	account, _, _ := id.Whole[id.ServiceAccount](string(in.ID), id.KindServiceAccount)
	return s.stop(ctx, account, func(a *ServiceAccount) error {
		i := slices.IndexFunc(a.ClientKeys, func(k *ClientKey) bool { return k.ID == in.ID })
		if i < 0 {
			return fault.New(fault.NotFound, fault.CodeNotFound, "id", in.ID)
		}
		a.ClientKeys = slices.Delete(a.ClientKeys, i, i+1)
		return a.tell(ToldClientKeyGone, string(in.ID))
	})
}

// RotateInput is the input of rotateClientSecret.
type RotateInput struct {
	command.Once
	ServiceAccount id.ServiceAccount
	EndOthers      *bool // at once; otherwise the one before goes on for a day
}

// NewSecret is a client secret with its text, which is shown this once.
type NewSecret struct {
	Account *ServiceAccount
	Text    string
}

// Rotate makes a client secret. The one before it is good for another day, unless it is to end at once; older ones end.
func (s *Service) Rotate(ctx context.Context, in RotateInput) (*NewSecret, error) {
	part, err := s.part()
	if err != nil {
		return nil, err
	}
	now := s.now()
	next := &ClientSecret{ID: part, CreatedAt: now}
	c, seen, err := s.draw(secretPrefix, part)
	if err != nil {
		return nil, err
	}
	next.Print = seen
	a, err := s.give(ctx, in.ServiceAccount, func(a *ServiceAccount) error {
		if err := a.move(VerbUse); err != nil {
			return err
		}
		a.succeed(next, now, in.EndOthers != nil && *in.EndOthers)
		return a.tell(ToldSecret, part)
	})
	if err == nil {
		err = onceOnly(ctx)
	}
	if err != nil {
		return nil, named(err, "serviceAccount")
	}
	return &NewSecret{Account: a, Text: c.String()}, nil
}

// succeed puts a secret in the place of the ones before.
func (a *ServiceAccount) succeed(next *ClientSecret, now time.Time, alone bool) {
	kept := slices.DeleteFunc(a.ClientSecrets, func(c *ClientSecret) bool { return alone || !c.live(now) })
	if len(kept) >= LiveSecrets {
		kept = kept[len(kept)-LiveSecrets+1:]
	}
	for _, c := range kept {
		if end := now.Add(Overlap); c.EndsAt == nil || end.Before(*c.EndsAt) {
			c.EndsAt = &end
		}
	}
	a.ClientSecrets = slices.Concat(kept, []*ClientSecret{next})
}

// named leads what was not found to the input field that names it.
func named(err error, field string) error {
	if f := fault.Of(err); err != nil && f.Kind == fault.NotFound && len(f.Path) == 0 {
		return f.At(field)
	}
	return err
}
