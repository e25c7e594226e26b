package project

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// All are the projects, for who goes through all of them.
func (s *Service) All() store.All[*Project] { return s.projects.All() }

// CameOf finds a page of the projects that came of a contract, the latest change first, among what the caller may read.
func (s *Service) CameOf(ctx context.Context, c id.Contract, q store.Query) (store.List[*Project], error) {
	q.Where, q.Sort = byContract.Is(c), []store.Order{byUpdated.Desc()}
	return s.projects.List(ctx, q)
}
