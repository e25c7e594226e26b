package file

import "github.com/cobuild/cobuild/internal/platform/fault"

// Status is how far a file has come.
type Status string

// The states.
const (
	Pending  Status = "PENDING"  // announced; its bytes are awaited
	Ready    Status = "READY"    // has come, and waits to be attached
	Attached Status = "ATTACHED" // belongs to something
	Expired  Status = "EXPIRED"  // did not come, or was not attached, in time
	Removed  Status = "REMOVED"  // taken away again by its people; its bytes are gone
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Pending, Ready, Attached, Expired, Removed} }

// Verb is what happens to a file.
type Verb string

// The verbs.
const (
	VerbArrive Verb = "ARRIVE"
	VerbAttach Verb = "ATTACH"
	VerbExpire Verb = "EXPIRE"
	VerbRemove Verb = "REMOVE"
)

// Verbs are all of them.
func Verbs() []Verb { return []Verb{VerbArrive, VerbAttach, VerbExpire, VerbRemove} }

// next is where a verb leads from a state; false where it leads nowhere.
func next(from Status, v Verb) (Status, bool) {
	to, ok := map[Verb]map[Status]Status{
		VerbArrive: {Pending: Ready},
		VerbAttach: {Ready: Attached},
		VerbExpire: {Pending: Expired, Ready: Expired},
		VerbRemove: {Pending: Removed, Ready: Removed, Attached: Removed},
	}[v][from]
	return to, ok
}

// move changes the state, or says why not.
func (f *File) move(v Verb) error {
	to, ok := next(f.Status, v)
	if !ok {
		return fault.New(fault.Refused, CodeWrongState, "status", f.Status, "verb", v)
	}
	f.Status = to
	return nil
}
