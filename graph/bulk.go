package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// Importable are the mutations that can be done for each line of a file: those that make things, and nothing that signs,
// agrees, gives power or is about who somebody is.
func Importable() []string {
	return []string{
		"registerDistrict", "registerSubDistrict", "registerCommunity", "registerResidentUnit",
		"createLibraryClause", "createContractTemplate", "draftContract", "draftContractFromTemplate",

		"collectNeed", "offerResource",
	}
}

// bulkJobChanged tells how an export or import gets on.
func (r Rooms) bulkJobChanged(ctx context.Context, of string) (<-chan *bulk.Job, error) {
	return stream.Answer[*bulk.Job](ctx, nil, func(*int64) (stream.Source, error) {
		j, err := wire.Named[id.BulkJob]("id", of, wire.BulkJob())
		if err != nil {
			return nil, err
		}
		return r.Bulk.Changes(ctx, j)
	})
}
