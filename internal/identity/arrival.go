package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// How long an arrival is remembered, so that it is good for once, and for how long its code is good.
const (
	rememberFor = 15 * time.Minute
	CodeLife    = 5 * time.Minute
)

// codePrefix says what a one-time code is, to people and to scanners for leaked secrets.
const codePrefix = "cbi_"

// arrival is somebody's coming back from an issuer: it happens once, and leads to one code. The code goes by an address,
// which others may read; so it is worth nothing without the verifier, which the website that began has never sent.
type arrival struct {
	store.Meta[id.Arrival] `bson:",inline"`

	Issuer    string      `bson:"issuer"`
	Identity  id.Identity `bson:"identity,omitempty"` // empty until the issuer has said who it is
	Challenge string      `bson:"challenge"`
	Code      []byte      `bson:"code,omitempty"` // SHA-256 of its secret part; none until it is given
	UsedAt    *time.Time  `bson:"usedAt,omitempty"`
	UsedBy    string      `bson:"usedBy,omitempty"` // the mutation that used it, where its client gave it a name
	GoodUntil time.Time   `bson:"goodUntil"`
	ExpiresAt time.Time   `bson:"expiresAt"` // UTC; swept away from here on
}

// Arrival is what is known of somebody who comes back from an issuer.
type Arrival struct {
	State     string // of the sign-in, which is good for once
	Issuer    string // what the issuer calls itself
	Challenge string // SHA-256 of the verifier, in base64url
}

// Arrive notes that somebody is back, has the issuer asked who it is, and gives the one-time code for that. The same sign-in
// arrives once, whatever came of it. Who comes back with what does not hold again and again has to wait: neither our store
// nor the issuer is to be worn out by it.
func (s *Service) Arrive(ctx context.Context, in Arrival, ask func(context.Context) (subject string, err error)) (string, error) {
	var code string
	err := s.guesses.Try("arrival", s.Address(ctx), s.now, func() error {
		var err error
		code, err = s.arrive(ctx, in, ask)
		return err
	})
	return code, err
}

func (s *Service) arrive(ctx context.Context, in Arrival, ask func(context.Context) (string, error)) (string, error) {
	sys := authz.AsSystem(store.WithoutOnce(ctx))
	now := s.now()
	a := &arrival{Issuer: in.Issuer, Challenge: in.Challenge, GoodUntil: now.Add(CodeLife), ExpiresAt: now.Add(rememberFor)}
	a.ID = id.Derived[id.Arrival](id.KindArrival, in.State)
	if _, err := s.arrivals.Add(sys, access.IdentityKeep, a); err != nil {
		if fault.Is(err, fault.CodeTaken) {
			return "", fault.New(fault.Refused, CodeArrived)
		}
		return "", err
	}
	subject, err := ask(ctx)
	if err != nil {
		return "", err
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(s.Random, secret); err != nil {
		return "", fmt.Errorf("identity: no randomness: %w", err)
	}
	_, err = s.arrivals.Touch(sys, access.IdentityKeep, string(a.ID), func(a *arrival) error {
		a.Identity, a.Code = idOf(in.Issuer, subject), hashed(secret)
		return nil
	})
	if err != nil {
		return "", err
	}
	_, tail, _ := strings.Cut(string(a.ID), "_")
	return codePrefix + tail + "_" + base64.RawURLEncoding.EncodeToString(secret), nil
}

// Proof is what a website brings of somebody who has signed in at an issuer.
type Proof struct {
	Code     string // that came back in the address
	Verifier string // whose SHA-256 the sign-in was begun with
}

// verifierShape is that of RFC 7636.
var verifierShape = regexp.MustCompile(`^[0-9A-Za-z._~-]{43,128}$`)

// arrived finds the arrival of a code that is still good. A code that comes with another verifier has been carried off: it
// is worth nothing from then on, whoever brings it.
func (s *Service) arrived(ctx context.Context, p Proof) (*arrival, error) {
	wrong := fault.New(fault.Refused, CodeCode).At("code")
	which, secret, ok := readCode(p.Code)
	if !ok {
		return nil, wrong
	}
	if !verifierShape.MatchString(p.Verifier) {
		return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "43–128 × [0-9A-Za-z._~-]").At("verifier")
	}
	var a *arrival
	err := s.guesses.Try("arrival:"+string(which), s.Address(ctx), s.now, func() error {
		var err error
		sys := authz.AsSystem(store.WithoutOnce(ctx))
		a, err = s.arrivals.Get(sys, string(which))
		switch {
		case fault.Is(err, fault.CodeNotFound):
			return wrong
		case err != nil:
			return err
		case a.usedBy(store.OnceFrom(ctx), secret):
			return fault.New(fault.Refused, fault.CodeAlreadyDone, "id", store.OnceFrom(ctx).ID).At("clientMutationId")
		case !a.takes(secret, s.now()):
			return wrong
		case !a.meant(p.Verifier):
			if err := s.spend(ctx, a); err != nil {
				return err
			}
			return wrong
		}
		return nil
	})
	return a, err
}

// takes says whether a secret is the code's, and in time.
func (a *arrival) takes(secret []byte, now time.Time) bool {
	return a.is(secret) && a.UsedAt == nil && now.Before(a.GoodUntil)
}

func (a *arrival) is(secret []byte) bool {
	return len(a.Code) > 0 && subtle.ConstantTimeCompare(hashed(secret), a.Code) == 1
}

// usedBy says whether it was this very mutation that has used the code.
func (a *arrival) usedBy(once *store.Once, secret []byte) bool {
	return once != nil && a.UsedBy == once.Key && a.is(secret)
}

// meant says whether a verifier is that of the website that began.
func (a *arrival) meant(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(a.Challenge)) == 1
}

// spend uses a code up. Of two who bring it at the same moment one is too late.
func (s *Service) spend(ctx context.Context, a *arrival) error {
	_, err := s.arrivals.Touch(authz.AsSystem(store.WithoutOnce(ctx)), access.IdentityKeep, string(a.ID), func(a *arrival) error {
		if a.UsedAt != nil {
			return fault.New(fault.Refused, CodeCode).At("code")
		}
		now := s.now()
		a.UsedAt = &now
		if once := store.OnceFrom(ctx); once != nil {
			a.UsedBy = once.Key
		}
		return nil
	})
	return err
}

// readCode takes a one-time code apart.
func readCode(text string) (which id.Arrival, secret []byte, ok bool) {
	tail, body, found := strings.Cut(strings.TrimPrefix(text, codePrefix), "_")
	secret, err := base64.RawURLEncoding.Strict().DecodeString(body)
	which = id.Arrival(string(id.KindArrival) + "1_" + tail)
	ok = found && err == nil && len(secret) == 32 && len(text) < 100 && strings.HasPrefix(text, codePrefix) && id.Is(string(which), id.KindArrival)
	return which, secret, ok
}

func hashed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
