package project

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// SetRecordInput is the input of setRecord.
type SetRecordInput struct {
	command.Change
	ID     id.Project
	Record record.JSON
}

// PatchRecordInput is the input of patchRecord. Without an expected version the patch is for the record as it is when
// the patch comes to it.
type PatchRecordInput struct {
	command.Once
	ID              id.Project
	ExpectedVersion *int
	Merge           *record.JSON
	Patch           *record.JSON
}

// SetRecord puts a whole record in place of the one that a project had.
func (s *Service) SetRecord(ctx context.Context, in SetRecordInput) (*Project, error) {
	next, err := record.Parse(in.Record)
	if err != nil {
		return nil, under(err, "record")
	}
	return s.rewrite(ctx, in.ID, &in.ExpectedVersion, "record", func(*record.Record) (*record.Record, error) { return next, nil })
}

// PatchRecord changes a part of a record. The patch is done to the newest record in the very write that keeps it, so that
// of many who patch different fields at once none loses another's.
func (s *Service) PatchRecord(ctx context.Context, in PatchRecordInput) (*Project, error) {
	switch {
	case (in.Merge == nil) == (in.Patch == nil):
		return nil, fault.New(fault.Invalid, CodeOnePatch)
	case in.Merge != nil:
		return s.rewrite(ctx, in.ID, in.ExpectedVersion, "merge", func(r *record.Record) (*record.Record, error) { return r.Merge(*in.Merge) })
	}
	return s.rewrite(ctx, in.ID, in.ExpectedVersion, "patch", func(r *record.Record) (*record.Record, error) { return r.Patch(*in.Patch) })
}

// rewrite makes a project's record anew. What is wrong is told below the input field that said so.
func (s *Service) rewrite(ctx context.Context, of id.Project, expected *int, field string, fn func(*record.Record) (*record.Record, error)) (*Project, error) {
	return s.projects.Change(ctx, access.ProjectRecord, string(of), func(p *Project) error {
		if expected != nil {
			if err := command.Expect(p.Version, *expected); err != nil {
				return err
			}
		}
		if err := p.can(VerbSetRecord); err != nil {
			return err
		}
		by, err := s.by(ctx, access.ProjectRecord, p, nil)
		if err != nil {
			return err
		}
		if p.Template == "" {
			return fault.New(fault.Refused, CodeNoTemplate)
		}
		had, err := record.Parse(p.Record)
		if err != nil {
			return fault.New(fault.Internal, fault.CodeInternal).Because(err)
		}
		next, err := fn(had)
		if err != nil {
			return under(err, field)
		}
		t, err := s.Template(ctx, p.Template)
		if err != nil {
			return err
		}
		if err := s.hold(ctx, p, t, next); err != nil {
			return under(err, field)
		}
		return p.tell(ToldRecordChanged, by)
	})
}

// under leads faults to a field of the input.
func under(err error, field string) error {
	var f fault.List
	f.Add(err, field)
	return f.Err()
}
