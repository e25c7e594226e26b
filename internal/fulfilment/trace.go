package fulfilment

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// DoneFor finds a page of what the provider of a commitment has reported, by day, among what the caller may read.
func (s *Service) DoneFor(ctx context.Context, of id.Commitment, q store.Query) (store.List[*Fulfilment], error) {
	q.Where = store.And(byCommitment.Is(of), byStatus.In(Reported, Accepted, Disputed, Resolved))
	q.Sort = []store.Order{byDueOn.Asc()}
	return s.fulfilments.List(ctx, q)
}
