package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// TestInput is the input of testWebhook.
type TestInput struct {
	command.Once
	ID id.Webhook
}

// Test sends a webhook.test in the way that events are sent, once, and answers with what came of it. Where it is taken,
// what waits for its next try is tried at once.
func (s *Service) Test(ctx context.Context, in TestInput) (*Delivery, error) {
	w, err := s.ready(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.Acting(authz.AsSystem(ctx), w.ServiceAccount); refused(err) {
		return nil, fault.New(fault.Refused, CodeAccount).At("id")
	} else if err != nil {
		return nil, err
	}
	now := s.now()
	d := &Delivery{Webhook: w.ID, Type: TestType, At: now, State: Pending, ExpiresAt: now.Add(keptFor)}
	d.ID = store.NewID[id.WebhookDelivery](ctx, id.KindWebhookDelivery, now, s.Random)
	within := authz.With(ctx, authz.System()) // still under the client's own name for it
	if d, err = s.deliveries.Add(within, access.WebhookKeep, d); err != nil {
		return nil, err
	}
	if once := store.OnceFrom(ctx); once != nil && once.Replayed {
		return d, nil
	}
	data, err := json.Marshal(map[string]id.Webhook{"webhook": w.ID})
	if err != nil {
		return nil, err
	}
	out := s.send(ctx, w, string(d.ID), letter{TestType, now, data})
	s.noted(out, false, now)
	state := Failed
	if out.fine() {
		state = Delivered
		if err := s.refresh(ctx, w.ID); err != nil {
			return nil, err
		}
	}
	return s.deliveries.Touch(authz.AsSystem(ctx), access.WebhookKeep, string(d.ID), func(d *Delivery) error {
		d.take(out.Attempt, state, nil, s.now())
		return nil
	})
}

// ready finds a webhook for a person who may have something sent to it; the secrets are with it.
func (s *Service) ready(ctx context.Context, of id.Webhook) (*Webhook, error) {
	if _, err := who(ctx); err != nil {
		return nil, err
	}
	w, err := s.webhooks.Get(ctx, string(of))
	if err != nil {
		return nil, err
	}
	if err := s.may(ctx, access.WebhookGive(w.Role), w); err != nil {
		return nil, err
	}
	if w.State == Deleted {
		return nil, fault.New(fault.Refused, CodeState, "status", w.State).At("id")
	}
	return s.webhooks.Get(authz.AsSystem(ctx), string(of))
}

// ReplayInput is the input of replayWebhookDelivery.
type ReplayInput struct {
	command.Once
	ID id.WebhookDelivery
}

// Replay has an event sent once more, whatever became of it before: one try, by the rights and with the selection of today.
// One that waits for its next try is tried at once.
func (s *Service) Replay(ctx context.Context, in ReplayInput) (*Delivery, error) {
	d, err := s.deliveries.Get(authz.AsSystem(ctx), string(in.ID))
	if err != nil {
		return nil, err
	}
	w, err := s.ready(ctx, d.Webhook)
	if fault.Is(err, fault.CodeNotFound) {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", in.ID).At("id")
	}
	if err != nil {
		return nil, err
	}
	if d.Seq == 0 || w.State != Active {
		return nil, fault.New(fault.Refused, CodeReplay, "max", mostAgain).At("id")
	}
	p, err := s.progress.Get(authz.AsSystem(ctx), string(w.ID))
	if err != nil {
		return nil, err
	}
	if len(p.Again) >= mostAgain {
		return nil, fault.New(fault.Refused, CodeReplay, "max", mostAgain).At("id")
	}
	within := authz.With(ctx, authz.System()) // still under the client's own name for it
	d, err = s.deliveries.Change(within, access.WebhookKeep, string(d.ID), func(d *Delivery) error {
		d.State, d.NextAttemptAt = Pending, new(s.now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, s.note(ctx, w.ID, func(p *progress) error {
		if slices.Contains(p.Again, d.Seq) {
			return errNothing
		}
		p.Again = append(p.Again, d.Seq)
		return nil
	})
}

// ReplayManyInput is the input of replayWebhookDeliveries.
type ReplayManyInput struct {
	command.Change
	ID          id.Webhook
	FailedSince *time.Time // given up, of what happened then or later
	FailedAfter *int64     // given up, of what lies behind this place
}

// ReplayMany has everything sent once more that was given up since a moment, or behind a place, in its order.
func (s *Service) ReplayMany(ctx context.Context, in ReplayManyInput) (*Webhook, error) {
	if in.FailedSince == nil && in.FailedAfter == nil {
		return nil, fault.New(fault.Invalid, fault.CodeRequired).At("failedSince")
	}
	w, err := s.give(ctx, in.ID, func(w *Webhook) error {
		if err := in.Expect(w.Version); err != nil {
			return err
		}
		if w.State != Active {
			return fault.New(fault.Refused, CodeState, "status", w.State).At("id")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	last, err := s.Last(ctx)
	if err != nil {
		return nil, err
	}
	next := &replay{Until: last}
	if in.FailedAfter != nil {
		next.After = *in.FailedAfter
	}
	if in.FailedSince != nil {
		first, err := s.failedSince(authz.AsSystem(ctx), w.ID, *in.FailedSince)
		if err != nil {
			return nil, err
		}
		next.After = max(next.After, first-1)
	}
	return w, s.note(ctx, w.ID, func(p *progress) error {
		p.Replay = next
		return nil
	})
}

// failedSince is the place of the first event since a moment that was given up; of what comes behind it all happened later.
func (s *Service) failedSince(ctx context.Context, w id.Webhook, since time.Time) (int64, error) {
	for d, err := range s.deliveries.Walk(ctx, store.And(ofWebhook.Is(w), ofState.Is(Failed)), ofSeq.Asc()) {
		if err != nil || !d.At.Before(since) {
			return max(seqOf(d), 1), err
		}
	}
	last, err := s.Last(ctx)
	return last + 1, err
}

func seqOf(d *Delivery) int64 {
	if d == nil {
		return 0
	}
	return d.Seq
}
