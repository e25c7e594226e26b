// Package match finds, for what somebody needs, who offers it, and for an offer, who needs it; and says why.
//
// A match is a need and a resource, with a score that is the sum of its factors: what each is filed under, how much
// there is, when, how far away, what the community's type strives for, how the offering organisation has kept its
// promises and how much it has promised already. Nothing is decided here: people choose, and draft a contract from what
// they chose.
//
// Cards, small projections of needs and resources, find the candidates by an index; what is told of them is read from
// the documents themselves at that moment, as the caller may see them. A match is visible to whoever may see both sides.
package match

import (
	"cmp"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
)

// one is a whole: values, weights and scores are counted in thousandths, and what they add up to in millionths, so that
// the parts of a score are its sum to the last digit, on every machine.
const one = 1000

// Match is a need and a resource that may go together.
type Match struct {
	NeedID     id.Need
	ResourceID id.Resource
	Factors    []*Factor   // in the order of FactorNames
	WhyNot     []*Obstacle // what keeps them apart; empty where they fit
	Version    string      // of the weights

	score int64 // the sum of the factors' parts
	pair  *pair
}

// Score is how well they go together, 0 to 1.
func (m *Match) Score() float64 { return millionths(m.score) }

// Fits says whether nothing keeps them apart.
func (m *Match) Fits() bool { return len(m.WhyNot) == 0 }

// FactorName names what is looked at.
type FactorName string

// The factors.
const (
	Category FactorName = "CATEGORY" // what both are filed under
	Wording  FactorName = "WORDING"  // how alike their words are
	Capacity FactorName = "CAPACITY" // how much of what is lacking could be covered
	Timing   FactorName = "TIMING"   // the days on which both can
	Distance FactorName = "DISTANCE" // how far apart they are
	Strategy FactorName = "STRATEGY" // what the community's type strives for
	Record   FactorName = "RECORD"   // how the offering organisation has kept its promises
	Load     FactorName = "LOAD"     // how much it has promised already
)

// FactorNames are all of them, in the order in which they are told.
func FactorNames() []FactorName {
	return []FactorName{Category, Wording, Capacity, Timing, Distance, Strategy, Record, Load}
}

// Factor is one thing that was looked at, and what it adds to the score.
type Factor struct {
	Name FactorName
	Raw  *float64 // what was found, in the factor's own measure; nil where nothing is known
	said sentence

	value, weight int64 // thousandths
}

// Value is how good what was found is, 0 to 1.
func (f *Factor) Value() float64 { return float64(f.value) / one }

// Weight is how much the factor counts, 0 to 1.
func (f *Factor) Weight() float64 { return float64(f.weight) / one }

// Part is what the factor adds to the score: its value times its weight.
func (f *Factor) Part() float64 { return millionths(f.part()) }

func (f *Factor) part() int64 { return f.value * f.weight }

func millionths(n int64) float64 { return float64(n) / (one * one) }

// ObstacleName names what keeps a need and a resource apart.
type ObstacleName string

// The obstacles.
const (
	TooFar         ObstacleName = "TOO_FAR"         // beyond what the weights call reach
	TooLittle      ObstacleName = "TOO_LITTLE"      // it would cover hardly any of what is lacking
	OtherTime      ObstacleName = "OTHER_TIME"      // there is no day on which both can
	ExpiresSoon    ObstacleName = "EXPIRES_SOON"    // one side ends before much could come of it
	AlreadyClaimed ObstacleName = "ALREADY_CLAIMED" // nothing is left to be claimed on one side
)

// Obstacle is one thing that keeps a need and a resource apart.
type Obstacle struct {
	Name ObstacleName
	said sentence
}

// sortMatches puts matches in order: those that fit first, the best first among them, and then by identifiers, so that the same
// question gets the same order.
func sortMatches(ms []*Match) {
	slices.SortFunc(ms, func(a, b *Match) int { return compare(a.place(), b.place()) })
}

// place is where a match stands in its list.
type place struct {
	apart    int64 // 1 where something keeps them apart
	missing  int64 // one whole less the score: the less the better
	need     string
	resource string
}

func (m *Match) place() place {
	p := place{missing: one*one - m.score, need: string(m.NeedID), resource: string(m.ResourceID)}
	if !m.Fits() {
		p.apart = 1
	}
	return p
}

func compare(a, b place) int {
	return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.missing, b.missing), cmp.Compare(a.need, b.need), cmp.Compare(a.resource, b.resource))
}
