package appraisal

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// subject is an organisation as it stands to the reader of its record.
type subject struct {
	own   id.Organisation
	above []id.Organisation
}

// Stand tells that it is its own, and who is above it.
func (s subject) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{s.own}
	case authz.Above:
		return s.above
	}
	return nil
}

// Records tells the records of organisations to the caller, in the order asked: whole to their own people and the bodies
// above, without the single criteria to those who look for partners; nil for anybody else, and where there is no such
// organisation.
func (s *Service) Records(ctx context.Context, of []id.Organisation) ([]*CooperationRecord, error) {
	facts, err := s.Organisations(ctx, of)
	if err != nil {
		return nil, err
	}
	found, err := s.RecordsOf(ctx, of)
	if err != nil {
		return nil, err
	}
	who := authz.From(ctx)
	for i, f := range facts {
		it := subject{of[i], f.Above}
		switch {
		case !f.Exists() || !s.table.Allows(who, access.RecordRead, it):
			found[i] = nil
		case !s.table.Allows(who, access.RecordReadWhole, it):
			found[i].Criteria = nil
		}
	}
	return found, nil
}

// Record is Records for one organisation; NOT_FOUND for nil.
func (s *Service) Record(ctx context.Context, of id.Organisation) (*CooperationRecord, error) {
	found, err := s.Records(ctx, []id.Organisation{of})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", of)
	}
	return found[0], nil
}
