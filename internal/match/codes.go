package match

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of matching.
const (
	CodeOneQuestion    fault.Code = "MATCH_ONE_QUESTION"    //
	CodeNotOpen        fault.Code = "MATCH_NOT_OPEN"        // status
	CodeNothingLeft    fault.Code = "MATCH_NOTHING_LEFT"    //
	CodeTooMuch        fault.Code = "MATCH_TOO_MUCH"        // left, unit
	CodeNotBetween     fault.Code = "MATCH_NOT_DRAFTABLE"   //
	CodeOtherCommunity fault.Code = "MATCH_OTHER_COMMUNITY" //
)
