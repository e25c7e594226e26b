package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/seed"
)

// taking is what a community takes of the playbook for its type: all templates, and some of the needs, so that a dry run
// shows what is left to take beside what is there.
type taking struct {
	community string
	needs     []string
}

// takings are of one community of each type, of which the cast's is one.
func takings() []taking {
	return []taking{
		{community, []string{"property-response", "shared-parking", "ebike-charging", "dogs", "owners-meeting", "school-route"}},
		{"C005", []string{"skills-training", "title-deeds", "after-school", "clinic", "neighbour-centre", "mediation"}},
		{"C009", []string{"stair-seats", "elder-meals", "loose-wires", "night-parking", "patrol", "self-management"}},
		{"C010", []string{"produce-sales", "water-works", "collective-ledger", "clean-village", "travelling-clinic", "holiday-care"}},
	}
}

// equip has communities apply the playbooks for their types, once: what people have done since stays, and so does what
// time has brought since.
func (d Deps) equip(ctx context.Context, file seed.File, people map[string]id.Person) error {
	anew := false
	for _, t := range takings() {
		applied, err := d.apply(ctx, file, people, t)
		if err != nil {
			return fmt.Errorf("demo: playbook of %s: %w", t.community, err)
		}
		anew = anew || applied
	}
	if !anew {
		return nil
	}
	return d.Settle(ctx)
}

// apply has a community's secretary apply its playbook, unless somebody has. A taking that was interrupted is continued:
// each part is made once.
func (d Deps) apply(ctx context.Context, file seed.File, people map[string]id.Person, t taking) (bool, error) {
	i := slices.IndexFunc(file.Communities, func(c seed.Community) bool { return c.Key == t.community })
	if i < 0 {
		return false, fmt.Errorf("the examples have no %s", t.community)
	}
	of := file.Organisation(seed.InCommunities, t.community)
	found, err := d.Playbooks.Applications(authz.AsSystem(ctx), of, page.Args{First: new(1)})
	if err != nil {
		return false, err
	}
	if len(found.Edges) > 0 && len(found.Edges[0].Node.Rounds) > 0 {
		return false, nil
	}
	a, err := d.Playbooks.Apply(acting(ctx, file, people, t.community, of), playbook.ApplyInput{
		Community: of, Type: playbook.CommunityType(file.Communities[i].Type), Parts: t.needs,
		Kinds: []playbook.PartKind{playbook.PartContract, playbook.PartProject},
	})
	if err != nil {
		return false, err
	}
	for _, o := range a.Outcomes {
		if o.State == playbook.NotMade {
			return false, fmt.Errorf("%s: %w", o.Part.Key, o.Err)
		}
	}
	return true, nil
}
