package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Playbook is one version of what is typical of communities of a type.
func Playbook() Kind { return Kind{"Playbook", []id.Kind{id.KindPlaybook}} }

// PlaybookApplication is what a community has taken from playbooks.
func PlaybookApplication() Kind {
	return Kind{"PlaybookApplication", []id.Kind{id.KindPlaybookApplication}}
}

// MarshalPlaybookID writes the identifier of a playbook.
func MarshalPlaybookID(i id.Playbook) graphql.ContextMarshaler { return write(i) }

// UnmarshalPlaybookID reads the identifier of a playbook; one of another kind is refused.
func UnmarshalPlaybookID(ctx context.Context, v any) (id.Playbook, error) {
	return read[id.Playbook](ctx, v, Playbook())
}

// MarshalPlaybookApplicationID writes the identifier of an application of playbooks.
func MarshalPlaybookApplicationID(i id.PlaybookApplication) graphql.ContextMarshaler { return write(i) }

// UnmarshalPlaybookApplicationID reads the identifier of an application of playbooks; one of another kind is refused.
func UnmarshalPlaybookApplicationID(ctx context.Context, v any) (id.PlaybookApplication, error) {
	return read[id.PlaybookApplication](ctx, v, PlaybookApplication())
}
