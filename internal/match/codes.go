package match

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of matching.
const (
	CodeOneQuestion fault.Code = "MATCH_ONE_QUESTION" //
	CodeNotOpen     fault.Code = "MATCH_NOT_OPEN"     // status
)
