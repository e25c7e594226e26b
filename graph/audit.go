package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// trail lists what happened to one thing.
func (r Rooms) trail(ctx context.Context, subject string, a page.Args) (*event.Connection, error) {
	return r.Events.List(ctx, &event.Filter{Subject: &subject}, a)
}

// included proves that an event is in the log; null where the caller may not know of it.
func (r Rooms) included(ctx context.Context, arg string) (*audit.Inclusion, error) {
	var none *audit.Inclusion
	which, err := wire.Named[id.Event]("event", arg, wire.Event())
	if err != nil {
		return none, err
	}
	found, err := r.Events.Many(ctx, []id.Event{which})
	if err != nil || found[0] == nil {
		return none, err
	}
	return r.Audit.Inclusion(ctx, found[0].Seq)
}
