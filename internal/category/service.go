package category

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of what is said of a category.
const (
	maxName     = 60
	maxNameEn   = 100
	maxSynonyms = 30
)

// fresh is for how long a node goes by the tree as it last read it; its own changes it knows at once.
const fresh = time.Second

// Service keeps the tree.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil

	trees *store.Collection[*Tree]

	mu   sync.Mutex
	tree *Tree // as last read; nobody alters it
	read time.Time
}

// Open makes the room ready on a back end, and plants the tree that comes with the program where there is none yet.
func Open(ctx context.Context, db store.Backend, s *Service) (*Service, error) {
	var err error
	if s.trees, err = store.Open(ctx, db, store.Options[*Tree]{
		Schema: store.Schema{Name: "categories"}, Read: access.CategoryRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Tree](access.Table(), access.CategoryRead, nil, nil, nil),
		Make:   func(bson.Raw) (*Tree, error) { return &Tree{}, nil },
	}); err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	if err := s.plant(ctx); err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	return s, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.trees} }

// Tree is all categories, as they are or were a moment ago. Nobody alters it.
func (s *Service) Tree(ctx context.Context) (*Tree, error) {
	s.mu.Lock()
	known, read := s.tree, s.read
	s.mu.Unlock()
	if now := s.Now(); known != nil && now.Sub(read) < fresh && !now.Before(read) {
		return known, nil
	}
	t, err := s.trees.Get(authz.AsSystem(ctx), string(theTree()))
	if err != nil {
		return nil, err
	}
	return s.keep(t), nil
}

func (s *Service) keep(t *Tree) *Tree {
	t.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil || t.Version >= s.tree.Version {
		s.tree = t
	}
	s.read = s.Now()
	return s.tree
}

// AddInput is the input of addCategory.
type AddInput struct {
	command.Once
	Code     string
	Name     string
	NameEn   string
	Synonyms []string
	Parent   *string
}

// RenameInput is the input of renameCategory. What is absent stays as it is.
type RenameInput struct {
	command.Change
	Code     string
	Name     *string
	NameEn   *string
	Synonyms []string
}

// MoveInput is the input of moveCategory.
type MoveInput struct {
	command.Change
	Code   string
	Parent *string
}

// RetireInput is the input of retireCategory.
type RetireInput struct {
	command.Change
	Code string
}

// RestoreInput is the input of restoreCategory.
type RestoreInput struct {
	command.Change
	Code string
}

var codes = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// Add puts a new category into the tree.
func (s *Service) Add(ctx context.Context, in AddInput) (*Category, error) {
	at := s.now()
	c := &Category{Code: in.Code, Version: 1, CreatedAt: at, UpdatedAt: at}
	if in.Parent != nil {
		c.Parent = *in.Parent
	}
	var f fault.List
	if !codes.MatchString(in.Code) || len(in.Code) < 2 || len(in.Code) > 60 {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "ELDERS_MEALS"), "code")
	}
	c.say(&f, &in.Name, &in.NameEn, in.Synonyms)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.change(ctx, access.CategoryAdd, in.Code, func(t *Tree) error { return t.add(c) })
}

// say takes up names and synonyms.
func (c *Category) say(f *fault.List, name, nameEn *string, synonyms []string) {
	if name != nil {
		c.Name = text.Line(f, "name", *name, 1, maxName)
	}
	if nameEn != nil {
		c.NameEn = text.Line(f, "nameEn", *nameEn, 1, maxNameEn)
	}
	if synonyms != nil {
		c.Synonyms = organisation.Lines(f, "synonyms", synonyms, maxSynonyms, maxName)
	}
}

// Rename changes a category's names and synonyms.
func (s *Service) Rename(ctx context.Context, in RenameInput) (*Category, error) {
	return s.on(ctx, access.CategoryRename, in.Change, in.Code, func(t *Tree, c *Category) error {
		var f fault.List
		c.say(&f, in.Name, in.NameEn, in.Synonyms)
		if err := f.Err(); err != nil {
			return err
		}
		return t.renamed(c, s.now())
	})
}

// Move puts a category with all below it under another one, or to the top.
func (s *Service) Move(ctx context.Context, in MoveInput) (*Category, error) {
	parent := ""
	if in.Parent != nil {
		parent = *in.Parent
	}
	return s.on(ctx, access.CategoryMove, in.Change, in.Code, func(t *Tree, c *Category) error { return t.move(c, parent, s.now()) })
}

// Retire says that a category takes nothing new.
func (s *Service) Retire(ctx context.Context, in RetireInput) (*Category, error) {
	return s.on(ctx, access.CategoryRetire, in.Change, in.Code, func(t *Tree, c *Category) error { return t.retire(c, s.now()) })
}

// Restore takes a retired category into use again.
func (s *Service) Restore(ctx context.Context, in RestoreInput) (*Category, error) {
	return s.on(ctx, access.CategoryRestore, in.Change, in.Code, func(t *Tree, c *Category) error { return t.restore(c, s.now()) })
}

// on changes one category at the version that the caller has read.
func (s *Service) on(ctx context.Context, action string, in command.Change, code string, do func(*Tree, *Category) error) (*Category, error) {
	return s.change(ctx, action, code, func(t *Tree) error {
		c, err := t.known(code)
		if err != nil {
			return err
		}
		if err := in.Expect(c.Version); err != nil {
			return err
		}
		return do(t, c)
	})
}

func (s *Service) change(ctx context.Context, action, code string, do func(*Tree) error) (*Category, error) {
	t, err := s.trees.Change(ctx, action, string(theTree()), func(t *Tree) error {
		t.settle()
		return do(t)
	})
	if err != nil {
		return nil, err
	}
	if t.settle(); t.Find(code) == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", code).At("code")
	}
	return s.keep(t).Find(code), nil
}

// Category finds a category by its code; NOT_FOUND where there is none.
func (s *Service) Category(ctx context.Context, code string) (*Category, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if c := t.Find(code); c != nil {
		return c, nil
	}
	return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", code)
}

// Many finds categories in the order of ids; nil where there is none.
func (s *Service) Many(ctx context.Context, ids []id.Category) ([]*Category, error) {
	found := make([]string, len(ids))
	for i, c := range ids {
		found[i] = codeOf(c)
	}
	return s.Coded(ctx, found)
}

// Coded finds categories in the order of their codes; nil where there is none.
func (s *Service) Coded(ctx context.Context, codes []string) ([]*Category, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*Category, len(codes))
	for i, code := range codes {
		out[i] = t.Find(code)
	}
	return out, nil
}

// Trees finds the tree by its identifier, in the order of ids; nil for any other.
func (s *Service) Trees(ctx context.Context, ids []id.Category) ([]*Tree, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*Tree, len(ids))
	for i, one := range ids {
		if one == t.ID {
			out[i] = t
		}
	}
	return out, nil
}

// These are the names under which the API binds pages.
type (
	// Connection is a page of categories.
	Connection = page.Connection[*Category]
	// Edge is a category of a page, with its cursor.
	Edge = page.Edge[*Category]
)

// List finds a page of the categories below one, or at the top of the tree where none is named; with below those further
// down too, and with retired those that take nothing new.
func (s *Service) List(ctx context.Context, parent *string, below, retired bool, a page.Args) (*Connection, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	of := ""
	if parent != nil {
		if of = *parent; t.Find(of) == nil {
			return nil, fault.New(fault.Invalid, CodeUnknown, "category", text.Clip(of, maxName)).At("parent")
		}
	}
	all := t.Children(of)
	if below {
		all = slices.DeleteFunc(slices.Clone(t.Categories), func(c *Category) bool { return of != "" && (c.Code == of || !slices.Contains(c.Path, of)) })
	}
	if !retired {
		all = slices.DeleteFunc(all, (*Category).Retired)
	}
	list := "categories " + of + strconv.FormatBool(below) + strconv.FormatBool(retired)
	return page.Slice(all, (*Category).sortKey, s.Cursors, list, a)
}

// Takes refuses the code of a category under which nothing new can be filed.
func (s *Service) Takes(ctx context.Context, code string) error {
	t, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	switch c := t.Find(code); {
	case c == nil:
		return fault.New(fault.Refused, CodeUnknown, "category", text.Clip(code, maxName))
	case !t.Usable(c):
		return fault.New(fault.Refused, CodeRetired, "category", code)
	}
	return nil
}

// Below finds the codes of categories and of all below them, each once; a fault names one that there is not.
func (s *Service) Below(ctx context.Context, codes []string) ([]string, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, code := range codes {
		if t.Find(code) == nil {
			return nil, fault.New(fault.Invalid, CodeUnknown, "category", text.Clip(code, maxName))
		}
		for _, c := range t.Below(code) {
			if !slices.Contains(out, c.Code) {
				out = append(out, c.Code)
			}
		}
	}
	return out, nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
