package page

import "github.com/cobuild/cobuild/internal/platform/store"

// Path is a field that holds a value or many.
type Path[V any] interface {
	Is(v V) store.Filter
	In(vs ...V) store.Filter
}

// Choice is a filter on a value without an order: equal to one, or one of several.
type Choice[V any] struct {
	Eq *V
	In []V
}

// Filter is the choice as a condition on a field. None given asks for nothing; an empty In lets nothing through.
func (c *Choice[V]) Filter(on Path[V]) store.Filter {
	if c == nil {
		return store.Filter{}
	}
	return store.And(chosen(on, c.Eq, c.In)...)
}

func chosen[V any](on Path[V], eq *V, in []V) []store.Filter {
	var all []store.Filter
	if eq != nil {
		all = append(all, on.Is(*eq))
	}
	if in != nil {
		all = append(all, on.In(in...))
	}
	return all
}

// Range is a filter on a value with an order.
type Range[V any] struct {
	Eq  *V
	Gt  *V
	Gte *V
	Lt  *V
	Lte *V
	In  []V
}

// Filter is the range as a condition on a field.
func (r *Range[V]) Filter(on store.Field[V]) store.Filter {
	if r == nil {
		return store.Filter{}
	}
	all := chosen(Path[V](on), r.Eq, r.In)
	for _, bound := range []struct {
		at *V
		is func(V) store.Filter
	}{{r.Gt, on.Gt}, {r.Gte, on.Gte}, {r.Lt, on.Lt}, {r.Lte, on.Lte}} {
		if bound.at != nil {
			all = append(all, bound.is(*bound.at))
		}
	}
	return store.And(all...)
}
