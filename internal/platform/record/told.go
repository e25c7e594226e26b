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
	"github.com/cobuild/cobuild/internal/platform/text"
)

// finding is one thing that the library found wrong: a rule at a place in the record, or at a key there.
type finding struct {
	code  fault.Code
	at    []string
	key   string
	keyed bool
	kind  jsonschema.ErrorKind
}

// step is one of the way to what is wrong.
func (f finding) step(i int) (string, bool) {
	switch {
	case i < len(f.at):
		return f.at[i], true
	case i == len(f.at) && f.keyed:
		return f.key, true
	}
	return "", false
}

// compare sorts findings by their place.
func (f finding) compare(o finding) int {
	for i := 0; ; i++ {
		a, more := f.step(i)
		b, others := o.step(i)
		switch {
		case !more && !others:
			return 0
		case !more:
			return -1
		case !others:
			return 1
		}
		if c := strings.Compare(a, b); c != 0 {
			return c
		}
	}
}

// findings are the first of what was found, by their place, and one of a sort at each. A record can be wrong in as many
// ways as it has values times what its schema asks: of all but these nothing is made.
type findings []finding

// gather takes up what the library found. Of alternatives none of which fits it tells that none does, and not what is
// wrong with each.
func (l *findings) gather(e *jsonschema.ValidationError) {
	f := finding{code: CodeRule, at: e.InstanceLocation, kind: e.ErrorKind}
	switch x := e.ErrorKind.(type) {
	case *broke.Schema, *broke.Group, *broke.Reference, *broke.AllOf:
		for _, c := range e.Causes {
			l.gather(c)
		}
		return
	case *broke.Required:
		f.code = CodeRequired
		l.addKeyed(f, x.Missing)
		return
	case *broke.DependentRequired:
		f.code = CodeRequired
		l.addKeyed(f, x.Missing)
		return
	case *broke.AdditionalProperties:
		f.code = CodeUnknown
		l.addKeyed(f, x.Properties)
		return
	case *broke.Type:
		f.code = CodeType
	}
	l.add(f)
}

func (l *findings) addKeyed(f finding, keys []string) {
	for _, k := range keys {
		f.key, f.keyed = k, true
		l.add(f)
	}
}

// add puts one in its place, unless there are enough before it or one of its sort is there.
func (l *findings) add(f finding) {
	i := len(*l)
	for i > 0 {
		c := f.compare((*l)[i-1])
		if c == 0 && (*l)[i-1].code == f.code {
			return
		}
		if c >= 0 {
			break
		}
		i--
	}
	for j := i - 1; j >= 0 && f.compare((*l)[j]) == 0; j-- {
		if (*l)[j].code == f.code {
			return
		}
	}
	if i < maxFaults {
		*l = slices.Insert((*l)[:min(len(*l), maxFaults-1)], i, f)
	}
}

// err makes faults of them.
func (l findings) err() error {
	var out fault.List
	for _, f := range l {
		out = append(out, f.fault().At(f.at...))
	}
	return out.Err()
}

// longest is how much of a key is told: more than any key of a record has.
const longest = 4 * MaxKey

func (f finding) fault() *fault.Fault {
	if f.keyed {
		key := text.Clip(f.key, longest)
		return fault.New(fault.Invalid, f.code, "field", key).At(key)
	}
	switch x := f.kind.(type) {
	case *broke.FalseSchema:
		return fault.New(fault.Invalid, CodeRule, "rule", "false", "want", "")
	case *broke.Type:
		return fault.New(fault.Invalid, CodeType, "want", strings.Join(x.Want, ", "), "got", x.Got)
	}
	rule, want := ruleOf(f.kind)
	return fault.New(fault.Invalid, CodeRule, "rule", rule, "want", want)
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

// shown is what a rule asks for, as its author wrote it, and of a long list the beginning.
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
		var words []string
		for size := 0; len(words) < len(x) && size <= most; size += len(words[len(words)-1]) {
			words = append(words, shown(x[len(words)]))
		}
		return clipped(strings.Join(words, ", "))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return clipped(fmt.Sprint(v))
	}
	return clipped(string(raw))
}
