package project_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/project"
)

// migrated moves a template's projects, to its end.
func (h *house) migrated(form *project.Template, to *int, alter ...func(*project.MigrateInput)) *project.Migration {
	h.t.Helper()
	in := project.MigrateInput{Template: form.ID, ToVersion: to}
	for _, a := range alter {
		a(&in)
	}
	m := must2(h.Migrate(h.admin(), in))
	h.work()
	return must2(h.Migration(h.admin(), m.ID))
}

// work does what there is to do in the background.
func (h *house) work() {
	h.t.Helper()
	for range 10_000 {
		n, err := h.Tick(h.t.Context(), h.time)
		if err != nil {
			h.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	h.t.Fatal("it does not come to an end")
}

// second is the version after renewal: the area becomes whole square metres in an object of its own, the days a text.
func second(in *project.VersionInput) {
	in.Schema = `{"type":"object","additionalProperties":false,"required":["place","state"],"properties":{
		"place":{"type":"string","maxLength":40},"size":{"type":"object","additionalProperties":false,"properties":{"area":{"type":"integer"}}},
		"days":{"type":"string"},"open":{"type":"boolean"},"state":{"enum":["new","old"]},"notes":{"type":"object","additionalProperties":{"type":"integer"}}}}`
	in.Fields = []record.Field{{Path: "/place", Type: record.String}, {Path: "/size/area", Type: record.Integer}}
	in.Form = nil
	in.Steps = []project.StepInput{
		{Do: record.Rename, Path: "/site", Key: new("place")},
		{Do: record.Convert, Path: "/area", Type: new(record.Integer)},
		{Do: record.Move, Path: "/area", To: new(record.Pointer("/size/area"))},
		{Do: record.Convert, Path: "/days", Type: new(record.String)},
		{Do: record.SetDefault, Path: "/state", Value: new(record.Literal(`"new"`))},
		{Do: record.Remove, Path: "/effort"},
		{Do: record.Remove, Path: "/on"},
		{Do: record.Remove, Path: "/at"},
	}
}

func TestRecordsMoveToTheNextVersion(t *testing.T) {
	h := newHouse(t)
	first := h.template()
	good := h.begun(of(first, `{"site":"东门","area":12.0,"days":3,"effort":{"hours":1},"notes":{"z":1,"a":2}}`))
	bad := h.begun(of(first, `{"site":"西门","area":12.5}`))
	form := h.next(first, second)
	dry := h.migrated(form, nil, func(in *project.MigrateInput) { in.DryRun = new(true) })
	if dry.Status != project.MigrationDone || dry.Total != 2 || dry.Moved != 1 || dry.Failed != 1 {
		t.Errorf("tried: %+v", dry)
	}
	if now := must2(h.Project(h.secretary(), good.ID)); now.TemplateVersion != 1 || now.Record != good.Record {
		t.Errorf("a dry run wrote: %+v", now)
	}
	l := must2(h.ProblemsOf(h.admin(), dry, page.Args{First: new(10)}))
	if len(l.Edges) != 1 || l.Edges[0].Node.Project != bad.ID || l.Edges[0].Node.Faults[0].Code != record.CodeStep || joined(l.Edges[0].Node.Faults[0].Path) != "area" {
		t.Errorf("the problems are %+v", l.Edges[0].Node)
	}
	m := h.migrated(form, nil)
	if m.Moved != 1 || m.Failed != 1 || m.EndedAt == nil || m.UnderWay != nil {
		t.Errorf("moved: %+v", m)
	}
	now := must2(h.Project(h.secretary(), good.ID))
	if now.TemplateVersion != 2 || now.Record != `{"place":"东门","days":"3","notes":{"z":1,"a":2},"size":{"area":12},"state":"new"}` || now.Version != good.Version+1 {
		t.Errorf("it became %s of version %d", now.Record, now.TemplateVersion)
	}
	if got := h.found(h.secretary(), &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: []*project.RecordCondition{{Path: "/size/area", Eq: number("12")}}}, nil); len(got) != 1 {
		t.Errorf("it is found %d times", len(got))
	}
	must2(h.PatchRecord(h.secretary(), project.PatchRecordInput{ID: bad.ID, Merge: new(recordOf(`{"area":13}`))}))
	if again := h.migrated(form, nil); again.Total != 1 || again.Moved != 1 || again.Failed != 0 {
		t.Errorf("mended and moved: %+v", again)
	}
	if none := h.migrated(form, nil); none.Total != 0 || none.Status != project.MigrationDone {
		t.Errorf("nothing was left, and %+v", none)
	}
}

func TestRecordsMoveOverSeveralVersions(t *testing.T) {
	h := newHouse(t)
	first := h.template()
	p := h.begun(of(first, `{"site":"东门"}`))
	form := h.next(first, second)
	form = h.next(form, func(in *project.VersionInput) {
		second(in)
		in.Schema = record.JSON(strings.Replace(string(in.Schema), `["new","old"]`, `[1,2]`, 1))
		in.Steps = []project.StepInput{{Do: record.MapValues, Path: "/state", Values: []project.MappingInput{{From: `"new"`, To: `1`}, {From: `"old"`, To: `2`}}}}
	})
	if m := h.migrated(form, nil); m.Moved != 1 || m.ToVersion != 3 {
		t.Errorf("moved: %+v", m)
	}
	if now := must2(h.Project(h.secretary(), p.ID)); now.Record != `{"place":"东门","state":1}` || now.TemplateVersion != 3 {
		t.Errorf("it became %s of version %d", now.Record, now.TemplateVersion)
	}
}

func TestAMigrationIsAskedForByWhoKeepsTheTemplate(t *testing.T) {
	h := newHouse(t)
	form := h.next(h.template(), second)
	for _, ctx := range []context.Context{h.secretary(), h.officer(), t.Context()} {
		if _, err := h.Migrate(ctx, project.MigrateInput{Template: form.ID}); !fault.Is(err, fault.CodeForbidden) && !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("got %v", err)
		}
	}
	_, err := h.Migrate(h.admin(), project.MigrateInput{Template: form.ID, ToVersion: new(3)})
	refused(t, err, project.CodeVersionUnknown, "toVersion")
	_, err = h.Migrate(h.admin(), project.MigrateInput{Template: "pjt1_00000000000000000000000009"})
	refused(t, err, fault.CodeNotFound, "template")
	m := must2(h.Migrate(h.admin(), project.MigrateInput{Template: form.ID}))
	_, err = h.Migrate(h.admin(), project.MigrateInput{Template: form.ID})
	refused(t, err, project.CodeMigrating, "template")
	_, err = h.Migration(h.secretary(), m.ID)
	refused(t, err, fault.CodeNotFound, "")
	_, err = h.CancelMigration(h.secretary(), project.CancelMigrationInput{ID: m.ID})
	refused(t, err, fault.CodeNotFound, "")
	m = must2(h.CancelMigration(h.admin(), project.CancelMigrationInput{ID: m.ID}))
	if m.Status != project.MigrationCancelled {
		t.Errorf("it is %s", m.Status)
	}
	_, err = h.CancelMigration(h.admin(), project.CancelMigrationInput{ID: m.ID})
	refused(t, err, project.CodeMigrationOver, "")
	h.work()
	l := must2(h.Migrations(h.admin(), &form.ID, page.Args{}))
	if len(l.Edges) != 1 || l.Edges[0].Node.Moved != 0 {
		t.Errorf("got %v", l.Edges)
	}
	own := must2(h.CreateTemplate(h.officer(), project.CreateTemplateInput{Name: words("更新", "Renewal"), Version: renewal()}))
	own = must2(h.PublishVersion(h.officer(), project.PublishInput{Change: version(own.Version), ID: own.ID}))
	must2(h.Migrate(h.officer(), project.MigrateInput{Template: own.ID}))
	if l := must2(h.Migrations(h.as(authz.Auditor, street), nil, page.Args{})); len(l.Edges) != 1 {
		t.Errorf("the body's auditor lists %d", len(l.Edges))
	}
}

// errPulled is the plug.
var errPulled = errors.New("the plug was pulled")

// plug is a store whose program ends in the middle of its work: after so many changes nothing is answered any more.
type plug struct {
	store.Backend
	left atomic.Int64
}

func (p *plug) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	if p.left.Add(-1) < 0 {
		return errPulled
	}
	return p.Backend.Replace(ctx, coll, rev, doc)
}

func (p *plug) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if p.left.Load() < 0 {
		return errPulled
	}
	return p.Backend.Insert(ctx, coll, doc)
}

// A migration is stopped in the middle, many times, wherever it happens to be. Whoever takes it up goes on: in the end
// every project was moved, once, and the figures are right.
func TestAMigrationGoesOnAfterThePlugWasPulled(t *testing.T) {
	const projects, each = 620, 130
	h := newHouse(t)
	first := h.template()
	for i := range projects {
		area := strconv.Itoa(i) + ".0"
		if i%50 == 7 {
			area = strconv.Itoa(i) + ".5"
		}
		h.begun(of(first, record.JSON(fmt.Sprintf(`{"site":"%d","area":%s}`, i, area))))
	}
	form := h.next(first, second)
	m := must2(h.Migrate(h.admin(), project.MigrateInput{Template: form.ID}))
	db, stops := h.db, 0
	for {
		p := &plug{Backend: db}
		p.left.Store(each)
		h.db = p
		h.reopen()
		if done, err := h.runOut(); err == nil && done {
			break
		}
		stops++
		if now := must2(h.Migration(h.admin(), m.ID)); (now.EstimatedAt != nil) != (now.Moved > 0 && now.Status == project.MigrationRunning) {
			t.Errorf("after %d stops it tells %+v", stops, now)
		}
		h.time = h.time.Add(2 * time.Second) // far less than a lease: the next program knows that it is alone
	}
	h.db = db
	h.reopen()
	m = must2(h.Migration(h.admin(), m.ID))
	if stops < 3 || m.Status != project.MigrationDone || m.Total != projects || m.Failed != 13 || m.Moved != projects-13 {
		t.Errorf("stopped %d times: %+v", stops, m)
	}
	of, seen := map[int]int{}, 0
	f := &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}}
	var after *string
	for {
		l := must2(h.Projects(h.secretary(), f, nil, page.Args{First: new(100), After: after}))
		for _, e := range l.Edges {
			seen++
			of[e.Node.TemplateVersion]++
			if e.Node.TemplateVersion == 2 && (e.Node.Version != 2 || !strings.Contains(string(e.Node.Record), `"place"`)) {
				t.Errorf("%s is %s of version %d", e.Node.ID, e.Node.Record, e.Node.Version)
			}
		}
		if !l.PageInfo.HasNextPage {
			break
		}
		after = l.PageInfo.EndCursor
	}
	if seen != projects || of[2] != projects-13 || of[1] != 13 {
		t.Errorf("seen %d: %v", seen, of)
	}
	if l := must2(h.ProblemsOf(h.admin(), m, page.Args{First: new(100)})); len(l.Edges) != 13 {
		t.Errorf("%d problems are told", len(l.Edges))
	}
}

// runOut works until there is nothing to do or the plug is pulled.
func (h *house) runOut() (done bool, err error) {
	for {
		n, err := h.Tick(h.t.Context(), h.time)
		if err != nil || n == 0 {
			return n == 0, err
		}
	}
}

// Two nodes at once move every project once.
func TestTwoNodesDoAMigrationOnce(t *testing.T) {
	h := newHouse(t)
	first := h.template()
	for i := range 40 {
		h.begun(of(first, record.JSON(fmt.Sprintf(`{"site":"%d"}`, i))))
	}
	form := h.next(first, second)
	m := must2(h.Migrate(h.admin(), project.MigrateInput{Template: form.ID}))
	other := houseOn(t, h.db)
	done := make(chan error, 2)
	for _, node := range []*house{h, other} {
		go func() { _, err := node.runOut(); done <- err }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	h.work()
	m = must2(h.Migration(h.admin(), m.ID))
	if m.Moved != 40 || m.Status != project.MigrationDone {
		t.Errorf("got %+v", m)
	}
}

// BenchmarkMigration moves as many projects as are asked for, 50,000 with -benchtime 50000x, every write brought to the
// disk, and tells how many a second.
func BenchmarkMigration(b *testing.B) {
	db, err := boltstore.Open(filepath.Join(b.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(context.Background()) })
	h := houseOn(b, db)
	first := h.template()
	var g errgroup.Group
	g.SetLimit(64)
	for i := range b.N {
		g.Go(func() error {
			in := project.CreateInput{Lead: estate, Plan: project.Plan{Title: "口袋公园", Partners: []id.Organisation{manager}}}
			of(first, record.JSON(fmt.Sprintf(`{"site":"%d","area":%d}`, i, i)))(&in)
			_, err := h.Create(h.secretary(), in)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	form := h.next(first, second)
	b.ResetTimer()
	m := h.migrated(form, nil)
	b.StopTimer()
	if m.Moved != b.N {
		b.Fatalf("moved %d of %d", m.Moved, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "projects/s")
}
