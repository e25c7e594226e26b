package organisation

import (
	"context"
	"fmt"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Finder finds organisations of one room in the order of ids; nil where there is none.
type Finder func(ctx context.Context, ids []id.Organisation) ([]Organisation, error)

// Directory finds organisations of every kind by their identifiers, one question to each room however many are asked
// for.
type Directory struct {
	Districts   Finder // districts and sub-districts
	Communities Finder
	Units       Finder
}

// Many finds organisations in the order of ids; nil where there is none or the identifier is of no organisation.
func (d Directory) Many(ctx context.Context, ids []id.Organisation) ([]Organisation, error) {
	out := make([]Organisation, len(ids))
	rooms := []struct {
		find  Finder
		kinds [2]id.Kind
	}{
		{d.Districts, [2]id.Kind{id.KindDistrict, id.KindSubDistrict}},
		{d.Communities, [2]id.Kind{id.KindCommunity}},
		{d.Units, [2]id.Kind{id.KindUnit}},
	}
	for _, r := range rooms {
		var ask []id.Organisation
		var at []int
		for i, o := range ids {
			if k, ok := id.KindOf(string(o)); ok && (k == r.kinds[0] || k == r.kinds[1]) {
				ask, at = append(ask, o), append(at, i)
			}
		}
		if len(ask) == 0 || r.find == nil {
			continue
		}
		found, err := r.find(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("organisations: %w", err)
		}
		for j, i := range at {
			out[i] = found[j]
		}
	}
	return out, nil
}

// Facts tells the facts of organisations in the order of ids; the zero Facts where there is none.
func (d Directory) Facts(ctx context.Context, ids []id.Organisation) ([]Facts, error) {
	found, err := d.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Facts, len(ids))
	for i, o := range found {
		if o != nil {
			out[i] = o.Facts()
		}
	}
	return out, nil
}

// One finds a single organisation; NOT_FOUND where there is none.
func (d Directory) One(ctx context.Context, o id.Organisation) (Organisation, error) {
	found, err := d.Many(ctx, []id.Organisation{o})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
	}
	return found[0], nil
}

// FactsOf tells the facts of a single organisation; NOT_FOUND where there is none.
func (d Directory) FactsOf(ctx context.Context, o id.Organisation) (Facts, error) {
	found, err := d.One(ctx, o)
	if err != nil {
		return Facts{}, err
	}
	return found.Facts(), nil
}

// Keys are identifiers as the store takes them.
func Keys(ids []id.Organisation) []string {
	keys := make([]string, len(ids))
	for i, o := range ids {
		keys[i] = string(o)
	}
	return keys
}
