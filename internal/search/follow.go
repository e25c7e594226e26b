package search

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// Follow takes up what has become of a thing that something happened to. It goes by the thing as it is now, so that an
// event that comes late or twice does no harm.
func (s *Service) Follow(ctx context.Context, e journal.Entry) error {
	at := slices.IndexFunc(s.Sources, func(c Source) bool { return id.Is(e.Subject, c.Of) })
	if at < 0 {
		return nil
	}
	return s.renew(authz.AsSystem(ctx), s.Sources[at], []string{e.Subject})
}

// renew makes the cards of things anew, and drops those of things that are there no more.
func (s *Service) renew(ctx context.Context, from Source, ids []string) error {
	things, err := from.Load(ctx, ids)
	if err != nil {
		return err
	}
	for i, t := range things {
		if t == nil {
			err = s.drop(ctx, ids[i])
		} else {
			err = s.keep(ctx, cardOf(from.Of, t))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
