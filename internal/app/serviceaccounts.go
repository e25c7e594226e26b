package app

import (
	"context"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/platform/web/request"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

func (a *App) serviceAccounts(ctx context.Context) error {
	var err error
	a.ServiceAccounts, err = serviceaccount.Open(ctx, a.Backend, serviceaccount.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Ring: a.Keyring, Told: a.told,
		Tokens:   &token.Issuer{Keys: a.Keyring, Name: a.Issuer, Audience: audience, Now: a.Now},
		Verifier: a.Verifier, Audiences: web.OAuthAudiences(a.Issuer),
		Organisation: a.Directory.FactsOf, Address: request.Address, Noted: a.programsAtTheDoor,

		Altered: func(of id.ServiceAccount) { a.Feed.Recheck(string(of)) },
	})
	return err
}

// Authenticate finds who a bearer speaks for, with the rights in force now: by an API key, by a service account's token, or
// by a person's.
func (a *App) Authenticate(ctx context.Context, bearer string) (authz.Actor, error) {
	if serviceaccount.IsAPIKey(bearer) {
		return a.ServiceAccounts.ByKey(ctx, bearer)
	}
	claims, err := a.Verifier.Verify(bearer)
	switch {
	case err != nil:
		return authz.Actor{}, err
	case claims.Service != "":
		return a.ServiceAccounts.ByToken(ctx, claims)
	}
	return a.actor(ctx, claims.Person, claims.Session)
}

// again finds who was given the address of a document, as they are now.
func (a *App) again(ctx context.Context, who id.Person, session id.Session) (authz.Actor, error) {
	if id.Is(string(who), id.KindServiceAccount) {
		return a.ServiceAccounts.Again(ctx, id.ServiceAccount(who), string(session))
	}
	return a.actor(ctx, who, session)
}

// oauth leads the addresses of OAuth to the room of service accounts.
func (a *App) oauth() *web.OAuth {
	proof := func(c web.OAuthClient) serviceaccount.Proof {
		return serviceaccount.Proof{ID: c.ID, Secret: c.Secret, Assertion: c.Assertion}
	}
	return &web.OAuth{
		Issuer: a.Issuer, Scopes: words(grantable()), Algorithms: token.Algorithms(), Log: a.Log,
		Grant: func(ctx context.Context, c web.OAuthClient, scope string) (web.OAuthToken, error) {
			g, err := a.ServiceAccounts.Grant(ctx, proof(c), scope)
			if err != nil {
				return web.OAuthToken{}, err
			}
			return web.OAuthToken{Token: g.Token, Life: token.AccessLife, Scope: strings.Join(words(g.Scopes), " ")}, nil
		},
		Introspect: func(ctx context.Context, c web.OAuthClient, text string) (map[string]any, error) {
			var none map[string]any
			d, err := a.ServiceAccounts.Introspect(ctx, proof(c), text)
			if err != nil || d == nil {
				return none, err
			}
			return described(d), nil
		},
		Revoke: func(ctx context.Context, c web.OAuthClient, text string) error {
			return a.ServiceAccounts.Revoke(ctx, proof(c), text)
		},
		Invalid: func(err error) bool { return fault.Is(err, serviceaccount.CodeClient) },
		Scope:   func(err error) bool { return fault.Is(err, serviceaccount.CodeNotGranted) },
	}
}

// described is what a token is good for, by the names of RFC 7662.
func described(d *serviceaccount.Described) map[string]any {
	kind := "Bearer"
	if d.Key {
		kind = "api_key"
	}
	return map[string]any{
		"client_id": d.Client, "sub": d.Client, "scope": strings.Join(words(d.Scopes), " "), "token_type": kind,
		"jti": d.ID, "iat": d.IssuedAt.Unix(), "exp": d.ExpiresAt.Unix(), "aud": audience,
	}
}

// grantable are the scopes that an account can be given.
func grantable() []authz.Scope {
	var all []authz.Scope
	for _, s := range authz.Scopes() {
		if serviceaccount.Grantable(s) {
			all = append(all, s)
		}
	}
	return all
}

func words(scopes []authz.Scope) []string {
	all := make([]string, len(scopes))
	for i, s := range scopes {
		all[i] = string(s)
	}
	return all
}
