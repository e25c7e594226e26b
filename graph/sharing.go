package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// sharing lists what contracts share of an organisation, with it, or both.
func (r Rooms) sharing(ctx context.Context, of string, way *contract.SharingDirection, a page.Args) (*contract.SharingConnection, error) {
	o, err := wire.Named[id.Organisation]("organisation", of, wire.Organisation())
	if err != nil {
		return nil, err
	}
	return r.Contracts.SharedBy(ctx, o, way, a)
}
