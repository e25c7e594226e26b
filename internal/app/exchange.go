package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/unit"
)

// exchange opens the rooms of categories, needs and resources.
func (a *App) exchange(ctx context.Context) error {
	var err error
	if a.Categories, err = category.Open(ctx, a.Backend, &category.Service{Now: a.Now, Cursors: a.Cursors, Told: a.told}); err != nil {
		return err
	}
	desk := exchange.Desk{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told,
		Organisations: a.Directory.Facts, Category: a.Categories.Takes, Below: a.Categories.Below,
	}
	if a.Needs, err = need.Open(ctx, a.Backend, need.Service{Desk: desk, Vault: a.Vault}); err != nil {
		return err
	}
	a.Vault.Watch(a.Needs.Sealed()...)
	a.Resources, err = resource.Open(ctx, a.Backend, resource.Service{Desk: desk})
	return err
}

// claims leads what is done with claims to the rooms that keep them.
func (a *App) claims() exchange.Claims {
	return exchange.Claims{OnNeeds: a.Needs, OnResources: a.Resources}
}

// followExchange has needs and resources go with their publishers.
func (a *App) followExchange() {
	moves := []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}
	moved := func(act func(context.Context, id.Organisation) error) journal.Handler {
		return func(ctx context.Context, e journal.Entry) error { return act(ctx, id.Organisation(e.Subject)) }
	}
	a.Journal.Follow("needs-of-moved-organisations", moves, moved(a.Needs.Moved))
	a.Journal.Follow("resources-of-moved-organisations", moves, moved(a.Resources.Moved))
	a.Journal.Follow("publishers-of-written-needs", []string{need.ToldCollected, need.ToldPublished}, func(ctx context.Context, e journal.Entry) error {
		return a.Needs.Written(ctx, id.Need(e.Subject))
	})
	a.Journal.Follow("publishers-of-written-resources", []string{resource.ToldDrafted, resource.ToldOffered}, func(ctx context.Context, e journal.Entry) error {
		return a.Resources.Written(ctx, id.Resource(e.Subject))
	})
}
