package gql

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// Subscribers are told the same where they ask the same and see the same. What they ask is the document, the values that
// the answer depends on, and the language. What they see follows from their rights, and from who they are unless the
// schema's owner says that the selection is alike for all who have the same rights.

// somebody stands for the person where a whole group is answered. Nothing belongs to somebody, so that a selection which
// is wrongly taken to be alike tells less than it should, and never what is another person's.
const somebody = "somebody with these rights"

// mask is the event as anybody of the group may be answered about it.
func (f *flow) mask(ev *stream.Event) *stream.Event {
	if !f.alike {
		return ev
	}
	masked := *ev
	masked.Actor.Session, masked.Actor.Name = "", ""
	if masked.Actor.Person != "" {
		masked.Actor.Person = somebody
	}
	return &masked
}

// sight names what an actor sees. The order of the roles counts, because cursors are sealed with it.
func (f *flow) sight(ctx context.Context, a authz.Actor) string {
	if f.alike {
		return a.Rights()
	}
	return a.Rights() + fmt.Sprintf("|%q %q %q %q", a.Person, a.Session, a.Name, authz.ProofFrom(ctx).Bearer)
}

// askedOf names what an operation asks for. The values of variables count only where the answer to an event depends on
// them: those that say where to begin differ from one subscriber to the next.
func askedOf(ctx context.Context, op *graphql.OperationContext) string {
	v := variables{}
	for _, s := range op.Operation.SelectionSet {
		if root, ok := s.(*ast.Field); ok {
			v.directives(root.Directives)
			v.set(root.SelectionSet)
			continue
		}
		v.set(ast.SelectionSet{s})
	}
	values := map[string]any{}
	for name := range v {
		if value, given := op.Variables[name]; given {
			values[name] = value
		}
	}
	raw, err := json.Marshal(values)
	if err != nil { // then it is like no other
		raw = fmt.Appendf(nil, "%p", op)
	}
	return sum(op.RawQuery) + " " + op.OperationName + " " + catalogue.From(ctx).Language() + " " +
		strconv.FormatBool(op.DisableIntrospection) + " " + string(raw)
}

// variables are the names of those that a selection uses.
type variables map[string]bool

func (v variables) set(set ast.SelectionSet) { v.walk(set, map[*ast.FragmentDefinition]bool{}) }

func (v variables) walk(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) {
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			v.directives(x.Directives)
			v.arguments(x.Arguments)
			v.walk(x.SelectionSet, seen)
		case *ast.InlineFragment:
			v.directives(x.Directives)
			v.walk(x.SelectionSet, seen)
		case *ast.FragmentSpread:
			v.directives(x.Directives)
			if x.Definition != nil && !seen[x.Definition] {
				seen[x.Definition] = true
				v.directives(x.Definition.Directives)
				v.walk(x.Definition.SelectionSet, seen)
			}
		}
	}
}

func (v variables) directives(all ast.DirectiveList) {
	for _, d := range all {
		v.arguments(d.Arguments)
	}
}

func (v variables) arguments(all ast.ArgumentList) {
	for _, a := range all {
		v.value(a.Value)
	}
}

func (v variables) value(x *ast.Value) {
	if x == nil {
		return
	}
	if x.Kind == ast.Variable {
		v[x.Raw] = true
	}
	for _, c := range x.Children {
		v.value(c.Value)
	}
}
