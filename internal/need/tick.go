package need

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// maxTick bounds how many needs one Tick changes; the rest is for the next.
const maxTick = 500

// errNothing leaves a need as it is: another node was here first.
var errNothing = errors.New("need: nothing to do")

// Tick does what time does to needs: the last day goes by, and contacts are deleted. It says how many it changed. Two nodes
// doing it at once do it once.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	now = now.UTC().Truncate(time.Millisecond)
	n, err := s.each(ctx, exchange.ByDue.Lte(now), exchange.ByDue.Asc(), func(x *Need) (bool, error) { return x.expire(now) })
	m, again := s.each(ctx, byReach.Lte(now), byReach.Asc(), func(x *Need) (bool, error) {
		if x.ReachUntil == nil || x.ReachUntil.After(now) {
			return false, nil
		}
		return x.forget()
	})
	return n + m, errors.Join(err, again)
}

// Forget deletes how to reach somebody who was erased.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	for {
		n, err := s.each(ctx, byResident.Is(who), store.Order{}, (*Need).forget)
		if err != nil || n == 0 {
			return err
		}
	}
}

// Moved follows an organisation that has come under other bodies: they read its needs from now on, those it has left do
// not. It may be told the same thing twice.
func (s *Service) Moved(ctx context.Context, of id.Organisation) error {
	facts, err := s.Organisations(authz.AsSystem(ctx), []id.Organisation{of})
	if err != nil || !facts[0].Exists() {
		return err
	}
	ctx = authz.AsSystem(ctx)
	for n, err := range s.needs.Walk(ctx, exchange.ByPublisher.Is(of), exchange.ByCreated.Asc()) {
		if err != nil {
			return err
		}
		if err := s.rehouse(ctx, n.ID, facts[0]); err != nil {
			return fmt.Errorf("need %s: %w", n.ID, err)
		}
	}
	return nil
}

// Written looks once more where the publisher of a need just written down lies: one that moved in that very moment did not
// find it among the needs it had to tell. It may be told the same thing twice.
func (s *Service) Written(ctx context.Context, which id.Need) error {
	ctx = authz.AsSystem(ctx)
	n, err := s.Need(ctx, which)
	if err != nil {
		return err
	}
	facts, err := s.Organisations(ctx, []id.Organisation{n.Publisher})
	if err != nil || !facts[0].Exists() {
		return err
	}
	return s.rehouse(ctx, which, facts[0])
}

func (s *Service) rehouse(ctx context.Context, which id.Need, at organisation.Facts) error {
	_, err := s.needs.Touch(ctx, access.NeedTime, string(which), func(n *Need) error {
		if !n.House(at) {
			return errNothing
		}
		n.settle()
		return n.told(ToldMoved, nil)
	})
	return nothing(err)
}

// each changes the needs that a filter finds, at most so many; the others need not wait for one that fails.
func (s *Service) each(ctx context.Context, where store.Filter, by store.Order, do func(*Need) (bool, error)) (n int, err error) {
	ctx = authz.AsSystem(ctx)
	var sort []store.Order
	if by.Path != "" {
		sort = []store.Order{by}
	}
	found, err := s.needs.List(ctx, store.Query{Where: where, Sort: sort, Limit: maxTick})
	if err != nil {
		return 0, err
	}
	var bad error
	for _, x := range found.Items {
		_, err := s.needs.Change(ctx, access.NeedTime, string(x.ID), func(x *Need) error {
			done, err := do(x)
			if err == nil && !done {
				return errNothing
			}
			return err
		})
		switch {
		case err == nil:
			n++
		case nothing(err) == nil:
		default:
			bad = errors.Join(bad, fmt.Errorf("need %s: %w", x.ID, err))
			if fault.Of(err).Kind == fault.Unavailable {
				return n, bad
			}
		}
	}
	return n, bad
}

func nothing(err error) error {
	if errors.Is(err, errNothing) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
