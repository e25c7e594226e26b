package graph_test

import (
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// What the journal, the log, sight, identities, erasure, micro-wishes, search and trace lead to is asked through the schema on the other store too, by
// the very same scenarios: one of each, since every house has a database of its own to make there.
func TestTheSameScenariosHoldOnMongoDB(t *testing.T) {
	mongotest.URI(t) // without a server it ends here
	t.Setenv(graphtest.Store, "mongodb")
	for name, scenario := range map[string]func(*testing.T){
		"a person erased from the trail": TestAnErasedPersonLeavesTheTrailAndTheLogStaysProved,
		"all events in pages":            TestTheWholeOfItIsReadInPagesOfAnySize,
		"who can see":                    TestWhoCanSeeAContractNamesADelegationAsLongAsItIsInForce,
		"an issuer's guest is erased":    TestWhoHasNoPasswordIsErasedByAFreshSessionAlone,
		"things found by their words":    TestNeedsResourcesContractsAndProjectsAreFoundByWhomTheyAreShownTo,
		"the whole way and its trace":    TestTheWholeWayFromANeedToItsResultIsToldFromEitherEnd,
		"a wish and its resident":        TestAMicroWishTellsNothingOfItsResidentWithoutConsent,
		"readings of names":              TestEverybodySeesInWhichOfficesTheirNameWasRead,
	} {
		t.Run(name, scenario)
	}
}
