package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/search"
	"github.com/cobuild/cobuild/internal/trace"
)

// exchangeable is what of the exchange and of projects can be found.
func (a *App) exchangeable() []search.Source {
	return []search.Source{
		source(search.Need, id.KindNeed, access.NeedRead, a.Needs.Many, a.Needs.All(),
			(*need.Need).Revision, needTexts),
		source(search.Resource, id.KindResource, access.ResourceRead, a.Resources.Many, a.Resources.All(),
			(*resource.Resource).Revision, resourceTexts),
		source(search.Project, id.KindProject, access.ProjectRead, a.Projects.Many, a.Projects.All(),
			(*project.Project).Revision, projectTexts),
	}
}

func needTexts(n *need.Need) []search.Text { return listingTexts(&n.Listing) }

func resourceTexts(r *resource.Resource) []search.Text { return listingTexts(&r.Listing) }

// listingTexts are those of a need or a resource, all of which everybody sees who may read it: never how to reach anybody,
// nor what was said with a claim.
func listingTexts(l *exchange.Listing) []search.Text {
	out := []search.Text{
		{Of: "title", Text: l.Title, Name: true}, {Of: "text", Text: l.Text},
	}
	if l.Place != nil {
		out = append(out, told("place.address", l.Place.Address, false)...)
	}
	return out
}

// projectTexts leave a project's record out: its form is its template's, and may hold whatever its author asked for.
func projectTexts(p *project.Project) []search.Text {
	out := []search.Text{{Of: "title", Text: p.Title, Name: true}, {Of: "summary", Text: p.Summary}}
	for _, m := range p.Milestones {
		out = append(out, search.Text{Of: "milestones.title", Text: m.Title})
	}
	return out
}

// origins are what contracts come of.
func (a *App) origins() []trace.Origin {
	return []trace.Origin{
		{Stage: trace.Need, Of: id.KindNeed, Many: objects(a.Needs.Many), Contracts: a.Contracts.CameOf},
		{Stage: trace.Resource, Of: id.KindResource, Many: objects(a.Resources.Many), Contracts: a.Contracts.CameOf},
	}
}

// branches are what comes of contracts beside their promises.
func (a *App) branches() []trace.Branch {
	step := func(p *project.Project) *trace.Step {
		return &trace.Step{Stage: trace.Project, ID: p.Key(), Object: p, From: []string{string(p.Contract)}}
	}
	return []trace.Branch{{
		Stage: trace.Project, Of: id.KindProject,
		Contract: func(ctx context.Context, thing string) (id.Contract, any, bool, error) {
			found, err := a.Projects.Many(ctx, []id.Project{id.Project(thing)})
			if err != nil || found[0] == nil {
				return "", nil, false, err
			}
			return found[0].Contract, found[0], true, nil
		},
		List: func(ctx context.Context, of id.Contract, q store.Query) (store.List[*trace.Step], error) {
			found, err := a.Projects.CameOf(ctx, of, q)
			return listed(found, step), err
		},
	}}
}

// objects makes a room's own finder one of objects; a nil of the room's type becomes a plain nil.
func objects[I ~string, T any](many func(context.Context, []I) ([]*T, error)) func(context.Context, []string) ([]any, error) {
	return func(ctx context.Context, ids []string) ([]any, error) {
		own := make([]I, len(ids))
		for i, s := range ids {
			own[i] = I(s)
		}
		found, err := many(ctx, own)
		if err != nil {
			return nil, err
		}
		out := make([]any, len(ids))
		for i, t := range found {
			if t != nil {
				out[i] = t
			}
		}
		return out, nil
	}
}
