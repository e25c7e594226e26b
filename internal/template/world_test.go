package template

import (
	"bytes"
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
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
)

// house is the room on a store of its own, with a clock that stands until it is moved.
type house struct {
	*Service
	t    *testing.T
	db   store.Backend
	time time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	h := &house{t: t, db: db, time: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)}
	h.reopen()
	return h
}

func (h *house) reopen() {
	h.t.Helper()
	var err error
	if h.Service, err = Open(h.t.Context(), h.db, Config{
		Now: func() time.Time { return h.time }, Random: rand.Reader, Organisations: facts,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{bytes.Repeat([]byte("k"), 32)} }},
	}); err != nil {
		h.t.Fatal(err)
	}
}

func facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	all := map[id.Organisation]organisation.Facts{
		district: {Kind: organisation.KindDistrict, Name: "惠山区"},
		street:   {Kind: organisation.KindSubDistrict, Name: "堰桥街道", Above: []id.Organisation{district}},
		town:     {Kind: organisation.KindSubDistrict, Name: "洛社镇", Above: []id.Organisation{district}},
		estate: {
			Kind: organisation.KindCommunity, Name: "长安社区", NameEn: "Chang'an Community", CommunityType: "COMMERCIAL",
			Above: []id.Organisation{street, district},
		},
		village: {Kind: organisation.KindCommunity, Name: "杨市片区", CommunityType: "RURAL", Above: []id.Organisation{town, district}},
		school:  {Kind: organisation.KindResidentUnit, Name: "明德{host}小学", UnitKind: "SCHOOL"},
		manager: {Kind: organisation.KindResidentUnit, Name: "安居物业", NameEn: "Anju Property", UnitKind: "PROPERTY_MANAGER"},
	}
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		if f, ok := all[o]; ok {
			f.ID = o
			out[i] = f
		}
	}
	return out, nil
}

func (h *house) as(roles ...authz.Holding) context.Context {
	return authz.With(h.t.Context(), authz.Actor{Person: "per1_00000000000000000000000001", Name: "P", Holdings: roles})
}

func (h *house) admin() context.Context { return h.as(authz.Holding{Role: authz.Administrator}) }

func (h *house) officer(of id.Organisation) context.Context {
	return h.as(authz.Holding{Role: authz.Supervisor, Organisation: of})
}

func both(zh, en string) Words { return Words{Zh: zh, En: en} }

// sound is a text that nothing is wrong with: two roles, a clause, three commitments.
func sound() BodyInput {
	return BodyInput{
		Title: both("{host}三方契约", "{host} and {partners}"), Purpose: both("由{manager}与{teacher}共建", "By {manager} and {teacher}"),
		CommunityTypes: []CommunityType{"COMMERCIAL", "OLD_ESTATE"},
		Partners: []RoleInput{
			{Key: "manager", Label: both("物业", "Manager"), UnitKinds: []UnitKind{"PROPERTY_MANAGER"}},
			{Key: "teacher", Label: both("学校", "School"), UnitKinds: []UnitKind{"SCHOOL", "RESEARCH_INSTITUTE"}},
		},
		Clauses: []ArticleInput{{Heading: new(both("通知", "Notice")), Body: new(both("提前{noticeDays}日", "{noticeDays} days before"))}},
		Commitments: []PromiseInput{
			{Provider: "teacher", Receivers: []string{"host", "manager"}, Action: both("开放操场", "Open the ground"), Recurrence: new("freq=monthly;byday=1SA")},
			{
				Provider: "host", Receivers: []string{"teacher"}, Action: both("为{teacher}提供场地", "A place for {teacher}"), DueAfterDays: new(30),
				Quantity: new(scalar.Decimal("2")), Unit: new(both("处", "places")), EvidenceRequired: []EvidenceKind{"PHOTO"}, Weight: new(3),
			},
			{Provider: "manager", Receivers: []string{"host"}, Action: both("维持秩序", "Keep order"), Standing: new(true)},
		},
		NoticeDays: new(45), Months: new(12), AutoRenew: new(true),
	}
}

func (h *house) made(ctx context.Context, in CreateInput) *Template {
	h.t.Helper()
	t, err := h.Create(ctx, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

func change(version int) command.Change { return command.Change{ExpectedVersion: version} }

// draft fills sound for the estate.
func draft(t *Template) DraftInput {
	return DraftInput{
		Template: t.ID, Host: ActorInput{Organisation: estate}, EffectiveOn: "2026-04-01",
		Partners: []PlayerInput{{Role: new("teacher"), Organisation: school}, {Role: new("manager"), Organisation: manager}},
	}
}

// refuses checks that an error has a fault of the code, at the path, dots between the steps.
func refuses(t *testing.T, err error, code fault.Code, path string) {
	t.Helper()
	if !slices.ContainsFunc(fault.All(err), func(f *fault.Fault) bool { return f.Code == code && strings.Join(f.Path, ".") == path }) {
		t.Errorf("want %s at %q, got %v", code, path, err)
	}
}
