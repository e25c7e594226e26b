package fulfilment

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState      fault.Code = "FULFILMENT_WRONG_STATE"   // status, verb
	CodeEvidenceMissing fault.Code = "EVIDENCE_MISSING"         // kinds: required by the commitment
	CodeEvidenceLink    fault.Code = "EVIDENCE_WITHOUT_LINK"    // evidence of kind LINK without a url
	CodeEvidenceFuture  fault.Code = "EVIDENCE_FROM_FUTURE"     // takenOn, today
	CodeEvidenceTwice   fault.Code = "EVIDENCE_TWICE"           // a file and a url
	CodeEvidenceHash    fault.Code = "EVIDENCE_HASH_DIFFERS"    // want: the file's
	CodeAmbiguousParty  fault.Code = "PARTY_AMBIGUOUS"          // organisations: for which of them?
	CodeNotOfYours      fault.Code = "PARTY_NOT_YOURS"          // organisation: the caller does not act for it here
	CodeAlreadyAnswered fault.Code = "ALREADY_ANSWERED"         // organisation
	CodeOwnReport       fault.Code = "OWN_REPORT"               // who reported does not judge the report, for nobody
	CodeOwnPromise      fault.Code = "OWN_PROMISE"              // organisation: nobody accepts what they owe
	CodeBothSides       fault.Code = "BOTH_SIDES_BY_ONE_PERSON" // one person does not settle a dispute with themselves
	CodeOwnDebt         fault.Code = "OWN_DEBT"                 // organisation: nobody waives what they owe
	CodeAlreadyWaived   fault.Code = "ALREADY_WAIVED"           // organisation
	CodeUnknownOutcome  fault.Code = "OUTCOME_UNKNOWN"          // outcome
)
