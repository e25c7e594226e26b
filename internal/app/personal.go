package app

import (
	"context"
	"errors"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/personalaccess"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

func (a *App) personalAccesses(ctx context.Context) error {
	var err error
	a.PersonalAccesses, err = personalaccess.Open(ctx, a.Backend, &personalaccess.Service{Now: a.Now, Cursors: a.Cursors})
	return err
}

// forget removes what rooms keep of somebody who was erased.
func (a *App) forget(ctx context.Context, e journal.Entry) error {
	who := id.Person(e.Subject)
	_, err := a.Journal.Erase(ctx, e.Subject)
	return errors.Join(err, a.People.Forget(ctx, who), a.SecurityLog.Forget(ctx, who), a.PersonalAccesses.Forget(ctx, who),
		a.Identities.Forget(ctx, who), a.Webhooks.Forget(ctx, who), a.Files.Forget(ctx, who), a.Bulk.Forget(ctx, who),
		a.Needs.Forget(ctx, who))
}

// notify tells people of what happened, and forgets the inbox of somebody who was erased: in this order, for the end of
// their roles is among what they would be told of.
func (a *App) notify(ctx context.Context, e journal.Entry) error {
	if e.Type == person.EventErased {
		return a.Notifications.Forget(ctx, id.Person(e.Subject))
	}
	return a.Notifications.Follow(ctx, e)
}
