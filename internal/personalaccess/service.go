package personalaccess

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// atOnce is how many entries are written at the same time: the store takes them up together.
const atOnce = 16

// Service counts who reads what is personal, and lets people see it of themselves.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors

	entries *store.Collection[*Entry]
	china   *time.Location

	mu   sync.Mutex
	held map[id.PersonalAccess]*Entry // not written yet
}

// The fields that queries name.
const (
	byPerson  = store.Field[id.Person]("person")
	byLast    = store.Field[time.Time]("lastAt")
	byExpires = store.Field[time.Time]("expiresAt")
)

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s *Service) (*Service, error) {
	s.held = map[id.PersonalAccess]*Entry{}
	s.china = time.FixedZone(zone, 8*60*60)
	var err error
	s.entries, err = store.Open(ctx, db, store.Options[*Entry]{
		Schema: store.Schema{Name: "personal_accesses", Expire: string(byExpires), Indexes: []store.Index{
			store.Lookup(byPerson.Asc(), byLast.Desc()), store.Lookup(byExpires.Asc()),
		}},
		Read: access.PersonalAccessRead, Now: s.Now,
		Policy: authz.PolicyOf[*Entry](access.Table(), access.PersonalAccessRead, nil, byPerson.Is, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("personal accesses: %w", err)
	}
	return s, nil
}

// Note counts what the caller has read. One's own data and what the program itself reads are not counted. It takes no
// time worth speaking of: what is counted waits in memory for a second or two, and a crash loses just that.
func (s *Service) Note(ctx context.Context, all ...Reading) {
	by := authz.From(ctx)
	if by.IsSystem() {
		return
	}
	now := s.now()
	s.mu.Lock()
	for _, r := range all {
		if r.Person != "" && r.Person != by.Person {
			s.add(r.entry(by, now, s.china))
		}
	}
	full := len(s.held) >= waiting
	s.mu.Unlock()
	if full { // what fails waits on, and the next round says so
		_ = s.flush(context.WithoutCancel(ctx))
	}
}

func (s *Service) add(e *Entry) {
	if was := s.held[e.ID]; was != nil {
		was.count(e)
		return
	}
	s.held[e.ID] = e
}

// Tick writes what waits, and sweeps away what is over. What cannot be written waits on.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	if err := s.flush(ctx); err != nil {
		return 0, err
	}
	return s.entries.Sweep(ctx, now, 200)
}

func (s *Service) flush(ctx context.Context) error {
	s.mu.Lock()
	held := s.held
	s.held = map[id.PersonalAccess]*Entry{}
	s.mu.Unlock()
	g, ctx := errgroup.WithContext(authz.AsSystem(ctx))
	g.SetLimit(atOnce)
	var mu sync.Mutex
	var bad []error
	for _, e := range held {
		g.Go(func() error {
			err := s.write(ctx, e)
			if err != nil {
				mu.Lock()
				bad = append(bad, err)
				mu.Unlock()
				s.mu.Lock()
				s.add(e)
				s.mu.Unlock()
			}
			return nil
		})
	}
	_ = g.Wait() // every failure is among the bad ones
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("personal accesses: %w", err)
	}
	return nil
}

// write counts an entry among those of its day, or begins the day.
func (s *Service) write(ctx context.Context, e *Entry) error {
	fresh := *e
	_, err := s.entries.Add(ctx, access.PersonalAccessKeep, &fresh)
	if fault.Is(err, fault.CodeTaken) {
		_, err = s.entries.Touch(ctx, access.PersonalAccessKeep, string(e.ID), func(was *Entry) error {
			was.count(e)
			return nil
		})
	}
	return err
}

// Close writes what waits: the program ends.
func (s *Service) Close(ctx context.Context) error { return s.flush(ctx) }

// Forget removes what was counted of a person who was erased.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	s.mu.Lock()
	for k, e := range s.held {
		if e.Person == who {
			delete(s.held, k)
		}
	}
	s.mu.Unlock()
	return s.entries.PurgeAll(authz.AsSystem(ctx), byPerson.Is(who))
}

// Many finds entries in the order of ids; nil where there is none or it is about somebody else.
func (s *Service) Many(ctx context.Context, ids []id.PersonalAccess) ([]*Entry, error) {
	keys := make([]string, len(ids))
	for i, e := range ids {
		keys[i] = string(e)
	}
	return s.entries.GetMany(ctx, keys)
}

// These are the names under which the API binds pages.
type (
	// Connection is a page of the list.
	Connection = page.Connection[*Entry]
	// Edge is an entry of a page, with its cursor.
	Edge = page.Edge[*Entry]
)

// List lists who has read the caller's data, the latest first.
func (s *Service) List(ctx context.Context, a page.Args) (*Connection, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	return page.List(ctx, s.entries, s.Cursors, byPerson.Is(who), []store.Order{byLast.Desc()}, a)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
