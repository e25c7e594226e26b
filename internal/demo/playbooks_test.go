package demo_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/playbook"
)

// hasPlaybooks looks for a community of each type that has taken of its playbook, the cast's own among them, and has
// something left to take.
func hasPlaybooks(t *testing.T, a *app.App, cast demo.Cast) {
	t.Helper()
	for _, of := range playbook.CommunityTypes() {
		list, err := a.Communities.List(t.Context(), &community.Filter{Type: &community.Choice{Eq: new(community.Kind(of))}}, nil, page.Args{First: new(100)})
		must(t, err)
		taken := 0
		for _, c := range list.Nodes() {
			found, err := a.Playbooks.Applications(authz.AsSystem(t.Context()), c.Common().ID, page.Args{First: new(5)})
			must(t, err)
			for _, was := range found.Nodes() {
				taken++
				if was.Type != of || len(was.Rounds) != 1 || was.Rounds[0].Failed > 0 || was.Rounds[0].Role != authz.Secretary {
					t.Errorf("%s has taken of %s: %+v", c.Common().Name, was.Type, was.Rounds)
				}
			}
		}
		if taken != 1 {
			t.Errorf("%d communities have taken of %s", taken, of)
		}
	}
	secretary := actor(t, a, cast.Secretary)
	of := authz.From(secretary).Holdings[0].Organisation
	dry, err := a.Playbooks.Apply(secretary, playbook.ApplyInput{Community: of, Type: "COMMERCIAL", DryRun: true})
	must(t, err)
	states := map[playbook.State]int{}
	for _, o := range dry.Outcomes {
		states[o.State]++
		if o.State != playbook.MadeEarly || o.Part.Kind != playbook.PartNeed {
			continue
		}
		if n, err := a.Needs.Need(secretary, id.Need(o.Object)); err != nil || n.Status != need.Collected || n.Publisher != of {
			t.Errorf("the need %s: %+v, %v", o.Part.Key, n, err)
		}
	}
	if states[playbook.MadeEarly] == 0 || states[playbook.WouldMake] == 0 || len(states) != 2 {
		t.Errorf("the secretary would make %v", states)
	}
}
