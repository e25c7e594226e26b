package authz

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
)

// Sight is one way in which somebody may do an action on an object: with a role in an organisation that stands to it so.
type Sight struct {
	As           Relation
	Organisation id.Organisation // empty where none is needed
	Roles        []Role          // Anyone or Itself stands alone
}

// Sights are all the ways in which an action may be done on an object, whoever asks: the grants by which Allows decides,
// turned round.
func (t Table) Sights(action string, object any) []Sight {
	r, _ := t.Rule(action)
	var out []Sight
	for _, g := range r.Who {
		switch o, related := object.(Related); {
		case g.Role == Itself:
			if b, ok := object.(Belonging); ok && b.BelongsTo() != "" {
				out = append(out, Sight{As: g.As, Roles: []Role{g.Role}})
			}
		case g.As == Addressed:
			if related {
				out = addressed(out, g, o)
			}
		case g.Role == Anyone:
			out = append(out, Sight{As: g.As, Roles: []Role{g.Role}})
		case g.As == Anywhere:
			out = seen(out, g, "")
		case related:
			for _, in := range o.Stand(g.As) {
				out = seen(out, g, in)
			}
		}
	}
	return out
}

// addressed adds what a grant gives to those to whom an object is shown: to anyone where that is everybody, else to a role in
// each organisation or body.
func addressed(out []Sight, g Grant, o Related) []Sight {
	for _, to := range o.Stand(g.As) {
		switch {
		case to != Everybody && g.Role != Anyone:
			out = seen(out, g, to)
		case to == Everybody && g.Role == Anyone:
			out = append(out, Sight{As: g.As, Roles: []Role{g.Role}})
		}
	}
	return out
}

// seen adds a role to the way that the same organisation has by the same relation.
func seen(all []Sight, g Grant, in id.Organisation) []Sight {
	i := slices.IndexFunc(all, func(s Sight) bool {
		return s.As == g.As && s.Organisation == in && !slices.Contains(s.Roles, Itself) && !slices.Contains(s.Roles, Anyone)
	})
	if i < 0 {
		return append(all, Sight{As: g.As, Organisation: in, Roles: []Role{g.Role}})
	}
	if !slices.Contains(all[i].Roles, g.Role) {
		all[i].Roles = append(all[i].Roles, g.Role)
	}
	return all
}
