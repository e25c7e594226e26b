package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// contractChanged tells what happens to one contract, or to all that the caller may read.
func (r Rooms) contractChanged(ctx context.Context, only *string, after *int64) (<-chan *contract.Change, error) {
	return stream.Answer[*contract.Change](ctx, after, func(after *int64) (stream.Source, error) {
		c, err := wire.NamedOrNone[id.Contract]("contract", only, wire.Contract())
		if err != nil {
			return nil, err
		}
		return r.Contracts.Changes(ctx, c, after)
	})
}

// eventsPublished tells everything that happens and concerns the caller.
func (r Rooms) eventsPublished(ctx context.Context, f *event.Filter, after *int64) (<-chan *event.Event, error) {
	return stream.Answer[*event.Event](ctx, after, func(after *int64) (stream.Source, error) { return r.Events.Published(ctx, f, after) })
}
