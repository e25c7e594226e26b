package serviceaccount

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// usedAfter is how long a use goes unnoted after the last note.
const usedAfter = time.Minute

// IsAPIKey says whether a bearer's text is to be taken for an API key.
func IsAPIKey(text string) bool { return strings.HasPrefix(text, keyPrefix) }

// nobody is the one answer to whatever does not hold, so that nobody learns why.
func nobody() error { return fault.New(fault.Unauthenticated, fault.CodeUnauthenticated) }

// ByKey is who comes with an API key: the account as it is at this moment. A key that is unknown, wrong, expired or
// revoked, and one whose account is stopped, are refused alike, after the same work.
func (s *Service) ByKey(ctx context.Context, text string) (authz.Actor, error) {
	c, ok := readSecret(keyPrefix, text)
	if !ok { // mistyped: no guess, and no reason to look anything up
		return authz.Actor{}, nobody()
	}
	var out authz.Actor
	var whose *ServiceAccount
	err := s.guesses.Try("key:"+c.of, s.Address(ctx), s.now, func() error {
		a, k, err := s.keyed(ctx, c)
		whose = a
		if err != nil {
			return err
		}
		out, err = s.actor(ctx, a, string(k.ID), a.Scopes)
		return err
	})
	_, key := accountOf(c.of)
	s.noteKey(ctx, whose, key, err)
	return out, err
}

// keyed finds the account and the key that a text proves; where it proves nothing, the account it is said to be of.
func (s *Service) keyed(ctx context.Context, c secret) (*ServiceAccount, *APIKey, error) {
	of, key := accountOf(c.of)
	a, err := s.load(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	k := a.apiKey(key)
	if k == nil {
		k = &APIKey{}
	}
	if !s.matches(c, k.Print) || !k.live(s.now()) {
		return a, nil, nobody()
	}
	return a, k, nil
}

// load finds an account for the program; an empty one where there is none.
func (s *Service) load(ctx context.Context, of id.ServiceAccount) (*ServiceAccount, error) {
	a, err := s.accounts.Get(authz.AsSystem(ctx), string(of))
	if fault.Is(err, fault.CodeNotFound) {
		return &ServiceAccount{}, nil
	}
	return a, err
}

// ByToken is who comes with an access token: the account as it is at this moment, with what of the token's scopes it still
// has. A token ends with its account's being stopped, with what it was got by, and with being revoked.
func (s *Service) ByToken(ctx context.Context, c token.Claims) (authz.Actor, error) {
	a, err := s.load(ctx, c.Service)
	if err != nil {
		return authz.Actor{}, err
	}
	if !a.honours(c, s.now()) {
		return authz.Actor{}, nobody()
	}
	return s.actor(ctx, a, c.Via, split(c.Scope))
}

// honours says whether an access token of the account still holds.
func (a *ServiceAccount) honours(c token.Claims, at time.Time) bool {
	return a.ID != "" && a.ID == c.Service && a.Generation == c.Generation && a.proves(c.Via, at) &&
		!slices.ContainsFunc(a.Revoked, func(r revokedToken) bool { return r.ID == c.ID })
}

// proves says whether what an account once proved itself with is still good.
func (a *ServiceAccount) proves(via string, at time.Time) bool {
	if k := a.apiKey(id.APIKey(via)); k != nil {
		return k.live(at)
	}
	return slices.ContainsFunc(a.ClientKeys, func(k *ClientKey) bool { return string(k.ID) == via }) ||
		slices.ContainsFunc(a.ClientSecrets, func(c *ClientSecret) bool { return c.ID == via && c.live(at) })
}

// Again is the account that came with something a moment ago, if it could still come with it: for addresses of documents
// that were given to it.
func (s *Service) Again(ctx context.Context, of id.ServiceAccount, via string) (authz.Actor, error) {
	a, err := s.load(ctx, of)
	if err != nil {
		return authz.Actor{}, err
	}
	if !a.proves(via, s.now()) {
		return authz.Actor{}, nobody()
	}
	return s.actor(ctx, a, via, a.Scopes)
}

// actor is the account as who acts, and notes that it does. What it came with stands in the place of a session.
func (s *Service) actor(ctx context.Context, a *ServiceAccount, via string, asked []authz.Scope) (authz.Actor, error) {
	now := s.now()
	if err := s.able(ctx, a, now); err != nil {
		return authz.Actor{}, err
	}
	s.noted(ctx, a, via, now)
	return a.as(via, asked), nil
}

// able refuses an account that cannot act at a moment.
func (s *Service) able(ctx context.Context, a *ServiceAccount, at time.Time) error {
	if !a.usable(at) {
		return nobody()
	}
	facts, err := s.Organisation(ctx, a.Organisation)
	if err != nil && !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	if err != nil || !facts.Exists() || !fits(a.Role, facts.Kind) {
		return nobody()
	}
	return nil
}

// Acting is an account as who acts at this moment, without anything that it came with: for what the server does as it.
// UNAUTHENTICATED where it cannot act now.
func (s *Service) Acting(ctx context.Context, of id.ServiceAccount) (authz.Actor, error) {
	a, err := s.load(ctx, of)
	if err == nil {
		err = s.able(ctx, a, s.now())
	}
	if err != nil {
		return authz.Actor{}, err
	}
	return a.as("", a.Scopes), nil
}

// Able says whether an account can act at this moment.
func (s *Service) Able(a *ServiceAccount) bool { return a.usable(s.now()) }

// as is the account as who acts, as far as some scopes go.
func (a *ServiceAccount) as(via string, asked []authz.Scope) authz.Actor {
	out := authz.Actor{
		Service: a.ID, Name: a.Name, Session: id.Session(via),
		Holdings: []authz.Holding{{Role: a.Role, Organisation: a.Organisation, Within: a.Above}},
	}
	for _, one := range a.granted(asked) {
		out.Scopes = append(out.Scopes, string(one))
	}
	return out
}

// errNoted keeps the second of many requests at once from writing what the first has written.
var errNoted = errors.New("service account: its use has been noted")

// noted notes that an account and its key are in use, at most once a minute. Where that fails, the request goes on all the
// same.
func (s *Service) noted(ctx context.Context, a *ServiceAccount, via string, now time.Time) {
	fresh := func(at *time.Time) bool { return at != nil && now.Sub(*at) < usedAfter }
	if k := a.apiKey(id.APIKey(via)); fresh(a.LastUsedAt) && (k == nil || fresh(k.LastUsedAt)) {
		return
	}
	_, _ = s.accounts.Touch(authz.AsSystem(ctx), access.ServiceUse, string(a.ID), func(a *ServiceAccount) error {
		k := a.apiKey(id.APIKey(via))
		if fresh(a.LastUsedAt) && (k == nil || fresh(k.LastUsedAt)) {
			return errNoted
		}
		a.LastUsedAt = &now
		if k != nil {
			k.LastUsedAt = &now
		}
		return nil
	})
}

// split are the scopes of a text in which they stand between spaces.
func split(s string) []authz.Scope {
	var all []authz.Scope
	for one := range strings.FieldsSeq(s) {
		all = append(all, authz.Scope(one))
	}
	return all
}
