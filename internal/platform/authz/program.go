package authz

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// ProgramOnly is the policy of what callers only reach through something else: its room asks for it in the program's name.
func ProgramOnly[T any]() store.Policy[T] {
	return store.Policy[T]{
		May: func(ctx context.Context, _ string, _ T) error {
			if From(ctx).IsSystem() {
				return nil
			}
			return fault.New(fault.Forbidden, fault.CodeForbidden)
		},
		Filter: func(ctx context.Context) store.Filter {
			if From(ctx).IsSystem() {
				return store.Filter{}
			}
			return store.Nothing()
		},
	}
}
