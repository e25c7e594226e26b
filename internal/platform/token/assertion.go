package token

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/internal/id"
)

// AssertionLife is the longest that a client's assertion may be good for.
const AssertionLife = 5 * time.Minute

// maxAssertionID bounds the name of an assertion, in bytes.
const maxAssertionID = 256

// ClientKey is a key by which a client's assertions are checked. It is good for one algorithm alone.
type ClientKey struct {
	ID        string // ours
	Kid       string // as assertions name it
	Algorithm string
	Public    crypto.PublicKey
}

// Assertion is what a client has proved: which key it holds, and the name of the proof, which is good for once.
type Assertion struct {
	ID        string
	Key       string // ClientKey.ID
	ExpiresAt time.Time
}

// Algorithms are those by which assertions may be signed.
func Algorithms() []string { return []string{"EdDSA", "ES256", "PS256", "RS256"} }

// Assertions checks the signed assertions with which clients prove who they are (RFC 7523).
type Assertions struct {
	Audiences []string // our names, of which an assertion has just one
	Now       func() time.Time
}

// errAssertion is the cause of a refusal, for the log; the client only learns that it is not recognised.
var errAssertion = errors.New("assertion: refused")

func refuse(why string) error { return fmt.Errorf("%w: %s", errAssertion, why) }

// Client is whose assertion a text says it is, before anything of it is checked; empty for what is none.
func (Assertions) Client(text string) id.ServiceAccount {
	var body jwt.RegisteredClaims
	if !compact(text) {
		return ""
	}
	if _, _, err := jwt.NewParser(jwt.WithStrictDecoding()).ParseUnverified(text, &body); err != nil {
		return ""
	}
	if !id.Is(body.Subject, id.KindServiceAccount) {
		return ""
	}
	return id.ServiceAccount(body.Subject)
}

// Verify checks an assertion of a client by the client's own keys. Whether it was used before is for the caller to find
// out.
func (v Assertions) Verify(text string, client id.ServiceAccount, keys []ClientKey) (Assertion, error) {
	if !compact(text) {
		return Assertion{}, refuse("it has not the form of a token")
	}
	var body jwt.RegisteredClaims
	var with ClientKey
	parser := jwt.NewParser(
		jwt.WithValidMethods(Algorithms()), jwt.WithExpirationRequired(), jwt.WithIssuer(string(client)),
		jwt.WithSubject(string(client)), jwt.WithIssuedAt(), jwt.WithLeeway(Leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(v.Now),
	)
	_, err := parser.ParseWithClaims(text, &body, func(t *jwt.Token) (any, error) {
		var err error
		with, err = keyFor(t, keys)
		return with.Public, err
	})
	if err != nil {
		return Assertion{}, fmt.Errorf("%w: %w", errAssertion, err)
	}
	return v.check(body, with)
}

// keyFor finds the one key that a header names: by its kid where it gives one, by its algorithm in any case. Whatever else
// stands in the header, be it a key of the sender's own or an extension we must understand, is refused.
func keyFor(t *jwt.Token, keys []ClientKey) (ClientKey, error) {
	for name := range t.Header {
		if name != "alg" && name != "typ" && name != "kid" {
			return ClientKey{}, refuse("its header has a " + name)
		}
	}
	typ, said := t.Header["typ"]
	if said && typ != "JWT" && typ != "client-authentication+jwt" {
		return ClientKey{}, refuse("it is of another type")
	}
	kid, named := t.Header["kid"]
	fit := slices.DeleteFunc(slices.Clone(keys), func(k ClientKey) bool {
		return k.Algorithm != t.Method.Alg() || named && kid != k.Kid
	})
	if len(fit) != 1 {
		return ClientKey{}, refuse("it names none of the client's keys, or several")
	}
	return fit[0], nil
}

// check adds what the parser leaves open: for us alone, for how long at most, and with a name.
func (v Assertions) check(body jwt.RegisteredClaims, with ClientKey) (Assertion, error) {
	now := v.Now()
	switch {
	case len(body.Audience) != 1 || !slices.Contains(v.Audiences, body.Audience[0]):
		return Assertion{}, refuse("it is not for us alone")
	case body.ID == "" || len(body.ID) > maxAssertionID:
		return Assertion{}, refuse("it has no name of its own")
	case body.ExpiresAt.After(now.Add(AssertionLife + Leeway)):
		return Assertion{}, refuse("it lives too long")
	case body.IssuedAt != nil && (!body.ExpiresAt.After(body.IssuedAt.Time) || body.ExpiresAt.Sub(body.IssuedAt.Time) > AssertionLife):
		return Assertion{}, refuse("it lives too long")
	}
	return Assertion{ID: body.ID, Key: with.ID, ExpiresAt: body.ExpiresAt.UTC()}, nil
}
