package securitylog

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Forget removes what is about the account of somebody who was erased. What is about an organisation's keys stays with the
// organisation, and names nobody.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	s.mu.Lock()
	for k, e := range s.loud {
		if e.Person == who && e.Organisation == "" {
			delete(s.loud, k)
		}
	}
	s.mu.Unlock()
	return s.entries.PurgeAll(authz.AsSystem(ctx), store.And(byPerson.Is(who), byOrganisation.Missing()))
}
