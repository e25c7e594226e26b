package authz

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The faults of who comes without what it takes.
const (
	CodeScopeMissing fault.Code = "SCOPE_MISSING" // scope
	CodePersonNeeded fault.Code = "PERSON_NEEDED" //
)

// Scope is what a token may be used for, whatever its holder may do besides.
type Scope string

// The scopes, as the schema tells them.
const (
	ScopePublic             Scope = "PUBLIC"
	ScopeOrganisationsRead  Scope = "ORGANISATIONS_READ"
	ScopeOrganisationsWrite Scope = "ORGANISATIONS_WRITE"
	ScopePeopleRead         Scope = "PEOPLE_READ"
	ScopePeopleWrite        Scope = "PEOPLE_WRITE"
	ScopeContractsRead      Scope = "CONTRACTS_READ"
	ScopeContractsWrite     Scope = "CONTRACTS_WRITE"
	ScopeContractsSign      Scope = "CONTRACTS_SIGN"
)

// Scopes are all of them, in the schema's order.
func Scopes() []Scope {
	return []Scope{
		ScopePublic, ScopeOrganisationsRead, ScopeOrganisationsWrite, ScopePeopleRead, ScopePeopleWrite,
		ScopeContractsRead, ScopeContractsWrite, ScopeContractsSign,
	}
}

// Open says whether everybody has the scope, token or none.
func (s Scope) Open() bool { return s == "" || s == ScopePublic || s == ScopeOrganisationsRead }

// Has says whether the actor can use what needs a scope: a person's own session has them all, a service account those
// that it carries, and nobody those that are open to everybody.
func (a Actor) Has(scope string) bool {
	switch {
	case Scope(scope).Open(), a.system, a.Person != "":
		return true
	}
	return a.Service != "" && slices.Contains(a.Scopes, scope)
}

// Author is who stands in records as having acted: the person, or the service account in a person's place; empty for the
// program itself. Rules that keep one and the same person from both sides of a matter compare authors, so that they
// hold for accounts too.
func (a Actor) Author() id.Person {
	if a.Person == "" {
		return id.Person(a.Service)
	}
	return a.Person
}

// within is the actor as far as a scope goes: without it, a service account has no roles.
func (a Actor) within(s Scope) Actor {
	if a.Service != "" && !a.Has(string(s)) {
		a.Holdings = nil
	}
	return a
}

// Refusal is the answer to an actor whom the table does not allow an action: it tells whether signing in or a scope would
// help.
func (t Table) Refusal(a Actor, action string) error {
	if !a.Known() {
		return fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	if r, ok := t.Rule(action); ok && !a.Has(string(r.Scope)) {
		return fault.New(fault.Forbidden, CodeScopeMissing, "scope", r.Scope)
	}
	return fault.New(fault.Forbidden, fault.CodeForbidden, "action", action)
}

// Personally finds the person who acts, for what only people do: a service account is refused it as PERSON_NEEDED.
func Personally(ctx context.Context) (id.Person, error) {
	a := From(ctx)
	switch {
	case a.Person != "":
		return a.Person, nil
	case a.Service != "":
		return "", fault.New(fault.Forbidden, CodePersonNeeded)
	}
	return "", fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
}
