package authz_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func program(scopes ...string) authz.Actor {
	return authz.Actor{Service: "s", Scopes: scopes, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: "a"}}}
}

func TestAServiceAccountHasTheScopesItCarriesAndThoseOfEverybody(t *testing.T) {
	for name, c := range map[string]struct {
		actor authz.Actor
		scope authz.Scope
		want  bool
	}{
		"its own":                 {program("CONTRACTS_READ"), authz.ScopeContractsRead, true},
		"another":                 {program("CONTRACTS_READ"), authz.ScopeContractsWrite, false},
		"everybody's":             {program(), authz.ScopePublic, true},
		"facts of organisations":  {program(), authz.ScopeOrganisationsRead, true},
		"a person's session":      {authz.Actor{Person: "p"}, authz.ScopeContractsSign, true},
		"the program":             {authz.System(), authz.ScopeContractsSign, true},
		"nobody":                  {authz.Actor{}, authz.ScopeContractsRead, false},
		"nobody, with words":      {authz.Actor{Scopes: []string{"CONTRACTS_READ"}}, authz.ScopeContractsRead, false},
		"nobody, what all may":    {authz.Actor{}, authz.ScopePublic, true},
		"a person, no such scope": {authz.Actor{Person: "p"}, "OTHER", true},
	} {
		if got := c.actor.Has(string(c.scope)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithoutItsScopeAnActionIsRefusedByTheScopesName(t *testing.T) {
	table := authz.Table{
		{Action: "write", Who: authz.To(authz.Hosting, authz.Liaison), Scope: authz.ScopeContractsWrite},
		{Action: "look", Who: authz.To(authz.Anywhere, authz.Anyone), Scope: authz.ScopeContractsRead},
	}
	o := thing{Hosts: []id.Organisation{"a"}}
	if !table.Allows(program("CONTRACTS_WRITE"), "write", o) {
		t.Error("with the scope and the role it is refused")
	}
	if table.Allows(program("CONTRACTS_READ"), "write", o) {
		t.Error("without the scope it is allowed")
	}
	if !table.Allows(program(), "look", o) {
		t.Error("it may do less than nobody may")
	}
	f := fault.Of(table.Refusal(program("CONTRACTS_READ"), "write"))
	if f.Code != authz.CodeScopeMissing || f.Kind != fault.Forbidden || f.Params["scope"] != authz.ScopeContractsWrite {
		t.Errorf("got %+v", f)
	}
	if err := table.Refusal(program("CONTRACTS_WRITE"), "write"); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("with the scope, and no role: %v", err)
	}
}

func TestWhatOnlyPeopleDoIsRefusedToPrograms(t *testing.T) {
	who, err := authz.Personally(authz.With(t.Context(), authz.Actor{Person: "p"}))
	if err != nil || who != "p" {
		t.Errorf("a person: %s, %v", who, err)
	}
	if _, err := authz.Personally(authz.With(t.Context(), program())); !fault.Is(err, authz.CodePersonNeeded) {
		t.Errorf("a program: %v", err)
	}
	if _, err := authz.Personally(t.Context()); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
}

func TestEventsNameTheAccountThatActed(t *testing.T) {
	if got := store.ActorFrom(authz.With(t.Context(), program())); got != "s" {
		t.Errorf("got %q", got)
	}
	if a, b := program().Author(), (authz.Actor{Person: "p", Service: "s"}).Author(); a != "s" || b != "p" {
		t.Errorf("authors are %q and %q", a, b)
	}
	if !program().Known() {
		t.Error("a program is taken for nobody")
	}
}
