package app

import (
	"context"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/event"
)

// events opens the room that shows the journal. What somebody may read is what they find by its identifier.
func (a *App) events() {
	a.Events = event.New(event.Service{
		Journal: a.Journal, Listen: a.Feed.Listen,
		Visible: func(ctx context.Context, subjects []string) ([]bool, error) { return a.rooms().Visible(ctx, subjects) },
	})
}

// rooms are all rooms, as the schema leads into them.
func (a *App) rooms() graph.Rooms {
	return graph.Rooms{
		Districts: a.Districts, Communities: a.Communities, Units: a.Units, Directory: a.Directory,
		People: a.People, Contracts: a.Contracts, Fulfilments: a.Fulfilments, SigningKeys: a.Keys,
		Appraisals: a.Appraisals,

		Reports: a.Reports,

		Publications:  a.Publications,
		Notifications: a.Notifications,
		SecurityLog:   a.SecurityLog,

		Templates: a.Templates, DraftFrom: a.DraftFrom,

		Matches: a.Matches, DraftFromMatches: a.DraftFromMatches,

		Delegations: a.Delegations,

		ServiceAccounts: a.ServiceAccounts,

		Events: a.Events,

		Profiles:         a.Profiles,
		Identities:       a.identityFace(),
		PersonalAccesses: a.PersonalAccesses,
		Audit:            a.Audit,

		Webhooks: a.Webhooks,
		Files:    a.Files,
		Bulk:     a.Bulk,

		Playbooks: a.Playbooks,

		Categories: a.Categories, Needs: a.Needs, Resources: a.Resources, Claims: a.claims(),

		Projects: a.Projects,
		Search:   a.Search, Trace: a.Trace,
	}
}
