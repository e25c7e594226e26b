package graph_test

import (
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// What the journal, the log, sight, identities and erasure lead to is asked through the schema on the other store too, by
// the very same scenarios. Those not named here differ from them only above the store.
func TestTheSameScenariosHoldOnMongoDB(t *testing.T) {
	mongotest.URI(t) // without a server it ends here
	t.Setenv(graphtest.Store, "mongodb")
	for name, scenario := range map[string]func(*testing.T){
		"the trail of a contract":        TestPartiesAndAuditorsReadWhatHappenedToTheirContractAndNobodyElseDoes,
		"a person erased from the trail": TestAnErasedPersonLeavesTheTrailAndTheLogStaysProved,
		"all events in pages":            TestTheWholeOfItIsReadInPagesOfAnySize,
		"a right that ends":              TestARightThatEndsTakesTheEventsWithIt,
		"who can see":                    TestWhoCanSeeAContractNamesADelegationAsLongAsItIsInForce,
		"signing in at an issuer":        TestAnIdentityIsLinkedByItsOwnerAndOpensTheirAccount,
		"nobody without a password":      TestWhoHasNoPasswordIsErasedByAFreshSessionAlone,
		"erasure":                        TestWhoIsErasedLeavesNothingButAnIdentifier,
		"readings of names":              TestEverybodySeesInWhichOfficesTheirNameWasRead,
	} {
		t.Run(name, scenario)
	}
}
