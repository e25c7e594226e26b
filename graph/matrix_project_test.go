package graph_test

// gardens is a form of records that nothing is wrong with.
func gardens() m {
	return m{
		"schema": m{
			"type": "object", "additionalProperties": false, "required": []string{"site"},
			"properties": m{
				"site": m{"type": "string", "maxLength": 40}, "area": m{"type": "number", "minimum": 0}, "on": m{"type": "string", "format": "date"},
				"notes": m{"type": "object", "additionalProperties": m{"type": "integer"}},
			},
		},
		"fields": []m{{"path": "/site", "type": "STRING"}, {"path": "/area", "type": "NUMBER"}, {"path": "/on", "type": "DATE"}},
		"form": []m{{"title": words("概况", "Overview"), "fields": []m{
			{"path": "/site", "widget": "TEXT", "label": words("地点", "Site"), "help": words("门牌号", "The address")},
			{"path": "/area", "widget": "NUMBER", "label": words("面积", "Area"), "unit": words("平方米", "m²")},
		}}},
	}
}

// fields that projects, templates and migrations are asked for.
const (
	projectFields = `project { id version kind status title lead { name } partners { name } contract { id } template { id } templateVersion record
		currency budget spent overBudget spendings { key amount currency on purpose voided reason } milestones { key title dueOn doneOn note }
		beneficiaries { count audience } turns { verb from to note organisation { name } } allowedActions }`
	projectTemplateFields  = `projectTemplate { id version status latestVersion owner { name } name { zh en } filterable { path type } latest { number schema fields { path } steps { do path } } draft { number } }`
	projectMigrationFields = `projectMigration { id status dryRun total moved failed toVersion template { id } }`
)

// projects are one that has begun from the contract in force, one that waits for the sub-district's word, their template,
// and a migration of the sub-district's own.
func (w *matrixTown) projects() {
	t := w.t
	made := w.Do(t, "supervisor", "createProjectTemplate", m{"name": words("小区花园", "Gardens"), "version": gardens()}, projectTemplateFields).Fine()
	w.at["project template"] = made.Str("it.projectTemplate.id")
	w.Do(t, "supervisor", "publishProjectTemplateVersion", m{"id": w.at["project template"], "expectedVersion": 1}, projectTemplateFields).Fine()
	w.Do(t, "supervisor", "reviseProjectTemplate", m{"id": w.at["project template"], "expectedVersion": 2, "version": gardens()}, projectTemplateFields).Fine()
	plan := m{
		"lead": w.Community, "title": "口袋公园", "contract": w.at["inForce"], "partners": []string{w.Unit}, "budget": "5000.50", "template": w.at["project template"],
		"record": m{"site": "东门", "area": 12.5}, "beneficiaries": m{"count": 300, "audience": "老人"},
	}
	a := w.Do(t, "secretary", "createProject", plan, projectFields).Fine()
	w.at["project"] = a.Str("it.project.id")
	next := func(mutation string, more m) {
		a = w.Do(t, "secretary", mutation, with(m{"id": w.at["project"], "expectedVersion": a.Int("it.project.version")}, more), projectFields).Fine()
	}
	day := w.Now().Format("2006-01-02")
	next("startProject", m{"note": "开工"})
	next("addMilestone", m{"title": "竣工", "dueOn": day})
	next("recordSpending", m{"amount": "120", "on": day, "purpose": "苗木"})
	w.Do(t, "liaison", "logProjectActivity", m{"id": w.at["project"], "on": day, "title": "种树", "participants": 20}, projectFields).Fine()
	applied := m{"community": w.Community, "title": "书记项目：一老一小"}
	w.at["applied project"] = w.Do(t, "secretary", "applySecretaryProject", applied, projectFields).Fine().Str("it.project.id")
	w.at["migration"] = w.Do(t, "supervisor", "migrateProjects", m{"template": w.at["project template"], "dryRun": true}, projectMigrationFields).Fine().
		Str("it.projectMigration.id")
}

// projectInputs are what the mutations of projects are tried with, so that whoever may is done for.
func (w *matrixTown) projectInputs() map[string]m {
	day := w.Now().Format("2006-01-02")
	running, applied := m{"id": w.at["project"]}, m{"id": w.at["applied project"]}
	return map[string]m{
		"createProject": {"lead": w.Community, "title": "口袋公园"}, "applySecretaryProject": {"community": w.Community, "title": "书记项目"},
		"reviseProject": with(running, m{"title": "街角公园"}), "pauseProject": running, "finishProject": running, "cancelProject": with(running, m{"reason": "经费不足"}),
		"approveProject": applied, "returnProject": with(applied, m{"reason": "预算不清"}), "terminateProject": with(applied, m{"reason": "重复申报"}),
		"leaveProject": running, "addMilestone": with(running, m{"title": "验收", "dueOn": day}),
		"completeMilestone": with(running, m{"key": "m1", "on": day}), "removeMilestone": with(running, m{"key": "m1"}),
		"recordSpending": with(running, m{"amount": "1", "on": day, "purpose": "水"}), "voidSpending": with(running, m{"key": "s2", "reason": "重复"}),
		"logProjectActivity": with(running, m{"on": day, "title": "浇水"}),
		"setRecord":          with(running, m{"record": m{"site": "西门"}}), "patchRecord": with(running, m{"merge": m{"area": 13}}),

		"createProjectTemplate":         {"name": words("义诊", "Clinics"), "version": gardens()},
		"reviseProjectTemplate":         {"id": w.at["project template"], "name": words("花园", "Garden")},
		"publishProjectTemplateVersion": {"id": w.at["project template"]}, "retireProjectTemplate": {"id": w.at["project template"]},
		"migrateProjects": {"template": w.at["project template"]}, "cancelProjectMigration": {"id": w.at["migration"]},
	}
}
