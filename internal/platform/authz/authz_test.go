package authz_test

import (
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// thing is an object with organisations around it, as a document keeps them.
type thing struct {
	Hosts   []id.Organisation `bson:"hosts"`
	Parties []id.Organisation `bson:"parties"`
	Above   []id.Organisation `bson:"above"`
	Owner   id.Person         `bson:"owner"`
}

func (t thing) Stand(r authz.Relation) []id.Organisation {
	return map[authz.Relation][]id.Organisation{authz.Hosting: t.Hosts, authz.Partying: t.Parties, authz.Above: t.Above}[r]
}

func (t thing) BelongsTo() id.Person { return t.Owner }

func columns() authz.Columns {
	return authz.Columns{
		authz.Hosting:  store.Each[id.Organisation]("hosts").In,
		authz.Partying: store.Each[id.Organisation]("parties").In,
		authz.Above:    store.Each[id.Organisation]("above").In,
	}
}

func TestAListHoldsJustWhatMayBeRead(t *testing.T) {
	organisations := rapid.SampledFrom([]id.Organisation{"a", "b", "c", "d"})
	roles := rapid.SampledFrom([]authz.Role{authz.Secretary, authz.Liaison, authz.Member, authz.Supervisor, authz.Auditor, authz.Administrator})
	relations := rapid.SampledFrom([]authz.Relation{authz.Hosting, authz.Partying, authz.Above})
	rapid.Check(t, func(t *rapid.T) {
		grant := rapid.Custom(func(t *rapid.T) authz.Grant {
			switch rapid.IntRange(0, 9).Draw(t, "kind") {
			case 0:
				return authz.Grant{Role: authz.Itself, As: authz.Personal}
			case 1:
				return authz.Grant{Role: roles.Draw(t, "role"), As: authz.Anywhere}
			case 2:
				return authz.Grant{Role: authz.Signer, As: relations.Draw(t, "as")}
			}
			return authz.Grant{Role: roles.Draw(t, "role"), As: relations.Draw(t, "as")}
		})
		table := authz.Table{{
			Action: "read", Who: rapid.SliceOfN(grant, 0, 4).Draw(t, "who"),
			Scope: rapid.SampledFrom([]authz.Scope{"", authz.ScopePublic, authz.ScopeContractsRead}).Draw(t, "scope"),
		}}
		actor := authz.Actor{Person: rapid.SampledFrom([]id.Person{"", "p", "q"}).Draw(t, "person")}
		if actor.Person == "" && rapid.Bool().Draw(t, "program") {
			actor.Service = "p" // as if it had a person's name: it is none all the same
			actor.Scopes = rapid.SliceOfN(rapid.SampledFrom([]string{"CONTRACTS_READ", "CONTRACTS_WRITE"}), 0, 2).Draw(t, "scopes")
		}
		if actor.Known() {
			actor.Holdings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) authz.Holding {
				return authz.Holding{Role: roles.Draw(t, "role"), Organisation: organisations.Draw(t, "in"), Signing: rapid.Bool().Draw(t, "signing")}
			}), 0, 3).Draw(t, "holdings")
		}
		some := rapid.SliceOfN(organisations, 0, 3)
		o := thing{some.Draw(t, "hosts"), some.Draw(t, "parties"), some.Draw(t, "above"), rapid.SampledFrom([]id.Person{"p", "q"}).Draw(t, "owner")}
		doc, err := bson.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		listed := table.Filter(actor, "read", columns(), store.Field[id.Person]("owner").Is).Match(doc)
		if read := table.Allows(actor, "read", o); read != listed {
			t.Fatalf("%+v may read %+v: %v, but it is listed: %v", actor, o, read, listed)
		}
	})
}

func TestWhatNoRuleListsIsNeitherAllowedNorListed(t *testing.T) {
	table := authz.Table{{Action: "read", Who: authz.To(authz.Anywhere, authz.Anyone)}}
	for _, actor := range []authz.Actor{{}, {Person: "p"}, authz.System()} {
		if table.Allows(actor, "write", thing{}) || table.Filter(actor, "write", columns(), nil).Op != store.OpNone {
			t.Errorf("%+v gets what no rule gives", actor)
		}
	}
}

func TestARefusalTellsWhetherSigningInWouldHelp(t *testing.T) {
	policy := authz.PolicyOf[thing](authz.Table{{Action: "read"}}, "read", nil, nil, nil)
	if err := policy.May(authz.With(t.Context(), authz.Actor{}), "read", thing{}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody gets %v", err)
	}
	if err := policy.May(authz.With(t.Context(), authz.Actor{Person: "p"}), "read", thing{}); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("somebody gets %v", err)
	}
}

func TestARightsOrganisationsAreListedOnce(t *testing.T) {
	a := authz.Actor{Person: "p", Holdings: []authz.Holding{
		{Role: authz.Liaison, Organisation: "a"}, {Role: authz.Liaison, Organisation: "a", Signing: true}, {Role: authz.Member, Organisation: "b"}, {Role: authz.Administrator},
	}}
	if got := a.In(authz.Liaison); !slices.Equal(got, []id.Organisation{"a"}) {
		t.Errorf("LIAISON in %v", got)
	}
	if got := a.In(authz.Signer); !slices.Equal(got, []id.Organisation{"a"}) {
		t.Errorf("SIGNER in %v", got)
	}
	if got := a.In(authz.Administrator); got != nil {
		t.Errorf("ADMINISTRATOR in %v", got)
	}
}
