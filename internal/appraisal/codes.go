package appraisal

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState       fault.Code = "APPRAISAL_WRONG_STATE"       // status, verb
	CodeClosed           fault.Code = "APPRAISAL_CLOSED"            // closedAt
	CodeBothSides        fault.Code = "APPRAISAL_BOTH_SIDES"        // who speaks for both organisations
	CodeAnswered         fault.Code = "APPRAISAL_ANSWERED"          // once is all
	CodeCriteriaMissing  fault.Code = "APPRAISAL_CRITERIA_MISSING"  // keys: without a score
	CodeCriterionUnknown fault.Code = "APPRAISAL_CRITERION_UNKNOWN" // key, keys: those of the set
	CodePartUnjudged     fault.Code = "CRITERIA_JUDGE_NOBODY"       // part: that no criterion judges
	CodeUnknownType      fault.Code = "COMMUNITY_TYPE_UNKNOWN"      // type
)
