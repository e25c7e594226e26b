package batch_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql/batch"
)

const sdl = `
type Query { things(kind: Kind, first: Int, after: String, last: Int, before: String): ThingConnection thing(id: ID!): Thing all: [Thing!] hello: String }
type Mutation { makeThing(input: MakeThingInput!): MakeThingPayload  signThing(input: MakeThingInput!): MakeThingPayload }
enum Kind { SMALL LARGE }
interface Any { id: ID! }
type Thing implements Any { id: ID! name: String count: Int tags: [String!] owner: Thing parts: [Part!] things(first: Int, after: String): ThingConnection }
directive @personal on FIELD_DEFINITION
type Part { id: ID! of: Thing face: String @personal }
type ThingConnection { edges: [ThingEdge!]! nodes: [Thing!]! pageInfo: PageInfo! totalCount: Int }
type ThingEdge { cursor: String! node: Thing! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
input MakeThingInput { clientMutationId: String name: String! kind: Kind = SMALL count: Int size: Float open: Boolean tags: [String!] at: PlaceInput places: [PlaceInput!] }
input PlaceInput { street: String! number: Int }
type MakeThingPayload { thing: Thing errors: [Error!]! replayed: Boolean! }
type Error { code: String path: [String!] message: String }
`

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func export(t *testing.T, query string) (*batch.Export, error) {
	t.Helper()
	s := schema(t)
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validator.ValidateWithRules(s, doc, rules.NewDefaultRules()); len(errs) > 0 {
		t.Fatal(errs)
	}
	return batch.ExportOf(s, doc, "", 100)
}

func TestAQueryBecomesTheQueryOfAPage(t *testing.T) {
	e, err := export(t, `query Q($id: ID!) { mine: thing(id: $id) { list: things { ...F } } } fragment F on ThingConnection { edges { cursor node { id called: name ...G } } totalCount }
		fragment G on Thing { owner { name owner { id } } tags parts { id of { id } } ... on Any { id } }`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"id", "called", "owner.name", "owner.owner.id", "tags", "parts"}; !slices.Equal(e.Columns, want) {
		t.Errorf("columns are %q", e.Columns)
	}
	if !slices.Equal(e.Path, []string{"mine", "list"}) {
		t.Errorf("the way is %q", e.Path)
	}
	s := schema(t)
	for _, q := range []string{e.Query, e.First} {
		if _, errs := gqlparser.LoadQueryWithRules(s, q, rules.NewDefaultRules()); len(errs) > 0 { // as the server will
			t.Errorf("%v in\n%s", errs, q)
		}
	}
	if strings.Contains(e.Query, "totalCount") || !strings.Contains(e.First, "totalCount") || !strings.Contains(e.Query, "first: 100, after: $"+batch.After) {
		t.Errorf("the pages are\n%s\n%s", e.First, e.Query)
	}
}

func TestWhatCannotBeExportedIsRefusedWhereItStands(t *testing.T) {
	for query, want := range map[string]fault.Code{
		"mutation { signThing(input: {name: \"x\"}) { replayed } }": batch.CodeNotQuery,
		"{ hello }":                         batch.CodeNoList,
		"{ things { nodes { id } } hello }": batch.CodeBesides,
		"{ all { id } }":                    batch.CodeMany,
		"{ things { nodes { things { nodes { id } } } } }": batch.CodeTwoLists,
		"{ things(first: 3) { nodes { id } } }":            batch.CodePageArgument,
		"{ things { nodes { parts { face } } } }":          batch.CodePersonal,
		"{ things { totalCount } }":                        batch.CodeNoColumns,
		"{ __schema { types { name } } }":                  batch.CodeIntrospects,
		"query A { hello } query B { hello }":              batch.CodeOperations,
	} {
		_, err := export(t, query)
		if f := fault.Of(err); f.Code != want || want != batch.CodeOperations && f.Params["line"] != 1 {
			t.Errorf("%s: %s %v", query, f.Code, f.Params)
		}
	}
}

func form(t *testing.T) *batch.Form {
	t.Helper()
	f, err := batch.FormOf(schema(t), "makeThing", []string{"makeThing"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestALineBecomesTheInputOfAMutation(t *testing.T) {
	f := form(t)
	header := []string{"名称", "count", "size", "open", "tags", "at.street", "at.number", "places.0.street", "places.2.street", "kind"}
	targets, err := f.Targets(header, map[string]string{"名称": "name"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Fill(targets, []string{" 锡 ", "12", "1.5", "是", "a； b;c", "Main", "", "First", "Third", "LARGE"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"name": " 锡 ", "count": json.Number("12"), "size": json.Number("1.5"), "open": true, "tags": []any{"a", "b", "c"},
		"at": map[string]any{"street": "Main"}, "places": []any{map[string]any{"street": "First"}, map[string]any{"street": "Third"}}, "kind": "LARGE",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for path, column := range map[string]string{"name": "名称", "places.0.street": "places.0.street", "tags.1": "tags", "at": "at.street", "other": "other"} {
		if c := batch.Column(targets, strings.Split(path, ".")); c != column {
			t.Errorf("%s is in column %s", path, c)
		}
	}
	if f.Object() != "thing" || !strings.Contains(f.Query, "thing { id }") {
		t.Errorf("the mutation is %s", f.Query)
	}
}

func TestWhatDoesNotFitIsToldWithItsColumn(t *testing.T) {
	f := form(t)
	for column, want := range map[string]fault.Code{
		"nome": batch.CodeUnknown, "at.stret": batch.CodeUnknown, "places.x.street": batch.CodeUnknown, "clientMutationId": batch.CodeReserved,
	} {
		_, err := f.Targets([]string{"name", column}, nil)
		if fl := fault.Of(err); fl.Code != want || fl.Params["column"] != column {
			t.Errorf("%s: %s %v", column, fl.Code, fl.Params)
		}
	}
	_, err := f.Targets([]string{"nome"}, nil)
	all := fault.All(err)
	if len(all) != 2 || all[0].Params["nearest"] != "name" || all[1].Code != batch.CodeMissing {
		t.Errorf("%v", err)
	}
	if _, err := f.Targets([]string{"name", "b"}, map[string]string{"b": "name"}); !fault.Is(err, batch.CodeSameField) {
		t.Errorf("two columns for one field: %v", err)
	}
	if _, err := f.Targets([]string{"name"}, map[string]string{"Name": "count"}); !fault.Is(err, batch.CodeNotMapped) {
		t.Errorf("a column that is not there: %v", err)
	}
	targets, err := f.Targets([]string{"name", "count", "open", "at", "places"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Fill(targets, []string{"x", "a dozen", "perhaps", "Main", "Main"})
	var codes []fault.Code
	for _, fl := range fault.All(err) {
		codes = append(codes, fl.Code)
	}
	if !slices.Equal(codes, []fault.Code{batch.CodeNotNumber, batch.CodeNotTruth, batch.CodeNotObject, batch.CodeNotList}) {
		t.Errorf("%v", err)
	}
	for raw, want := range map[string]fault.Code{
		`{"nam": 1, "name": "x"}`: batch.CodeUnknown, `{"count": 1}`: batch.CodeMissing, `{"name": "x", "clientMutationId": "y"}`: batch.CodeReserved,
	} {
		if _, err := f.ObjectOf(json.RawMessage(raw)); !fault.Is(err, want) {
			t.Errorf("%s: %v", raw, err)
		}
	}
	if got, err := f.ObjectOf(json.RawMessage(`{"name": "x", "count": 9007199254740993}`)); err != nil || got["count"] != json.Number("9007199254740993") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOnlyWhatIsNamedCanBeDoneLineByLine(t *testing.T) {
	for _, m := range []string{"signThing", "nothing"} {
		if _, err := batch.FormOf(schema(t), m, []string{"makeThing"}); !fault.Is(err, batch.CodeMutation) {
			t.Errorf("%s: %v", m, err)
		}
	}
}
