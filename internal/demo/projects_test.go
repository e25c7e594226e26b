package demo_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/project"
)

// projectsOf are the projects that communities lead.
func projectsOf(t *testing.T, a *app.App) []*project.Project {
	t.Helper()
	var out []*project.Project
	args, ctx := page.Args{First: new(100)}, authz.AsSystem(t.Context())
	for {
		communities, err := a.Communities.List(ctx, nil, nil, args)
		must(t, err)
		for _, c := range communities.Nodes() {
			of := c.Common().ID
			led, err := a.Projects.OfOrganisation(ctx, of, page.Args{First: new(100)})
			must(t, err)
			for _, p := range led.Nodes() {
				if p.Lead == of {
					out = append(out, p)
				}
			}
		}
		if !communities.PageInfo.HasNextPage {
			return out
		}
		args.After = communities.PageInfo.EndCursor
	}
}

func hasProjects(t *testing.T, a *app.App, cast demo.Cast) {
	t.Helper()
	all := projectsOf(t, a)
	got := map[project.Kind]map[project.Status]int{project.Ordinary: {}, project.SecretaryLed: {}}
	fromContract, noted, today := 0, 0, scalar.DateOf(now(), now().Location())
	for _, p := range all {
		got[p.Kind][p.Status]++
		if p.Contract != "" {
			fromContract++
		}
		if p.Template == "" {
			t.Errorf("%s has no template", p.Title)
		}
		if p.Record != "{}" { // not every example tells figures
			noted++
		}
		if made := scalar.DateOf(p.CreatedAt, now().Location()); made > today {
			t.Errorf("%s was begun on %s", p.Title, made)
		}
	}
	for kind, in := range got {
		for _, s := range project.StatusesOf(kind) {
			if in[s] == 0 {
				t.Errorf("no %s project is %s: %v", kind, s, in)
			}
		}
	}
	if fromContract == 0 || noted < len(all)*3/4 {
		t.Errorf("%d of %d came from a contract, and %d note figures", fromContract, len(all), noted)
	}
	mine, err := a.Projects.Projects(actor(t, a, cast.Secretary), nil, nil, page.Args{First: new(100)})
	must(t, err)
	if theirs, err := a.Projects.Projects(actor(t, a, cast.Outsider), nil, nil, page.Args{}); err != nil || len(theirs.Edges) != 0 {
		t.Errorf("the outsider, who takes part in nothing, sees %d, %v", len(theirs.Edges), err)
	}
	t.Logf("%d projects, %d of contracts; the secretary sees %d", len(all), fromContract, len(mine.Edges))
}
