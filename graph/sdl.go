package graph

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// SDL is the schema as it is published: without what only the code generator and federation gateways read.
func SDL() string { return published() }

// published is printed once, since it never alters.
var published = sync.OnceValue(func() string {
	return printed(without(NewExecutableSchema(Config{}).Schema(), slices.Concat(generatorsOwn(), gatewaysWords())))
})

// SubgraphSDL is the schema as a federation gateway reads it. It takes over the directives of Federation 2 by their
// published name and does not define them anew.
func SubgraphSDL() string { return subgraph() }

// subgraph is printed once, as published is.
var subgraph = sync.OnceValue(func() string {
	s := without(NewExecutableSchema(Config{}).Schema(), generatorsOwn())
	for _, d := range gatewaysWords() {
		delete(s.Directives, d)
	}
	return federation + printed(s)
})

// federation begins a subgraph. The address is the specification's name; nothing is fetched from it.
const federation = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

`

func printed(s *ast.Schema) string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(s)
	return b.String()
}

// generatorsOwn are the directives for the code generator.
func generatorsOwn() []string { return []string{"goField", "goModel"} }

// gatewaysWords are the directives for federation gateways.
func gatewaysWords() []string { return []string{"key", "shareable"} }

// without is a copy of the schema without the named directives.
func without(s *ast.Schema, directives []string) *ast.Schema {
	out := *s
	out.Directives = maps.Clone(s.Directives)
	for _, d := range directives {
		delete(out.Directives, d)
	}
	out.Types = map[string]*ast.Definition{}
	for name, def := range s.Types {
		t := *def
		t.Directives = plain(def.Directives, directives)
		t.Fields = make(ast.FieldList, len(def.Fields))
		for i, f := range def.Fields {
			g := *f
			g.Directives = plain(f.Directives, directives)
			t.Fields[i] = &g
		}
		out.Types[name] = &t
	}
	out.Query, out.Mutation, out.Subscription = out.Types[s.Query.Name], out.Types[s.Mutation.Name], out.Types[s.Subscription.Name]
	return &out
}

func plain(ds ast.DirectiveList, names []string) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(ds), func(d *ast.Directive) bool { return slices.Contains(names, d.Name) })
}
