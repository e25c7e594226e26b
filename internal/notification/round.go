package notification

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of one step of a round.
const (
	peopleAtOnce = 300  // after so many the rest of the round waits for the next step
	mostHolders  = 1000 // of one organisation: beyond them nobody else there is told
	sideBySide   = 32   // notifications that are written at the same time: the store saves them together
	roundsAtOnce = 4    // rounds that one tick takes up
)

// round is one event on its way to the people it concerns. One that concerns few is done at once and never kept; of a
// large one the rest is kept, and goes on step by step.
type round struct {
	store.Meta[id.Notification] `bson:",inline"` // derived from what happened

	Cause        string            `bson:"cause"` // the event's identifier
	Kind         Kind              `bson:"kind"`
	Subject      string            `bson:"subject"`
	Contract     id.Contract       `bson:"contract,omitempty"`
	Organisation id.Organisation   `bson:"organisation,omitempty"`
	On           *scalar.Date      `bson:"on,omitempty"`
	Role         authz.Role        `bson:"role,omitempty"`
	Actor        string            `bson:"actor,omitempty"` // is not told what they did themselves
	Person       id.Person         `bson:"person,omitempty"`
	To           []id.Organisation `bson:"to,omitempty"`
	Roles        []authz.Role      `bson:"roles,omitempty"`
	Next         int               `bson:"next"` // of To, whose turn it is
	At           time.Time         `bson:"at"`
	WakeAt       time.Time         `bson:"wakeAt"`
}

const roundWake = store.Field[time.Time]("wakeAt")

func roundSchema() store.Schema {
	return store.Schema{Name: "notification_rounds", Indexes: []store.Index{store.Lookup(roundWake.Asc())}}
}

// Follow takes in an event: it tells those whom the event concerns, and notes what will fall due. Hearing it again tells
// nobody twice.
func (s *Service) Follow(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	t, err := read(e)
	if err != nil {
		return err
	}
	if err := s.plan(ctx, e, t); err != nil {
		return err
	}
	rule, ok := ruleOf(e.Type)
	if !ok || e.At.Before(s.now().Add(-Stale)) {
		return nil
	}
	r := &round{
		Cause: e.ID, Kind: rule.Kind, Subject: e.Subject, Contract: t.Contract, Organisation: t.named(rule.To), On: t.DueOn, Role: t.Role,
		Actor: e.Actor, To: rule.To.organisations(t), Roles: rule.Roles, At: e.At,
	}
	if rule.To == ThePerson {
		r.Person = id.Person(e.Subject)
	}
	return s.begin(ctx, r)
}

// begin takes the first step of a round at once, and keeps the rest of a large one.
func (s *Service) begin(ctx context.Context, r *round) error {
	r.ID = id.Derived[id.Notification](id.KindNotification, "round", r.Cause)
	done, err := s.step(ctx, r)
	if err != nil || done {
		return err
	}
	r.WakeAt = s.now()
	_, err = s.rounds.Add(ctx, access.NotificationKeep, r)
	if fault.Is(err, fault.CodeTaken) { // heard before; the rest is on its way
		return nil
	}
	s.Told()
	return err
}

// step tells the people of one organisation after another, until that were many. It says whether all have been told.
func (s *Service) step(ctx context.Context, r *round) (done bool, err error) {
	if r.Person != "" {
		return true, s.tell(ctx, r, []id.Person{r.Person})
	}
	for n := 0; r.Next < len(r.To); r.Next++ {
		if n >= peopleAtOnce {
			return false, nil
		}
		people, err := s.Holders(ctx, r.To[r.Next], r.Roles, mostHolders)
		if err != nil {
			return false, err
		}
		if err := s.tell(ctx, r, people); err != nil {
			return false, err
		}
		n += len(people)
	}
	return true, nil
}

// tell writes the notifications of people, as each of them wants it.
func (s *Service) tell(ctx context.Context, r *round, people []id.Person) error {
	wants, err := s.wants(ctx, people)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sideBySide)
	for i, p := range people {
		shown, mailed := wants[i].wants(r.Kind)
		if string(p) == r.Actor || !shown && !mailed {
			continue
		}
		g.Go(func() error {
			err := s.write(ctx, r, p, shown, mailed)
			if err != nil || !mailed || s.Post == nil {
				return err
			}
			return s.knock(ctx, wants[i])
		})
	}
	return g.Wait()
}

func (s *Service) write(ctx context.Context, r *round, p id.Person, shown, mailed bool) error {
	n := &Notification{
		Person: p, Kind: r.Kind, Subject: r.Subject, Contract: r.Contract, Organisation: r.Organisation, On: r.On, Role: r.Role,
		At: r.At, Shown: shown, Mailed: mailed, Unread: true, ExpiresAt: r.At.Add(KeptFor),
	}
	n.ID = id.Derived[id.Notification](id.KindNotification, r.Cause, string(p))
	_, err := s.notifications.Add(ctx, access.NotificationKeep, n)
	if fault.Is(err, fault.CodeTaken) { // told before
		return nil
	}
	return err
}

// tickRounds goes on with the rounds that are under way.
func (s *Service) tickRounds(ctx context.Context, now time.Time) (int, error) {
	due, err := s.rounds.List(ctx, store.Query{Where: roundWake.Lte(now), Sort: []store.Order{roundWake.Asc()}, Limit: roundsAtOnce})
	if err != nil {
		return 0, err
	}
	return all(due.Items, func(r *round) error {
		done, err := s.step(ctx, r)
		if err != nil {
			return errors.Join(err, s.later(ctx, r, now))
		}
		if done {
			return gone(s.rounds.Remove(ctx, access.NotificationKeep, string(r.ID)))
		}
		_, err = s.rounds.Touch(ctx, access.NotificationKeep, string(r.ID), func(kept *round) error {
			kept.Next = max(kept.Next, r.Next)
			return nil
		})
		return gone(err)
	})
}

// later puts a round that cannot go on behind the others.
func (s *Service) later(ctx context.Context, r *round, now time.Time) error {
	_, err := s.rounds.Touch(ctx, access.NotificationKeep, string(r.ID), func(kept *round) error {
		kept.WakeAt = now.Add(time.Minute)
		return nil
	})
	return gone(err)
}

// gone takes what another node has finished meanwhile for finished.
func gone(err error) error {
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}

// all does one thing to each item and says to how many it did it. One that fails does not hold up the others, unless it is
// the store that fails.
func all[T any](items []T, do func(T) error) (int, error) {
	n := 0
	var errs []error
	for _, item := range items {
		err := do(item)
		switch {
		case err == nil:
			n++
		case errors.Is(err, errNothing):
		default:
			errs = append(errs, err)
			if fault.Of(err).Kind == fault.Unavailable {
				return n, errors.Join(errs...)
			}
		}
	}
	return n, errors.Join(errs...)
}
