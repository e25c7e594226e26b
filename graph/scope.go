package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// scope lets a field be answered only to a caller whose token carries the scope. A person's own session carries all of
// them; without a token there are the public ones.
func scope(ctx context.Context, _ any, next graphql.Resolver, needs wire.Scope) (any, error) {
	switch {
	case authz.From(ctx).Known(), needs == wire.ScopePublic, needs == wire.ScopeOrganisationsRead:
		return next(ctx)
	}
	return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
}
