package match

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

//go:embed weights.json
var ownWeights []byte

// weightsForm names the form of files of weights.
const weightsForm = "cobuild-match-weights/1"

// Why says in both languages why a number is as it is.
type Why struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

// Weighing is how much one factor counts, in thousandths of the whole.
type Weighing struct {
	Weight int64 `json:"weight"`
	Why    Why   `json:"why"`
}

// Weights are all numbers by which matches are judged, as one version of a file says them. Values are in thousandths.
type Weights struct {
	Format   string                      `json:"format"`
	Version  string                      `json:"version"`
	Factors  map[FactorName]Weighing     `json:"factors"`
	Category CategoryWeights             `json:"category"`
	Wording  WordingWeights              `json:"wording"`
	Capacity CapacityWeights             `json:"capacity"`
	Timing   TimingWeights               `json:"timing"`
	Distance DistanceWeights             `json:"distance"`
	Record   RecordWeights               `json:"record"`
	Load     LoadWeights                 `json:"load"`
	Types    map[CommunityType]TypeWords `json:"types"`
}

// CategoryWeights say how good it is how two categories stand.
type CategoryWeights struct {
	Same    int64     `json:"same"`
	Wider   int64     `json:"wider"`
	Closer  int64     `json:"closer"`
	Sibling int64     `json:"sibling"`
	Serving []Serving `json:"serving"` // what serves what across the tree
}

// Serving says that what is offered under one category, or below it, serves needs under another.
type Serving struct {
	Need     string `json:"need"`
	Resource string `json:"resource"`
	Value    int64  `json:"value"`
	Why      Why    `json:"why"`
}

// WordingWeights say which words tell nothing apart.
type WordingWeights struct {
	Full   int64    `json:"full"`   // titles that share so much are as alike as titles ever are
	Alike  int64    `json:"alike"`  // titles as alike as this stand as near as siblings, wherever they are filed
	Common []string `json:"common"` // two Chinese characters, or a Latin word in small letters
}

// CapacityWeights say what counts as too little.
type CapacityWeights struct {
	Unknown int64 `json:"unknown"` // where no amount is said, or in another unit
	Least   int64 `json:"least"`   // what covers less than so many thousandths is too little
}

// TimingWeights say what counts as soon.
type TimingWeights struct {
	Unknown  int64 `json:"unknown"`  // where one side names no time
	SoonDays int   `json:"soonDays"` // what ends within so many days ends soon
}

// DistanceWeights say what counts as near, where a type says nothing else.
type DistanceWeights struct {
	Near        int64 `json:"near"`  // metres within which nearer is no better
	Reach       int64 `json:"reach"` // metres beyond which it is too far
	SubDistrict int64 `json:"subDistrict"`
	District    int64 `json:"district"`
	Elsewhere   int64 `json:"elsewhere"`
}

// RecordWeights say when a record says something.
type RecordWeights struct {
	Unknown        int64 `json:"unknown"`
	LeastContracts int   `json:"leastContracts"` // with fewer than so many nothing is told of what was kept
	LeastDue       int64 `json:"leastDue"`       // likewise, of weight that fell due
	AsIf           int64 `json:"asIf"`           // weight that counts as if it had fallen due besides, and was kept to Unknown
}

// LoadWeights say what counts as much.
type LoadWeights struct {
	Some      int   `json:"some"`
	Many      int   `json:"many"`
	FewValue  int64 `json:"fewValue"`
	SomeValue int64 `json:"someValue"`
	ManyValue int64 `json:"manyValue"`
}

// TypeWords are what differs for one type of community, and what its strategy puts first.
type TypeWords struct {
	Strategy   Why                     `json:"strategy"` // its name
	Why        Why                     `json:"why"`
	Factors    map[FactorName]Weighing `json:"factors,omitempty"` // instead of the general ones
	Reach      int64                   `json:"reach,omitempty"`   // metres; 0 for the general one
	Categories map[string]int64        `json:"categories"`        // how much it strives for what lies there; the nearest one above counts
	Kinds      map[string]int64        `json:"kinds"`             // how much it builds on organisations of a kind
	Other      int64                   `json:"other"`             // for whatever is not named
}

// OwnWeights are those that come with the program.
func OwnWeights() (*Weights, error) { return ReadWeights(bytes.NewReader(ownWeights)) }

// LoadWeightsFile reads the weights of a file.
func LoadWeightsFile(name string) (*Weights, error) {
	f, err := os.Open(name) //nolint:gosec // whoever runs the server names the file
	if err != nil {
		return nil, fmt.Errorf("weights of matching: %w", err)
	}
	defer func() { _ = f.Close() }()
	w, err := ReadWeights(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

// maxWeights bounds a file of weights, in bytes.
const maxWeights = 1 << 20

// ReadWeights reads weights and checks all of them. What is wrong is told with its field.
func ReadWeights(from io.Reader) (*Weights, error) {
	d := json.NewDecoder(io.LimitReader(from, maxWeights))
	d.DisallowUnknownFields()
	w := &Weights{}
	if err := d.Decode(w); err != nil {
		return nil, fmt.Errorf("weights of matching: %w", err)
	}
	if wrong := w.check(); len(wrong) > 0 {
		return nil, fmt.Errorf("weights of matching: %s", strings.Join(wrong, "; "))
	}
	return w, nil
}

// Document is all of them, as a file would say them.
func (w *Weights) Document() (scalar.JSON, error) {
	raw, err := json.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("weights of matching: %w", err)
	}
	return scalar.ParseJSON(raw)
}

// weight is how much a factor counts for needs of communities of a type.
func (w *Weights) weight(t CommunityType, f FactorName) int64 {
	if own, ok := w.Types[t].Factors[f]; ok {
		return own.Weight
	}
	return w.Factors[f].Weight
}

// reach is how far matches are looked for.
func (w *Weights) reach(t CommunityType) int64 {
	if r := w.Types[t].Reach; r > 0 {
		return r
	}
	return w.Distance.Reach
}

// Types of communities and kinds of organisations that a file may name.
func communityTypes() []CommunityType {
	return []CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"}
}

func organisationKinds() []string {
	return []string{
		"COMMUNITY", "SCHOOL", "HOSPITAL", "ENTERPRISE", "GOVERNMENT_AGENCY", "BANK", "PROPERTY_MANAGER", "SOCIAL_ORGANISATION",
		"MILITARY", "RESEARCH_INSTITUTE", "OTHER",
	}
}

// inspection gathers what is wrong with weights, each with its field.
type inspection []string

func (i *inspection) wrong(field, format string, a ...any) {
	*i = append(*i, field+" "+fmt.Sprintf(format, a...))
}

func (i *inspection) between(field string, n, least, most int64) {
	if n < least || n > most {
		i.wrong(field, "is %d, and must be %d to %d", n, least, most)
	}
}

func (i *inspection) thousandths(field string, n int64) { i.between(field, n, 0, one) }

func (i *inspection) why(field string, w Why) {
	for name, s := range map[string]string{"en": w.En, "zh": w.Zh} {
		if strings.TrimSpace(s) == "" || len(s) > 2000 {
			i.wrong(field+"."+name, "must say why, in at most 2000 bytes")
		}
	}
}

// check tells everything that is wrong with weights, in the order of the fields' names.
func (w *Weights) check() []string {
	var i inspection
	if w.Format != weightsForm {
		i.wrong("format", "is %q, and must be %q", w.Format, weightsForm)
	}
	if v := w.Version; v == "" || len(v) > 40 || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		i.wrong("version", "must be 1 to 40 letters, digits and signs without spaces")
	}
	i.factors("factors", w.Factors, nil)
	i.category(w.Category)
	i.between("wording.full", w.Wording.Full, 1, one)
	i.thousandths("wording.alike", w.Wording.Alike)
	if n := len(w.Wording.Common); n > 500 {
		i.wrong("wording.common", "has %d words, and may have 500", n)
	}
	i.thousandths("capacity.unknown", w.Capacity.Unknown)
	i.thousandths("capacity.least", w.Capacity.Least)
	i.thousandths("timing.unknown", w.Timing.Unknown)
	i.between("timing.soonDays", int64(w.Timing.SoonDays), 0, 365)
	i.distance(w.Distance)
	i.record(w.Record)
	i.load(w.Load)
	i.types(w)
	slices.Sort(i)
	return i
}

// factors checks that every factor has a weight and that together they are the whole. base are the general ones where a
// type names only some.
func (i *inspection) factors(field string, fs, base map[FactorName]Weighing) {
	var sum int64
	for name, f := range fs {
		at := field + "." + string(name)
		if !slices.Contains(FactorNames(), name) {
			i.wrong(at, "is no factor; there are %v", FactorNames())
		}
		i.thousandths(at+".weight", f.Weight)
		i.why(at+".why", f.Why)
	}
	for _, name := range FactorNames() {
		f, ok := fs[name]
		if !ok {
			if f, ok = base[name]; !ok {
				i.wrong(field+"."+string(name), "is missing")
			}
		}
		sum += f.Weight
	}
	if sum != one {
		i.wrong(field, "add up to %d, and must add up to %d", sum, one)
	}
}

func (i *inspection) category(c CategoryWeights) {
	for name, n := range map[string]int64{"same": c.Same, "wider": c.Wider, "closer": c.Closer, "sibling": c.Sibling} {
		i.thousandths("category."+name, n)
	}
	if len(c.Serving) > 500 {
		i.wrong("category.serving", "has %d entries, and may have 500", len(c.Serving))
	}
	for n, s := range c.Serving {
		at := fmt.Sprintf("category.serving.%d", n)
		if s.Need == "" || s.Resource == "" {
			i.wrong(at, "must name the codes of a need's and of a resource's category")
		}
		i.thousandths(at+".value", s.Value)
		i.why(at+".why", s.Why)
	}
}

func (i *inspection) distance(d DistanceWeights) {
	i.between("distance.reach", d.Reach, 100, 100_000)
	i.between("distance.near", d.Near, 0, max(d.Reach-1, 0))
	i.thousandths("distance.subDistrict", d.SubDistrict)
	i.thousandths("distance.district", d.District)
	i.thousandths("distance.elsewhere", d.Elsewhere)
}

func (i *inspection) record(r RecordWeights) {
	i.thousandths("record.unknown", r.Unknown)
	i.between("record.leastContracts", int64(r.LeastContracts), 1, 100)
	i.between("record.leastDue", r.LeastDue, 1, 10_000)
	i.between("record.asIf", r.AsIf, 0, 10_000)
}

func (i *inspection) load(l LoadWeights) {
	i.between("load.some", int64(l.Some), 1, 10_000)
	i.between("load.many", int64(l.Many), int64(l.Some)+1, 10_000)
	i.thousandths("load.fewValue", l.FewValue)
	i.thousandths("load.someValue", l.SomeValue)
	i.thousandths("load.manyValue", l.ManyValue)
}

func (i *inspection) types(w *Weights) {
	for t, own := range w.Types {
		at := "types." + string(t)
		if !slices.Contains(communityTypes(), t) {
			i.wrong(at, "is no type of communities; there are %v", communityTypes())
		}
		i.why(at+".strategy", own.Strategy)
		i.why(at+".why", own.Why)
		if own.Reach != 0 {
			i.between(at+".reach", own.Reach, w.Distance.Near+1, 100_000)
		}
		i.thousandths(at+".other", own.Other)
		for c, n := range own.Categories {
			i.thousandths(at+".categories."+c, n)
		}
		for k, n := range own.Kinds {
			if !slices.Contains(organisationKinds(), k) {
				i.wrong(at+".kinds."+k, "is no kind of organisations; there are %v", organisationKinds())
			}
			i.thousandths(at+".kinds."+k, n)
		}
		i.factors(at+".factors", own.Factors, w.Factors)
	}
	for _, t := range communityTypes() {
		if _, ok := w.Types[t]; !ok {
			i.wrong("types."+string(t), "is missing")
		}
	}
}
