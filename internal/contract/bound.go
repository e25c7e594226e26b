package contract

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bound says whether an organisation is a party to a contract that is being signed, is signed or is in force: somebody
// must be there to sign for it.
func (s *Service) Bound(ctx context.Context, o id.Organisation) (bool, error) {
	l, err := s.contracts.List(authz.AsSystem(ctx), store.Query{
		Where: store.And(byParty.Is(o), byStatus.In(Signing, Signed, Active, Suspended)), Sort: []store.Order{byUpdated.Desc()}, Limit: 1,
	})
	return len(l.Items) > 0, err
}
