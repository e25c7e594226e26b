package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// scope lets a field be answered only to a caller whose token carries the scope. A person's own session carries all of
// them, a service account those it was given; without a token there are the public ones. The table of rights asks for
// the same scopes once more, so that node and nested fields give no more than the root fields do.
func scope(ctx context.Context, _ any, next graphql.Resolver, needs authz.Scope) (any, error) {
	a := authz.From(ctx)
	switch {
	case a.Has(string(needs)):
		return next(ctx)
	case a.Known():
		return nil, fault.New(fault.Forbidden, authz.CodeScopeMissing, "scope", needs)
	}
	return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
}
