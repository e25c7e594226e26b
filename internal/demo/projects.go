package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/seed"
)

//go:embed data/projects.json
var projectFile []byte

// portfolio is the sorts of projects that the examples tell of, and projects with the figures that they tell. How far
// each of them has come is the demo's own choice.
type portfolio struct {
	Kinds []struct {
		Key    string
		Zh, En string
		Fields []portfolioField
	}
	Projects []portfolioProject
}

// portfolioField is what projects of a sort note.
type portfolioField struct {
	Key            string
	Type           string // number, integer, string, text, boolean, date or list
	Zh, En         string
	UnitZh, UnitEn string
}

type portfolioProject struct {
	Kind         string
	Contract     string
	Title        string
	SecretaryLed bool
	Status       project.Status
	Record       json.RawMessage
}

// undertake brings the projects of the examples to where the demo has them, once: what people have done since stays.
func (d Deps) undertake(ctx context.Context, file seed.File, people map[string]id.Person) error {
	var p portfolio
	if err := json.Unmarshal(projectFile, &p); err != nil {
		return fmt.Errorf("demo: projects: %w", err)
	}
	last := len(p.Projects) - 1
	_, err := d.Projects.Project(authz.AsSystem(ctx), named(last))
	if !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	templates := map[string]id.ProjectTemplate{}
	for _, k := range p.Kinds {
		if templates[k.Key], err = d.form(ctx, k.Key, text.Both{Zh: k.Zh, En: k.En}, k.Fields); err != nil {
			return fmt.Errorf("demo: template %s: %w", k.Key, err)
		}
	}
	for i, one := range p.Projects {
		if err := d.bringProject(ctx, file, people, i, one, templates[one.Kind]); err != nil {
			return fmt.Errorf("demo: project %s: %w", one.Title, err)
		}
	}
	return d.Settle(ctx)
}

// once names a step of the demo, so that an interrupted filling that is continued does it once.
func once(ctx context.Context, what string) context.Context {
	return store.WithOnce(ctx, store.NewOnce("demo", what, []byte(what)))
}

// named is the identifier of the n-th project: the one that is made under its name.
func named(n int) id.Project {
	key := store.NewOnce("demo", projectName(n), nil).Key
	return id.Derived[id.Project](id.KindProject, string(id.KindProject), key)
}

func projectName(n int) string { return fmt.Sprintf("project %d", n) }

// form is the published template of a sort of projects.
func (d Deps) form(ctx context.Context, key string, name text.Both, fields []portfolioField) (id.ProjectTemplate, error) {
	ctx = authz.AsSystem(ctx)
	t, err := d.Projects.CreateTemplate(once(ctx, "template "+key), project.CreateTemplateInput{Name: name, Version: versionOf(name, fields)})
	if err != nil || t.Status != project.Draft {
		return templateID(t), err
	}
	_, err = d.Projects.PublishVersion(ctx, project.PublishInput{Change: command.Change{ExpectedVersion: t.Version}, ID: t.ID})
	return t.ID, err
}

func templateID(t *project.Template) id.ProjectTemplate {
	if t == nil {
		return ""
	}
	return t.ID
}

// versionOf describes records of a sort: every field may be left out, the first few of plain values are found by.
func versionOf(name text.Both, fields []portfolioField) project.VersionInput {
	var properties []string
	out := project.VersionInput{}
	section := &project.FormSection{Title: name}
	for _, f := range fields {
		schema, typ, widget := f.describe()
		properties = append(properties, fmt.Sprintf("%q:%s", f.Key, schema))
		at := record.Pointer("/" + f.Key)
		if typ != "" && len(out.Fields) < record.MaxFields {
			out.Fields = append(out.Fields, record.Field{Path: at, Type: typ})
		}
		field := &project.FormField{Path: at, Widget: widget, Label: text.Both{Zh: f.Zh, En: f.En}}
		if f.UnitZh != "" {
			field.UnitText = &text.Both{Zh: f.UnitZh, En: f.UnitEn}
		}
		section.Fields = append(section.Fields, field)
	}
	out.Schema = record.JSON(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{` +
		strings.Join(properties, ",") + `}}`)
	out.Form = []*project.FormSection{section}
	return out
}

// describe is a field as the schema, the declared fields and the form have it.
func (f portfolioField) describe() (schema string, typ record.Type, widget project.Widget) {
	switch f.Type {
	case "number":
		return `{"type":"number","minimum":0}`, record.Number, project.WidgetNumber
	case "integer":
		return `{"type":"integer","minimum":0}`, record.Integer, project.WidgetNumber
	case "boolean":
		return `{"type":"boolean"}`, record.Boolean, project.WidgetCheckbox
	case "date":
		return `{"type":"string","format":"date"}`, record.Date, project.WidgetDate
	case "list":
		return `{"type":"array","maxItems":20,"items":{"type":"string","maxLength":100}}`, "", project.WidgetList
	case "text":
		return `{"type":"string","maxLength":2000}`, "", project.WidgetTextArea
	}
	return `{"type":"string","maxLength":100}`, record.String, project.WidgetText
}

// stage is who acts: for the community that leads, and for the bodies above it.
type stage struct{ lead, above context.Context }

// bringProject begins a project, unless an interrupted filling has, and brings it to its state.
func (d Deps) bringProject(ctx context.Context, file seed.File, people map[string]id.Person, n int, one portfolioProject, t id.ProjectTemplate) error {
	i := slices.IndexFunc(file.Contracts, func(c seed.Contract) bool { return c.Key == one.Contract })
	if i < 0 {
		return fmt.Errorf("the examples have no %s", one.Contract)
	}
	c := file.Contracts[i]
	host := file.Organisation(seed.InCommunities, c.Host)
	s := stage{lead: acting(ctx, file, people, c.Host, host), above: authz.AsSystem(ctx)}
	plan := project.Plan{Title: one.Title, Template: &t, Record: new(record.JSON(one.Record))}
	for _, p := range c.Parties {
		if p.Part == "PARTNER" {
			plan.Partners = append(plan.Partners, file.Organisation(seed.InResidentUnits, p.Organisation))
		}
	}
	p, err := d.begun(once(s.lead, projectName(n)), host, file.Contract(one.Contract), one, plan)
	if err != nil {
		return err
	}
	for _, v := range way(one) {
		if _, has := project.Target(p.Kind, p.Status, v); !has || p.Status == one.Status {
			continue
		}
		if p, err = d.turn(s, p, v); err != nil {
			return err
		}
	}
	return nil
}

// acting is the secretary of a community, or the program itself where the examples name none.
func acting(ctx context.Context, file seed.File, people map[string]id.Person, key string, o id.Organisation) context.Context {
	i := slices.IndexFunc(file.People, func(p seed.Person) bool { return p.Organisation == key && p.Role == authz.Secretary })
	if i < 0 || people[file.People[i].Key] == "" {
		return authz.AsSystem(ctx)
	}
	return authz.With(ctx, file.People[i].Actor(people[file.People[i].Key], o))
}

// begun is a project from its contract, or on its own where the contract is over or not yet made.
func (d Deps) begun(ctx context.Context, host id.Organisation, from id.Contract, one portfolioProject, plan project.Plan) (*project.Project, error) {
	plan.Contract = &from
	p, err := d.plan(ctx, host, one, plan)
	if fault.Is(err, project.CodeContractOver) || fault.Is(err, project.CodeNotParty) || fault.Is(err, fault.CodeNotFound) {
		plan.Contract = nil
		return d.plan(ctx, host, one, plan)
	}
	return p, err
}

func (d Deps) plan(ctx context.Context, host id.Organisation, one portfolioProject, plan project.Plan) (*project.Project, error) {
	if one.SecretaryLed {
		return d.Projects.Apply(ctx, project.ApplyInput{Community: host, Plan: plan})
	}
	return d.Projects.Create(ctx, project.CreateInput{Lead: host, Plan: plan})
}

// way is how a project comes to its state.
func way(one portfolioProject) []project.Verb {
	switch one.Status {
	case project.Running:
		return []project.Verb{project.VerbApprove, project.VerbStart}
	case project.Paused:
		return []project.Verb{project.VerbStart, project.VerbPause}
	case project.Done:
		return []project.Verb{project.VerbStart, project.VerbFinish}
	case project.Cancelled:
		return []project.Verb{project.VerbCancel}
	case project.Returned:
		return []project.Verb{project.VerbReturn}
	case project.Terminated:
		return []project.Verb{project.VerbTerminate}
	case project.Approved, project.Midterm, project.Accepted, project.Commended:
		return []project.Verb{project.VerbApprove, project.VerbStart, project.VerbCheckMidterm, project.VerbAccept, project.VerbCommend}
	default:
		return nil
	}
}

// turn does one verb, with something in the log and a milestone where the project begins.
func (d Deps) turn(s stage, p *project.Project, v project.Verb) (*project.Project, error) {
	change := command.Change{ExpectedVersion: p.Version}
	in := project.TurnInput{Change: change, ID: p.ID}
	why := project.ReasonInput{Change: change, ID: p.ID, Reason: "演示数据：由演示自行设定"}
	switch v {
	case project.VerbApprove:
		return d.Projects.Approve(s.above, in)
	case project.VerbStart:
		return d.started(s, in)
	case project.VerbPause:
		return d.Projects.Pause(s.lead, in)
	case project.VerbFinish:
		return d.Projects.Finish(s.lead, in)
	case project.VerbCancel:
		return d.Projects.Cancel(s.lead, why)
	case project.VerbReturn:
		return d.Projects.Return(s.above, why)
	case project.VerbTerminate:
		return d.Projects.Terminate(s.above, why)
	case project.VerbCheckMidterm:
		return d.Projects.CheckMidterm(s.above, project.FindingsInput{Change: change, ID: p.ID, Findings: "进度正常（演示数据）"})
	case project.VerbAccept:
		return d.Projects.Accept(s.above, in)
	default:
		return d.Projects.Commend(s.above, in)
	}
}

func (d Deps) started(s stage, in project.TurnInput) (*project.Project, error) {
	p, err := d.Projects.Start(s.lead, in)
	if err != nil {
		return nil, err
	}
	today := scalar.DateOf(p.UpdatedAt, zone())
	p, err = d.Projects.LogActivity(s.lead, project.LogActivityInput{ID: p.ID, On: today, Title: "启动会"})
	if err != nil {
		return nil, err
	}
	return d.Projects.AddMilestone(s.lead, project.AddMilestoneInput{
		Change: command.Change{ExpectedVersion: p.Version}, ID: p.ID, Title: "阶段总结", DueOn: today.AddDays(90),
	})
}
