package project_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/project"
)

func TestATemplateIsDraftedPublishedAndRetired(t *testing.T) {
	h := newHouse(t)
	d := must2(h.CreateTemplate(h.admin(), project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal()}))
	if d.Status != project.Draft || d.Latest() != 0 || d.Drafted().Number != 1 {
		t.Errorf("it begins as %s, version %d", d.Status, d.Latest())
	}
	_, err := h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: project.Plan{Title: "公园", Template: &d.ID}})
	refused(t, err, project.CodeTemplateDraft, "template")
	_, err = h.PublishVersion(h.secretary(), project.PublishInput{Change: version(d.Version), ID: d.ID})
	refused(t, err, fault.CodeForbidden, "")
	p := must2(h.PublishVersion(h.admin(), project.PublishInput{Change: version(d.Version), ID: d.ID}))
	if p.Status != project.Published || p.Latest() != 1 || p.Draft != nil || len(p.Filterable()) != 5 {
		t.Errorf("published: %+v", p)
	}
	_, err = h.PublishVersion(h.admin(), project.PublishInput{Change: version(p.Version), ID: d.ID})
	refused(t, err, project.CodeNothingDrafted, "")
	_, err = h.PublishVersion(h.admin(), project.PublishInput{Change: version(1), ID: d.ID})
	refused(t, err, fault.CodeConflict, "expectedVersion")
	latest := must2(h.LatestOf(t.Context(), []*project.Template{d, p}))
	if latest[0] != nil || latest[1] == nil || latest[1].Number != 1 || latest[1].At == nil {
		t.Errorf("the latest are %v", latest)
	}
	one := h.begun(of(p, `{"site":"东门"}`))
	r := must2(h.RetireTemplate(h.admin(), project.RetireInput{Change: version(p.Version), ID: d.ID}))
	_, err = h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: project.Plan{Title: "公园", Template: &d.ID}})
	refused(t, err, project.CodeTemplateRetired, "template")
	_, err = h.ReviseTemplate(h.admin(), project.ReviseTemplateInput{Change: version(r.Version), ID: d.ID, Name: new(words("别", "x"))})
	refused(t, err, project.CodeTemplateRetired, "")
	_, err = h.RetireTemplate(h.admin(), project.RetireInput{Change: version(r.Version), ID: d.ID})
	refused(t, err, project.CodeTemplateRetired, "")
	if _, err := h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: one.ID, Merge: new(recordOf(`{"area":1}`))}); err != nil {
		t.Errorf("its projects do not go on: %v", err)
	}
}

func TestATemplateIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	h := newHouse(t)
	section := func(f project.FormField) []*project.FormSection {
		return []*project.FormSection{{Title: words("节", "Part"), Fields: []*project.FormField{&f}}}
	}
	for name, tt := range map[string]struct {
		alter func(*project.CreateTemplateInput)
		code  fault.Code
		path  string
	}{
		"no name in one language": {func(in *project.CreateTemplateInput) { in.Name.En = "" }, fault.CodeRequired, "name.en"},
		"a remote reference": {func(in *project.CreateTemplateInput) {
			in.Version.Schema = `{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"http://x.example/"}}}`
		}, record.CodeRemote, "version.schema.properties.a.$ref"},
		"no schema": {func(in *project.CreateTemplateInput) { in.Version.Schema = `5` }, record.CodeNotObject, "version.schema"},
		"an undescribed field": {func(in *project.CreateTemplateInput) {
			in.Version.Fields = []record.Field{{Path: "/nowhere", Type: record.String}}
		}, record.CodeNoField, "version.fields.0"},
		"a field of another type": {func(in *project.CreateTemplateInput) {
			in.Version.Fields = []record.Field{{Path: "/area", Type: record.Date}}
		}, record.CodeFieldType, "version.fields.0"},
		"a field twice": {func(in *project.CreateTemplateInput) {
			in.Version.Fields = []record.Field{{Path: "/area", Type: record.Number}, {Path: "/area", Type: record.Number}}
		}, fault.CodeDuplicate, "version.fields.1.path"},
		"too many fields": {func(in *project.CreateTemplateInput) { in.Version.Fields = make([]record.Field, 7) }, fault.CodeTooMany, "version.fields"},
		"a form of nothing": {func(in *project.CreateTemplateInput) {
			in.Version.Form = section(project.FormField{Path: "/x", Widget: project.WidgetText, Label: words("甲", "A")})
		}, record.CodeNoField, "version.form.0.fields.0.path"},
		"a widget that cannot": {func(in *project.CreateTemplateInput) {
			in.Version.Form = section(project.FormField{Path: "/area", Widget: project.WidgetCheckbox, Label: words("甲", "A")})
		}, project.CodeWidget, "version.form.0.fields.0.widget"},
		"a label in one language": {func(in *project.CreateTemplateInput) {
			in.Version.Form = section(project.FormField{Path: "/area", Widget: project.WidgetNumber, Label: words("甲", "")})
		}, fault.CodeRequired, "version.form.0.fields.0.label.en"},
		"steps from nowhere": {func(in *project.CreateTemplateInput) {
			in.Version.Steps = []project.StepInput{{Do: record.Remove, Path: "/a"}}
		}, project.CodeFirstSteps, "version.steps"},
		"an owner of nowhere": {func(in *project.CreateTemplateInput) { in.Owner = new(nobody) }, fault.CodeNotFound, "owner"},
	} {
		in := project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal()}
		tt.alter(&in)
		_, err := h.CreateTemplate(h.admin(), in)
		if f := fault.Of(err); err == nil || f.Code != tt.code || joined(f.Path) != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
	}
}

func TestAnOrganisationsTemplateIsItsOwnAndThoseBelowIt(t *testing.T) {
	h := newHouse(t)
	made := func(ctx context.Context, types ...project.CommunityType) *project.Template {
		d := must2(h.CreateTemplate(ctx, project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal(), CommunityTypes: types}))
		return must2(h.PublishVersion(ctx, project.PublishInput{Change: version(d.Version), ID: d.ID}))
	}
	ours, theirs, rural := made(h.officer()), made(h.as(authz.Supervisor, town)), made(h.admin(), "RURAL")
	if ours.Owner != street || rural.Owner != "" {
		t.Errorf("they belong to %q and %q", ours.Owner, rural.Owner)
	}
	for name, tt := range map[string]struct {
		form *project.Template
		code fault.Code
	}{"ours": {ours, ""}, "another body's": {theirs, project.CodeTemplateElse}, "of another type": {rural, project.CodeTemplateUnfit}} {
		_, err := h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: project.Plan{Title: "公园", Template: &tt.form.ID, Record: new(recordOf(`{"site":"x"}`))}})
		if tt.code == "" && err != nil || tt.code != "" && !fault.Is(err, tt.code) {
			t.Errorf("%s: got %v, want %q", name, err, tt.code)
		}
	}
	for o, want := range map[id.Organisation]int{estate: 1, village: 2, street: 2} {
		l, err := h.Templates(t.Context(), &o, nil, page.Args{})
		if err != nil || len(l.Edges) != want {
			t.Errorf("%s can use %d, want %d; %v", o, len(l.Edges), want, err)
		}
	}
	_, err := h.Templates(t.Context(), new(nobody), nil, page.Args{})
	refused(t, err, fault.CodeNotFound, "usableBy")
	for _, ctx := range []context.Context{h.as(authz.GridSteward, estate), h.as(authz.Auditor, street), h.as(authz.Member, estate)} {
		_, err := h.CreateTemplate(ctx, project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal()})
		refused(t, err, fault.CodeForbidden, "")
	}
	_, err = h.CreateTemplate(h.secretary(), project.CreateTemplateInput{Owner: new(street), Name: words("更新", "Renewal"), Version: renewal()})
	refused(t, err, fault.CodeForbidden, "")
	_, err = h.CreateTemplate(t.Context(), project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal()})
	refused(t, err, fault.CodeUnauthenticated, "")
}

// next publishes a further version.
func (h *house) next(form *project.Template, alter func(*project.VersionInput)) *project.Template {
	h.t.Helper()
	in := renewal()
	alter(&in)
	d := must2(h.ReviseTemplate(h.admin(), project.ReviseTemplateInput{Change: version(form.Version), ID: form.ID, Version: &in}))
	return must2(h.PublishVersion(h.admin(), project.PublishInput{Change: version(d.Version), ID: form.ID}))
}

// The paths of steps are held against the version before and against the one that is written, so that a mistyped one is
// told to who writes it.
func TestStepsLeadFromTheVersionBeforeToTheNext(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	for name, tt := range map[string]struct {
		step project.StepInput
		code fault.Code
		path string
	}{
		"from nowhere":  {project.StepInput{Do: record.Convert, Path: "/aria", Type: new(record.Integer)}, record.CodeStepNowhere, "version.steps.1.path"},
		"moved already": {project.StepInput{Do: record.Convert, Path: "/site", Type: new(record.Integer)}, record.CodeStepNowhere, "version.steps.1.path"},
		"to nowhere":    {project.StepInput{Do: record.Move, Path: "/area", To: new(record.Pointer("/size/aria"))}, record.CodeNoField, "version.steps.1.to"},
		"no new key":    {project.StepInput{Do: record.Rename, Path: "/area", Key: new("size2")}, record.CodeNoField, "version.steps.1.key"},
		"no such field": {project.StepInput{Do: record.SetDefault, Path: "/stage", Value: new(record.Literal(`"new"`))}, record.CodeNoField, "version.steps.1.path"},
		"half a step":   {project.StepInput{Do: record.Rename, Path: "/aria"}, record.CodeStepForm, "version.steps.1.key"},
	} {
		t.Run(name, func(t *testing.T) {
			in := renewal()
			second(&in)
			in.Steps = []project.StepInput{in.Steps[0], tt.step}
			_, err := h.ReviseTemplate(h.admin(), project.ReviseTemplateInput{Change: version(form.Version), ID: form.ID, Version: &in})
			refused(t, err, tt.code, tt.path)
		})
	}
	form = h.next(form, second)
	in := renewal() // of the version before it is the second one's schema that counts
	in.Steps = []project.StepInput{{Do: record.Rename, Path: "/site", Key: new("site")}}
	_, err := h.ReviseTemplate(h.admin(), project.ReviseTemplateInput{Change: version(form.Version), ID: form.ID, Version: &in})
	refused(t, err, record.CodeStepNowhere, "version.steps.0.path")
}

// Fields of several versions share a few slots. A slot is used again when no project needs it any more, and never before.
func TestASlotIsFreeWhenNoProjectNeedsIt(t *testing.T) {
	h := newHouse(t)
	field := func(n int) record.Field {
		return record.Field{Path: record.Pointer(fmt.Sprintf("/f%d", n)), Type: record.Integer}
	}
	declare := func(from, to int) func(*project.VersionInput) {
		return func(in *project.VersionInput) {
			var properties strings.Builder
			in.Fields, in.Form = nil, nil
			for n := from; n < to; n++ {
				fmt.Fprintf(&properties, `"f%d":{"type":"integer"},`, n)
				in.Fields = append(in.Fields, field(n))
			}
			in.Schema = record.JSON(`{"type":"object","additionalProperties":false,"properties":{` + properties.String() + `"site":{"type":"string"}}}`)
		}
	}
	form := h.next(h.template(), declare(0, 6))
	kept := h.begun(of(form, `{"f0":1}`))
	form = h.next(form, declare(6, 8)) // those of the very first version, which has no projects, make room
	if len(form.Slots) != 8 {
		t.Fatalf("%d slots are taken", len(form.Slots))
	}
	d := must2(h.ReviseTemplate(h.admin(), project.ReviseTemplateInput{Change: version(form.Version), ID: form.ID, Version: func() *project.VersionInput { in := renewal(); declare(8, 14)(&in); return &in }()}))
	_, err := h.PublishVersion(h.admin(), project.PublishInput{Change: version(d.Version), ID: d.ID})
	refused(t, err, project.CodeTooManyFields, "")
	if got := h.found(h.secretary(), &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: []*project.RecordCondition{{Path: "/f0", Eq: number("1")}}}, nil); len(got) != 1 {
		t.Errorf("a project of the older version is not found: %v", got)
	}
	h.migrated(form, new(3))
	if now := must2(h.Project(h.secretary(), kept.ID)); now.TemplateVersion != 2 {
		t.Errorf("a record that does not fit was moved to version %d", now.TemplateVersion)
	}
	must2(h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: kept.ID, Merge: new(recordOf(`{"f0":null}`))}))
	h.migrated(form, new(3))
	form = must2(h.PublishVersion(h.admin(), project.PublishInput{Change: version(d.Version), ID: d.ID}))
	if len(form.Slots) != 8 || form.Latest() != 4 {
		t.Errorf("%d slots are taken, version %d", len(form.Slots), form.Latest())
	}
	_, err = h.Projects(h.secretary(), &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: []*project.RecordCondition{{Path: "/f0", Eq: number("1")}}}, nil, page.Args{})
	refused(t, err, record.CodeNotDeclared, "filter.record.0.path")
}

func TestVersionsStayReadable(t *testing.T) {
	h := newHouse(t)
	form := h.next(h.template(), func(in *project.VersionInput) { in.Summary = new("第二版") })
	l := must2(h.VersionsOf(t.Context(), form, page.Args{First: new(5)}))
	if len(l.Edges) != 2 || l.Edges[0].Node.Number != 1 || l.Edges[1].Node.Summary != "第二版" {
		t.Errorf("got %v", l.Edges)
	}
	_, err := h.VersionsOf(t.Context(), form, page.Args{})
	refused(t, err, fault.CodeBadPage, "first")
}

// Publishing the same draft twice under one name of the mutation publishes it once.
func TestPublishingIsRepeatable(t *testing.T) {
	h := newHouse(t)
	d := must2(h.CreateTemplate(h.admin(), project.CreateTemplateInput{Once: command.Once{}, Name: words("更新", "Renewal"), Version: renewal()}))
	results := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := h.PublishVersion(h.admin(), project.PublishInput{Change: version(d.Version), ID: d.ID})
			results <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-results; err == nil {
			won++
		} else if !fault.Is(err, fault.CodeConflict) {
			t.Errorf("got %v", err)
		}
	}
	form := must2(h.Template(t.Context(), d.ID))
	l := must2(h.VersionsOf(t.Context(), form, page.Args{First: new(20)}))
	if won != 1 || form.Latest() != 1 || len(l.Edges) != 1 {
		t.Errorf("%d won, version %d, %d kept", won, form.Latest(), len(l.Edges))
	}
}
