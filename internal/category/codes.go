package category

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeUnknown = fault.Code("CATEGORY_UNKNOWN") // category
	CodeRetired = fault.Code("CATEGORY_RETIRED") // category
	CodeTaken   = fault.Code("CATEGORY_CODE_TAKEN")
	CodeName    = fault.Code("CATEGORY_NAME_TAKEN")   // category: that has the name already
	CodeCycle   = fault.Code("CATEGORY_UNDER_ITSELF") // category
	CodeDeep    = fault.Code("CATEGORY_TOO_DEEP")     // max
	CodeFull    = fault.Code("CATEGORY_TREE_FULL")    // max
	CodeState   = fault.Code("CATEGORY_WRONG_STATE")  // category
)
