package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of projects.
const (
	ProjectRead      = "project.read"
	ProjectCreate    = "project.create"
	ProjectApply     = "project.apply"
	ProjectRevise    = "project.revise"
	ProjectKeep      = "project.keepBooks"
	ProjectSteer     = "project.steer"
	ProjectRecord    = "project.record"
	ProjectLeave     = "project.leave"
	ProjectApprove   = "project.approve"
	ProjectReturn    = "project.return"
	ProjectCheck     = "project.checkMidterm"
	ProjectAccept    = "project.accept"
	ProjectCommend   = "project.commend"
	ProjectTerminate = "project.terminate"
	ProjectTime      = "project.time"
)

// The actions of templates of projects, and of moving projects to a newer version of one.
const (
	ProjectTemplateRead    = "projectTemplate.read"
	ProjectTemplateCreate  = "projectTemplate.create"
	ProjectTemplateRevise  = "projectTemplate.revise"
	ProjectTemplatePublish = "projectTemplate.publish"
	ProjectTemplateRetire  = "projectTemplate.retire"

	ProjectMigrationRead   = "projectMigration.read"
	ProjectMigrationStart  = "projectMigration.start"
	ProjectMigrationCancel = "projectMigration.cancel"
	ProjectMigrationKeep   = "projectMigration.keep"
)

func projects() authz.Table {
	lead := to(own, secretary, liaison, supervisor) // a supervisor where the sub-district itself leads
	all := to(party, secretary, liaison, supervisor)
	approver := to(authz.Approving, supervisor)
	return authz.Table{
		rule(ProjectRead, "projects, project, node", join(to(party, secretary, liaison, steward, supervisor, auditor), to(above, supervisor, auditor)), "and what hangs on it: record, log, attachments"),
		rule(ProjectCreate, "createProject", lead, "for the organisation that leads it"),
		rule(ProjectApply, "applySecretaryProject", to(own, secretary), "for the own community; again when it was returned"),
		rule(ProjectRevise, "reviseProject", join(lead, approver), "the organisation that leads it; once a secretary's project is approved, its budget and partners the sub-district alone"),
		rule(ProjectKeep, "addMilestone, completeMilestone, removeMilestone, recordSpending, voidSpending", lead, "the organisation that leads it"),
		rule(ProjectSteer, "startProject, pauseProject, resumeProject, finishProject, cancelProject", lead, "the organisation that leads it"),
		rule(ProjectRecord, "setRecord, patchRecord, logProjectActivity", all, "whoever takes part"),
		rule(ProjectLeave, "leaveProject", all, "a partner, not the one that leads"),
		rule(ProjectApprove, "approveProject", approver, "the sub-district above the community; never who has an office in one that takes part"),
		rule(ProjectReturn, "returnProject", approver, "the sub-district above the community, with a reason; never who has an office in one that takes part"),
		rule(ProjectCheck, "checkProjectMidterm", approver, "the sub-district above the community, with its findings; never who has an office in one that takes part"),
		rule(ProjectAccept, "acceptProject", approver, "the sub-district above the community; never who has an office in one that takes part"),
		rule(ProjectCommend, "commendProject", to(authz.Commending, supervisor), "the district above the community; never who has an office in one that takes part"),
		rule(ProjectTerminate, "terminateProject", join(to(own, secretary), approver), "the community itself or the sub-district above it, with a reason"),
		rule(ProjectTime, "–", nil, "moves between jurisdictions, newer versions of templates: the program itself"),
	}
}

func projectTemplates() authz.Table {
	keepers := join(to(anywhere, administrator), to(own, secretary, liaison, supervisor)) // the platform's belong to no organisation
	return authz.Table{
		rule(ProjectTemplateRead, "projectTemplates, projectTemplate, node", to(anywhere, anyone), "forms that anybody may copy; an organisation's own are used by it and those below it alone"),
		rule(ProjectTemplateCreate, "createProjectTemplate", keepers, "for the own organisation"),
		rule(ProjectTemplateRevise, "reviseProjectTemplate", keepers, "the next version, until it is published"),
		rule(ProjectTemplatePublish, "publishProjectTemplateVersion", keepers, "a published version never changes"),
		rule(ProjectTemplateRetire, "retireProjectTemplate", keepers, "no new project begins from it"),

		rule(ProjectMigrationRead, "projectMigrations, projectMigration, node", join(to(anywhere, administrator), to(own, secretary, liaison, supervisor, auditor)), "who keeps the template"),
		rule(ProjectMigrationStart, "migrateProjects", keepers, "who keeps the template"),
		rule(ProjectMigrationCancel, "cancelProjectMigration", keepers, "until it is over"),
		rule(ProjectMigrationKeep, "–", nil, "works them off: the program itself"),
	}
}
