package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

func (a *App) delegations(ctx context.Context) error {
	var err error
	a.Delegations, err = delegation.Open(ctx, a.Backend, delegation.Config{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Organisations: a.Directory.Facts,
	})
	return err
}

// actor is a person in an open session with all that they hold at this moment: their own roles, and what is lent to the
// organisations that they lead.
func (a *App) actor(ctx context.Context, who id.Person, in id.Session) (authz.Actor, error) {
	found, err := a.People.Actor(ctx, who, in)
	if err != nil {
		return authz.Actor{}, err
	}
	return a.Delegations.Lend(ctx, found)
}
