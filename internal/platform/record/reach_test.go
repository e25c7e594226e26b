package record_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// rename, move, remove, fill and turn are steps in a few words.
func rename(path record.Pointer, key string) record.Step {
	return record.Step{Do: record.Rename, Path: path, Key: key}
}

func move(path, to record.Pointer) record.Step {
	return record.Step{Do: record.Move, Path: path, To: to}
}
func remove(path record.Pointer) record.Step { return record.Step{Do: record.Remove, Path: path} }
func fill(path record.Pointer, v record.JSON) record.Step {
	return record.Step{Do: record.SetDefault, Path: path, Value: v}
}

func turn(path record.Pointer) record.Step {
	return record.Step{Do: record.Convert, Path: path, Type: new(record.String)}
}

func mapped(path record.Pointer, to record.JSON) record.Step {
	return record.Step{Do: record.MapValues, Path: path, Map: []record.Mapping{{From: `1`, To: to}}}
}

// forms are two versions: the site becomes a place, the area lies in an object of its own, and money is open.
func forms(t testing.TB) (before, after *record.Schema) {
	t.Helper()
	before = compiled(t, `{"type":"object","additionalProperties":false,"properties":{"site":{"type":"string"},"area":{"type":"number"},
		"effort":`+shut(`"hours":{"type":"number"},"by":{"type":"string"}`)+`,"money":{"type":"object","properties":{"total":{}}},
		"list":{"type":"array","items":{"type":"object"}},"any":true,"none":false,"led":{"$ref":"#/$defs/led"},
		"x":{"type":"object","patternProperties":{"^p_":{"type":"integer"}},"additionalProperties":false}},
		"$defs":{"led":`+shut(`"a/b":{"type":"integer"}`)+`}}`)
	after = compiled(t, shut(`"place":{"type":"string"},"size":`+shut(`"area":{"type":"number"}`)+`,"state":{"type":"string"},"money":{"type":"object"},"effort":{}`))
	return before, after
}

func TestAStepWhosePathTheSchemasDoNotKnowIsRefused(t *testing.T) {
	before, after := forms(t)
	for name, tt := range map[string]struct {
		steps []record.Step
		code  fault.Code
		at    string
	}{
		"a key that is given another name": {[]record.Step{rename("/site", "place")}, "", ""},
		"a mistyped path":                  {[]record.Step{rename("/sight", "place")}, record.CodeStepNowhere, "0.path"},
		"a mistyped path below":            {[]record.Step{move("/effort/hour", "/size/area")}, record.CodeStepNowhere, "0.path"},
		"below what has no parts":          {[]record.Step{remove("/site/x")}, record.CodeStepNowhere, "0.path"},
		"within a list":                    {[]record.Step{remove("/list/0")}, record.CodeStepNowhere, "0.path"},
		"what nothing fits":                {[]record.Step{remove("/none")}, record.CodeStepNowhere, "0.path"},
		"what a reference describes":       {[]record.Step{remove("/led/a~1b")}, "", ""},
		"what a reference does not":        {[]record.Step{remove("/led/a")}, record.CodeStepNowhere, "0.path"},
		"a key of a pattern":               {[]record.Step{remove("/x/p_1")}, "", ""},
		"a key of no pattern":              {[]record.Step{remove("/x/q_1")}, record.CodeStepNowhere, "0.path"},
		"where other keys may be":          {[]record.Step{remove("/money/tips"), remove("/any/a/b")}, "", ""},
		"a mistyped target":                {[]record.Step{move("/area", "/sise/area")}, record.CodeNoField, "0.to"},
		"a mistyped target below":          {[]record.Step{move("/area", "/size/aria")}, record.CodeNoField, "0.to"},
		"a mistyped key":                   {[]record.Step{rename("/site", "plaze")}, record.CodeNoField, "0.key"},
		"a default for nothing":            {[]record.Step{fill("/stat", `"x"`)}, record.CodeNoField, "0.path"},
		"a default where keys are free":    {[]record.Step{fill("/money/paid", `0`)}, "", ""},

		"by way of other places": {[]record.Step{rename("/area", "tmp"), turn("/tmp"), move("/tmp", "/size/area")}, "", ""},
		"what was moved away":    {[]record.Step{rename("/site", "place"), turn("/site")}, record.CodeStepNowhere, "1.path"},
		"what was taken away":    {[]record.Step{remove("/effort"), move("/effort/by", "/place")}, record.CodeStepNowhere, "1.path"},
		"what lay within":        {[]record.Step{rename("/effort", "w"), move("/w/by", "/place"), remove("/w")}, "", ""},
		"the object on the way":  {[]record.Step{move("/area", "/s/area"), rename("/s", "size")}, "", ""},
		"what a default put":     {[]record.Step{fill("/state/now", `"x"`), move("/state/now", "/place"), remove("/state")}, "", ""},
		"within a default":       {[]record.Step{fill("/d", `{"p":"x"}`), move("/d/p", "/place"), remove("/d")}, "", ""},
		"not within a default":   {[]record.Step{fill("/d", `{"p":"x"}`), move("/d/q", "/place"), remove("/d")}, record.CodeStepNowhere, "1.path"},
		"within another value":   {[]record.Step{mapped("/area", `{"p":"x"}`), move("/area/p", "/place"), remove("/area")}, "", ""},
		"led astray at the end":  {[]record.Step{rename("/site", "place"), move("/place", "/size/at")}, record.CodeNoField, "0.key"},
		"two of three":           {[]record.Step{rename("/sight", "place"), turn("/area"), move("/area", "/size")}, record.CodeStepNowhere, "0.path"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range tt.steps {
				if err := s.Check(); err != nil {
					t.Fatal(err)
				}
			}
			err := record.Reach(tt.steps, before, after)
			if f := fault.Of(err); tt.code == "" && err != nil || tt.code != "" && (f.Code != tt.code || strings.Join(f.Path, ".") != tt.at) {
				t.Errorf("got %v, want %q at %q", err, tt.code, tt.at)
			}
		})
	}
}

func TestOfWhatASchemaLeavesOpenNothingIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		schema string
		admits bool
	}{
		"one of several":              {`{"type":"object","unevaluatedProperties":false,"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}`, true},
		"by a condition":              {`{"type":"object","unevaluatedProperties":false,"if":{"required":["c"]},"then":{"properties":{"a":{}}},"properties":{"c":{}}}`, true},
		"by all of its parts":         {`{"type":"object","unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]}`, true},
		"by none of its parts":        {`{"type":"object","unevaluatedProperties":false,"allOf":[{"properties":{"b":{}}}]}`, false},
		"closed by one of its parts":  {`{"type":"object","unevaluatedProperties":false,"properties":{"a":{}},"allOf":[{"additionalProperties":false,"properties":{"b":{}}}]}`, false},
		"a rule for all other keys":   {`{"type":"object","unevaluatedProperties":false,"additionalProperties":{"type":"integer"}}`, true},
		"no type, and keys described": {`{"type":"object","unevaluatedProperties":false,"properties":{"a":{"properties":{"b":{}}}}}`, true},
	} {
		s := compiled(t, tt.schema)
		if err := record.Reach([]record.Step{remove("/a")}, s, s); (err == nil) != tt.admits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever the steps are: what is refused as doing nothing does nothing to any record that fits, and what is refused as
// undescribed leads to no record that fits the next version.
func TestNoStepIsRefusedThatDoesSomething(t *testing.T) {
	before := compiled(t, shut(`"a":{},"b":`+shut(`"a":{"type":"integer"},"c":{}`)+`,"c":{"type":"object"}`))
	after := compiled(t, shut(`"a":{},"c":`+shut(`"a":{},"b":{}`)))
	key := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	path := rapid.Map(rapid.SliceOfN(key, 1, 3), func(s []string) record.Pointer { return record.Pointer("/" + strings.Join(s, "/")) })
	rapid.Check(t, func(t *rapid.T) {
		was := map[string]any{}
		if rapid.Bool().Draw(t, "has a") {
			was["a"] = values(2).Draw(t, "a")
		}
		if rapid.Bool().Draw(t, "has b") {
			was["b"] = map[string]any{"a": rapid.IntRange(0, 2).Draw(t, "b/a"), "c": values(1).Draw(t, "b/c")}
		}
		if rapid.Bool().Draw(t, "has c") {
			was["c"] = objects(1).Draw(t, "c")
		}
		var steps []record.Step
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			s := record.Step{
				Do: rapid.SampledFrom(record.Dos()).Draw(t, "do"), Path: path.Draw(t, "path"), To: path.Draw(t, "to"), Key: key.Draw(t, "key"),
				Value: `{"a":1,"b":{"c":2}}`, Type: new(record.String), Map: []record.Mapping{{From: `1`, To: `{"d":{}}`}},
			}
			if s.Check() == nil {
				steps = append(steps, s)
			}
		}
		r := parsed(t, was)
		if err := before.Validate(r); err != nil {
			t.Fatal(err)
		}
		faults := fault.All(record.Reach(steps, before, after))
		refused := func(i int, code fault.Code) bool {
			return slices.ContainsFunc(faults, func(f *fault.Fault) bool { return f.Path[0] == strconv.Itoa(i) && f.Code == code })
		}
		whole, err := r.Migrate(steps)
		fits := err == nil && after.Validate(whole) == nil
		for i, s := range steps {
			then, err := r.Migrate(steps[:i])
			if err != nil {
				break
			}
			if there(t, then, s.Path) && refused(i, record.CodeStepNowhere) {
				t.Fatalf("%s by %v: step %d finds something in %s, and is refused", r.JSON(), steps, i, then.JSON())
			}
			next, err := r.Migrate(steps[:i+1])
			if fits && err == nil && next.JSON() != then.JSON() && refused(i, record.CodeNoField) {
				t.Fatalf("%s by %v becomes %s, which fits, and step %d is refused", r.JSON(), steps, whole.JSON(), i)
			}
		}
	})
}

// there says whether a record has anything at a place.
func there(t interface{ Fatal(...any) }, r *record.Record, at record.Pointer) bool {
	var v any
	if err := json.Unmarshal([]byte(r.JSON()), &v); err != nil {
		t.Fatal(err)
	}
	for _, s := range at.Steps() {
		m, _ := v.(map[string]any)
		var ok bool
		if v, ok = m[s]; !ok {
			return false
		}
	}
	return true
}
