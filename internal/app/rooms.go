package app

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/schedule"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/web/request"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/serviceaccount"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/unit"
)

func (a *App) organisations(ctx context.Context) error {
	var err error
	if a.Districts, err = district.Open(ctx, a.Backend, district.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told,
	}); err != nil {
		return err
	}
	facts := func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
		return a.Directory.Facts(ctx, ids)
	}
	if a.Communities, err = community.Open(ctx, a.Backend, community.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Facts: facts,
	}); err != nil {
		return err
	}
	if a.Units, err = unit.Open(ctx, a.Backend, unit.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Facts: facts,
	}); err != nil {
		return err
	}
	a.Directory = organisation.Directory{
		Districts: a.Districts.Organisations, Communities: a.Communities.Organisations, Units: a.Units.Organisations,
	}
	return nil
}

func (a *App) people(ctx context.Context) error {
	var err error
	a.People, err = person.Open(ctx, a.Backend, person.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Passwords: a.Passwords,
		Tokens:       &token.Issuer{Keys: a.Keyring, Name: a.Issuer, Audience: audience, Now: a.Now},
		Organisation: a.Directory.FactsOf,
		Address:      request.Address,
		Client:       request.Client,
		Noted:        a.atTheDoor,
		Altered:      func(p id.Person) { a.Feed.Recheck(string(p)) },

		Identities: a.vouching(),
		Vault:      a.Vault,
		Bound:      func(ctx context.Context, o id.Organisation) (bool, error) { return a.Contracts.Bound(ctx, o) },
	})
	if err == nil {
		a.Vault.Watch(a.People.Sealed()...)
	}
	return err
}

func (a *App) contracts(ctx context.Context) error {
	var err error
	if a.Keys, err = signingkey.Open(ctx, a.Backend, signingkey.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Ring: a.Keyring, Noted: a.keyUsed,
	}); err != nil {
		return err
	}
	if a.Contracts, err = contract.Open(ctx, a.Backend, contract.Config{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told,
		Organisations: a.Directory.Facts, SignAs: a.Keys.SignAs, CheckSignature: a.Keys.CheckSignature, Seal: a.seal,

		Undone: a.undone,

		Listen: a.Feed.Listen,
	}); err != nil {
		return err
	}
	a.Fulfilments, err = fulfilment.Open(ctx, a.Backend, fulfilment.Service{
		Now: a.Now, Cursors: a.Cursors, Told: a.told,

		Listen: a.Feed.Listen,
		Readable: func(ctx context.Context, c id.Contract) error {
			_, err := a.Contracts.Contract(ctx, c)
			return err
		},
		Files: fulfilment.Files{Claim: a.claimEvidence, Settle: a.settleEvidence},
	})
	return err
}

// seal completes an exported contract with the public keys that signed it and puts the server's seal on it.
func (a *App) seal(ctx context.Context, b signing.Bundle) ([]byte, error) {
	b.Issuer = a.Issuer
	var kids []string
	for _, p := range b.Signers() {
		if p.Kid != "" && !slices.Contains(kids, p.Kid) {
			kids = append(kids, p.Kid)
		}
	}
	keys, err := a.Keys.KeysOf(ctx, kids)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k != nil {
			b.Keys = append(b.Keys, k.Exported())
		}
	}
	return signing.Export(b, a.Keyring.Current(keyring.Seal).Private())
}

// outboxes are all collections whose events the relay moves.
func (a *App) outboxes() []store.Outbox {
	var all []store.Outbox
	for _, room := range []interface{ Outboxes() []store.Outbox }{
		a.Districts, a.Communities, a.Units, a.People, a.Keys, a.Contracts, a.Fulfilments,
		a.Appraisals, a.Templates,

		a.Publications,

		a.Delegations,

		a.ServiceAccounts,

		a.Profiles,

		a.Webhooks,
		a.Files,
		a.Bulk,

		a.Playbooks,

		a.Categories, a.Needs, a.Resources,

		a.Projects,
	} {
		all = append(all, room.Outboxes()...)
	}
	return all
}

// follow says which room acts on what happened in another.
func (a *App) follow() {
	moved := func(act func(context.Context, id.Organisation) error) journal.Handler {
		return func(ctx context.Context, e journal.Entry) error { return act(ctx, id.Organisation(e.Subject)) }
	}
	a.Journal.Follow("units-of-moved-communities", []string{community.EventMoved}, moved(a.Units.CommunityMoved))
	a.Journal.Follow("contracts-of-moved-communities", []string{community.EventMoved}, moved(a.Contracts.CommunityMoved))
	a.Journal.Follow("hosts-of-drafted-contracts", []string{contract.ToldDrafted}, func(ctx context.Context, e journal.Entry) error {
		return a.Contracts.Drafted(ctx, id.Contract(e.Subject))
	})
	a.Journal.Follow("people-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.People.Resettle))
	a.Journal.Follow("plans-of-contracts", []string{"contract.*"}, a.Fulfilments.FollowContract)
	a.Journal.Follow("amendments-of-contracts", contract.Turns(), func(ctx context.Context, e journal.Entry) error {
		return a.Contracts.ContractTurned(ctx, id.Contract(e.Subject))
	})
	a.Journal.Follow("amendments-signed-by-all", []string{contract.AmendmentToldSealed}, func(ctx context.Context, e journal.Entry) error {
		return a.Contracts.Sealed(ctx, id.Amendment(e.Subject))
	})
	a.Journal.Follow("rates-of-fulfilments", []string{"fulfilment.*"}, a.Fulfilments.FollowFulfilment)

	a.Journal.Follow("appraisals-of-contracts", []string{"contract.*"}, a.Appraisals.FollowContract)
	a.Journal.Follow("pairs-of-appraisals", []string{appraisal.ToldSubmitted}, a.Appraisals.FollowSubmitted)
	a.Journal.Follow("records-of-cooperation", []string{appraisal.ToldOpened}, a.Appraisals.FollowOpened)
	a.Journal.Follow("contracts-of-reports", []string{"contract.*"}, a.Reports.FollowContract)
	a.Journal.Follow("fulfilments-of-reports", []string{"fulfilment.*"}, a.Reports.FollowFulfilment)

	a.Journal.Follow("contracts-of-publications", []string{"contract.*"}, a.Publications.FollowContract)

	a.Journal.Follow("delegations-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.Delegations.Moved))

	a.Journal.Follow("service-accounts-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.ServiceAccounts.Resettle))

	a.Journal.Follow("profiles-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.Profiles.Moved))

	a.Journal.Follow("webhooks-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.Webhooks.Resettle))
	a.Journal.Follow("webhooks-of-ended-accounts", []string{serviceaccount.ToldEnded}, a.accountEnded)
	a.Journal.Follow("files-of-fulfilments", []string{fulfilment.ToldReported}, a.Fulfilments.FollowReported)

	a.Journal.Follow("playbooks-of-moved-communities", []string{community.EventMoved}, moved(a.Playbooks.Moved))

	a.followExchange()

	a.Journal.Follow("projects-of-moved-organisations", []string{community.EventMoved, unit.EventUpdated, unit.EventMoved}, moved(a.Projects.Moved))
	a.Journal.Follow("leads-of-begun-projects", []string{project.ToldCreated, project.ToldApplied}, func(ctx context.Context, e journal.Entry) error {
		return a.Projects.Begun(ctx, id.Project(e.Subject))
	})
	a.Journal.Follow("logs-of-projects", []string{project.ToldActivityLogged}, func(ctx context.Context, e journal.Entry) error {
		return a.Projects.File(ctx, id.Project(e.Subject))
	})

	a.Journal.Follow("notifications-of-people", append(notification.Events(), person.EventErased), a.notify)

	a.followForMatches()

	a.Journal.Follow("erased-people", []string{person.EventErased}, a.forget)
}

// jobs are what time does in each room.
func (a *App) jobs() []schedule.Job {
	return []schedule.Job{
		{Name: "amendments", Do: a.Contracts.TickAmendments},
		{Name: "contracts", Do: a.Contracts.Tick},
		{Name: "fulfilments", Do: a.Fulfilments.Tick},
		{Name: "people", Do: a.People.Tick},

		{Name: "appraisals", Do: a.Appraisals.Tick},

		{Name: "delegations", Do: a.Delegations.Tick},

		{Name: "notifications", Do: a.Notifications.Tick},

		{Name: "service-accounts", Do: a.ServiceAccounts.Tick},

		{Name: "identities", Do: a.Identities.Tick},

		{Name: "budgets", Do: a.sweepBudgets},
		{Name: "security log", Do: a.SecurityLog.Tick},

		{Name: "keys of personal data", Do: a.Vault.Tick},
		{Name: "accesses to personal data", Do: a.PersonalAccesses.Tick},

		{Name: "webhook deliveries", Do: a.Webhooks.Tick},
		{Name: "files", Do: a.Files.Tick},

		{Name: "needs", Do: a.Needs.Tick},
		{Name: "resources", Do: a.Resources.Tick},
	}
}
