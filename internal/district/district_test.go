package district_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

func room(t *testing.T) *district.Service {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	clock := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	s, err := district.Open(t.Context(), db, district.Service{
		Now: func() time.Time { clock = clock.Add(time.Second); return clock }, Random: rand.Reader,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func as(ctx context.Context, role authz.Role, in id.Organisation) context.Context {
	return authz.With(ctx, authz.Actor{Person: "per1_x", Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func administrator(ctx context.Context) context.Context { return as(ctx, authz.Administrator, "") }

// wants checks that err is the fault, at the path.
func wants(t *testing.T, err error, code fault.Code, path string) {
	t.Helper()
	for _, f := range fault.All(err) {
		if f.Code == code && strings.Join(f.Path, ".") == path {
			return
		}
	}
	t.Fatalf("got %v, want %s at %q", err, code, path)
}

func huishan(t *testing.T, s *district.Service) *district.District {
	t.Helper()
	d, err := s.RegisterDistrict(administrator(t.Context()), district.RegisterDistrictInput{
		Name: "惠山区", NameEn: new("Huishan District"), Code: new("320206"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADistrictAndItsSubDistrictsAreRegisteredAndFoundByAnybody(t *testing.T) {
	s := room(t)
	d := huishan(t, s)
	sub, err := s.RegisterSubDistrict(administrator(t.Context()), district.RegisterSubDistrictInput{
		District: d.ID, Kind: district.Street, Name: " 堰桥街道 ", Code: new("320206001"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Version != 1 || len(d.Outbox) != 1 || d.Outbox[0].Type != district.DistrictRegistered || sub.Outbox[0].Type != district.SubDistrictRegistered {
		t.Errorf("version %d, events %v, %v", d.Version, d.Outbox, sub.Outbox)
	}
	found, err := s.Organisations(t.Context(), []id.Organisation{sub.ID, "com1_none", d.ID})
	if err != nil || len(found) != 3 || found[1] != nil {
		t.Fatalf("found %v, %v", found, err)
	}
	f, g := found[0].Facts(), found[2].Facts()
	if f.Name != "堰桥街道" || f.Kind != organisation.KindSubDistrict || f.District != d.ID || !slices.Equal(f.Above, []id.Organisation{d.ID}) {
		t.Errorf("sub-district: %+v", f)
	}
	if g.NameEn != "Huishan District" || g.Kind != organisation.KindDistrict || g.District != "" || g.Above != nil {
		t.Errorf("district: %+v", g)
	}
}

func TestOnlyAdministratorsRegisterDistricts(t *testing.T) {
	s := room(t)
	d := huishan(t, s)
	for name, tt := range map[string]struct {
		ctx  context.Context
		want fault.Code
	}{
		"nobody":                  {t.Context(), fault.CodeUnauthenticated},
		"a supervisor of another": {as(t.Context(), authz.Supervisor, d.ID), fault.CodeForbidden},
		"a secretary":             {as(t.Context(), authz.Secretary, d.ID), fault.CodeForbidden},
		"an auditor":              {as(t.Context(), authz.Auditor, d.ID), fault.CodeForbidden},
	} {
		_, err := s.RegisterDistrict(tt.ctx, district.RegisterDistrictInput{Name: "梁溪区"})
		if !fault.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADistrictsSupervisorRegistersItsSubDistrictsAndNoOthers(t *testing.T) {
	s := room(t)
	d := huishan(t, s)
	in := district.RegisterSubDistrictInput{District: d.ID, Kind: district.Town, Name: "洛社镇"}
	for name, ctx := range map[string]context.Context{
		"another district's supervisor": as(t.Context(), authz.Supervisor, id.New[id.Organisation](id.KindDistrict, time.Unix(0, 0), rand.Reader)),
		"the district's auditor":        as(t.Context(), authz.Auditor, d.ID),
	} {
		if _, err := s.RegisterSubDistrict(ctx, in); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.RegisterSubDistrict(as(t.Context(), authz.Supervisor, d.ID), in); err != nil {
		t.Error(err)
	}
}

func TestABadDistrictIsRefusedAtTheField(t *testing.T) {
	s := room(t)
	huishan(t, s)
	for _, tt := range []struct {
		name string
		in   district.RegisterDistrictInput
		code fault.Code
		path string
	}{
		{"no name", district.RegisterDistrictInput{Name: "  "}, fault.CodeRequired, "name"},
		{"a long name", district.RegisterDistrictInput{Name: strings.Repeat("区", 101)}, fault.CodeTooLong, "name"},
		{"a name with a control character", district.RegisterDistrictInput{Name: "惠\x07山"}, fault.CodeControl, "name"},
		{"a name that is no text", district.RegisterDistrictInput{Name: "\xff"}, fault.CodeNotUTF8, "name"},
		{"a name taken", district.RegisterDistrictInput{Name: "惠山区"}, fault.CodeTaken, "name"},
		{"a code taken", district.RegisterDistrictInput{Name: "又一区", Code: new("320206")}, fault.CodeTaken, "code"},
		{"a short code", district.RegisterDistrictInput{Name: "又一区", Code: new("32020")}, district.CodeBadDivision, "code"},
		{"a code with a letter", district.RegisterDistrictInput{Name: "又一区", Code: new("32020X")}, district.CodeBadDivision, "code"},
		{"a code of no province", district.RegisterDistrictInput{Name: "又一区", Code: new("990206")}, district.CodeBadDivision, "code"},
		{"a code across two provinces", district.RegisterDistrictInput{Name: "又一区", Code: new("1 1201")}, district.CodeBadDivision, "code"},
		{"a province's own code", district.RegisterDistrictInput{Name: "又一区", Code: new("320000")}, district.CodeBadDivision, "code"},
		{"a long English name", district.RegisterDistrictInput{Name: "又一区", NameEn: new(strings.Repeat("x", 101))}, fault.CodeTooLong, "nameEn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.RegisterDistrict(administrator(t.Context()), tt.in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestABadSubDistrictIsRefusedAtTheField(t *testing.T) {
	s := room(t)
	d := huishan(t, s)
	good := district.RegisterSubDistrictInput{District: d.ID, Kind: district.Street, Name: "堰桥街道", Code: new("320206001")}
	if _, err := s.RegisterSubDistrict(administrator(t.Context()), good); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		mend func(*district.RegisterSubDistrictInput)
		code fault.Code
		path string
	}{
		{"no name", func(in *district.RegisterSubDistrictInput) { in.Name = "" }, fault.CodeRequired, "name"},
		{"a name taken in the district", func(in *district.RegisterSubDistrictInput) { in.Code = nil }, fault.CodeTaken, "name"},
		{"a code taken", func(in *district.RegisterSubDistrictInput) { in.Name = "别的街道" }, fault.CodeTaken, "code"},
		{"a code of another district", func(in *district.RegisterSubDistrictInput) { in.Code = new("320205001") }, district.CodeOtherDistrict, "code"},
		{"a code of six digits", func(in *district.RegisterSubDistrictInput) { in.Code = new("320206") }, district.CodeBadDivision, "code"},
		{"the district's code filled up", func(in *district.RegisterSubDistrictInput) { in.Code = new("320206000") }, district.CodeBadDivision, "code"},
		{"an unknown kind", func(in *district.RegisterSubDistrictInput) { in.Kind = "VILLAGE" }, fault.CodeMalformed, "kind"},
		{"an id that is none", func(in *district.RegisterSubDistrictInput) { in.District = "惠山" }, fault.CodeWrongID, "district"},
		{"an id of another type", func(in *district.RegisterSubDistrictInput) {
			in.District = id.New[id.Organisation](id.KindCommunity, time.Unix(0, 0), rand.Reader)
		}, fault.CodeWrongID, "district"},
		{"a district that is not there", func(in *district.RegisterSubDistrictInput) {
			in.District = id.New[id.Organisation](id.KindDistrict, time.Unix(0, 0), rand.Reader)
		}, fault.CodeNotFound, "district"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := good
			tt.mend(&in)
			_, err := s.RegisterSubDistrict(administrator(t.Context()), in)
			wants(t, err, tt.code, tt.path)
		})
	}
}

func TestTwoDistrictsMayHaveSubDistrictsOfOneName(t *testing.T) {
	s := room(t)
	other, err := s.RegisterDistrict(administrator(t.Context()), district.RegisterDistrictInput{Name: "锡山区"})
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []id.Organisation{huishan(t, s).ID, other.ID} {
		in := district.RegisterSubDistrictInput{District: of, Kind: district.Street, Name: "中心街道"}
		if _, err := s.RegisterSubDistrict(administrator(t.Context()), in); err != nil {
			t.Error(err)
		}
	}
}

func TestARepeatedRegistrationFindsWhatTheFirstOneMade(t *testing.T) {
	s := room(t)
	once := func(input string) (context.Context, *store.Once) {
		o := store.NewOnce("per1_x", "mine", []byte(input))
		return store.WithOnce(administrator(t.Context()), o), o
	}
	in := district.RegisterDistrictInput{Name: "惠山区"}
	ctx, _ := once("a")
	first, err := s.RegisterDistrict(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	ctx, o := once("a")
	if again, err := s.RegisterDistrict(ctx, in); err != nil || again.ID != first.ID || !o.Replayed {
		t.Errorf("again: %v, %v, replayed %v", again, err, o.Replayed)
	}
	ctx, _ = once("b")
	_, err = s.RegisterDistrict(ctx, district.RegisterDistrictInput{Name: "锡山区"})
	wants(t, err, fault.CodeMismatch, "clientMutationId")
}

func TestListsAreFilteredSortedAndCutIntoPages(t *testing.T) {
	s := room(t)
	d := huishan(t, s)
	for _, name := range []string{"乙街道", "甲街道", "丙镇"} {
		kind := district.Street
		if name == "丙镇" {
			kind = district.Town
		}
		if _, err := s.RegisterSubDistrict(administrator(t.Context()), district.RegisterSubDistrictInput{District: d.ID, Kind: kind, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		f    *district.SubDistrictFilter
		o    *district.Order
		want string
	}{
		{"by name of itself", nil, nil, "丙镇 乙街道 甲街道"},
		{"by name downwards", nil, &district.Order{Field: district.OrderByName, Direction: page.Descending}, "甲街道 乙街道 丙镇"},
		{"in the order of registering", nil, &district.Order{Field: district.OrderByCreated, Direction: page.Ascending}, "乙街道 甲街道 丙镇"},
		{"of a kind", &district.SubDistrictFilter{Kind: &district.SubDistrictKindChoice{Eq: new(district.Town)}}, nil, "丙镇"},
		{"not of a kind", &district.SubDistrictFilter{Not: &district.SubDistrictFilter{Kind: &district.SubDistrictKindChoice{Eq: new(district.Town)}}}, nil, "乙街道 甲街道"},
		{"by the beginning of a name", &district.SubDistrictFilter{Name: &organisation.NameChoice{StartsWith: new("甲")}}, nil, "甲街道"},
		{"without a code", &district.SubDistrictFilter{Code: &organisation.NameChoice{In: []string{"320206001"}}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.ListSubDistricts(t.Context(), d.ID, tt.f, tt.o, page.Args{First: new(10)})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, n := range got.Nodes() {
				names = append(names, n.Name)
			}
			if strings.Join(names, " ") != tt.want {
				t.Errorf("got %v, want %s", names, tt.want)
			}
		})
	}
	if _, err := s.ListSubDistricts(t.Context(), d.ID, nil, nil, page.Args{}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("a list within a list without a bound: %v", err)
	}
	all, err := s.ListDistricts(t.Context(), &district.Filter{Code: &organisation.NameChoice{Eq: new("320206")}}, nil, page.Args{})
	if err != nil || len(all.Edges) != 1 || all.Edges[0].Node.ID != d.ID {
		t.Errorf("districts: %v, %v", all, err)
	}
}
