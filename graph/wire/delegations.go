package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Delegation is the word of one organisation that another may act for it.
func Delegation() Kind { return Kind{"Delegation", []id.Kind{id.KindDelegation}} }

// MarshalDelegationID writes the identifier of a delegation.
func MarshalDelegationID(i id.Delegation) graphql.ContextMarshaler { return write(i) }

// UnmarshalDelegationID reads the identifier of a delegation; one of another kind is refused.
func UnmarshalDelegationID(ctx context.Context, v any) (id.Delegation, error) {
	return read[id.Delegation](ctx, v, Delegation())
}
