package exchange

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of what needs and resources have in common, with the parameters of their sentences.
const (
	CodePublisherKind   fault.Code = "EXCHANGE_PUBLISHER_KIND"      // a community or a resident unit publishes
	CodePublisher       fault.Code = "EXCHANGE_PUBLISHER_AMBIGUOUS" // organisations: for which of them?
	CodeNoPublisher     fault.Code = "EXCHANGE_NO_PUBLISHER"        // the caller acts for none that publishes
	CodeValidUntil      fault.Code = "EXCHANGE_VALIDITY_PAST"       // today
	CodeExpired         fault.Code = "EXCHANGE_EXPIRED"             // validUntil
	CodeWindow          fault.Code = "EXCHANGE_WINDOW_ENDS_FIRST"   // from, to
	CodeWindowLate      fault.Code = "EXCHANGE_WINDOW_AFTER_END"    // validUntil
	CodeOrganisations   fault.Code = "EXCHANGE_ORGANISATIONS_UNUSED"
	CodeIdentity        fault.Code = "EXCHANGE_IDENTITY_NUMBER" // a text holds the number of an identity card
	CodeSelfClaim       fault.Code = "EXCHANGE_SELF_CLAIM"      // nobody claims what is their own
	CodeClaimed         fault.Code = "EXCHANGE_ALREADY_CLAIMED" // claim: the one that is live
	CodeTooLittle       fault.Code = "EXCHANGE_TOO_LITTLE_LEFT" // left
	CodeClaimState      fault.Code = "CLAIM_WRONG_STATE"        // status, verb
	CodeClaimant        fault.Code = "CLAIMANT_AMBIGUOUS"       // organisations: for which of them?
	CodeNoClaimant      fault.Code = "CLAIMANT_NOT_YOURS"       // organisation
	CodeClaimsFull      fault.Code = "EXCHANGE_CLAIMS_FULL"     // max
	CodeCategoryRetired fault.Code = "CATEGORY_RETIRED"         // category
	CodeCategoryUnknown fault.Code = "CATEGORY_UNKNOWN"         // category
	CodeTwoThings       fault.Code = "EXCHANGE_NEW_OR_EXISTING" // fields: one of them is needed
	CodeFixed           fault.Code = "EXCHANGE_FIXED"           // what never changes
)
