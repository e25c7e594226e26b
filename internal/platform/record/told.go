package record

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	broke "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// gather makes faults of what the library found, each at its place in the record. Of alternatives none of which fits it
// tells that none does, and not what is wrong with each.
func gather(into *fault.List, e *jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *broke.Schema, *broke.Group, *broke.Reference, *broke.AllOf:
		for _, c := range e.Causes {
			gather(into, c)
		}
		return
	}
	for _, f := range faultsOf(e.ErrorKind) {
		*into = append(*into, f.At(slices.Clone(e.InstanceLocation)...))
	}
}

func faultsOf(k jsonschema.ErrorKind) []*fault.Fault {
	switch x := k.(type) {
	case *broke.Required:
		return forEach(x.Missing, func(f string) *fault.Fault { return fault.New(fault.Invalid, CodeRequired, "field", f).At(f) })
	case *broke.DependentRequired:
		return forEach(x.Missing, func(f string) *fault.Fault { return fault.New(fault.Invalid, CodeRequired, "field", f).At(f) })
	case *broke.AdditionalProperties:
		return forEach(x.Properties, unknown)
	case *broke.FalseSchema:
		return []*fault.Fault{fault.New(fault.Invalid, CodeRule, "rule", "false", "want", "")}
	case *broke.Type:
		return []*fault.Fault{fault.New(fault.Invalid, CodeType, "want", strings.Join(x.Want, ", "), "got", x.Got)}
	}
	rule, want := ruleOf(k)
	return []*fault.Fault{fault.New(fault.Invalid, CodeRule, "rule", rule, "want", want)}
}

func unknown(f string) *fault.Fault {
	return fault.New(fault.Invalid, CodeUnknown, "field", clipped(f)).At(clipped(f))
}

func forEach(of []string, one func(string) *fault.Fault) []*fault.Fault {
	out := make([]*fault.Fault, 0, len(of))
	for _, f := range of {
		out = append(out, one(f))
	}
	return out
}

// ruleOf is the keyword that was broken and what it asks for.
func ruleOf(k jsonschema.ErrorKind) (rule, want string) {
	path := k.KeywordPath()
	if len(path) > 0 {
		rule = path[len(path)-1]
	}
	if _, ok := k.(*broke.Not); ok {
		rule = "not"
	}
	v := reflect.ValueOf(k)
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if f := v.Elem().FieldByName("Want"); f.IsValid() {
			return rule, shown(f.Interface())
		}
	}
	return rule, ""
}

// shown is what a rule asks for, as its author wrote it.
func shown(v any) string {
	switch x := v.(type) {
	case string:
		return clipped(x)
	case int:
		return strconv.Itoa(x)
	case *big.Rat:
		if x.IsInt() {
			return x.Num().String()
		}
		return strings.TrimRight(x.FloatString(15), "0")
	case []any:
		words := make([]string, len(x))
		for i, e := range x {
			words[i] = shown(e)
		}
		return clipped(strings.Join(words, ", "))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return clipped(fmt.Sprint(v))
	}
	return clipped(string(raw))
}
