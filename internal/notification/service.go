package notification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service follows what happens, and keeps for each person what they are told of it.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors
	Told    func() // wakes the scheduler; may be nil

	// Holders finds the people who hold one of the roles in an organisation now, at most so many; Signer stands for
	// whoever holds its signing right.
	Holders func(ctx context.Context, of id.Organisation, roles []authz.Role, most int) ([]id.Person, error)
	// Accounts tells how to reach people, in the order of ids.
	Accounts func(ctx context.Context, ids []id.Person) ([]Account, error)
	// Readable says of each object whether the caller may read it now.
	Readable func(ctx context.Context, ids []string) ([]bool, error)
	// Titles tells the titles of contracts in the order of ids; empty where the caller may not read one.
	Titles func(ctx context.Context, ids []id.Contract) ([]string, error)
	// Organisations tells what is known of organisations, in the order of ids.
	Organisations func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)

	// Post sends mail; nil where no server for it is configured.
	Post *Post

	table         authz.Table
	notifications *store.Collection[*Notification]
	settings      *store.Collection[*Settings]
	rounds        *store.Collection[*round]
	reminders     *store.Collection[*reminder]
	mailboxes     *store.Collection[*mailbox]
	words         vocabulary
}

// Account is how a person can be reached; the zero Account stands for one who does not exist.
type Account struct {
	Email    string // empty where there is none
	Language Language
}

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("notification: nothing to change")

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	if s.Told == nil {
		s.Told = func() {}
	}
	var err error
	if s.words, err = loadVocabulary(); err != nil {
		return nil, err
	}
	if s.notifications, err = store.Open(ctx, db, store.Options[*Notification]{
		Schema: schema(), Read: access.NotificationRead, Now: s.Now,
		Policy: authz.PolicyOf[*Notification](s.table, access.NotificationRead, nil, byPerson.Is, nil),
	}); err != nil {
		return nil, fmt.Errorf("notifications: %w", err)
	}
	if s.settings, err = store.Open(ctx, db, store.Options[*Settings]{
		Schema: settingsSchema(), Read: access.NotificationSet, Now: s.Now,
		Policy: authz.PolicyOf[*Settings](s.table, access.NotificationSet, nil, settingsOf.Is, nil),
	}); err != nil {
		return nil, fmt.Errorf("settings of notifications: %w", err)
	}
	if s.rounds, err = inner[*round](ctx, db, s, roundSchema()); err != nil {
		return nil, err
	}
	if s.reminders, err = inner[*reminder](ctx, db, s, reminderSchema()); err != nil {
		return nil, err
	}
	if s.mailboxes, err = inner[*mailbox](ctx, db, s, mailboxSchema()); err != nil {
		return nil, err
	}
	return &s, nil
}

// inner opens a collection that only the room itself reads.
func inner[T store.Object](ctx context.Context, db store.Backend, s Service, of store.Schema) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: of, Read: access.NotificationKeep, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.NotificationKeep, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of.Name, err)
	}
	return c, nil
}

// Notification finds one of the caller's notifications.
func (s *Service) Notification(ctx context.Context, n id.Notification) (*Notification, error) {
	found, err := s.Many(ctx, []id.Notification{n})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", n)
	}
	return found[0], nil
}

// Many finds notifications in the order of ids; nil where there is none or it is somebody else's.
func (s *Service) Many(ctx context.Context, ids []id.Notification) ([]*Notification, error) {
	keys := make([]string, len(ids))
	for i, n := range ids {
		keys[i] = string(n)
	}
	found, err := s.notifications.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	return found, s.dress(ctx, found)
}

// dress leaves to each notification only those facts that the caller may know now. Nil ones are passed over.
func (s *Service) dress(ctx context.Context, ns []*Notification) error {
	subjects := make([]string, len(ns))
	for i, n := range ns {
		if n != nil {
			subjects[i] = n.Subject
		}
	}
	open, err := s.Readable(ctx, subjects)
	if err != nil {
		return err
	}
	for i, n := range ns {
		switch {
		case n == nil:
		case open[i]:
			n.facts = true
		default:
			n.veil()
		}
	}
	return nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
