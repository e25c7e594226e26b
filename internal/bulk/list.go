package bulk

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The pages of lists, and filters on one value.
type (
	// JobConnection is a page of jobs.
	JobConnection = page.Connection[*Job]
	// JobEdge is one job in a page.
	JobEdge = page.Edge[*Job]
	// LineConnection is a page of lines with which something is wrong.
	LineConnection = page.Connection[*Line]
	// LineEdge is one of them.
	LineEdge = page.Edge[*Line]
	// StateChoice filters by how far jobs are.
	StateChoice = page.Choice[State]
)

// Filter says which jobs a list shows.
type Filter struct{ State *StateChoice }

// Job finds a job.
func (s *Service) Job(ctx context.Context, j id.BulkJob) (*Job, error) {
	return s.jobs.Get(ctx, string(j))
}

// Many finds jobs in the order of ids; nil where there is none or it is hidden.
func (s *Service) Many(ctx context.Context, ids []id.BulkJob) ([]*Job, error) {
	plain := make([]string, len(ids))
	for i, one := range ids {
		plain[i] = string(one)
	}
	return s.jobs.GetMany(ctx, plain)
}

// Exports lists exports that the caller may see, the latest first.
func (s *Service) Exports(ctx context.Context, f *Filter, a page.Args) (*JobConnection, error) {
	return s.list(ctx, Export, f, a)
}

// Imports lists imports that the caller may see, the latest first.
func (s *Service) Imports(ctx context.Context, f *Filter, a page.Args) (*JobConnection, error) {
	return s.list(ctx, Import, f, a)
}

func (s *Service) list(ctx context.Context, k Kind, f *Filter, a page.Args) (*JobConnection, error) {
	only := byKind.Is(k)
	if f != nil {
		only = store.And(only, f.State.Filter(byState))
	}
	return page.List(ctx, s.jobs, s.Cursors, only, []store.Order{byCreated.Desc()}, a)
}

// LineErrors lists the lines of a job with which something is wrong, in their order: for whoever may see the job.
func (s *Service) LineErrors(ctx context.Context, j *Job, a page.Args) (*LineConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(authz.AsSystem(ctx), s.lines, s.Cursors, byJob.Is(j.ID), []store.Order{byNumber.Asc()}, a)
}
