package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Event is something that happened.
func Event() Kind { return Kind{"Event", []id.Kind{id.KindEvent}} }

// MarshalEventID writes the identifier of an event.
func MarshalEventID(i id.Event) graphql.ContextMarshaler { return write(i) }

// UnmarshalEventID reads the identifier of an event; one of another kind is refused.
func UnmarshalEventID(ctx context.Context, v any) (id.Event, error) {
	return read[id.Event](ctx, v, Event())
}
