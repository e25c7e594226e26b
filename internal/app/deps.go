package app

import (
	"time"

	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/seed"
)

// SeedServices are the rooms that an import goes through.
func (a *App) SeedServices() seed.Services {
	return seed.Services{
		Districts: a.Districts, Communities: a.Communities, Units: a.Units, People: a.People, Keys: a.Keys, Contracts: a.Contracts,
	}
}

// DemoDeps are what the demo needs; set moves the clock by which this application goes.
func (a *App) DemoDeps(set func(time.Time)) demo.Deps {
	return demo.Deps{Services: a.SeedServices(), Fulfilments: a.Fulfilments, Profiles: a.Profiles, Needs: a.Needs, Resources: a.Resources, Projects: a.Projects, Playbooks: a.Playbooks, Set: set, Settle: a.Settle}
}
