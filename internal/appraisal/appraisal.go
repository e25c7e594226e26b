// Package appraisal is the room of how the parties of a contract judge each other (履约评价): two-way and sealed.
//
// It follows contracts by their events. On each anniversary of a contract's first day, when a party leaves it and when it
// ends, two parties are asked to appraise each other, each in a document of its own. What one says stays sealed until
// the other has said its own or the time for it is over: nobody writes with an eye on what they were given. What was
// opened makes an organisation's record of cooperation.
package appraisal

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of appraising.
const (
	Window     = 30 * 24 * time.Hour // how long the two sides have
	LeastScore = 1
	MostScore  = 5
	MaxComment = 4000 // characters
	MaxAnswer  = 4000 // characters
)

// Occasion is why two parties appraise each other.
type Occasion string

// The occasions.
const (
	Anniversary Occasion = "ANNIVERSARY" // a year, or another one, has passed since the contract's first day
	Exit        Occasion = "EXIT"        // one of the two has left the contract
	End         Occasion = "END"         // the contract has expired, was completed or was terminated
)

// Part is what an organisation was in the contract, where criteria differ by it.
type Part string

// The parts.
const (
	Host    Part = "HOST"    // the community
	Partner Part = "PARTNER" // whoever co-builds with it
)

// Parts are both of them.
func Parts() []Part { return []Part{Host, Partner} }

// CommunityType is the type of the community that hosts a contract, as its room names it.
type CommunityType string

// Appraisal is how one party of a contract judges another, on one occasion.
type Appraisal struct {
	store.Meta[id.Appraisal] `bson:",inline"`
	Contract                 id.Contract     `bson:"contract"`
	Occasion                 Occasion        `bson:"occasion"`
	Year                     *int            `bson:"year,omitempty"` // which anniversary
	Appraiser                id.Organisation `bson:"appraiser"`
	Appraised                id.Organisation `bson:"appraised"`
	AppraisedPart            Part            `bson:"appraisedPart"`
	Counterpart              id.Appraisal    `bson:"counterpart"` // how the other judges this one
	JudgedFrom               scalar.Date     `bson:"judgedFrom"`
	JudgedTo                 scalar.Date     `bson:"judgedTo"` // the last day judged
	Zone                     string          `bson:"zone"`     // IANA name, the contract's
	CommunityType            CommunityType   `bson:"communityType"`
	CriteriaNumber           int             `bson:"criteriaNumber"` // of the set that the round began with
	Criteria                 []*Criterion    `bson:"criteria"`       // those of the set that judge this part
	Status                   Status          `bson:"status"`
	ClosesAt                 time.Time       `bson:"closesAt"` // from then on nothing is taken in
	SubmittedAt              *time.Time      `bson:"submittedAt,omitempty"`
	Hash                     *string         `bson:"hash,omitempty"` // of the sealed text; it alone leaves the seal
	Sealed                   *Sealed         `bson:"sealed,omitempty"`
	OpenedAt                 *time.Time      `bson:"openedAt,omitempty"`
	OpenedOn                 *scalar.Date    `bson:"openedOn,omitempty"` // that day in the contract's zone
	Answer                   *Answer         `bson:"answer,omitempty"`

	Parties []id.Organisation `bson:"parties"` // of the contract now, and the two
	Above   []id.Organisation `bson:"above,omitempty"`
	Seen    int64             `bson:"seen"`             // number of the contract's event that Parties and Above are from
	WakeAt  *time.Time        `bson:"wakeAt,omitempty"` // when time itself will change it next
}

// Sealed is what an appraisal says. Until it is opened nobody sees it but the people of its author.
type Sealed struct {
	Ratings []*Rating `bson:"ratings"` // one for each criterion, in the order of the set
	Comment string    `bson:"comment"`
	Salt    string    `bson:"salt"` // random, so that nobody finds the text by trying out what the hash may stand for
	Person  id.Person `bson:"person,omitempty"`
}

// Rating is a score under one criterion.
type Rating struct {
	Key   string `bson:"key"`
	Score int    `bson:"score"` // 1 to 5, the best
}

// Answer is what the appraised organisation has to say to it.
type Answer struct {
	Body   string    `bson:"body"`
	At     time.Time `bson:"at"`
	Person id.Person `bson:"person,omitempty"`
}

// IsNode marks an appraisal as an object that the API finds by its identifier alone.
func (*Appraisal) IsNode() {}

// Stand tells how organisations stand to the appraisal. Who has left the contract stays a party to what it took part in.
func (a *Appraisal) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Appraising:
		return []id.Organisation{a.Appraiser}
	case authz.Appraised:
		return []id.Organisation{a.Appraised}
	case authz.Partying:
		return a.Parties
	case authz.Above:
		return a.Above
	}
	return nil
}

// Audience lists the organisations that may read it, for its events.
func (a *Appraisal) Audience() []string {
	var out []string
	for _, o := range slices.Concat(a.Parties, a.Above) {
		if !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

// Ratings are the scores; nil while they are sealed for the reader.
func (a *Appraisal) Ratings() []*Rating {
	if a.Sealed == nil {
		return nil
	}
	return a.Sealed.Ratings
}

// Comment is what it says in words; nil while it is sealed for the reader.
func (a *Appraisal) Comment() *string {
	return a.within(func(s *Sealed) string { return s.Comment })
}

// Salt is the random part of the sealed text; nil while it is sealed for the reader.
func (a *Appraisal) Salt() *string { return a.within(func(s *Sealed) string { return s.Salt }) }

// Author is who wrote it for the organisation; empty while it is sealed for the reader.
func (a *Appraisal) Author() id.Person {
	if a.Sealed == nil {
		return ""
	}
	return a.Sealed.Person
}

func (a *Appraisal) within(of func(*Sealed) string) *string {
	var none *string
	if a.Sealed == nil {
		return none
	}
	s := of(a.Sealed)
	return &s
}

// zone is a time zone by its IANA name; UTC where this machine does not know it, though contracts are checked for that.
func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return z
}
