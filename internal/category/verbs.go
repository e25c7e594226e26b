package category

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Happened is what an event says of a category after what happened.
type Happened struct {
	Code    string `bson:"code"`
	Parent  string `bson:"parent,omitempty"`
	Retired bool   `bson:"retired"`
}

// The events of this room. Their subject is the tree; each but the first carries a Happened.
const (
	ToldSeeded   = "category.seeded" // the tree that comes with the program was planted
	ToldAdded    = "category.added"
	ToldRenamed  = "category.renamed"
	ToldMoved    = "category.moved"
	ToldRetired  = "category.retired"
	ToldRestored = "category.restored"
)

// known finds a category for a verb.
func (t *Tree) known(code string) (*Category, error) {
	c := t.Find(code)
	if c == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", code).At("code")
	}
	return c, nil
}

// add puts a new category into the tree.
func (t *Tree) add(c *Category) error {
	switch {
	case t.Find(c.Code) != nil:
		return fault.New(fault.Refused, CodeTaken, "category", c.Code).At("code")
	case len(t.Categories) >= MaxCategories:
		return fault.New(fault.Refused, CodeFull, "max", MaxCategories).At("code")
	}
	if err := t.fits(c, c.Parent, 1); err != nil {
		return err
	}
	t.Categories = append(t.Categories, c)
	t.settle()
	return t.told(ToldAdded, c)
}

// fits refuses a place below a category for what is so many levels deep in itself.
func (t *Tree) fits(c *Category, parent string, levels int) error {
	above := 0
	if parent != "" {
		p := t.Find(parent)
		switch {
		case p == nil:
			return fault.New(fault.Refused, CodeUnknown, "category", parent).At("parent")
		case !t.Usable(p):
			return fault.New(fault.Refused, CodeRetired, "category", parent).At("parent")
		}
		above = p.Depth()
	}
	if above+levels > MaxDepth {
		return fault.New(fault.Refused, CodeDeep, "max", MaxDepth).At("parent")
	}
	beside := slices.DeleteFunc(t.Children(parent), func(x *Category) bool { return x == c })
	if len(beside) >= MaxChildren {
		return fault.New(fault.Refused, CodeFull, "max", MaxChildren).At("parent")
	}
	return c.unlike(beside)
}

// unlike refuses a name that a category beside it has.
func (c *Category) unlike(beside []*Category) error {
	for _, x := range beside {
		switch {
		case x.Name == c.Name:
			return fault.New(fault.Refused, CodeName, "category", x.Code).At("name")
		case x.NameEn == c.NameEn:
			return fault.New(fault.Refused, CodeName, "category", x.Code).At("nameEn")
		}
	}
	return nil
}

// renamed tells that a category has other names, which none beside it may have.
func (t *Tree) renamed(c *Category, at time.Time) error {
	beside := slices.DeleteFunc(t.Children(c.Parent), func(x *Category) bool { return x == c })
	if err := c.unlike(beside); err != nil {
		return err
	}
	return t.changed(c, ToldRenamed, at)
}

// move puts a category, with all below it, under another one, or to the top.
func (t *Tree) move(c *Category, parent string, at time.Time) error {
	if p := t.Find(parent); p != nil && slices.Contains(p.Path, c.Code) {
		return fault.New(fault.Refused, CodeCycle, "category", c.Code).At("parent")
	}
	deepest := c.Depth()
	for _, x := range t.Below(c.Code) {
		deepest = max(deepest, x.Depth())
	}
	if err := t.fits(c, parent, deepest-c.Depth()+1); err != nil {
		return err
	}
	c.Parent = parent
	t.settle()
	return t.changed(c, ToldMoved, at)
}

// retire says that a category takes nothing new.
func (t *Tree) retire(c *Category, at time.Time) error {
	if c.Retired() {
		return fault.New(fault.Refused, CodeState, "category", c.Code).At("code")
	}
	c.RetiredAt = &at
	return t.changed(c, ToldRetired, at)
}

// restore takes a retired category into use again.
func (t *Tree) restore(c *Category, at time.Time) error {
	if !c.Retired() {
		return fault.New(fault.Refused, CodeState, "category", c.Code).At("code")
	}
	c.RetiredAt = nil
	return t.changed(c, ToldRestored, at)
}

func (t *Tree) changed(c *Category, what string, at time.Time) error {
	c.Version++
	c.UpdatedAt = at
	return t.told(what, c)
}

func (t *Tree) told(what string, c *Category) error {
	return t.Tell(what, Happened{Code: c.Code, Parent: c.Parent, Retired: c.Retired()})
}
