package record

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Schema is a schema that is ready to hold records against.
type Schema struct {
	text     JSON
	root     *node
	plan     *plan
	compiled *jsonschema.Schema
}

// address names a schema to the library. Nothing lies there.
const address = "cobuild:record"

// closed is the loader that opens nothing: what a schema leads to lies in the schema itself.
type closed struct{}

// Load refuses.
func (closed) Load(ref string) (any, error) {
	return nil, fault.New(fault.Invalid, CodeRemote, "ref", clipped(ref))
}

// Compile reads a schema of records. What is wrong is told with its path inside the schema.
func Compile(raw JSON) (*Schema, error) {
	root, err := parse(raw, schemaRules())
	if err != nil {
		return nil, err
	}
	if root.kind != kindObject {
		return nil, fault.New(fault.Invalid, CodeNotObject, "got", root.kind.String())
	}
	walked, err := check(root)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(closed{})
	c.UseRegexpEngine(walked.patterns.engine())
	if err := c.AddResource(address, root.plain()); err != nil {
		return nil, broken(err)
	}
	compiled, err := c.Compile(address)
	if err != nil {
		return nil, broken(err)
	}
	s := &Schema{text: JSON(root.text(nil)), root: root, compiled: compiled}
	p := &planner{checker: walked, ready: map[*node]*plan{}, noted: strings.Contains(string(s.text), `"unevaluated`)}
	s.plan = p.plan(root)
	return s, s.shut()
}

// JSON is the schema as text, without needless space.
func (s *Schema) JSON() JSON { return s.text }

// shut asks that a record be an object that has no keys but those described: a mistyped key is then told, not kept.
func (s *Schema) shut() error {
	if t := s.root.get("type"); t == nil || t.kind != kindText || t.raw != "object" {
		return fault.New(fault.Invalid, CodeOpen).At("type")
	}
	for _, k := range []string{"additionalProperties", "unevaluatedProperties"} {
		if v := s.root.get(k); v != nil && v.kind == kindBool && v.raw == "false" {
			return nil
		}
	}
	return fault.New(fault.Invalid, CodeOpen).At("additionalProperties")
}

// broken tells what the library found wrong with a schema, at its place.
func broken(err error) error {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	f := fault.New(fault.Invalid, CodeSchema, "detail", "")
	if meta, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		err = meta.Err
	}
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		var l findings
		if l.gather(invalid); len(l) > 0 {
			first := fault.All(l.err())[0]
			rule, want := first.Params["rule"], first.Params["want"]
			if rule == nil {
				rule, want = "type", first.Params["want"]
			}
			f = fault.New(fault.Invalid, CodeSchema, "detail", strings.TrimSpace(said(rule)+" "+said(want))).At(first.Path...)
		}
		return f
	}
	return fault.New(fault.Invalid, CodeSchema, "detail", clipped(err.Error())).Because(err)
}

func said(v any) string { s, _ := v.(string); return s }

// Validate holds a record against the schema. What is wrong is told with its path inside the record.
func (s *Schema) Validate(r *Record) error {
	if s.costly(r.root) {
		return fault.New(fault.Invalid, CodeCostly)
	}
	err := s.compiled.Validate(r.root.plain())
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	var l findings
	l.gather(invalid)
	return l.err()
}

// Describes finds what a schema says of a place: whether it is described at all, and whether it can be declared as a
// type.
func (s *Schema) Describes(f Field) error {
	if err := f.Path.Check(); err != nil {
		return err
	}
	got := s.TypesAt(f.Path)
	if got == nil {
		return fault.New(fault.Invalid, CodeNoField, "path", f.Path)
	}
	if !f.Type.among(got) {
		return fault.New(fault.Invalid, CodeFieldType, "path", f.Path, "want", f.Type, "got", strings.Join(got, ", "))
	}
	return nil
}

// TypesAt are the types that the schema gives a place, sorted, with date and date-time for texts of such a form; empty where
// it says none, nil where it does not describe the place.
func (s *Schema) TypesAt(at Pointer) []string {
	found := s.described([]*node{s.root}, at.Steps())
	if len(found) == 0 {
		return nil
	}
	got := []string{}
	for _, n := range found {
		for _, t := range typesOf(n) {
			if !slices.Contains(got, t) {
				got = append(got, t)
			}
		}
	}
	slices.Sort(got)
	return got
}

// described follows steps through properties, references and allOf.
func (s *Schema) described(at []*node, steps []string) []*node {
	at = s.widened(at)
	for _, step := range steps {
		var next []*node
		for _, n := range at {
			if p := n.get("properties").get(step); p != nil {
				next = append(next, p)
			}
		}
		at = s.widened(next)
	}
	return at
}

// widened adds what sub-schemas say by reference and by allOf. No reference leads back to where it came from.
func (s *Schema) widened(at []*node) []*node {
	c := &checker{root: s.root}
	for i := 0; i < len(at) && len(at) < maxReached; i++ {
		if ref := at[i].get("$ref"); ref != nil {
			at = append(at, c.target(ref.raw[1:]))
		}
		if all := at[i].get("allOf"); all != nil {
			at = append(at, all.items...)
		}
	}
	return at
}

// typesOf are the types that one sub-schema names, with the form of a text.
func typesOf(n *node) []string {
	var types []string
	if t := n.get("type"); t != nil {
		if types = []string{t.raw}; t.kind == kindArray {
			types = nil
			for _, e := range t.items {
				types = append(types, e.raw)
			}
		}
	}
	if of := n.get("enum"); of != nil && types == nil {
		for _, e := range of.items {
			types = append(types, e.kind.String())
		}
	}
	if one := n.get("const"); one != nil && types == nil {
		types = []string{one.kind.String()}
	}
	types = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
	if form := n.get("format"); form != nil && slices.Equal(types, []string{"string"}) && (form.raw == "date" || form.raw == "date-time") {
		return []string{form.raw}
	}
	return types
}

// among says whether a place that holds some types can be declared as t.
func (t Type) among(got []string) bool {
	want := map[Type][]string{
		String: {"string", "date", "date-time"}, Number: {"number", "integer"}, Integer: {"integer"}, Boolean: {"boolean"},
		Date: {"date"}, DateTime: {"date-time"},
	}[t]
	return len(got) > 0 && !slices.ContainsFunc(got, func(g string) bool { return !slices.Contains(want, g) })
}

const most = 120 // bytes of what is told of a rule

func clipped(s string) string { return text.Clip(s, most) }

// unescaped is a fragment as a pointer.
func unescaped(fragment string) string {
	if s, err := url.PathUnescape(fragment); err == nil {
		return s
	}
	return fragment
}
