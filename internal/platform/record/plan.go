package record

import (
	"strconv"
	"strings"
)

// plan is what it takes to hold a value against one sub-schema, and which ones that leads on to.
type plan struct {
	program  int     // instructions run for each character of a text
	names    int     // looked for in an object
	keys     int     // instructions run for each character of its keys
	options  int     // values in const and enum, with all that is in them
	numbers  int     // numbers among them, and those that bound a number
	zeros    int     // what those take more than others
	pattern  bool    // whether a text has to be a pattern
	unique   bool    // whether items are compared with each other
	noted    bool    // whether somebody asks what nothing has described
	same     []*plan // for the value itself
	members  []*plan // for each member of an object
	items    []*plan // for each item of a list
	prefix   []*plan // for the first ones
	named    map[string]*plan
	brought  map[string][]*plan // for an object that has the key
	keyNames *plan
}

// planner makes the plans of a schema that has been checked, each once: none leads back to itself.
type planner struct {
	*checker

	ready map[*node]*plan
	noted bool
}

func (p *planner) plan(s *node) *plan {
	if had, ok := p.ready[s]; ok {
		return had
	}
	out := &plan{noted: p.noted}
	p.ready[s] = out
	if s.kind != kindObject {
		return out
	}
	p.rules(s, out)
	for k, to := range map[string]*[]*plan{
		"not": &out.same, "if": &out.same, "then": &out.same, "else": &out.same,
		"additionalProperties": &out.members, "unevaluatedProperties": &out.members,
		"items": &out.items, "unevaluatedItems": &out.items, "contains": &out.items,
	} {
		if sub := s.get(k); sub != nil {
			*to = append(*to, p.plan(sub))
		}
	}
	for _, k := range []string{"allOf", "anyOf", "oneOf"} {
		out.same = append(out.same, p.listed(s.get(k))...)
	}
	out.prefix = p.listed(s.get("prefixItems"))
	if ref := s.get("$ref"); ref != nil {
		out.same = append(out.same, p.plan(p.target(ref.raw[1:])))
	}
	if names := s.get("propertyNames"); names != nil {
		out.keyNames = p.plan(names)
	}
	p.byName(s, out)
	return out
}

func (p *planner) listed(n *node) []*plan {
	if n == nil {
		return nil
	}
	out := make([]*plan, len(n.items))
	for i, e := range n.items {
		out[i] = p.plan(e)
	}
	return out
}

// byName takes up what is said of members by their keys.
func (p *planner) byName(s *node, out *plan) {
	out.named, out.brought = map[string]*plan{}, map[string][]*plan{}
	for _, m := range members(s.get("properties")) {
		out.named[m.key] = p.plan(m.value)
	}
	for _, m := range members(s.get("patternProperties")) {
		out.members = append(out.members, p.plan(m.value))
		out.keys += p.patterns[m.key].size
	}
	for _, k := range []string{"dependentSchemas", "dependencies"} {
		for _, m := range members(s.get(k)) {
			if out.names++; m.value.kind != kindArray {
				out.brought[m.key] = append(out.brought[m.key], p.plan(m.value))
			}
		}
	}
	for _, k := range []string{"dependentRequired", "dependencies"} {
		for _, m := range members(s.get(k)) {
			out.names += 1 + len(m.value.items)
		}
	}
	if required := s.get("required"); required != nil {
		out.names += len(required.items)
	}
}

// rules takes up what is said of the value itself.
func (p *planner) rules(s *node, out *plan) {
	if re := s.get("pattern"); re != nil {
		out.program = p.patterns[re.raw].size
	}
	if form := s.get("format"); form != nil {
		out.pattern = form.raw == "regex"
	}
	if unique := s.get("uniqueItems"); unique != nil {
		out.unique = unique.raw == "true"
	}
	if one := s.get("const"); one != nil {
		out.option(one)
	}
	if of := s.get("enum"); of != nil {
		for _, e := range of.items {
			out.option(e)
		}
	}
	for _, k := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"} {
		if n := s.get(k); n != nil {
			out.option(n)
		}
	}
	out.numbers++ // whether it is an integer
}

// option takes up a value with which others are compared.
func (p *plan) option(n *node) {
	p.options++
	if n.kind == kindNumber {
		p.numbers++
		p.zeros += zeros(n.raw)
	}
	for _, e := range n.items {
		p.option(e)
	}
	for _, m := range n.members {
		p.option(m.value)
	}
}

// zeros are the places by which the power of ten moves a number.
func zeros(raw string) int {
	i := strings.IndexAny(raw, "eE")
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(raw[i+1:])
	if err != nil {
		return 0
	}
	return max(n, -n)
}
