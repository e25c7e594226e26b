package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Template is a template of contracts.
func Template() Kind { return Kind{"ContractTemplate", []id.Kind{id.KindTemplate}} }

// LibraryClause is a standard clause.
func LibraryClause() Kind { return Kind{"LibraryClause", []id.Kind{id.KindLibraryClause}} }

// MarshalTemplateID writes the identifier of a template.
func MarshalTemplateID(i id.Template) graphql.ContextMarshaler { return write(i) }

// UnmarshalTemplateID reads the identifier of a template; one of another kind is refused.
func UnmarshalTemplateID(ctx context.Context, v any) (id.Template, error) {
	return read[id.Template](ctx, v, Template())
}

// MarshalLibraryClauseID writes the identifier of a standard clause.
func MarshalLibraryClauseID(i id.LibraryClause) graphql.ContextMarshaler { return write(i) }

// UnmarshalLibraryClauseID reads the identifier of a standard clause; one of another kind is refused.
func UnmarshalLibraryClauseID(ctx context.Context, v any) (id.LibraryClause, error) {
	return read[id.LibraryClause](ctx, v, LibraryClause())
}
