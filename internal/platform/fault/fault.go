// Package fault says what went wrong in a form that programs can act on and people can read.
//
// A fault is a kind, a stable code, the way to the input field it is about and the parameters of its sentence. The
// sentence itself comes from the catalogue, in the reader's language, at the very edge: no fault carries prose.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind sorts faults by what the caller can do about them.
type Kind int

// The kinds.
const (
	Internal        Kind = iota // ours: nothing the caller sent is at fault
	Invalid                     // the input breaks a rule of form: mend the field and send it again
	Refused                     // the input is well formed, but the object's state or a rule of the field forbids it
	NotFound                    // there is no such object, or the caller may not know of it
	Forbidden                   // the caller sees the object, but may not do this to it
	Conflict                    // somebody changed the object since the caller read it: read again
	Unauthenticated             // nobody is signed in, or the token has ended
	Unavailable                 // a passing failure of the store or an overload: the same request may succeed later
)

// Code is a fault's stable name, a word of the frozen registry (codes.txt).
type Code string

// The codes that belong to no room.
const (
	CodeInternal        Code = "INTERNAL"
	CodeUnavailable     Code = "UNAVAILABLE"
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	CodeForbidden       Code = "FORBIDDEN"
	CodeNotFound        Code = "NOT_FOUND"
	CodeConflict        Code = "CONFLICT"             // current
	CodeMismatch        Code = "IDEMPOTENCY_MISMATCH" // id
	CodeAlreadyDone     Code = "ALREADY_DONE"         // id
	CodeBadCursor       Code = "BAD_CURSOR"           //
	CodeBadPage         Code = "BAD_PAGE"             // max
	CodeUnserved        Code = "FILTER_NOT_SUPPORTED" // collection
	CodeWrongID         Code = "WRONG_ID"             // want
	CodeRequired        Code = "REQUIRED"             //
	CodeTooLong         Code = "TOO_LONG"             // max
	CodeTooShort        Code = "TOO_SHORT"            // min
	CodeTooMany         Code = "TOO_MANY"             // max
	CodeTooFew          Code = "TOO_FEW"              // min
	CodeControl         Code = "CONTROL_CHARACTER"    //
	CodeNotUTF8         Code = "NOT_UTF8"             //
	CodeOutOfRange      Code = "OUT_OF_RANGE"         // min, max
	CodeDuplicate       Code = "DUPLICATE"            // value
	CodeTaken           Code = "ALREADY_TAKEN"        // value
	CodeMalformed       Code = "MALFORMED"            // want
	CodeNumber          Code = "NUMBER_NOT_SIGNABLE"  // value
	CodeBadKey          Code = "KEY_NOT_ALLOWED"      // key
	CodeTooDeep         Code = "TOO_DEEP"             // max
	CodeTooNew          Code = "WRITTEN_BY_NEWER"     // have, want
)

// Fault is an error with a kind, a code, a path to the input field and the parameters of its sentence.
type Fault struct {
	Kind   Kind
	Code   Code
	Path   []string       // from the input's root to the field, as ["commitments", "2", "due"]; empty for the whole
	Params map[string]any // what the catalogue's sentence names in braces
	Err    error          // the cause, for the log alone
}

// Error is the fault for a log: codes and parameters, never the sentence for people.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(string(f.Code))
	if len(f.Path) > 0 {
		b.WriteString(" at " + strings.Join(f.Path, "."))
	}
	if f.Err != nil {
		b.WriteString(": " + f.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// New makes a fault. Parameters come in pairs, a name and its value.
func New(k Kind, c Code, pairs ...any) *Fault {
	f := &Fault{Kind: k, Code: c}
	for i := 0; i+1 < len(pairs); i += 2 {
		if f.Params == nil {
			f.Params = map[string]any{}
		}
		f.Params[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return f
}

// At says which input field the fault is about. Steps already there are kept behind the new ones, so that a rule of a
// part can be wrapped by the whole.
func (f *Fault) At(path ...string) *Fault {
	g := *f
	g.Path = append(append([]string{}, path...), f.Path...)
	return &g
}

// Because keeps the cause, for the log.
func (f *Fault) Because(err error) *Fault {
	g := *f
	g.Err = err
	return &g
}

// Of finds the fault in err; whatever is none is Internal.
func Of(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	if l, ok := errors.AsType[List](err); ok && len(l) > 0 {
		return l[0]
	}
	return New(Internal, CodeInternal).Because(err)
}

// Is says whether err is a fault of this code.
func Is(err error, c Code) bool { return err != nil && Of(err).Code == c }

// List is several faults of one input, so that a caller can mend them all at once.
type List []*Fault

// Error joins the faults for a log.
func (l List) Error() string {
	all := make([]string, len(l))
	for i, f := range l {
		all[i] = f.Error()
	}
	return strings.Join(all, "; ")
}

// Add takes up an error's faults, below a path. Nil adds nothing.
func (l *List) Add(err error, path ...string) {
	if err == nil {
		return
	}
	if many, ok := errors.AsType[List](err); ok {
		for _, f := range many {
			*l = append(*l, f.At(path...))
		}
		return
	}
	*l = append(*l, Of(err).At(path...))
}

// Err is the list as an error, or nil where nothing is wrong.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// All gives every fault in err: the members of a list, or the one it is.
func All(err error) []*Fault {
	if err == nil {
		return nil
	}
	if many, ok := errors.AsType[List](err); ok {
		return many
	}
	return []*Fault{Of(err)}
}
