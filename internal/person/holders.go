package person

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Holders finds the people who hold one of the roles in an organisation at this moment, those enrolled first, at most so many. Signer
// stands for whoever holds the organisation's signing right. It is for the program, which tells them what concerns them.
func (s *Service) Holders(ctx context.Context, of id.Organisation, roles []authz.Role, most int) ([]id.Person, error) {
	where := byOrganisation.Is(of)
	if !slices.Contains(roles, authz.Signer) {
		where = postsIn(of).In(roles...)
	}
	var out []id.Person
	for p, err := range s.people.Walk(authz.AsSystem(ctx), where, byCreated.Asc()) {
		if err != nil {
			return nil, err
		}
		if !p.holds(roles, of, s) {
			continue
		}
		if out = append(out, p.ID); len(out) >= most {
			break
		}
	}
	return out, nil
}

// holds says whether one of the roles in an organisation is in force.
func (p *Person) holds(roles []authz.Role, in id.Organisation, s *Service) bool {
	who := authz.Actor{Holdings: p.Holdings(s.now())}
	return slices.ContainsFunc(roles, func(r authz.Role) bool { return who.Holds(r, in) })
}

// Accounts finds people as the program needs them to reach them, in the order of ids; nil where there is none.
func (s *Service) Accounts(ctx context.Context, ids []id.Person) ([]*Person, error) {
	return s.people.GetMany(authz.AsSystem(ctx), keys(ids))
}
