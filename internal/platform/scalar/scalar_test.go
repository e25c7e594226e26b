package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestADayThatDoesNotExistIsNoDate(t *testing.T) {
	for _, s := range []string{"", "2025-02-29", "2026-13-01", "2026-4-1", "2026-04-31", "1899-12-31", "3000-01-01", "2026-01-01T00:00:00Z"} {
		if d, err := scalar.ParseDate(s); !fault.Is(err, fault.CodeMalformed) {
			t.Errorf("%q became %q, %v", s, d, err)
		}
	}
	if d, err := scalar.ParseDate("2024-02-29"); err != nil || d.AddDays(1) != "2024-03-01" {
		t.Errorf("the leap day is %q, %v", d, err)
	}
}

func TestADayBeginsWhereItIs(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	if got := scalar.Date("2026-11-23").In(shanghai).UTC().Format(time.RFC3339); got != "2026-11-22T16:00:00Z" {
		t.Errorf("in Shanghai it begins at %s", got)
	}
	beirut, err := time.LoadLocation("Asia/Beirut") // its clocks leap over midnight
	if err != nil {
		t.Fatal(err)
	}
	day := scalar.Date("2022-03-27")
	if got := day.In(beirut); scalar.DateOf(got, beirut) != day || scalar.DateOf(got.Add(-time.Second), beirut) != day.AddDays(-1) {
		t.Errorf("in Beirut it begins at %s", got)
	}
}

func TestDaysAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := scalar.Date("2000-01-01").AddDays(rapid.IntRange(0, 200000).Draw(t, "day"))
		n := rapid.IntRange(-30000, 30000).Draw(t, "n")
		if e := d.AddDays(n); e.Sub(d) != n || (e < d) != (n < 0) {
			t.Fatalf("%s plus %d is %s", d, n, e)
		}
	})
}

func TestADecimalHasOneForm(t *testing.T) {
	for in, want := range map[string]scalar.Decimal{"1": "1", "001.50": "1.5", "-0": "0", "0.000": "0", "-2.10": "-2.1", "123456789012345.123456": "123456789012345.123456"} {
		if got, err := scalar.ParseDecimal(in); err != nil || got != want {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1e3", ".5", "1.", "+1", "1,000", "NaN", "1234567890123456", "0.1234567", " 1"} {
		if got, err := scalar.ParseDecimal(in); !fault.Is(err, fault.CodeMalformed) {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
}

func TestFreeJSONIsRefusedWithThePathToWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		in   string
		code fault.Code
		path string
	}{
		{`[]`, fault.CodeMalformed, ""},
		{`{`, fault.CodeMalformed, ""},
		{`{} {}`, fault.CodeMalformed, ""},
		{`{"a":{"b":[1,1.5]}}`, fault.CodeNumber, "a.b.1"},
		{`{"a":9007199254740992}`, fault.CodeNumber, "a"},
		{`{"a":-9007199254740992}`, fault.CodeNumber, "a"},
		{`{"a":1e2}`, fault.CodeNumber, "a"},
		{`{"a":{"$where":1}}`, fault.CodeBadKey, "a"},
		{`{"a.b":1}`, fault.CodeBadKey, ""},
		{`{"":1}`, fault.CodeBadKey, ""},
		{`{"a":"x\u0000"}`, fault.CodeControl, "a"},
		{`{"a":"` + strings.Repeat("x", scalar.MaxJSON) + `"}`, fault.CodeTooLong, ""},
		{strings.Repeat(`{"a":`, 10) + `1` + strings.Repeat(`}`, 10), fault.CodeTooDeep, "a.a.a.a.a.a.a.a.a"},
	} {
		_, err := scalar.ParseJSON([]byte(tt.in))
		if f := fault.Of(err); err == nil || f.Code != tt.code || strings.Join(f.Path, ".") != tt.path {
			t.Errorf("%.40s: got %v, want %s at %q", tt.in, err, tt.code, tt.path)
		}
	}
}

func TestFreeJSONIsCanonical(t *testing.T) {
	got, err := scalar.ParseJSON([]byte(`{ "b": [true, null, 9007199254740991], "a": "Cafe\u0301" }`))
	if want := scalar.JSON(`{"a":"Café","b":[true,null,9007199254740991]}`); err != nil || got != want {
		t.Fatalf("got %s, %v", got, err)
	}
	raw, err := json.Marshal(map[string]scalar.JSON{"terms": got})
	if err != nil || string(raw) != `{"terms":`+string(got)+`}` {
		t.Fatalf("embedded as %s, %v", raw, err)
	}
}

func FuzzFreeJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,"x",{"b":null}]}`, `{"a":1e400}`, `{"$":1}`, `{"a":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := scalar.ParseJSON(raw)
		if err != nil {
			return
		}
		if again, err := scalar.ParseJSON([]byte(got)); err != nil || again != got {
			t.Fatalf("%s reads back as %s, %v", got, again, err)
		}
	})
}
