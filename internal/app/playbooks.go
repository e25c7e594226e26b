package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/template"
)

func (a *App) playbooks(ctx context.Context) error {
	var err error
	a.Playbooks, err = playbook.Open(ctx, a.Backend, playbook.Config{
		Now: a.Now, Cursors: a.Cursors, Told: a.told, Organisations: a.Directory.Facts,
		Make: playbook.Makers{ContractTemplate: a.makeContractTemplate},
	})
	return err
}

// makeContractTemplate makes a template of contracts for a community after a playbook. Standard clauses that the platform
// has done away with are left out.
func (a *App) makeContractTemplate(ctx context.Context, of id.Organisation, t *playbook.ContractTemplate, for_ playbook.CommunityType) (string, error) {
	keys := make([]id.LibraryClause, len(t.LibraryClauses))
	for i, key := range t.LibraryClauses {
		keys[i] = template.ShippedClause(key)
	}
	found, err := a.Templates.ManyClauses(ctx, keys)
	if err != nil {
		return "", err
	}
	in := template.CreateInput{Owner: &of, Text: template.BodyInput{
		Title: t.Title, Purpose: t.Purpose, CommunityTypes: []template.CommunityType{template.CommunityType(for_)},
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
