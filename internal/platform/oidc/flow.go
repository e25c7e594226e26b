package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	library "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// FlowLife is how long somebody may take to sign in at an issuer.
const FlowLife = 10 * time.Minute

// MaxReturn is the longest address to return to, in bytes.
const MaxReturn = 500

// Flow is a sign-in under way. It is kept by the browser it was begun in, sealed; no node remembers it.
type Flow struct {
	Issuer    string    `json:"i"` // what the issuer calls itself
	State     string    `json:"s"` // what must come back
	Nonce     string    `json:"n"` // what must stand in the issuer's answer
	Verifier  string    `json:"v"` // by which the issuer knows that it is we who ask again (PKCE)
	Return    string    `json:"r"` // where the person goes on
	Challenge string    `json:"c"` // by which we know that it is the same website that asks again
	EndsAt    time.Time `json:"e"`
}

// challengeShape is the SHA-256 of something, as RFC 7636 writes it.
var challengeShape = regexp.MustCompile(`^[0-9A-Za-z_-]{43}$`)

// Begin begins a sign-in at an issuer: where the browser is to go, and what it is to keep. The person returns to an address
// of a website that the operator trusts, and that website has made the challenge.
func (i *Issuers) Begin(ctx context.Context, name, back, challenge string) (to, sealed string, err error) {
	p, err := i.find(name)
	if err != nil {
		return "", "", err
	}
	if err := i.mayReturn(back); err != nil {
		return "", "", err
	}
	if !challengeShape.MatchString(challenge) {
		return "", "", fault.New(fault.Invalid, CodeChallenge)
	}
	m, err := p.metadata(ctx)
	if err != nil {
		return "", "", err
	}
	f := Flow{Issuer: p.URL, Return: back, Challenge: challenge, EndsAt: i.o.Now().Add(FlowLife).UTC()}
	for _, secret := range []*string{&f.State, &f.Nonce, &f.Verifier} {
		if *secret, err = i.draw(); err != nil {
			return "", "", err
		}
	}
	if sealed, err = i.seal(name, f); err != nil {
		return "", "", err
	}
	return p.config(m, i.address(name, "callback")).AuthCodeURL(f.State, library.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), sealed, nil
}

// mayReturn refuses addresses that are not of the websites the operator named: nobody is led elsewhere by our word.
func (i *Issuers) mayReturn(back string) error {
	bad := fault.New(fault.Invalid, CodeReturn)
	u, err := url.Parse(back)
	if err != nil || len(back) > MaxReturn || strings.ContainsFunc(back, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return bad
	}
	if u.User != nil || u.Fragment != "" || strings.Contains(back, "#") || u.Opaque != "" {
		return bad
	}
	origin := u.Scheme + "://" + u.Host
	own, err := url.Parse(i.o.PublicURL)
	if err != nil || origin != own.Scheme+"://"+own.Host && !slices.Contains(i.o.Origins, origin) {
		return bad
	}
	return nil
}

// draw makes a secret of 256 bits.
func (i *Issuers) draw() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(i.o.Random, b[:]); err != nil {
		return "", fmt.Errorf("oidc: no randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// Resume opens what the browser has kept when it comes back from an issuer. It must be of this issuer, of now, and the
// answer's state its own: whoever is sent here with the answer to somebody else's question is refused.
func (i *Issuers) Resume(name, sealed, state string) (Flow, error) {
	elsewhere := fault.New(fault.Refused, CodeElsewhere)
	p, err := i.find(name)
	if err != nil {
		return Flow{}, err
	}
	f, err := i.unseal(name, sealed)
	if err != nil {
		return Flow{}, elsewhere.Because(err)
	}
	switch {
	case f.Issuer != p.URL:
		return Flow{}, elsewhere.Because(errors.New("oidc: begun at another issuer"))
	case !i.o.Now().Before(f.EndsAt):
		return Flow{}, elsewhere.Because(errors.New("oidc: begun too long ago"))
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1:
		return Flow{}, elsewhere.Because(errors.New("oidc: the state is another one"))
	}
	return f, nil
}

// Finish asks the issuer who the person is that it has sent back to us with an answer.
func (i *Issuers) Finish(ctx context.Context, name string, f Flow, answer url.Values) (subject string, err error) {
	p, err := i.find(name)
	if err != nil {
		return "", err
	}
	if answer.Has("error") {
		return "", fault.New(fault.Refused, CodeDenied).Because(errors.New("oidc: " + denial(answer.Get("error"))))
	}
	m, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	unproven := fault.New(fault.Refused, CodeUnproven)
	if said := answer.Get("iss"); said != p.URL && (said != "" || m.SaysIssuer) { // RFC 9207
		return "", unproven.Because(errors.New("oidc: the answer is of another issuer"))
	}
	ctx = library.ClientContext(ctx, p.client)
	t, err := p.config(m, i.address(name, "callback")).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < 500 {
			return "", unproven.Because(fmt.Errorf("oidc: the code was refused: %s", denial(refused.ErrorCode)))
		}
		return "", away(errors.New("oidc: the code could not be exchanged"))
	}
	text, _ := t.Extra("id_token").(string)
	subject, err = p.subject(ctx, m, text, t.AccessToken, f.Nonce)
	switch {
	case fault.Is(err, CodeAway):
		return "", err
	case err != nil:
		return "", unproven.Because(err)
	}
	return subject, nil
}

// denial is an issuer's word for why not, fit for a log.
func denial(s string) string {
	if len(s) > 60 || s == "" || strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return "another error"
	}
	return s
}
