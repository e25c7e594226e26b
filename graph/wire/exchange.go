package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Need is a need.
func Need() Kind { return Kind{"Need", []id.Kind{id.KindNeed}} }

// Resource is a resource.
func Resource() Kind { return Kind{"Resource", []id.Kind{id.KindResource}} }

// MarshalCategoryID writes the identifier of a category.
func MarshalCategoryID(i id.Category) graphql.ContextMarshaler { return write(i) }

// UnmarshalCategoryID reads the identifier of a category; one of another kind is refused.
func UnmarshalCategoryID(ctx context.Context, v any) (id.Category, error) {
	return read[id.Category](ctx, v, Kind{"Category", []id.Kind{id.KindCategory}})
}

// MarshalNeedID writes the identifier of a need.
func MarshalNeedID(i id.Need) graphql.ContextMarshaler { return write(i) }

// UnmarshalNeedID reads the identifier of a need; one of another kind is refused.
func UnmarshalNeedID(ctx context.Context, v any) (id.Need, error) {
	return read[id.Need](ctx, v, Need())
}

// MarshalResourceID writes the identifier of a resource.
func MarshalResourceID(i id.Resource) graphql.ContextMarshaler { return write(i) }

// UnmarshalResourceID reads the identifier of a resource; one of another kind is refused.
func UnmarshalResourceID(ctx context.Context, v any) (id.Resource, error) {
	return read[id.Resource](ctx, v, Resource())
}

// MarshalClaimID writes the identifier of a claim.
func MarshalClaimID(i id.Claim) graphql.ContextMarshaler { return write(i) }

// UnmarshalClaimID reads the identifier of a claim; one of another kind is refused.
func UnmarshalClaimID(ctx context.Context, v any) (id.Claim, error) {
	return read[id.Claim](ctx, v, Kind{"Claim", []id.Kind{id.KindNeedClaim, id.KindResourceClaim}})
}
