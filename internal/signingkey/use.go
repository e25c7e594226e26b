package signingkey

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Use is one use of an organisation's key, or an attempt at one that was refused.
type Use struct {
	Key          id.SigningKey // empty where none is known
	Organisation id.Organisation
	Code         fault.Code // with what it was refused; empty where it was not
}

// SignAs signs a statement with the key held for an organisation, for an actor who has its signing right. The key is
// opened for this one signature. KEY_NONE_HELD where none is held.
func (s *Service) SignAs(ctx context.Context, o id.Organisation, say signing.Statement) (jws, kid string, err error) {
	k, err := s.one(authz.AsSystem(ctx), byHeldFor.Is(o))
	if err != nil {
		return "", "", err
	}
	if k == nil {
		return "", "", fault.New(fault.Refused, CodeNoneHeld, "organisation", o)
	}
	if !s.table.Allows(authz.From(ctx), access.KeyUse, k) {
		return "", "", fault.New(fault.Forbidden, fault.CodeForbidden, "action", access.KeyUse)
	}
	private, err := s.open(k)
	if err != nil {
		return "", "", err
	}
	if jws, err = signing.Sign(private, k.Kid, say); err != nil {
		return "", "", err
	}
	s.Noted(ctx, Use{Key: k.ID, Organisation: o})
	return jws, k.Kid, nil
}

// CheckSignature checks a signature that an organisation made itself: over just this statement, by a key that the
// organisation has registered and not revoked. KEY_UNKNOWN, KEY_REVOKED or SIGNATURE_INVALID otherwise.
func (s *Service) CheckSignature(ctx context.Context, o id.Organisation, jws string, say signing.Statement) (kid string, err error) {
	use := Use{Organisation: o}
	defer func() {
		if err == nil || fault.Of(err).Kind == fault.Refused || fault.Of(err).Kind == fault.Invalid {
			if err != nil {
				use.Code = fault.Of(err).Code
			}
			s.Noted(ctx, use)
		}
	}()
	if kid, err = signing.KeyID(jws); err != nil {
		return "", err
	}
	k, err := s.one(authz.AsSystem(ctx), byKid.Is(kid))
	if err != nil {
		return "", err
	}
	if k == nil || k.Organisation != o {
		return "", fault.New(fault.Refused, CodeUnknown, "kid", kid)
	}
	use.Key = k.ID
	if err := k.usable(); err != nil {
		return "", err
	}
	public, err := k.JWK.Public()
	if err != nil {
		return "", err
	}
	if err := signing.Verify(jws, public, say); err != nil {
		return "", err
	}
	return kid, nil
}

// KeysOf finds keys by their kid, in the order of kids; nil where there is none.
func (s *Service) KeysOf(ctx context.Context, kids []string) ([]*SigningKey, error) {
	out := make([]*SigningKey, len(kids))
	if len(kids) == 0 {
		return out, nil
	}
	found := map[string]*SigningKey{}
	for k, err := range s.keys.Walk(ctx, byKid.In(kids...)) {
		if err != nil {
			return nil, err
		}
		found[k.Kid] = k
	}
	for i, kid := range kids {
		out[i] = found[kid]
	}
	return out, nil
}

// Exported is the key as an exported contract tells it.
func (k *SigningKey) Exported() signing.Key {
	return signing.Key{
		Kid: k.Kid, JWK: k.JWK, Organisation: k.Organisation, Held: k.Held,
		RegisteredAt: k.RegisteredAt, RevokedAt: k.RevokedAt,
	}
}

// Rewrap encrypts anew, under the current master key, what older ones encrypted, and tells how many keys it was. It
// is for after a rotation, may be repeated and stopped at any time.
func (s *Service) Rewrap(ctx context.Context) (int, error) {
	ctx = authz.AsSystem(ctx)
	current := s.Ring.Current(keyring.Master).ID
	n := 0
	for k, err := range s.keys.Walk(ctx, store.Or(bySealedWith.Lt(current), bySealedWith.Gt(current))) {
		if err != nil {
			return n, err
		}
		done := false
		_, err := s.keys.Touch(ctx, access.KeyUse, string(k.ID), func(k *SigningKey) error {
			if done = false; k.Sealed == nil || k.SealedWith == current {
				return nil
			}
			private, err := s.open(k)
			if err != nil {
				return err
			}
			done = true
			return s.seal(k, private.Seed())
		})
		if err != nil {
			return n, err
		}
		if done {
			n++
		}
	}
	return n, nil
}

// open decrypts a held key.
func (s *Service) open(k *SigningKey) (ed25519.PrivateKey, error) {
	seed, err := s.Ring.Unseal(keyring.Master, k.Sealed, []byte(k.ID))
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("signing key %s: a seed of %d bytes", k.ID, len(seed))
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// one finds the key that a unique field names; nil where there is none.
func (s *Service) one(ctx context.Context, where store.Filter) (*SigningKey, error) {
	found, err := s.keys.List(ctx, store.Query{Where: where, Limit: 1})
	if err != nil {
		return nil, err
	}
	var none *SigningKey
	if len(found.Items) == 0 {
		return none, nil
	}
	return found.Items[0], nil
}
