package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/request"
	"github.com/cobuild/cobuild/internal/securitylog"
	"github.com/cobuild/cobuild/internal/serviceaccount"
	"github.com/cobuild/cobuild/internal/signingkey"
)

func (a *App) securityLog(ctx context.Context) error {
	var err error
	a.SecurityLog, err = securitylog.Open(ctx, a.Backend, &securitylog.Service{
		Now: a.Now, Cursors: a.Cursors, Log: a.Log, Address: request.Address, Client: request.Client,
	})
	return err
}

// atTheDoor keeps what people do with their passwords and sessions.
func (a *App) atTheDoor(ctx context.Context, d person.Deed) {
	a.SecurityLog.Note(ctx, securitylog.Deed{
		Kind: securitylog.Kind(d.Kind), Person: d.Person, Subject: string(d.Session), Code: d.Code,
	})
}

// keyUsed keeps what is done with the keys of organisations, and by whom.
func (a *App) keyUsed(ctx context.Context, u signingkey.Use) {
	d := securitylog.Deed{
		Kind: securitylog.KeyUsed, Person: authz.From(ctx).Person, Organisation: u.Organisation, Subject: string(u.Key), Code: u.Code,
	}
	if u.Code != "" {
		d.Kind = securitylog.KeyRefused
	}
	a.SecurityLog.Note(ctx, d)
}

// refused keeps what the edge has refused: a token that does not hold, or something that its bearer may not do.
func (a *App) refused(ctx context.Context, code fault.Code, operation string) {
	d := securitylog.Deed{Kind: securitylog.ActionRefused, Person: authz.From(ctx).Person, Code: code, Operation: operation}
	if code == fault.CodeUnauthenticated {
		d.Kind = securitylog.TokenRefused
	}
	a.SecurityLog.Note(ctx, d)
}

// programsAtTheDoor keeps what programs come with: which key or secret, and of whose.
func (a *App) programsAtTheDoor(ctx context.Context, d serviceaccount.Deed) {
	a.SecurityLog.Note(ctx, securitylog.Deed{
		Kind: securitylog.Kind(d.Kind), Organisation: d.Organisation, Subject: string(d.Account), Credential: d.Credential, Code: d.Code,
	})
}
