package gql

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Limits hold before anything of a request runs. Each stops an attack that its test shows.
type Limits struct {
	Tokens     int // words and signs in a document
	Depth      int // fields within fields, fragments followed
	Operations int // operations in a document
	Aliases    int // fields answered under another name
	Fragments  int // definitions of fragments
	Spreads    int // uses of fragments, inline ones too
	Directives int // uses of directives
	Variables  int // variables of an operation
	Repeats    int // the same answer name in one selection: merging compares each with each
	Price      int // of an operation, see price.go

	// Weights are the prices of single fields by their names, where they are not one: of those behind which there is
	// more work than telling a value. On a connection's own fields, a weight is for counting what the list holds.
	Weights map[string]int
	// Lists are how long lists are taken to be, as "Type.field", where they are known to be shorter than others.
	Lists map[string]int
}

// DefaultLimits are generous to every honest client we know and end every attack within milliseconds.
func DefaultLimits() Limits {
	return Limits{
		Tokens: 2000, Depth: 16, Operations: 10, Aliases: 60, Fragments: 60, Spreads: 150, Directives: 50,
		Variables: 60, Repeats: 20, Price: 50_000,
	}
}

// bounded refuses a parsed document that would be costly to validate, and introspection where it is not open.
func (l Limits) bounded(doc *ast.QueryDocument, open bool) *fault.Fault {
	c := counter{counts: map[string]int{}}
	for _, op := range doc.Operations {
		c.counts["directives"] += len(op.Directives)
		c.variables = max(c.variables, len(op.VariableDefinitions))
		for _, v := range op.VariableDefinitions {
			c.counts["directives"] += len(v.Directives)
		}
		c.set(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		c.counts["directives"] += len(f.Directives)
		c.set(f.SelectionSet)
	}
	for _, b := range []struct {
		what      string
		have, max int
	}{
		{"operations", len(doc.Operations), l.Operations},
		{"fragments", len(doc.Fragments), l.Fragments},
		{"variables", c.variables, l.Variables},
		{"aliases", c.counts["aliases"], l.Aliases},
		{"fragment spreads", c.counts["spreads"], l.Spreads},
		{"directives", c.counts["directives"], l.Directives},
		{"repeated fields", c.repeats, l.Repeats},
	} {
		if b.have > b.max {
			return fault.New(fault.Invalid, CodeTooComplex, "what", b.what, "max", b.max)
		}
	}
	if newDepths(doc).most(doc) > l.Depth {
		return fault.New(fault.Invalid, CodeTooDeep, "max", l.Depth)
	}
	if c.introspects && !open {
		return fault.New(fault.Refused, CodeIntrospection)
	}
	return nil
}

// counter counts what a document is made of, without following fragments.
type counter struct {
	counts      map[string]int
	variables   int // of the operation with the most
	repeats     int // of the most repeated answer name in one selection
	introspects bool
}

func (c *counter) set(set ast.SelectionSet) {
	names := map[string]int{}
	c.in(set, names)
	for _, n := range names {
		c.repeats = max(c.repeats, n)
	}
}

// in counts a selection; inline fragments belong to the selection they stand in.
func (c *counter) in(set ast.SelectionSet, names map[string]int) {
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			c.counts["directives"] += len(x.Directives)
			if x.Alias != x.Name {
				c.counts["aliases"]++
			}
			if x.Name == "__schema" || x.Name == "__type" {
				c.introspects = true
			}
			names[x.Alias]++
			c.set(x.SelectionSet)
		case *ast.InlineFragment:
			c.counts["directives"] += len(x.Directives)
			c.counts["spreads"]++
			c.in(x.SelectionSet, names)
		case *ast.FragmentSpread:
			c.counts["directives"] += len(x.Directives)
			c.counts["spreads"]++
		}
	}
}

// depths finds how deep a document goes, each fragment measured once. A fragment within itself measures nothing here:
// validation refuses it.
type depths struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]int
}

func newDepths(doc *ast.QueryDocument) depths {
	d := depths{map[string]*ast.FragmentDefinition{}, map[string]int{}}
	for _, f := range doc.Fragments {
		d.fragments[f.Name] = f
	}
	return d
}

func (d depths) most(doc *ast.QueryDocument) int {
	deepest := 0
	for _, op := range doc.Operations {
		deepest = max(deepest, d.set(op.SelectionSet))
	}
	for name := range d.fragments { // the unused ones too: they are validated as well
		deepest = max(deepest, d.fragment(name))
	}
	return deepest
}

func (d depths) set(set ast.SelectionSet) int {
	deepest := 0
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			deepest = max(deepest, 1+d.set(x.SelectionSet))
		case *ast.InlineFragment:
			deepest = max(deepest, d.set(x.SelectionSet))
		case *ast.FragmentSpread:
			deepest = max(deepest, d.fragment(x.Name))
		}
	}
	return deepest
}

func (d depths) fragment(name string) int {
	if n, ok := d.known[name]; ok {
		return n
	}
	f := d.fragments[name]
	if f == nil {
		return 0
	}
	d.known[name] = 0
	d.known[name] = d.set(f.SelectionSet)
	return d.known[name]
}

func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if a > 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}
