// Package app puts the rooms together: it is the only place that knows them all, and the only one where one room's
// need meets another room's answer.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/identity"
	"github.com/cobuild/cobuild/internal/match"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/personalaccess"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/oidc"
	"github.com/cobuild/cobuild/internal/platform/outbound"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/schedule"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/vault"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/profile"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/publication"
	"github.com/cobuild/cobuild/internal/report"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/search"
	"github.com/cobuild/cobuild/internal/securitylog"
	"github.com/cobuild/cobuild/internal/serviceaccount"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/template"
	"github.com/cobuild/cobuild/internal/trace"
	"github.com/cobuild/cobuild/internal/unit"
	"github.com/cobuild/cobuild/internal/webhook"
)

// Config is what an application stands on.
type Config struct {
	Backend store.Backend
	Keyring *keyring.Keyring
	Issuer  string // of tokens and exported contracts; the same on every node
	Now     func() time.Time
	Random  io.Reader
	Log     *slog.Logger
	Version string
	// Node names this process among those on the store; empty where there may be several.
	Node string
	// Demo accepts the tokens that a demonstration hands out.
	Demo bool
	// Introspection answers introspection to everybody, signed in or not.
	Introspection bool
	// Mail says how mail is sent; nil where none is.
	Mail *Mail
	// Explorer serves GraphiQL at /explorer.
	Explorer bool
	// Gateways are the keys of the federation gateways that may ask for entities; nil where there is none.
	Gateways *gateway.Keys
	// Passwords overrides how passwords are hashed; nil for what a server needs.
	Passwords *person.Passwords

	// Live bounds connections that stay open; zero members stand for what a server needs.
	Live gql.Live

	Bounds Bounds

	Issuing Issuing
	KeyAge  time.Duration // of a key for personal data before the next one; 0 for the usual
	// Witnesses are whose counter-signatures on the audit log are taken.
	Witnesses []ledger.Key

	// Outbound says where webhooks may lead: nothing but the public internet, by https, where it says nothing else. Where it
	// is nil nothing is sent at all, as by commands that end.
	Outbound *outbound.Guard
	// Wall is the clock of the world outside, by which receivers judge what is signed; Now where nil.
	Wall  func() time.Time
	Files Files

	// MatchWeights are those by which needs and resources are matched; the program's own where nil.
	MatchWeights *match.Weights
}

// audience is whom access tokens are for: this API.
const audience = "cobuild"

// App is the rooms, and what moves between them.
type App struct {
	Config
	Journal     *journal.Journal
	Scheduler   *schedule.Scheduler
	Cursors     *page.Cursors
	Verifier    *token.Verifier
	Directory   organisation.Directory
	Districts   *district.Service
	Communities *community.Service
	Units       *unit.Service
	People      *person.Service
	Keys        *signingkey.Service
	Contracts   *contract.Service
	Fulfilments *fulfilment.Service

	Appraisals *appraisal.Service
	Reports    *report.Service

	Publications  *publication.Service
	Notifications *notification.Service
	SecurityLog   *securitylog.Service
	Mailer        *schedule.Scheduler // apart from the other one: a slow server for mail holds up nothing else

	Templates *template.Service

	Delegations *delegation.Service

	ServiceAccounts *serviceaccount.Service

	Profiles   *profile.Service
	Identities *identity.Service
	Issuers    *oidc.Issuers // nil where there is none

	Budgets *limit.Limiter // what callers may still ask for
	leases  *limit.Leases  // nil where this node is the only one
	engine  *gql.Engine

	Feed   *feed.Feed                     // what subscriptions hear
	anewOf feed.Shared[came, authz.Actor] // the rights of those who listen

	measures *prometheus.Registry // of the handler

	Events *event.Service

	Vault            *vault.Vault // what is personal is encrypted by
	PersonalAccesses *personalaccess.Service

	Audit *audit.Service

	Webhooks        *webhook.Service
	webhookMeasures *webhookMeasures

	Files     *file.Service
	Transfers *transfer.Door // through which the bytes of files come and go

	Bulk   *bulk.Service
	Bulker *schedule.Scheduler // apart from the others: exports and imports are long

	Playbooks *playbook.Service

	Categories *category.Service
	Needs      *need.Service
	Resources  *resource.Service

	Projects *project.Service
	Matches  *match.Service
	Search   *search.Service
	Trace    *trace.Service
	Indexer  *schedule.Scheduler // apart from the others: taking up everything anew is long

	kept *noting // the back end, with what is kept on it
}

// Open makes every room ready on a back end. The back end is closed by Close, not before.
func Open(ctx context.Context, c Config) (*App, error) {
	a := &App{Config: c, kept: note(c.Backend)}
	a.Backend, c.Backend = a.kept, a.kept
	if err := backup.Usable(ctx, c.Backend); err != nil {
		return nil, err
	}
	if a.Passwords == nil {
		a.Passwords = person.NewPasswords()
	}
	a.Cursors = &page.Cursors{Keys: a.cursorSecrets}
	a.Verifier = &token.Verifier{Keys: c.Keyring, Name: c.Issuer, Audience: audience, AllowDemo: c.Demo, Now: c.Now}
	var err error
	if a.Journal, err = journal.New(ctx, journal.Options{Backend: c.Backend, Now: c.Now, Log: c.Log, Node: c.Node, Random: c.Random}); err != nil {
		return nil, err
	}
	a.listen()
	a.Scheduler = schedule.New(c.Now, c.Log)
	if err := a.openBudgets(ctx); err != nil {
		return nil, err
	}
	if a.Vault, err = vault.Open(ctx, c.Backend, vault.Config{Ring: c.Keyring, Now: c.Now, Random: c.Random, Age: c.KeyAge}); err != nil {
		return nil, err
	}
	a.transfers()
	if err := a.securityLog(ctx); err != nil {
		return nil, err
	}
	if err := a.organisations(ctx); err != nil {
		return nil, err
	}
	if err := a.people(ctx); err != nil {
		return nil, err
	}
	if err := a.identities(ctx); err != nil {
		return nil, err
	}
	if err := a.contracts(ctx); err != nil {
		return nil, err
	}
	if err := a.appraisals(ctx); err != nil {
		return nil, err
	}
	if err := a.reports(ctx); err != nil {
		return nil, err
	}
	if err := a.publications(ctx); err != nil {
		return nil, err
	}
	if err := a.notifications(ctx); err != nil {
		return nil, err
	}
	if err := a.templates(ctx); err != nil {
		return nil, err
	}
	if err := a.serviceAccounts(ctx); err != nil {
		return nil, err
	}
	if err := a.delegations(ctx); err != nil {
		return nil, err
	}
	if err := a.profiles(ctx); err != nil {
		return nil, err
	}
	if err := a.personalAccesses(ctx); err != nil {
		return nil, err
	}
	if err := a.auditLog(ctx); err != nil {
		return nil, err
	}
	if err := a.files(ctx); err != nil {
		return nil, err
	}
	if err := a.bulkJobs(ctx); err != nil {
		return nil, err
	}
	if err := a.exchange(ctx); err != nil {
		return nil, err
	}
	if err := a.projects(ctx); err != nil {
		return nil, err
	}
	if err := a.playbooks(ctx); err != nil {
		return nil, err
	}
	if err := a.matches(ctx); err != nil {
		return nil, err
	}
	if err := a.search(ctx); err != nil {
		return nil, err
	}
	a.tracing()
	a.events()
	if err := a.webhooks(ctx); err != nil {
		return nil, err
	}
	a.Journal.Collect(a.outboxes()...)
	a.follow()
	a.Scheduler.Jobs = a.jobs()
	a.Mailer = schedule.New(c.Now, c.Log, schedule.Job{Name: "mail", Do: a.Notifications.MailTick})
	return a, nil
}

// cursorSecrets authenticate what clients are given to bring back, cursors and addresses: the current key first.
func (a *App) cursorSecrets() [][]byte {
	all := [][]byte{a.Keyring.Current(keyring.Cursor).Secret()}
	for _, k := range a.Keyring.All(keyring.Cursor) {
		if k.RetiredAt != nil {
			all = append(all, k.Secret())
		}
	}
	return all
}

// told wakes what works in the background after a write that left events.
func (a *App) told() {
	a.Journal.Wake()
	a.Scheduler.Wake()
}

// Run does the background work until ctx ends, and finishes what is under way.
func (a *App) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Journal.Run(ctx) })
	g.Go(func() error { return a.Feed.Run(ctx) })
	g.Go(func() error { return a.hearEndings(ctx) })
	g.Go(func() error { return a.Scheduler.Run(ctx) })
	g.Go(func() error { return a.Mailer.Run(ctx) })
	g.Go(func() error { return a.Audit.Run(ctx) })
	g.Go(func() error { return a.Bulker.Run(ctx) })
	g.Go(func() error { return a.Indexer.Run(ctx) })
	if a.Outbound != nil {
		g.Go(func() error { return a.Webhooks.Run(ctx) })
	}
	return g.Wait()
}

// Settle does all background work that is due now: events are relayed and followed, time has done its part. It is for
// commands that end, for seeding and for tests; a server runs instead.
func (a *App) Settle(ctx context.Context) error {
	for range 1000 {
		if err := a.Journal.Drain(ctx); err != nil {
			return err
		}
		n, err := a.Scheduler.Settle(ctx)
		if err == nil && n == 0 {
			n, err = a.Mailer.Settle(ctx)
		}
		if err == nil && n == 0 && a.Outbound != nil {
			n, err = a.Webhooks.Settle(ctx)
		}
		if err == nil && n == 0 {
			n, err = a.Bulker.Settle(ctx)
		}
		if err == nil && n == 0 {
			n, err = a.Indexer.Settle(ctx)
		}
		if err != nil || n == 0 {
			return errors.Join(err, a.Journal.Drain(ctx), a.Feed.Step(ctx), a.Audit.Settle(ctx))
		}
	}
	return errors.New("background work does not come to an end")
}

// Ready says whether the store can be reached and written.
func (a *App) Ready(ctx context.Context) error { return a.Backend.Ping(ctx) }

// Close writes what waits in memory, and lets go of the background work and of the store.
func (a *App) Close(ctx context.Context) error {
	a.Journal.Release(ctx)
	return errors.Join(a.SecurityLog.Close(ctx), a.PersonalAccesses.Close(ctx), a.Backend.Close(ctx))
}
