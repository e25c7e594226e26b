package signingkey

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Service registers, finds and uses signing keys.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Ring    *keyring.Keyring // whose master key encrypts what is held
	Told    func()           // wakes the relay; may be nil
	// Noted hears how keys are used, for the security log; may be nil.
	Noted func(context.Context, Use)

	table authz.Table
	keys  *store.Collection[*SigningKey]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	if s.Noted == nil {
		s.Noted = func(context.Context, Use) {}
	}
	s.table = access.Table()
	var err error
	if s.keys, err = store.Open(ctx, db, store.Options[*SigningKey]{
		Schema: schema(), Read: access.KeyRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf(s.table, access.KeyRead, nil, nil, view),
	}); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	return &s, nil
}

// Outboxes are the room's collections as the relay sees them.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.keys} }

// RegisterInput is the input of registerSigningKey. Without a public key, one is made and held.
type RegisterInput struct {
	command.Once
	Organisation id.Organisation
	PublicKey    *string
}

// Register keeps a key for an organisation: a public one whose private half the organisation keeps itself
// (JWK, base64url or PEM), of which it may have several; or one that is made and held here, of which it has one at a
// time.
func (s *Service) Register(ctx context.Context, in RegisterInput) (*SigningKey, error) {
	k := &SigningKey{Organisation: in.Organisation, RegisteredAt: s.now(), RegisteredBy: whoActs(ctx)}
	k.ID = store.NewID[id.SigningKey](ctx, id.KindSigningKey, s.Now(), s.Random)
	if err := s.material(k, in.PublicKey); err != nil {
		return nil, err
	}
	if err := k.Tell(ToldRegistered, k.told()); err != nil {
		return nil, err
	}
	kid := k.Kid
	kept, err := s.keys.Add(ctx, access.KeyRegister, k)
	exists, ok := errors.AsType[*store.ExistsError](err)
	switch {
	case ok && exists.Index == heldOnce().Name():
		return nil, fault.New(fault.Refused, CodeHeldAlready, "organisation", in.Organisation).At("organisation")
	case ok:
		return nil, fault.New(fault.Refused, CodeKeyTaken, "kid", kid).At("publicKey")
	}
	return kept, err
}

// material gives the key its public half, and a held one its private half too.
func (s *Service) material(k *SigningKey, given *string) error {
	if given != nil {
		public, err := signing.ParsePublicKey(*given)
		if err != nil {
			return fault.Of(err).At("publicKey")
		}
		k.Kid, k.JWK = signing.Fingerprint(public), signing.JWKOf(public)
		return nil
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(s.Random, seed); err != nil {
		return fmt.Errorf("signing key: no randomness: %w", err)
	}
	public, _ := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	k.Kid, k.JWK = signing.Fingerprint(public), signing.JWKOf(public)
	k.Held, k.HeldFor = true, k.Organisation
	return s.seal(k, seed)
}

// seal encrypts a held key's seed for this key alone.
func (s *Service) seal(k *SigningKey, seed []byte) error {
	with := s.Ring.Current(keyring.Master).ID
	sealed, err := s.Ring.Seal(keyring.Master, seed, []byte(k.ID))
	if err != nil {
		return fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	k.Sealed, k.SealedWith = sealed, with
	return nil
}

// RevokeInput is the input of revokeSigningKey.
type RevokeInput struct {
	command.Change
	ID     id.SigningKey
	Reason string
}

// Revoke ends a key: nothing is signed with it any more. It stays to be seen, with the reason, and what it
// signed before stays signed.
func (s *Service) Revoke(ctx context.Context, in RevokeInput) (*SigningKey, error) {
	var f fault.List
	reason := text.Block(&f, "reason", in.Reason, 1, MaxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.keys.Change(ctx, access.KeyRevoke, string(in.ID), func(k *SigningKey) error {
		if err := in.Expect(k.Version); err != nil {
			return err
		}
		if err := k.usable(); err != nil {
			return err
		}
		at := s.now()
		k.RevokedAt, k.RevokedBy, k.Reason, k.HeldFor = &at, whoActs(ctx), &reason, ""
		k.Sealed, k.SealedWith = nil, "" // what cannot be used need not be kept
		return k.Tell(ToldRevoked, k.told())
	})
}

// SigningKey finds a key.
func (s *Service) SigningKey(ctx context.Context, k id.SigningKey) (*SigningKey, error) {
	return s.keys.Get(ctx, string(k))
}

// Many finds keys in the order of ids; nil where there is none.
func (s *Service) Many(ctx context.Context, ids []id.SigningKey) ([]*SigningKey, error) {
	plain := make([]string, len(ids))
	for i, k := range ids {
		plain[i] = string(k)
	}
	return s.keys.GetMany(ctx, plain)
}

// These are the names under which the API binds pages of keys.
type (
	// Connection is a page of keys.
	Connection = page.Connection[*SigningKey]
	// Edge is a key of a page, with its cursor.
	Edge = page.Edge[*SigningKey]
)

// SigningKeys lists an organisation's keys, the oldest first, revoked ones included.
func (s *Service) SigningKeys(ctx context.Context, of id.Organisation, a page.Args) (*Connection, error) {
	return page.List(ctx, s.keys, s.Cursors, byOrganisation.Is(of), []store.Order{byRegistered.Asc()}, a)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

func whoActs(ctx context.Context) *id.Person {
	if p := authz.From(ctx).Author(); p != "" {
		return &p
	}
	var program *id.Person
	return program
}
