package app

import (
	"context"
	"strconv"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/template"
)

func (a *App) templates(ctx context.Context) error {
	var err error
	a.Templates, err = template.Open(ctx, a.Backend, template.Config{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Organisations: a.Directory.Facts,
	})
	return err
}

// DraftFrom drafts a contract from a template. The room of templates fills the text; the room of contracts checks it
// and asks whether the caller may, as for any draft. What that room finds wrong is told at the field that brought it.
func (a *App) DraftFrom(ctx context.Context, in template.DraftInput) (*contract.Contract, error) {
	text, err := a.Templates.Fill(ctx, in)
	if err != nil {
		return nil, err
	}
	c, err := a.Contracts.Draft(ctx, drafted(in, text))
	if err != nil {
		return nil, broughtBy(text, err)
	}
	return c, nil
}

// drafted is a filled template as the input of a draft.
func drafted(in template.DraftInput, t *template.Filled) contract.DraftInput {
	out := contract.DraftInput{
		Once: in.Once, Party: in.Party, Origin: &contract.Origin{Template: t.Template, Version: t.Version},
		TextInput: contract.TextInput{
			Title: t.Title, Purpose: &t.Purpose, EffectiveOn: t.EffectiveOn, EndsOn: t.EndsOn, NoticeDays: &t.NoticeDays,
			TimeZone: in.TimeZone, SigningOrder: in.SigningOrder, Language: &t.Language, AutoRenew: &t.AutoRenew,
		},
	}
	for _, p := range t.Parties {
		part := contract.Partner
		if p.Host {
			part = contract.Host
		}
		out.Parties = append(out.Parties, contract.PartyInput{
			Organisation: p.Organisation, Part: part, ResponsibleHead: p.ResponsibleHead, Liaison: p.Liaison,
		})
	}
	for _, c := range t.Clauses {
		out.Clauses = append(out.Clauses, contract.ClauseInput{Heading: c.Heading, Body: c.Body})
	}
	for _, m := range t.Commitments {
		out.Commitments = append(out.Commitments, promised(m))
	}
	return out
}

func promised(m template.FilledCommitment) contract.CommitmentInput {
	in := contract.CommitmentInput{
		Provider: m.Provider, Receivers: m.Receivers, Action: m.Action, Quantity: m.Quantity, Unit: &m.Unit,
		Recurrence: m.Recurrence, DueOn: m.DueOn, Standing: &m.Standing, EvidenceNote: &m.EvidenceNote, Weight: &m.Weight,
	}
	for _, e := range m.Evidence {
		in.EvidenceRequired = append(in.EvidenceRequired, contract.EvidenceKind(e))
	}
	return in
}

// broughtBy leads what is wrong with a draft to the input's own fields: parties to where they are named, clauses and
// commitments to the template that says them.
func broughtBy(t *template.Filled, err error) error {
	var out fault.List
	for _, f := range fault.All(err) {
		g := *f
		switch {
		case len(f.Path) == 0:
		case f.Path[0] == "clauses", f.Path[0] == "commitments":
			g.Path = []string{"template"}
		case f.Path[0] == "parties":
			g.Path = []string{"partners"}
			if i, err := strconv.Atoi(second(f.Path)); err == nil && i < len(t.Parties) {
				g.Path = append(append([]string{}, t.Parties[i].Path...), f.Path[2:]...)
			}
		}
		out = append(out, &g)
	}
	return out.Err()
}

func second(path []string) string {
	if len(path) < 2 {
		return ""
	}
	return path[1]
}
