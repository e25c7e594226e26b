package record

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// many is a text so many times, with commas between.
func many(n int, of func(i int) string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = of(i)
	}
	return strings.Join(out, ",")
}

func same(s string) func(int) string { return func(int) string { return s } }

// The worst that is permitted: the longest list whose price is within the bound, of each keyword that can be dear. It is
// what the units of work were chosen by; half a second is meant, and twice as much on a poor machine.
func BenchmarkTheWorstThatIsPermitted(b *testing.B) {
	counted := strconv.Itoa
	signs := func(i int) string {
		return "[" + many(14, func(bit int) string { return strconv.Itoa(i>>bit&1*2 - 1) }) + "]"
	}
	for _, tt := range []struct {
		name, rule string
		item       func(int) string
	}{
		{"alternatives", `"items":{"anyOf":[` + many(1500, same(`{"type":"string"}`)) + `]}`, same(`1`)},
		{"alternatives of objects", `"items":{"anyOf":[` + many(1500, same(`{"minProperties":1}`)) + `]}`, same(`{}`)},
		{"a far chain", `"items":` + strings.Repeat(`{"not":`, 35) + `{"allOf":[` + many(1000, same(`true`)) + `]}` + strings.Repeat(`}`, 35), same(`1`)},
		{"required", `"items":{"required":[` + many(4000, func(i int) string { return fmt.Sprintf(`"k%d"`, 9999-i) }) + `]}`, same(`{"a":1}`)},
		{"dependentRequired", `"items":{"dependentRequired":{"a":[` + many(4000, func(i int) string { return fmt.Sprintf(`"k%d"`, i) }) + `]}}`, same(`{"a":1}`)},
		{"enum of numbers", `"items":{"enum":[` + many(2000, counted) + `]}`, same(`-5.12345`)},
		{"enum of tiny numbers", `"items":{"enum":[` + many(500, func(i int) string { return fmt.Sprintf("%de-290", i+1) }) + `]}`, same(`-5.12345e-290`)},
		{"enum of texts", `"items":{"enum":[` + many(4000, func(i int) string { return fmt.Sprintf(`"k%05d"`, i) }) + `]}`, same(`"kabcde"`)},
		{"enum of lists", `"items":{"enum":[` + many(500, func(i int) string { return fmt.Sprintf(`[0,0,%d]`, i) }) + `]}`, same(`[0,0,-1]`)},
		{"multipleOf", `"items":{"allOf":[` + many(100, same(`{"multipleOf":0.01}`)) + `]}`, same(`1.015`)},
		{"tiny multipleOf", `"items":{"allOf":[` + many(100, same(`{"multipleOf":1.23456e-290}`)) + `]}`, same(`1.2345678912e-291`)},
		{"unevaluatedProperties", `"items":{"allOf":[` + many(100, same(`{"unevaluatedProperties":false}`)) + `]}`, same(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`)},
		{"unevaluatedItems", `"items":{"allOf":[` + many(100, same(`{"unevaluatedItems":false}`)) + `]}`, same(`[` + many(30, same(`1`)) + `]`)},
		{"propertyNames", `"items":{"propertyNames":{"allOf":[` + many(500, same(`{"maxLength":0}`)) + `]}}`, same(`{"a":1}`)},
		{"contains", `"allOf":[` + many(500, same(`{"contains":{"type":"string"}}`)) + `]`, same(`1`)},
		{"uniqueItems of signs", `"uniqueItems":true`, signs},
		{"uniqueItems of texts", `"allOf":[` + many(10, same(`{"uniqueItems":true}`)) + `]`, func(i int) string { return fmt.Sprintf(`"k%d"`, i) }},
		{"a pattern of short texts", `"items":{"pattern":"(?:\\pL{0,20}){20}!"}`, same(`"` + strings.Repeat("x", 20) + `"`)},
		{"a pattern of texts", `"items":{"pattern":"(?:\\pL{0,20}){20}!"}`, same(`"` + strings.Repeat("x", 500) + `"`)},
		{"a pattern of long texts", `"items":{"pattern":"(?:[\\pL]*){50}!"}`, same(`"` + strings.Repeat("x", 20_000) + `"`)},
		{"patterns of keys", `"items":{"patternProperties":{"(?:\\pL{0,20}){20}!":false}}`, same(`{"` + strings.Repeat("x", 90) + `":1}`)},
		{"texts that are patterns", `"items":{"format":"regex"}`, same(`"` + strings.Repeat(`\\PL`, 50) + `"`)},
		{"patterns without case", `"items":{"format":"regex"}`, same(`"(?i)[B-𞤀C-𞤀D-𞤀]"`)},
		{"lengths", `"items":{"allOf":[` + many(500, same(`{"maxLength":1}`)) + `]}`, same(`"` + strings.Repeat("语", 3000) + `"`)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s, err := Compile(JSON(`{"type":"object","additionalProperties":false,"properties":{"a":{` + tt.rule + `}}}`))
			if err != nil {
				b.Fatal(err)
			}
			list := func(n int) (*Record, error) { return Parse(JSON(`{"a":[` + many(n, tt.item) + `]}`)) }
			n := sort.Search(19_000, func(n int) bool {
				r, err := list(n + 1)
				return err != nil || s.costly(r.root)
			})
			r, err := list(n)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := s.Validate(r); fault.Is(err, CodeCostly) {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "items")
		})
	}
}

// Whatever a schema and a record say, to read the one and hold the other against it comes to an end without a panic.
func FuzzASchemaIsHeldAgainstWhateverComes(f *testing.F) {
	const closed = `{"type":"object","additionalProperties":false,`
	for schema, in := range map[string]string{
		closed + `"properties":{"a":{"$ref":"#/$defs"}},"$defs":{"items":5,"enum":{},"required":"x","allOf":{"b":1},"uniqueItems":true}}`: `{"a":[1,1]}`,
		closed + `"properties":{"a":{"$ref":"#/properties"},"pattern":{"type":"string","pattern":"^a"}}}`:                                 `{"a":{"pattern":"a"}}`,
		closed + `"properties":{"a":{"prefixItems":[true,{"format":"regex"}],"unevaluatedItems":false}}}`:                                 `{"a":[1,"(x",2]}`,
		closed + `"patternProperties":{"^x":{"dependencies":{"b":["c"],"d":{"required":["e"]}}}}}`:                                        `{"x1":{"b":1,"d":null}}`,
		closed + `"properties":{"a":{"if":{"const":[1,{"b":null}]},"then":{"propertyNames":{"maxLength":1}},"else":{"not":{}}}}}`:         `{"a":{"bb":1e-300}}`,
	} {
		f.Add(schema, in)
	}
	f.Fuzz(func(t *testing.T, schema, in string) {
		s, err := Compile(JSON(schema))
		if err != nil {
			return
		}
		r, err := Parse(JSON(in))
		if err != nil {
			return
		}
		if n := len(fault.All(s.Validate(r))); n > maxFaults {
			t.Errorf("%d faults are told", n)
		}
	})
}
