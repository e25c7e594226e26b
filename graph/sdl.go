package graph

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// SDL is the schema as it is published: without what only the code generator reads.
func SDL() string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(public(NewExecutableSchema(Config{}).Schema()))
	return b.String()
}

// generatorsOwn are the directives for the code generator.
func generatorsOwn() []string { return []string{"goField", "goModel"} }

// public is a copy of the schema without the generator's directives.
func public(s *ast.Schema) *ast.Schema {
	out := *s
	out.Directives = maps.Clone(s.Directives)
	for _, d := range generatorsOwn() {
		delete(out.Directives, d)
	}
	out.Types = map[string]*ast.Definition{}
	for name, def := range s.Types {
		t := *def
		t.Directives = plain(def.Directives)
		t.Fields = make(ast.FieldList, len(def.Fields))
		for i, f := range def.Fields {
			g := *f
			g.Directives = plain(f.Directives)
			t.Fields[i] = &g
		}
		out.Types[name] = &t
	}
	out.Query, out.Mutation = out.Types[s.Query.Name], out.Types[s.Mutation.Name]
	return &out
}

func plain(ds ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(ds), func(d *ast.Directive) bool { return slices.Contains(generatorsOwn(), d.Name) })
}
