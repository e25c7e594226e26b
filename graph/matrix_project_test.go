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

// stricter is the version after gardens: with one step of each sort, and the area in whole square metres.
func stricter() m {
	next := gardens()
	next["schema"] = m{
		"type": "object", "additionalProperties": false, "required": []string{"place"},
		"properties": m{
			"place": m{"type": "string", "maxLength": 40}, "size": m{"type": "object", "additionalProperties": false, "properties": m{"area": m{"type": "integer"}}},
			"state": m{"enum": []string{"old", "new"}}, "notes": m{"type": "object", "additionalProperties": m{"type": "integer"}},
		},
	}
	next["fields"], next["form"] = []m{{"path": "/place", "type": "STRING"}, {"path": "/size/area", "type": "INTEGER"}}, nil
	next["steps"] = []m{
		{"do": "RENAME", "path": "/site", "key": "place"},
		{"do": "CONVERT", "path": "/area", "type": "INTEGER"},
		{"do": "MOVE", "path": "/area", "to": "/size/area"},
		{"do": "REMOVE", "path": "/on"},
		{"do": "SET_DEFAULT", "path": "/state", "value": "old"},
		{"do": "MAP_VALUES", "path": "/place", "values": []m{{"from": "东门", "to": "东门广场"}}},
	}
	return next
}

// projects are one that has begun from the contract in force, one in each state in which somebody can do something to it,
// their template, and a try of the sub-district to move them to its second version: one of them does not fit.
func (w *matrixTown) projects() {
	t := w.t
	made := w.Do(t, "supervisor", "createProjectTemplate", m{"name": words("小区花园", "Gardens"), "version": gardens()}, projectTemplateFields).Fine()
	w.at["project template"] = made.Str("it.projectTemplate.id")
	edit := func(mutation string, version int, more m) {
		w.Do(t, "supervisor", mutation, with(m{"id": w.at["project template"], "expectedVersion": version}, more), projectTemplateFields).Fine()
	}
	edit("publishProjectTemplateVersion", 1, nil)
	day := w.Now().Format("2006-01-02")
	a := w.Do(t, "secretary", "createProject", m{
		"lead": w.Community, "title": "口袋公园", "contract": w.at["inForce"], "partners": []string{w.Unit}, "budget": "5000.50", "template": w.at["project template"],
		"record": m{"site": "东门", "area": 12.5}, "beneficiaries": m{"count": 300, "audience": "老人"}, "startsOn": day, "endsOn": "2027-12-31",
	}, projectFields).Fine()
	w.at["project"] = a.Str("it.project.id")
	next := func(mutation string, more m) {
		a = w.Do(t, "secretary", mutation, with(m{"id": w.at["project"], "expectedVersion": a.Int("it.project.version")}, more), projectFields).Fine()
	}
	next("startProject", m{"note": "开工"})
	next("addMilestone", m{"title": "竣工", "dueOn": day})
	next("recordSpending", m{"amount": "120", "on": day, "purpose": "苗木"})
	next("addMilestone", m{"title": "设计", "dueOn": day})
	next("completeMilestone", m{"key": "m3", "on": day, "note": "居民议事通过"})
	w.Do(t, "liaison", "logProjectActivity", m{"id": w.at["project"], "on": day, "title": "种树", "participants": 20}, projectFields).Fine()
	w.plans()
	edit("reviseProjectTemplate", 2, m{"version": stricter()})
	edit("publishProjectTemplateVersion", 3, nil)
	w.at["migration"] = w.Do(t, "supervisor", "migrateProjects", m{"template": w.at["project template"], "dryRun": true}, projectMigrationFields).Fine().
		Str("it.projectMigration.id")
	w.Settle(t)
	edit("reviseProjectTemplate", 4, m{"version": with(stricter(), m{"steps": []m{}})})
}

// plans are projects of the host alone, each where one of the verbs leads on from.
func (w *matrixTown) plans() {
	t := w.t
	bring := func(name, mutation string, in m, verbs ...string) {
		a := w.Do(t, "secretary", mutation, in, projectFields).Fine()
		w.at[name] = a.Str("it.project.id")
		for _, verb := range verbs {
			who := map[string]string{"startProject": "secretary", "pauseProject": "secretary"}[verb]
			more := map[string]m{"returnProject": {"reason": "请补充预算"}, "checkProjectMidterm": {"findings": "进度正常"}}[verb]
			if who == "" {
				who = "supervisor"
			}
			a = w.Do(t, who, verb, nextOf(a, more), projectFields).Fine()
		}
	}
	own, applied := m{"lead": w.Community, "title": "楼道微花园"}, m{"community": w.Community, "title": "书记项目：一老一小"}
	bring("planned project", "createProject", own)
	bring("paused project", "createProject", own, "startProject", "pauseProject")
	bring("applied project", "applySecretaryProject", applied)
	bring("returned project", "applySecretaryProject", applied, "returnProject")
	bring("secretary's project", "applySecretaryProject", applied, "approveProject", "startProject")
	bring("checked project", "applySecretaryProject", applied, "approveProject", "startProject", "checkProjectMidterm")
	bring("accepted project", "applySecretaryProject", applied, "approveProject", "startProject", "checkProjectMidterm", "acceptProject")
}

// moves is a migration that waits for its turn. It is begun when all else was asked for: whoever listens has what waits done.
func (w *matrixTown) moves() {
	t := w.t
	made := w.Do(t, "supervisor", "createProjectTemplate", m{"name": words("义诊", "Clinics"), "version": gardens()}, projectTemplateFields).Fine()
	of := made.Str("it.projectTemplate.id")
	w.Do(t, "supervisor", "publishProjectTemplateVersion", m{"id": of, "expectedVersion": 1}, projectTemplateFields).Fine()
	w.at["waiting migration"] = w.Ask(t, "supervisor", `mutation($in: MigrateProjectsInput!) { it: migrateProjects(input: $in) { projectMigration { id } errors { code } } }`, "in", m{"template": of}).
		Fine().Str("it.projectMigration.id")
}

// projectInputs are what the mutations of projects are tried with, so that whoever may is done for.
func (w *matrixTown) projectInputs() map[string]m {
	day := w.Now().Format("2006-01-02")
	of := func(name string) m { return m{"id": w.at[name]} }
	running, applied := of("project"), of("applied project")
	return map[string]m{
		"createProject": {"lead": w.Community, "title": "口袋公园"}, "applySecretaryProject": {"community": w.Community, "title": "书记项目"},
		"reviseProject": with(running, m{"title": "街角公园"}), "pauseProject": running, "finishProject": running, "cancelProject": with(running, m{"reason": "经费不足"}),
		"approveProject": applied, "returnProject": with(applied, m{"reason": "预算不清"}), "terminateProject": with(applied, m{"reason": "重复申报"}),
		"startProject": of("planned project"), "resumeProject": of("paused project"), "resubmitSecretaryProject": of("returned project"),
		"checkProjectMidterm": with(of("secretary's project"), m{"findings": "进度正常"}), "acceptProject": of("checked project"), "commendProject": of("accepted project"),
		"leaveProject": running, "addMilestone": with(running, m{"title": "验收", "dueOn": day}),
		"completeMilestone": with(running, m{"key": "m1", "on": day}), "removeMilestone": with(running, m{"key": "m1"}),
		"recordSpending": with(running, m{"amount": "1", "on": day, "purpose": "水"}), "voidSpending": with(running, m{"key": "s2", "reason": "重复"}),
		"logProjectActivity": with(running, m{"on": day, "title": "浇水"}),
		"setRecord":          with(running, m{"record": m{"site": "西门"}}), "patchRecord": with(running, m{"merge": m{"area": 13}}),

		"createProjectTemplate":         {"name": words("义诊", "Clinics"), "version": gardens()},
		"reviseProjectTemplate":         {"id": w.at["project template"], "name": words("花园", "Garden")},
		"publishProjectTemplateVersion": {"id": w.at["project template"]}, "retireProjectTemplate": {"id": w.at["project template"]},
		"migrateProjects": {"template": w.at["project template"]}, "cancelProjectMigration": of("waiting migration"),
	}
}
