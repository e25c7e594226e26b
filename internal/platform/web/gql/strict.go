package gql

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// strict refuses what the library's coercion of variables lets through against the specification: enum values in
// another case, numbers for strings and strings for numbers, integers beyond 32 bits, and an input @oneOf with none or
// several of its fields.
func strict(schema *ast.Schema, op *ast.OperationDefinition, vars map[string]any) *gqlerror.Error {
	s := strictness{schema}
	for _, v := range op.VariableDefinitions {
		given, ok := vars[v.Variable]
		if !ok {
			continue
		}
		if err := s.value(ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}, v.Type, given); err != nil {
			return err
		}
	}
	return nil
}

type strictness struct{ schema *ast.Schema }

func (s strictness) value(path ast.Path, t *ast.Type, v any) *gqlerror.Error {
	if v == nil {
		return nil
	}
	if t.Elem != nil {
		for i, e := range graphql.CoerceList(v) {
			if err := s.value(step(path, ast.PathIndex(i)), t.Elem, e); err != nil {
				return err
			}
		}
		return nil
	}
	switch def := s.schema.Types[t.NamedType]; def.Kind {
	case ast.Enum:
		if name, ok := v.(string); !ok || def.EnumValues.ForName(name) == nil {
			return gqlerror.ErrorPathf(path, "%s is not a valid %s", shown(v), def.Name)
		}
	case ast.InputObject:
		return s.object(path, def, v)
	case ast.Scalar:
		if !fits(def.Name, v) {
			return gqlerror.ErrorPathf(path, "%s is not a valid %s%s", shown(v), def.Name, meant(def.Name))
		}
	}
	return nil
}

// meant says what a built-in scalar holds where its name does not.
func meant(scalar string) string {
	switch scalar {
	case "Int":
		return ", which is a whole number from -2147483648 to 2147483647, written with digits alone"
	case "ID":
		return ", which is a text or a whole number"
	case "String":
		return ", which is a text in quotes"
	}
	return ""
}

func (s strictness) object(path ast.Path, def *ast.Definition, v any) *gqlerror.Error {
	fields, ok := v.(map[string]any)
	if !ok {
		return gqlerror.ErrorPathf(path, "%s is not a valid %s", shown(v), def.Name)
	}
	given := 0
	for _, f := range def.Fields {
		if fields[f.Name] == nil {
			continue
		}
		given++
		if err := s.value(step(path, ast.PathName(f.Name)), f.Type, fields[f.Name]); err != nil {
			return err
		}
	}
	if def.Directives.ForName("oneOf") != nil && (given != 1 || len(fields) != 1) {
		return gqlerror.ErrorPathf(path, "%s needs exactly one of its fields", def.Name)
	}
	return nil
}

// fits says whether a value has the JSON type of a built-in scalar; other scalars judge for themselves.
func fits(scalar string, v any) bool {
	switch scalar {
	case "String":
		_, ok := v.(string)
		return ok
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Float":
		_, ok := number(v)
		return ok
	case "ID":
		if _, ok := v.(string); ok {
			return true
		}
		n, ok := number(v)
		return ok && n == math.Trunc(n)
	case "Int":
		return isInt(v)
	}
	return true
}

// isInt says whether a value is a whole number of 32 bits. 1.0 and 1e2 are none: what follows would not read them.
func isInt(v any) bool {
	if x, ok := v.(json.Number); ok {
		_, err := strconv.ParseInt(x.String(), 10, 32)
		return err == nil
	}
	n, ok := number(v)
	return ok && n == math.Trunc(n) && n >= math.MinInt32 && n <= math.MaxInt32
}

func number(v any) (float64, bool) {
	switch x := v.(type) {
	case json.Number:
		n, err := strconv.ParseFloat(x.String(), 64)
		return n, err == nil
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// shown is a value as an error may repeat it: its kind for what is long or has parts.
func shown(v any) string {
	switch x := v.(type) {
	case json.Number:
		return x.String()
	case string:
		if len(x) <= 40 {
			return strconv.Quote(x)
		}
		return "a text"
	case bool:
		return strconv.FormatBool(x)
	}
	return fmt.Sprintf("a %T", v)
}

func step(path ast.Path, e ast.PathElement) ast.Path { return append(slices.Clip(path), e) }
