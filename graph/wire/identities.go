package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Identity is who somebody is at an issuer outside.
func Identity() Kind { return Kind{"Identity", []id.Kind{id.KindIdentity}} }

// MarshalIdentityID writes the identifier of an identity.
func MarshalIdentityID(i id.Identity) graphql.ContextMarshaler { return write(i) }

// UnmarshalIdentityID reads the identifier of an identity; one of another kind is refused.
func UnmarshalIdentityID(ctx context.Context, v any) (id.Identity, error) {
	return read[id.Identity](ctx, v, Identity())
}
