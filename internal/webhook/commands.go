package webhook

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// CreateInput is the input of createWebhook.
type CreateInput struct {
	command.Once
	ServiceAccount id.ServiceAccount
	Name           string
	URL            string
	Events         []string
	Selection      *string
	After          *int64 // behind which place it begins; from now on where absent
}

// Made is a webhook with its secret, which is shown this once.
type Made struct {
	Webhook *Webhook
	Secret  string
}

// Create has events sent to an address from now on, or from a place on, as a service account sees them.
func (s *Service) Create(ctx context.Context, in CreateInput) (*Made, error) {
	by, err := who(ctx)
	if err != nil {
		return nil, err
	}
	account, facts, err := s.accountOf(ctx, in.ServiceAccount)
	if err != nil {
		return nil, below(err, "serviceAccount")
	}
	var f fault.List
	w := &Webhook{
		Organisation: account.Organisation, ServiceAccount: in.ServiceAccount, Role: account.Role, State: Active, CreatedBy: by, Above: facts.Above,
		Name: text.Line(&f, "name", in.Name, 1, MaxName), URL: s.form(&f, in.URL),
		Events: s.types(&f, in.Events), Selection: s.selected(ctx, &f, in.Selection),
	}
	begin := s.begins(ctx, &f, in.After)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := s.may(ctx, access.WebhookGive(w.Role), w); err != nil { // before anything is reached for it
		return nil, err
	}
	w.ID = store.NewID[id.Webhook](ctx, id.KindWebhook, s.now(), s.Random)
	if err := s.room(ctx, w); err != nil {
		return nil, err
	}
	if err := s.reached(ctx, w.URL); err != nil {
		return nil, err
	}
	secret, shown, err := s.draw(w.ID, s.now())
	if err != nil {
		return nil, err
	}
	w.Secrets = []*Secret{secret}
	if err := w.move(VerbAlter, "", ToldCreated); err != nil {
		return nil, err
	}
	if err := s.begin(ctx, w.ID, begin); err != nil {
		return nil, err
	}
	if w, err = s.webhooks.Add(ctx, access.WebhookGive(w.Role), w); err == nil {
		err = onceOnly(ctx)
	}
	if err != nil {
		return nil, err
	}
	s.stir()
	return &Made{w, shown}, nil
}

// accountOf finds the service account as which a webhook is to see, and its organisation.
func (s *Service) accountOf(ctx context.Context, of id.ServiceAccount) (Account, organisation.Facts, error) {
	account, err := s.Account(ctx, of)
	if err == nil && !account.Usable {
		err = fault.New(fault.Refused, CodeAccount)
	}
	if err != nil {
		return account, organisation.Facts{}, err
	}
	facts, err := s.facts(ctx, account.Organisation)
	return account, facts, err
}

// begins is the place behind which a webhook begins. One that lies ahead of everything that happened is of another server.
func (s *Service) begins(ctx context.Context, f *fault.List, after *int64) int64 {
	last, err := s.Last(ctx)
	switch {
	case err != nil:
		f.Add(err)
	case after == nil:
		return last
	case *after < 0:
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", last), "after")
	case *after > last:
		f.Add(fault.New(fault.Invalid, feed.CodeFuture, "last", last), "after")
	default:
		return *after
	}
	return 0
}

// room refuses one webhook too many. Making the same one again is no second one.
func (s *Service) room(ctx context.Context, w *Webhook) error {
	_, err := s.webhooks.Get(authz.AsSystem(ctx), string(w.ID))
	if !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	live := store.And(byOrganisation.Is(w.Organisation), byState.In(Active, Paused, Suspended, Gone))
	n, _, err := s.webhooks.Count(authz.AsSystem(ctx), live, MaxLive)
	if err == nil && n >= MaxLive {
		err = fault.New(fault.Refused, CodeMost, "max", MaxLive)
	}
	return err
}

// UpdateInput is the input of updateWebhook. What is absent stays as it is.
type UpdateInput struct {
	command.Change
	ID        id.Webhook
	Name      *string
	URL       *string
	Events    []string // nil stays
	Selection *string  // empty for the usual fields
}

// Update changes where events are sent, which, and what of them.
func (s *Service) Update(ctx context.Context, in UpdateInput) (*Webhook, error) {
	var f fault.List
	if in.Name != nil {
		in.Name = new(text.Line(&f, "name", *in.Name, 1, MaxName))
	}
	if in.URL != nil {
		in.URL = new(s.form(&f, *in.URL))
	}
	types, selection := s.types(&f, in.Events), s.selected(ctx, &f, in.Selection)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if in.URL != nil {
		w, err := s.webhooks.Get(ctx, string(in.ID))
		if err == nil {
			err = s.may(ctx, access.WebhookGive(w.Role), w)
		}
		if err == nil {
			err = s.reached(ctx, *in.URL)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.give(ctx, in.ID, func(w *Webhook) error {
		if err := in.Expect(w.Version); err != nil {
			return err
		}
		if in.Name != nil {
			w.Name = *in.Name
		}
		if in.URL != nil {
			w.URL = *in.URL
		}
		if in.Events != nil {
			w.Events = types
		}
		if in.Selection != nil {
			w.Selection = selection
		}
		return w.move(VerbAlter, "", ToldUpdated)
	})
}

// StopInput is the input of pauseWebhook and deleteWebhook, and of resumeWebhook.
type StopInput struct {
	command.Change
	ID id.Webhook
}

// Pause stops the sending for as long as people like. What happens meanwhile is sent when it goes on.
func (s *Service) Pause(ctx context.Context, in StopInput) (*Webhook, error) {
	return s.stop(ctx, in.ID, func(w *Webhook) error {
		if err := in.Expect(w.Version); err != nil {
			return err
		}
		return w.move(VerbPause, "", ToldPaused)
	})
}

// Delete ends the sending for good, and forgets the address and the secrets.
func (s *Service) Delete(ctx context.Context, in StopInput) (*Webhook, error) {
	return s.stop(ctx, in.ID, func(w *Webhook) error {
		if err := in.Expect(w.Version); err != nil {
			return err
		}
		w.URL, w.Secrets, w.Selection = "", nil, nil
		return w.move(VerbDelete, "", ToldDeleted)
	})
}

// Resume goes on with the sending where it stopped, at once and with what waits for its next try.
func (s *Service) Resume(ctx context.Context, in StopInput) (*Webhook, error) {
	w, err := s.give(ctx, in.ID, func(w *Webhook) error {
		if err := in.Expect(w.Version); err != nil {
			return err
		}
		return w.move(VerbResume, "", ToldResumed)
	})
	if err != nil {
		return nil, err
	}
	return w, s.refresh(ctx, w.ID)
}

// RotateInput is the input of rotateWebhookSecret.
type RotateInput struct {
	command.Once
	ID        id.Webhook
	EndOthers *bool // at once; otherwise the one before signs too for a day
}

// Rotate makes a new secret. For a day the one before signs as well, unless it is to end at once.
func (s *Service) Rotate(ctx context.Context, in RotateInput) (*Made, error) {
	now := s.now()
	fresh, shown, err := s.draw(in.ID, now)
	if err != nil {
		return nil, err
	}
	w, err := s.give(ctx, in.ID, func(w *Webhook) error {
		w.succeed(fresh, now, in.EndOthers != nil && *in.EndOthers)
		return w.move(VerbAlter, "", ToldSecret)
	})
	if err == nil {
		err = onceOnly(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &Made{w, shown}, nil
}

// give changes a webhook for a person who may act in its account's role or give that role.
func (s *Service) give(ctx context.Context, of id.Webhook, fn func(*Webhook) error) (*Webhook, error) {
	if _, err := who(ctx); err != nil {
		return nil, err
	}
	w, err := s.webhooks.Get(ctx, string(of))
	if err != nil {
		return nil, err
	}
	return s.webhooks.Change(ctx, access.WebhookGive(w.Role), string(of), fn) // the role is never another one
}

// stop takes from a webhook, for a person who manages the organisation's.
func (s *Service) stop(ctx context.Context, of id.Webhook, fn func(*Webhook) error) (*Webhook, error) {
	if _, err := who(ctx); err != nil {
		return nil, err
	}
	return s.webhooks.Change(ctx, access.WebhookStop, string(of), fn)
}

// onceOnly refuses to answer a repeat whose answer was a secret.
func onceOnly(ctx context.Context) error {
	if once := store.OnceFrom(ctx); once != nil && once.Replayed {
		return fault.New(fault.Refused, fault.CodeAlreadyDone, "id", once.ID).At("clientMutationId")
	}
	return nil
}

// below puts a fault below an input field; other errors stay as they are.
func below(err error, path ...string) error {
	if fault.Of(err).Code == fault.CodeInternal {
		return err
	}
	return fault.Of(err).At(path...)
}
