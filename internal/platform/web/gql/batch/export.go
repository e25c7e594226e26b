package batch

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// After is the variable by which each page is told where it begins.
const After = "cobuildAfter"

// Export is a query that is run page by page.
type Export struct {
	Query   string   // with a page of a size of its own, beginning behind the variable After
	First   string   // the same, asking besides how many the whole list has; empty where the list does not tell
	Path    []string // from the answer's data to the page: its `nodes` and `pageInfo`, and `totalCount` of the first one
	Columns []string // of each object, as "community.name", in the order they are asked for
}

// Bounds of columns.
const mostColumns = 500

// ExportOf makes the pages of a validated document, which it alters. size is that of a page.
func ExportOf(schema *ast.Schema, doc *ast.QueryDocument, operation string, size int) (*Export, error) {
	op := doc.Operations.ForName(operation)
	if op == nil {
		return nil, fault.New(fault.Invalid, CodeOperations, "have", len(doc.Operations))
	}
	if op.Operation != ast.Query {
		return nil, at(CodeNotQuery, op.Position)
	}
	list, path, err := theList(op)
	if err != nil {
		return nil, err
	}
	if err := unpaged(list); err != nil {
		return nil, err
	}
	members := membersOf(list)
	c := columns{seen: map[string]bool{}}
	if err := c.in(members, ""); err != nil {
		return nil, err
	}
	switch {
	case len(c.names) == 0:
		return nil, at(CodeNoColumns, list.Position)
	case len(c.names) > mostColumns:
		return nil, fault.New(fault.Invalid, CodeColumns, "max", mostColumns)
	}
	out := &Export{Path: path, Columns: c.names}
	op.VariableDefinitions = append(op.VariableDefinitions, &ast.VariableDefinition{
		Variable: After, Type: ast.NamedType("String", op.Position), Position: op.Position,
	})
	list.Arguments = append(list.Arguments,
		&ast.Argument{Name: "first", Value: &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(size)}},
		&ast.Argument{Name: "after", Value: &ast.Value{Kind: ast.Variable, Raw: After}})
	page := ast.SelectionSet{
		&ast.Field{Alias: "nodes", Name: "nodes", SelectionSet: members},
		&ast.Field{Alias: "pageInfo", Name: "pageInfo", SelectionSet: ast.SelectionSet{leaf("hasNextPage"), leaf("endCursor")}},
	}
	list.SelectionSet = page
	prune(doc, op)
	out.Query = written(doc)
	if schema.Types[list.Definition.Type.Name()].Fields.ForName("totalCount") != nil {
		list.SelectionSet = append(slices.Clone(page), leaf("totalCount"))
		out.First = written(doc)
	}
	return out, nil
}

func leaf(name string) *ast.Field { return &ast.Field{Alias: name, Name: name} }

func written(doc *ast.QueryDocument) string {
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithIndent(" ")).FormatQueryDocument(doc)
	return b.String()
}

func connection(f *ast.Field) bool {
	return f.Definition != nil && strings.HasSuffix(f.Definition.Type.Name(), "Connection")
}

// theList goes from the root to the one list, by fields that answer one object each.
func theList(op *ast.OperationDefinition) (*ast.Field, []string, error) {
	set, where := op.SelectionSet, op.Position
	var path []string
	for {
		if len(set) > 1 {
			return nil, nil, at(CodeBesides, set[1].GetPosition(), "field", nameOf(set[1]))
		}
		switch x := set[0].(type) {
		case *ast.InlineFragment:
			set, where = x.SelectionSet, x.Position
		case *ast.FragmentSpread:
			set, where = x.Definition.SelectionSet, x.Position
		case *ast.Field:
			switch {
			case strings.HasPrefix(x.Name, "__"):
				return nil, nil, at(CodeIntrospects, x.Position)
			case connection(x):
				return x, append(path, x.Alias), nil
			case x.Definition.Type.Elem != nil && len(x.SelectionSet) > 0:
				return nil, nil, at(CodeMany, x.Position, "field", x.Name)
			case len(x.SelectionSet) == 0:
				return nil, nil, at(CodeNoList, x.Position)
			}
			path = append(path, x.Alias)
			set, where = x.SelectionSet, x.Position
		}
		if len(set) == 0 {
			return nil, nil, at(CodeNoList, where)
		}
	}
}

func nameOf(s ast.Selection) string {
	switch x := s.(type) {
	case *ast.Field:
		return x.Name
	case *ast.FragmentSpread:
		return "..." + x.Name
	}
	return "..."
}

// unpaged refuses arguments by which a list is read in pages: all of it is exported.
func unpaged(list *ast.Field) error {
	for _, a := range list.Arguments {
		if slices.Contains([]string{"first", "after", "last", "before"}, a.Name) {
			return at(CodePageArgument, a.Position, "argument", a.Name)
		}
	}
	return nil
}

// membersOf is what is asked of each object of the list, by `nodes` or by `edges`.
func membersOf(list *ast.Field) ast.SelectionSet {
	var all ast.SelectionSet
	var in func(set ast.SelectionSet)
	in = func(set ast.SelectionSet) {
		for _, s := range set {
			switch x := s.(type) {
			case *ast.InlineFragment:
				in(x.SelectionSet)
			case *ast.FragmentSpread:
				in(x.Definition.SelectionSet)
			case *ast.Field:
				switch x.Name {
				case "edges":
					in(x.SelectionSet)
				case "nodes", "node":
					all = append(all, x.SelectionSet...)
				}
			}
		}
	}
	in(list.SelectionSet)
	return all
}

// columns gathers the names of columns: of one object within another they are joined by a dot. A list within is one
// column, of JSON.
type columns struct {
	names []string
	seen  map[string]bool
}

func (c *columns) in(set ast.SelectionSet, prefix string) error {
	for _, s := range set {
		var err error
		switch x := s.(type) {
		case *ast.InlineFragment:
			err = c.in(x.SelectionSet, prefix)
		case *ast.FragmentSpread:
			err = c.in(x.Definition.SelectionSet, prefix)
		case *ast.Field:
			err = c.field(x, prefix)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *columns) field(f *ast.Field, prefix string) error {
	name := prefix + f.Alias
	switch {
	case f.Definition.Directives.ForName("personal") != nil: // a file outlasts an erasure
		return at(CodePersonal, f.Position, "field", f.Name)
	case connection(f):
		return at(CodeTwoLists, f.Position, "field", f.Name)
	case len(f.SelectionSet) > 0 && f.Definition.Type.Elem == nil:
		return c.in(f.SelectionSet, name+".")
	case len(f.SelectionSet) > 0:
		below := columns{seen: map[string]bool{}}
		if err := below.in(f.SelectionSet, ""); err != nil {
			return err
		}
	}
	if !c.seen[name] {
		c.seen[name] = true
		c.names = append(c.names, name)
	}
	return nil
}

// prune leaves the operation and the fragments that it still uses, which validation asks for.
func prune(doc *ast.QueryDocument, op *ast.OperationDefinition) {
	doc.Operations = ast.OperationList{op}
	used := map[string]bool{}
	var in func(set ast.SelectionSet)
	in = func(set ast.SelectionSet) {
		for _, s := range set {
			switch x := s.(type) {
			case *ast.Field:
				in(x.SelectionSet)
			case *ast.InlineFragment:
				in(x.SelectionSet)
			case *ast.FragmentSpread:
				if !used[x.Name] {
					used[x.Name] = true
					in(x.Definition.SelectionSet)
				}
			}
		}
	}
	in(op.SelectionSet)
	doc.Fragments = slices.DeleteFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return !used[f.Name] })
}
