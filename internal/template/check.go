package template

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// writer makes a template's text of an input and gathers everything that is wrong with it.
type writer struct {
	in     BodyInput
	from   map[id.LibraryClause]*LibraryClause // what the input takes from the library
	owners []id.Organisation                   // whose clauses it may take up, besides the platform's
	body   Body
	names  []string // placeholders that will be filled
	faults fault.List
}

// write checks a whole text. The faults name the input's fields, below text.
func (s *Service) write(ctx context.Context, owner id.Organisation, in BodyInput) (Body, error) {
	w := &writer{in: in}
	var err error
	if w.owners, err = s.lenders(ctx, owner); err != nil {
		return Body{}, err
	}
	if w.from, err = s.takenFrom(ctx, in.Clauses); err != nil {
		return Body{}, err
	}
	w.frame()
	w.roles()
	w.texts()
	w.articles()
	w.promises()
	if len(w.faults) == 0 {
		w.faults.Add(bounded(w.body))
	}
	if err := w.faults.Err(); err != nil {
		var below fault.List
		below.Add(err, "text")
		return Body{}, below.Err()
	}
	return w.body, nil
}

// takenFrom finds the clauses of the library that an input names.
func (s *Service) takenFrom(ctx context.Context, in []ArticleInput) (map[id.LibraryClause]*LibraryClause, error) {
	var ask []id.LibraryClause
	for _, a := range in {
		if c := a.LibraryClause; c != nil && !slices.Contains(ask, *c) && len(ask) < MaxParts {
			ask = append(ask, *c)
		}
	}
	found, err := s.ManyClauses(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := map[id.LibraryClause]*LibraryClause{}
	for i, c := range ask {
		out[c] = found[i]
	}
	return out, nil
}

// bounded says whether a whole text keeps within its bound.
func bounded(body any) error {
	raw, err := bson.Marshal(body)
	if err == nil && len(raw) > maxWhole {
		err = fault.New(fault.Invalid, fault.CodeTooLong, "max", maxWhole)
	}
	return err
}

func (w *writer) frame() {
	f, b := &w.faults, &w.body
	b.NoticeDays, b.Months, b.AutoRenew = or(w.in.NoticeDays, 30), or(w.in.Months, 12), or(w.in.AutoRenew, false)
	between(f, b.NoticeDays, 0, MaxNotice, "noticeDays")
	between(f, b.Months, 1, MaxMonths, "months")
	b.CommunityTypes = chosen(f, "communityTypes", w.in.CommunityTypes, CommunityTypes())
}

var roleForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,31}$`)

// roles checks the partners' places; their kinds together are those for which the template is made.
func (w *writer) roles() {
	w.names, w.body.Roles, w.body.UnitKinds = common(), []*Role{}, []UnitKind{}
	if !count(&w.faults, len(w.in.Partners), 1, MaxRoles, "partners") {
		return
	}
	for i, r := range w.in.Partners {
		var own fault.List
		role := &Role{Key: r.Key, Label: line(&own, "label", r.Label, 1, MaxLabel), UnitKinds: chosen(&own, "unitKinds", r.UnitKinds, UnitKinds())}
		switch {
		case !roleForm.MatchString(r.Key):
			own.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "a-z A-Z 0-9, 1 to 32"), "key")
		case slices.Contains(w.names, r.Key):
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", r.Key), "key")
		default:
			w.names = append(w.names, r.Key)
		}
		for _, k := range role.UnitKinds {
			if !slices.Contains(w.body.UnitKinds, k) {
				w.body.UnitKinds = append(w.body.UnitKinds, k)
			}
		}
		w.body.Roles = append(w.body.Roles, role)
		w.faults.Add(own.Err(), "partners", strconv.Itoa(i))
	}
}

func (w *writer) texts() {
	f, b := &w.faults, &w.body
	b.Title, b.Purpose = line(f, "title", w.in.Title, 1, MaxTitle), block(f, "purpose", w.in.Purpose, 1, MaxPurpose)
	known(f, "title", b.Title, w.names)
	known(f, "purpose", b.Purpose, w.names)
}

func (w *writer) articles() {
	w.body.Articles = []*Article{}
	if !count(&w.faults, len(w.in.Clauses), 0, MaxParts, "clauses") {
		return
	}
	for i, in := range w.in.Clauses {
		var own fault.List
		w.body.Articles = append(w.body.Articles, w.article(&own, in))
		w.faults.Add(own.Err(), "clauses", strconv.Itoa(i))
	}
}

// article takes a clause as it is written out, or a copy of one of the library, so that a later revision there changes
// nothing here.
func (w *writer) article(f *fault.List, in ArticleInput) *Article {
	if in.LibraryClause == nil {
		a := &Article{Heading: line(f, "heading", or(in.Heading, Words{}), 1, MaxTitle), Text: block(f, "body", or(in.Body, Words{}), 1, MaxBody)}
		known(f, "heading", a.Heading, w.names)
		known(f, "body", a.Text, w.names)
		return a
	}
	if in.Heading != nil || in.Body != nil {
		f.Add(fault.New(fault.Invalid, CodeClauseTwoWays), "libraryClause")
	}
	c := w.from[*in.LibraryClause]
	if c == nil {
		f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", *in.LibraryClause), "libraryClause")
		return &Article{}
	}
	if err := c.takenBy(w.owners); err != nil {
		f.Add(err, "libraryClause")
	}
	return &Article{Heading: c.Heading, Text: c.Text, Clause: &c.ID, Version: &c.TextVersion}
}

// lenders are those whose clauses a template of an owner may take up besides the platform's: its own, and of a community
// those of the bodies above it.
func (s *Service) lenders(ctx context.Context, owner id.Organisation) ([]id.Organisation, error) {
	if !id.Is(string(owner), id.KindCommunity) {
		return []id.Organisation{owner}, nil
	}
	found, err := s.Organisations(ctx, []id.Organisation{owner})
	if err != nil {
		return nil, err
	}
	return append([]id.Organisation{owner}, found[0].Above...), nil
}

// takenBy says whether a template may take the clause up: it is in force, and the platform's or of one of the owners.
func (c *LibraryClause) takenBy(owners []id.Organisation) error {
	if c.Status == Retired {
		return fault.New(fault.Refused, CodeClauseRetired)
	}
	if !c.usedIn(owners) {
		return fault.New(fault.Refused, CodeElsewhere, "owner", c.Owner)
	}
	return nil
}

func (w *writer) promises() {
	w.body.Promises = []*Promise{}
	if !count(&w.faults, len(w.in.Commitments), 0, MaxParts, "commitments") {
		return
	}
	for i, in := range w.in.Commitments {
		var own fault.List
		w.body.Promises = append(w.body.Promises, w.promise(&own, in))
		w.faults.Add(own.Err(), "commitments", strconv.Itoa(i))
	}
}

func (w *writer) promise(f *fault.List, in PromiseInput) *Promise {
	p := &Promise{
		Provider: in.Provider, Receivers: slices.Clone(in.Receivers), Quantity: in.Quantity, Recurrence: in.Recurrence,
		DueAfterDays: in.DueAfterDays, Standing: or(in.Standing, false), Weight: or(in.Weight, 1),
		Action:       block(f, "action", in.Action, 1, MaxAction),
		Unit:         line(f, "unit", or(in.Unit, Words{}), 0, MaxUnit),
		EvidenceNote: block(f, "evidenceNote", or(in.EvidenceNote, Words{}), 0, MaxAction),
	}
	known(f, "action", p.Action, w.names)
	known(f, "evidenceNote", p.EvidenceNote, w.names)
	if len(in.EvidenceRequired) > 0 {
		p.EvidenceRequired = chosen(f, "evidenceRequired", in.EvidenceRequired, EvidenceKinds())
	}
	between(f, p.Weight, 1, mostWeight, "weight")
	w.between(f, p)
	quantity(f, p)
	w.time(f, p)
	return p
}

// between checks which role promises which.
func (w *writer) between(f *fault.List, p *Promise) {
	has := func(role string) error {
		if role == forHost || slices.ContainsFunc(w.body.Roles, func(r *Role) bool { return r.Key == role }) {
			return nil
		}
		return unknownRole(role, w.body.Roles, forHost)
	}
	f.Add(has(p.Provider), "provider")
	if !count(f, len(p.Receivers), 1, MaxRoles, "receivers") {
		return
	}
	for i, r := range p.Receivers {
		err := has(r)
		switch {
		case err != nil:
		case r == p.Provider:
			err = fault.New(fault.Invalid, CodeOwnReceiver, "role", r)
		case slices.Contains(p.Receivers[:i], r):
			err = fault.New(fault.Invalid, fault.CodeDuplicate, "value", r)
		}
		f.Add(err, "receivers", strconv.Itoa(i))
	}
}

func unknownRole(role string, roles []*Role, besides ...string) error {
	for _, r := range roles {
		besides = append(besides, r.Key)
	}
	return fault.New(fault.Invalid, CodeRoleUnknown, "role", role, "roles", strings.Join(besides, ", "))
}

// time checks when a commitment is kept: so many days after the first, by a rhythm, or all the time.
func (w *writer) time(f *fault.List, p *Promise) {
	ways := 0
	for _, way := range []bool{p.DueAfterDays != nil, p.Recurrence != nil, p.Standing} {
		if way {
			ways++
		}
	}
	if ways != 1 {
		f.Add(fault.New(fault.Invalid, CodeWhen), "recurrence")
		return
	}
	if p.DueAfterDays != nil {
		between(f, *p.DueAfterDays, 0, min(w.body.Months*daysOfAMonth-1, mostAfterStart), "dueAfterDays")
	}
	if p.Recurrence != nil {
		rule, err := recurrence.Parse(*p.Recurrence)
		if err != nil {
			f.Add(err, "recurrence")
			return
		}
		said := rule.String()
		p.Recurrence = &said
	}
}

func quantity(f *fault.List, p *Promise) {
	if p.Quantity == nil {
		if p.Unit != (Words{}) {
			f.Add(fault.New(fault.Invalid, CodeUnitNoQuantity), "unit")
		}
		return
	}
	q, err := scalar.ParseDecimal(string(*p.Quantity))
	if err == nil && q.Sign() <= 0 {
		err = fault.New(fault.Invalid, fault.CodeOutOfRange, "min", "0.000001", "max", "999999999999999")
	}
	if err != nil {
		f.Add(err, "quantity")
		return
	}
	p.Quantity = &q
}

// chosen checks words out of a list, each once, at least one.
func chosen[V ~string](f *fault.List, name string, vs, all []V) []V {
	if len(vs) == 0 {
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), name)
	}
	out := []V{}
	for i, v := range vs {
		switch {
		case i > len(all):
			return out
		case !slices.Contains(all, v):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", fmt.Sprint(all)), name, strconv.Itoa(i))
		case slices.Contains(out, v):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", v), name, strconv.Itoa(i))
		default:
			out = append(out, v)
		}
	}
	return out
}

func between(f *fault.List, n, least, most int, name string) {
	if n < least || n > most {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", least, "max", most), name)
	}
}

func count(f *fault.List, n, least, most int, name string) bool {
	switch {
	case n < least:
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", least), name)
	case n > most:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", most), name)
	default:
		return true
	}
	return false
}
