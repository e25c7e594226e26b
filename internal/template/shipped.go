package template

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// What comes with the program: a key that never changes, an edition that goes up when the text is another, and the text
// itself. A template names clauses of the library by their keys.
//
//go:embed shipped/clauses.json shipped/templates.json
var shippedFiles embed.FS

type shipped[T any] struct {
	Key     string
	Edition int
	Text    T
}

// ship keeps what comes with the program where it is not kept yet, and brings a newer edition where nobody has revised
// or retired the older one. It may be repeated and done by several nodes at once.
func (s *Service) ship(ctx context.Context) error {
	ctx = authz.AsSystem(ctx)
	clauses, err := readShipped[ClauseBodyInput]("shipped/clauses.json")
	if err != nil {
		return err
	}
	if err := s.shipClauses(ctx, clauses); err != nil {
		return err
	}
	templates, err := readShipped[BodyInput]("shipped/templates.json")
	if err != nil {
		return err
	}
	return s.shipTemplates(ctx, templates)
}

func readShipped[T any](name string) ([]shipped[T], error) {
	raw, err := shippedFiles.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []shipped[T]
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// ShippedClause is the identifier of a clause that comes with the program, by its key.
func ShippedClause(key string) id.LibraryClause { return shippedClause(key) }

// shippedClause and shippedTemplate are the identifiers of what comes with the program.
func shippedClause(key string) id.LibraryClause {
	return id.Derived[id.LibraryClause](id.KindLibraryClause, "shipped", key)
}

func shippedTemplate(key string) id.Template {
	return id.Derived[id.Template](id.KindTemplate, "shipped", key)
}

func (s *Service) shipClauses(ctx context.Context, all []shipped[ClauseBodyInput]) error {
	ids := make([]id.LibraryClause, len(all))
	for i, c := range all {
		ids[i] = shippedClause(c.Key)
	}
	has, err := s.ManyClauses(ctx, ids)
	if err != nil {
		return err
	}
	var g errgroup.Group // writes that come together are made durable together
	for i, c := range all {
		if has[i] == nil || has[i].outdated(c.Edition) {
			g.Go(func() error { return s.shipClause(ctx, ids[i], has[i], c) })
		}
	}
	return g.Wait()
}

func (s *Service) shipClause(ctx context.Context, at id.LibraryClause, has *LibraryClause, c shipped[ClauseBodyInput]) error {
	body, err := c.Text.write()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	if has == nil {
		kept := &LibraryClause{Head: s.head(""), ClauseBody: body}
		kept.ID, kept.Shipped, kept.BuiltIn = at, c.Edition, true
		_, err = s.clauses.Add(ctx, access.LibraryCreate, kept)
		return otherNode(err)
	}
	_, err = s.clauses.Change(ctx, access.LibraryRevise, string(at), func(k *LibraryClause) error {
		if !k.outdated(c.Edition) {
			return errNothing()
		}
		if err := s.editions.keep(ctx, string(at), k.Head, k.RevisedAt, k.ClauseBody); err != nil {
			return err
		}
		k.ClauseBody = body
		return k.revised(s, "", c.Edition)
	})
	return otherNode(err)
}

func (s *Service) shipTemplates(ctx context.Context, all []shipped[BodyInput]) error {
	ids := make([]id.Template, len(all))
	for i, t := range all {
		ids[i] = shippedTemplate(t.Key)
	}
	has, err := s.Many(ctx, ids)
	if err != nil {
		return err
	}
	var g errgroup.Group
	for i, t := range all {
		if has[i] == nil || has[i].outdated(t.Edition) {
			g.Go(func() error { return s.shipTemplate(ctx, ids[i], has[i], t) })
		}
	}
	return g.Wait()
}

func (s *Service) shipTemplate(ctx context.Context, at id.Template, has *Template, t shipped[BodyInput]) error {
	for i, a := range t.Text.Clauses {
		if a.LibraryClause != nil {
			t.Text.Clauses[i].LibraryClause = new(shippedClause(string(*a.LibraryClause)))
		}
	}
	body, err := s.write(ctx, "", t.Text)
	if fault.Is(err, CodeClauseRetired) {
		return nil // the platform has done away with a clause that the template is made of: it stays as it is
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.Key, err)
	}
	if has == nil {
		kept := &Template{Head: s.head(""), Body: body}
		kept.ID, kept.Shipped, kept.BuiltIn = at, t.Edition, true
		_, err = s.templates.Add(ctx, access.TemplateCreate, kept)
		return otherNode(err)
	}
	_, err = s.templates.Change(ctx, access.TemplateRevise, string(at), func(k *Template) error {
		if !k.outdated(t.Edition) {
			return errNothing()
		}
		if err := s.versions.keep(ctx, string(at), k.Head, k.RevisedAt, k.Body); err != nil {
			return err
		}
		k.Body = body
		return k.revised(s, "", t.Edition)
	})
	return otherNode(err)
}

// outdated says whether the program brings a newer edition of what nobody has touched.
func (h *Head) outdated(edition int) bool {
	return h.Status == Active && h.Shipped > 0 && h.Shipped < edition
}

// errNothing ends a change that another node has made already.
func errNothing() error { return fault.New(fault.Conflict, fault.CodeConflict) }

// otherNode forgives what another node was faster with.
func otherNode(err error) error {
	if fault.Is(err, fault.CodeTaken) || fault.Is(err, fault.CodeConflict) {
		return nil
	}
	return err
}
