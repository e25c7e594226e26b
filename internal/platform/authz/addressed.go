package authz

import (
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
)

// What is shown to a body is shown to every organisation below it, and what is shown to Everybody to who is not signed in
// too. So it is not enough to know who acts for an organisation: a Holding tells, in Within, where the organisation lies.

// reached says whether something that is shown to an organisation, to a body or to Everybody is shown to the actor, who
// must have a role for it unless Anyone will do.
func (a Actor) reached(r Role, to id.Organisation) bool {
	if r == Anyone {
		return to == Everybody
	}
	return slices.ContainsFunc(a.Holdings, func(h Holding) bool {
		return h.is(r) && h.Organisation != "" && (to == Everybody || to == h.Organisation || slices.Contains(h.Within, to))
	})
}

// reach lists what may be addressed to reach the actor in a role: the turned-round form of reached.
func (a Actor) reach(r Role) []id.Organisation {
	if r == Anyone {
		return []id.Organisation{Everybody}
	}
	var out []id.Organisation
	for _, h := range a.Holdings {
		if h.is(r) && h.Organisation != "" {
			out = append(append(out, Everybody, h.Organisation), h.Within...)
		}
	}
	return out
}

// For lists the organisations for which the actor may do an action on an object: those that the grants name, and of what is
// addressed to a body or to Everybody, the actor's own that it reaches. The program itself acts for all that are named.
func (t Table) For(a Actor, action string, object Related) []id.Organisation {
	r, _ := t.Rule(action)
	a = a.Under(r, object)
	var out []id.Organisation
	add := func(o id.Organisation) {
		if !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	for _, g := range r.Who {
		for _, o := range object.Stand(g.As) {
			if a.system && g.As != Addressed {
				add(o)
			}
			for _, h := range a.Holdings {
				if g.As == Addressed && h.is(g.Role) && (Actor{Holdings: []Holding{h}}).reached(g.Role, o) || g.As != Addressed && h.is(g.Role) && h.Organisation == o {
					add(h.Organisation)
				}
			}
		}
	}
	return out
}

// below marks, in the audience of an event, a body to which its subject is shown with all organisations below it, apart
// from the bodies that see it because they stand above.
const below = "~"

// ShownTo is how the audience of an event names one to whom its subject is shown.
func ShownTo(o id.Organisation) string {
	if o == Everybody {
		return Everybody
	}
	return below + string(o)
}

// shownTo takes it apart again.
func shownTo(s string) (id.Organisation, bool) {
	if s == Everybody {
		return Everybody, true
	}
	to, is := strings.CutPrefix(s, below)
	return id.Organisation(to), is
}

// Heard are all names under which the audiences of events can mean the actor, besides Everybody.
func (a Actor) Heard() []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, h := range a.Holdings {
		if h.Organisation == "" {
			continue
		}
		add(string(h.Organisation))
		add(ShownTo(h.Organisation))
		for _, o := range h.Within {
			add(ShownTo(o))
		}
	}
	return out
}
