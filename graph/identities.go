package graph

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/identity"
	"github.com/cobuild/cobuild/internal/person"
)

// Identities are who people are at issuers outside. What they do takes more rooms than one, and is put together where all of
// them are known.
type Identities struct {
	Issuers   func(context.Context) ([]*identity.Issuer, error)
	IssuersOf func(ctx context.Context, addresses []string) ([]*identity.Issuer, error)
	Of        func(context.Context, []id.Person) ([][]*identity.Identity, error)

	SignIn func(context.Context, identity.SignInInput) (*person.SignedIn, error)
	Link   func(context.Context, identity.LinkInput) (*identity.Identity, error)
	Unlink func(context.Context, identity.UnlinkInput) (*identity.Identity, error)
}

func identitiesOf(people []*person.Person) []id.Person {
	return idsOf(people, func(p *person.Person) id.Person { return p.ID })
}
