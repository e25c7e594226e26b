// Package token makes and checks the tokens with which people come back after signing in: EdDSA JWTs (RFC 9068 in
// form) of a short life, signed by the keyring's token key.
//
// A token says who and in which session, nothing of what they may do: rights are looked up at every request. Tokens
// are of a class, told by their typ; a demonstration's long-lived ones are a class that other servers refuse.
package token

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// Class is what kind of token it is, as its typ header says.
type Class string

// The classes.
const (
	Access Class = "at+jwt"   // of somebody who signed in; lives 10 minutes
	Demo   Class = "demo+jwt" // handed out by a demonstration server, for itself alone; lives 12 hours
)

// How long a token of each class lives, and by how much clocks may differ between servers.
const (
	AccessLife = 10 * time.Minute
	DemoLife   = 12 * time.Hour
	Leeway     = 30 * time.Second
)

// life is how long tokens of a class live; zero for what is no class.
func (c Class) life() time.Duration {
	switch c {
	case Access:
		return AccessLife
	case Demo:
		return DemoLife
	}
	return 0
}

// Claims are what a token says.
type Claims struct {
	Class     Class
	Person    id.Person
	Session   id.Session
	IssuedAt  time.Time // UTC, to the second
	ExpiresAt time.Time // UTC, to the second

	// Of a service account's token, which has no person and no session:
	Service    id.ServiceAccount
	ID         string // this token's own name
	Scope      string // the scopes it was given, between spaces
	Via        string // by what the account had proved who it is: when that ends, the token ends
	Generation int    // the account's, when the token was made
}

// Signed is a token as text, ready to be sent.
type Signed struct {
	Text      string
	ExpiresAt time.Time // UTC, to the second
}

// Issuer makes tokens.
type Issuer struct {
	Keys     *keyring.Keyring
	Name     string // who issues: this installation's address, the same on every node
	Audience string // for whom: the API's address
	Now      func() time.Time
}

// Access makes a token for somebody who signed in.
func (i *Issuer) Access(person id.Person, session id.Session) (Signed, error) {
	return i.issue(Access, person, session)
}

// Demo makes a token for an actor of the demonstration.
func (i *Issuer) Demo(person id.Person, session id.Session) (Signed, error) {
	return i.issue(Demo, person, session)
}

// Service makes an access token for a service account (RFC 9068). Of the claims it takes Service, ID, Scope, Via and
// Generation.
func (i *Issuer) Service(c Claims) (Signed, error) {
	return i.sign(Access, &claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: string(c.Service), ID: c.ID},
		Client:           string(c.Service), Scope: c.Scope, Via: c.Via, Generation: c.Generation,
	})
}

func (i *Issuer) issue(class Class, person id.Person, session id.Session) (Signed, error) {
	return i.sign(class, &claims{RegisteredClaims: jwt.RegisteredClaims{Subject: string(person)}, Session: string(session)})
}

func (i *Issuer) sign(class Class, c *claims) (Signed, error) {
	now := i.Now().UTC().Truncate(time.Second)
	ends := now.Add(class.life())
	c.Issuer, c.Audience = i.Name, jwt.ClaimStrings{i.Audience}
	c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(ends)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	key := i.Keys.Current(keyring.Token)
	t.Header["typ"], t.Header["kid"] = string(class), key.ID
	text, err := t.SignedString(key.Private())
	if err != nil {
		return Signed{}, fmt.Errorf("token: sign: %w", err)
	}
	return Signed{Text: text, ExpiresAt: ends}, nil
}

// claims are the token's body.
type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid,omitempty"`

	Client     string `json:"client_id,omitempty"`
	Scope      string `json:"scope,omitempty"`
	Via        string `json:"via,omitempty"`
	Generation int    `json:"gen,omitempty"`
}
