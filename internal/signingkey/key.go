// Package signingkey is the room of the keys with which organisations sign.
//
// An organisation either registers the public half of a key that never reaches the server, or has a key held for it:
// made here, kept encrypted under the keyring's master key, used only for whoever has the organisation's signing right.
// Keys are revoked, never removed: what they signed before stays signed.
package signingkey

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The codes of this room, with the parameters of their sentences.
const (
	CodeUnknown     fault.Code = "KEY_UNKNOWN"      // kid: the organisation has registered no such key
	CodeRevoked     fault.Code = "KEY_REVOKED"      // kid, at
	CodeKeyTaken    fault.Code = "KEY_TAKEN"        // kid: it is registered already, by whomever
	CodeHeldAlready fault.Code = "KEY_HELD_ALREADY" // organisation: revoke the key held for it first
	CodeNoneHeld    fault.Code = "KEY_NONE_HELD"    // organisation: no key is held for it, it signs by itself
)

// The events of this room. Each carries a Told.
const (
	ToldRegistered = "key.registered"
	ToldRevoked    = "key.revoked"
)

// MaxReason bounds the reason of a revocation, in characters.
const MaxReason = 1000

// SigningKey is a key with which an organisation signs, or signed.
type SigningKey struct {
	store.Meta[id.SigningKey] `bson:",inline"`
	Organisation              id.Organisation `bson:"organisation"`
	Kid                       string          `bson:"kid"` // the public key's thumbprint (RFC 7638); names it in signatures
	JWK                       signing.JWK     `bson:"jwk"` // the public key
	Held                      bool            `bson:"held"`
	RegisteredAt              time.Time       `bson:"registeredAt"`
	RegisteredBy              *id.Person      `bson:"registeredBy,omitempty"` // for the organisation's own eyes
	RevokedAt                 *time.Time      `bson:"revokedAt,omitempty"`
	RevokedBy                 *id.Person      `bson:"revokedBy,omitempty"` // for the organisation's own eyes
	Reason                    *string         `bson:"reason,omitempty"`    // why it was revoked

	Sealed     []byte          `bson:"sealed,omitempty"`     // the private key of a held one, encrypted; never leaves
	SealedWith string          `bson:"sealedWith,omitempty"` // the master key that did it
	HeldFor    id.Organisation `bson:"heldFor,omitempty"`    // the organisation, while it is its current held key
}

// Told is what events say of a key.
type Told struct {
	Organisation id.Organisation `bson:"organisation"`
	Kid          string          `bson:"kid"`
	Held         bool            `bson:"held"`
}

// IsNode marks a key as an object that the API finds by its identifier alone.
func (*SigningKey) IsNode() {}

// PublicKey is the public key as a JWK (RFC 8037), in JSON.
func (k *SigningKey) PublicKey() string { return k.JWK.String() }

// Stand tells how organisations stand to the key: it is a part of its own.
func (k *SigningKey) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own {
		return []id.Organisation{k.Organisation}
	}
	return nil
}

// Audience is everybody, and the organisation. Events name no person.
func (k *SigningKey) Audience() []string {
	return []string{authz.Everybody, string(k.Organisation)}
}

// usable refuses a key that was revoked.
func (k *SigningKey) usable() error {
	if k.RevokedAt == nil {
		return nil
	}
	return fault.New(fault.Refused, CodeRevoked, "kid", k.Kid, "at", *k.RevokedAt)
}

func (k *SigningKey) told() Told { return Told{Organisation: k.Organisation, Kid: k.Kid, Held: k.Held} }

// view blanks what is not public: the private key for everybody but the program itself, and who registered and revoked
// for those outside the organisation.
func view(a authz.Actor, k *SigningKey) {
	if a.IsSystem() {
		return
	}
	k.Sealed, k.SealedWith = nil, ""
	for _, h := range a.Holdings {
		if h.Organisation == k.Organisation && h.Role != authz.Member && !h.Lent() || h.Role == authz.Administrator {
			return
		}
	}
	k.RegisteredBy, k.RevokedBy = nil, nil
}

const (
	byOrganisation = store.Field[id.Organisation]("organisation")
	byKid          = store.Field[string]("kid")
	byHeldFor      = store.Field[id.Organisation]("heldFor")
	bySealedWith   = store.Field[string]("sealedWith")
	byRegistered   = store.Field[time.Time]("registeredAt")
)

func schema() store.Schema {
	return store.Schema{
		Name: "signingKeys",
		Indexes: []store.Index{
			store.Unique(byKid.Asc()), heldOnce(),
			store.Lookup(byOrganisation.Asc(), byRegistered.Asc()), store.Sparse(bySealedWith.Asc()),
		},
	}
}

// heldOnce lets an organisation have one current held key.
func heldOnce() store.Index { return store.Unique(byHeldFor.Asc()) }
