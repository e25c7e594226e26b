package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/unit"
)

const places = `[
	{"name_zh":"惠山区","name_en":"Huishan District","level":"DISTRICT","parent":"无锡市","code":"320206","residents_committees":69,"village_committees":51,"area_km2":324.88,"as_of":2022},
	{"name_zh":"堰桥街道","name_en":"Yanqiao Sub-district","level":"SUBDISTRICT","parent":"惠山区","code":"320206001","residents_committees":null,"village_committees":null,"area_km2":null,"as_of":2023},
	{"name_zh":"洛社镇","name_en":"Luoshe Town","level":"TOWN","parent":"惠山区","code":"320206102","residents_committees":null,"village_committees":null,"area_km2":null,"as_of":2023},
	{"name_zh":"惠山开发区","name_en":"Zone (statistical unit)","level":"ZONE","parent":"惠山区","code":"320206401","residents_committees":null,"village_committees":null,"area_km2":null,"as_of":2023}]`

// example is one with a school and two enterprises in an old estate of Suzhou; changes are members laid over it.
func example(t *testing.T, changes string) rawExample {
	t.Helper()
	base := `{"id":"EX012","source":null,"source_quality":"media","place":"江苏省苏州","year":2023,"agreement_signed":null,
		"community":{"ref":"C012","type":"OLD_ESTATE","type_basis":"stated"},
		"parties":[{"ref":"U021","kind":"SCHOOL"},{"ref":"U022","kind":"ENTERPRISE"},{"ref":"U023","kind":"ENTERPRISE"}],
		"commitments":[{"provider":"U021","action_zh":"公益课","action_en":"Classes","quantity":null,"unit":null,"recurrence":"ONGOING","due":null}],
		"outcome_zh":"有成效","outcome_en":"It worked"}`
	var e rawExample
	for _, s := range []string{base, "{" + changes + "}"} {
		if err := json.Unmarshal([]byte(s), &e); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func converted(t *testing.T, examples ...rawExample) seed.File {
	t.Helper()
	in := raw{Examples: examples}
	if err := json.Unmarshal([]byte(places), &in.Places); err != nil {
		t.Fatal(err)
	}
	f, err := convert(in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// promised converts an example with this one commitment and gives its commitments and notes.
func promised(t *testing.T, commitment string) ([]seed.Commitment, []seed.Note) {
	t.Helper()
	one := `{"provider":"U021","action_zh":"做事","action_en":"Do","quantity":null,"unit":null,"recurrence":"ONGOING","due":null}`
	var c rawCommitment
	for _, s := range []string{one, "{" + commitment + "}"} {
		if err := json.Unmarshal([]byte(s), &c); err != nil {
			t.Fatal(err)
		}
	}
	e := example(t, "")
	e.Commitments = append(e.Commitments, c)
	f := converted(t, e).Contracts[0]
	return f.Commitments[1:], f.Notes
}

func TestAPlaceIsReadAsItsDistrict(t *testing.T) {
	for _, tt := range []struct{ says, want, part string }{
		{"江苏省江阴市", "江苏省江阴市", ""},
		{"江苏省苏州", "江苏省苏州市", ""},
		{"北京市朝阳区", "北京市朝阳区", ""},
		{"上海市", "上海市", ""},
		{"上海市浦东新区", "上海市浦东新区", ""},
		{"浙江省德清县", "浙江省德清县", ""},
		{"内蒙古自治区乌海市", "内蒙古自治区乌海市", ""},
		{"江苏省昆山高新区", "江苏省昆山高新区", ""},
		{"江苏省无锡市惠山区洛社镇", huishanName, "洛社镇"},
		{"四川省", "", ""},
		{"淮海街道(城市", "", ""},
		{"", "", ""},
	} {
		if got := parsePlace(tt.says); got != (area{tt.want, tt.part}) {
			t.Errorf("%q is read as %+v", tt.says, got)
		}
	}
}

func TestADistrictOutsideHuishanIsMadeWithASubDistrictThatIsNotStated(t *testing.T) {
	f := converted(t, example(t, ""), example(t, `"id":"EX013","community":{"ref":"C013","type":"RURAL"}`))
	d := f.Districts[len(f.Districts)-1]
	if len(f.Districts) != 2 || d.Name != "江苏省苏州市" || d.NameEn != "Suzhou, Jiangsu" || d.Code != "" {
		t.Fatalf("districts are %+v", f.Districts)
	}
	for _, c := range f.Communities {
		if c.SubDistrict != "江苏省苏州市.unstated" || c.PlaceIsDemoChoice {
			t.Fatalf("%+v is not in the unstated sub-district", c)
		}
	}
}

func TestAPlaceThatCannotBeToldGoesToTheFallbackWithANote(t *testing.T) {
	f := converted(t, example(t, `"place":"淮海街道(城市"`))
	c := f.Communities[0]
	if c.SubDistrict != fallbackKey+".unstated" || !slices.Contains(c.Notes, seed.Note{Code: "PLACE_NOT_PARSED", Said: "淮海街道(城市"}) {
		t.Fatalf("got %+v", c)
	}
}

func TestWuxiWithoutADistrictIsPlacedInHuishanAsTheDemosChoice(t *testing.T) {
	for _, tt := range []struct {
		changes, sub string
		chosen       bool
	}{
		{`"place":"江苏省无锡市"`, "320206001", true},
		{`"place":"江苏省无锡市","community":{"ref":"C012","type":"RURAL"}`, "320206102", true},
		{`"place":"江苏省无锡市惠山区洛社镇"`, "320206102", false},
		{`"place":"江苏省无锡市","outcome_zh":"所在锡山区入选"`, "江苏省无锡市锡山区.unstated", false},
	} {
		c := converted(t, example(t, tt.changes)).Communities[0]
		if c.SubDistrict != tt.sub || c.PlaceIsDemoChoice != tt.chosen {
			t.Errorf("%s: placed in %s, chosen %v", tt.changes, c.SubDistrict, c.PlaceIsDemoChoice)
		}
	}
}

func TestAnUnknownTypeIsChosenToFitAndMarked(t *testing.T) {
	unknown := `"community":{"ref":"C012","type":"UNKNOWN"}`
	does := func(zh string) string {
		return unknown + `,"commitments":[{"provider":"U021","action_zh":"` + zh + `","recurrence":"ONGOING"}]`
	}
	for _, tt := range []struct {
		name, changes, want string
		chosen              bool
	}{
		{"stated", "", oldEstate, false},
		{"with a property manager", unknown + `,"parties":[{"ref":"U021","kind":"PROPERTY_MANAGER"}]`, commercial, true},
		{"of fields", does("承包土地100亩"), rural, true},
		{"of an old estate", does("更换老化线路"), oldEstate, true},
		{"of a commodity estate", does("业主议事"), commercial, true},
		{"resettled", does("安置居民就业"), resettlement, true},
		{"saying nothing", does("讲课"), oldEstate, true}, // 12 % 3
	} {
		f := converted(t, example(t, tt.changes))
		c, k := f.Communities[0], f.Contracts[0]
		if c.Type != tt.want || c.TypeIsDemoChoice != tt.chosen || k.TypeIsDemoChoice != tt.chosen {
			t.Errorf("%s: %s, chosen %v", tt.name, c.Type, c.TypeIsDemoChoice)
		}
	}
}

func TestAPartialDateIsTheLastDayOfItsPeriod(t *testing.T) {
	y := 2023
	for _, tt := range []struct {
		says string
		year *int
		want string
	}{
		{"2024-02", nil, "2024-02-29"},
		{"2023-02", nil, "2023-02-28"},
		{"2025-12", nil, "2025-12-31"},
		{"2024", nil, "2024-12-31"},
		{"2025-03-05", nil, "2025-03-05"},
		{"10月底", &y, "2023-10-31"},
		{"10月底", nil, ""},
		{"2025-02-30", nil, ""},
		{"2025-13", nil, ""},
		{"13月底", &y, ""},
		{"soon", &y, ""},
		{"", &y, ""},
	} {
		got, ok := lastDay(tt.says, tt.year)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%q is %q, %v", tt.says, got, ok)
		}
	}
}

func TestAWordOfRecurrenceBecomesARuleAStandingPromiseOrADay(t *testing.T) {
	for _, tt := range []struct {
		name, says string
		want       seed.Commitment
		note       string
	}{
		{"weekly", `"recurrence":"WEEKLY"`, seed.Commitment{Recurrence: "FREQ=WEEKLY;BYDAY=SU"}, ""},
		{"weekly on Friday", `"recurrence":"WEEKLY","action_zh":"周五值班"`, seed.Commitment{Recurrence: "FREQ=WEEKLY;BYDAY=FR"}, ""},
		{"daily", `"recurrence":"DAILY"`, seed.Commitment{Recurrence: "FREQ=DAILY"}, ""},
		{"monthly", `"recurrence":"MONTHLY"`, seed.Commitment{Recurrence: "FREQ=MONTHLY;BYMONTHDAY=-1"}, ""},
		{"quarterly", `"recurrence":"QUARTERLY"`, seed.Commitment{Recurrence: "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"}, ""},
		{"half-yearly", `"recurrence":"HALF_YEARLY"`, seed.Commitment{Recurrence: "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1"}, ""},
		{"per term", `"recurrence":"PER_TERM"`, seed.Commitment{Recurrence: "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=-1"}, ""},
		{"yearly", `"recurrence":"YEARLY"`, seed.Commitment{Recurrence: "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"}, ""},
		{"ongoing", `"recurrence":"ONGOING"`, seed.Commitment{Standing: true}, ""},
		{"ongoing until a month", `"recurrence":"ONGOING","due":"2025-08"`, seed.Commitment{Standing: true}, "UNTIL"},
		{"once by a day", `"recurrence":"ONCE","due":"2023-08"`, seed.Commitment{DueOn: "2023-08-31"}, ""},
		{"once, no day stated", `"recurrence":"ONCE"`, seed.Commitment{DueOn: "2023-12-31"}, "DUE_NOT_STATED"},
		{"once by what cannot be read", `"recurrence":"ONCE","due":"soon"`, seed.Commitment{DueOn: "2023-12-31"}, "DUE_NOT_PARSED"},
		{"a day alone", `"recurrence":null,"due":"2023-08"`, seed.Commitment{DueOn: "2023-08-31"}, ""},
		{"nothing", `"recurrence":null`, seed.Commitment{Standing: true}, "RECURRENCE_NOT_STATED"},
		{"another word", `"recurrence":"OFTEN"`, seed.Commitment{Standing: true}, "RECURRENCE_NOT_PARSED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, notes := promised(t, tt.says)
			when := seed.Commitment{Recurrence: got[0].Recurrence, Standing: got[0].Standing, DueOn: got[0].DueOn}
			if diff := cmp.Diff(tt.want, when); diff != "" {
				t.Error(diff)
			}
			about := func(n seed.Note) bool { return n.About == "c2" && (tt.note == "" || n.Code == tt.note) }
			if slices.ContainsFunc(notes, about) != (tt.note != "") {
				t.Errorf("notes are %+v", notes)
			}
		})
	}
}

func TestAProvidersWordIsResolvedToPartiesAndReceivers(t *testing.T) {
	partners := []string{"U021", "U022", "U023"}
	for _, tt := range []struct {
		word string
		want map[string][]string
	}{
		{"COMMUNITY", map[string][]string{"C012": partners}},
		{"U022", map[string][]string{"U022": {"C012"}}},
		{"PARTNERS", map[string][]string{"U021": {"C012"}, "U022": {"C012"}, "U023": {"C012"}}},
		{"SCHOOL", map[string][]string{"U021": {"C012"}}},
		{"ENTERPRISE", map[string][]string{"U022": {"C012"}, "U023": {"C012"}}},
		{"BANK", map[string][]string{}},
	} {
		cs, notes := promised(t, `"provider":"`+tt.word+`"`)
		got := map[string][]string{}
		for _, c := range cs {
			got[c.Provider] = c.Receivers
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.word, diff)
		}
		if unmet := slices.Contains(notes, seed.Note{Code: "PROVIDER_NOT_A_PARTY", Said: tt.word + ": 做事"}); unmet != (len(tt.want) == 0) {
			t.Errorf("%s: notes are %+v", tt.word, notes)
		}
	}
}

func TestAProviderWhoseReferenceIsNoPartyIsAnError(t *testing.T) {
	in := raw{Examples: []rawExample{example(t, `"commitments":[{"provider":"U999","action_zh":"做事","recurrence":"ONGOING"}]`)}}
	if err := json.Unmarshal([]byte(places), &in.Places); err != nil {
		t.Fatal(err)
	}
	if _, err := convert(in); err == nil || !strings.Contains(err.Error(), "EX012") {
		t.Fatalf("got %v", err)
	}
}

func TestAnExampleWithoutAStatedAgreementIsMarkedAndNotSigned(t *testing.T) {
	for stated, want := range map[string]seed.Stage{"true": seed.Signed, "null": seed.Negotiating, "false": seed.Negotiating} {
		k := converted(t, example(t, `"agreement_signed":`+stated)).Contracts[0]
		marked := slices.Contains(k.Notes, seed.Note{Code: "AGREEMENT_NOT_STATED"})
		if k.Stage != want || k.AgreementStated != (stated == "true") || marked == k.AgreementStated {
			t.Errorf("%s: stage %s, stated %v, marked %v", stated, k.Stage, k.AgreementStated, marked)
		}
	}
}

func TestAContractLastsForTheYearsThatTheExampleSpeaksOf(t *testing.T) {
	for _, tt := range []struct{ changes, from, to, note string }{
		{"", "2023-01-01", "2023-12-31", ""},
		{`"year":null`, "2026-01-01", "2026-12-31", "YEAR_NOT_STATED"},
		{`"commitments":[{"provider":"U021","action_zh":"做","recurrence":"ONGOING","due":"2027-12"}]`, "2023-01-01", "2027-12-31", ""},
		{`"commitments":[{"provider":"U021","action_zh":"做","recurrence":"ONCE","due":"2019-07"}]`, "2019-01-01", "2023-12-31", ""},
	} {
		k := converted(t, example(t, tt.changes)).Contracts[0]
		if k.EffectiveOn != tt.from || k.EndsOn != tt.to || slices.Contains(k.Notes, seed.Note{Code: "YEAR_NOT_STATED"}) != (tt.note != "") {
			t.Errorf("%s: %s to %s, %+v", tt.changes, k.EffectiveOn, k.EndsOn, k.Notes)
		}
	}
}

func TestAUnitOfTwoExamplesReportsToBothCommunities(t *testing.T) {
	f := converted(t, example(t, ""), example(t, `"id":"EX013","community":{"ref":"C013","type":"RURAL"}`))
	if len(f.ResidentUnits) != 3 || !slices.Equal(f.ResidentUnits[0].Communities, []string{"C012", "C013"}) {
		t.Fatalf("units are %+v", f.ResidentUnits)
	}
}

func TestEveryOrganisationHasOneNameAndAPersonWhoSigns(t *testing.T) {
	f := converted(t, example(t, `"parties":[{"ref":"U021","kind":"SCHOOL"},{"ref":"U022","kind":"MILITARY"}]`))
	signs := map[string]string{}
	for _, p := range f.People {
		if p.SigningRight {
			signs[p.Organisation] = string(p.Role)
		}
	}
	if diff := cmp.Diff(map[string]string{"C012": "SECRETARY", "U021": "LIAISON", "U022": "LIAISON"}, signs); diff != "" {
		t.Error(diff)
	}
	if u := f.ResidentUnits; u[0].CreditCode[2:8] != "000000" || u[1].CreditCode != "" {
		t.Errorf("credit codes are %q and %q", u[0].CreditCode, u[1].CreditCode)
	}
	if _, err := unit.ParseCreditCode(f.ResidentUnits[0].CreditCode); err != nil {
		t.Error(err)
	}
}

func TestNoTwoReferencesShareAName(t *testing.T) {
	a, b := estateWords()
	c, d := unitWords()
	for what, words := range map[string][2][]name{"estate": {a, b}, "unit": {c, d}} {
		zh, en := map[string]int{}, map[string]int{}
		for n := range 600 {
			z, e := word(n, words[0], words[1])
			if m, twice := zh[z]; twice {
				t.Fatalf("%s: %d and %d are both %s", what, m, n, z)
			}
			if m, twice := en[e]; twice {
				t.Fatalf("%s: %d and %d are both %s", what, m, n, e)
			}
			zh[z], en[e] = n, n
		}
	}
}

func TestTheSameInputGivesTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.json")
	in := `{"about":"","places":` + places + `,"examples":[],"needs":[],"resources":[],"posts":[],"project_kinds":[],"calendar":[],"points_rules":[]}`
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	if err := run([]string{path}, &one); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{path}, &two); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Fatalf("two runs differ (%v)", err)
	}
	f, refused := seed.Read(&one)
	if len(refused) > 0 || len(f.SubDistricts) != 3 || f.SubDistricts[2].NameEn != "Zone" {
		t.Fatalf("read back: %v, %+v", refused, f.SubDistricts)
	}
}

func TestARawFileWithUnknownMembersIsRefused(t *testing.T) {
	for _, in := range []string{`{"exmples":[]}`, `{"examples":[{"id":"EX1","rating":5}]}`, `[]`, ``} {
		if _, err := readRaw(strings.NewReader(in)); err == nil {
			t.Errorf("%q was read", in)
		}
	}
}
