package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// ServiceAccount is a service account.
func ServiceAccount() Kind { return Kind{"ServiceAccount", []id.Kind{id.KindServiceAccount}} }

// MarshalServiceAccountID writes the identifier of a service account.
func MarshalServiceAccountID(i id.ServiceAccount) graphql.ContextMarshaler { return write(i) }

// UnmarshalServiceAccountID reads the identifier of a service account; one of another kind is refused.
func UnmarshalServiceAccountID(ctx context.Context, v any) (id.ServiceAccount, error) {
	return read[id.ServiceAccount](ctx, v, ServiceAccount())
}

// MarshalAPIKeyID writes the identifier of an API key.
func MarshalAPIKeyID(i id.APIKey) graphql.ContextMarshaler { return write(i) }

// UnmarshalAPIKeyID reads the identifier of an API key; one of another kind is refused.
func UnmarshalAPIKeyID(ctx context.Context, v any) (id.APIKey, error) {
	return read[id.APIKey](ctx, v, Kind{"ApiKey", []id.Kind{id.KindAPIKey}})
}

// MarshalClientKeyID writes the identifier of a client key.
func MarshalClientKeyID(i id.ClientKey) graphql.ContextMarshaler { return write(i) }

// UnmarshalClientKeyID reads the identifier of a client key; one of another kind is refused.
func UnmarshalClientKeyID(ctx context.Context, v any) (id.ClientKey, error) {
	return read[id.ClientKey](ctx, v, Kind{"ClientKey", []id.Kind{id.KindClientKey}})
}
