package resource

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
)

func (s *Service) shelf() exchange.Shelf[*Resource] {
	return exchange.Shelf[*Resource]{Desk: &s.Desk, Things: s.resources, Time: access.ResourceTime}
}

// Tick does what time does to resources: the last day goes by. It says how many it changed. Two nodes doing it at once do it
// once.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	now = now.UTC().Truncate(time.Millisecond)
	return s.shelf().Each(ctx, exchange.ByDue.Lte(now), func(r *Resource) (bool, error) { return r.expire(now) }, exchange.ByDue.Asc())
}

// Moved follows an organisation that has come under other bodies. It may be told the same thing twice.
func (s *Service) Moved(ctx context.Context, of id.Organisation) error {
	return s.shelf().Moved(ctx, of)
}

// Written looks once more where the publisher of a resource just written down lies. It may be told the same thing twice.
func (s *Service) Written(ctx context.Context, which id.Resource) error {
	return s.shelf().Written(ctx, string(which))
}

// Rehoused brings what the resource is found by up to date, and tells that it has come under other bodies.
func (r *Resource) Rehoused() error {
	r.settle()
	return r.told(ToldMoved, nil)
}
