package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// versionID is made of the template, the number and what the version says: two who publish at once keep two texts, and
// the template names the one that won.
type versionID string

// Version is one version of a template. A published one never changes.
type Version struct {
	store.Meta[versionID] `bson:",inline"`

	Of     id.ProjectTemplate `bson:"of"`
	Number int                `bson:"number"`
	At     *time.Time         `bson:"at,omitempty"` // when it was published; nil for a draft
	Body   `bson:",inline"`
}

// These are the names under which the API binds versions.
type (
	// VersionConnection is a page of versions.
	VersionConnection = page.Connection[*Version]
	// VersionEdge is one of a page.
	VersionEdge = page.Edge[*Version]
)

const (
	versionKey = store.Field[versionID]("_id")
	versionOf  = store.Field[id.ProjectTemplate]("of")
	versionNo  = store.Field[int]("number")
)

// openVersions makes the shelf of published versions ready. Callers reach them through their template: the room asks in
// the program's own name.
func openVersions(ctx context.Context, db store.Backend, c Config) (*store.Collection[*Version], error) {
	return store.Open(ctx, db, store.Options[*Version]{
		Schema: store.Schema{Name: "project_template_versions", Indexes: []store.Index{store.Lookup(versionOf.Asc(), versionNo.Asc())}},
		Read:   access.ProjectTemplateRead, Now: c.Now, Policy: authz.ProgramOnly[*Version](),
	})
}

// shelve keeps a version for good, once, and says where.
func (s *Service) shelve(ctx context.Context, of id.ProjectTemplate, number int, b Body) (VersionRef, error) {
	ctx = authz.AsSystem(ctx)
	now := s.now()
	sum := sha256.Sum256([]byte(string(b.Schema) + fmt.Sprint(b.Fields, b.Steps, b.Summary, now.UnixMilli())))
	v := &Version{Of: of, Number: number, At: &now, Body: b}
	v.ID = versionID(string(of) + ":" + strconv.Itoa(number) + ":" + hex.EncodeToString(sum[:8]))
	_, err := s.versions.Add(ctx, access.ProjectTemplatePublish, v)
	if err != nil && !fault.Is(err, fault.CodeTaken) {
		return VersionRef{}, fmt.Errorf("%s: keep version %d: %w", of, number, err)
	}
	return VersionRef{Number: number, Key: v.ID, At: now}, nil
}

// version finds a published version of a template.
func (s *Service) version(ctx context.Context, t *Template, number int) (*Version, error) {
	ref, ok := t.ref(number)
	if !ok {
		return nil, fault.New(fault.Invalid, CodeVersionUnknown, "version", number, "latest", t.Latest())
	}
	return s.versions.Get(authz.AsSystem(ctx), string(ref.Key))
}

// LatestOf are the latest published versions of templates, in their order; nil where there is none.
func (s *Service) LatestOf(ctx context.Context, of []*Template) ([]*Version, error) {
	var keys []string
	var at []int
	for i, t := range of {
		if ref, ok := t.ref(t.Latest()); ok {
			keys, at = append(keys, string(ref.Key)), append(at, i)
		}
	}
	found, err := s.versions.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return nil, err
	}
	out := make([]*Version, len(of))
	for n, i := range at {
		out[i] = found[n]
	}
	return out, nil
}

// VersionsOf lists the published versions of a template, the oldest first. It is a list within lists: a needs first or
// last.
func (s *Service) VersionsOf(ctx context.Context, t *Template, a page.Args) (*VersionConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	keys := make([]versionID, len(t.Versions))
	for i, v := range t.Versions {
		keys[i] = v.Key
	}
	return page.List(authz.AsSystem(ctx), s.versions, s.Cursors, versionKey.In(keys...), []store.Order{versionNo.Asc()}, a)
}

// Drafted is the version that is being written; nil where there is none.
func (t *Template) Drafted() *Version {
	if t.Draft == nil {
		return nil
	}
	return &Version{Of: t.ID, Number: t.Latest() + 1, Body: *t.Draft}
}

// compiled is the schema of a version, ready to hold records against. A version never changes, so that it is made ready
// once as long as it is asked for.
func (s *Service) compiled(v *Version) (*record.Schema, error) {
	if found, ok := s.schemas.get(v.ID); ok {
		return found, nil
	}
	made, err := record.Compile(v.Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.ID, err)
	}
	s.schemas.put(v.ID, made)
	return made, nil
}
