package graph

import (
	"context"

	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/personalaccess"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// claimed is what a claim is on.
func (r Rooms) claimed(ctx context.Context, c *exchange.Claim) (any, error) {
	if n := c.Need(); n != "" {
		return r.Needs.Need(ctx, n)
	}
	return r.Resources.Resource(ctx, c.Resource())
}

// contacts are how to reach the residents of micro-wishes, of those that the caller is shown; where a resident has an
// account, it is counted that this was read.
func (r Rooms) contacts(ctx context.Context, needs []*need.Need) ([]*string, error) {
	out := make([]*string, len(needs))
	var read []personalaccess.Reading
	residents, err := r.Needs.Residents(ctx, needs)
	if err != nil {
		return nil, err
	}
	for i, n := range needs {
		if n.Reach == "" {
			continue
		}
		out[i] = said(n.Reach.Clear())
		if residents[i] != "" {
			read = append(read, personalaccess.Reading{Person: residents[i], Field: "Need.contact", Near: []id.Organisation{n.Publisher}})
		}
	}
	r.PersonalAccesses.Note(ctx, read...)
	return out, nil
}

// coded finds categories by their codes.
func (r Rooms) coded(ctx context.Context, codes []string) ([]*category.Category, error) {
	return r.Categories.Coded(ctx, codes)
}

// kin finds for each of some categories others of the same tree.
func (r Rooms) kin(ctx context.Context, of []*category.Category, kin func(*category.Tree, *category.Category) []*category.Category) ([][]*category.Category, error) {
	t, err := r.Categories.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return each(of, func(c *category.Category) ([]*category.Category, error) {
		if now := t.Find(c.Code); now != nil {
			c = now
		}
		return kin(t, c), nil
	})
}

// below are the categories right below one.
func below(t *category.Tree, c *category.Category) []*category.Category { return t.Children(c.Code) }

// found is what goes by a code: null where there is none.
func found[T any](ctx context.Context, code string, get func(context.Context, string) (T, error)) (T, error) {
	t, err := get(ctx, code)
	if fault.Is(err, fault.CodeNotFound) {
		var none T
		return none, nil
	}
	return t, err
}
