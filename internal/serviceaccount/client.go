package serviceaccount

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
	"github.com/cobuild/cobuild/internal/platform/token"
)

// Proof is what a client shows to be recognised: its secret, or an assertion that it has signed.
type Proof struct {
	ID        string // the account's identifier; may be empty with an assertion, which names it
	Secret    string
	Assertion string
}

// Grant is an access token, and what it is good for.
type Grant struct {
	Token     string
	ExpiresAt time.Time // UTC
	Scopes    []authz.Scope
}

// Grant gives an access token to a client that proves who it is: for all scopes of its account, or for those of them that
// it asks for. CLIENT_NOT_VALID and SCOPE_NOT_GRANTED otherwise.
func (s *Service) Grant(ctx context.Context, p Proof, scope string) (*Grant, error) {
	a, via, err := s.prove(ctx, p)
	if err != nil {
		return nil, err
	}
	scopes := slices.Clone(a.Scopes)
	if strings.TrimSpace(scope) != "" {
		if scopes, err = a.narrowed(split(scope)); err != nil {
			return nil, err
		}
	}
	words := make([]string, len(scopes))
	for i, one := range scopes {
		words[i] = string(one)
	}
	name, err := s.part()
	if err != nil {
		return nil, err
	}
	more, err := s.part()
	if err != nil {
		return nil, err
	}
	signed, err := s.Tokens.Service(token.Claims{
		Service: a.ID, ID: name + more, Scope: strings.Join(words, " "), Via: via, Generation: a.Generation,
	})
	if err != nil {
		return nil, err
	}
	s.noted(ctx, a, via, s.now())
	s.noteGrant(ctx, a, via)
	return &Grant{Token: signed.Text, ExpiresAt: signed.ExpiresAt, Scopes: scopes}, nil
}

// narrowed are the scopes that were asked for, all of which the account must have. What everybody has needs no asking.
func (a *ServiceAccount) narrowed(asked []authz.Scope) ([]authz.Scope, error) {
	for _, one := range asked {
		if !slices.Contains(a.Scopes, one) && (!one.Open() || !slices.Contains(authz.Scopes(), one)) {
			return nil, fault.New(fault.Refused, CodeNotGranted, "scope", text.Clip(string(one), 40))
		}
	}
	return a.granted(slices.DeleteFunc(authz.Scopes(), func(s authz.Scope) bool { return !slices.Contains(asked, s) })), nil
}

// prove finds the account that a proof is of, and what it was proved by. Whatever is wrong, the answer is the same.
func (s *Service) prove(ctx context.Context, p Proof) (a *ServiceAccount, via string, err error) {
	of := id.ServiceAccount(p.ID)
	if p.Assertion != "" {
		of = s.assertions().Client(p.Assertion)
		if p.ID != "" && p.ID != string(of) {
			return nil, "", fault.New(fault.Unauthenticated, CodeClient)
		}
	}
	if !id.Is(string(of), id.KindServiceAccount) {
		of = ""
	}
	err = s.guesses.Try("client:"+string(of), s.Address(ctx), s.now, func() error {
		if a, err = s.load(ctx, of); err != nil {
			return err
		}
		if p.Assertion != "" {
			via, err = s.asserted(ctx, a, of, p.Assertion)
		} else {
			via = s.secretOf(a, p.Secret)
		}
		if err == nil && (via == "" || !a.usable(s.now())) {
			err = fault.New(fault.Unauthenticated, CodeClient)
		}
		return err
	})
	if err != nil {
		s.noteRefusal(ctx, a, err)
	}
	return a, via, err
}

// secretOf is which of the account's secrets a text is; empty for none.
func (s *Service) secretOf(a *ServiceAccount, text string) string {
	c, ok := readSecret(secretPrefix, text)
	i := slices.IndexFunc(a.ClientSecrets, func(had *ClientSecret) bool { return had.ID == c.of })
	if !ok || i < 0 {
		s.matches(c, print{})
		return ""
	}
	if had := a.ClientSecrets[i]; s.matches(c, had.Print) && had.live(s.now()) {
		return had.ID
	}
	return ""
}

func (s *Service) assertions() token.Assertions {
	return token.Assertions{Audiences: s.Audiences, Now: s.Now}
}

// asserted is by which of the account's keys an assertion was signed; empty for none. An assertion is good for once.
func (s *Service) asserted(ctx context.Context, a *ServiceAccount, of id.ServiceAccount, text string) (string, error) {
	var keys []token.ClientKey
	for _, k := range a.ClientKeys {
		public, err := k.public()
		if err != nil {
			return "", err
		}
		keys = append(keys, public)
	}
	said, err := s.assertions().Verify(text, of, keys)
	if err != nil {
		if len(keys) == 0 { // as much work as with a key, so that the time tells nobody whether an account exists
			ed25519.Verify(make([]byte, ed25519.PublicKeySize), []byte(text), make([]byte, ed25519.SignatureSize))
		}
		return "", fault.New(fault.Unauthenticated, CodeClient).Because(err)
	}
	once := &spent{ExpiresAt: said.ExpiresAt.Add(token.Leeway + time.Second)}
	once.ID = id.Derived[id.Assertion](id.KindAssertion, string(of), said.ID)
	_, err = s.spent.Add(store.WithoutOnce(authz.AsSystem(ctx)), access.ServiceUse, once)
	if fault.Is(err, fault.CodeTaken) {
		return "", fault.New(fault.Unauthenticated, CodeClient).Because(errSpent)
	}
	return said.Key, err
}

// errSpent is the cause of a refusal, for the log.
var errSpent = errors.New("service account: the assertion was used before")

// revokedToken is an access token that was taken back; it is remembered for as long as it would have been good.
type revokedToken struct {
	ID        string    `bson:"id"`
	ExpiresAt time.Time `bson:"expiresAt"`
}

// maxRevoked bounds the tokens that are remembered one by one. Whoever takes back more within ten minutes loses all that
// are under way.
const maxRevoked = 50

// Revoke ends a token or an API key of the client's own (RFC 7009). One that is unknown, has ended or is somebody else's is
// no mistake: nothing happens, and the answer tells nothing.
func (s *Service) Revoke(ctx context.Context, p Proof, text string) error {
	a, _, err := s.prove(ctx, p)
	if err != nil {
		return err
	}
	c, key, ok := s.own(ctx, a, text)
	if !ok {
		return nil
	}
	now := s.now()
	if key != nil {
		_, err = s.accounts.Change(s.as(ctx, a), access.ServiceUse, string(a.ID), func(a *ServiceAccount) error {
			return a.revokeKey(key.ID, now)
		})
		return err
	}
	defer s.Altered(a.ID)
	_, err = s.accounts.Touch(authz.AsSystem(ctx), access.ServiceUse, string(a.ID), func(a *ServiceAccount) error {
		a.RevokedAt = &now
		a.Revoked = slices.DeleteFunc(a.Revoked, func(r revokedToken) bool { return now.After(r.ExpiresAt) || r.ID == c.ID })
		a.Revoked = append(a.Revoked, revokedToken{c.ID, c.ExpiresAt.Add(token.Leeway)})
		if len(a.Revoked) > maxRevoked {
			a.Revoked = nil
			a.Generation++
		}
		return nil
	})
	return err
}

// as is a context in which the program does what a client has asked for, in the client's name.
func (s *Service) as(ctx context.Context, a *ServiceAccount) context.Context {
	return store.WithActor(authz.AsSystem(ctx), string(a.ID))
}

// own finds what a text of the client's own stands for: an access token that still holds, or an API key that does.
func (s *Service) own(ctx context.Context, a *ServiceAccount, text string) (c token.Claims, k *APIKey, ok bool) {
	if IsAPIKey(text) {
		read, ok := readSecret(keyPrefix, text)
		if of, _ := accountOf(read.of); !ok || of != a.ID {
			return c, nil, false
		}
		_, k, err := s.keyed(ctx, read)
		return c, k, err == nil
	}
	c, err := s.Verifier.Verify(text)
	return c, nil, err == nil && a.honours(c, s.now())
}

// Described is what a token is good for (RFC 7662).
type Described struct {
	Client    id.ServiceAccount
	Scopes    []authz.Scope
	ID        string
	IssuedAt  time.Time
	ExpiresAt time.Time
	Key       bool // an API key, no access token
}

// Introspect tells a client of a token or an API key of its own; nil for one that does not hold, or is not its own.
func (s *Service) Introspect(ctx context.Context, p Proof, text string) (*Described, error) {
	var none *Described
	a, _, err := s.prove(ctx, p)
	if err != nil {
		return nil, err
	}
	c, k, ok := s.own(ctx, a, text)
	switch {
	case !ok:
		return none, nil
	case k != nil:
		return &Described{
			Client: a.ID, Scopes: a.Scopes, ID: string(k.ID), IssuedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, Key: true,
		}, nil
	}
	return &Described{
		Client: a.ID, Scopes: a.granted(split(c.Scope)), ID: c.ID, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
	}, nil
}
