package report

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeNotBegun   fault.Code = "PERIOD_NOT_BEGUN"       // begins
	CodeOneScope   fault.Code = "REPORT_SCOPE"           // name one contract or one organisation
	CodeBadAddress fault.Code = "REPORT_ADDRESS_INVALID" // was altered or has run out
)
