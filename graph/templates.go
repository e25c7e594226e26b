package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/template"
)

// templates lists templates, of a community only those that it can use.
func (r Rooms) templates(ctx context.Context, usableBy *string, f *template.Filter, o *template.Order, a page.Args) (*template.Connection, error) {
	by, err := wire.NamedOrNone[id.Organisation]("usableBy", usableBy, wire.Community())
	if err != nil {
		return nil, err
	}
	return r.Templates.Templates(ctx, by, f, o, a)
}

// libraryClauses lists standard clauses, of a community only those that it can use.
func (r Rooms) libraryClauses(ctx context.Context, usableBy *string, f *template.ClauseFilter, o *template.Order, a page.Args) (*template.ClauseConnection, error) {
	by, err := wire.NamedOrNone[id.Organisation]("usableBy", usableBy, wire.Community())
	if err != nil {
		return nil, err
	}
	return r.Templates.Clauses(ctx, by, f, o, a)
}
