package record_test

import (
	"fmt"
	"strconv"
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

// What is held against a schema has a price, and beyond a bound it is refused before anything is held. Each of these is
// small enough that a machine survives it where it is let through.
func TestARecordThatCostsTooMuchIsRefusedAtOnce(t *testing.T) {
	signs := make([]string, 1000)
	for i := range signs {
		of := make([]string, 11)
		for bit := range of {
			of[bit] = strconv.Itoa((i>>bit&1)*2 - 1)
		}
		signs[i] = "[" + strings.Join(of, ",") + "]"
	}
	nested := trees(8) // 1,430 of them
	for i := range nested {
		nested[i] = "[" + nested[i] + "]"
	}
	for name, tt := range map[string]struct{ items, list string }{
		"names that are needed":            {`"items":{"required":[` + numbered(3000, `"k%d"`) + `]}`, repeated(`{}`, 1000)},
		"names that others need":           {`"items":{"dependentRequired":{"a":[` + numbered(3000, `"k%d"`) + `]}}`, repeated(`{"a":1}`, 1000)},
		"many that might need others":      {`"items":{"dependentRequired":{` + numbered(3000, `"k%d":[]`) + `}}`, repeated(`{}`, 1000)},
		"old dependencies":                 {`"items":{"dependencies":{` + numbered(1500, `"k%d":["x"]`) + `}}`, repeated(`{}`, 2000)},
		"numbers to choose from":           {`"items":{"enum":[` + numbered(2000, `%d`) + `]}`, repeated(`-1`, 1000)},
		"lists to choose from":             {`"items":{"enum":[` + numbered(500, `[0,0,%d]`) + `]}`, repeated(`[0,0,-1]`, 1000)},
		"texts to choose from":             {`"items":{"enum":[` + numbered(4000, `"k%d"`) + `]}`, repeated(`"k"`, 6000)},
		"one vast value":                   {`"items":{"const":[` + numbered(5000, `%d`) + `]}`, repeated(`[0,1,2]`, 200)},
		"alternatives":                     {`"items":{"anyOf":[` + repeated(`{"type":"string"}`, 1000) + `]}`, repeated(`1`, 1000)},
		"exactly one of alternatives":      {`"items":{"oneOf":[` + repeated(`{"type":"string"}`, 1000) + `]}`, repeated(`1`, 1000)},
		"all of many":                      {`"items":{"allOf":[` + repeated(`{"type":"string"}`, 1000) + `]}`, repeated(`1`, 1000)},
		"conditions":                       {`"items":{"allOf":[` + repeated(`{"if":{"not":{}},"else":{"type":"string"}}`, 400) + `]}`, repeated(`1`, 1000)},
		"what contains one":                {`"allOf":[` + repeated(`{"contains":{"type":"string"}}`, 300) + `]`, repeated(`1`, 2000)},
		"what follows the first":           {`"allOf":[` + repeated(`{"prefixItems":[{}],"items":{"type":"string"}}`, 300) + `]`, repeated(`1`, 2000)},
		"what a key brings along":          {`"items":{"dependentSchemas":{` + numbered(40, `"k%d":{"allOf":[`+repeated(`{"type":"object"}`, 20)+`]}`) + `}}`, repeated(keyed(40, `1`), 400)},
		"names of keys":                    {`"items":{"propertyNames":{"allOf":[` + repeated(`{"maxLength":0}`, 500) + `]}}`, repeated(`{"a":1}`, 1000)},
		"patterns of keys":                 {`"items":{"patternProperties":{"(x+x+)+y":{},"[a-z]{0,300}!":{}}}`, repeated(`{"`+strings.Repeat("x", 90)+`":1}`, 1500)},
		"what nothing described":           {`"allOf":[` + repeated(`{"unevaluatedItems":{"type":"string"}}`, 300) + `]`, repeated(`1`, 2000)},
		"members that nothing described":   {`"items":{"allOf":[` + repeated(`{"unevaluatedProperties":false}`, 300) + `]}`, repeated(`{"a":1}`, 1000)},
		"a pattern of a long text":         {`"items":{"pattern":"(?:x{0,20}){20}!"}`, `"` + strings.Repeat("x", 100_000) + `"`},
		"a pattern of many texts":          {`"items":{"pattern":"[a-z]{0,400}!"}`, repeated(`"xxxxxxxxxxxx"`, 10_000)},
		"texts that have to be patterns":   {`"items":{"format":"regex"}`, repeated(`"(x{90}y{90}z{90}){3}"`, 2000)},
		"and ignore case":                  {`"items":{"format":"regex"}`, repeated(`"(?i)[B-𞤀C-𞤀D-𞤀]"`, 50)},
		"tiny numbers":                     {`"items":{"allOf":[` + repeated(`{"multipleOf":1e-300}`, 30) + `]}`, repeated(`1e-299`, 1000)},
		"lists that differ by their signs": {`"uniqueItems":true`, strings.Join(signs, ",")},
		"lists that differ by their ends":  {`"allOf":[` + repeated(`{"uniqueItems":true}`, 3) + `]`, strings.Join(nested, ",")},
		"lengths of one long text":         {`"items":{"allOf":[` + repeated(`{"maxLength":1}`, 1500) + `]}`, `"` + strings.Repeat("x", 200_000) + `"`},
	} {
		s := compiled(t, shut(`"a":{`+tt.items+`}`))
		if err := s.Validate(read(t, `{"a":[`+tt.list+`]}`)); !fault.Is(err, record.CodeCostly) {
			t.Errorf("%s: got %.200v", name, err)
		}
	}
}

// trees are all lists of n lists within each other, and nothing else.
func trees(n int) []string {
	if n == 0 {
		return []string{""}
	}
	var out []string
	for first := range n { // the lists within the first one
		for _, a := range trees(first) {
			for _, b := range trees(n - 1 - first) {
				out = append(out, strings.TrimSuffix("["+a+"],"+b, ","))
			}
		}
	}
	return out
}

// What people write is let through, also where it is large.
func TestALargeRecordOfAnOrdinarySchemaIsHeldAgainstIt(t *testing.T) {
	row := `{"type":"object","additionalProperties":false,"required":["name","unit","n","on"],"properties":{"name":{"type":"string","minLength":1,"maxLength":60},
		"unit":{"enum":["m2","m","piece","hour"]},"n":{"type":"number","minimum":0,"multipleOf":0.01},"on":{"type":"string","format":"date"},
		"code":{"type":"string","pattern":"^[A-Z]{2}-[0-9]{4}$"}}}`
	s := compiled(t, `{"type":"object","unevaluatedProperties":false,"properties":{"rows":{"type":"array","maxItems":5000,"uniqueItems":true,"items":{"$ref":"#/$defs/row"}},
		"codes":{"type":"array","uniqueItems":true,"items":{"type":"string"}},"text":{"type":"string","maxLength":100000}},"$defs":{"row":`+row+`}}`)
	for what, in := range map[string]string{
		"rows":   `{"rows":[` + numbered(2500, `{"name":"row %d","unit":"m2","n":1.25,"on":"2026-01-02","code":"AB-1234"}`) + `]}`,
		"codes":  `{"codes":[` + numbered(19_000, `"code %d"`) + `]}`,
		"a text": `{"text":"` + strings.Repeat("社区", 40_000) + `"}`,
	} {
		if err := s.Validate(read(t, in)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
