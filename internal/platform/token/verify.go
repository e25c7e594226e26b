package token

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// MaxLength is the length in bytes beyond which a text is not even looked at.
const MaxLength = 4096

// errRefused is the cause of a refusal, for the log; the caller only learns that the token is no good.
var errRefused = errors.New("token: refused")

// Verifier checks tokens. It accepts only what an Issuer of the same name, audience and keyring makes, byte for byte.
type Verifier struct {
	Keys      *keyring.Keyring
	Name      string // the issuer's
	Audience  string
	AllowDemo bool // whether this server is a demonstration
	Now       func() time.Time
}

// Verify reads a token, or refuses it as UNAUTHENTICATED. Whether its session still lasts is not for the token to say.
func (v *Verifier) Verify(text string) (Claims, error) {
	c, err := v.verify(text)
	if err != nil {
		return Claims{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated).Because(err)
	}
	return c, nil
}

func (v *Verifier) verify(text string) (Claims, error) {
	if !compact(text) {
		return Claims{}, refused("it has not the form of a token")
	}
	var body claims
	var class Class
	_, err := v.parser().ParseWithClaims(text, &body, func(t *jwt.Token) (any, error) {
		var key ed25519.PublicKey
		var err error
		class, key, err = v.header(t)
		return key, err
	})
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", errRefused, err)
	}
	return body.check(class)
}

func (v *Verifier) parser() *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithIssuer(v.Name),
		jwt.WithAudience(v.Audience),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(v.Now),
	)
}

// compact says whether a text is three parts of base64url and nothing else. The decoder below would skip line breaks,
// so that one token could be written in many ways.
func compact(text string) bool {
	if len(text) > MaxLength || strings.Count(text, ".") != 2 {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) < 0
}

// header finds the class and the key. Ours has just three members: whatever else stands there, be it a key of the
// sender's own (jwk, jku, x5u) or an extension we must understand (crit), is refused.
func (v *Verifier) header(t *jwt.Token) (Class, ed25519.PublicKey, error) {
	for name := range t.Header {
		if name != "alg" && name != "typ" && name != "kid" {
			return "", nil, refused("its header has a " + name)
		}
	}
	typ, _ := t.Header["typ"].(string)
	class := Class(typ)
	if class.life() == 0 || class == Demo && !v.AllowDemo {
		return "", nil, refused("its class is not accepted here")
	}
	kid, _ := t.Header["kid"].(string)
	key, err := v.Keys.Key(keyring.Token, kid)
	if err != nil {
		return "", nil, err
	}
	if !trusted(key, class, v.Now()) {
		return "", nil, refused("its key has been retired for longer than it can live")
	}
	return class, key.Public(), nil
}

// trusted says whether tokens of a class signed by a key can be alive: those of a retired key die out.
func trusted(key keyring.Key, class Class, now time.Time) bool {
	return key.RetiredAt == nil || now.Before(key.RetiredAt.Add(class.life()+Leeway))
}

// check adds what the parser leaves open: who, in which session, and for how long at most.
func (c *claims) check(class Class) (Claims, error) {
	service := id.Is(c.Subject, id.KindServiceAccount)
	switch {
	case service && (class != Access || c.Client != c.Subject || c.Session != "" || c.ID == "" || c.Via == ""):
		return Claims{}, refused("it is no token of a service account")
	case !service && !id.Is(c.Subject, id.KindPerson):
		return Claims{}, refused("its subject is no person")
	case !service && (!id.Is(c.Session, id.KindSession) || c.Client != "" || c.Scope != "" || c.Via != ""):
		return Claims{}, refused("it has no session, or more than a person's token has")
	case c.IssuedAt == nil:
		return Claims{}, refused("it does not say when it was issued")
	case !c.ExpiresAt.After(c.IssuedAt.Time) || c.ExpiresAt.Sub(c.IssuedAt.Time) > class.life():
		return Claims{}, refused("it lives longer than its class may")
	}
	out := Claims{Class: class, IssuedAt: c.IssuedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC()}
	if service {
		out.Service, out.ID, out.Scope = id.ServiceAccount(c.Subject), c.ID, c.Scope
		out.Via, out.Generation = c.Via, c.Generation
		return out, nil
	}
	out.Person, out.Session = id.Person(c.Subject), id.Session(c.Session)
	return out, nil
}

func refused(why string) error { return fmt.Errorf("%w: %s", errRefused, why) }
