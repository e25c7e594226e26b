package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of playbooks.
const (
	PlaybookRead            = "playbook.read"
	PlaybookApply           = "playbook.apply"
	PlaybookKeep            = "playbook.keep"
	PlaybookApplicationRead = "playbookApplication.read"
)

func playbooks() authz.Table {
	return authz.Table{
		rule(PlaybookRead, "playbooks, playbook, node", to(anywhere, anyone), "what comes with the program"),
		rule(PlaybookApplicationRead, "playbookApplications, node", join(to(own, secretary, steward), to(above, supervisor, auditor), to(anywhere, administrator)), "of what a community took, each part as it is read itself"),
		rule(PlaybookApply, "applyPlaybook", to(own, secretary), "to a community of the playbook's type; each part by the right to make it"),
		rule(PlaybookKeep, "–", nil, "moves between jurisdictions: the program itself"),
	}
}
