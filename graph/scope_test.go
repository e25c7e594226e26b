package graph_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// What a token needs stands twice: at the field, which says it to clients, and in the table of rights, which no way round
// the field escapes. The two must not drift apart.
func TestTheTableAsksForTheScopesOfTheFieldsThatLeadToIt(t *testing.T) {
	s := published(t)
	needs := map[string]string{}
	for _, root := range []*ast.Definition{s.Query, s.Mutation} {
		for _, f := range root.Fields {
			if d := f.Directives.ForName("scope"); d != nil {
				needs[f.Name] = d.Arguments.ForName("needs").Value.Raw
			}
		}
	}
	compared := 0
	for _, r := range access.Table() {
		if mine(r) {
			continue
		}
		for says := range strings.SplitSeq(r.Says, ", ") {
			name, _, _ := strings.Cut(strings.TrimSpace(says), "(")
			field, ok := needs[strings.TrimSpace(name)]
			if !ok || name == "node" {
				continue
			}
			compared++
			if field != string(r.Scope) {
				t.Errorf("%s needs %s, but %s asks for %s", name, field, r.Action, r.Scope)
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d fields were compared: does the search still work?", compared)
	}
}

// mine says whether a rule is about people themselves alone, or about everybody: there no scope stands in the way.
func mine(r authz.Rule) bool {
	for _, g := range r.Who {
		if g.Role != authz.Itself && g.Role != authz.Anyone {
			return false
		}
	}
	return true
}

func TestTheSchemaAndTheProgramNameTheSameScopes(t *testing.T) {
	values := published(t).Types["Scope"].EnumValues
	var names []authz.Scope
	for _, v := range values {
		names = append(names, authz.Scope(v.Name))
	}
	if len(names) != len(authz.Scopes()) {
		t.Fatalf("the schema has %v, the program %v", names, authz.Scopes())
	}
	for i, s := range authz.Scopes() {
		if names[i] != s {
			t.Errorf("the schema has %v, the program %v", names, authz.Scopes())
		}
	}
}
