package notification

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// mailboxOf finds somebody's mailbox.
const mailboxOf = store.Field[id.Person]("_id")

// Forget removes the inbox, the settings and the mailbox of somebody who was erased.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	ctx = authz.AsSystem(ctx)
	if err := s.notifications.PurgeAll(ctx, byPerson.Is(who)); err != nil {
		return err
	}
	if err := s.settings.PurgeAll(ctx, settingsOf.Is(who)); err != nil {
		return err
	}
	return s.mailboxes.PurgeAll(ctx, mailboxOf.Is(who))
}
