package securitylog

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name.
const (
	byPerson       = store.Field[id.Person]("person")
	byOrganisation = store.Field[id.Organisation]("organisation")
	byKind         = store.Field[Kind]("kind")
	byLast         = store.Field[time.Time]("lastAt")
	byExpires      = store.Field[time.Time]("expiresAt")
)

// schema serves a person, an organisation and whoever runs the platform: all of it by time, and what is of a kind.
func schema() store.Schema {
	s := store.Schema{Name: "security_log", Expire: string(byExpires), Indexes: []store.Index{
		store.Lookup(byLast.Asc()), store.Lookup(byKind.Asc(), byLast.Asc()), store.Lookup(byExpires.Asc()),
	}}
	for _, whose := range []store.Order{byPerson.Asc(), byOrganisation.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(whose, byLast.Asc()), store.Lookup(whose, byKind.Asc(), byLast.Asc()))
	}
	return s
}

// These are the names under which the API binds pages and filters.
type (
	// Connection is a page of the log.
	Connection = page.Connection[*Entry]
	// Edge is an entry of a page, with its cursor.
	Edge = page.Edge[*Entry]
	// KindChoice chooses by kind.
	KindChoice = page.Choice[Kind]
)

// Filter chooses among entries. What it names must all hold.
type Filter struct {
	Kind         *KindChoice
	Organisation *organisation.Choice
	Since        *time.Time // that happened last from this moment on
}

func (f *Filter) where() (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{f.Kind.Filter(byKind), f.Organisation.Filter(byOrganisation)}
	if f.Since != nil {
		own = append(own, byLast.Gte(*f.Since))
	}
	return page.Combine[Filter](own, nil, nil, nil, 0, nil)
}
