package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/template"
)

func (a *App) playbooks(ctx context.Context) error {
	var err error
	a.Playbooks, err = playbook.Open(ctx, a.Backend, playbook.Config{
		Now: a.Now, Cursors: a.Cursors, Told: a.told, Organisations: a.Directory.Facts,
		Make: playbook.Makers{Need: a.makeNeed, ContractTemplate: a.makeContractTemplate, ProjectTemplate: a.makeProjectTemplate},
	})
	return err
}

// needsLast is for how many days a need that comes from a playbook can be claimed, unless its community says otherwise.
const needsLast = 365

// makeNeed collects a need of a community after a playbook. It is not published: that is for the community to do, once it
// says what is lacking there.
func (a *App) makeNeed(ctx context.Context, of id.Organisation, language string, n *playbook.Need) (string, error) {
	made, err := a.Needs.Collect(ctx, need.CollectInput{Need: need.Input{Input: exchange.Input{
		Publisher: &of, Category: n.Category, Title: n.Title.In(language), Text: new(n.Text.In(language)),
		Audiences: as[exchange.Audience](n.Audiences), Quantity: int64(n.Quantity), Unit: n.Unit.In(language),
		ValidUntil: scalar.DateOf(a.Now(), exchange.Zone()).AddDays(needsLast),
	}}})
	if err != nil {
		return "", err
	}
	return string(made.ID), nil
}

// makeProjectTemplate makes a template of projects for a community after a playbook, and publishes it, so that projects
// can begin from it at once. One that was made before and not published, because the program stopped between the two, is
// published now.
func (a *App) makeProjectTemplate(ctx context.Context, of id.Organisation, t *playbook.ProjectTemplate, suits playbook.CommunityType) (string, error) {
	in := project.CreateTemplateInput{
		Owner: &of, Name: t.Name, Description: &t.Purpose, CommunityTypes: []project.CommunityType{project.CommunityType(suits)},
		Version: project.VersionInput{Schema: t.RecordSchema()},
	}
	for _, f := range t.Filterable {
		in.Version.Fields = append(in.Version.Fields, *f)
	}
	for _, s := range t.Form {
		section := &project.FormSection{Title: s.Title}
		for _, f := range s.Fields {
			section.Fields = append(section.Fields, &project.FormField{Path: f.Path, Widget: project.Widget(f.Widget), Label: f.Label})
		}
		in.Version.Form = append(in.Version.Form, section)
	}
	made, err := a.Projects.CreateTemplate(ctx, in)
	if err != nil {
		return "", err
	}
	if made.Status != project.Draft || store.Trying(ctx) {
		return string(made.ID), nil
	}
	_, err = a.Projects.PublishVersion(store.WithoutOnce(ctx), project.PublishInput{
		ID: made.ID, Change: command.Change{ExpectedVersion: made.Version},
	})
	if fault.Is(err, fault.CodeConflict) { // published at the same moment by somebody else
		err = nil
	}
	return string(made.ID), err
}

// makeContractTemplate makes a template of contracts for a community after a playbook. Standard clauses that the platform
// has done away with are left out.
func (a *App) makeContractTemplate(ctx context.Context, of id.Organisation, t *playbook.ContractTemplate, suits playbook.CommunityType) (string, error) {
	keys := make([]id.LibraryClause, len(t.LibraryClauses))
	for i, key := range t.LibraryClauses {
		keys[i] = template.ShippedClause(key)
	}
	found, err := a.Templates.ManyClauses(ctx, keys)
	if err != nil {
		return "", err
	}
	in := template.CreateInput{Owner: &of, Text: template.BodyInput{
		Title: t.Title, Purpose: t.Purpose, CommunityTypes: []template.CommunityType{template.CommunityType(suits)},
		Months: &t.Months, NoticeDays: &t.NoticeDays, AutoRenew: &t.AutoRenew,
	}}
	for _, p := range t.Partners {
		in.Text.Partners = append(in.Text.Partners, template.RoleInput{Key: p.Key, Label: p.Label, UnitKinds: as[template.UnitKind](p.UnitKinds)})
	}
	for _, c := range t.Clauses {
		in.Text.Clauses = append(in.Text.Clauses, template.ArticleInput{Heading: &c.Heading, Body: &c.Body})
	}
	for _, c := range found {
		if c != nil && c.Status == template.Active {
			in.Text.Clauses = append(in.Text.Clauses, template.ArticleInput{LibraryClause: &c.ID})
		}
	}
	for _, c := range t.Commitments {
		in.Text.Commitments = append(in.Text.Commitments, template.PromiseInput{
			Provider: c.Provider, Receivers: c.Receivers, Action: c.Action, Quantity: c.Quantity, Unit: c.Unit,
			Recurrence: c.Recurrence, DueAfterDays: c.DueAfterDays, Standing: &c.Standing,
			EvidenceRequired: as[template.EvidenceKind](c.Evidence), EvidenceNote: c.EvidenceNote, Weight: c.Weight,
		})
	}
	made, err := a.Templates.Create(ctx, in)
	if err != nil {
		return "", err
	}
	return string(made.ID), nil
}

// as are the words of one room as another one's.
func as[B, A ~string](all []A) []B {
	out := make([]B, len(all))
	for i, v := range all {
		out[i] = B(v)
	}
	return out
}
