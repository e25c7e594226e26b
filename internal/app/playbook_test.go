package app_test

import (
	"fmt"
	"testing"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/template"
)

// Every part of every playbook is taken by the room that makes it, as it stands: categories, commitments, schemas, forms.
func TestEveryPlaybookIsAppliedWhollyAndOnceOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			street := h.subDistrict(h.district("惠山区"), "堰桥街道")
			for i, of := range playbook.CommunityTypes() {
				c, err := h.Communities.Register(h.system(), community.RegisterCommunityInput{Type: community.Kind(of), Name: string(of), SubDistrict: street})
				must(t, err)
				who := h.as(h.enrol(fmt.Sprintf("secretary%d", i+1), authz.Secretary, c.Common().ID, false))
				in := playbook.ApplyInput{Community: c.Common().ID, Type: of}
				p := h.Playbooks.Playbook(of, nil)

				dry := in
				dry.DryRun = true
				tried, err := h.Playbooks.Apply(who, dry)
				must(t, err)
				counts(t, of, tried, playbook.WouldMake)
				made, err := h.Playbooks.Apply(who, in)
				must(t, err)
				counts(t, of, made, playbook.WasMade)
				again, err := h.Playbooks.Apply(who, in)
				must(t, err)
				counts(t, of, again, playbook.MadeEarly)

				needs, templates, projects := 0, 0, 0
				for i, o := range made.Outcomes {
					equal(t, "the same object", again.Outcomes[i].Object, o.Object)
					switch o.Part.Kind {
					case playbook.PartNeed:
						needs++
						n, err := h.Needs.Need(who, id.Need(o.Object))
						must(t, err)
						if n.Status != need.Collected || n.Publisher != in.Community || n.ValidUntil != "2027-03-02" {
							t.Errorf("%s: %s of %s until %s", o.Part.Key, n.Status, n.Publisher, n.ValidUntil)
						}
					case playbook.PartContract:
						templates++
						m, err := h.Templates.Template(who, id.Template(o.Object))
						must(t, err)
						if m.Owner != in.Community || m.Status != template.Active || len(m.Promises) == 0 || len(m.Articles) < 8 {
							t.Errorf("%s: %+v", o.Part.Key, m.Head)
						}
					case playbook.PartProject:
						projects++
						m, err := h.Projects.Template(who, id.ProjectTemplate(o.Object))
						must(t, err)
						if m.Owner != in.Community || m.Status != project.Published || m.Latest() != 1 {
							t.Errorf("%s: %s of %q, %d", o.Part.Key, m.Status, m.Owner, m.Latest())
						}
					}
				}
				if needs != len(p.Needs) || templates != len(p.ContractTemplates) || projects != len(p.ProjectTemplates) {
					t.Errorf("%s: %d needs, %d templates of contracts, %d of projects", of, needs, templates, projects)
				}
			}
			h.settle()
		})
	}
}

func counts(t *testing.T, of playbook.CommunityType, a *playbook.Applied, want playbook.State) {
	t.Helper()
	for _, o := range a.Outcomes {
		if o.State != want {
			t.Errorf("%s %s: %s, not %s: %v", of, o.Part.Key, o.State, want, o.Err)
		}
	}
}

// A template that came from a playbook is the community's own: it alone drafts from it.
func TestACommunityDraftsFromWhatItTookFromAPlaybookAndOthersDoNot(t *testing.T) {
	h := open(t, embedded(t).node())
	w := h.town(1)
	a, err := h.Playbooks.Apply(h.as(w.secretary), playbook.ApplyInput{Community: w.community, Type: "COMMERCIAL", Kinds: []playbook.PartKind{playbook.PartContract}})
	must(t, err)
	usable := func(by id.Organisation) int {
		list, err := h.Templates.Templates(t.Context(), &by, nil, nil, page.Args{First: new(100)})
		must(t, err)
		return len(list.Edges)
	}
	other := h.community(w.north, "邻近社区")
	equal(t, "more than next door", usable(w.community)-usable(other), len(a.Outcomes))
	taken := id.Template(a.Outcomes[0].Object)
	_, err = h.DraftFrom(h.system(), template.DraftInput{
		Template: taken, Host: template.ActorInput{Organisation: other}, EffectiveOn: "2026-04-01",
		Partners: []template.PlayerInput{{Role: new("manager"), Organisation: w.units[0]}, {Role: new("partner"), Organisation: w.units[0]}},
	})
	refused(t, err, template.CodeElsewhere)
}

// The note of what was taken is read by whom the community is read by today.
func TestAMovedCommunitysApplicationsAreReadByTheBodiesThatItMovedTo(t *testing.T) {
	h := open(t, embedded(t).node())
	w := h.town(0)
	_, err := h.Playbooks.Apply(h.as(w.secretary), playbook.ApplyInput{Community: w.community, Type: "COMMERCIAL", Parts: []string{"dogs"}})
	must(t, err)
	h.settle()
	sees := func(who id.Person) int {
		list, err := h.Playbooks.Applications(h.as(who), w.community, page.Args{})
		must(t, err)
		return len(list.Edges)
	}
	equal(t, "north before", sees(w.northern), 1)
	equal(t, "south before", sees(w.southern), 0)
	h.move("", w.community, w.south)
	h.settle()
	equal(t, "north after", sees(w.northern), 0)
	equal(t, "south after", sees(w.southern), 1)
	equal(t, "events", told(h.story(string(h.application(w))))[playbook.ToldApplied], 1)
}

func (h *house) application(w *town) id.PlaybookApplication {
	h.t.Helper()
	list, err := h.Playbooks.Applications(h.system(), w.community, page.Args{})
	must(h.t, err)
	return list.Nodes()[0].ID
}
