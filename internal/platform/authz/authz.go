// Package authz answers who may do what: one rule for an object, and the same rule as a filter for lists.
//
// A rule grants an action to a role by the way the role's organisation stands to the object: as its host, as one of
// its parties, as a supervising body above it. Whatever no rule grants is denied.
package authz

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Role is what a person is in an organisation.
type Role string

// The roles.
const (
	Secretary     Role = "SECRETARY"     // leads a community, signs for it
	Liaison       Role = "LIAISON"       // speaks for a resident unit
	GridSteward   Role = "GRID_STEWARD"  // looks after one grid of a community
	Member        Role = "MEMBER"        // belongs to an organisation, acts for nobody else
	Supervisor    Role = "SUPERVISOR"    // officer of a sub-district or district
	Auditor       Role = "AUDITOR"       // reads everything in the jurisdiction
	Administrator Role = "ADMINISTRATOR" // operates the platform
	// Signer is no role of its own: it stands in rules for whoever holds the signing right of an organisation.
	Signer Role = "SIGNER"
	// Anyone stands in rules for everybody, signed in or not.
	Anyone Role = "ANYONE"
	// Itself stands in rules for the person an object belongs to.
	Itself Role = "ITSELF"
)

// Everybody stands in the audience of events whose subject everybody could read.
const Everybody = "*"

// Holding is a role in force.
type Holding struct {
	Role         Role
	Organisation id.Organisation // empty for an ADMINISTRATOR, who stands above all
	Signing      bool            // holds the organisation's signing right

	By id.Delegation // the delegation by which the role is held; empty for a role of one's own

	Within []id.Organisation // the bodies above the organisation
}

// Actor is who acts: a person with the roles in force at this moment, a service account with the role it was given,
// nobody, or the program itself.
type Actor struct {
	Person   id.Person // empty for nobody, and for a service account
	Session  id.Session
	Name     string
	Holdings []Holding
	system   bool

	Service id.ServiceAccount // empty for a person
	Scopes  []string          // what a service account may be used for; a person's session is not bounded by them
}

// System is the program itself: scheduler, relay, followers, seeding. It may do everything that some rule names.
func System() Actor { return Actor{Name: "system", system: true} }

// IsSystem says whether the program itself acts.
func (a Actor) IsSystem() bool { return a.system }

// Rights names what the actor may do beyond what belongs to them as a person: equal for all who hold the same offices in the
// same order, by the same delegations, and for one service account with the same scopes.
func (a Actor) Rights() string {
	var b strings.Builder
	if a.system {
		b.WriteByte('!')
	}
	b.WriteString(strconv.Quote(string(a.Service)))
	for _, s := range a.Scopes {
		b.WriteString(" " + strconv.Quote(s))
	}
	for _, h := range a.Holdings {
		b.WriteString(";" + strconv.Quote(string(h.Role)) + strconv.Quote(string(h.Organisation)) + strconv.FormatBool(h.Signing) + strconv.Quote(string(h.By)))
		for _, o := range h.Within {
			b.WriteString(strconv.Quote(string(o)))
		}
	}
	return b.String()
}

// Known says whether somebody is signed in.
func (a Actor) Known() bool { return a.Person != "" || a.Service != "" || a.system }

// Holds says whether the actor holds the role in the organisation, by themselves.
func (a Actor) Holds(r Role, in id.Organisation) bool {
	return slices.ContainsFunc(a.Holdings, func(h Holding) bool { return h.Organisation == in && h.is(r) && !h.Lent() })
}

// In lists the organisations in which the actor holds the role, by themselves.
func (a Actor) In(r Role) []id.Organisation {
	var in []id.Organisation
	for _, h := range a.Holdings {
		if h.is(r) && !h.Lent() && h.Organisation != "" && !slices.Contains(in, h.Organisation) {
			in = append(in, h.Organisation)
		}
	}
	return in
}

func (h Holding) is(r Role) bool { return h.Role == r || r == Signer && h.Signing }

type key struct{}

// With puts the actor into the context, for the policy and as the author of events.
func With(ctx context.Context, a Actor) context.Context {
	return store.WithBehalf(store.WithActor(context.WithValue(ctx, key{}, a), string(a.Author())), a.behalf())
}

// From finds the actor; nobody where there is none.
func From(ctx context.Context) Actor { a, _ := ctx.Value(key{}).(Actor); return a }

// AsSystem is a context in which the program itself acts, outside any client's mutation.
func AsSystem(ctx context.Context) context.Context {
	return store.WithoutOnce(With(ctx, System()))
}

// Relation is how an organisation stands to an object.
type Relation string

// The relations.
const (
	Own       Relation = "OWN"      // the organisation is the object, or the object is a part of it
	Above     Relation = "ABOVE"    // a sub-district or district that supervises the object
	Hosting   Relation = "HOST"     // the community that hosts a unit or a contract
	Drafting  Relation = "DRAFTER"  // a party that drafted a contract
	Partying  Relation = "PARTY"    // a party to a contract that has not left it
	Former    Relation = "FORMER"   // a party that had signed a contract, and has left it
	Providing Relation = "PROVIDER" // the party that promised
	Receiving Relation = "RECEIVER" // a party that was promised
	Anywhere  Relation = "ANYWHERE" // no relation needed
	Personal  Relation = "PERSONAL" // with Itself: the person the object belongs to

	Appraising Relation = "APPRAISER" // the party that judges another
	Appraised  Relation = "APPRAISED" // the party that is judged

	Lending   Relation = "LENDER"   // that lets another act for it
	Borrowing Relation = "BORROWER" // that may act for another

	Deciding   Relation = "DECIDER"   // a host or partner, without whose consent nothing of a contract is public
	Consenting Relation = "CONSENTER" // whose consent to that stands, though it may have left the contract

	Reading Relation = "READER" // with which a contract in force shares something of the object

	// Addressed are those to whom something is shown: organisations, bodies with all organisations below them, or
	// Everybody. Claiming are those that have a claim on it.
	Addressed Relation = "ADDRESSEE"
	Claiming  Relation = "CLAIMANT"
)

// Related is an object that knows the organisations that stand to it in some way.
type Related interface {
	Stand(Relation) []id.Organisation
}

// Belonging is an object that belongs to one person.
type Belonging interface{ BelongsTo() id.Person }

// Grant gives a rule's action to a role by a relation.
type Grant struct {
	Role Role
	As   Relation
}

// To makes grants for several roles by one relation.
func To(as Relation, roles ...Role) []Grant {
	gs := make([]Grant, len(roles))
	for i, r := range roles {
		gs[i] = Grant{r, as}
	}
	return gs
}

// Rule says who may do one action.
type Rule struct {
	Action string  // as "contract.sign"
	Says   string  // the verb as people know it: the mutation's or query's name
	Who    []Grant // any of these suffices
	Note   string  // what the object's own rules add
	Scope  Scope   // what a token needs for it; empty where everybody may

	Lent  bool // whether a role that is held by delegation counts
	Sided bool // whether such a role counts only for who has no other side in the matter
}

// Table is the whole of what is allowed.
type Table []Rule

// Rule finds the rule for an action.
func (t Table) Rule(action string) (Rule, bool) {
	i := slices.IndexFunc(t, func(r Rule) bool { return r.Action == action })
	if i < 0 {
		return Rule{}, false
	}
	return t[i], true
}

// Allows says whether the actor may do the action on the object.
func (t Table) Allows(a Actor, action string, object any) bool {
	r, ok := t.Rule(action)
	if !ok {
		return false
	}
	if a.system {
		return true
	}
	a = a.Under(r, object)
	return slices.ContainsFunc(r.Who, func(g Grant) bool { return g.allows(a, object) })
}

func (g Grant) allows(a Actor, object any) bool {
	switch {
	case g.Role == Anyone && g.As != Addressed:
		return true
	case g.Role == Itself:
		b, ok := object.(Belonging)
		return ok && a.Person != "" && b.BelongsTo() == a.Person
	case g.As == Anywhere:
		return slices.ContainsFunc(a.Holdings, func(h Holding) bool { return h.is(g.Role) })
	}
	o, ok := object.(Related)
	if !ok {
		return false
	}
	if g.As == Addressed {
		return slices.ContainsFunc(o.Stand(g.As), func(to id.Organisation) bool { return a.reached(g.Role, to) })
	}
	return slices.ContainsFunc(o.Stand(g.As), func(in id.Organisation) bool { return a.Acts(g.Role, in) })
}

// Could says whether the actor, by the roles of now, stood among those who could do the action on a subject when something
// happened to it. audience are the organisations that stood to the subject then.
func (t Table) Could(a Actor, action, subject string, audience []string) bool {
	r, _ := t.Rule(action)
	a = a.Under(r, nil)
	return slices.ContainsFunc(r.Who, func(g Grant) bool {
		switch {
		case g.As == Addressed:
			return slices.ContainsFunc(audience, func(o string) bool { to, ok := shownTo(o); return ok && a.reached(g.Role, to) })
		case g.Role == Anyone:
			return true
		case g.Role == Itself:
			return a.Person != "" && subject == string(a.Person)
		case g.As == Anywhere:
			return slices.ContainsFunc(a.Holdings, func(h Holding) bool { return h.is(g.Role) })
		}
		return slices.ContainsFunc(audience, func(o string) bool { return a.Acts(g.Role, id.Organisation(o)) })
	})
}

// Columns say where a collection keeps the organisations of each relation, so that a rule becomes a filter.
type Columns map[Relation]func(...id.Organisation) store.Filter

// Filter is the rule of a reading action as a filter: it holds for just those objects that Allows allows.
// person, if given, filters by the person an object belongs to.
func (t Table) Filter(a Actor, action string, cols Columns, person func(id.Person) store.Filter) store.Filter {
	r, ok := t.Rule(action)
	if !ok {
		return store.Nothing()
	}
	if a.system {
		return store.Filter{}
	}
	a = a.Under(r, nil)
	in := map[Relation][]id.Organisation{}
	var order []Relation
	var any []store.Filter
	for _, g := range r.Who {
		switch {
		case g.allows(a, nil): // anyone, or a role that needs no relation
			return store.Filter{}
		case g.Role == Itself:
			if person != nil && a.Person != "" {
				any = append(any, person(a.Person))
			}
			continue
		}
		among := a.acting(g.Role)
		if g.As == Addressed {
			among = a.reach(g.Role)
		}
		for _, o := range among {
			if !slices.Contains(in[g.As], o) {
				in[g.As] = append(in[g.As], o)
			}
		}
		if !slices.Contains(order, g.As) {
			order = append(order, g.As)
		}
	}
	for _, rel := range order {
		if col := cols[rel]; col != nil && len(in[rel]) > 0 {
			any = append(any, col(in[rel]...))
		}
	}
	switch len(any) {
	case 0:
		return store.Nothing()
	case 1:
		return any[0]
	}
	return store.Or(any...)
}

// PolicyOf is the table as a collection's policy. read is the action of lists.
func PolicyOf[T any](t Table, read string, cols Columns, person func(id.Person) store.Filter, view func(Actor, T)) store.Policy[T] {
	p := store.Policy[T]{
		May: func(ctx context.Context, action string, o T) error {
			a := From(ctx)
			if t.Allows(a, action, o) {
				return nil
			}
			return t.Refusal(a, action)
		},
		Filter: func(ctx context.Context) store.Filter { return t.Filter(From(ctx), read, cols, person) },
	}
	if view != nil {
		p.View = func(ctx context.Context, o T) { view(From(ctx), o) }
	}
	return p
}
