package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// BulkJob is an export or an import.
func BulkJob() Kind { return Kind{"BulkJob", []id.Kind{id.KindBulkJob}} }

// MarshalBulkJobID writes the identifier of an export or import.
func MarshalBulkJobID(i id.BulkJob) graphql.ContextMarshaler { return write(i) }

// UnmarshalBulkJobID reads the identifier of an export or import; one of another kind is refused.
func UnmarshalBulkJobID(ctx context.Context, v any) (id.BulkJob, error) {
	return read[id.BulkJob](ctx, v, BulkJob())
}
