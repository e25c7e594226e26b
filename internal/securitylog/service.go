package securitylog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service keeps the log and lets people read what is about them.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors
	Log     *slog.Logger
	// Address is where a request comes from, and Client in what program it was made, roughly.
	Address func(context.Context) string
	Client  func(context.Context) string

	entries *store.Collection[*Entry]

	mu   sync.Mutex
	loud map[id.SecurityEntry]*Entry // refusals that were not written yet
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s *Service) (*Service, error) {
	s.loud = map[id.SecurityEntry]*Entry{}
	var err error
	s.entries, err = store.Open(ctx, db, store.Options[*Entry]{
		Schema: schema(), Read: access.SecurityRead, Now: s.Now,
		Policy: authz.PolicyOf[*Entry](access.Table(), access.SecurityRead, authz.Columns{authz.Own: byOrganisation.In}, byPerson.Is, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("security log: %w", err)
	}
	return s, nil
}

// Note keeps a deed. It never fails the request that it is about: where the log cannot be written, the program's own
// log says so.
func (s *Service) Note(ctx context.Context, d Deed) {
	e := d.entry(s.Address(ctx), s.Client(ctx), s.now())
	if d.Kind.loud() {
		s.hold(e)
		return
	}
	if err := s.write(ctx, e); err != nil {
		s.Log.WarnContext(ctx, "the security log was not written", "kind", d.Kind, "error", err)
	}
}

// hold keeps a refusal in memory until the next round. Beyond the bound it is counted by its kind alone.
func (s *Service) hold(e *Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loud[e.ID] == nil && len(s.loud) >= waiting {
		e = Deed{Kind: e.Kind}.entry("", "", e.At)
	}
	if was := s.loud[e.ID]; was != nil {
		_ = was.count(e)
		return
	}
	s.loud[e.ID] = e
}

// write adds an entry, or counts it among those of its hour.
func (s *Service) write(ctx context.Context, e *Entry) error {
	ctx = authz.AsSystem(context.WithoutCancel(ctx))
	_, err := s.entries.Add(ctx, access.SecurityKeep, e)
	if fault.Is(err, fault.CodeTaken) {
		_, err = s.entries.Touch(ctx, access.SecurityKeep, string(e.ID), func(was *Entry) error { return was.count(e) })
	}
	return err
}

// Tick writes the refusals that wait. What cannot be written waits on.
func (s *Service) Tick(ctx context.Context, _ time.Time) (int, error) {
	s.mu.Lock()
	held := s.loud
	s.loud = map[id.SecurityEntry]*Entry{}
	s.mu.Unlock()
	var bad error
	for key, e := range held {
		if bad == nil {
			bad = s.write(ctx, e)
		}
		if bad != nil {
			s.hold(e)
			continue
		}
		delete(held, key)
	}
	if bad != nil {
		return 0, fmt.Errorf("security log: %w", bad)
	}
	return 0, nil // nothing follows from it
}

// Close writes what waits: the program ends.
func (s *Service) Close(ctx context.Context) error {
	_, err := s.Tick(ctx, s.now())
	return err
}

// Many finds entries in the order of ids; nil where there is none or it is not for the caller.
func (s *Service) Many(ctx context.Context, ids []id.SecurityEntry) ([]*Entry, error) {
	keys := make([]string, len(ids))
	for i, e := range ids {
		keys[i] = string(e)
	}
	return s.entries.GetMany(ctx, keys)
}

// List lists what is about the caller and the organisations they lead, the latest first.
func (s *Service) List(ctx context.Context, f *Filter, a page.Args) (*Connection, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	where, err := f.where()
	if err != nil {
		return nil, page.InFilter(err)
	}
	return page.List(ctx, s.entries, s.Cursors, where, page.Descending.Sort(byLast.Asc()), a)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
