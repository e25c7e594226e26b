package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/outbound"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service keeps webhooks and sends to them. Every member is required unless it says otherwise.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Ring    *keyring.Keyring
	Told    func() // wakes the relay; may be nil
	Log     *slog.Logger
	Node    string // names this process among those on the store
	// Wall is the clock of the world outside, by which receivers judge what is signed; Now where nil.
	Wall func() time.Time

	// Organisation tells the facts of an organisation; NOT_FOUND where there is none.
	Organisation func(context.Context, id.Organisation) (organisation.Facts, error)
	// Account tells of a service account that the caller may see; NOT_FOUND otherwise.
	Account func(context.Context, id.ServiceAccount) (Account, error)
	// Acting is a service account as who acts at this moment; UNAUTHENTICATED where it cannot.
	Acting func(context.Context, id.ServiceAccount) (authz.Actor, error)

	// Types are all types of events.
	Types func() []string
	// Last is the place of the newest event.
	Last func(context.Context) (int64, error)
	// Offered are the next events of some types behind a place that the caller could have read when they happened, at most
	// so many, and how far was looked for them.
	Offered func(ctx context.Context, types []string, after int64, most int) ([]journal.Entry, int64, error)
	// Shape makes of each event what is sent of it to the caller, by a selection of its fields: nil for one that the caller
	// may not read now.
	Shape func(ctx context.Context, selection *string, events []id.Event) ([]Shaped, error)
	// Check refuses a selection that is none; its fault says where.
	Check func(ctx context.Context, selection string) error
	// Tail gives a channel that is written to when something has happened; may be nil.
	Tail func() <-chan struct{}

	Guard  outbound.Guard // of where webhooks may lead
	Client *http.Client   // nil for one that the guard watches
	// Reach finds out whether something answers at an address; nil for the guard's own way.
	Reach func(ctx context.Context, address string) error
	// Noted hears of every attempt; may be nil.
	Noted func(Noted)

	table      authz.Table
	webhooks   *store.Collection[*Webhook]
	deliveries *store.Collection[*Delivery]
	progress   *store.Collection[*progress]

	slots chan struct{} // requests under way at once
	wake  chan struct{}
	mu    sync.Mutex
	lanes map[id.Webhook]*lane
	count Standing
}

// Account is a service account as far as webhooks are concerned.
type Account struct {
	Organisation id.Organisation
	Role         authz.Role
	Usable       bool
}

// Shaped is what is sent of an event.
type Shaped struct {
	Data []byte // JSON; nil where the event is hidden
	Err  error  // why it could not be made this time
}

// requestsAtOnce bounds the requests that one node has under way.
const requestsAtOnce = 256

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s *Service) (*Service, error) {
	s.table = access.Table()
	s.slots, s.wake, s.lanes = make(chan struct{}, requestsAtOnce), make(chan struct{}, 1), map[id.Webhook]*lane{}
	if s.Client == nil {
		s.Client = s.Guard.Client()
	}
	if s.Wall == nil {
		s.Wall = s.Now
	}
	if s.Reach == nil {
		s.Reach = s.Guard.Reach
	}
	if s.Noted == nil {
		s.Noted = func(Noted) {}
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.webhooks, err = store.Open(ctx, db, store.Options[*Webhook]{
		Schema: schema(), Read: access.WebhookRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf(s.table, access.WebhookRead, columns(), nil, view),
	}); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if s.deliveries, err = inner[*Delivery](ctx, db, s, deliverySchema()); err != nil {
		return nil, err
	}
	s.progress, err = inner[*progress](ctx, db, s, store.Schema{Name: "webhook_progress"})
	return s, err
}

// inner opens a collection that only the room itself reads.
func inner[T store.Object](ctx context.Context, db store.Backend, s *Service, of store.Schema) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: of, Read: access.WebhookKeep, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.WebhookKeep, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of.Name, err)
	}
	return c, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.webhooks} }

// The fields by which webhooks are found.
const (
	byOrganisation store.Field[id.Organisation]   = "organisation"
	byAbove        store.Each[id.Organisation]    = "above"
	byState        store.Field[State]             = "state"
	byAccount      store.Field[id.ServiceAccount] = "serviceAccount"
	byCreator      store.Field[id.Person]         = "createdBy"
	byCreated      store.Field[time.Time]         = "createdAt"
)

func schema() store.Schema {
	return store.Schema{Name: "webhooks", Indexes: []store.Index{
		store.Lookup(byOrganisation.Asc(), byCreated.Desc()),
		store.Lookup(byOrganisation.Asc(), byState.Asc(), byCreated.Desc()),
		store.Lookup(byAbove.Asc(), byCreated.Desc()),
		store.Lookup(byState.Asc(), byCreated.Asc()),
		store.Lookup(byAccount.Asc(), byCreated.Asc()),
		store.Lookup(byCreated.Desc()),
		store.Sparse(byCreator.Asc()),
	}}
}

func columns() authz.Columns {
	return authz.Columns{authz.Own: byOrganisation.In, authz.Above: byAbove.In}
}

// where is an organisation as the object of an action: its webhooks are looked at.
type where struct{ facts organisation.Facts }

// Stand says which organisations stand to the place in a relation.
func (w where) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{w.facts.ID}
	case authz.Above:
		return w.facts.Above
	}
	return nil
}

// facts finds an organisation.
func (s *Service) facts(ctx context.Context, o id.Organisation) (organisation.Facts, error) {
	facts, err := s.Organisation(ctx, o)
	if err == nil && !facts.Exists() {
		err = fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
	}
	return facts, err
}

func (s *Service) may(ctx context.Context, action string, on any) error {
	a := authz.From(ctx)
	if s.table.Allows(a, action, on) {
		return nil
	}
	return s.table.Refusal(a, action)
}

// who is the person who acts, nil for the program itself: no program has events sent anywhere.
func who(ctx context.Context) (*id.Person, error) {
	var program *id.Person
	if authz.From(ctx).IsSystem() {
		return program, nil
	}
	p, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// stir has the sending look at once for what a change has brought.
func (s *Service) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("webhook: nothing to change")

// now is the moment as the store keeps it: UTC, to the millisecond.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
