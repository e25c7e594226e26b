package gql

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

func TestAVariableIsLookedThroughOnceHoweverOftenItIsUsed(t *testing.T) {
	p := pricing{vars: map[string]any{"f": []any{"a", "b", "c"}}, breadths: map[string]int{}}
	use := &ast.Value{Kind: ast.Variable, Raw: "f"}
	if n := p.breadth(use); n != 3 {
		t.Fatalf("three values count %d", n)
	}
	p.vars["f"] = []any{} // who looks again sees another breadth
	if n := p.breadth(use); n != 3 {
		t.Errorf("it was looked through again, and counts %d", n)
	}
}
