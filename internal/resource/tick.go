package resource

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

// maxTick bounds how many resources one Tick changes; the rest is for the next.
const maxTick = 500

// errNothing leaves a resource as it is: another node was here first.
var errNothing = errors.New("resource: nothing to do")

// Tick does what time does to resources: the last day goes by. It says how many it changed. Two nodes doing it at once do it
// once.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx, now = authz.AsSystem(ctx), now.UTC().Truncate(time.Millisecond)
	found, err := s.resources.List(ctx, store.Query{Where: exchange.ByDue.Lte(now), Sort: []store.Order{exchange.ByDue.Asc()}, Limit: maxTick})
	if err != nil {
		return 0, err
	}
	var bad error
	n := 0
	for _, x := range found.Items {
		_, err := s.resources.Change(ctx, access.ResourceTime, string(x.ID), func(r *Resource) error {
			done, err := r.expire(now)
			if err == nil && !done {
				return errNothing
			}
			return err
		})
		switch {
		case err == nil:
			n++
		case nothing(err) == nil:
		default: // the others need not wait for this one
			bad = errors.Join(bad, fmt.Errorf("resource %s: %w", x.ID, err))
			if fault.Of(err).Kind == fault.Unavailable {
				return n, bad
			}
		}
	}
	return n, bad
}

// Moved follows an organisation that has come under other bodies: they read its resources from now on, those it has left do
// not. It may be told the same thing twice.
func (s *Service) Moved(ctx context.Context, of id.Organisation) error {
	facts, err := s.Organisations(authz.AsSystem(ctx), []id.Organisation{of})
	if err != nil || !facts[0].Exists() {
		return err
	}
	ctx = authz.AsSystem(ctx)
	for r, err := range s.resources.Walk(ctx, exchange.ByPublisher.Is(of), exchange.ByCreated.Asc()) {
		if err != nil {
			return err
		}
		if err := s.rehouse(ctx, r.ID, facts[0]); err != nil {
			return fmt.Errorf("resource %s: %w", r.ID, err)
		}
	}
	return nil
}

// Written looks once more where the publisher of a resource just written down lies: one that moved in that very moment did not
// find it among the resources it had to tell. It may be told the same thing twice.
func (s *Service) Written(ctx context.Context, which id.Resource) error {
	ctx = authz.AsSystem(ctx)
	r, err := s.Resource(ctx, which)
	if err != nil {
		return err
	}
	facts, err := s.Organisations(ctx, []id.Organisation{r.Publisher})
	if err != nil || !facts[0].Exists() {
		return err
	}
	return s.rehouse(ctx, which, facts[0])
}

func (s *Service) rehouse(ctx context.Context, which id.Resource, at organisation.Facts) error {
	_, err := s.resources.Touch(ctx, access.ResourceTime, string(which), func(r *Resource) error {
		if !r.House(at) {
			return errNothing
		}
		r.settle()
		return r.told(ToldMoved, nil)
	})
	return nothing(err)
}

func nothing(err error) error {
	if errors.Is(err, errNothing) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
