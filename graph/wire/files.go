package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// File is a file.
func File() Kind { return Kind{"File", []id.Kind{id.KindFile}} }

// MarshalFileID writes the identifier of a file.
func MarshalFileID(i id.File) graphql.ContextMarshaler { return write(i) }

// UnmarshalFileID reads the identifier of a file; one of another kind is refused.
func UnmarshalFileID(ctx context.Context, v any) (id.File, error) {
	return read[id.File](ctx, v, File())
}
