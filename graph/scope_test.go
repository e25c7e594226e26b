package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph/graphtest"
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
			if field == string(authz.ScopePublic) && partly(r) {
				continue // the field lets everybody in; of what is not public the table asks for the scope
			}
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

// partly says whether a rule is about what can be public: then it tells by the object whether everybody may, and a token
// without the scope gets what everybody gets.
func partly(r authz.Rule) bool {
	return slices.Contains(r.Who, authz.Grant{Role: authz.Anyone, As: authz.Addressed})
}

// What is public is read without signing in, so a token without the scope, too, reads it, and nothing but it.
func TestATokenWithoutTheScopeReadsWhatIsPublicAndNothingElse(t *testing.T) {
	w := graphtest.NewTown(t)
	account(t, w, "reader", "CONTRACTS_READ")
	account(t, w, "nothing")
	open := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, m{"visibility": "PUBLIC"})}, "need { id }").Fine().Str("it.need.id")
	shut := w.Do(t, "secretary", "publishNeed", m{"need": lacking(w.House, nil)}, "need { id }").Fine().Str("it.need.id")
	offered := w.Do(t, "liaison", "offerResource", m{"resource": offering(w.House, m{"visibility": "PUBLIC"})}, "resource { id }").Fine().Str("it.resource.id")
	own := w.Do(t, "liaison", "offerResource", m{"resource": offering(w.House, nil)}, "resource { id }").Fine().Str("it.resource.id")
	w.Settle(t)
	for who, all := range map[string]bool{"": false, "nothing": false, "reader": true} {
		a := w.Ask(t, who, `query($open: ID!, $shut: ID!, $offered: ID!, $own: ID!) {
			n1: need(id: $open) { id } n2: need(id: $shut) { id } r1: resource(id: $offered) { id } r2: resource(id: $own) { id }
			nodes(ids: [$open, $shut, $offered, $own]) { id } needs { totalCount } resources { totalCount }
		}`, "open", open, "shut", shut, "offered", offered, "own", own).Fine()
		want := map[bool]int{false: 1, true: 2}[all]
		if a.Int("needs.totalCount") != want || a.Int("resources.totalCount") != want {
			t.Errorf("%q lists %s", who, a.Text)
		}
		for field, public := range map[string]bool{"n1": true, "n2": false, "r1": true, "r2": false, "nodes.0": true, "nodes.1": false, "nodes.2": true, "nodes.3": false} {
			if seen := a.Get(field) != nil; seen != (public || all) {
				t.Errorf("%q and %s: %s", who, field, a.Text)
			}
		}
		for subject, public := range map[string]bool{open: true, shut: false, offered: true, own: false} {
			if heard := len(happened(t, w, who, 100, m{"subject": subject})) > 0; heard != (public || all) {
				t.Errorf("%q and what happened to %s: %t", who, subject, heard)
			}
		}
	}
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
