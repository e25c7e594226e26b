package match

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// MostChosen is how many matches one draft may take up.
const MostChosen = 50

// DraftInput begins a contract from chosen matches. Party is the organisation that drafts, where its author acts for
// several.
type DraftInput struct {
	command.Once
	Party       *id.Organisation
	Matches     []ChoiceInput
	Title       *string // of the parties' names where absent
	Purpose     *string // of what the needs are called where absent
	EffectiveOn scalar.Date
	EndsOn      scalar.Date
	TimeZone    *string
	NoticeDays  *int
	Language    *string // zh-CN where absent
}

// ChoiceInput is a match that people chose, and how much of it.
type ChoiceInput struct {
	Need     id.Need
	Resource id.Resource
	Quantity *int64 // as much as is lacking and offered where absent
}

// Filled is what chosen matches say of a contract.
type Filled struct {
	Title       string
	Purpose     string
	Language    string
	Host        id.Organisation
	Partners    []id.Organisation // in the order in which they were chosen
	Commitments []FilledCommitment
}

// FilledCommitment is one match as a promise.
type FilledCommitment struct {
	Provider   id.Organisation
	Receiver   id.Organisation
	Action     string
	Quantity   *int64
	Unit       string
	Recurrence *string
	StartsOn   *scalar.Date
	DueOn      *scalar.Date
	Evidence   []string // kinds

	Need     id.Need
	Resource id.Resource
	Score    int64  // millionths
	Version  string // of the weights
}

// Fill reads chosen matches as they are now, as the caller may see them, and makes of each a promise by whoever offers to
// whoever needs. It decides nothing and claims nothing: a draft is what the parties begin to talk about.
func (s *Service) Fill(ctx context.Context, in DraftInput) (*Filled, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	pairs, err := s.chosen(ctx, in.Matches)
	if err != nil {
		return nil, err
	}
	if err := s.inform(ctx, pairs); err != nil {
		return nil, err
	}
	j, err := s.judge(ctx)
	if err != nil {
		return nil, err
	}
	out := &Filled{Language: or(in.Language, "zh-CN")}
	var f fault.List
	left := remains(pairs)
	for i, p := range pairs {
		f.Add(out.take(j, in, i, p, left), "matches", strconv.Itoa(i))
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return out, s.entitle(ctx, j, in, pairs, out)
}

// check refuses choices that cannot be read.
func (in DraftInput) check() error {
	var f fault.List
	switch n := len(in.Matches); {
	case n == 0:
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), "matches")
	case n > MostChosen:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MostChosen), "matches")
		return f.Err()
	}
	for i, c := range in.Matches {
		at := strconv.Itoa(i)
		if !id.Is(string(c.Need), id.KindNeed) {
			f.Add(fault.New(fault.Invalid, fault.CodeWrongID, "want", "need"), "matches", at, "need")
		}
		if !id.Is(string(c.Resource), id.KindResource) {
			f.Add(fault.New(fault.Invalid, fault.CodeWrongID, "want", "resource"), "matches", at, "resource")
		}
		if c.Quantity != nil && *c.Quantity <= 0 {
			f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 1, "max", int64(scalarMost)), "matches", at, "quantity")
		}
		if slices.ContainsFunc(in.Matches[:i], func(o ChoiceInput) bool { return o.Need == c.Need && o.Resource == c.Resource }) {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", string(c.Need)+", "+string(c.Resource)), "matches", at)
		}
	}
	return f.Err()
}

// scalarMost is the largest whole number that signed text may hold.
const scalarMost = 1<<53 - 1

// chosen reads both sides of each choice.
func (s *Service) chosen(ctx context.Context, cs []ChoiceInput) ([]*pair, error) {
	ids := make([]string, 0, 2*len(cs))
	for _, c := range cs {
		ids = append(ids, string(c.Need), string(c.Resource))
	}
	found, err := s.items(ctx, ids)
	if err != nil {
		return nil, err
	}
	var f fault.List
	pairs := make([]*pair, len(cs))
	for i := range cs {
		pairs[i] = &pair{need: found[2*i], resource: found[2*i+1]}
		for n, side := range []string{"need", "resource"} {
			f.Add(usable(found[2*i+n], ids[2*i+n]), "matches", strconv.Itoa(i), side)
		}
	}
	return pairs, f.Err()
}

// usable refuses an item that is hidden, has ended or is claimed wholly by now.
func usable(i *Item, asked string) error {
	switch {
	case i == nil:
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", asked)
	case i.Standing == Closed:
		return fault.New(fault.Refused, CodeNotOpen, "status", i.Status)
	case i.Standing == Taken, i.Left != nil && *i.Left <= 0:
		return fault.New(fault.Refused, CodeNothingLeft)
	}
	return nil
}

// remains is how much of each item is left to be promised, before the first promise.
func remains(pairs []*pair) map[string]int64 {
	left := map[string]int64{}
	for _, p := range pairs {
		for _, i := range []*Item{p.need, p.resource} {
			if i.Left != nil {
				left[i.ID] = *i.Left
			}
		}
	}
	return left
}

// take makes a promise of one choice.
func (f *Filled) take(j *judge, in DraftInput, i int, p *pair, left map[string]int64) error {
	host, partner := p.need.Organisation, p.resource.Organisation
	if id.Is(string(partner), id.KindCommunity) {
		host, partner = partner, host
	}
	switch {
	case !id.Is(string(host), id.KindCommunity) || !id.Is(string(partner), id.KindUnit):
		return fault.New(fault.Refused, CodeNotBetween)
	case f.Host != "" && f.Host != host:
		return fault.New(fault.Refused, CodeOtherCommunity)
	}
	f.Host = host
	if !slices.Contains(f.Partners, partner) {
		f.Partners = append(f.Partners, partner)
	}
	n, err := amount(p, in.Matches[i].Quantity, left)
	if err != nil {
		return err
	}
	m := j.match(p)
	c := FilledCommitment{
		Provider: p.resource.Organisation, Receiver: p.need.Organisation, Quantity: n,
		Evidence: evidence(p.resource.Unit),
		Need:     m.NeedID, Resource: m.ResourceID, Score: m.score, Version: m.Version,
	}
	if n != nil {
		c.Unit = p.resource.Unit
	}
	c.when(p, in.EffectiveOn, in.EndsOn)
	f.Commitments = append(f.Commitments, c)
	return nil
}

// amount is how much is promised, in the resource's unit, and takes it from what is left of both.
func amount(p *pair, given *int64, left map[string]int64) (*int64, error) {
	var none *int64
	bounds := []*Item{}
	if p.resource.Left != nil {
		bounds = append(bounds, p.resource)
	}
	if p.need.Left != nil && p.need.Unit == p.resource.Unit {
		bounds = append(bounds, p.need)
	}
	if len(bounds) == 0 || given == nil && p.resource.Left == nil {
		return given, nil
	}
	most := left[bounds[0].ID]
	for _, b := range bounds {
		most = min(most, left[b.ID])
	}
	n := most
	if given != nil {
		n = *given
	}
	switch {
	case most <= 0:
		return none, fault.New(fault.Refused, CodeNothingLeft)
	case n > most:
		return none, fault.New(fault.Refused, CodeTooMuch, "left", most, "unit", p.resource.Unit).At("quantity")
	}
	for _, b := range bounds {
		left[b.ID] -= n
	}
	return &n, nil
}

// evidence is the proof that is usual for what is counted so.
func evidence(unit string) []string {
	switch unit {
	case "元", "万元", "yuan":
		return []string{"RECEIPT"}
	case "场", "次", "节", "人次", "课时", "session", "sessions", "hours":
		return []string{"ATTENDANCE_LIST", "PHOTO"}
	}
	return []string{"PHOTO"}
}
