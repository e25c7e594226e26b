package app

import (
	"context"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// listen makes the feed, from which subscriptions hear what happens.
func (a *App) listen() {
	a.Feed = feed.New(feed.Options{Journal: a.Journal, Again: a.anew, Rights: rights, Log: a.Log})
}

// rights says whose rights an event may have altered.
func rights(e *journal.Entry) (who string, all bool) {
	kind, _, _ := strings.Cut(e.Type, ".")
	switch kind {
	case "role":
		return e.Subject, false
	case "delegation", "serviceAccount": // of many, and seldom
		return "", true
	}
	return "", false
}

// anew finds the rights that an actor has at this moment, by what they came with, just as for a request of its own;
// UNAUTHENTICATED where that has been withdrawn.
func (a *App) anew(ctx context.Context) (authz.Actor, error) {
	if was := authz.From(ctx); was.IsSystem() || !was.Known() {
		return was, nil
	}
	bearer := string(authz.ProofFrom(ctx).Bearer)
	return a.anewOf.Read(ctx, came{request.Address(ctx), bearer}, func(ctx context.Context) (authz.Actor, error) {
		return a.Authenticate(ctx, bearer)
	})
}

// came is with what somebody came, and from where.
type came struct{ address, bearer string }

// callers find out who is calling on connections that stay open.
func (a *App) callers() gql.Callers {
	return gql.Callers{Login: web.LoginWith(a.Authenticate), Again: a.Feed.Again, Attend: a.Feed.Attend, Now: a.Now}
}

// Stopping ends the connections that would stay open for ever, telling their clients to come again. It waits for that
// until ctx ends.
func (a *App) Stopping(ctx context.Context) {
	a.Feed.Stop()
	if a.engine != nil {
		a.engine.Stop(ctx)
	}
}
