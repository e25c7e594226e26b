package project_test

import (
	"context"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/project"
)

// hats is one person with several roles.
func (h *house) hats(all ...authz.Holding) context.Context {
	return authz.With(h.t.Context(), authz.Actor{Person: "per1_00000000000000000000000009", Holdings: all})
}

func TestNobodyJudgesASecretarysProjectInWhichTheyTakePart(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	officer, chief := authz.Holding{Role: authz.Supervisor, Organisation: street}, authz.Holding{Role: authz.Supervisor, Organisation: district}
	for name, other := range map[string]authz.Holding{
		"secretary of who leads": {Role: authz.Secretary, Organisation: estate}, "liaison of a partner": {Role: authz.Liaison, Organisation: manager},
		"auditor of who leads": {Role: authz.Auditor, Organisation: estate},
	} {
		for v, at := range map[project.Verb]project.Status{
			project.VerbApprove: project.Applied, project.VerbReturn: project.Applied, project.VerbCheckMidterm: project.Running,
			project.VerbAccept: project.Midterm, project.VerbCommend: project.Accepted,
		} {
			p := h.brought(project.SecretaryLed, at, form)
			both := h.hats(officer, chief, other)
			refused(t, h.judged(both, v, p), project.CodeOwnProject, "")
			if slices.Contains(h.AllowedActions(both, p), v) {
				t.Errorf("%s is told that they may %s", name, v)
			}
			member := h.hats(officer, chief, authz.Holding{Role: authz.Member, Organisation: estate})
			if err := h.judged(member, v, p); err != nil {
				t.Errorf("a member may not %s: %v", v, err)
			}
		}
	}
}

func TestABodyThatTakesPartJudgesByItsOwnOfficers(t *testing.T) {
	h := newHouse(t)
	p := must2(h.Apply(h.secretary(), project.ApplyInput{Community: estate, Plan: project.Plan{Title: "口袋公园", Partners: []id.Organisation{street}}}))
	must2(h.Approve(h.officer(), project.TurnInput{Change: version(p.Version), ID: p.ID}))
}

// judged does a judging verb as somebody.
func (h *house) judged(ctx context.Context, v project.Verb, p *project.Project) error {
	turn := project.TurnInput{Change: version(p.Version), ID: p.ID}
	var err error
	switch v {
	case project.VerbApprove:
		_, err = h.Approve(ctx, turn)
	case project.VerbReturn:
		_, err = h.Return(ctx, project.ReasonInput{Change: turn.Change, ID: p.ID, Reason: "请补充"})
	case project.VerbCheckMidterm:
		_, err = h.CheckMidterm(ctx, project.FindingsInput{Change: turn.Change, ID: p.ID, Findings: "正常"})
	case project.VerbAccept:
		_, err = h.Accept(ctx, turn)
	default:
		_, err = h.Commend(ctx, turn)
	}
	return err
}

func TestWhatWasApprovedIsChangedByWhoApprovedIt(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	for _, s := range []project.Status{project.Approved, project.Running, project.Midterm} {
		p := h.brought(project.SecretaryLed, s, form)
		in := func(alter func(*project.ReviseInput)) project.ReviseInput {
			out := project.ReviseInput{Change: version(p.Version), ID: p.ID}
			alter(&out)
			return out
		}
		budget := in(func(r *project.ReviseInput) { r.Budget = new(scalar.Decimal("900000")) })
		partners := in(func(r *project.ReviseInput) { r.Partners = []id.Organisation{school} })
		_, err := h.Revise(h.secretary(), budget)
		refused(t, err, project.CodeAgreed, "budget")
		_, err = h.Revise(h.secretary(), partners)
		refused(t, err, project.CodeAgreed, "partners")
		both := h.hats(authz.Holding{Role: authz.Supervisor, Organisation: street}, authz.Holding{Role: authz.GridSteward, Organisation: estate})
		_, err = h.Revise(both, budget)
		refused(t, err, project.CodeOwnProject, "")
		_, err = h.Revise(h.officer(), in(func(r *project.ReviseInput) { r.Title = new("别的") }))
		refused(t, err, fault.CodeForbidden, "title")
		p = must2(h.Revise(h.secretary(), in(func(r *project.ReviseInput) { r.Title, r.Partners = new("新名称"), []id.Organisation{manager} })))
		p = must2(h.Revise(h.officer(), in(func(r *project.ReviseInput) {
			r.Budget, r.Partners = new(scalar.Decimal("900")), []id.Organisation{school}
		})))
		if *p.Budget() != "900" || !slices.Equal(p.Partners, []id.Organisation{school}) {
			t.Errorf("%s: it costs %s with %v", s, *p.Budget(), p.Partners)
		}
		_, err = h.Revise(h.secretary(), in(func(r *project.ReviseInput) { r.Budget, r.Currency = new(scalar.Decimal("900")), new("USD") }))
		refused(t, err, project.CodeAgreed, "currency")
	}
	for _, p := range []*project.Project{h.brought(project.SecretaryLed, project.Returned, form), h.brought(project.Ordinary, project.Running, form)} {
		in := project.ReviseInput{Change: version(p.Version), ID: p.ID, Budget: new(scalar.Decimal("5"))}
		_, err := h.Revise(h.officer(), in)
		refused(t, err, fault.CodeForbidden, "")
		must2(h.Revise(h.secretary(), in))
	}
}
