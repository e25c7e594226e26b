package need

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
)

func (s *Service) shelf() exchange.Shelf[*Need] {
	return exchange.Shelf[*Need]{Desk: &s.Desk, Things: s.needs, Time: access.NeedTime}
}

// Tick does what time does to needs: the last day goes by, and contacts are deleted. It says how many it changed. Two nodes
// doing it at once do it once.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	now = now.UTC().Truncate(time.Millisecond)
	n, err := s.shelf().Each(ctx, exchange.ByDue.Lte(now), func(x *Need) (bool, error) { return x.expire(now) }, exchange.ByDue.Asc())
	m, again := s.shelf().Each(ctx, byReach.Lte(now), func(x *Need) (bool, error) {
		if x.ReachUntil == nil || x.ReachUntil.After(now) {
			return false, nil
		}
		return x.forget()
	}, byReach.Asc())
	return n + m, errors.Join(err, again)
}

// Forget deletes how to reach somebody who was erased.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	for {
		n, err := s.shelf().Each(ctx, byResident.Is(who), (*Need).forget)
		if err != nil || n == 0 {
			return err
		}
	}
}

// Moved follows an organisation that has come under other bodies. It may be told the same thing twice.
func (s *Service) Moved(ctx context.Context, of id.Organisation) error {
	return s.shelf().Moved(ctx, of)
}

// Written looks once more where the publisher of a need just written down lies. It may be told the same thing twice.
func (s *Service) Written(ctx context.Context, which id.Need) error {
	return s.shelf().Written(ctx, string(which))
}

// Rehoused brings what the need is found by up to date, and tells that it has come under other bodies.
func (n *Need) Rehoused() error {
	n.settle()
	return n.told(ToldMoved, nil)
}
