package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/graph/wire"
)

// The generator knows the two fields of a subgraph by their names and calls them by names of its own. They are written
// here by hand: what its plugin would write finds objects one by one and knows neither a guard nor a bound.

// __resolve__service is the resolver for the _service field.
//
//nolint:revive,unparam // the generator's name and form
func (ec *executionContext) __resolve__service(context.Context) (wire.Subgraph, error) {
	return wire.Subgraph{SDL: ec.house().Subgraph()}, nil
}

// __resolve_entities is the resolver for the _entities field.
//
//nolint:revive // the generator's name
func (ec *executionContext) __resolve_entities(ctx context.Context, asked []wire.Representation) []wire.Node {
	found, err := ec.house().Rooms.entities(ctx, asked)
	if err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	return found
}

// house is the resolver that NewServer made.
func (ec *executionContext) house() *Resolver { return ec.Resolvers.(*Resolver) }
