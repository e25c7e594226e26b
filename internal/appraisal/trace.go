package appraisal

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// JudgedIn finds a page of the appraisals of a contract that were opened, by day, among what the caller may read.
func (s *Service) JudgedIn(ctx context.Context, of id.Contract, q store.Query) (store.List[*Appraisal], error) {
	q.Where, q.Sort = store.And(byContract.Is(of), byOpenedOn.Gte("")), []store.Order{byOpenedOn.Asc()}
	return s.appraisals.List(ctx, q)
}
