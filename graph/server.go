package graph

import (
	"context"
	"log/slog"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// Options of the schema's engine.
type Options struct {
	Limits gql.Limits   // the zero Limits are the default ones
	Open   bool         // whether anonymous callers may introspect the schema too
	Log    *slog.Logger // takes unexpected errors
}

// NewServer makes the engine that answers the schema from the rooms.
func NewServer(rooms Rooms, o Options) *gql.Engine {
	if o.Limits == (gql.Limits{}) {
		o.Limits = gql.DefaultLimits()
	}
	return gql.New(gql.Config{
		Schema: NewExecutableSchema(Config{Resolvers: &Resolver{Rooms: rooms}, Directives: DirectiveRoot{Scope: scope}}),
		Limits: o.Limits,
		Open:   func(ctx context.Context) bool { return o.Open || authz.From(ctx).Known() },
		Around: once,
		Log:    o.Log,
	})
}
