package template

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Filled is a template's text with every place filled, for the room of contracts to draft.
type Filled struct {
	Template    id.Template
	Version     int
	Language    string
	Title       string
	Purpose     string
	Parties     []Filling // the host, then the partners in the order of the template's roles
	Clauses     []FilledClause
	Commitments []FilledCommitment
	EffectiveOn scalar.Date
	EndsOn      scalar.Date
	NoticeDays  int
	AutoRenew   bool
}

// Filling is an organisation in the place of the host or of a partner.
type Filling struct {
	Host bool
	Path []string // where the input names it
	ActorInput
}

// FilledClause is a clause in one language.
type FilledClause struct{ Heading, Body string }

// FilledCommitment is a commitment between organisations.
type FilledCommitment struct {
	Provider     id.Organisation
	Receivers    []id.Organisation
	Action       string
	Quantity     *scalar.Decimal
	Unit         string
	Recurrence   *string
	DueOn        *scalar.Date
	Standing     bool
	Evidence     []EvidenceKind
	EvidenceNote string
	Weight       int
}

// filler fills one template.
type filler struct {
	in     DraftInput
	lang   lang
	host   organisation.Facts
	parts  map[string]organisation.Facts // who fills which role
	with   map[string]string             // what stands for each placeholder
	body   *Body
	extra  []*LibraryClause
	filled Filled
	faults fault.List
}

// Fill puts the parties into a template's text. Whether the caller may draft, and whether the draft is sound, is for the
// room of contracts to say.
func (s *Service) Fill(ctx context.Context, in DraftInput) (*Filled, error) {
	t, body, err := s.from(ctx, in)
	if err != nil {
		return nil, err
	}
	w := &filler{in: in, body: body}
	if w.lang, err = langOf(or(in.Language, "zh-CN")); err != nil {
		w.faults.Add(err, "language")
	}
	if !in.EffectiveOn.Valid() {
		w.faults.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "YYYY-MM-DD, 1900 to 2999"), "effectiveOn")
	}
	if err := w.cast(ctx, s, t); err != nil {
		return nil, err
	}
	if err := w.library(ctx, s); err != nil {
		return nil, err
	}
	if err := w.faults.Err(); err != nil {
		return nil, err
	}
	w.filled.Template, w.filled.Version, w.filled.Language = t.ID, or(in.Version, t.TextVersion), or(in.Language, "zh-CN")
	w.fill()
	return &w.filled, nil
}

// from finds the template and the version of its text from which a draft begins.
func (s *Service) from(ctx context.Context, in DraftInput) (*Template, *Body, error) {
	t, err := s.Template(ctx, in.Template)
	if err != nil {
		if fault.Is(err, fault.CodeNotFound) {
			err = fault.Of(err).At("template")
		}
		return nil, nil, err
	}
	if err := t.inForce(CodeRetired); err != nil {
		return nil, nil, fault.Of(err).At("template")
	}
	number := or(in.Version, t.TextVersion)
	switch {
	case number == t.TextVersion:
		return t, &t.Body, nil
	case number < 1 || number > t.TextVersion:
		return nil, nil, fault.New(fault.Refused, CodeUnknownVersion, "version", number, "latest", t.TextVersion).At("version")
	}
	body, err := s.versions.one(ctx, string(t.ID), number)
	return t, body, err
}

// cast gives every role its organisation and says whether each is of a kind that the role is made for.
func (w *filler) cast(ctx context.Context, s *Service, t *Template) error {
	ask := []id.Organisation{w.in.Host.Organisation}
	for i := range min(len(w.in.Partners), MaxRoles) {
		ask = append(ask, w.in.Partners[i].Organisation)
	}
	found, err := s.Organisations(ctx, ask)
	if err != nil {
		return err
	}
	w.host = found[0]
	w.hosts(t)
	w.parts = map[string]organisation.Facts{}
	w.filled.Parties = []Filling{{Host: true, Path: []string{"host"}, ActorInput: w.in.Host}}
	places := map[string]Filling{}
	for i := range min(len(w.in.Partners), MaxRoles) {
		var own fault.List
		w.partner(&own, i, found[i+1], places)
		w.faults.Add(own.Err(), "partners", strconv.Itoa(i))
	}
	if len(w.in.Partners) > MaxRoles {
		w.faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxRoles), "partners")
	}
	for _, r := range w.body.Roles {
		p, ok := places[r.Key]
		if !ok && len(w.faults) == 0 {
			w.faults.Add(fault.New(fault.Invalid, CodeRoleMissing, "role", r.Key), "partners")
		}
		w.filled.Parties = append(w.filled.Parties, p)
	}
	return nil
}

// hosts says whether the community can use the template at all.
func (w *filler) hosts(t *Template) {
	switch h := w.host; {
	case !h.Exists():
		w.faults.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", w.in.Host.Organisation), "host", "organisation")
	case !h.CanHost():
		w.faults.Add(fault.New(fault.Invalid, CodeNotCommunity), "host", "organisation")
	case !t.usedIn(append([]id.Organisation{h.ID}, h.Above...)):
		w.faults.Add(fault.New(fault.Refused, CodeElsewhere, "owner", t.Owner), "template")
	case !slices.Contains(w.body.CommunityTypes, CommunityType(h.CommunityType)):
		w.faults.Add(unfit(h.CommunityType), "host", "organisation")
	}
}

// partner puts one unit into its role.
func (w *filler) partner(f *fault.List, i int, facts organisation.Facts, places map[string]Filling) {
	in := w.in.Partners[i]
	role := w.role(in.Role)
	if role == nil {
		f.Add(unknownRole(or(in.Role, ""), w.body.Roles), "role")
		return
	}
	switch {
	case !facts.Exists():
		f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", in.Organisation), "organisation")
	case places[role.Key].Path != nil:
		f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", role.Key), "role")
	case !slices.Contains(role.UnitKinds, UnitKind(facts.UnitKind)):
		f.Add(unfit(kindOf(facts)), "organisation")
	}
	w.parts[role.Key] = facts
	places[role.Key] = Filling{
		Path:       []string{"partners", strconv.Itoa(i)},
		ActorInput: ActorInput{in.Organisation, in.ResponsibleHead, in.Liaison},
	}
}

// role finds the role that is named, or the only one; nil where there is none.
func (w *filler) role(named *string) *Role {
	if named == nil && len(w.body.Roles) == 1 {
		return w.body.Roles[0]
	}
	i := slices.IndexFunc(w.body.Roles, func(r *Role) bool { return named != nil && r.Key == *named })
	if i < 0 {
		return nil
	}
	return w.body.Roles[i]
}

func unfit(kind string) *fault.Fault { return fault.New(fault.Refused, CodeUnfit, "kind", kind) }

// kindOf says in one word what an organisation is: of a unit its kind, of any other body what it is.
func kindOf(f organisation.Facts) string {
	if f.UnitKind != "" {
		return f.UnitKind
	}
	return string(f.Kind)
}

// library finds the clauses that the draft takes up besides the template's own.
func (w *filler) library(ctx context.Context, s *Service) error {
	if !count(&w.faults, len(w.in.LibraryClauses), 0, MaxParts, "libraryClauses") {
		return nil
	}
	found, err := s.ManyClauses(ctx, w.in.LibraryClauses)
	if err != nil {
		return err
	}
	for i, c := range found {
		at := []string{"libraryClauses", strconv.Itoa(i)}
		switch {
		case c == nil:
			w.faults.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", w.in.LibraryClauses[i]), at...)
		case c.Status == Retired:
			w.faults.Add(fault.New(fault.Refused, CodeClauseRetired), at...)
		case !c.usedIn(w.host.Above):
			w.faults.Add(fault.New(fault.Refused, CodeElsewhere, "owner", c.Owner), at...)
		case !slices.Contains(c.CommunityTypes, CommunityType(w.host.CommunityType)):
			w.faults.Add(unfit(w.host.CommunityType), at...)
		case slices.Contains(w.in.LibraryClauses[:i], c.ID):
			w.faults.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", c.ID), at...)
		}
	}
	w.extra = found
	return nil
}

func (w *filler) fill() {
	b, out := w.body, &w.filled
	out.NoticeDays, out.AutoRenew = or(w.in.NoticeDays, b.NoticeDays), b.AutoRenew
	out.EffectiveOn = w.in.EffectiveOn
	out.EndsOn = or(w.in.EndsOn, lastDay(out.EffectiveOn, b.Months))
	w.words()
	out.Title, out.Purpose = or(w.in.Title, w.say(b.Title)), or(w.in.Purpose, w.say(b.Purpose))
	for _, a := range b.Articles {
		out.Clauses = append(out.Clauses, FilledClause{w.say(a.Heading), w.say(a.Text)})
	}
	for _, c := range w.extra {
		out.Clauses = append(out.Clauses, FilledClause{w.say(c.Heading), w.say(c.Text)})
	}
	for _, p := range b.Promises {
		out.Commitments = append(out.Commitments, w.commitment(p))
	}
}

// words are what stands for each placeholder.
func (w *filler) words() {
	var partners []string
	w.with = map[string]string{forHost: w.name(w.host), forNoticeDays: strconv.Itoa(w.filled.NoticeDays)}
	for _, r := range w.body.Roles {
		name := w.name(w.parts[r.Key])
		partners = append(partners, name)
		w.with[r.Key] = name
	}
	w.with[forPartners] = joined(partners, w.lang)
}

func (w *filler) name(f organisation.Facts) string {
	if w.lang == english && f.NameEn != "" {
		return f.NameEn
	}
	return f.Name
}

func (w *filler) say(t Words) string { return strings.TrimSpace(filled(in(t, w.lang), w.with)) }

func (w *filler) commitment(p *Promise) FilledCommitment {
	c := FilledCommitment{
		Provider: w.who(p.Provider), Action: w.say(p.Action), Quantity: p.Quantity, Unit: w.say(p.Unit),
		Recurrence: p.Recurrence, Standing: p.Standing, Evidence: p.EvidenceRequired, EvidenceNote: w.say(p.EvidenceNote),
		Weight: p.Weight,
	}
	for _, r := range p.Receivers {
		c.Receivers = append(c.Receivers, w.who(r))
	}
	if p.DueAfterDays != nil {
		due := min(w.filled.EffectiveOn.AddDays(*p.DueAfterDays), max(w.filled.EndsOn, w.filled.EffectiveOn))
		c.DueOn = &due
	}
	return c
}

func (w *filler) who(role string) id.Organisation {
	if role == forHost {
		return w.host.ID
	}
	return w.parts[role].ID
}

// lastDay is the day before the same day so many months on; where that month is too short, its last.
func lastDay(first scalar.Date, months int) scalar.Date {
	t := first.UTC()
	begin := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	if end := begin.AddDate(0, 1, -1); t.Day() > end.Day() {
		return scalar.DateOf(end, time.UTC)
	}
	return scalar.DateOf(begin, time.UTC).AddDays(t.Day() - 2)
}
