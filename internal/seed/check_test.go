package seed_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/unit"
)

// small is the text of a file in order.
func small(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/small.seed.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// altered is that text with words put in place of others.
func altered(t *testing.T, pairs ...string) string {
	t.Helper()
	out := small(t)
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.Contains(out, pairs[i]) {
			t.Fatalf("the file has no %q", pairs[i])
		}
		out = strings.Replace(out, pairs[i], pairs[i+1], 1)
	}
	return out
}

func TestAFileInOrderIsRefusedNothing(t *testing.T) {
	f, refused := seed.Check(strings.NewReader(small(t)))
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	if len(f.Districts) != 1 || len(f.SubDistricts) != 1 || len(f.Communities) != 2 || len(f.ResidentUnits) != 3 ||
		len(f.People) != 5 || len(f.Contracts) != 2 || f.Contracts[0].Line != 31 || f.Contracts[1].Line != 41 {
		t.Fatalf("read %+v", f)
	}
}

func TestTheConvertedExamplesAreInOrder(t *testing.T) {
	r, err := os.Open("../demo/data/co-building.seed.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	f, refused := seed.Check(r)
	if len(refused) > 0 || len(f.Contracts) != 108 {
		t.Fatalf("%d contracts, refused %v", len(f.Contracts), refused)
	}
}

func TestABadRecordIsRefusedWithItsPlaceAndReason(t *testing.T) {
	for _, tt := range []struct {
		name, was, is string
		in            seed.Section
		key           string
		line          int
		code          fault.Code
		path          string
	}{
		{"an unknown member", `"key": "s1",`, `"key": "s1", "rating": 5,`, seed.InSources, "s1", 6, seed.CodeUnknownField, "rating"},
		{"a member in other letters", `"quality"`, `"Quality"`, seed.InSources, "s1", 6, seed.CodeUnknownField, "Quality"},
		{"a member twice", `"key": "s1",`, `"key": "s1", "year": 2023,`, seed.InSources, "s1", 6, fault.CodeDuplicate, "year"},
		{"a null", `"quality": "media"`, `"quality": null`, seed.InSources, "s1", 6, fault.CodeMalformed, "quality"},
		{"another type", `"year": 2024`, `"year": "2024"`, seed.InSources, "s1", 6, fault.CodeMalformed, "year"},
		{"an unknown member deep inside", `"heading": "合作方式"`, `"heading": "合作方式", "bold": true`, seed.InContracts, "k1", 31, seed.CodeUnknownField, "clauses.0.bold"},
		{"no key", `"key": "s1", `, ``, seed.InSources, "", 6, fault.CodeMalformed, "key"},
		{"a key used twice", `"key": "p5"`, `"key": "p4"`, seed.InPeople, "p4", 28, fault.CodeDuplicate, "key"},
		{"one key for two organisations", `"key": "c2"`, `"key": "sd1"`, seed.InCommunities, "sd1", 16, fault.CodeDuplicate, "key"},

		{"a code of no district", `"code": "320206"}`, `"code": "990206"}`, seed.InDistricts, "d1", 9, district.CodeBadDivision, "code"},
		{"a code of another district", `"320206001"`, `"320205001"`, seed.InSubDistricts, "sd1", 12, district.CodeOtherDistrict, "code"},
		{"no kind of sub-district", `"STREET"`, `"ROAD"`, seed.InSubDistricts, "sd1", 12, fault.CodeMalformed, "kind"},
		{"an unknown district", `"district": "d1"`, `"district": "d9"`, seed.InSubDistricts, "sd1", 12, seed.CodeUnknownReference, "district"},
		{"no type of community", `"type": "OLD_ESTATE"`, `"type": "UNKNOWN"`, seed.InCommunities, "c2", 16, fault.CodeMalformed, "type"},
		{"two communities of one name", `荻陌新村社区`, `棠渚花园社区`, seed.InCommunities, "c2", 16, fault.CodeDuplicate, "name"},
		{"a control character", `荻陌新村社区`, `荻陌\u0007社区`, seed.InCommunities, "c2", 16, fault.CodeControl, "name"},
		{"a wrong credit code", `91000000000000027B`, `91000000000000027C`, seed.InResidentUnits, "u3", 21, unit.CodeCreditCheck, "creditCode"},
		{"no credit code", `"creditCode": "91000000000000027B", `, ``, seed.InResidentUnits, "u3", 21, unit.CodeCreditRequired, "creditCode"},
		{"a credit code used twice", `91000000000000027B`, `91000000000000019G`, seed.InResidentUnits, "u3", 21, fault.CodeDuplicate, "creditCode"},
		{"no kind of unit", `"kind": "OTHER"`, `"kind": "SHOP"`, seed.InResidentUnits, "u3", 21, fault.CodeMalformed, "kind"},
		{"a unit of no community", `"communities": ["c2"]`, `"communities": []`, seed.InResidentUnits, "u3", 21, fault.CodeTooFew, "communities"},
		{"a unit of what is no community", `"communities": ["c2"]`, `"communities": ["sd1"]`, seed.InResidentUnits, "u3", 21, seed.CodeUnknownReference, "communities.0"},
		{"a secretary of a unit", `"role": "SUPERVISOR", "organisation": "sd1"`, `"role": "SECRETARY", "organisation": "u1"`, seed.InPeople, "p4", 27, person.CodeRoleUnfit, "role"},
		{"an administrator who signs", `"role": "ADMINISTRATOR"`, `"role": "ADMINISTRATOR", "signingRight": true`, seed.InPeople, "p5", 28, person.CodeSigningUnfit, "signingRight"},

		{"an end before the start", `"endsOn": "2026-12-31"`, `"endsOn": "2026-02-28"`, seed.InContracts, "k2", 41, contract.CodeEndsBeforeStart, "endsOn"},
		{"a day that is none", `"endsOn": "2026-12-31"`, `"endsOn": "2026-02-29"`, seed.InContracts, "k2", 41, fault.CodeMalformed, "endsOn"},
		{"a due date outside", `"dueOn": "2026-02-28"`, `"dueOn": "2027-02-01"`, seed.InContracts, "k1", 31, contract.CodeOutsidePeriod, "commitments.2.dueOn"},
		{"two rhythms", `"dueOn": "2026-02-28"`, `"dueOn": "2026-02-28", "standing": true`, seed.InContracts, "k1", 31, contract.CodeTwoTimes, "commitments.2.dueOn"},
		{"no time", `, "dueOn": "2026-02-28"`, ``, seed.InContracts, "k1", 31, contract.CodeNoTime, "commitments.2.dueOn"},
		{"a provider that is no party", `"provider": "u2"`, `"provider": "u3"`, seed.InContracts, "k1", 31, contract.CodeProviderNoParty, "commitments.2.provider"},
		{"a receiver that is no party", `"receivers": ["u1", "u2"]`, `"receivers": ["u1", "u3"]`, seed.InContracts, "k1", 31, contract.CodeReceiverNoParty, "commitments.1.receivers.1"},
		{"a promise to oneself", `"receivers": ["u1", "u2"]`, `"receivers": ["c1"]`, seed.InContracts, "k1", 31, contract.CodeProviderReceives, "commitments.1.receivers.0"},
		{"a rule that never occurs", `FREQ=WEEKLY;BYDAY=FR`, `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30`, seed.InContracts, "k1", 31, recurrence.Never, "commitments.0.recurrence"},
		{"a rule that occurs too often", `"2027-01-31"`, `"2029-01-31"`, seed.InContracts, "k1", 31, "", ""},
		{"a negative quantity", `"quantity": "17"`, `"quantity": "-17"`, seed.InContracts, "k1", 31, fault.CodeOutOfRange, "commitments.2.quantity"},
		{"a unit without a quantity", `"quantity": "17", `, ``, seed.InContracts, "k1", 31, contract.CodeUnitAlone, "commitments.2.unit"},
		{"a partner that is no unit", `"organisation": "u2", "part": "PARTNER"`, `"organisation": "c2", "part": "PARTNER"`, seed.InContracts, "k1", 31, contract.CodePartnerKind, "parties.1.organisation"},
		{"a second host", `"organisation": "sd1", "part": "WITNESS"`, `"organisation": "c2", "part": "HOST"`, seed.InContracts, "k1", 31, contract.CodeOneHost, "parties"},
		{"an unknown party", `"organisation": "sd1", "part"`, `"organisation": "sd9", "part"`, seed.InContracts, "k1", 31, seed.CodeUnknownReference, "parties.2.organisation"},
		{"an unknown source", `"source": "s1"`, `"source": "s2"`, seed.InContracts, "k1", 31, seed.CodeUnknownReference, "source"},
		{"no such stage", `"stage": "DRAFT"`, `"stage": "ACTIVE"`, seed.InContracts, "k2", 41, fault.CodeMalformed, "stage"},
		{"a party for which nobody acts", `{"key": "k2", "title": "结对共建协议", "host": "c1"`, `{"key": "k2", "title": "结对共建协议", "host": "c2"`, seed.InContracts, "k2", 41, seed.CodeNoPerson, "host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := altered(t, tt.was, tt.is)
			if tt.code == "" { // needs two words to be changed
				text = strings.Replace(text, "FREQ=WEEKLY;BYDAY=FR", "FREQ=DAILY", 1)
				tt.code, tt.path = recurrence.TooOften, "commitments.0.recurrence"
			}
			_, refused := seed.Check(strings.NewReader(text))
			found := slices.ContainsFunc(refused, func(r seed.Refusal) bool {
				return r.Section == tt.in && r.Key == tt.key && r.Line == tt.line && r.Why.Code == tt.code &&
					strings.Join(r.Why.Path, ".") == tt.path
			})
			if !found {
				t.Fatalf("got %v", refused)
			}
		})
	}
}

func TestAFileThatIsNoneIsRefusedAtItsLine(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		line       int
		code       fault.Code
	}{
		{"nothing", "", 1, seed.CodeNotJSON},
		{"no JSON", "hello", 1, seed.CodeNotJSON},
		{"a list", "[]", 1, seed.CodeNotJSON},
		{"cut short", small(t)[:900], 19, seed.CodeNotJSON},
		{"more behind the end", small(t) + "{}", 47, seed.CodeNotJSON},
		{"another format", altered(t, "cobuild-seed/1", "cobuild-seed/2"), 1, seed.CodeFormat},
		{"no format", altered(t, ` "format": "cobuild-seed/1",`, ``), 1, seed.CodeFormat},
		{"no name", altered(t, `"name": "small"`, `"name": ""`), 1, fault.CodeMalformed},
		{"an unknown section", altered(t, `"sources": [`, `"sauces": [`), 5, seed.CodeUnknownField},
		{"a section twice", altered(t, `"subDistricts": [`, `"districts": [`), 11, fault.CodeDuplicate},
		{"a section that is no list", altered(t, `"people": [`, `"people": null, "x": [`), 23, fault.CodeMalformed},
		{"deep nesting", `{"sources": [{"key": ` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}]}`, 1, fault.CodeTooDeep},
		{"a large record", `{"sources": [{"key": "` + strings.Repeat("x", seed.MaxRecord) + `"}]}`, 1, fault.CodeTooLong},
		{"bytes that are no text", altered(t, "media", "m\xffdia"), 6, fault.CodeNotUTF8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, refused := seed.Check(strings.NewReader(tt.text))
			if !slices.ContainsFunc(refused, func(r seed.Refusal) bool { return r.Line == tt.line && r.Why.Code == tt.code }) {
				t.Fatalf("got %v", refused)
			}
		})
	}
}

func TestWhatDependsOnARefusedRecordIsRefusedToo(t *testing.T) {
	f, refused := seed.Check(strings.NewReader(altered(t, `"type": "COMMERCIAL"`, `"type": "SHOPS"`)))
	got := map[string]fault.Code{}
	for _, r := range refused {
		if _, told := got[r.Key]; !told {
			got[r.Key] = r.Why.Code
		}
	}
	for key, want := range map[string]fault.Code{
		"c1": fault.CodeMalformed, "u1": seed.CodeDependsOnRefused, "u2": seed.CodeDependsOnRefused,
		"p1": seed.CodeDependsOnRefused, "k1": seed.CodeDependsOnRefused, "k2": seed.CodeDependsOnRefused,
	} {
		if got[key] != want {
			t.Errorf("%s: %s, want %s", key, got[key], want)
		}
	}
	if len(f.Communities) != 1 || len(f.ResidentUnits) != 1 || len(f.Contracts) != 0 || len(f.People) != 2 {
		t.Errorf("kept %+v", f)
	}
}

func TestRefusalsAreListedUpToABound(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"format": "cobuild-seed/1", "name": "bad", "sources": [`)
	for i := range seed.MaxRefusals + 10 {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(`{"key": "!"}`)
	}
	_, refused := seed.Check(strings.NewReader(b.String() + "]}"))
	last := refused[len(refused)-1]
	if len(refused) != seed.MaxRefusals+1 || last.Why.Code != seed.CodeRefusalsCut || last.Why.Params["count"] != 10 {
		t.Fatalf("%d refusals, the last is %v", len(refused), last)
	}
}

func FuzzReadingNeverFailsWithoutSayingWhy(f *testing.F) {
	raw, err := os.ReadFile("testdata/small.seed.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(raw), "", "{}", "[]", `{"format":"cobuild-seed/1","name":"x","contracts":[{}]}`, `{"sources":[null]}`, `{"people":[1,2]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file, refused := seed.Check(strings.NewReader(s))
		if len(refused) == 0 && (file.Format != seed.Format || file.Name == "") {
			t.Fatalf("%q was taken for a seed file", s)
		}
		for _, r := range refused {
			if r.Why == nil || r.Why.Code == "" {
				t.Fatalf("%q: a refusal without a reason", s)
			}
		}
	})
}
