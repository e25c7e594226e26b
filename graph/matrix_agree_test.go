package graph_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/publication"
)

// shelf is one kind of object: how somebody lists it, and how they find those of which they know the identifiers.
type shelf struct {
	name string
	list func(context.Context) ([]string, error)
	find func(context.Context, []string) ([]string, error)
}

// shelfOf makes a shelf of a room's list and of its finder, which are served by the two sides of one rule.
func shelfOf[I ~string, T comparable](
	name string, list func(context.Context, page.Args) (*page.Connection[T], error),
	many func(context.Context, []I) ([]T, error), key func(T) I,
) shelf {
	return shelf{name: name, list: func(ctx context.Context) ([]string, error) {
		var out []string
		for args := (page.Args{First: new(100)}); ; {
			got, err := list(ctx, args)
			if err != nil {
				return nil, err
			}
			for _, t := range got.Nodes() {
				out = append(out, string(key(t)))
			}
			if !got.PageInfo.HasNextPage {
				return out, nil
			}
			args.After = got.PageInfo.EndCursor
		}
	}, find: func(ctx context.Context, ids []string) ([]string, error) {
		own := make([]I, len(ids))
		for i, s := range ids {
			own[i] = I(s)
		}
		found, err := many(ctx, own)
		var none T
		var out []string
		for _, t := range found {
			if t != none {
				out = append(out, string(key(t)))
			}
		}
		return out, err
	}}
}

// shelves are the rooms whose lists not everybody sees alike.
func shelves(a *app.App, of id.Organisation) []shelf {
	return append(tradeShelves(a), []shelf{
		shelfOf("contracts", func(ctx context.Context, p page.Args) (*contract.Connection, error) {
			return a.Contracts.Contracts(ctx, nil, nil, p)
		}, a.Contracts.Many, func(c *contract.Contract) id.Contract { return c.ID }),
		shelfOf("amendments", func(ctx context.Context, p page.Args) (*contract.Amendments, error) {
			return a.Contracts.Amendments(ctx, nil, nil, p)
		}, a.Contracts.ManyAmendments, func(c *contract.Amendment) id.Amendment { return c.ID }),
		shelfOf("fulfilments", func(ctx context.Context, p page.Args) (*fulfilment.Connection, error) {
			return a.Fulfilments.Fulfilments(ctx, nil, nil, p)
		}, a.Fulfilments.Many, func(f *fulfilment.Fulfilment) id.Fulfilment { return f.ID }),
		shelfOf("appraisals", func(ctx context.Context, p page.Args) (*appraisal.Connection, error) {
			return a.Appraisals.Appraisals(ctx, nil, nil, p)
		}, a.Appraisals.Many, func(x *appraisal.Appraisal) id.Appraisal { return x.ID }),
		shelfOf("published contracts", func(ctx context.Context, p page.Args) (*publication.Connection, error) {
			return a.Publications.PublishedContracts(ctx, nil, nil, p)
		}, a.Publications.ManyPublished, func(x *publication.PublishedContract) id.Published { return x.ID }),
		shelfOf("invitations", func(ctx context.Context, p page.Args) (*person.InvitationConnection, error) {
			return a.People.Invitations(ctx, nil, nil, p)
		}, a.People.ManyInvitations, func(v *person.Invitation) id.Invitation { return v.ID }),
		shelfOf("people", func(ctx context.Context, p page.Args) (*person.Connection, error) {
			return a.People.People(ctx, of, nil, p)
		}, a.People.Many, func(p *person.Person) id.Person { return p.ID }),
		shelfOf("sessions", a.People.Sessions, a.People.ManySessions, func(s *person.Session) id.Session { return s.ID }),
		shelfOf("notifications", func(ctx context.Context, p page.Args) (*page.Connection[*notification.Notification], error) {
			in, err := a.Notifications.Inbox(ctx, nil, p)
			if err != nil {
				return nil, err
			}
			return in.Connection, nil
		}, a.Notifications.Many, func(n *notification.Notification) id.Notification { return n.ID }),
		shelfOf("applications of playbooks", func(ctx context.Context, p page.Args) (*playbook.ApplicationConnection, error) {
			return a.Playbooks.Applications(ctx, of, p)
		}, a.Playbooks.ManyApplications, func(x *playbook.Application) id.PlaybookApplication { return x.ID }),

		shelfOf("projects", func(ctx context.Context, p page.Args) (*project.Connection, error) {
			return a.Projects.Projects(ctx, nil, nil, p)
		}, a.Projects.Many, func(p *project.Project) id.Project { return p.ID }),
		shelfOf("migrations", func(ctx context.Context, p page.Args) (*project.MigrationConnection, error) {
			return a.Projects.Migrations(ctx, nil, p)
		}, a.Projects.ManyMigrations, func(m *project.Migration) id.ProjectMigration { return m.ID }),
	}...)
}

// TestWhatSomebodyListsIsWhatTheyFindInEveryRoom has people with roles drawn at random, of their own or lent, whether they fit or not,
// look at a town with one of everything.
func TestWhatSomebodyListsIsWhatTheyFindInEveryRoom(t *testing.T) {
	w := newMatrixTown(t)
	all := shelves(w.App, id.Organisation(w.Community))
	known := map[string][]string{}
	for _, c := range callers() {
		if c.login == "" {
			continue
		}
		who, err := w.App.Authenticate(t.Context(), w.Token(t, c.login))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			got, err := s.list(authz.With(t.Context(), who))
			if err == nil {
				known[s.name] = append(known[s.name], got...)
			}
		}
	}
	for name, ids := range known {
		slices.Sort(ids)
		known[name] = slices.Compact(ids)
	}
	rapid.Check(t, func(t *rapid.T) {
		ctx := authz.With(context.Background(), w.anybody(t))
		for _, s := range all {
			if len(known[s.name]) == 0 {
				t.Fatalf("there are no %s", s.name)
			}
			listed, err := s.list(ctx)
			if err != nil { // refused as a whole: to who is not signed in, or has nothing to do with the organisation
				listed = nil
			}
			found, ferr := s.find(ctx, known[s.name])
			if ferr != nil {
				t.Fatal(ferr)
			}
			slices.Sort(listed)
			slices.Sort(found)
			if err == nil && !slices.Equal(listed, found) {
				t.Fatalf("%s: listed %v, found %v", s.name, listed, found)
			}
			if err != nil && s.name != "people" && len(found) > 0 && s.name != "published contracts" {
				t.Fatalf("%s: refused with %v, but found %v", s.name, err, found)
			}
		}
	})
}

// anybody holds up to three roles in the town, whether they fit there or not; or is nobody.
func (w *matrixTown) anybody(t *rapid.T) authz.Actor {
	in := []string{w.District, w.SubDistrict, w.at["town"], w.Community, w.OtherCommunity, w.at["rural"], w.Unit, w.OtherUnit, w.third}
	roles := []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor}
	holding := rapid.Custom(func(t *rapid.T) authz.Holding {
		return authz.Holding{
			Role: rapid.SampledFrom(roles).Draw(t, "role"), Organisation: id.Organisation(rapid.SampledFrom(in).Draw(t, "organisation")),
			Signing: rapid.Bool().Draw(t, "signing"), By: id.Delegation(rapid.SampledFrom([]string{"", w.at["delegation"]}).Draw(t, "by")),
		}
	})
	a := authz.Actor{Person: id.Person(rapid.SampledFrom([]string{"", w.at["secretary"], w.at["third"], w.at["steward"]}).Draw(t, "person"))}
	if a.Person == "" {
		return a
	}
	a.Holdings = rapid.SliceOfN(holding, 0, 3).Draw(t, "holdings")
	for i, h := range a.Holdings {
		at, err := w.App.Directory.FactsOf(context.Background(), h.Organisation)
		if err != nil {
			t.Fatal(err)
		}
		a.Holdings[i].Within = at.Above
	}
	if rapid.IntRange(0, 9).Draw(t, "administrator") == 0 {
		a.Holdings = append(a.Holdings, authz.Holding{Role: authz.Administrator})
	}
	return a
}
