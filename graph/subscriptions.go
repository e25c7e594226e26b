package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/fulfilment"
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

// commitmentDue tells what is due soon of what the caller may read.
func (r Rooms) commitmentDue(ctx context.Context, contract, organisation, community *string, within *int, after *int64) (<-chan *fulfilment.CommitmentDue, error) {
	return stream.Answer[*fulfilment.CommitmentDue](ctx, after, func(after *int64) (stream.Source, error) {
		c := fulfilment.DueChoice{Within: within}
		var err error
		if c.Contract, err = wire.NamedOrNone[id.Contract]("contract", contract, wire.Contract()); err != nil {
			return nil, err
		}
		if c.Organisation, err = wire.NamedOrNone[id.Organisation]("organisation", organisation, wire.Organisation()); err != nil {
			return nil, err
		}
		if c.Community, err = wire.NamedOrNone[id.Organisation]("community", community, wire.Community()); err != nil {
			return nil, err
		}
		return r.Fulfilments.Due(ctx, c, after)
	})
}

// eventsPublished tells everything that happens and concerns the caller.
func (r Rooms) eventsPublished(ctx context.Context, f *event.Filter, after *int64) (<-chan *event.Event, error) {
	return stream.Answer[*event.Event](ctx, after, func(after *int64) (stream.Source, error) { return r.Events.Published(ctx, f, after) })
}
