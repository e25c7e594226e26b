package project_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/project"
)

const (
	district = id.Organisation("dst1_00000000000000000000000001")
	street   = id.Organisation("sub1_00000000000000000000000001")
	town     = id.Organisation("sub1_00000000000000000000000002")
	estate   = id.Organisation("com1_00000000000000000000000001")
	village  = id.Organisation("com1_00000000000000000000000002")
	school   = id.Organisation("unt1_00000000000000000000000001")
	manager  = id.Organisation("unt1_00000000000000000000000002")
	nobody   = id.Organisation("unt1_00000000000000000000000009")

	contract = id.Contract("ctr1_00000000000000000000000001")
	overOne  = id.Contract("ctr1_00000000000000000000000002")
)

// house is the room on a store of its own, with a clock that stands until it is moved.
type house struct {
	*project.Service
	t    testing.TB
	db   store.Backend
	time time.Time
	home map[id.Organisation]organisation.Facts
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return houseOn(t, db)
}

func houseOn(t testing.TB, db store.Backend) *house {
	t.Helper()
	h := &house{t: t, db: db, time: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), home: map[id.Organisation]organisation.Facts{
		district: {Kind: organisation.KindDistrict, Name: "惠山区"},
		street:   {Kind: organisation.KindSubDistrict, Name: "堰桥街道", District: district, Above: []id.Organisation{district}},
		town:     {Kind: organisation.KindSubDistrict, Name: "洛社镇", District: district, Above: []id.Organisation{district}},
		estate: {
			Kind: organisation.KindCommunity, Name: "长安社区", CommunityType: "COMMERCIAL", SubDistrict: street, District: district,
			Above: []id.Organisation{street, district},
		},
		village: {
			Kind: organisation.KindCommunity, Name: "杨市片区", CommunityType: "RURAL", SubDistrict: town, District: district,
			Above: []id.Organisation{town, district},
		},
		school:  {Kind: organisation.KindResidentUnit, Name: "明德小学", UnitKind: "SCHOOL", SubDistrict: street, District: district, Above: []id.Organisation{street, district}},
		manager: {Kind: organisation.KindResidentUnit, Name: "安居物业", UnitKind: "PROPERTY_MANAGER", SubDistrict: street, District: district, Above: []id.Organisation{street, district}},
	}}
	h.reopen()
	return h
}

// reopen is another program on the same store.
func (h *house) reopen() {
	h.t.Helper()
	var err error
	if h.Service, err = project.Open(h.t.Context(), h.db, project.Config{
		Now: func() time.Time { return h.time }, Random: rand.Reader, Organisations: h.facts, Contract: h.contract, Alone: true,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{bytes.Repeat([]byte("k"), 32)} }},
	}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		if f, ok := h.home[o]; ok {
			f.ID = o
			out[i] = f
		}
	}
	return out, nil
}

func (h *house) contract(_ context.Context, c id.Contract) (project.Contract, error) {
	switch c {
	case contract:
		return project.Contract{Parties: []id.Organisation{estate, manager}}, nil
	case overOne:
		return project.Contract{Parties: []id.Organisation{estate, manager}, Over: "TERMINATED"}, nil
	}
	return project.Contract{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", c)
}

func (h *house) as(role authz.Role, in id.Organisation) context.Context {
	return authz.With(h.t.Context(), authz.Actor{
		Person: id.Person("per1_0000000000000000000000000" + string(rune('0'+len(role)%10))), Name: "P", Holdings: []authz.Holding{{Role: role, Organisation: in}},
	})
}

func (h *house) secretary() context.Context { return h.as(authz.Secretary, estate) }
func (h *house) liaison() context.Context   { return h.as(authz.Liaison, manager) }
func (h *house) officer() context.Context   { return h.as(authz.Supervisor, street) }
func (h *house) chief() context.Context     { return h.as(authz.Supervisor, district) }
func (h *house) admin() context.Context     { return h.as(authz.Administrator, "") }

// must ends the test where something is wrong.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return v
}

// refused says that a call has the code, at the path.
func refused(t testing.TB, err error, code fault.Code, path string) {
	t.Helper()
	f := fault.Of(err)
	if err == nil || f.Code != code || strings.Join(f.Path, ".") != path {
		t.Errorf("got %v, want %s at %q", err, code, path)
	}
}

func version(n int) command.Change { return command.Change{ExpectedVersion: n} }

// renewal is the first version of a template for the renewal of small places.
func renewal() project.VersionInput {
	return project.VersionInput{
		Schema: `{"type":"object","additionalProperties":false,"required":["site"],"properties":{
			"site":{"type":"string","maxLength":40},"area":{"type":"number","minimum":-100},"days":{"type":"integer"},"open":{"type":"boolean"},
			"on":{"type":"string","format":"date"},"at":{"type":"string","format":"date-time"},
			"effort":{"type":"object","additionalProperties":false,"properties":{"hours":{"type":"number"},"by":{"type":"string"}}},
			"notes":{"type":"object","additionalProperties":{"type":"integer"}}}}`,
		Fields: []record.Field{{Path: "/site", Type: record.String}, {Path: "/area", Type: record.Number}, {Path: "/on", Type: record.Date}, {Path: "/effort/hours", Type: record.Number}, {Path: "/open", Type: record.Boolean}},
		Form: []*project.FormSection{{Title: words("概况", "Overview"), Fields: []*project.FormField{
			{Path: "/site", Widget: project.WidgetText, Label: words("地点", "Site")},
			{Path: "/area", Widget: project.WidgetNumber, Label: words("面积", "Area")},
		}}},
	}
}

func words(zh, en string) project.Words { return project.Words{Zh: zh, En: en} }

// template makes a published template of the platform.
func (h *house) template() *project.Template {
	h.t.Helper()
	t := must2(h.CreateTemplate(h.admin(), project.CreateTemplateInput{Name: words("小区微更新", "Micro-renewal"), Version: renewal()}))
	return must2(h.PublishVersion(h.admin(), project.PublishInput{Change: version(t.Version), ID: t.ID}))
}

// must2 panics where something is wrong: for calls within calls.
func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// begun is a project of the estate, with the property manager.
func (h *house) begun(alter ...func(*project.CreateInput)) *project.Project {
	h.t.Helper()
	in := project.CreateInput{Lead: estate, Plan: project.Plan{Title: "口袋公园", Partners: []id.Organisation{manager}}}
	for _, a := range alter {
		a(&in)
	}
	p, err := h.Create(h.secretary(), in)
	return must(h.t, p, err)
}

func of(t *project.Template, r record.JSON) func(*project.CreateInput) {
	return func(in *project.CreateInput) { in.Template, in.Record = &t.ID, &r }
}
