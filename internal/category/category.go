// Package category keeps the tree of what needs and resources are about (分类): care for elders, and below it meals and
// help at home. Administrators extend it; a start of it comes with the program.
//
// The tree is one document. So no two administrators who move branches at the same moment can tie it into a knot: one
// write decides, and the other sees what it left.
package category

import (
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of the tree.
const (
	MaxDepth      = 4    // levels
	MaxCategories = 1000 // in all
	MaxChildren   = 100  // of one category, and of the tree at its top
)

// Tree is all categories, and how they lie below each other.
type Tree struct {
	store.Meta[id.Category] `bson:",inline"`
	Categories              []*Category `bson:"categories"` // in no order

	index map[string]*Category
}

// Category is one thing that needs and resources can be about.
type Category struct {
	Code      string     `bson:"code"` // as ELDERS_MEALS: unique, and never another one
	Parent    string     `bson:"parent,omitempty"`
	Name      string     `bson:"name"` // in Chinese
	NameEn    string     `bson:"nameEn"`
	Synonyms  []string   `bson:"synonyms,omitempty"` // as people say it
	RetiredAt *time.Time `bson:"retiredAt,omitempty"`
	Version   int        `bson:"version"`
	CreatedAt time.Time  `bson:"createdAt"`
	UpdatedAt time.Time  `bson:"updatedAt"`

	Path []string `bson:"-"` // the codes from the top of the tree down to its own
}

// theTree is the identifier of the one tree.
func theTree() id.Category { return id.Derived[id.Category](id.KindCategoryTree, "categories") }

// IsNode marks what can be found by its identifier alone.
func (*Tree) IsNode() {}

// IsNode marks what can be found by its identifier alone.
func (*Category) IsNode() {}

// Audience is recorded on the tree's events: everybody may know of it.
func (*Tree) Audience() []string { return []string{authz.Everybody} }

// ID is the category's identifier; it follows from the code.
func (c *Category) ID() id.Category {
	return id.Within[id.Category](id.KindCategory, string(theTree()), strings.ReplaceAll(c.Code, "_", "-"))
}

// codeOf is the code of the category that an identifier names; empty where it names none.
func codeOf(i id.Category) string {
	tree, key, ok := id.Whole[id.Category](string(i), id.KindCategoryTree)
	if !ok || tree != theTree() || !id.Is(string(i), id.KindCategory) {
		return ""
	}
	return strings.ReplaceAll(key, "-", "_")
}

// Retired says whether the category takes nothing new.
func (c *Category) Retired() bool { return c.RetiredAt != nil }

// Depth is the category's level, from 1 at the top.
func (c *Category) Depth() int { return len(c.Path) }

// sortKey puts a category behind its parent and before its parent's next sibling.
func (c *Category) sortKey() string { return strings.Join(c.Path, "/") + "/" }

// settle finds each category by its code and notes every one's path.
func (t *Tree) settle() {
	t.index = make(map[string]*Category, len(t.Categories))
	for _, c := range t.Categories {
		t.index[c.Code] = c
	}
	for _, c := range t.Categories {
		c.Path = nil
		for up := c; up != nil && len(c.Path) < MaxDepth; up = t.index[up.Parent] {
			c.Path = append(c.Path, up.Code)
		}
		slices.Reverse(c.Path)
	}
	slices.SortFunc(t.Categories, func(a, b *Category) int { return strings.Compare(a.sortKey(), b.sortKey()) })
}

// Find is the category of a code; nil where there is none.
func (t *Tree) Find(code string) *Category { return t.index[code] }

// Children are the categories right below one, or those at the top where none is named, by their codes.
func (t *Tree) Children(code string) []*Category {
	out := []*Category{}
	for _, c := range t.Categories {
		if c.Parent == code {
			out = append(out, c)
		}
	}
	return out
}

// Below are a category and all below it, each behind the one above it.
func (t *Tree) Below(code string) []*Category {
	out := []*Category{}
	for _, c := range t.Categories {
		if slices.Contains(c.Path, code) {
			out = append(out, c)
		}
	}
	return out
}

// Ancestors are the categories above one, from the top down.
func (t *Tree) Ancestors(c *Category) []*Category {
	out := []*Category{}
	for _, code := range c.Path[:len(c.Path)-1] {
		out = append(out, t.index[code])
	}
	return out
}

// Usable says whether something new can be filed under a category: it and all above it are in use.
func (t *Tree) Usable(c *Category) bool {
	return !slices.ContainsFunc(c.Path, func(code string) bool { return t.index[code].Retired() })
}
