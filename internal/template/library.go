package template

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Topic is what a standard clause is about.
type Topic string

// The topics.
const (
	AboutPurpose     Topic = "PURPOSE"
	AboutCooperation Topic = "COORDINATION"
	AboutData        Topic = "PERSONAL_DATA"
	AboutSafety      Topic = "SAFETY"
	AboutLiability   Topic = "LIABILITY"
	AboutCosts       Topic = "COSTS"
	AboutVenue       Topic = "VENUE"
	AboutMaterials   Topic = "MATERIALS"
	AboutMinors      Topic = "MINORS"
	AboutVolunteers  Topic = "VOLUNTEERS"
	AboutPublicity   Topic = "PUBLICITY"
	AboutIntegrity   Topic = "INTEGRITY"
	AboutAcceptance  Topic = "ACCEPTANCE"
	AboutChanges     Topic = "CHANGES"
	AboutDisputes    Topic = "DISPUTES"
	AboutExit        Topic = "EXIT"
	AboutForce       Topic = "FORCE_MAJEURE"
)

// Topics are all of them, in the order in which a contract speaks of them.
func Topics() []Topic {
	return []Topic{
		AboutPurpose, AboutCooperation, AboutData, AboutSafety, AboutLiability, AboutCosts, AboutVenue, AboutMaterials,
		AboutMinors, AboutVolunteers, AboutPublicity, AboutIntegrity, AboutAcceptance, AboutChanges, AboutDisputes,
		AboutExit, AboutForce,
	}
}

// LibraryClause is a standard clause. The current text's own fields can be read on it.
type LibraryClause struct {
	store.Meta[id.LibraryClause] `bson:",inline"`
	Head                         `bson:",inline"`
	ClauseBody                   `bson:"text"`
}

// IsNode marks what can be found by its identifier alone.
func (*LibraryClause) IsNode() {}

// ClauseBody is one version of a standard clause.
type ClauseBody struct {
	Topic          Topic           `bson:"topic"`
	Heading        Words           `bson:"heading"`
	Text           Words           `bson:"body"`
	CommunityTypes []CommunityType `bson:"communityTypes"` // for which it is made
}
