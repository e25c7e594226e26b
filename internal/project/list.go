package project

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The names under which the API binds pages and filters of projects.
type (
	// Connection is a page of projects.
	Connection = page.Connection[*Project]
	// Edge is a project of a page.
	Edge = page.Edge[*Project]
	// StatusChoice chooses by state.
	StatusChoice = page.Choice[Status]
	// KindChoice chooses by kind.
	KindChoice = page.Choice[Kind]
	// ContractChoice chooses by contract.
	ContractChoice = page.Choice[id.Contract]
	// TemplateChoice chooses by template.
	TemplateChoice = page.Choice[id.ProjectTemplate]
	// TimeRange chooses by a moment.
	TimeRange = page.Range[time.Time]
)

// maxConditions bounds the conditions on records of one filter.
const maxConditions = 8

// Filter chooses among the projects that the caller may read. What it names must all hold.
type Filter struct {
	Status      *StatusChoice
	Kind        *KindChoice
	Party       *organisation.Choice // takes part, leading or not
	Lead        *organisation.Choice
	SubDistrict *organisation.Choice // of who leads
	District    *organisation.Choice
	Contract    *ContractChoice
	Template    *TemplateChoice
	CreatedAt   *TimeRange
	UpdatedAt   *TimeRange
	Record      []*RecordCondition
	And         []*Filter
	Or          []*Filter
	Not         *Filter
}

// RecordCondition is what a declared field of the record must be.
type RecordCondition struct {
	Path   record.Pointer
	Eq     *record.Value
	In     []record.Value
	Gt     *record.Value
	Gte    *record.Value
	Lt     *record.Value
	Lte    *record.Value
	Exists *bool
}

// asking is a filter under way: the template whose fields are spoken of, once it is known, and the one of them by which
// projects are sorted; empty for none.
type asking struct {
	template *Template
	by       record.Pointer
}

// where is the filter as the store asks it; nil asks for nothing.
func (a asking) where(f *Filter, depth int) (store.Filter, error) {
	if f == nil {
		return store.Filter{}, nil
	}
	own := []store.Filter{
		f.Status.Filter(byStatus), f.Kind.Filter(byKind), f.Party.Filter(byParty), f.Lead.Filter(byLead),
		f.SubDistrict.Filter(bySubDistrict), f.District.Filter(byDistrict), f.Contract.Filter(byContract), f.Template.Filter(byTemplate),
		f.CreatedAt.Filter(byCreated), f.UpdatedAt.Filter(byUpdated),
	}
	if len(f.Record) > maxConditions {
		return store.Filter{}, fault.New(fault.Invalid, fault.CodeTooMany, "max", maxConditions).At("record")
	}
	for i, c := range f.Record {
		one, err := a.condition(c)
		if err != nil {
			return store.Filter{}, fault.Of(err).At("record", strconv.Itoa(i))
		}
		own = append(own, one)
	}
	return page.Combine(own, f.And, f.Or, f.Not, depth, a.where)
}

// condition is one on a declared field, asked of the slot in which projects keep it.
func (a asking) condition(c *RecordCondition) (store.Filter, error) {
	if a.template == nil {
		return store.Filter{}, fault.New(fault.Invalid, CodeRecordFilter)
	}
	field, err := a.template.field(c.Path)
	if err != nil {
		return store.Filter{}, fault.Of(err).At("path")
	}
	at, all := bySlot(field.Number), []store.Filter{}
	for _, one := range []struct {
		name string
		v    *record.Value
		is   func(string) store.Filter
	}{{"eq", c.Eq, at.Is}, {"gt", c.Gt, at.Gt}, {"gte", c.Gte, at.Gte}, {"lt", c.Lt, at.Lt}, {"lte", c.Lte, at.Lte}} {
		if one.v == nil {
			continue
		}
		key, err := field.KeyOf(*one.v)
		if err != nil {
			return store.Filter{}, fault.Of(err).At(one.name)
		}
		all = append(all, one.is(key))
	}
	if c.In != nil {
		keys := make([]string, len(c.In))
		for i, v := range c.In {
			if keys[i], err = field.KeyOf(v); err != nil {
				return store.Filter{}, fault.Of(err).At("in", strconv.Itoa(i))
			}
		}
		all = append(all, a.among(c.Path, at, keys))
	}
	if c.Exists != nil && *c.Exists {
		all = append(all, at.Gte(""))
	} else if c.Exists != nil {
		all = append(all, at.Missing())
	}
	if len(all) == 0 {
		return store.Filter{}, fault.New(fault.Invalid, fault.CodeRequired).At("eq")
	}
	return store.And(all...), nil
}

// among asks for one of several values. Where projects come by the very field, each value is an alternative of its own, which
// begins and ends in the field's order: so nothing in between is read.
func (a asking) among(path record.Pointer, at store.Field[string], keys []string) store.Filter {
	if path != a.by {
		return at.In(keys...)
	}
	each := make([]store.Filter, len(keys))
	for i, k := range keys {
		each[i] = at.Is(k)
	}
	return store.Or(each...)
}

// ranged says whether the condition bounds a field without fixing it.
func (c *RecordCondition) ranged() bool {
	return c.Eq == nil && c.In == nil && (c.Gt != nil || c.Gte != nil || c.Lt != nil || c.Lte != nil || c.Exists != nil && *c.Exists)
}

// OrderField is what lists of projects are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByUpdated OrderField = "UPDATED_AT"
	OrderByCreated OrderField = "CREATED_AT"
	OrderByRecord  OrderField = "RECORD" // a declared field of the record
)

// Order sorts projects; those that are alike in the field come by their last change, and then by identifier.
type Order struct {
	Field     OrderField
	Path      *record.Pointer
	Direction page.Direction
}

// order is what is asked for; where nothing is and a declared field is bounded, by that field, so that the answer is read
// off its index from one bound to the other.
func (a asking) order(o *Order, f *Filter) *Order {
	if o == nil && f != nil && a.template != nil && len(f.Record) <= maxConditions {
		if i := slices.IndexFunc(f.Record, (*RecordCondition).ranged); i >= 0 {
			return &Order{Field: OrderByRecord, Path: &f.Record[i].Path, Direction: page.Ascending}
		}
	}
	return o
}

// sort is by the last change, the latest first, where there is no order.
func (a asking) sort(o *Order) ([]store.Order, error) {
	switch {
	case o == nil:
		return page.Descending.Sort(byUpdated.Asc()), nil
	case o.Field == OrderByCreated:
		return o.Direction.Sort(byCreated.Asc()), nil
	case o.Field != OrderByRecord:
		return o.Direction.Sort(byUpdated.Asc()), nil
	case o.Path == nil:
		return nil, fault.New(fault.Invalid, CodeOrderPath).At("path")
	case a.template == nil:
		return nil, fault.New(fault.Invalid, CodeRecordFilter)
	}
	field, err := a.template.field(*o.Path)
	if err != nil {
		return nil, fault.Of(err).At("path")
	}
	return slices.Concat(o.Direction.Sort(bySlot(field.Number).Asc()), o.Direction.Sort(byUpdated.Asc())), nil
}

// asking finds the one template that a filter names.
func (s *Service) asking(ctx context.Context, f *Filter, o *Order) (asking, error) {
	none := asking{}
	if f == nil || f.Template == nil || !f.speaksOfRecords() && (o == nil || o.Field != OrderByRecord) {
		return none, nil
	}
	named := f.Template.In
	if f.Template.Eq != nil {
		named = []id.ProjectTemplate{*f.Template.Eq}
	}
	if len(named) != 1 {
		return none, nil
	}
	t, err := s.Template(ctx, named[0])
	if err != nil {
		return none, fault.Of(err).At("template", "eq")
	}
	return asking{template: t}, nil
}

// speaksOfRecords says whether a filter has conditions on records anywhere in it.
func (f *Filter) speaksOfRecords() bool {
	if f == nil {
		return false
	}
	return len(f.Record) > 0 || slices.ContainsFunc(f.And, (*Filter).speaksOfRecords) || slices.ContainsFunc(f.Or, (*Filter).speaksOfRecords) || f.Not.speaksOfRecords()
}

// Projects lists the projects that the caller may read.
func (s *Service) Projects(ctx context.Context, f *Filter, o *Order, a page.Args) (*Connection, error) {
	asked, err := s.asking(ctx, f, o)
	if err != nil {
		return nil, page.InFilter(err)
	}
	if o = asked.order(o, f); o != nil && o.Field == OrderByRecord && o.Path != nil {
		asked.by = *o.Path
	}
	where, err := asked.where(f, 0)
	if err != nil {
		return nil, page.InFilter(err)
	}
	sort, err := asked.sort(o)
	if err != nil {
		return nil, fault.Of(err).At("orderBy")
	}
	return page.List(ctx, s.projects, s.Cursors, where, sort, a)
}

// OfContract lists the projects of a contract that the caller may read, the latest changed first. It is a list within
// lists: a needs first or last.
func (s *Service) OfContract(ctx context.Context, c id.Contract, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(ctx, s.projects, s.Cursors, byContract.Is(c), page.Descending.Sort(byUpdated.Asc()), a)
}

// OfOrganisation lists the projects in which an organisation takes part, of those that the caller may read, the latest
// changed first. It is a list within lists: a needs first or last.
func (s *Service) OfOrganisation(ctx context.Context, o id.Organisation, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(ctx, s.projects, s.Cursors, byParty.Is(o), page.Descending.Sort(byUpdated.Asc()), a)
}
