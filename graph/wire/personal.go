package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/personal"
)

// MarshalPersonal shows a personal text to whoever the resolvers have let through to it; null where it was erased.
func MarshalPersonal(t personal.Text) graphql.Marshaler {
	if t == "" {
		return graphql.Null
	}
	return graphql.MarshalString(t.Clear())
}

// UnmarshalPersonal reads a text as inputs have it.
func UnmarshalPersonal(v any) (personal.Text, error) {
	s, err := UnmarshalString(v)
	return personal.Text(s), err
}

// PersonalAccess is an entry of the list of who read what is personal.
func PersonalAccess() Kind { return Kind{"PersonalAccess", []id.Kind{id.KindPersonalAccess}} }

// MarshalPersonalAccessID writes the identifier of such an entry.
func MarshalPersonalAccessID(i id.PersonalAccess) graphql.ContextMarshaler { return write(i) }

// UnmarshalPersonalAccessID reads the identifier of such an entry; one of another kind is refused.
func UnmarshalPersonalAccessID(ctx context.Context, v any) (id.PersonalAccess, error) {
	return read[id.PersonalAccess](ctx, v, PersonalAccess())
}
