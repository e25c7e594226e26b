package person

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

// The fields by which people are found.
const (
	ByID           store.Field[id.Person]      = "_id"
	byLogin        store.Field[string]         = "loginName" + vault.BlindSuffix
	byEmail        store.Field[string]         = "email" + vault.BlindSuffix
	byOrganisation store.Each[id.Organisation] = "organisations"
	byUnder        store.Each[id.Organisation] = "under"
	byPost         store.Each[string]          = "posts"
	byWake         store.Field[time.Time]      = "wakeAt"
	byExpelled     store.Field[time.Time]      = "expelledAt"
)

func uniqueLogin() store.Index { return store.Unique(byLogin.Asc()) }
func uniqueEmail() store.Index { return store.Unique(byEmail.Asc()) }

func peopleSchema() store.Schema {
	return store.Schema{Name: "people", Shape: 2, Upcast: asItWas(), Indexes: []store.Index{
		uniqueLogin(),
		uniqueEmail(),
		store.Lookup(byOrganisation.Asc(), byCreated.Asc()),
		store.Lookup(byUnder.Asc(), byCreated.Asc()),
		store.Lookup(byPost.Asc(), byCreated.Asc()),
		store.Sparse(byWake.Asc()),
		store.Sparse(byExpelled.Asc()),
	}}
}

// asItWas reads documents from before personal texts were encrypted. They say the same; the form has a number of its
// own, so that a program that cannot decrypt refuses them.
func asItWas() map[int]func(bson.D) (bson.D, error) {
	return map[int]func(bson.D) (bson.D, error){1: func(d bson.D) (bson.D, error) { return d, nil }}
}

// peopleSealed are the texts of a person that are encrypted under a secret of their own.
func peopleSealed() vault.Kind {
	return vault.Kind{
		Collection: "people", Own: true,
		Fields: []string{"name", "loginName", "email"}, Found: []string{"loginName", "email"},
	}
}

// invitationsSealed are the texts of an invitation that are encrypted; nobody's own secret, for it is nobody's yet.
func invitationsSealed() vault.Kind {
	return vault.Kind{Collection: "invitations", Fields: []string{"name"}}
}

func peopleColumns() authz.Columns {
	return authz.Columns{
		authz.Own:   byOrganisation.In,
		authz.Above: byUnder.In,
	}
}

// The fields by which sessions are found, and end.
const (
	byWhom       store.Field[id.Person] = "person"
	byExpiry     store.Field[time.Time] = "expiresAt"
	byEnd        store.Field[time.Time] = "endedAt"
	byGeneration store.Field[int]       = "generation"
)

func sessionsSchema() store.Schema {
	return store.Schema{
		Name: "sessions", Expire: string(byExpiry),
		Indexes: []store.Index{
			store.Lookup(byExpiry.Asc()), store.Lookup(byWhom.Asc(), byCreated.Desc()), store.Sparse(byEnd.Asc()),
		},
		Narrow: []store.Order{byEnd.Asc(), byGeneration.Asc()},
	}
}

// The fields by which invitations are found.
const (
	bySelector store.Field[string]           = "selector"
	byInviting store.Field[id.Organisation]  = "organisation"
	byAbove    store.Each[id.Organisation]   = "above"
	byHost     store.Each[id.Organisation]   = "hosts"
	byStatus   store.Field[InvitationStatus] = "status"
	byCreated  store.Field[time.Time]        = "createdAt"
)

func uniqueSelector() store.Index { return store.Unique(bySelector.Asc()) }

func invitationsSchema() store.Schema {
	return store.Schema{Name: "invitations", Shape: 2, Upcast: asItWas(), Expire: string(byExpiry), Indexes: []store.Index{
		uniqueSelector(),
		store.Lookup(byInviting.Asc(), byCreated.Desc()),
		store.Lookup(byInviting.Asc(), byStatus.Asc(), byCreated.Desc()),
		store.Lookup(byAbove.Asc(), byCreated.Desc()),
		store.Lookup(byHost.Asc(), byCreated.Desc()),
		store.Lookup(byCreated.Desc()),
		store.Lookup(byExpiry.Asc()),
	}}
}

func invitationColumns() authz.Columns {
	return authz.Columns{
		authz.Own:     byInviting.In,
		authz.Above:   byAbove.In,
		authz.Hosting: byHost.In,
	}
}
