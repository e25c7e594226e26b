package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Profile is a cooperation profile.
func Profile() Kind { return Kind{"CooperationProfile", []id.Kind{id.KindProfile}} }

// MarshalProfileID writes the identifier of a cooperation profile.
func MarshalProfileID(i id.Profile) graphql.ContextMarshaler { return write(i) }

// UnmarshalProfileID reads the identifier of a cooperation profile; one of another kind is refused.
func UnmarshalProfileID(ctx context.Context, v any) (id.Profile, error) {
	return read[id.Profile](ctx, v, Profile())
}

// Sight is one way in which an object can be seen: who, and by which rule.
type Sight struct {
	Organisation id.Organisation // empty where none is needed
	Relation     authz.Relation
	Anybody      bool
	Roles        []authz.Role
	Rule         string
	Note         string
	Delegation   id.Delegation // empty for an organisation's own

	Fields   []contract.SharedField // nil for all
	Contract id.Contract            // by which they are shared; empty for any other way
	Purpose  *string
	Until    *scalar.Date
}
