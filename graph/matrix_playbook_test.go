package graph_test

import "strings"

// playbooks has the host take a need and a template of projects from the playbook for its type. The one that is looked at
// is a village's, in which every field of a playbook holds something.
func (w *matrixTown) playbooks() {
	w.t.Helper()
	w.at["playbook"] = w.Ask(w.t, "", `{ playbook(type: RURAL) { id } }`).Fine().Str("playbook.id")
	in := m{"community": w.Community, "type": "COMMERCIAL", "parts": []string{"dogs", "project-parking-sharing"}}
	w.at["playbook application"] = w.Do(w.t, "secretary", "applyPlaybook", in, "application { id }").Fine().Str("it.application.id")
}

// playbookInputs are what playbooks are applied with: to what is there already.
func (w *matrixTown) playbookInputs() map[string]m {
	return map[string]m{"applyPlaybook": {"community": w.Community, "type": "COMMERCIAL", "parts": []string{"dogs"}}}
}

// noNewer says of a field that it tells of a newer version of a playbook: of each there is one here, and the room's own
// tests tell who sees what of several. Nor is anything wrong with a part that is there already.
func noNewer(name string) bool {
	return strings.HasPrefix(name, "PlaybookDifference.") || name == "Playbook.changesSince" || name == "PlaybookApplication.newer" || name == "PlaybookOutcome.errors"
}
