// Package command holds what the inputs of mutations have in common.
package command

import "github.com/cobuild/cobuild/internal/platform/fault"

// Once is embedded by every input: the client's own identifier for the mutation. Sending the same one again does not
// do the thing again.
type Once struct {
	ClientMutationID *string
}

// Change is embedded by inputs that change an object: the version the client has read.
type Change struct {
	Once
	ExpectedVersion int
}

// Expect refuses a change meant for another version than today's.
func (c Change) Expect(current int) error { return Expect(current, c.ExpectedVersion) }

// Expect refuses a change meant for another version than today's; the fault carries the current one.
func Expect(current, expected int) error {
	if current == expected {
		return nil
	}
	return fault.New(fault.Conflict, fault.CodeConflict, "current", current).At("expectedVersion")
}
