package record_test

import (
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
)

// repeated is a text so many times, with commas between.
func repeated(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// A copy of a list into itself doubles it. What stops it is what has been copied, and not how much text there is in it.
func TestAPatchThatCopiesItselfIsStoppedWhateverIsInIt(t *testing.T) {
	for value, code := range map[string]fault.Code{
		`[]`: fault.CodeTooMany, `[{}]`: fault.CodeTooMany, `[[],[]]`: fault.CodeTooMany, `[null]`: fault.CodeTooMany,
		`[true]`: fault.CodeTooMany, `[0,1]`: fault.CodeTooMany, `[{"k":{}}]`: fault.CodeTooMany,
		`[{"` + strings.Repeat("k", 90) + `":null}]`: record.CodeTooLarge, `["` + strings.Repeat("x", 90) + `"]`: record.CodeTooLarge,
	} {
		was, err := record.Parse(`{}`)
		if err != nil {
			t.Fatal(err)
		}
		// Sixteen doublings, which a machine survives that lets them through.
		_, err = was.Patch(record.JSON(`[{"op":"add","path":"/a","value":` + value + `},` + repeated(`{"op":"copy","from":"/a","path":"/a/-"}`, 16) + `]`))
		if f := fault.Of(err); err == nil || f.Code != code || len(f.Path) != 1 {
			t.Errorf("%s: got %v, want %s at an operation", value, err, code)
		}
	}
	was, err := record.Parse(`{"rows":[{"of":[1,2,3]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := was.Patch(record.JSON(`[` + repeated(`{"op":"copy","from":"/rows/0","path":"/rows/-"}`, record.MaxOps) + `]`)); err != nil {
		t.Errorf("copies of one row are refused: %v", err)
	}
}
