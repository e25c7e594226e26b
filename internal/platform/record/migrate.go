package record

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Do is what a step of a migration does.
type Do string

// The steps.
const (
	Rename     Do = "RENAME"      // a key in its place
	Move       Do = "MOVE"        // a value to another place
	SetDefault Do = "SET_DEFAULT" // where there is nothing
	Remove     Do = "REMOVE"      // a value
	Convert    Do = "CONVERT"     // a value to another type
	MapValues  Do = "MAP_VALUES"  // a value to another one, by a list
)

// Dos are all of them.
func Dos() []Do { return []Do{Rename, Move, SetDefault, Remove, Convert, MapValues} }

// Step changes a record on its way from one version of a schema to the next. A step that finds nothing at its place does
// nothing, so that records which never had the field need no step of their own.
type Step struct {
	Do    Do        `bson:"do"`
	Path  Pointer   `bson:"path"`
	To    Pointer   `bson:"to,omitempty"`    // of MOVE, the place
	Key   string    `bson:"key,omitempty"`   // of RENAME, the new key
	Value JSON      `bson:"value,omitempty"` // of SET_DEFAULT
	Type  *Type     `bson:"type,omitempty"`  // of CONVERT
	Map   []Mapping `bson:"map,omitempty"`   // of MAP_VALUES
}

// Mapping says what a value becomes.
type Mapping struct {
	From JSON `bson:"from"`
	To   JSON `bson:"to"`
}

// Check refuses a step that says too little, or what makes no sense.
func (s Step) Check() error {
	var f fault.List
	f.Add(s.Path.Check(), "path")
	switch s.Do {
	case Rename:
		if !fitKey(s.Key) {
			f.Add(fault.New(fault.Invalid, CodeStepForm, "do", s.Do, "want", "key"), "key")
		}
	case Move:
		f.Add(s.To.Check(), "to")
		if strings.HasPrefix(string(s.To)+"/", string(s.Path)+"/") {
			f.Add(fault.New(fault.Invalid, CodeStepForm, "do", s.Do, "want", "to"), "to")
		}
	case SetDefault:
		_, err := parse(s.Value, recordRules())
		f.Add(err, "value")
	case Convert:
		if s.Type == nil || !slices.Contains([]Type{String, Number, Integer, Boolean}, *s.Type) {
			f.Add(fault.New(fault.Invalid, CodeStepForm, "do", s.Do, "want", "STRING, NUMBER, INTEGER, BOOLEAN"), "type")
		}
	case MapValues:
		s.checkMap(&f)
	}
	return f.Err()
}

func (s Step) checkMap(f *fault.List) {
	if len(s.Map) == 0 || len(s.Map) > MaxOps {
		f.Add(fault.New(fault.Invalid, CodeStepForm, "do", s.Do, "want", "values"), "values")
		return
	}
	had := map[string]bool{}
	for i, m := range s.Map {
		from, err := parse(m.From, recordRules())
		f.Add(err, "values", strconv.Itoa(i), "from")
		_, err = parse(m.To, recordRules())
		f.Add(err, "values", strconv.Itoa(i), "to")
		if from == nil {
			continue
		}
		if key := string(from.text(nil)); had[key] {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", clipped(key)), "values", strconv.Itoa(i), "from")
		} else {
			had[key] = true
		}
	}
}

// Migrate takes a record through steps, in their order. The record itself stays as it is. A step that cannot be done is
// told with its place in the record.
func (r *Record) Migrate(steps []Step) (*Record, error) {
	root := r.root.clone()
	for i, s := range steps {
		if err := s.do(root); err != nil {
			return nil, fault.New(fault.Refused, CodeStep, "step", i+1, "do", s.Do, "at", s.Path).At(s.Path.Steps()...).Because(err)
		}
	}
	return Parse(JSON(root.text(nil)))
}

func (s Step) do(root *node) error {
	steps := s.Path.Steps()
	above, key := root.at(steps[:len(steps)-1]), steps[len(steps)-1]
	had := above.get(key)
	switch {
	case s.Do == SetDefault:
		return s.fill(root, had)
	case had == nil:
		return nil
	}
	switch s.Do {
	case Rename:
		if above.get(s.Key) != nil && s.Key != key {
			return fault.New(fault.Refused, fault.CodeTaken, "value", s.Key)
		}
		for i := range above.members {
			if above.members[i].key == key {
				above.members[i].key = s.Key
			}
		}
	case Move:
		to := s.To.Steps()
		if root.at(to) != nil {
			return fault.New(fault.Refused, fault.CodeTaken, "value", s.To)
		}
		above.cut(key)
		return put(root, to, had)
	case Remove:
		above.cut(key)
	case Convert:
		to, err := converted(had, *s.Type)
		if err != nil {
			return err
		}
		above.set(key, to)
	case MapValues:
		return s.mapped(above, key, had)
	}
	return nil
}

func (s Step) fill(root, had *node) error {
	if had != nil {
		return nil
	}
	v, err := parse(s.Value, recordRules())
	if err != nil {
		return err
	}
	return put(root, s.Path.Steps(), v)
}

// mapped puts in place of a value what the list says; one that the list does not name stays.
func (s Step) mapped(above *node, key string, had *node) error {
	for _, m := range s.Map {
		from, err := parse(m.From, recordRules())
		if err != nil {
			return err
		}
		if !from.equal(had) {
			continue
		}
		to, err := parse(m.To, recordRules())
		if err != nil {
			return err
		}
		above.set(key, to)
		return nil
	}
	return nil
}

// put sets a value at a place, and makes the objects on the way. What is no object there is in the way.
func put(root *node, steps []string, v *node) error {
	at := root
	for _, s := range steps[:len(steps)-1] {
		next := at.get(s)
		if next == nil {
			next = &node{kind: kindObject}
			at.set(s, next)
		}
		if next.kind != kindObject {
			return fault.New(fault.Refused, CodeType, "want", kindObject.String(), "got", next.kind.String())
		}
		at = next
	}
	at.set(steps[len(steps)-1], v)
	return nil
}

// converted is a value as another type: a number and its digits, true and its word. What means nothing in the other type
// is refused.
func converted(n *node, to Type) (*node, error) {
	bad := fault.New(fault.Refused, CodeType, "want", to, "got", n.kind.String())
	if n.kind == kindNull {
		return n, nil
	}
	if n.kind == kindArray || n.kind == kindObject {
		return nil, bad
	}
	raw := strings.TrimSpace(n.raw)
	switch to {
	case String:
		return &node{kind: kindText, raw: n.raw}, nil
	case Boolean:
		if raw == "true" || raw == "false" {
			return &node{kind: kindBool, raw: raw}, nil
		}
		return nil, bad
	}
	num, err := parse(JSON(raw), recordRules())
	if err != nil || num.kind != kindNumber {
		return nil, bad
	}
	if to == Integer {
		whole, ok := integral(raw)
		if !ok {
			return nil, bad
		}
		return &node{kind: kindNumber, raw: whole}, nil
	}
	return num, nil
}

// integral is a number without a fraction, in digits alone.
func integral(raw string) (string, bool) {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || f != float64(int64(f)) {
		return "", false
	}
	return strconv.FormatInt(int64(f), 10), true
}
