package project_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/project"
)

func recordOf(s string) record.JSON { return record.JSON(s) }

func joined(path []string) string { return strings.Join(path, ".") }

func TestARecordIsSetAndPatched(t *testing.T) {
	h := newHouse(t)
	p := h.begun(of(h.template(), `{"site":"东门","area":12.50}`))
	p = must2(h.SetRecord(h.liaison(), project.SetRecordInput{Change: version(p.Version), ID: p.ID, Record: `{"effort":{"by":"居民","hours":1e2},"site":"西门"}`}))
	if p.Record != `{"effort":{"by":"居民","hours":1e2},"site":"西门"}` {
		t.Errorf("got %s", p.Record)
	}
	_, err := h.SetRecord(h.secretary(), project.SetRecordInput{Change: version(1), ID: p.ID, Record: `{"site":"x"}`})
	refused(t, err, fault.CodeConflict, "expectedVersion")
	p = must2(h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: p.ID, Merge: new(recordOf(`{"effort":{"hours":null},"area":3}`))}))
	if p.Record != `{"effort":{"by":"居民"},"site":"西门","area":3}` {
		t.Errorf("got %s", p.Record)
	}
	p = must2(h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: p.ID, Patch: new(recordOf(`[{"op":"test","path":"/area","value":3.0},{"op":"move","from":"/area","path":"/days"}]`))}))
	if p.Record != `{"effort":{"by":"居民"},"site":"西门","days":3}` {
		t.Errorf("got %s", p.Record)
	}
	for name, tt := range map[string]struct {
		in   project.PatchRecordInput
		code fault.Code
		path string
	}{
		"neither":         {project.PatchRecordInput{}, project.CodeOnePatch, ""},
		"both":            {project.PatchRecordInput{Merge: new(recordOf(`{}`)), Patch: new(recordOf(`[]`))}, project.CodeOnePatch, ""},
		"outside":         {project.PatchRecordInput{Merge: new(recordOf(`{"sight":1}`))}, record.CodeUnknown, "merge.sight"},
		"outside, deeper": {project.PatchRecordInput{Merge: new(recordOf(`{"effort":{"x":1}}`))}, record.CodeUnknown, "merge.effort.x"},
		"required":        {project.PatchRecordInput{Merge: new(recordOf(`{"site":null}`))}, record.CodeRequired, "merge.site"},
		"a dollar":        {project.PatchRecordInput{Merge: new(recordOf(`{"effort":{"$inc":1}}`))}, fault.CodeBadKey, "merge.effort"},
		"an operation":    {project.PatchRecordInput{Patch: new(recordOf(`[{"op":"test","path":"/days","value":3},{"op":"remove","path":"/none"}]`))}, record.CodePatch, "patch.1"},
		"a stale version": {project.PatchRecordInput{ExpectedVersion: new(1), Merge: new(recordOf(`{}`))}, fault.CodeConflict, "expectedVersion"},
		"17 MB":           {project.PatchRecordInput{Merge: new(recordOf(`{"site":"` + strings.Repeat("x", 17<<20) + `"}`))}, record.CodeTooLarge, "merge"},
	} {
		tt.in.ID = p.ID
		_, err := h.PatchRecord(h.secretary(), tt.in)
		if f := fault.Of(err); err == nil || f.Code != tt.code || joined(f.Path) != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
	}
	plain := h.begun()
	_, err = h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: plain.ID, Merge: new(recordOf(`{"site":"x"}`))})
	refused(t, err, project.CodeNoTemplate, "")
}

// Many people write into the same record at the same time, each a field of their own: every field is there in the end.
func TestConcurrentPatchesNeverLoseAField(t *testing.T) {
	concurrentPatches(t, newHouse(t), 64)
}

func concurrentPatches(t *testing.T, h *house, n int) {
	t.Helper()
	p := h.begun(of(h.template(), `{"site":"东门","notes":{}}`))
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			in := project.PatchRecordInput{ID: p.ID, Merge: new(recordOf(fmt.Sprintf(`{"notes":{"n%d":%d}}`, i, i)))}
			if i%2 == 1 {
				in.Merge, in.Patch = nil, new(recordOf(fmt.Sprintf(`[{"op":"add","path":"/notes/n%d","value":%d}]`, i, i)))
			}
			ctx := h.secretary()
			if i%3 == 0 {
				ctx = h.liaison()
			}
			if _, err := h.PatchRecord(ctx, in); err != nil {
				t.Errorf("patch %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	now := must2(h.Project(h.secretary(), p.ID))
	for i := range n {
		if !strings.Contains(string(now.Record), fmt.Sprintf(`"n%d":%d`, i, i)) {
			t.Errorf("field %d is lost: %s", i, now.Record)
		}
	}
	if now.Version != p.Version+n {
		t.Errorf("%d patches made version %d of %d", n, now.Version, p.Version)
	}
}

// found lists the titles of what a filter finds, page by page.
func (h *house) found(ctx context.Context, f *project.Filter, o *project.Order) []string {
	h.t.Helper()
	var out []string
	var after *string
	for {
		l, err := h.Projects(ctx, f, o, page.Args{First: new(7), After: after})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range l.Edges {
			out = append(out, e.Node.Title)
		}
		if !l.PageInfo.HasNextPage {
			return out
		}
		after = l.PageInfo.EndCursor
	}
}

func number(s string) *record.Value { return &record.Value{Number: &s} }
func said(s string) *record.Value   { return &record.Value{Text: &s} }

func TestProjectsAreFoundByDeclaredFields(t *testing.T) {
	foundByFields(t, newHouse(t), "secretary", "partner", "officer", "both")
}

func foundByFields(t *testing.T, h *house, callers ...string) {
	t.Helper()
	form, other := h.template(), h.template()
	for i, r := range []string{
		`{"site":"甲","area":-2.5,"on":"2026-01-31","open":true}`, `{"site":"乙","area":10,"on":"2026-02-01"}`, `{"site":"乙","area":9.5,"effort":{"hours":3}}`,
		`{"site":"丙","area":100,"open":false}`, `{"site":"丁"}`,
	} {
		h.begun(of(form, record.JSON(r)), func(in *project.CreateInput) { in.Title = fmt.Sprintf("项目%d", i) })
	}
	h.begun(of(other, `{"site":"乙","area":10}`))
	h.begun()
	filter := func(all ...*project.RecordCondition) *project.Filter {
		return &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: all}
	}
	area := &project.Order{Field: project.OrderByRecord, Path: new(record.Pointer("/area")), Direction: page.Ascending}
	down := &project.Order{Field: project.OrderByRecord, Path: new(record.Pointer("/area")), Direction: page.Descending}
	for name, tt := range map[string]struct {
		f    *project.Filter
		o    *project.Order
		want string
	}{
		"equal":          {filter(&project.RecordCondition{Path: "/site", Eq: said("乙")}), area, "项目2 项目1"},
		"one of":         {filter(&project.RecordCondition{Path: "/site", In: []record.Value{*said("甲"), *said("丁"), *said("戊")}}), area, "项目4 项目0"},
		"not below":      {filter(&project.RecordCondition{Path: "/area", Gte: number("9.5")}), nil, "项目2 项目1 项目3"},
		"above":          {filter(&project.RecordCondition{Path: "/area", Gt: number("9.50")}), nil, "项目1 项目3"},
		"below":          {filter(&project.RecordCondition{Path: "/area", Lt: number("0")}), nil, "项目0"},
		"between":        {filter(&project.RecordCondition{Path: "/area", Gt: number("-3"), Lte: number("1e1")}), down, "项目1 项目2 项目0"},
		"a day":          {filter(&project.RecordCondition{Path: "/on", Lt: said("2026-02-01")}), nil, "项目0"},
		"true":           {filter(&project.RecordCondition{Path: "/open", Eq: &record.Value{Bool: new(true)}}), area, "项目0"},
		"there":          {filter(&project.RecordCondition{Path: "/effort/hours", Exists: new(true)}), area, "项目2"},
		"not there":      {filter(&project.RecordCondition{Path: "/area", Exists: new(false)}), area, "项目4"},
		"two":            {filter(&project.RecordCondition{Path: "/site", Eq: said("乙")}, &project.RecordCondition{Path: "/area", Gte: number("10")}), area, "项目1"},
		"upwards":        {filter(), area, "项目4 项目0 项目2 项目1 项目3"},
		"downwards":      {filter(), down, "项目3 项目1 项目2 项目0 项目4"},
		"or":             {&project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Or: []*project.Filter{{Record: []*project.RecordCondition{{Path: "/site", Eq: said("甲")}}}, {Record: []*project.RecordCondition{{Path: "/area", Gt: number("99")}}}}}, area, "项目0 项目3"},
		"not":            {&project.Filter{Template: &project.TemplateChoice{In: []id.ProjectTemplate{form.ID}}, Not: &project.Filter{Record: []*project.RecordCondition{{Path: "/site", Eq: said("乙")}}}}, area, "项目4 项目0 项目3"},
		"and by a state": {&project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Status: &project.StatusChoice{Eq: new(project.Planned)}, Record: []*project.RecordCondition{{Path: "/area", Gt: number("50")}}}, nil, "项目3"},
	} {
		all := map[string]context.Context{"secretary": h.secretary(), "partner": h.liaison(), "officer": h.officer(), "both": authz.With(h.t.Context(), authz.Actor{
			Person: "per1_00000000000000000000000007", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: estate}, {Role: authz.Supervisor, Organisation: district}},
		})}
		for _, who := range callers {
			if got := strings.Join(h.found(all[who], tt.f, tt.o), " "); got != tt.want {
				t.Errorf("%s, by %s: got %q, want %q", name, who, got, tt.want)
			}
		}
		if got := h.found(h.as(authz.Secretary, village), tt.f, tt.o); len(got) != 0 {
			t.Errorf("%s: a stranger finds %v", name, got)
		}
	}
}

func TestAFilterByRecordIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	one := &project.TemplateChoice{Eq: &form.ID}
	for name, tt := range map[string]struct {
		f    *project.Filter
		o    *project.Order
		code fault.Code
		path string
	}{
		"no template":   {&project.Filter{Record: []*project.RecordCondition{{Path: "/site", Eq: said("x")}}}, nil, project.CodeRecordFilter, "filter.record.0"},
		"two templates": {&project.Filter{Template: &project.TemplateChoice{In: []id.ProjectTemplate{form.ID, form.ID}}, Record: []*project.RecordCondition{{Path: "/site", Eq: said("x")}}}, nil, project.CodeRecordFilter, "filter.record.0"},
		"undeclared":    {&project.Filter{Template: one, Record: []*project.RecordCondition{{Path: "/days", Eq: number("1")}}}, nil, record.CodeNotDeclared, "filter.record.0.path"},
		"another type":  {&project.Filter{Template: one, Record: []*project.RecordCondition{{Path: "/area", Gte: said("1")}}}, nil, record.CodeValue, "filter.record.0.gte"},
		"no day":        {&project.Filter{Template: one, Record: []*project.RecordCondition{{Path: "/on", Eq: said("2026-02-30")}}}, nil, record.CodeValue, "filter.record.0.eq"},
		"inexact":       {&project.Filter{Template: one, Record: []*project.RecordCondition{{Path: "/area", In: []record.Value{*number("1"), *number("9007199254740993")}}}}, nil, record.CodeNumber, "filter.record.0.in.1"},
		"nothing asked": {&project.Filter{Template: one, Record: []*project.RecordCondition{{Path: "/area"}}}, nil, fault.CodeRequired, "filter.record.0.eq"},
		"no path":       {&project.Filter{Template: one}, &project.Order{Field: project.OrderByRecord}, project.CodeOrderPath, "orderBy.path"},
		"order of none": {nil, &project.Order{Field: project.OrderByRecord, Path: new(record.Pointer("/area"))}, project.CodeRecordFilter, "orderBy"},
		"order by what": {&project.Filter{Template: one}, &project.Order{Field: project.OrderByRecord, Path: new(record.Pointer("/x"))}, record.CodeNotDeclared, "orderBy.path"},
		"too many":      {&project.Filter{Template: one, Record: make([]*project.RecordCondition, 9)}, nil, fault.CodeTooMany, "filter.record"},
	} {
		_, err := h.Projects(h.secretary(), tt.f, tt.o, page.Args{})
		f := fault.Of(err)
		if err == nil || f.Code != tt.code || joined(f.Path) != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
		if tt.code == record.CodeNotDeclared && f.Params["declared"] != "/area, /effort/hours, /on, /open, /site" {
			t.Errorf("declared are %v", f.Params["declared"])
		}
	}
}

// Whatever numbers the records hold, a list by the field comes in their order, and a bound cuts it where it should.
func TestTheOrderOfAListIsThatOfItsNumbers(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	numbers := rapid.SliceOfN(rapid.IntRange(-2_000_000, 2_000_000), 1, 12)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		if run++; run > 30 { // each one is a town of projects
			return
		}
		all := numbers.Draw(rt, "numbers")
		mark := strconv.Itoa(run)
		for _, n := range all {
			h.begun(of(form, record.JSON(fmt.Sprintf(`{"site":"%s","area":%d.%03d}`, mark, abs(n)/1000, abs(n)%1000))), func(in *project.CreateInput) { in.Title = fmt.Sprintf("%09d", abs(n)) })
		}
		bound := rapid.SampledFrom(all).Draw(rt, "bound")
		f := &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: []*project.RecordCondition{
			{Path: "/site", Eq: said(mark)}, {Path: "/area", Gte: number(fmt.Sprintf("%d.%03d", abs(bound)/1000, abs(bound)%1000))},
		}}
		got := h.found(h.secretary(), f, nil)
		var want []string
		for _, n := range all {
			if abs(n) >= abs(bound) {
				want = append(want, fmt.Sprintf("%09d", abs(n)))
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

func abs(n int) int { return max(n, -n) }
