package record_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// deep is an object in an object, so many times.
func deep(n int) string { return strings.Repeat(`{"a":`, n) + `1` + strings.Repeat(`}`, n) }

func TestARecordIsRefusedWithThePathToWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		in   string
		code fault.Code
		path string
	}{
		{``, record.CodeNotJSON, ""},
		{`{`, record.CodeNotJSON, ""},
		{`{} {}`, record.CodeNotJSON, ""},
		{`{"a":{"b":NaN}}`, record.CodeNotJSON, "a.b"},
		{`{"a":[1,Infinity]}`, record.CodeNotJSON, "a.1"},
		{`{"a":{"b":-Infinity}}`, record.CodeNotJSON, "a.b"},
		{`{"a":01}`, record.CodeNotJSON, ""},
		{`[]`, record.CodeNotObject, ""},
		{`"text"`, record.CodeNotObject, ""},
		{`{"a":9007199254740992}`, record.CodeNumber, "a"},
		{`{"a":[0,-9007199254740992]}`, record.CodeNumber, "a.1"},
		{`{"a":1e400}`, record.CodeNumber, "a"},
		{`{"a":1e999999999}`, record.CodeNumber, "a"},
		{`{"a":1e-999999999}`, record.CodeNumber, "a"},
		{`{"a":0.1234567890123456}`, record.CodeNumber, "a"},
		{`{"a":9007199254740993.0}`, record.CodeNumber, "a"},
		{`{"a":{"$where":1}}`, fault.CodeBadKey, "a"},
		{`{"$":1}`, fault.CodeBadKey, ""},
		{`{"a.b":1}`, fault.CodeBadKey, ""},
		{`{"":1}`, fault.CodeBadKey, ""},
		{`{"a\u0000b":1}`, fault.CodeBadKey, ""},
		{`{"` + strings.Repeat("k", 101) + `":1}`, fault.CodeBadKey, ""},
		{`{"a":"x\u0000"}`, fault.CodeControl, "a"},
		{`{"a":1,"b":{"c":1,"c":2}}`, fault.CodeDuplicate, "b.c"},
		{"{\"a\":\"\xff\"}", fault.CodeNotUTF8, ""},
		{deep(record.MaxDepth + 1), fault.CodeTooDeep, strings.TrimSuffix(strings.Repeat("a.", record.MaxDepth), ".")},
		{`{"a":[` + strings.Repeat("1,", record.MaxNodes) + `1]}`, fault.CodeTooMany, ""},
		{`{"a":"` + strings.Repeat("x", 17<<20) + `"}`, record.CodeTooLarge, ""},
	} {
		_, err := record.Parse(record.JSON(tt.in))
		f := fault.Of(err)
		at := strings.Join(f.Path, ".")
		if tt.code == fault.CodeTooMany { // wherever it was noticed
			at = ""
		}
		if err == nil || f.Code != tt.code || at != tt.path {
			t.Errorf("%.40s: got %v, want %s at %q", tt.in, err, tt.code, tt.path)
		}
	}
	for _, in := range []string{
		`{}`, `{"z":1,"a":-0,"m":[null,true,1.50,1e3,9007199254740991,-9007199254740991]}`, deep(record.MaxDepth), `{"共建":"社区 & <b>"}`,
	} {
		if r, err := record.Parse(record.JSON(in)); err != nil || string(r.JSON()) != in {
			t.Errorf("%.60s came back as %v, %v", in, r, err)
		}
	}
}

func TestKeysKeepTheirOrderAndNumbersTheirForm(t *testing.T) {
	var j record.JSON
	if err := j.UnmarshalGQL("{ \"z\": 1.50,\n \"a\": {\"y\": 1E2, \"b\": -0} }"); err != nil {
		t.Fatal(err)
	}
	r, err := record.Parse(j)
	if err != nil || r.JSON() != `{"z":1.50,"a":{"y":1E2,"b":-0}}` {
		t.Errorf("got %s, %v", r.JSON(), err)
	}
	if err := j.UnmarshalGQL(map[string]any{"b": json.Number("1.50"), "a": []any{nil, true, "x", int64(3)}}); err != nil {
		t.Fatal(err)
	}
	if j != `{"a":[null,true,"x",3],"b":1.50}` {
		t.Errorf("a value without an order became %s", j)
	}
}

// values draws a JSON value of keys and numbers that a record may have.
func values(depth int) *rapid.Generator[any] {
	plain := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-1<<53+1, 1<<53-1), func(n int64) any { return n }),
		rapid.Map(rapid.StringMatching(`[a-z社区 ]{0,8}`), func(s string) any { return s }))
	if depth == 0 {
		return plain
	}
	return rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(values(depth-1), 0, 3), func(l []any) any { return l }),
		rapid.Map(objects(depth-1), func(m map[string]any) any { return m }))
}

func objects(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.StringMatching(`[a-d]`), values(depth), 0, 4)
}

func parsed(t interface{ Fatal(...any) }, v any) *record.Record {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Parse(record.JSON(raw))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same(a record.JSON, b any) bool {
	var x, y any
	raw, _ := json.Marshal(b)
	_ = json.Unmarshal([]byte(a), &x)
	_ = json.Unmarshal(raw, &y)
	one, _ := json.Marshal(x)
	two, _ := json.Marshal(y)
	return string(one) == string(two)
}

// merged is RFC 7396 as its own text says it.
func merged(target any, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	was, _ := target.(map[string]any)
	out := map[string]any{}
	maps.Copy(out, was)
	for k, v := range p {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = merged(out[k], v)
		}
	}
	return out
}

func TestAMergeDoesWhatItsStandardSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, patch := objects(2).Draw(t, "record"), objects(2).Draw(t, "patch")
		raw, _ := json.Marshal(patch)
		got, err := parsed(t, was).Merge(record.JSON(raw))
		if err != nil || !same(got.JSON(), merged(was, patch)) {
			t.Fatalf("%v merged with %s is %v, %v", was, raw, got, err)
		}
	})
}

func TestAPatchIsDoneWhollyOrNotAtAll(t *testing.T) {
	was, err := record.Parse(`{"b":1.50,"a":{"list":[1,2],"~/":"x"}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		patch, want string
		code        fault.Code
		path        string
	}{
		{`[{"op":"add","path":"/a/list/-","value":3},{"op":"replace","path":"/b","value":2.0},{"op":"remove","path":"/a/~0~1"}]`, `{"b":2.0,"a":{"list":[1,2,3]}}`, "", ""},
		{`[{"op":"move","from":"/b","path":"/c"},{"op":"copy","from":"/a/list","path":"/d"}]`, `{"a":{"list":[1,2],"~/":"x"},"c":1.50,"d":[1,2]}`, "", ""},
		{`[{"op":"test","path":"/b","value":1.5}]`, `{"b":1.50,"a":{"list":[1,2],"~/":"x"}}`, "", ""},
		{`[{"op":"remove","path":"/b"},{"op":"test","path":"/a/list/0","value":2}]`, "", record.CodePatch, "1"},
		{`[{"op":"remove","path":"/nowhere"}]`, "", record.CodePatch, "0"},
		{`[{"op":"replace","path":"/a/list/7","value":1}]`, "", record.CodePatch, "0"},
		{`[{"op":"leap","path":"/b"}]`, "", record.CodePatchForm, "0.op"},
		{`[{"op":"add","path":"/c"}]`, "", record.CodePatchForm, "0.value"},
		{`[{"op":"add","path":"c","value":1}]`, "", record.CodePatchForm, "0.path"},
		{`[{"op":"move","path":"/c"}]`, "", record.CodePatchForm, "0.from"},
		{`[{"op":"move","from":"/a","path":"/a/list"}]`, "", record.CodePatch, "0"},
		{`[{"op":"remove","path":""}]`, "", record.CodePatch, "0"},
		{`[{"op":"add","path":"/a/list/01","value":1}]`, "", record.CodePatch, "0"},
		{`[5]`, "", record.CodePatchForm, "0"},
		{`{"op":"add"}`, "", record.CodePatchForm, ""},
		{`[{"op":"add","path":"/$x","value":1}]`, "", fault.CodeBadKey, ""},
		{`[{"op":"add","path":"/a","value":1,"value":2}]`, "", fault.CodeDuplicate, "0.value"},
		{`[{"op":"replace","path":"","value":[1]}]`, "", record.CodeNotObject, ""},
		{`[` + strings.TrimSuffix(strings.Repeat(`{"op":"test","path":"/b","value":1.5},`, 201), ",") + `]`, "", fault.CodeTooMany, ""},
	} {
		got, err := was.Patch(record.JSON(tt.patch))
		if tt.code == "" {
			if err != nil || string(got.JSON()) != tt.want {
				t.Errorf("%.60s: got %v, %v", tt.patch, got, err)
			}
			continue
		}
		if f := fault.Of(err); err == nil || f.Code != tt.code || strings.Join(f.Path, ".") != tt.path {
			t.Errorf("%.60s: got %v, want %s at %q", tt.patch, err, tt.code, tt.path)
		}
	}
	if was.JSON() != `{"b":1.50,"a":{"list":[1,2],"~/":"x"}}` {
		t.Errorf("the record itself became %s", was.JSON())
	}
}

func TestAPatchThatCopiesItselfIsStoppedByItsSize(t *testing.T) {
	was, err := record.Parse(`{"a":["` + record.JSON(strings.Repeat("x", 1000)) + `"]}`)
	if err != nil {
		t.Fatal(err)
	}
	bomb := strings.TrimSuffix(strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 14), ",")
	if _, err := was.Patch(record.JSON(`[` + bomb + `]`)); !fault.Is(err, record.CodeTooLarge) && !fault.Is(err, fault.CodeTooDeep) {
		t.Errorf("got %v", err)
	}
}

// Everything but tests, which the other one decides by how numbers are written, and does not survive where a null is.
func TestAPatchDoesWhatAnotherProgramDoes(t *testing.T) {
	step := rapid.SampledFrom([]string{"a", "b", "c", "0", "1", "-"})
	path := rapid.Map(rapid.SliceOfN(step, 1, 3), func(s []string) string { return "/" + strings.Join(s, "/") })
	rapid.Check(t, func(t *rapid.T) {
		was := objects(2).Draw(t, "record")
		var ops []map[string]any
		for range rapid.IntRange(1, 4).Draw(t, "ops") {
			ops = append(ops, map[string]any{
				"op": rapid.SampledFrom([]string{"add", "remove", "replace", "move", "copy"}).Draw(t, "op"), "path": path.Draw(t, "path"),
				"from": path.Draw(t, "from"), "value": values(1).Draw(t, "value"),
			})
		}
		raw, _ := json.Marshal(ops)
		doc, _ := json.Marshal(was)
		got, err := parsed(t, was).Patch(record.JSON(raw))
		other, oerr := jsonpatch.DecodePatch(raw)
		if oerr != nil {
			t.Fatal(oerr)
		}
		o := jsonpatch.NewApplyOptions()
		o.SupportNegativeIndices = false
		want, oerr := other.ApplyWithOptions(doc, o)
		if (err == nil) != (oerr == nil) {
			t.Fatalf("%s by %s: %v, and the other says %v", doc, raw, err, oerr)
		}
		if err == nil && !same(got.JSON(), json.RawMessage(want)) {
			t.Fatalf("%s by %s is %s, and the other says %s", doc, raw, got.JSON(), want)
		}
	})
}

func FuzzARecordComesBackAsItWent(f *testing.F) {
	for _, s := range []string{`{}`, `{"b":1.50,"a":[1e2,"\ud83d\ude00",{"c":null}]}`, `{"a":1e400}`, `{"$":1}`, `{"a":1,"a":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := record.Parse(record.JSON(s))
		if err != nil {
			return
		}
		again, err := record.Parse(r.JSON())
		if err != nil || again.JSON() != r.JSON() || !json.Valid([]byte(r.JSON())) {
			t.Fatalf("%q came back as %v, %v", r.JSON(), again, err)
		}
	})
}

func TestAValueIsReadFromJSONAsItWasWritten(t *testing.T) {
	const text = `{"record":{"b": 1.50,"a":["x",null,true]}}`
	var in struct {
		Record record.JSON `json:"record"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.Record != `{"b": 1.50,"a":["x",null,true]}` {
		t.Errorf("read as %s, %v", in.Record, err)
	}
	out, err := json.Marshal(in)
	if want := `{"record":{"b":1.50,"a":["x",null,true]}}`; err != nil || string(out) != want {
		t.Errorf("written as %s, %v", out, err)
	}
}
