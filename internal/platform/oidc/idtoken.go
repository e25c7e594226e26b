package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	library "github.com/coreos/go-oidc/v3/oidc"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The bounds of an ID token, in bytes.
const (
	maxToken   = 16 << 10
	maxSubject = 255 // OpenID Connect Core, section 2
)

// subject is whom an ID token is about, if it holds: signed by the issuer for us, in answer to this very question. access
// is the access token that came with it.
func (p *provider) subject(ctx context.Context, m *metadata, text, access, nonce string) (string, error) {
	if err := plainHeader(text); err != nil {
		return "", err
	}
	keys := &asked{set: m.keys}
	verifier := library.NewVerifier(p.URL, keys, &library.Config{
		ClientID: p.ClientID, SupportedSigningAlgs: m.Algorithms,
		Now: func() time.Time { return p.now().Add(-Leeway) }, // for exp; nbf is looked at below
	})
	t, err := verifier.Verify(ctx, text)
	if fault.Is(keys.err, CodeAway) {
		return "", keys.err
	}
	if err != nil {
		return "", err
	}
	if t.AccessTokenHash != "" {
		if err := t.VerifyAccessToken(access); err != nil {
			return "", err
		}
	}
	var c claims
	if err := t.Claims(&c); err != nil {
		return "", fmt.Errorf("oidc: claims: %w", err)
	}
	return t.Subject, p.complete(t, c, nonce)
}

// asked are keys that remember why they could not be had: the library passes on the words of an error alone.
type asked struct {
	set *keySet
	err error
}

// VerifySignature checks a token by the key that it names.
func (a *asked) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	payload, err := a.set.VerifySignature(ctx, text)
	a.err = err
	return payload, err
}

// claims are those that the library does not look at.
type claims struct {
	Authorised *string  `json:"azp"`
	NotBefore  *float64 `json:"nbf"`
}

// complete adds what the library leaves open: for us alone, for this question, of now, and not for ever.
func (p *provider) complete(t *library.IDToken, c claims, nonce string) error {
	now := p.now()
	switch {
	case t.Issuer != p.URL: // the library lets one issuer off
		return errors.New("oidc: it is of another issuer")
	case t.Subject == "" || len(t.Subject) > maxSubject:
		return errors.New("oidc: it is about nobody")
	case len(t.Audience) > 1 && c.Authorised == nil, c.Authorised != nil && *c.Authorised != p.ClientID:
		return errors.New("oidc: it was made for somebody else")
	case nonce == "" || subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(nonce)) != 1:
		return errors.New("oidc: it answers another question")
	case t.IssuedAt.Unix() <= 0 || t.IssuedAt.After(now.Add(Leeway)):
		return errors.New("oidc: it does not say when it was made, or in the future")
	case c.NotBefore != nil && time.Unix(int64(*c.NotBefore), 0).After(now.Add(Leeway)):
		return errors.New("oidc: it holds in the future")
	case !t.Expiry.After(t.IssuedAt) || t.Expiry.Sub(t.IssuedAt) > maxTokenLife:
		return errors.New("oidc: it holds for too long")
	}
	return nil
}

// plainHeader refuses what is written in more than one way, and headers that would have us trust a key of the sender's own
// or that we would have to understand. Thumbprints of certificates say nothing to us, and do no harm.
func plainHeader(text string) error {
	if len(text) > maxToken || strings.Count(text, ".") != 2 || strings.ContainsFunc(text, notBase64) {
		return errors.New("oidc: it has not the form of a token")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text[:strings.IndexByte(text, '.')])
	if err != nil {
		return errors.New("oidc: its header cannot be read")
	}
	var head map[string]any
	if err := json.Unmarshal(raw, &head); err != nil {
		return errors.New("oidc: its header cannot be read")
	}
	for name, value := range head {
		switch name {
		case "alg", "kid", "x5t", "x5t#S256":
		case "typ":
			if value != "JWT" {
				return errors.New("oidc: it is of another type")
			}
		default:
			return errors.New("oidc: its header has a member that is not ours to follow")
		}
	}
	return nil
}

func notBase64(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}
