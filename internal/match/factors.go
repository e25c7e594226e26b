package match

import (
	"fmt"
	"math"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// pair is a need and a resource under judgement.
type pair struct {
	need     *Item
	resource *Item
	promises Promises // of the organisation that offers
}

// Promises are what is known of how an organisation keeps its promises, and how many it has open.
type Promises struct {
	Contracts int      // in which something fell due
	Due       int64    // weight that fell due
	Kept      int64    // of it what was kept
	Mean      *float64 // of what its partners have judged it, 1 to 5; nil for none, or where the caller may not know
	Hidden    bool     // the caller may not know how it keeps its promises
	Open      int      // promises in contracts in force, and claims
}

// judge weighs pairs at one moment.
type judge struct {
	w     *Weights
	tree  *tree
	today scalar.Date
	times times

	common map[string]bool // words that tell nothing apart
}

func judgeBy(w *Weights, t *tree, today scalar.Date) *judge {
	j := &judge{w: w, tree: t, today: today, times: times{today, map[Window]*days{}}, common: map[string]bool{}}
	for _, c := range w.Wording.Common {
		j.common[c] = true
	}
	return j
}

// match judges one pair.
func (j *judge) match(p *pair) *Match {
	m := &Match{NeedID: needID(p.need), ResourceID: resourceID(p.resource), Version: j.w.Version, pair: p}
	for _, f := range []*Factor{j.category(p), j.wording(p), j.capacity(p), j.timing(p), j.distance(p), j.strategy(p), j.record(p), j.load(p)} {
		f.weight = j.w.weight(p.need.Type, f.Name)
		m.Factors = append(m.Factors, f)
		m.score += f.part()
	}
	m.WhyNot = j.obstacles(p)
	return m
}

func (j *judge) category(p *pair) *Factor {
	k := j.tree.kin(&j.w.Category, p.need.Category, p.resource.Category)
	if c, w := j.w.Category, j.w.Wording; k.value < c.Sibling {
		if _, like := j.words(p); like >= w.Alike { // people file the same thing in more than one way
			k = related{how: alike, value: c.Sibling}
		}
	}
	f := &Factor{
		Name: Category, value: k.value,
		said: say("CATEGORY."+string(k.how), "need", j.tree.name(p.need.Category), "resource", j.tree.name(p.resource.Category)),
	}
	if k.how != apart && k.how != alike && k.how != serving {
		f.Raw = new(float64(k.steps))
	}
	return f
}

// words tells which words both titles share, and how alike that makes them: wholly from where titles seldom are more alike.
func (j *judge) words(p *pair) ([]string, int64) {
	shared, like := p.need.gramsOf().without(j.common).alike(p.resource.gramsOf().without(j.common))
	return shared, min(like*one/j.w.Wording.Full, one)
}

func (j *judge) wording(p *pair) *Factor {
	shared, value := j.words(p)
	f := &Factor{Name: Wording, Raw: new(float64(value) / one), value: value, said: say("WORDING.NONE")}
	if len(shared) > 0 {
		f.said = say("WORDING.ALIKE", "words", word{strings.Join(shared, ", "), strings.Join(shared, "、")})
	}
	return f
}

func (j *judge) capacity(p *pair) *Factor {
	f := &Factor{Name: Capacity, value: j.w.Capacity.Unknown, said: say("CAPACITY.UNKNOWN")}
	share, known := p.covered()
	n, r := p.need, p.resource
	switch {
	case known && share >= one:
		f.value, f.Raw = one, new(1.0)
		f.said = say("CAPACITY.ENOUGH", "left", number(*r.Left), "wanted", number(*n.Left), "unit", plain(n.Unit))
	case known:
		f.value, f.Raw = share, new(float64(share)/one)
		f.said = say("CAPACITY.PART", "left", number(*r.Left), "wanted", number(*n.Left), "unit", plain(n.Unit), "percent", number(share/10))
	case n.Left != nil && r.Left != nil:
		f.said = say("CAPACITY.UNITS", "wanted", plain(n.Unit), "unit", plain(r.Unit))
	}
	return f
}

// covered is how many thousandths of what is lacking the resource could cover; unknown where one is not counted, or they
// are counted in different units.
func (p *pair) covered() (share int64, known bool) {
	n, r := p.need, p.resource
	if n.Left == nil || r.Left == nil || *n.Left <= 0 || n.Unit != r.Unit {
		return 0, false
	}
	if *r.Left >= *n.Left {
		return one, true
	}
	return int64(float64(*r.Left) / float64(*n.Left) * one), true
}

func (j *judge) timing(p *pair) *Factor {
	shared, least := j.shared(p)
	f := &Factor{Name: Timing, value: j.w.Timing.Unknown, said: say("TIMING.UNKNOWN", "horizon", number(horizon))}
	switch {
	case least == 0:
	case shared == 0:
		f.value, f.Raw, f.said = 0, new(0.0), say("TIMING.NONE", "days", number(horizon))
	default:
		f.value, f.Raw = int64(shared*one/least), new(float64(shared))
		f.said = say("TIMING.SHARED", "days", number(int64(shared)), "horizon", number(horizon))
	}
	return f
}

// shared counts the days on which both can, and those of whichever has fewer; none where one names no time.
func (j *judge) shared(p *pair) (both, least int) {
	n, r := j.times.of(p.need), j.times.of(p.resource)
	if n == nil || r == nil {
		return 0, 0
	}
	return n.with(r).count(), min(n.all().count(), r.all().count())
}

func (j *judge) distance(p *pair) *Factor {
	reach, d := j.w.reach(p.need.Type), j.w.Distance
	f := &Factor{Name: Distance}
	if metres, known := p.apart(); known {
		f.Raw = new(float64(metres))
		left := one - min(max(metres-d.Near, 0)*one/(reach-d.Near), one)
		f.value = left * left / one // the first steps away count most
		f.said = say("DISTANCE.METRES", "metres", number(metres), "reach", number(reach))
		return f
	}
	switch {
	case p.together(id.KindSubDistrict):
		f.value, f.said = d.SubDistrict, say("DISTANCE.AREA.SUB_DISTRICT")
	case p.together(id.KindDistrict):
		f.value, f.said = d.District, say("DISTANCE.AREA.DISTRICT")
	default:
		f.value, f.said = d.Elsewhere, say("DISTANCE.AREA.ELSEWHERE")
	}
	return f
}

// apart is how many metres lie between both; unknown where one has no place.
func (p *pair) apart() (metres int64, known bool) {
	if p.need.Place == nil || p.resource.Place == nil {
		return 0, false
	}
	return p.need.Place.metres(*p.resource.Place), true
}

func (j *judge) strategy(p *pair) *Factor {
	f := &Factor{Name: Strategy, value: one / 2, said: say("STRATEGY.NONE")}
	t, ok := j.w.Types[p.need.Type]
	if !ok {
		return f
	}
	what, who := j.strives(t, p.need.Category), t.Other
	if v, ok := t.Kinds[p.resource.Kind]; ok {
		who = v
	}
	f.value = (what + who) / 2
	f.Raw = new(float64(f.value) / one)
	key := "STRATEGY.OTHER"
	switch {
	case f.value >= 750:
		key = "STRATEGY.FITS"
	case f.value >= 500:
		key = "STRATEGY.PARTLY"
	}
	f.said = say(key, "type", word{t.Strategy.En, t.Strategy.Zh})
	return f
}

// strives is how much a type strives for what lies under a category: what it says of the nearest one above.
func (j *judge) strives(t TypeWords, code string) int64 {
	if v, ok := t.Categories[code]; ok {
		return v
	}
	for _, c := range j.tree.above[code] {
		if v, ok := t.Categories[c]; ok {
			return v
		}
	}
	return t.Other
}

// record counts how the offering organisation keeps its promises: what it kept of what fell due; where too little has, how
// its partners judge it; where nobody has, neither for it nor against it. No single contract shows through: nothing is
// told before there are several.
func (j *judge) record(p *pair) *Factor {
	r, o := j.w.Record, p.promises
	f := &Factor{Name: Record, value: r.Unknown, said: say("RECORD.UNKNOWN")}
	switch {
	case o.Hidden:
	case o.Contracts >= r.LeastContracts && o.Due >= r.LeastDue:
		f.value = (o.Kept*one + r.AsIf*r.Unknown) / (o.Due + r.AsIf)
		percent := (o.Kept*100 + o.Due/2) / o.Due
		f.Raw, f.said = new(float64(percent)), say("RECORD.KEPT", "percent", number(percent))
	case o.Mean != nil:
		f.value = int64(math.Round((*o.Mean - 1) / 4 * one))
		f.said = say("RECORD.JUDGED", "mean", plain(fmt.Sprintf("%.1f", *o.Mean)))
	}
	return f
}

// load tells in three steps how much the offering organisation has promised already: how many contracts it has is for
// their readers to know.
func (j *judge) load(p *pair) *Factor {
	l := j.w.Load
	switch n := p.promises.Open; {
	case n >= l.Many:
		return &Factor{Name: Load, Raw: new(float64(l.Many)), value: l.ManyValue, said: say("LOAD.MANY", "from", number(int64(l.Many)))}
	case n >= l.Some:
		return &Factor{Name: Load, Raw: new(float64(l.Some)), value: l.SomeValue, said: say("LOAD.SOME", "from", number(int64(l.Some)))}
	}
	return &Factor{Name: Load, Raw: new(0.0), value: l.FewValue, said: say("LOAD.FEW")}
}
