package contract

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState     fault.Code = "CONTRACT_WRONG_STATE"        // status, verb
	CodeHostMustDraft  fault.Code = "CONTRACT_HOST_MUST_CO_DRAFT" //
	CodeNotDrafter     fault.Code = "CONTRACT_NOT_DRAFTER"        // organisation: only drafting parties may do this now
	CodeDrafterStays   fault.Code = "CONTRACT_DRAFTER_CANCELS"    // organisation: who drafted cancels, and does not decline
	CodeOwnText        fault.Code = "CONTRACT_OWN_TEXT"           // organisation: nobody asks themselves for changes
	CodeNotAgreed      fault.Code = "CONTRACT_NOT_AGREED"         // organisations, names: who has not agreed to this version
	CodePartyLeft      fault.Code = "CONTRACT_NAMES_LEFT_PARTY"   // organisations, names: the text still names who has declined
	CodePartyStays     fault.Code = "CONTRACT_PARTY_STAYS"        // organisation: the host, the drafter and the reviser keep their parts
	CodeUnchanged      fault.Code = "CONTRACT_UNCHANGED"          // the revision says what the text says already
	CodeAlreadyAgreed  fault.Code = "ALREADY_AGREED"              // organisation
	CodeAlreadySigned  fault.Code = "ALREADY_SIGNED"              // organisation
	CodeNotAParty      fault.Code = "NOT_A_PARTY"                 // organisation
	CodeAmbiguousParty fault.Code = "PARTY_AMBIGUOUS"             // organisations: for which of them?
	CodeNoSigningRight fault.Code = "NO_SIGNING_RIGHT"            // organisation
	CodeWrongTextHash  fault.Code = "WRONG_TEXT_HASH"             // current
	CodeOutOfOrder     fault.Code = "OUT_OF_ORDER"                // next, names: the organisation whose turn it is
	CodeTwoParties     fault.Code = "SIGNS_FOR_TWO_PARTIES"       // names: the party that the same person has signed for
	CodeNotFrozen      fault.Code = "CONTRACT_NOT_FROZEN"         // status: exported from SIGNING on

	CodeStepPending      fault.Code = "STEP_PENDING"             // verb: of the step that waits for consent
	CodeNoStep           fault.Code = "NO_STEP_PENDING"          //
	CodeAlreadyConsented fault.Code = "ALREADY_CONSENTED"        // organisation
	CodeNotConsented     fault.Code = "NOT_CONSENTED"            // organisation: it has nothing to take back
	CodeConsentsForTwo   fault.Code = "CONSENTS_FOR_TWO_PARTIES" // names: the party that the same person has consented for
	CodeWitnessHasNoSay  fault.Code = "WITNESS_HAS_NO_SAY"       // organisation
	CodeNoticeTooShort   fault.Code = "NOTICE_TOO_SHORT"         // earliest, days
	CodeNoticeAfterEnd   fault.Code = "NOTICE_AFTER_END"         // endsOn
	CodeAlreadyLeaving   fault.Code = "ALREADY_LEAVING"          // effectiveOn: of the notice it has given
	CodeHostCompletes    fault.Code = "HOST_COMPLETES"           // organisation: only the host announces completion
	CodeStillOpen        fault.Code = "CONTRACT_STILL_OPEN"      // count, examples: how much is not done yet, and some of it
	CodeAlreadyAnnounced fault.Code = "COMPLETION_ANNOUNCED"     // on: the day on which it comes true
	CodeNotAnnounced     fault.Code = "COMPLETION_NOT_ANNOUNCED" //
	CodeOwnAnnouncement  fault.Code = "OWN_ANNOUNCEMENT"         // organisation: nobody objects to themselves
	CodeAlreadyRenewed   fault.Code = "CONTRACT_ALREADY_RENEWED" // successor
	CodeRenewalTooLate   fault.Code = "RENEWAL_TOO_LATE"         // until: the last day on which it could be renewed

	CodeAmendOutdated   fault.Code = "AMENDMENT_OUTDATED"        // base, current: versions of the contract's text
	CodeAmendState      fault.Code = "AMENDMENT_WRONG_STATE"     // status, verb
	CodeAmendNotInForce fault.Code = "CONTRACT_NOT_IN_FORCE"     // status: only a contract in force is amended
	CodeAmendParties    fault.Code = "AMENDMENT_KEEPS_PARTIES"   // organisations, names: hosts and partners stay, witnesses may join
	CodeAmendSigning    fault.Code = "AMENDMENT_IN_SIGNING"      // amendment: that is being signed, or signed and to come
	CodeAmendDayPassed  fault.Code = "AMENDMENT_DAY_PASSED"      // effectiveOn, today
	CodeAmendEndPassed  fault.Code = "AMENDMENT_ENDS_IN_PAST"    // endsOn, today
	CodeAmendNotDrafter fault.Code = "AMENDMENT_NOT_DRAFTER"     // organisation
	CodeAmendNotAgreed  fault.Code = "AMENDMENT_NOT_AGREED"      // organisations, names: who has not agreed to this text
	CodeAmendUnchanged  fault.Code = "AMENDMENT_UNCHANGED"       // the text says what the text in force says, or what it said before
	CodeAmendCancels    fault.Code = "AMENDMENT_DRAFTER_CANCELS" // organisation: who drafted cancels, and does not decline

	CodeEndsBeforeStart  fault.Code = "ENDS_BEFORE_START"       // effectiveOn, endsOn
	CodeUnknownZone      fault.Code = "UNKNOWN_TIME_ZONE"       // zone
	CodeOneHost          fault.Code = "CONTRACT_NEEDS_ONE_HOST" // count
	CodeNeedsPartner     fault.Code = "CONTRACT_NEEDS_PARTNER"  //
	CodeHostKind         fault.Code = "HOST_NOT_COMMUNITY"      // organisation
	CodePartnerKind      fault.Code = "PARTNER_NOT_UNIT"        // organisation
	CodeNoOrganisation   fault.Code = "ORGANISATION_UNKNOWN"    // organisation
	CodeProviderNoParty  fault.Code = "PROVIDER_NOT_A_PARTY"    // organisation
	CodeReceiverNoParty  fault.Code = "RECEIVER_NOT_A_PARTY"    // organisation
	CodeProviderReceives fault.Code = "PROVIDER_IS_RECEIVER"    // organisation
	CodeOutsidePeriod    fault.Code = "OUTSIDE_CONTRACT_PERIOD" // from, to
	CodeNoTime           fault.Code = "COMMITMENT_WITHOUT_TIME" // neither due on a day, nor recurring, nor standing
	CodeTwoTimes         fault.Code = "COMMITMENT_TWO_RHYTHMS"  // due on one day, and recurring or standing as well
	CodeUnitAlone        fault.Code = "UNIT_WITHOUT_QUANTITY"   //
	CodeSigningOrder     fault.Code = "SIGNING_ORDER"           // organisation: the order names each host and partner once
	CodeNoSuchPart       fault.Code = "NO_SUCH_PART_OF_TEXT"    // key

	CodeSharerNoParty    fault.Code = "SHARING_NOT_A_PARTY"        // organisation: whose fields are no party's to share
	CodeWitnessShares    fault.Code = "SHARING_BY_WITNESS"         // organisation: a contract does not wait for its signature
	CodeReaderNoParty    fault.Code = "SHARING_READER_NOT_A_PARTY" // organisation
	CodeSharedWithItself fault.Code = "SHARING_WITH_ITSELF"        // organisation
	CodeSharedTwice      fault.Code = "SHARING_TWICE"              // what, organisation: with which it is shared already
)
