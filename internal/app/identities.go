package app

import (
	"context"
	"net/url"
	"strings"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/identity"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/oidc"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/platform/web/request"
	"github.com/cobuild/cobuild/internal/securitylog"
)

// Issuing says which issuers outside may say who somebody is; the zero Issuing knows none.
type Issuing struct {
	File      string // where they are named
	PublicURL string // where people find this server
}

// identities opens the room of identities, and reads which issuers are trusted.
func (a *App) identities(ctx context.Context) error {
	var err error
	if a.Identities, err = identity.Open(ctx, a.Backend, identity.Service{
		Now: a.Now, Random: a.Random, Address: request.Address,
		Exists: a.People.Exists, HasPassword: a.People.HasPassword, Noted: a.identityAltered,
	}); err != nil || a.Issuing.File == "" {
		return err
	}
	a.Issuers, err = oidc.Open(oidc.Options{
		File: a.Issuing.File, PublicURL: a.Issuing.PublicURL, Origins: a.Bounds.Origins,
		Keys: a.flowKeys, Now: a.Now, Random: a.Random, Log: a.Log,
	})
	return err
}

// flowKeys encrypt what a browser keeps while its user signs in elsewhere: made from the keys of cursors, and good for
// nothing that those are good for.
func (a *App) flowKeys() [][]byte {
	const purpose = "sign-in at an issuer"
	all := [][]byte{a.Keyring.Current(keyring.Cursor).Derived(purpose)}
	for _, k := range a.Keyring.All(keyring.Cursor) {
		if k.RetiredAt != nil {
			all = append(all, k.Derived(purpose))
		}
	}
	return all
}

// vouching lets the room of people take what an issuer says instead of a password.
func (a *App) vouching() person.Identities {
	proof := func(p person.IdentityInput) identity.Proof { return identity.Proof{Code: p.Code, Verifier: p.Verifier} }
	return person.Identities{
		Vouch: func(ctx context.Context, p person.IdentityInput, who id.Person) error {
			return a.Identities.Vouch(ctx, proof(p), who)
		},
		Bind: func(ctx context.Context, p person.IdentityInput, who id.Person) error {
			return a.Identities.Bind(ctx, proof(p), who)
		},
		Trusted: func(issuer string) bool { return a.Issuers.Trusted(issuer) },
	}
}

func (a *App) identityAltered(ctx context.Context, d identity.Deed) {
	kind := securitylog.IdentityUnlinked
	if d.Linked {
		kind = securitylog.IdentityLinked
	}
	a.SecurityLog.Note(ctx, securitylog.Deed{Kind: kind, Person: d.Person})
}

// signInPages answer the browser on its way to an issuer and back; nil where there are no issuers.
func (a *App) signInPages() *web.SignIn {
	if a.Issuers == nil {
		return nil
	}
	return &web.SignIn{
		Secure: strings.HasPrefix(a.Issuing.PublicURL, "https:"), Life: oidc.FlowLife,
		Begin: a.Issuers.Begin, End: a.cameBack, Log: a.Log,
	}
}

// cameBack takes up a browser that comes back from an issuer: where it is to go on, with a one-time code or with what went
// wrong. One that did not set out from here is answered an error.
func (a *App) cameBack(ctx context.Context, name, sealed string, answer url.Values) (string, error) {
	f, err := a.Issuers.Resume(name, sealed, answer.Get("state"))
	if err != nil {
		a.issuerRefused(ctx, err)
		return "", err
	}
	code, err := a.Identities.Arrive(ctx, identity.Arrival{State: f.State, Issuer: f.Issuer, Challenge: f.Challenge},
		func(ctx context.Context) (string, error) { return a.Issuers.Finish(ctx, name, f, answer) })
	if err != nil {
		a.issuerRefused(ctx, err)
		if fault.Of(err).Kind == fault.Internal {
			return "", err
		}
		return f.Return + "#error=" + string(fault.Of(err).Code), nil
	}
	return f.Return + "#code=" + code, nil
}

// issuerRefused keeps that somebody came from an issuer and was not let in. That an issuer is away is no refusal.
func (a *App) issuerRefused(ctx context.Context, err error) {
	f := fault.Of(err)
	if f.Kind != fault.Refused && f.Kind != fault.Invalid {
		return
	}
	a.Log.InfoContext(ctx, "a sign-in at an issuer was refused", "requestId", request.ID(ctx), "error", err)
	a.SecurityLog.Note(ctx, securitylog.Deed{Kind: securitylog.IssuerRefused, Code: f.Code})
}

// SignInWithIssuer opens a session for whoever has signed in at an issuer: one room recognises the identity, the other opens
// the session.
func (a *App) SignInWithIssuer(ctx context.Context, in identity.SignInInput) (*person.SignedIn, error) {
	who, err := a.Identities.Recognise(ctx, in.Proof())
	if err != nil {
		a.issuerRefused(ctx, err)
		return nil, err
	}
	return a.People.SignInBy(ctx, who.Person, person.By{Issuer: who.Issuer, Identity: who.Identity})
}

// LinkIdentity links an identity at an issuer with the caller's account, once the caller has shown that it is theirs.
func (a *App) LinkIdentity(ctx context.Context, in identity.LinkInput) (*identity.Identity, error) {
	if err := a.People.Confirm(ctx, in.Password); err != nil {
		return nil, err
	}
	return a.Identities.Link(ctx, in)
}

// UnlinkIdentity takes an identity from the caller's account, and ends the sessions that it has opened.
func (a *App) UnlinkIdentity(ctx context.Context, in identity.UnlinkInput) (*identity.Identity, error) {
	i, err := a.Identities.Unlink(ctx, in)
	if err != nil {
		return nil, err
	}
	return i, a.People.EndThoseBy(store.WithoutOnce(ctx), authz.From(ctx).Person, i.ID)
}

// IdentityIssuers lists the issuers at which people can sign in, in the reader's language.
func (a *App) IdentityIssuers(ctx context.Context) ([]*identity.Issuer, error) {
	out := []*identity.Issuer{}
	for _, one := range a.Issuers.All() {
		out = append(out, a.shown(ctx, one))
	}
	return out, nil
}

func (a *App) shown(ctx context.Context, one oidc.Issuer) *identity.Issuer {
	start := a.Issuers.Start(one.Name)
	return &identity.Issuer{Name: &one.Name, Title: one.Title.In(catalogue.From(ctx).Language()), Start: &start}
}

// IssuersOf finds issuers by what they call themselves; nil for none. Of one that is trusted no more its address is told.
func (a *App) IssuersOf(ctx context.Context, urls []string) ([]*identity.Issuer, error) {
	out := make([]*identity.Issuer, len(urls))
	for n, address := range urls {
		if address == "" {
			continue
		}
		out[n] = &identity.Issuer{Title: address}
		for _, one := range a.Issuers.All() {
			if one.URL == address {
				out[n] = a.shown(ctx, one)
			}
		}
	}
	return out, nil
}

// identityFace is what the schema shows of all this.
func (a *App) identityFace() graph.Identities {
	return graph.Identities{
		Issuers: a.IdentityIssuers, IssuersOf: a.IssuersOf, Of: a.Identities.Of,
		SignIn: a.SignInWithIssuer, Link: a.LinkIdentity, Unlink: a.UnlinkIdentity,
	}
}
