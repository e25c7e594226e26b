package contract

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// CameOf lists the contracts with a promise that was drafted for a need or of a resource, at most so many, among those that
// the caller may read.
func (s *Service) CameOf(ctx context.Context, of string, most int) ([]id.Contract, error) {
	q := store.Query{Where: byNeed.Is(id.Need(of)), Limit: most}
	if id.Is(of, id.KindResource) {
		q.Where = byResource.Is(id.Resource(of))
	}
	found, err := s.contracts.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]id.Contract, len(found.Items))
	for i, c := range found.Items {
		out[i] = c.ID
	}
	return out, nil
}

// CameFrom are the needs and the resources that a promise was drafted from.
func (c *Contract) CameFrom(m *Commitment) []string {
	var out []string
	for _, s := range c.Sources {
		if s.Key != m.Key {
			continue
		}
		for _, of := range []string{string(s.Need), string(s.Resource)} {
			if of != "" {
				out = append(out, of)
			}
		}
	}
	return out
}
