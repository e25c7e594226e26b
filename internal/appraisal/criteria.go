package appraisal

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of a set.
const (
	MaxCriteria = 20
	MaxTitle    = 60  // characters
	MaxHelp     = 500 // characters
	MaxWeight   = 100
)

// Criterion is one thing by which a party is judged.
type Criterion struct {
	Key     string `bson:"key" json:"key"` // names it in every set of its community type
	Title   string `bson:"title" json:"title"`
	TitleEn string `bson:"titleEn" json:"titleEn"`
	Help    string `bson:"help" json:"help"` // what to look at, and what the scores mean
	HelpEn  string `bson:"helpEn" json:"helpEn"`
	Weight  int    `bson:"weight" json:"weight"` // 1 to 100, in the mean
	Judges  []Part `bson:"judges" json:"judges"` // who is judged by it
}

// Criteria is a set of criteria for the contracts of one type of community. A set never changes: another one takes its
// place, with the next number, and a round that is under way keeps the one it began with.
type Criteria struct {
	store.Meta[id.Criteria] `bson:",inline"`
	CommunityType           CommunityType `bson:"communityType"`
	Number                  int           `bson:"number"`  // from 1, by type
	BuiltIn                 bool          `bson:"builtIn"` // came with the program
	Items                   []*Criterion  `bson:"items"`
}

// IsNode marks a set as an object that the API finds by its identifier alone.
func (*Criteria) IsNode() {}

// Audience is recorded on its events.
func (*Criteria) Audience() []string { return []string{authz.Everybody} }

// criteriaID names a set by its type and number, so that two people cannot both set the next one.
func criteriaID(t CommunityType, number int) id.Criteria {
	return id.Derived[id.Criteria](id.KindCriteria, string(t), strconv.Itoa(number))
}

// judging are the criteria by which a part is judged.
func (c *Criteria) judging(p Part) []*Criterion {
	return slices.DeleteFunc(slices.Clone(c.Items), func(i *Criterion) bool { return !slices.Contains(i.Judges, p) })
}

// SetCriteriaInput is the input of setAppraisalCriteria.
type SetCriteriaInput struct {
	command.Once
	Type            CommunityType
	ExpectedVersion int
	Criteria        []*CriterionInput
}

// CriterionInput is a criterion as a client gives it.
type CriterionInput struct {
	Key     string
	Title   string
	TitleEn string
	Help    string
	HelpEn  string
	Weight  int
	Judges  []Part
}

// SetCriteria puts another set in the place of a type's current one.
func (s *Service) SetCriteria(ctx context.Context, in SetCriteriaInput) (*Criteria, error) {
	items, err := checked(in)
	if err != nil {
		return nil, err
	}
	current, err := s.CriteriaOf(ctx, in.Type)
	if err != nil {
		return nil, err
	}
	c := &Criteria{CommunityType: in.Type, Number: in.ExpectedVersion + 1, Items: items}
	c.ID = criteriaID(c.CommunityType, c.Number)
	if c.Number > current.Number+1 || c.Number < 2 {
		return nil, command.Expect(current.Number, in.ExpectedVersion)
	}
	if err := c.Tell(ToldCriteria, struct {
		CommunityType CommunityType `bson:"communityType"`
		Number        int           `bson:"number"`
	}{c.CommunityType, c.Number}); err != nil {
		return nil, err
	}
	c, err = s.criteria.Add(ctx, access.CriteriaSet, c)
	if fault.Is(err, fault.CodeTaken) {
		return nil, command.Expect(max(current.Number, in.ExpectedVersion+1), in.ExpectedVersion)
	}
	return c, err
}

func checked(in SetCriteriaInput) ([]*Criterion, error) {
	var faults fault.List
	if !slices.Contains(CommunityTypes(), in.Type) {
		faults.Add(fault.New(fault.Invalid, CodeUnknownType, "type", in.Type), "type")
	}
	switch {
	case len(in.Criteria) == 0:
		faults.Add(fault.New(fault.Invalid, fault.CodeRequired), "criteria")
	case len(in.Criteria) > MaxCriteria:
		faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxCriteria), "criteria")
		return nil, faults.Err()
	}
	var out []*Criterion
	seen := map[string]bool{}
	for i, c := range in.Criteria {
		var own fault.List
		item := c.checked(&own)
		if seen[item.Key] {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", item.Key), "key")
		}
		seen[item.Key] = true
		faults.Add(own.Err(), "criteria", strconv.Itoa(i))
		out = append(out, item)
	}
	for _, p := range Parts() {
		if len(out) > 0 && !slices.ContainsFunc(out, func(c *Criterion) bool { return slices.Contains(c.Judges, p) }) {
			faults.Add(fault.New(fault.Invalid, CodePartUnjudged, "part", p), "criteria")
		}
	}
	return out, faults.Err()
}

func (in *CriterionInput) checked(f *fault.List) *Criterion {
	c := &Criterion{
		Key: in.Key, Weight: in.Weight,
		Title: text.Line(f, "title", in.Title, 1, MaxTitle), TitleEn: text.Line(f, "titleEn", in.TitleEn, 1, MaxTitle),
		Help: text.Block(f, "help", in.Help, 1, MaxHelp), HelpEn: text.Block(f, "helpEn", in.HelpEn, 1, MaxHelp),
	}
	if !shortKey.MatchString(in.Key) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "a-z, A-Z, 0-9; 1–40"), "key")
	}
	if in.Weight < 1 || in.Weight > MaxWeight {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 1, "max", MaxWeight), "weight")
	}
	for _, p := range Parts() {
		if slices.Contains(in.Judges, p) {
			c.Judges = append(c.Judges, p)
		}
	}
	if len(c.Judges) == 0 {
		f.Add(fault.New(fault.Invalid, fault.CodeRequired), "judges")
	}
	return c
}

var shortKey = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{0,39}$`)

// CriteriaOf is the current set of a type of community.
func (s *Service) CriteriaOf(ctx context.Context, t CommunityType) (*Criteria, error) {
	got, err := s.criteria.List(ctx, store.Query{Where: setType.Is(t), Sort: []store.Order{setNumber.Desc()}, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(got.Items) == 0 {
		return nil, fault.New(fault.Invalid, CodeUnknownType, "type", t).At("type")
	}
	return got.Items[0], nil
}

// CriteriaVersions lists the sets of a type, the current one first.
func (s *Service) CriteriaVersions(ctx context.Context, t CommunityType, a page.Args) (*CriteriaConnection, error) {
	return page.List(ctx, s.criteria, s.Cursors, setType.Is(t), page.Descending.Sort(setNumber.Asc()), a)
}

// ManyCriteria finds sets in the order of ids; nil where there is none.
func (s *Service) ManyCriteria(ctx context.Context, ids []id.Criteria) ([]*Criteria, error) {
	return s.criteria.GetMany(ctx, plain(ids))
}

// furnish keeps the sets that come with the program, where a type has none yet.
func (s *Service) furnish(ctx context.Context) error {
	sets, err := builtIn()
	if err != nil {
		return err
	}
	for _, c := range sets {
		c.ID = criteriaID(c.CommunityType, c.Number)
		_, err := s.criteria.Get(ctx, string(c.ID))
		if fault.Is(err, fault.CodeNotFound) {
			_, err = s.criteria.Add(ctx, access.CriteriaSet, c)
		}
		if err != nil && !fault.Is(err, fault.CodeTaken) { // another node was quicker
			return errors.Join(errors.New("appraisal: criteria"), err)
		}
	}
	return nil
}
