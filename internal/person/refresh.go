package person

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// A refresh token is cbr_, the session's own part of its identifier, and 52 bytes: 16 that all tokens of the session
// share, 32 of its own, and a checksum, so that a mistyped one is told from a stolen one. The shared part is what
// tells a token that was good once, and is therefore in the wrong hands, from a guess: a guess ends nobody's session.
const (
	refreshPrefix = "cbr_"
	sharedLength  = 16
	ownLength     = 32
)

// refreshToken is one that was read.
type refreshToken struct {
	session     id.Session
	shared, own []byte
}

func (t refreshToken) String() string {
	body := append(append([]byte{}, t.shared...), t.own...)
	body = binary.BigEndian.AppendUint32(body, t.sum())
	_, tail, _ := strings.Cut(string(t.session), "_")
	return refreshPrefix + tail + "_" + base64.RawURLEncoding.EncodeToString(body)
}

func (t refreshToken) sum() uint32 {
	return crc32.ChecksumIEEE(append(append([]byte(t.session), t.shared...), t.own...))
}

// readRefresh takes a refresh token apart; ok is false for what is none.
func readRefresh(s string) (t refreshToken, ok bool) {
	tail, body, found := strings.Cut(strings.TrimPrefix(s, refreshPrefix), "_")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	t.session = id.Session(string(id.KindSession) + "1_" + tail)
	if !found || err != nil || !strings.HasPrefix(s, refreshPrefix) || len(raw) != sharedLength+ownLength+4 || !id.Is(string(t.session), id.KindSession) {
		return refreshToken{}, false
	}
	t.shared, t.own = raw[:sharedLength], raw[sharedLength:sharedLength+ownLength]
	return t, binary.BigEndian.Uint32(raw[sharedLength+ownLength:]) == t.sum()
}

func hashed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func is(b, hash []byte) bool { return subtle.ConstantTimeCompare(hashed(b), hash) == 1 }

// arm gives a session its first refresh token.
func (s *Service) arm(o *Session) (string, error) {
	t := refreshToken{session: o.ID, shared: make([]byte, sharedLength), own: make([]byte, ownLength)}
	for _, b := range [][]byte{t.shared, t.own} {
		if _, err := io.ReadFull(s.Random, b); err != nil {
			return "", fmt.Errorf("session: no randomness: %w", err)
		}
	}
	o.Family, o.Secret = hashed(t.shared), hashed(t.own)
	return t.String(), nil
}

// RefreshInput is the input of refreshSession.
type RefreshInput struct {
	command.Once
	RefreshToken string
}

// Refresh gives new tokens for a refresh token, which is worth nothing from then on (rotation, RFC 9700). One that comes
// a second time has been copied: whoever brings it, the session ends with all that came of it. Of two who bring the
// same token at the same moment the later one is such a second. A client that never got the answer has lost its
// session too, and signs in again.
func (s *Service) Refresh(ctx context.Context, in RefreshInput) (*SignedIn, error) {
	t, ok := readRefresh(in.RefreshToken)
	if !ok {
		return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", refreshPrefix+"…").At("refreshToken")
	}
	var fresh *SignedIn
	_, err := s.guess(ctx, "refresh:"+string(t.session), func() (*Person, error) {
		var err error
		fresh, err = s.rotate(ctx, t)
		return &Person{}, err
	})
	return fresh, err
}

// rotate puts a new secret in the place of the token's.
func (s *Service) rotate(ctx context.Context, t refreshToken) (*SignedIn, error) {
	wrong := fault.New(fault.Refused, CodeRefresh).At("refreshToken")
	sys := authz.AsSystem(ctx)
	was, err := s.sessions.Get(sys, string(t.session))
	if fault.Is(err, fault.CodeNotFound) {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	p, err := s.people.Get(sys, string(was.Person))
	if err != nil {
		return nil, nobody(err)
	}
	next := refreshToken{session: t.session, shared: t.shared, own: make([]byte, ownLength)}
	if _, err := io.ReadFull(s.Random, next.own); err != nil {
		return nil, fmt.Errorf("session: no randomness: %w", err)
	}
	ctx = authz.With(ctx, authz.Actor{Person: p.ID, Session: was.ID, Name: p.Name.Clear()})
	var refusal error
	o, err := s.sessions.Change(ctx, access.SessionRefresh, string(t.session), func(o *Session) error {
		refusal = nil
		now := s.now()
		switch {
		case !is(t.shared, o.Family), !s.stands(o, p, now):
			return wrong
		case !is(t.own, o.Secret): // it was good once
			refusal = fault.New(fault.Refused, CodeReused).At("refreshToken")
			o.end(now)
			return nil
		}
		o.Secret = hashed(next.own)
		o.prolong(now)
		return nil
	})
	if err == nil && refusal != nil {
		s.Noted(ctx, Deed{Kind: DeedRefreshReused, Person: p.ID, Session: o.ID, Code: CodeReused})
		s.Altered(p.ID)
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	if once := store.OnceFrom(ctx); once != nil && once.Replayed {
		if o.EndedAt != nil {
			return nil, wrong
		}
		return nil, fault.New(fault.Refused, fault.CodeAlreadyDone, "id", once.ID).At("clientMutationId")
	}
	return s.signedIn(ctx, p, o, next.String())
}

// signedIn is the answer to who has signed in or comes with a good refresh token.
func (s *Service) signedIn(ctx context.Context, p *Person, o *Session, refresh string) (*SignedIn, error) {
	signed, err := s.Tokens.Access(p.ID, o.ID)
	if err != nil {
		return nil, err
	}
	s.view(authz.From(ctx), p)
	return &SignedIn{
		Token: signed.Text, ExpiresAt: signed.ExpiresAt, Person: p, Session: o.ID,
		RefreshToken: refresh, RefreshExpiresAt: o.ExpiresAt,
	}, nil
}

// errNoted keeps the second of many requests at once from writing what the first has written.
var errNoted = errors.New("person: the session's use has been noted")

// noted notes that a session is in use, at most once a minute. Where that fails, the request goes on all the same.
func (s *Service) noted(ctx context.Context, o *Session, now time.Time) {
	if now.Sub(o.UsedAt) < usedAfter {
		return
	}
	_, _ = s.sessions.Touch(ctx, access.SessionRefresh, string(o.ID), func(o *Session) error {
		if now.Sub(o.UsedAt) < usedAfter {
			return errNoted
		}
		o.UsedAt = now
		return nil
	})
}
