package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// repeated is a text so many times, with commas between.
func repeated(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// A copy of a list into itself doubles it. What stops it is what has been copied, and not how much text there is in it.
func TestAPatchThatCopiesItselfIsStoppedWhateverIsInIt(t *testing.T) {
	for value, code := range map[string]fault.Code{
		`[]`: fault.CodeTooMany, `[{}]`: fault.CodeTooMany, `[[],[]]`: fault.CodeTooMany, `[null]`: fault.CodeTooMany,
		`[true]`: fault.CodeTooMany, `[0,1]`: fault.CodeTooMany, `[{"k":{}}]`: fault.CodeTooMany,
		`[{"` + strings.Repeat("k", 90) + `":null}]`: record.CodeTooLarge, `["` + strings.Repeat("x", 90) + `"]`: record.CodeTooLarge,
	} {
		was, err := record.Parse(`{}`)
		if err != nil {
			t.Fatal(err)
		}
		// Sixteen doublings, which a machine survives that lets them through.
		_, err = was.Patch(record.JSON(`[{"op":"add","path":"/a","value":` + value + `},` + repeated(`{"op":"copy","from":"/a","path":"/a/-"}`, 16) + `]`))
		if f := fault.Of(err); err == nil || f.Code != code || len(f.Path) != 1 {
			t.Errorf("%s: got %v, want %s at an operation", value, err, code)
		}
	}
	was, err := record.Parse(`{"rows":[{"of":[1,2,3]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := was.Patch(record.JSON(`[` + repeated(`{"op":"copy","from":"/rows/0","path":"/rows/-"}`, record.MaxOps) + `]`)); err != nil {
		t.Errorf("copies of one row are refused: %v", err)
	}
}

// keyed is an object of so many keys, each with the same value.
func keyed(n int, value string) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"k%d":%s`, i, value)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestAWideObjectIsMergedAndComparedKeyByKey(t *testing.T) {
	const n = 1000
	was, err := record.Parse(record.JSON(keyed(n, `1.50`)))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ patch, want string }{
		"all anew":     {keyed(n, `{"a":null,"b":2}`), keyed(n, `{"b":2}`)},
		"all gone":     {keyed(n, `null`), `{}`},
		"some beside":  {keyed(n+3, `3`), keyed(n+3, `3`)},
		"none of them": {`{"x":null,"y":{"z":null}}`, strings.TrimSuffix(keyed(n, `1.50`), "}") + `,"y":{}}`},
		"half of them": {keyed(n/2, `null`), "{" + strings.SplitN(keyed(n, `1.50`), ",", n/2+1)[n/2]},
	} {
		if got, err := was.Merge(record.JSON(tt.patch)); err != nil || string(got.JSON()) != tt.want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for value, same := range map[string]bool{`1.5`: true, `1.6`: false} {
		if _, err := was.Patch(record.JSON(`[{"op":"test","path":"","value":` + keyed(n, value) + `}]`)); (err == nil) != same {
			t.Errorf("compared with %s: %v", value, err)
		}
	}
}

// What a key costs stays the same, however many there are: the figures per key are what to look at.
func BenchmarkMergeOfAWideObject(b *testing.B) {
	for _, n := range []int{1_000, 5_000, 15_000} {
		for what, value := range map[string]string{"put": `2`, "taken": `null`} {
			b.Run(fmt.Sprintf("%s/%d", what, n), func(b *testing.B) {
				was, err := record.Parse(record.JSON(keyed(n, `1`)))
				if err != nil {
					b.Fatal(err)
				}
				patch := record.JSON(keyed(n, value))
				for b.Loop() {
					if _, err := was.Merge(patch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/key")
			})
		}
	}
}

// numbered are so many texts with their number, and where there is place for it the next one, with commas between.
func numbered(n int, format string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, []any{i, i + 1}[:max(1, strings.Count(format, "%d"))]...)
	}
	return strings.Join(out, ",")
}

func read(t testing.TB, s string) *record.Record {
	t.Helper()
	r, err := record.Parse(record.JSON(s))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever is wrong with a record, twenty things are told of it, and of each as much as a person reads.
func TestOfManyFaultsTheFirstAreTold(t *testing.T) {
	rows := `{"a":[` + repeated(`{}`, 50) + `]}`
	for name, tt := range map[string]struct{ items, first, last string }{
		"names that are missing":  {`"required":[` + numbered(200, `"k%03d"`) + `]`, "RECORD_FIELD_REQUIRED at a.0.k000", "RECORD_FIELD_REQUIRED at a.0.k019"},
		"whatever their order":    {`"required":["z","y","x"],"allOf":[{"required":["b","a"]},{"required":["a"]}]`, "RECORD_FIELD_REQUIRED at a.0.a", "RECORD_FIELD_REQUIRED at a.11.z"},
		"a long list":             {`"enum":[` + numbered(300, `"value %d"`) + `]`, "RECORD_RULE_BROKEN at a.0", "RECORD_RULE_BROKEN at a.26"},
		"a vast name":             {`"required":["` + strings.Repeat("k", 5000) + `"]`, "RECORD_FIELD_REQUIRED at a.0." + strings.Repeat("k", 400) + "…", ""},
		"many rules at one place": {`"allOf":[` + repeated(`{"const":1}`, 60) + `]`, "RECORD_RULE_BROKEN at a.0", "RECORD_RULE_BROKEN at a.26"},
	} {
		s := compiled(t, shut(`"a":{"items":{`+tt.items+`}}`))
		all := fault.All(s.Validate(read(t, rows)))
		if len(all) != 20 || all[0].Error() != tt.first || tt.last != "" && all[19].Error() != tt.last {
			t.Errorf("%s: got %d: %v", name, len(all), all)
			continue
		}
		if want, _ := all[0].Params["want"].(string); len(want) > 130 {
			t.Errorf("%s: told %d bytes of what is wanted", name, len(want))
		}
	}
}
