package project

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Slots is how many fields of one template projects can be found by, over all versions that have projects: two versions
// that have nothing in common fit, so that a new one can always be published once all projects are of the latest.
const Slots = 2 * record.MaxFields

// The fields that queries name.
const (
	byReader          = store.Each[Reader]("readers")
	byParty           = store.Each[id.Organisation]("parties")
	byLead            = store.Field[id.Organisation]("lead")
	bySubDistrict     = store.Field[id.Organisation]("subDistrict")
	byDistrict        = store.Field[id.Organisation]("district")
	byContract        = store.Field[id.Contract]("contract")
	byKind            = store.Field[Kind]("kind")
	byStatus          = store.Field[Status]("status")
	byTemplate        = store.Field[id.ProjectTemplate]("template")
	byTemplateVersion = store.Field[int]("templateVersion")
	byProject         = store.Field[id.Project]("_id")
	byCreated         = store.Field[time.Time]("createdAt")
	byUpdated         = store.Field[time.Time]("updatedAt")
)

// bySlot is where projects keep the n-th declared field of their template.
func bySlot(n int) store.Field[string] { return store.Field[string]("slots." + slotName(n)) }

// schema declares the projects' indexes: for who reads, in every order that lists have, and for the usual choices once
// more. Who takes part and who stands above read by one array, so that it is one index for each. Of every template the
// declared fields lie in the same few slots: a filter on one field, and the order by it, are served by its slot's index.
func schema() store.Schema {
	s := store.Schema{Name: "projects", Indexes: []store.Index{
		store.Lookup(byContract.Asc(), byUpdated.Desc()),
		store.Lookup(byParty.Asc(), byUpdated.Desc()), store.Lookup(byParty.Asc(), byCreated.Desc()),
		store.Lookup(byTemplate.Asc(), byTemplateVersion.Asc()),
		store.Lookup(byLead.Asc()),
	}, Narrow: []store.Order{bySubDistrict.Asc(), byDistrict.Asc()}}
	for _, by := range []store.Order{byUpdated.Desc(), byCreated.Desc()} {
		s.Indexes = append(s.Indexes, store.Lookup(byReader.Asc(), by), store.Lookup(byReader.Asc(), byStatus.Asc(), by))
	}
	s.Indexes = append(s.Indexes, store.Lookup(byReader.Asc(), byKind.Asc(), byUpdated.Desc()), store.Lookup(byReader.Asc(), byTemplate.Asc(), byUpdated.Desc()))
	for n := range Slots {
		s.Indexes = append(s.Indexes, store.Lookup(byReader.Asc(), byTemplate.Asc(), bySlot(n).Asc(), byUpdated.Asc()))
	}
	return s
}

// columns say where a project keeps the organisations that the rule of reading speaks of: all in one array, each with how
// it stands to the project.
func columns() authz.Columns {
	return authz.Columns{authz.Partying: readers(partying), authz.Above: readers(above)}
}

func readers(as func(id.Organisation) Reader) func(...id.Organisation) store.Filter {
	return func(all ...id.Organisation) store.Filter {
		in := make([]Reader, len(all))
		for i, o := range all {
			in[i] = as(o)
		}
		return byReader.In(in...)
	}
}
