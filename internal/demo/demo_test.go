package demo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/seed"
)

// house is a whole application on an embedded store, whose clock the demo sets.
func house(t *testing.T) (*app.App, demo.Deps) {
	t.Helper()
	dir := t.TempDir()
	db, err := boltstore.Open(filepath.Join(dir, "demo.db"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	ring, err := keyring.Create(filepath.Join(dir, "keyring"), now(), rand.Reader)
	must(t, err)
	var clock atomic.Pointer[time.Time]
	clock.Store(new(now()))
	a, err := app.Open(t.Context(), app.Config{
		Backend: db, Keyring: ring, Issuer: "http://127.0.0.1", Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return *clock.Load() },
	})
	must(t, err)
	return a, demo.Deps{
		Services: seed.Services{
			Districts: a.Districts, Communities: a.Communities, Units: a.Units, People: a.People, Keys: a.Keys, Contracts: a.Contracts,
		},
		Fulfilments: a.Fulfilments, Profiles: a.Profiles, Needs: a.Needs, Resources: a.Resources, Projects: a.Projects, Playbooks: a.Playbooks, Settle: a.Settle,
		Set: func(at time.Time) { clock.Store(&at) },
	}
}

func now() time.Time { return time.Date(2026, 11, 23, 4, 30, 0, 0, time.UTC) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// actor is a person with the roles that the store has of them.
func actor(t *testing.T, a *app.App, who id.Person) context.Context {
	t.Helper()
	p, err := a.People.Person(authz.AsSystem(t.Context()), who)
	must(t, err)
	return authz.With(t.Context(), authz.Actor{Person: who, Name: p.Name.Clear(), Holdings: p.Holdings(now())})
}

// statuses counts the contracts that somebody reads, by their state.
func statuses(ctx context.Context, t *testing.T, a *app.App) map[contract.Status]int {
	t.Helper()
	out := map[contract.Status]int{}
	list, err := a.Contracts.Contracts(ctx, nil, nil, page.Args{First: new(100)})
	must(t, err)
	for _, e := range list.Edges {
		out[e.Node.Status]++
	}
	return out
}

// states counts the fulfilments that somebody reads, by their state.
func states(ctx context.Context, t *testing.T, a *app.App) map[fulfilment.Status]int {
	t.Helper()
	out := map[fulfilment.Status]int{}
	args := page.Args{First: new(100)}
	for {
		list, err := a.Fulfilments.Fulfilments(ctx, nil, nil, args)
		must(t, err)
		for _, e := range list.Edges {
			out[e.Node.Status]++
		}
		if !list.PageInfo.HasNextPage {
			return out
		}
		args.After = list.PageInfo.EndCursor
	}
}

// summary tells everything that the demo has brought about, so that two can be compared.
func summary(t *testing.T, a *app.App) map[string]int {
	t.Helper()
	out, after := map[string]int{}, int64(0)
	for {
		page, err := a.Journal.Read(t.Context(), after, 100)
		must(t, err)
		if len(page) == 0 {
			return out
		}
		for _, e := range page {
			out[e.Type]++
			after = e.Seq
		}
	}
}

// One filling serves all of the tests, because each takes some seconds.
func TestTheDemo(t *testing.T) {
	a, deps := house(t)
	began := time.Now()
	cast, err := demo.Load(t.Context(), deps, now())
	must(t, err)
	t.Logf("loaded in %s", time.Since(began))
	before := summary(t, a)
	t.Run("lives through the past", func(t *testing.T) { livesThroughThePast(t, a, cast) })
	t.Run("has projects of both kinds in every state", func(t *testing.T) { hasProjects(t, a, cast) })
	t.Run("has needs and resources in every state", func(t *testing.T) { hasNeedsAndResources(t, a, cast) })
	t.Run("keeps its data at a second start", func(t *testing.T) { keepsItsData(t, a, deps, cast) })
	t.Run("is continued to the same end when interrupted", func(t *testing.T) { isContinued(t, before) })
	t.Run("takes of the playbook for each type of community", func(t *testing.T) { hasPlaybooks(t, a, cast) })
}

func livesThroughThePast(t *testing.T, a *app.App, cast demo.Cast) {
	t.Helper()
	secretary, liaison := actor(t, a, cast.Secretary), actor(t, a, cast.Liaison)
	for who, ctx := range map[string]context.Context{"secretary": secretary, "liaison": liaison} {
		got := statuses(ctx, t, a)
		for _, want := range []contract.Status{contract.Draft, contract.Negotiating, contract.Signing, contract.Signed, contract.Active} {
			if got[want] == 0 {
				t.Errorf("the %s has no contract that is %s: %v", who, want, got)
			}
		}
	}
	kept := states(secretary, t, a)
	t.Logf("the secretary sees %v", kept)
	for _, want := range []fulfilment.Status{fulfilment.Due, fulfilment.Reported, fulfilment.Accepted, fulfilment.Disputed, fulfilment.Overdue} {
		if kept[want] == 0 {
			t.Errorf("nothing of the secretary's is %s: %v", want, kept)
		}
	}
	if got := statuses(actor(t, a, cast.Supervisor), t, a); got[contract.Active] == 0 {
		t.Errorf("the supervisor sees %v", got)
	}
	if got := statuses(actor(t, a, cast.Auditor), t, a); got[contract.Active] == 0 {
		t.Errorf("the auditor sees %v", got)
	}
	if theirs := statuses(actor(t, a, cast.Outsider), t, a); len(theirs) != 0 {
		t.Errorf("the outsider, who has no contract with anybody, sees %v", theirs)
	}
	rates := map[string]int{}
	list, err := a.Contracts.Contracts(actor(t, a, cast.Auditor), nil, nil, page.Args{First: new(100)})
	must(t, err)
	for _, e := range list.Edges {
		if e.Node.Host != authz.From(secretary).Holdings[0].Organisation {
			continue
		}
		for _, party := range e.Node.Current {
			shares, err := a.Fulfilments.Rates(authz.AsSystem(t.Context()), []fulfilment.RateOf{{Contract: e.Node.ID, Party: party}})
			must(t, err)
			if shares[0].Due > 0 {
				rates[fmt.Sprintf("%.1f", float64(shares[0].Earned)/float64(shares[0].Due))]++
			}
		}
	}
	if len(rates) < 2 {
		t.Errorf("the cast's rates do not differ: %v", rates)
	}
	if holds := authz.From(actor(t, a, cast.Administrator)).Holdings; len(holds) != 1 || holds[0].Role != authz.Administrator {
		t.Errorf("the administrator holds %v", holds)
	}
}

func keepsItsData(t *testing.T, a *app.App, deps demo.Deps, first demo.Cast) {
	t.Helper()
	before := summary(t, a)
	for _, later := range []time.Duration{time.Minute, 40 * 24 * time.Hour} {
		second, err := demo.Load(t.Context(), deps, now().Add(later))
		must(t, err)
		if first != second {
			t.Fatalf("the cast has changed from %+v to %+v", first, second)
		}
		if diff := cmp.Diff(before, summary(t, a)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func isContinued(t *testing.T, want map[string]int) {
	t.Helper()
	a, deps := house(t)
	for _, stop := range []int{3, 90} {
		ctx, cancel := context.WithCancel(t.Context())
		deps.Progress = func(done, _ int) {
			if done == stop {
				cancel()
			}
		}
		if _, err := demo.Load(ctx, deps, now()); err == nil {
			t.Fatalf("the filling was not interrupted on day %d", stop)
		}
		cancel()
	}
	deps.Progress = nil
	_, err := demo.Load(t.Context(), deps, now().Add(24*time.Hour))
	must(t, err)
	got := summary(t, a)
	for _, kind := range []string{"need.collected", "need.claimed", "need.confirmed", "need.expired", "resource.drafted", "resource.claimed", "resource.claimAccepted"} {
		if want[kind] != got[kind] || want[kind] == 0 {
			t.Errorf("%s: %d, and %d when interrupted", kind, want[kind], got[kind])
		}
	}
	for _, kind := range []string{"contract.drafted", "contract.signed", "contract.activated", "person.enrolled", "unit.registered", "project.created", "project.applied", "project.started", "project.activityLogged"} {
		if want[kind] != got[kind] {
			t.Errorf("%s: %d, and %d when interrupted", kind, want[kind], got[kind])
		}
	}
}
