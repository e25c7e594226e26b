package person

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields by which people are found.
const (
	ByID           store.Field[id.Person]      = "_id"
	byName         store.Field[string]         = "name"
	byLogin        store.Field[string]         = "loginName"
	byEmail        store.Field[string]         = "email"
	byOrganisation store.Each[id.Organisation] = "organisations"
	byUnder        store.Each[id.Organisation] = "under"
	byPost         store.Each[string]          = "posts"
	byWake         store.Field[time.Time]      = "wakeAt"
	byExpelled     store.Field[time.Time]      = "expelledAt"
)

func uniqueLogin() store.Index { return store.Unique(byLogin.Asc()) }
func uniqueEmail() store.Index { return store.Unique(byEmail.Asc()) }

func peopleSchema() store.Schema {
	return store.Schema{Name: "people", Indexes: []store.Index{
		uniqueLogin(),
		uniqueEmail(),
		store.Lookup(byOrganisation.Asc(), byName.Asc()),
		store.Lookup(byUnder.Asc(), byName.Asc()),
		store.Lookup(byPost.Asc(), byName.Asc()),
		store.Sparse(byWake.Asc()),
		store.Sparse(byExpelled.Asc()),
	}}
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
	return store.Schema{Name: "invitations", Expire: string(byExpiry), Indexes: []store.Index{
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
