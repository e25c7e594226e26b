package project_test

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/project"
)

// A project that went to and fro until no more of that is kept goes on to its end all the same.
func TestNoNumberOfTurnsLeavesAProjectWithoutAnEnd(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	turned := func(p *project.Project, there, back project.Verb) *project.Project {
		t.Helper()
		for len(p.Turns) < project.MaxTurns || slices.Contains(h.AllowedActions(h.officer(), p), back) || slices.Contains(h.AllowedActions(h.secretary(), p), back) {
			v := there
			if p.Turns[len(p.Turns)-1].Verb == there {
				v = back
			}
			p = must2(h.verb(v, p))
		}
		_, err := h.verb(there, p)
		refused(t, err, fault.CodeTooMany, "")
		if all := slices.Concat(h.AllowedActions(h.officer(), p), h.AllowedActions(h.secretary(), p)); slices.Contains(all, there) {
			t.Errorf("%s is told, and cannot be done", there)
		}
		return p
	}
	p := turned(h.brought(project.Ordinary, project.Running, form), project.VerbPause, project.VerbResume)
	if p.Status != project.Running || !slices.Contains(h.AllowedActions(h.secretary(), p), project.VerbCancel) {
		t.Fatalf("it is %s, and cannot be given up", p.Status)
	}
	must2(h.verb(project.VerbFinish, p))
	p = turned(must2(h.verb(project.VerbResubmit, h.brought(project.SecretaryLed, project.Returned, form))), project.VerbReturn, project.VerbResubmit)
	for _, v := range []project.Verb{project.VerbApprove, project.VerbStart, project.VerbCheckMidterm, project.VerbAccept, project.VerbCommend} {
		p = must2(h.verb(v, p))
	}
}
