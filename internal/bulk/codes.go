package bulk

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of exports and imports.
const (
	CodeState      fault.Code = "BULK_STATE"          // status
	CodeBusy       fault.Code = "BULK_JOBS_UNDER_WAY" // max
	CodeQuery      fault.Code = "BULK_QUERY"          // line, column, detail
	CodeRightEnded fault.Code = "BULK_RIGHT_ENDED"    //
	CodeTooOld     fault.Code = "BULK_NOT_IN_TIME"    // days
	CodeGone       fault.Code = "BULK_FILE_EXPIRED"   //
	CodeNotYet     fault.Code = "BULK_NO_FILE_YET"    // status
	CodeTitle      fault.Code = "BULK_COLUMN"         // field
	CodeNothing    fault.Code = "BULK_LIST_NOT_FOUND" //
)
