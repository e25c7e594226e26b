package record

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// checker walks a schema before anybody compiles it: what it leads to must lie in it, and it must not unfold to more than
// can be held against a record.
type checker struct {
	root     *node
	costs    map[*node]int // of sub-schemas that have been walked
	under    map[*node]bool
	shelved  []part // what sub-schemas keep to be led to
	patterns patterns
	programs int // instructions of all patterns
	far      bool
	faults   fault.List
}

// dialect is the one that is spoken here.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// The keywords under which there are sub-schemas: one, a list of them, or some by name.
func ones() []string {
	return []string{
		"additionalProperties", "unevaluatedProperties", "propertyNames", "items", "unevaluatedItems", "contains", "not", "if", "then", "else",
	}
}

func lists() []string { return []string{"allOf", "anyOf", "oneOf", "prefixItems"} }

func named() []string {
	return []string{"properties", "patternProperties", "dependentSchemas", "dependencies"} // the last is of old, and the library knows it
}

func shelves() []string {
	return []string{"$defs", "definitions"}
}

// refused are keywords that move the place from which references are read, or that choose their target as records are
// read: whoever reads the schema must see where it leads.
func refused() []string {
	return []string{"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary", "id", "contentSchema"}
}

// check walks a schema from its root and from everything that it keeps to be led to, and says how far it unfolds.
func check(root *node) (*checker, error) {
	c := &checker{root: root, costs: map[*node]int{}, under: map[*node]bool{}, patterns: patterns{}}
	reached := c.cost(root, nil)
	for i := 0; i < len(c.shelved); i++ {
		c.cost(c.shelved[i].node, c.shelved[i].path)
	}
	if d := root.get("$schema"); d != nil && strings.TrimSuffix(d.raw, "#") != dialect {
		c.add(fault.New(fault.Invalid, CodeDialect, "want", dialect), []string{"$schema"})
	}
	if reached > maxReached {
		c.faults = slices.Insert(c.faults, 0, fault.New(fault.Invalid, CodeWide, "max", maxReached))
	}
	if len(c.faults) > maxFaults {
		c.faults = c.faults[:maxFaults]
	}
	return c, c.faults.Err()
}

func (c *checker) add(f *fault.Fault, path []string) { c.faults = append(c.faults, f.At(path...)) }

// cost is how many sub-schemas there are in one and in all that it leads to, each as often as it is led to. It is reckoned
// once for each, however often that is, so that a small text which unfolds to a vast one is found out at once.
func (c *checker) cost(s *node, path []string) int {
	if s == nil || s.kind != kindObject {
		return 1 // true and false; anything else is told by the library
	}
	if n, done := c.costs[s]; done {
		return n
	}
	if len(path) > maxWay {
		if !c.far {
			c.add(fault.New(fault.Invalid, fault.CodeTooDeep, "max", maxWay), path)
		}
		c.far = true // told once
		return 1
	}
	c.under[s] = true
	defer delete(c.under, s)
	c.keywords(s, path)
	c.shelve(s, path)
	n := 1
	for _, p := range c.parts(s) {
		n = saturated(n, c.cost(p.node, slices.Concat(path, p.path)))
	}
	n = saturated(n, c.reference(s, path))
	c.costs[s] = n
	return n
}

// shelve sees to it that what a sub-schema keeps is walked too, whether anything leads there or not: the library reads it.
func (c *checker) shelve(s *node, path []string) {
	for _, shelf := range shelves() {
		for _, m := range members(s.get(shelf)) {
			c.shelved = append(c.shelved, part{m.value, slices.Concat(path, []string{shelf, m.key})})
		}
	}
}

// saturated adds without running over.
func saturated(a, b int) int { return min(a+b, 10*maxReached) }

// part is a sub-schema with its way from the one it is in.
type part struct {
	node *node
	path []string
}

func (c *checker) parts(s *node) []part {
	var out []part
	for _, k := range ones() {
		if n := s.get(k); n != nil {
			out = append(out, part{n, []string{k}})
		}
	}
	for _, k := range lists() {
		if n := s.get(k); n != nil {
			for i, e := range n.items {
				out = append(out, part{e, []string{k, strconv.Itoa(i)}})
			}
		}
	}
	for _, k := range named() {
		for _, m := range members(s.get(k)) {
			out = append(out, part{m.value, []string{k, m.key}})
		}
	}
	return out
}

// reference follows a $ref. One that leads out of the schema is refused before anybody could open it.
func (c *checker) reference(s *node, path []string) int {
	ref := s.get("$ref")
	if ref == nil {
		return 0
	}
	at := slices.Concat(path, []string{"$ref"})
	if ref.kind != kindText || !strings.HasPrefix(ref.raw, "#") {
		c.add(fault.New(fault.Invalid, CodeRemote, "ref", clipped(ref.raw)), at)
		return 0
	}
	to := c.target(ref.raw[1:])
	switch {
	case to == nil:
		c.add(fault.New(fault.Invalid, CodeNoTarget, "ref", clipped(ref.raw)), at)
	case c.under[to]:
		c.add(fault.New(fault.Invalid, CodeRecursive, "ref", clipped(ref.raw)), at)
	default:
		return c.cost(to, at)
	}
	return 0
}

// target finds what a fragment names; nil where there is nothing.
func (c *checker) target(fragment string) *node {
	if fragment == "" {
		return c.root
	}
	if !strings.HasPrefix(fragment, "/") {
		return nil
	}
	n := c.root
	for _, step := range Pointer(unescaped(fragment)).Steps() {
		switch {
		case n == nil:
			return nil
		case n.kind == kindArray:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.items) {
				return nil
			}
			n = n.items[i]
		default:
			n = n.get(step)
		}
	}
	return n
}

// keywords looks at those of one sub-schema that lead nowhere.
func (c *checker) keywords(s *node, path []string) {
	for _, k := range refused() {
		if s.get(k) != nil && (k != "id" || s.get("id").kind == kindText) {
			c.add(fault.New(fault.Invalid, CodeKeyword, "keyword", k), slices.Concat(path, []string{k}))
		}
	}
	if p := s.get("pattern"); p != nil && p.kind == kindText {
		c.pattern(p.raw, slices.Concat(path, []string{"pattern"}))
	}
	for _, m := range members(s.get("patternProperties")) {
		c.pattern(m.key, slices.Concat(path, []string{"patternProperties", m.key}))
	}
}

func members(n *node) []member {
	if n == nil {
		return nil
	}
	return n.members
}
