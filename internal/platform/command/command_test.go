package command_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestAChangeForAnotherVersionIsAConflictThatNamesTodays(t *testing.T) {
	in := command.Change{ExpectedVersion: 3}
	if err := in.Expect(3); err != nil {
		t.Fatal(err)
	}
	f := fault.Of(in.Expect(4))
	if f.Kind != fault.Conflict || f.Code != fault.CodeConflict || f.Params["current"] != 4 || f.Path[0] != "expectedVersion" {
		t.Fatalf("got %+v", f)
	}
}
