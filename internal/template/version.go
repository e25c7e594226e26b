package template

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// versionID is made of the text's identifier and the version's number, so that keeping a version twice keeps it once.
type versionID string

// Edition is one version of a text, kept for good in a document of its own, so that what changes stays small.
type Edition[B any] struct {
	store.Meta[versionID] `bson:",inline"`
	Of                    string    `bson:"of"`
	Number                int       `bson:"number"`
	At                    time.Time `bson:"at"`
	Summary               string    `bson:"summary,omitempty"` // what was changed and why
	Text                  *B        `bson:"text"`
}

// The names under which the API binds versions and pages of them.
type (
	// Version is a version of a template.
	Version = Edition[Body]
	// Versions are a page of them.
	Versions = page.Connection[*Edition[Body]]
	// VersionEdge is one of a page.
	VersionEdge = page.Edge[*Edition[Body]]
	// ClauseVersion is a version of a standard clause.
	ClauseVersion = Edition[ClauseBody]
	// ClauseVersions are a page of them.
	ClauseVersions = page.Connection[*Edition[ClauseBody]]
	// ClauseVersionEdge is one of a page.
	ClauseVersionEdge = page.Edge[*Edition[ClauseBody]]
)

const (
	versionOf = store.Field[string]("of")
	versionNo = store.Field[int]("number")
)

// shelf keeps the versions of one kind of text. Callers reach them through what they are versions of: the room asks in
// the program's own name.
type shelf[B any] struct {
	kept   *store.Collection[*Edition[B]]
	action string
	config Config
}

func openShelf[B any](ctx context.Context, db store.Backend, name, read, action string, c Config) (*shelf[B], error) {
	kept, err := store.Open(ctx, db, store.Options[*Edition[B]]{
		Schema: store.Schema{Name: name, Indexes: []store.Index{store.Lookup(versionOf.Asc(), versionNo.Asc())}},
		Read:   read, Now: c.Now,
		Policy: authz.ProgramOnly[*Edition[B]](),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &shelf[B]{kept: kept, action: action, config: c}, nil
}

// keep puts a version on the shelf, once. It is called with a text that is in the store already, before a newer one
// takes its place.
func (s *shelf[B]) keep(ctx context.Context, of string, h Head, at time.Time, text B) error {
	has, err := s.kept.GetMany(authz.AsSystem(ctx), []string{string(versionKey(of, h.TextVersion))})
	if err != nil || has[0] != nil {
		return err
	}
	e := &Edition[B]{Of: of, Number: h.TextVersion, At: at, Summary: h.Summary, Text: &text}
	e.ID = versionKey(of, h.TextVersion)
	_, err = s.kept.Add(authz.AsSystem(ctx), s.action, e)
	if err == nil || fault.Is(err, fault.CodeTaken) {
		return nil
	}
	return fmt.Errorf("%s: keep version %d: %w", of, h.TextVersion, err)
}

// one finds an older version's text.
func (s *shelf[B]) one(ctx context.Context, of string, number int) (*B, error) {
	found, err := s.kept.GetMany(authz.AsSystem(ctx), []string{string(versionKey(of, number))})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", of)
	}
	return found[0].Text, nil
}

// list is a page of the versions, the oldest first.
func (s *shelf[B]) list(ctx context.Context, of string, a page.Args) (*page.Connection[*Edition[B]], error) {
	return page.List(authz.AsSystem(ctx), s.kept, s.config.Cursors, versionOf.Is(of), []store.Order{versionNo.Asc()}, a)
}

func versionKey(of string, number int) versionID { return versionID(of + ":" + strconv.Itoa(number)) }

// VersionsOf lists the versions of a template's text, the oldest first. It is a list within lists: a needs first or
// last.
func (s *Service) VersionsOf(ctx context.Context, t *Template, a page.Args) (*Versions, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	if err := s.versions.keep(ctx, string(t.ID), t.Head, t.RevisedAt, t.Body); err != nil {
		return nil, err
	}
	return s.versions.list(ctx, string(t.ID), a)
}

// ClauseVersionsOf lists the versions of a standard clause, the oldest first. It is a list within lists: a needs first
// or last.
func (s *Service) ClauseVersionsOf(ctx context.Context, c *LibraryClause, a page.Args) (*ClauseVersions, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	if err := s.editions.keep(ctx, string(c.ID), c.Head, c.RevisedAt, c.ClauseBody); err != nil {
		return nil, err
	}
	return s.editions.list(ctx, string(c.ID), a)
}
