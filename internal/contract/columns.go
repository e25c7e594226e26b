package contract

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name.
const (
	byParty       = store.Each[id.Organisation]("current")
	byAbove       = store.Each[id.Organisation]("above")
	byHost        = store.Field[id.Organisation]("host")
	bySubDistrict = store.Field[id.Organisation]("subDistrict")
	byDistrict    = store.Field[id.Organisation]("district")
	byStatus      = store.Field[Status]("status")
	byEffectiveOn = store.Field[scalar.Date]("text.effectiveOn")
	byEndsOn      = store.Field[scalar.Date]("text.endsOn")
	byCreated     = store.Field[time.Time]("createdAt")
	byUpdated     = store.Field[time.Time]("updatedAt")
	byWake        = store.Field[time.Time]("wakeAt")

	byFormer      = store.Each[id.Organisation]("former")
	byPredecessor = store.Field[id.Contract]("predecessor")

	pastContract = store.Field[id.Contract]("contract")
	pastNumber   = store.Field[int]("number")
)

// schema declares the contracts' indexes: for who reads as a party, from above or as a former party, in every order that
// lists have, and for the most usual choice, that of the state, once more.
func schema() store.Schema {
	s := store.Schema{Name: "contracts", Indexes: []store.Index{
		store.Lookup(byHost.Asc(), byUpdated.Desc()),
		store.Lookup(byHost.Asc()),
		store.Lookup(bySubDistrict.Asc(), byUpdated.Desc()),
		store.Lookup(byDistrict.Asc(), byUpdated.Desc()),
		store.Sparse(byWake.Asc()),
		store.Sparse(byPredecessor.Asc()),
		store.Sparse(byPair.Asc()), store.Sparse(byGiven.Asc()), store.Sparse(byTaken.Asc()),

		store.Sparse(byNeed.Asc()), store.Sparse(byResource.Asc()),
	}}
	for _, who := range []store.Order{byParty.Asc(), byAbove.Asc(), byFormer.Asc()} {
		for _, by := range []store.Order{byUpdated.Desc(), byCreated.Desc(), byEndsOn.Asc(), byEffectiveOn.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(who, by))
		}
		for _, by := range []store.Order{byUpdated.Desc(), byEndsOn.Asc()} {
			s.Indexes = append(s.Indexes, store.Lookup(who, byStatus.Asc(), by))
		}
	}
	return s
}

// columns say where a contract keeps the organisations that the rule of reading speaks of.
func columns() authz.Columns {
	return authz.Columns{
		authz.Partying: byParty.In,
		authz.Above:    byAbove.In,
		authz.Former:   byFormer.In,
	}
}
