package page

import (
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of filters.
const (
	maxFilterDepth = 2   // and, or and not within each other
	maxFilterParts = 10  // members of one and, one or
	maxFilterIDs   = 100 // values of one in
)

// Combine joins a filter's own conditions with its and, or and not, which are filters of the same kind. depth is how
// many of them lie around it; deeper than two is refused, and so are too many beside each other.
func Combine[F any](own []store.Filter, and, or []*F, not *F, depth int, where func(f *F, depth int) (store.Filter, error)) (store.Filter, error) {
	var none store.Filter
	if depth >= maxFilterDepth && (len(and) > 0 || len(or) > 0 || not != nil) {
		return none, fault.New(fault.Invalid, fault.CodeTooDeep, "max", maxFilterDepth)
	}
	if slices.ContainsFunc(own, wide) {
		return none, fault.New(fault.Invalid, fault.CodeTooMany, "max", maxFilterIDs)
	}
	ands, err := several(and, "and", depth, where)
	if err != nil {
		return none, err
	}
	ors, err := several(or, "or", depth, where)
	if err != nil {
		return none, err
	}
	all := slices.Concat(own, ands)
	if or != nil {
		all = append(all, store.Or(ors...))
	}
	if not != nil {
		f, err := where(not, depth+1)
		if err != nil {
			return none, fault.Of(err).At("not")
		}
		all = append(all, store.Not(f))
	}
	return store.And(all...), nil
}

// wide says that a condition names more values than a filter may.
func wide(f store.Filter) bool {
	return len(f.Values) > maxFilterIDs || slices.ContainsFunc(f.Of, wide)
}

func several[F any](parts []*F, name string, depth int, where func(*F, int) (store.Filter, error)) ([]store.Filter, error) {
	if len(parts) > maxFilterParts {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", maxFilterParts).At(name)
	}
	var out []store.Filter
	for i, p := range parts {
		f, err := where(p, depth+1)
		if err != nil {
			return nil, fault.Of(err).At(name, strconv.Itoa(i))
		}
		out = append(out, f)
	}
	return out, nil
}

// InFilter puts a fault of a filter below the argument's name.
func InFilter(err error) error {
	if err == nil {
		return nil
	}
	return fault.Of(err).At("filter")
}
