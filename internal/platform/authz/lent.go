package authz

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
)

// A person can hold a role in an organisation by delegation: that organisation has lent the role to another one, in which
// the person has a leading office. Such a right is less than a role of one's own. It counts only for the actions that
// the table lends, and only where its holder has no other side in the matter.

// Lent says whether the role is held by delegation.
func (h Holding) Lent() bool { return h.By != "" }

// Under is the actor as far as one rule goes for one object: without the rights that the rule does not count. Whoever
// looks beyond the table at an actor's roles in a matter looks at this one's.
func (a Actor) Under(r Rule, object any) Actor {
	a = a.within(r.Scope)
	if !slices.ContainsFunc(a.Holdings, Holding.Lent) {
		return a
	}
	a.Holdings = slices.DeleteFunc(slices.Clone(a.Holdings), func(h Holding) bool {
		return h.Lent() && (!r.Lent || r.Sided && a.sides(h.Organisation, object))
	})
	return a
}

// sides says whether the actor has another side in a matter than that of an organisation: an office, of their own or
// lent, in another of its parties, in one that has left it, or in a body that supervises it.
func (a Actor) sides(of id.Organisation, object any) bool {
	o, ok := object.(Related)
	if !ok {
		return false
	}
	for _, r := range []Relation{Partying, Former, Above} {
		for _, other := range o.Stand(r) {
			if other != of && slices.ContainsFunc(a.Holdings, func(h Holding) bool { return h.Organisation == other && h.Role != Member }) {
				return true
			}
		}
	}
	return false
}

// Acts says whether the actor holds the role in the organisation, by themselves or lent. It is asked of an actor Under a
// rule; Holds tells of roles of one's own.
func (a Actor) Acts(r Role, in id.Organisation) bool {
	return slices.ContainsFunc(a.Holdings, func(h Holding) bool { return h.Organisation == in && h.is(r) })
}

// acting lists the organisations in which the actor holds the role, by themselves or lent.
func (a Actor) acting(r Role) []id.Organisation {
	var in []id.Organisation
	for _, h := range a.Holdings {
		if h.is(r) && h.Organisation != "" && !slices.Contains(in, h.Organisation) {
			in = append(in, h.Organisation)
		}
	}
	return in
}

// behalf tells under which delegation the actor acts among organisations; nil for an actor who has none. Who has an
// office of their own among them acts by that: in no matter does a lent role stand beside one's own.
func (a Actor) behalf() func([]string) string {
	if !slices.ContainsFunc(a.Holdings, Holding.Lent) {
		return nil
	}
	return func(among []string) string {
		var by id.Delegation
		for _, h := range a.Holdings {
			switch {
			case h.Role == Member || !slices.Contains(among, string(h.Organisation)):
			case !h.Lent():
				return ""
			default:
				by = h.By
			}
		}
		return string(by)
	}
}
