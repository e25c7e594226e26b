package batch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Mutation names the field by which a mutation of a batch is named to the server: never the business of a file.
const mutationID = "clientMutationId"

// Form is what a mutation takes: its input, to be filled line by line.
type Form struct {
	Query  string // with the one variable $input
	object string // the field of the payload that holds what was made; empty where it has none
	input  *ast.Definition
	schema *ast.Schema
}

// FormOf makes the form of one of the mutations that can be done for many lines.
func FormOf(schema *ast.Schema, mutation string, known []string) (*Form, error) {
	field := schema.Mutation.Fields.ForName(mutation)
	if field == nil || !slices.Contains(known, mutation) {
		return nil, fault.New(fault.Invalid, CodeMutation, "mutation", mutation, "known", strings.Join(known, ", "))
	}
	in := field.Arguments.ForName("input")
	f := &Form{input: schema.Types[in.Type.Name()], schema: schema}
	made := ""
	for _, p := range schema.Types[field.Type.Name()].Fields {
		if t := schema.Types[p.Type.Name()]; p.Type.Elem == nil && t.IsCompositeType() && t.Fields.ForName("id") != nil && len(p.Arguments) == 0 {
			f.object, made = p.Name, p.Name+" { id } "
			break
		}
	}
	f.Query = "mutation($input: " + in.Type.String() + ") { it: " + mutation + "(input: $input) { " + made + "replayed errors { code path message } } }"
	return f, nil
}

// Object is the field of the payload `it` that holds what was made; empty where there is none.
func (f *Form) Object() string { return f.object }

// Target is the place in the input that a column fills.
type Target struct {
	Column string
	Path   []string // as ["registrations", "0", "community"]
	leaf   *ast.Type
}

// MostItems bounds the numbered places of a list that columns fill.
const mostItems = 100

// Targets finds the places that the columns of a table fill. mapped says which field a column stands for, where its
// header is not the field's name. All that is wrong is told at once.
func (f *Form) Targets(header []string, mapped map[string]string) ([]Target, error) {
	var bad fault.List
	for column := range mapped {
		if !slices.Contains(header, column) {
			bad.Add(fault.New(fault.Invalid, CodeNotMapped, "column", column, "nearest", nearest(column, header)))
		}
	}
	targets, filled := make([]Target, len(header)), map[string]string{}
	for i, column := range header {
		field := cmp.Or(mapped[column], column)
		path := strings.Split(field, ".")
		leaf := f.at(path)
		switch {
		case path[0] == mutationID:
			bad.Add(fault.New(fault.Invalid, CodeReserved, "column", column, "line", 1))
		case leaf == nil:
			bad.Add(fault.New(fault.Invalid, CodeUnknown, "column", column, "nearest", nearest(field, f.names(path)), "line", 1))
		case filled[field] != "":
			bad.Add(fault.New(fault.Invalid, CodeSameField, "column", column, "field", field, "line", 1))
		}
		filled[field] = column
		targets[i] = Target{column, path, leaf}
	}
	for _, in := range f.input.Fields {
		needed := in.Type.NonNull && in.DefaultValue == nil && in.Name != mutationID
		if needed && !slices.ContainsFunc(targets, func(t Target) bool { return t.Path[0] == in.Name }) {
			bad.Add(fault.New(fault.Invalid, CodeMissing, "column", in.Name, "line", 1))
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return targets, nil
}

// at is the type of a place in the input; nil where there is none.
func (f *Form) at(path []string) *ast.Type {
	def := f.input
	for i, step := range path {
		if def == nil || def.Kind != ast.InputObject {
			return nil
		}
		field := def.Fields.ForName(step)
		if field == nil {
			return nil
		}
		t := field.Type
		rest := path[i+1:]
		if len(rest) > 0 && t.Elem != nil {
			if n, err := strconv.Atoi(rest[0]); err != nil || n < 0 || n >= mostItems {
				return nil
			}
			return f.below(t.Elem, rest[1:])
		}
		if len(rest) == 0 {
			return t
		}
		def = f.schema.Types[t.Name()]
	}
	return nil
}

// below goes on within an element of a list.
func (f *Form) below(t *ast.Type, rest []string) *ast.Type {
	if len(rest) == 0 {
		return t
	}
	return (&Form{input: f.schema.Types[t.Name()], schema: f.schema}).at(rest)
}

// names are the places that might have been meant, at the level where a path leads nowhere.
func (f *Form) names(path []string) []string {
	var all []string
	for _, in := range f.input.Fields {
		if in.Name == mutationID {
			continue
		}
		all = append(all, in.Name)
		def := f.schema.Types[in.Type.Name()]
		if len(path) == 1 || def.Kind != ast.InputObject || path[0] != in.Name {
			continue
		}
		prefix := in.Name + "."
		if in.Type.Elem != nil {
			prefix += "0."
		}
		for _, b := range def.Fields {
			all = append(all, prefix+b.Name)
		}
	}
	return all
}

// nearest is the word most like another one, as a sentence shows it.
func nearest(word string, among []string) string { return cmp.Or(text.Nearest(word, among), "–") }
