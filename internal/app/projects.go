package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/schedule"
	"github.com/cobuild/cobuild/internal/project"
)

// projects opens the room of projects. Migrations are long: they are worked off beside exports and imports.
func (a *App) projects(ctx context.Context) error {
	var err error
	a.Projects, err = project.Open(ctx, a.Backend, project.Config{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told,
		Organisations: a.Directory.Facts, Contract: a.contractOfProjects,
		Wake: func() { a.Bulker.Wake() }, Alone: a.Node != "",
	})
	if err != nil {
		return err
	}
	a.Bulker.Jobs = append(a.Bulker.Jobs, schedule.Job{Name: "migrations of projects", Do: a.Projects.Tick})
	return nil
}

// contractOfProjects tells the room of projects what it wants to know of a contract that the caller reads.
func (a *App) contractOfProjects(ctx context.Context, c id.Contract) (project.Contract, error) {
	found, err := a.Contracts.Contract(ctx, c)
	if err != nil {
		return project.Contract{}, err
	}
	out := project.Contract{Parties: found.Stand(authz.Partying)}
	switch found.Status {
	case contract.Declined, contract.Cancelled, contract.Terminated, contract.Completed, contract.Expired:
		out.Over = string(found.Status)
	default:
	}
	return out, nil
}
