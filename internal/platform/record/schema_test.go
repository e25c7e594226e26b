package record_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// shut is a schema of a closed object with these properties.
func shut(properties string) string {
	return `{"type":"object","additionalProperties":false,"properties":{` + properties + `}}`
}

// fanned is a schema of a few hundred bytes that unfolds to 10 to the power of n.
func fanned(n int, keyword string) string {
	var defs []string
	for i := range n {
		refs := strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"$ref":"#/$defs/d%d"},`, i+1), 10), ",")
		defs = append(defs, fmt.Sprintf(`"d%d":{"%s":[%s]}`, i, keyword, refs))
	}
	defs = append(defs, fmt.Sprintf(`"d%d":{"type":"string"}`, n))
	return `{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{` + strings.Join(defs, ",") + `}}`
}

// led is a schema whose last part lies behind so many references.
func led(n int, last string) string {
	return `{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{` +
		numbered(n, `"d%d":{"not":{"$ref":"#/$defs/d%d"}}`) + fmt.Sprintf(`,"d%d":%s}}`, n, last)
}

func TestASchemaIsRefusedWithThePathToWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		code fault.Code
		path string
	}{
		"a remote reference":         {shut(`"a":{"$ref":"https://example.org/s.json"}`), record.CodeRemote, "properties.a.$ref"},
		"a file":                     {shut(`"a":{"$ref":"file:///etc/passwd"}`), record.CodeRemote, "properties.a.$ref"},
		"a relative file":            {shut(`"a":{"items":{"$ref":"other.json#/x"}}`), record.CodeRemote, "properties.a.items.$ref"},
		"no text":                    {shut(`"a":{"$ref":5}`), record.CodeRemote, "properties.a.$ref"},
		"a reference to nothing":     {shut(`"a":{"$ref":"#/$defs/b"}`), record.CodeNoTarget, "properties.a.$ref"},
		"a reference in what nobody": {`{"type":"object","additionalProperties":false,"$defs":{"b":{"$ref":"https://x.example"}}}`, record.CodeRemote, "$defs.b.$ref"},
		"the metaschema":             {shut(`"a":{"$ref":"https://json-schema.org/draft/2020-12/schema"}`), record.CodeRemote, "properties.a.$ref"},
		"itself":                     {shut(`"a":{"$ref":"#"}`), record.CodeRecursive, "properties.a.$ref"},
		"a ring":                     {`{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"items":{"$ref":"#/$defs/y"}},"y":{"allOf":[{"$ref":"#/$defs/x"}]}}}`, record.CodeRecursive, "properties.a.$ref.items.$ref.allOf.0.$ref"},
		"another base":               {`{"$id":"https://example.org/","type":"object","additionalProperties":false}`, record.CodeKeyword, "$id"},
		"a target chosen on the way": {shut(`"a":{"$dynamicRef":"#x"}`), record.CodeKeyword, "properties.a.$dynamicRef"},
		"an anchor":                  {shut(`"a":{"$anchor":"x"}`), record.CodeKeyword, "properties.a.$anchor"},
		"allOf of allOf":             {fanned(20, "allOf"), record.CodeWide, ""},
		"anyOf of anyOf":             {fanned(5, "anyOf"), record.CodeWide, ""},
		"oneOf of oneOf":             {fanned(60, "oneOf"), record.CodeWide, ""},
		"look-ahead":                 {shut(`"a":{"pattern":"^(?=.*x).*$"}`), record.CodePattern, "properties.a.pattern"},
		"a back reference":           {shut(`"a":{"allOf":[{"pattern":"(a)\\1"}]}`), record.CodePattern, "properties.a.allOf.0.pattern"},
		"a vast repeat":              {shut(`"a":{"pattern":"(a{1000}){1000}"}`), record.CodePattern, "properties.a.pattern"},
		"a pattern of keys":          {`{"type":"object","additionalProperties":false,"patternProperties":{"(?!x)":{}}}`, record.CodePattern, "patternProperties.(?!x)"},
		"a vast program":             {shut(`"a":{"pattern":".{0,1000}"}`), record.CodePatternLarge, "properties.a.pattern"},
		"a vast program of keys":     {`{"type":"object","additionalProperties":false,"patternProperties":{"^(x|y{900}|z{900})$":{}}}`, record.CodePatternLarge, "patternProperties.^(x|y{900}|z{900})$"},
		"repeats within repeats":     {shut(`"a":{"pattern":"((.{10}){10}){10}"}`), record.CodePatternLarge, "properties.a.pattern"},
		"a long pattern":             {shut(`"a":{"pattern":"` + strings.Repeat("x", 1001) + `"}`), record.CodePatternLarge, "properties.a.pattern"},
		"ranges without case":        {shut(`"a":{"pattern":"(?i)[` + strings.Repeat("B-𞤀", 30) + `]"}`), record.CodePatternLarge, "properties.a.pattern"},
		"many patterns":              {shut(numbered(20, `"a%02[1]d":{"pattern":"x{%[1]d}y{900}"}`)), record.CodePatternsLarge, "properties.a05.pattern"},
		"a pattern kept for nobody":  {shut(`"a":{"$defs":{"b":{"pattern":".{0,1000}"}}}`), record.CodePatternLarge, "properties.a.$defs.b.pattern"},
		"old dependencies":           {shut(`"a":{"dependencies":{"b":{"properties":{"a":{"$ref":"#/properties/a"}}}}}`), record.CodeRecursive, "properties.a.dependencies.b.properties.a.$ref"},
		"a fan behind a long way":    {led(30, `{"allOf":[`+repeated(`{"not":{"not":{}}}`, 1000)+`]}`), record.CodeWide, ""},
		"too long a way":             {led(60, `{}`), fault.CodeTooDeep, "properties.a" + strings.Repeat(".$ref.not", 49) + ".$ref"},
		"a wrong keyword":            {shut(`"a":{"type":"strin"}`), record.CodeSchema, "properties.a.type"},
		"a negative length":          {shut(`"a":{"maxLength":-1}`), record.CodeSchema, "properties.a.maxLength"},
		"a vast number":              {shut(`"a":{"maximum":1e999999999}`), record.CodeNumber, "properties.a.maximum"},
		"another dialect":            {`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false}`, record.CodeDialect, "$schema"},
		"open":                       {`{"type":"object","properties":{}}`, record.CodeOpen, "additionalProperties"},
		"no object":                  {`{"type":"array"}`, record.CodeOpen, "type"},
		"a list":                     {`[]`, record.CodeNotObject, ""},
		"no JSON":                    {`{"type":`, record.CodeNotJSON, "type"},
		"too large":                  {shut(`"a":{"description":"` + strings.Repeat("x", record.MaxSchema) + `"}`), record.CodeTooLarge, ""},
		"too deep":                   {strings.Repeat(`{"not":`, 60) + `{}` + strings.Repeat(`}`, 60), fault.CodeTooDeep, strings.TrimSuffix(strings.Repeat("not.", 40), ".")},
	} {
		began := time.Now()
		_, err := record.Compile(record.JSON(tt.in))
		if f := fault.Of(err); err == nil || f.Code != tt.code || strings.Join(f.Path, ".") != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func compiled(t testing.TB, s string) *record.Schema {
	t.Helper()
	out, err := record.Compile(record.JSON(s))
	if err != nil {
		t.Fatalf("%.200s: %v", s, err)
	}
	return out
}

func TestARecordThatBreaksItsSchemaIsToldEachPlace(t *testing.T) {
	s := compiled(t, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["site","budget"],
		"properties":{"site":{"type":"string","minLength":2,"maxLength":5},"budget":{"$ref":"#/$defs/money"},"kind":{"enum":["A","B"]},
		"on":{"type":"string","format":"date"},"rows":{"type":"array","items":{"type":"object","properties":{"n":{"type":"integer"}},"additionalProperties":false}},
		"either":{"anyOf":[{"type":"string"},{"type":"null"}]},"code":{"type":"string","pattern":"^[a-z]+$"}},
		"$defs":{"money":{"type":"number","minimum":0,"multipleOf":0.01}}}`)
	for in, want := range map[string]string{
		`{"site":"公园","budget":12.5}`:                    "",
		`{}`:                                             "RECORD_FIELD_REQUIRED at budget; RECORD_FIELD_REQUIRED at site",
		`{"site":"x","budget":-1}`:                       "RECORD_RULE_BROKEN at budget; RECORD_RULE_BROKEN at site",
		`{"site":"ab","budget":"1"}`:                     "RECORD_FIELD_TYPE at budget",
		`{"site":"ab","budget":1,"sitee":1}`:             "RECORD_FIELD_UNKNOWN at sitee",
		`{"site":"ab","budget":0.001}`:                   "RECORD_RULE_BROKEN at budget",
		`{"site":"ab","budget":1,"kind":"C"}`:            "RECORD_RULE_BROKEN at kind",
		`{"site":"ab","budget":1,"on":"2026-02-30"}`:     "RECORD_RULE_BROKEN at on",
		`{"site":"ab","budget":1,"code":"A"}`:            "RECORD_RULE_BROKEN at code",
		`{"site":"ab","budget":1,"either":5}`:            "RECORD_RULE_BROKEN at either",
		`{"site":"ab","budget":1,"rows":[{},{"n":1.5}]}`: "RECORD_FIELD_TYPE at rows.1.n",
		`{"site":"ab","budget":1,"rows":[{"m":1}]}`:      "RECORD_FIELD_UNKNOWN at rows.0.m",
	} {
		r, err := record.Parse(record.JSON(in))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.Validate(r); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	r, _ := record.Parse(`{"site":"ab","budget":1,"kind":"C"}`)
	if f := fault.Of(s.Validate(r)); f.Params["rule"] != "enum" || f.Params["want"] != "A, B" {
		t.Errorf("got %v", f.Params)
	}
	r, _ = record.Parse(`{"site":"ab","budget":0.001}`)
	if f := fault.Of(s.Validate(r)); f.Params["rule"] != "multipleOf" || f.Params["want"] != "0.01" {
		t.Errorf("got %v", f.Params)
	}
}

// The widest schema that is let through, held against the largest record that it is held against, takes no longer than
// a person waits.
func TestValidationHasABound(t *testing.T) {
	alternatives := strings.TrimSuffix(strings.Repeat(`{"required":["never"]},`, 1900), ",")
	s := compiled(t, shut(`"a":{"type":"array","items":{"anyOf":[`+alternatives+`]}}`))
	r, err := record.Parse(record.JSON(`{"a":[` + strings.TrimSuffix(strings.Repeat("1,", 15_000), ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(r); !fault.Is(err, record.CodeCostly) {
		t.Errorf("got %v", err)
	}
	words := compiled(t, shut(`"a":{"allOf":[`+strings.TrimSuffix(strings.Repeat(`{"pattern":"^(x+x+)+y$"},`, 900), ",")+`]}`))
	long, err := record.Parse(record.JSON(`{"a":"` + strings.Repeat("x", 200_000) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := words.Validate(long); !fault.Is(err, record.CodeCostly) {
		t.Errorf("got %v", err)
	}
}

func TestADeclaredFieldIsOneThatTheSchemaDescribes(t *testing.T) {
	s := compiled(t, `{"type":"object","additionalProperties":false,"properties":{"site":{"type":["string","null"]},"money":{"$ref":"#/$defs/money"},
		"when":{"type":"string","format":"date"},"at":{"type":"string","format":"date-time"},"yes":{"type":"boolean"},"kind":{"enum":["A",null]},
		"list":{"type":"array","items":{"type":"string"}},"any":{},"half":{"allOf":[{"properties":{"n":{"type":"integer"}}}],"type":"object"}},
		"$defs":{"money":{"type":"object","properties":{"total":{"type":"number"},"a/b":{"type":"integer"}}}}}`)
	for path, tt := range map[record.Pointer]struct {
		is   record.Type
		code fault.Code
	}{
		"/site": {record.String, ""}, "/money/total": {record.Number, ""}, "/money/a~1b": {record.Integer, ""}, "/when": {record.Date, ""},
		"/at": {record.DateTime, ""}, "/yes": {record.Boolean, ""}, "/kind": {record.String, ""}, "/half/n": {record.Number, ""},
		"/sight": {record.String, record.CodeNoField}, "/money/none": {record.Number, record.CodeNoField}, "/site/x": {record.String, record.CodeNoField},
		"/list/0": {record.String, record.CodeNoField}, "/list": {record.String, record.CodeFieldType}, "/any": {record.String, record.CodeFieldType},
		"/money": {record.Number, record.CodeFieldType}, "/money/": {record.Number, record.CodePointer}, "site": {record.String, record.CodePointer},
		"": {record.String, record.CodePointer}, "/a.b": {record.String, record.CodePointer}, "/$x": {record.String, record.CodePointer},
	} {
		err := s.Describes(record.Field{Path: path, Type: tt.is})
		if tt.code == "" && err != nil || tt.code != "" && !fault.Is(err, tt.code) {
			t.Errorf("%q as %s: got %v, want %q", path, tt.is, err, tt.code)
		}
	}
	for _, f := range []record.Field{{Path: "/money/total", Type: record.Integer}, {Path: "/site", Type: record.Date}, {Path: "/when", Type: record.DateTime}, {Path: "/yes", Type: record.String}} {
		if err := s.Describes(f); !fault.Is(err, record.CodeFieldType) {
			t.Errorf("%v: got %v", f, err)
		}
	}
}

// Whatever two numbers a record may have, they sort as their keys do.
func TestKeysSortAsValuesDo(t *testing.T) {
	field := record.Field{Path: "/n", Type: record.Number}
	numbers := rapid.OneOf(rapid.Map(rapid.Int64Range(-1<<53+1, 1<<53-1), func(n int64) float64 { return float64(n) }),
		rapid.Map(rapid.IntRange(-1_000_000, 1_000_000), func(n int) float64 { return float64(n) / 1000 }))
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		x, y := keyOf(t, field, map[string]any{"n": a}), keyOf(t, field, map[string]any{"n": b})
		if (a < b) != (x < y) || (a == b) != (x == y) {
			t.Fatalf("%v and %v have the keys %s and %s", a, b, x, y)
		}
	})
	for typ, in := range map[record.Type][]string{
		record.Number:   {`-1e3`, `-2.5`, `-2`, `-0`, `0.001`, `1`, `1.50`, `10`, `9007199254740991`},
		record.Boolean:  {`false`, `true`},
		record.Date:     {`"1999-12-31"`, `"2026-01-02"`, `"2026-11-26"`},
		record.DateTime: {`"2026-01-01T08:00:00+08:00"`, `"2026-01-01T00:00:00.5Z"`, `"2026-01-01T00:00:01Z"`},
		record.String:   {`""`, `"a"`, `"ab"`, `"b"`, `"社"`},
	} {
		last := ""
		for i, one := range in {
			r, err := record.Parse(record.JSON(`{"n":` + one + `}`))
			if err != nil {
				t.Fatal(err)
			}
			key, ok, err := r.Key(record.Field{Path: "/n", Type: typ})
			if err != nil || !ok || i > 0 && key <= last {
				t.Errorf("%s %s: got %q, %t, %v behind %q", typ, one, key, ok, err, last)
			}
			last = key
		}
	}
	zero, _ := record.Parse(`{"n":-0}`)
	plus, _ := record.Parse(`{"n":0.0}`)
	a, _, _ := zero.Key(field)
	b, _, _ := plus.Key(field)
	if a != b {
		t.Errorf("the two zeros are %s and %s", a, b)
	}
}

func keyOf(t *rapid.T, f record.Field, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Parse(record.JSON(raw))
	if err != nil {
		t.Fatal(err)
	}
	key, ok, err := r.Key(f)
	if err != nil || !ok {
		t.Fatalf("%s: %t, %v", raw, ok, err)
	}
	return key
}

func TestATextByWhichRecordsAreFoundHasABound(t *testing.T) {
	r, err := record.Parse(record.JSON(`{"a":{"b":"` + strings.Repeat("x", record.MaxIndexed+1) + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = r.Key(record.Field{Path: "/a/b", Type: record.String})
	if f := fault.Of(err); f.Code != fault.CodeTooLong || strings.Join(f.Path, ".") != "a.b" {
		t.Errorf("got %v", err)
	}
}

func TestRecordsMoveByDeclaredSteps(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		step     record.Step
		code     fault.Code
	}{
		{`{"b":1,"a":2}`, `{"c":1,"a":2}`, record.Step{Do: record.Rename, Path: "/b", Key: "c"}, ""},
		{`{"a":2}`, `{"a":2}`, record.Step{Do: record.Rename, Path: "/b", Key: "c"}, ""},
		{`{"b":1,"c":2}`, ``, record.Step{Do: record.Rename, Path: "/b", Key: "c"}, record.CodeStep},
		{`{"b":{"x":1},"a":2}`, `{"b":{},"a":2,"new":{"at":1}}`, record.Step{Do: record.Move, Path: "/b/x", To: "/new/at"}, ""},
		{`{"b":1,"new":5}`, ``, record.Step{Do: record.Move, Path: "/b", To: "/new/at"}, record.CodeStep},
		{`{"a":1}`, `{"a":1,"b":{"c":"x"}}`, record.Step{Do: record.SetDefault, Path: "/b/c", Value: `"x"`}, ""},
		{`{"a":null}`, `{"a":null}`, record.Step{Do: record.SetDefault, Path: "/a", Value: `1`}, ""},
		{`{"a":1,"b":2}`, `{"b":2}`, record.Step{Do: record.Remove, Path: "/a"}, ""},
		{`{"a":"12.50"}`, `{"a":12.50}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Number)}, ""},
		{`{"a":" 12 "}`, `{"a":12}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Integer)}, ""},
		{`{"a":12.0}`, `{"a":12}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Integer)}, ""},
		{`{"a":12.5}`, ``, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Integer)}, record.CodeStep},
		{`{"a":"twelve"}`, ``, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Number)}, record.CodeStep},
		{`{"a":{}}`, ``, record.Step{Do: record.Convert, Path: "/a", Type: new(record.String)}, record.CodeStep},
		{`{"a":12.50}`, `{"a":"12.50"}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.String)}, ""},
		{`{"a":"true"}`, `{"a":true}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Boolean)}, ""},
		{`{"a":null}`, `{"a":null}`, record.Step{Do: record.Convert, Path: "/a", Type: new(record.Boolean)}, ""},
		{`{"a":"low"}`, `{"a":1}`, record.Step{Do: record.MapValues, Path: "/a", Map: []record.Mapping{{From: `"high"`, To: `2`}, {From: `"low"`, To: `1`}}}, ""},
		{`{"a":"else"}`, `{"a":"else"}`, record.Step{Do: record.MapValues, Path: "/a", Map: []record.Mapping{{From: `"low"`, To: `1`}}}, ""},
	} {
		if err := tt.step.Check(); err != nil {
			t.Fatalf("%v: %v", tt.step, err)
		}
		r, err := record.Parse(record.JSON(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Migrate([]record.Step{tt.step})
		switch {
		case tt.code != "" && !fault.Is(err, tt.code), tt.code == "" && (err != nil || string(got.JSON()) != tt.want):
			t.Errorf("%s by %v: got %v, %v", tt.in, tt.step, got, err)
		case string(r.JSON()) != tt.in:
			t.Errorf("%s by %v: the record itself became %s", tt.in, tt.step, r.JSON())
		}
	}
	for _, bad := range []record.Step{
		{Do: record.Rename, Path: "/a", Key: "$b"},
		{Do: record.Rename, Path: "a", Key: "b"},
		{Do: record.Move, Path: "/a", To: "/a/b"},
		{Do: record.Move, Path: "/a"},
		{Do: record.SetDefault, Path: "/a"},
		{Do: record.Convert, Path: "/a", Type: new(record.Date)},
		{Do: record.MapValues, Path: "/a"},
		{Do: record.MapValues, Path: "/a", Map: []record.Mapping{{From: "1", To: "2"}, {From: "1", To: "3"}}},
		{Do: record.Remove, Path: ""},
	} {
		if bad.Check() == nil {
			t.Errorf("%v is let through", bad)
		}
	}
}
