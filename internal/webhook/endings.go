package webhook

import (
	"context"
	"errors"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// AccountEnded suspends the webhooks of a service account that has ended for good: for a follower. Nothing has been sent as
// that account since it ended; this tells people so.
func (s *Service) AccountEnded(ctx context.Context, of id.ServiceAccount) error {
	return s.each(ctx, byAccount.Is(of), byCreated.Asc(), func(ctx context.Context, w *Webhook) error {
		_, err := s.webhooks.Change(ctx, access.WebhookKeep, string(w.ID), func(w *Webhook) error {
			if _, ok := next(w.State, VerbSuspend); !ok {
				return errNothing
			}
			return w.move(VerbSuspend, CauseAccount, ToldSuspended)
		})
		return err
	})
}

// Resettle copies the bodies above an organisation anew to its webhooks: for a follower, when a community has moved or a
// unit reports elsewhere. Doing it twice is harmless.
func (s *Service) Resettle(ctx context.Context, o id.Organisation) error {
	facts, err := s.Organisation(authz.AsSystem(ctx), o)
	if err != nil {
		return err
	}
	return s.each(ctx, byOrganisation.Is(o), byCreated.Desc(), func(ctx context.Context, w *Webhook) error {
		_, err := s.webhooks.Touch(ctx, access.WebhookKeep, string(w.ID), func(w *Webhook) error {
			w.Above = facts.Above
			return nil
		})
		return err
	})
}

// Forget takes somebody who was erased out of the webhooks that they made; those go on.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	return s.each(ctx, byCreator.Is(who), byCreator.Asc(), func(ctx context.Context, w *Webhook) error {
		_, err := s.webhooks.Touch(ctx, access.WebhookKeep, string(w.ID), func(w *Webhook) error {
			w.CreatedBy = nil
			return nil
		})
		return err
	})
}

// each does something to all webhooks of a kind.
func (s *Service) each(ctx context.Context, of store.Filter, by store.Order, do func(context.Context, *Webhook) error) error {
	ctx = authz.AsSystem(ctx)
	for w, err := range s.webhooks.Walk(ctx, of, by) {
		if err == nil {
			err = do(ctx, w)
		}
		if err != nil && !errors.Is(err, errNothing) {
			return err
		}
	}
	return nil
}
