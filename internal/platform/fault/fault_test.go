package fault_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestAPathGrowsFromThePartToTheWhole(t *testing.T) {
	var faults fault.List
	faults.Add(fault.New(fault.Invalid, fault.CodeRequired).At("due"), "commitments", "2")
	faults.Add(nil, "never")
	faults.Add(fault.List{fault.New(fault.Invalid, fault.CodeTooLong).At("title"), fault.New(fault.Invalid, fault.CodeTooMany)}, "text")
	got := fault.All(faults.Err())
	want := [][]string{{"commitments", "2", "due"}, {"text", "title"}, {"text"}}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i, f := range got {
		if !slices.Equal(f.Path, want[i]) {
			t.Errorf("fault %d is at %v, want %v", i, f.Path, want[i])
		}
	}
}

func TestAPathIsNotSharedBetweenFaults(t *testing.T) {
	f := fault.New(fault.Invalid, fault.CodeRequired).At("a")
	g, h := f.At("x"), f.At("y")
	if g.Path[0] != "x" || h.Path[0] != "y" || len(f.Path) != 1 {
		t.Fatalf("got %v, %v, %v", f.Path, g.Path, h.Path)
	}
}

func TestWhateverIsNoFaultIsInternal(t *testing.T) {
	cause := errors.New("disk on fire")
	f := fault.Of(fmt.Errorf("wrapped: %w", cause))
	if f.Kind != fault.Internal || f.Code != fault.CodeInternal || !errors.Is(f, cause) {
		t.Fatalf("got %+v", f)
	}
}

func TestAFaultIsFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("contract: %w", fault.New(fault.Conflict, fault.CodeConflict, "current", 3))
	if !fault.Is(err, fault.CodeConflict) || fault.Of(err).Params["current"] != 3 {
		t.Fatalf("got %v", fault.Of(err))
	}
	if fault.Is(nil, fault.CodeConflict) || fault.All(nil) != nil || (fault.List{}).Err() != nil {
		t.Fatal("nothing is wrong, and yet there is a fault")
	}
}
