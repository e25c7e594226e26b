package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// cooperationRecord is the record of the organisation that an argument names; null where the caller may not know.
func (r Rooms) cooperationRecord(ctx context.Context, organisation string) (*appraisal.CooperationRecord, error) {
	of, err := wire.Named[id.Organisation]("organisation", organisation, wire.Organisation())
	if err != nil {
		return nil, err
	}
	found, err := r.Appraisals.Record(ctx, of)
	if fault.Is(err, fault.CodeNotFound) {
		return found, nil
	}
	return found, err
}
