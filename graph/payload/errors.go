package payload

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// UserError is what is wrong with a mutation and can be mended by its caller.
type UserError interface{ isUserError() }

// Error is what every user error tells.
type Error struct {
	Code    fault.Code
	Path    []string // from the input to the field; empty for the whole
	Message string   // for people, in the caller's language
}

// The user errors, sorted by what a caller can do about them.
type (
	// InputError is about a field that breaks a rule of form.
	InputError struct{ Error }
	// RuleError says that the state of things or a rule of the field forbids it.
	RuleError struct{ Error }
	// NotFoundError says that there is no such object, or none that the caller may know of.
	NotFoundError struct{ Error }
	// ForbiddenError says that the caller may see the object, but not do this to it.
	ForbiddenError struct{ Error }
	// ConflictError says that somebody changed the object meanwhile.
	ConflictError struct {
		Error
		CurrentVersion *int // nil where it has none
	}
)

func (*InputError) isUserError()     {}
func (*RuleError) isUserError()      {}
func (*NotFoundError) isUserError()  {}
func (*ForbiddenError) isUserError() {}
func (*ConflictError) isUserError()  {}

func userErrors(ctx context.Context, all []*fault.Fault) []UserError {
	out := make([]UserError, len(all))
	for i, f := range all {
		request.From(ctx).Met(f.Code)
		out[i] = userError(ctx, f)
	}
	return out
}

func userError(ctx context.Context, f *fault.Fault) UserError {
	e := Error{Code: f.Code, Path: f.Path, Message: catalogue.From(ctx).Say(f.Code, f.Params)}
	if e.Path == nil {
		e.Path = []string{}
	}
	switch f.Kind {
	case fault.Refused:
		return &RuleError{e}
	case fault.NotFound:
		return &NotFoundError{e}
	case fault.Forbidden:
		return &ForbiddenError{e}
	case fault.Conflict:
		c := &ConflictError{Error: e}
		if n, ok := f.Params["current"].(int); ok {
			c.CurrentVersion = &n
		}
		return c
	}
	return &InputError{e}
}

// Errors tells what is wrong with one part of a mutation that goes on with its others; none where nothing is.
func Errors(ctx context.Context, err error) []UserError { return userErrors(ctx, fault.All(err)) }
